//! When an agent checks in.
//!
//! A fleet is flat by construction: each agent has a place of its own in the period, drawn from its id, and every answer
//! puts it back there by the portal's clock, however it was thrown off. Failures wait longer each time and are spread after
//! their bound, not before it, so that a fleet that waits at the bound is as spread as one that does not. Who is refused
//! keeps to one attempt an hour.
//!
//! Pure: times and chance are arguments.

pub mod herd;

use dca_wire::AgentId;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// Between two check-ins, where the portal wants nothing else.
pub const PERIOD: Duration = Duration::from_secs(300);
/// Refusals in a row until the agent is dormant.
pub const REFUSALS: u32 = 5;
/// The longest wait that a portal may ask for, and a dormant agent's own.
pub const HOUR: Duration = Duration::from_secs(3_600);
const SHORTEST_PERIOD: Duration = Duration::from_secs(30);
const FIRST_BACK_OFF: Duration = Duration::from_secs(30);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(900);
/// What an attempt costs: in the long run, nobody who can push drives an agent faster than this.
const COST: Duration = Duration::from_secs(5);
/// Costs that may be owed before a wake has to wait: a person's orders and their results come and go at once.
const OWED: u32 = 12;

/// A number drawn at random, all values equally likely.
pub type Chance = u64;

/// How it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The portal answers.
    Well,
    /// It does not.
    BackingOff {
        /// Attempts that failed in a row.
        failures: u32,
    },
    /// It refused the agent five times in a row: one attempt an hour, until somebody lets it in again.
    Dormant,
}

/// How the first check-in comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Right after the enrolment: somebody is waiting.
    AtOnce,
    /// After a start of the service. Power comes back for a whole building at once, so it is spread over this time.
    Within(Duration),
}

/// What an answer says about the next one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answer {
    /// The portal's clock, milliseconds since 1970.
    pub server_time_ms: i64,
    /// Not before so many seconds.
    pub retry_after_s: u32,
    /// The period in seconds from here on; 0: as before.
    pub next_poll_s: u32,
    /// How far a check-in may be from its place, in seconds to both sides; 0: a tenth of the period.
    pub jitter_s: u32,
}

/// Why an attempt came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No answer, or none that makes sense.
    Unreachable,
    /// The portal does not want this agent.
    Refused,
    /// The portal has too much to do.
    Later(Duration),
}

/// When to check in.
#[derive(Debug, Clone)]
pub struct Rhythm {
    /// This agent's place in any period, as a share of 2^64.
    place: u64,
    period: Duration,
    state: State,
    refusals: u32,
    /// When all attempts so far are paid for.
    paid: Instant,
    not_before: Option<Instant>,
    next: Instant,
}

impl Rhythm {
    /// The rhythm of `agent`, which starts at `now`.
    pub fn new(agent: &AgentId, start: Start, now: Instant, chance: Chance) -> Self {
        let wait = match start {
            Start::AtOnce => Duration::ZERO,
            Start::Within(time) => share(time, chance),
        };
        let hash = Sha256::digest(agent.as_str());
        let place = hash.iter().take(8).fold(0, |place, octet| place << 8 | u64::from(*octet));
        let (period, state) = (PERIOD, State::Well);
        Self { place, period, state, refusals: 0, paid: now, not_before: None, next: now + wait }
    }

    /// The portal answered at `now`.
    pub fn answered(&mut self, answer: Answer, now: Instant, chance: Chance) {
        (self.state, self.refusals) = (State::Well, 0);
        self.charge(now);
        if answer.next_poll_s > 0 {
            self.period = Duration::from_secs(answer.next_poll_s.into()).clamp(SHORTEST_PERIOD, HOUR);
        }
        let jitter = match answer.jitter_s {
            0 => self.period / 10,
            seconds => Duration::from_secs(seconds.into()).min(self.period / 2),
        };
        let wait = self.until_place(answer.server_time_ms) + share(jitter * 2, chance);
        self.wait(wait.saturating_sub(jitter), answer.retry_after_s, now);
    }

    /// An attempt failed at `now`.
    pub fn failed(&mut self, failure: Failure, now: Instant, chance: Chance) {
        self.charge(now);
        let wait = match failure {
            Failure::Later(time) => {
                let time = time.min(HOUR);
                self.not_before = Some(now + time);
                self.next = now + time + share(time / 4, chance);
                return;
            }
            Failure::Refused => {
                self.refusals = self.refusals.saturating_add(1);
                if self.refusals >= REFUSALS { self.sleep(chance) } else { self.back_off(chance) }
            }
            // A dormant agent that finds its network gone is still dormant.
            Failure::Unreachable if self.state == State::Dormant => self.sleep(chance),
            Failure::Unreachable => self.back_off(chance),
        };
        self.wait(wait, 0, now);
    }

    /// The portal asked for a check-in, at `now`. It comes at once, but no sooner than the portal's own "not before", and
    /// after a dozen in a row no more often than every five seconds.
    pub fn woken(&mut self, now: Instant) {
        let owed = self.paid.saturating_duration_since(now) + COST;
        let earliest = now + owed.saturating_sub(COST * OWED);
        let earliest = self.not_before.map_or(earliest, |time| earliest.max(time));
        self.next = self.next.min(earliest);
    }

    fn charge(&mut self, now: Instant) {
        self.paid = self.paid.max(now) + COST;
    }

    /// When to check in next.
    pub fn next(&self) -> Instant {
        self.next
    }

    /// How it goes.
    pub fn state(&self) -> State {
        self.state
    }

    /// From the portal's `server_time_ms` to this agent's place in the period, at least half a period away.
    fn until_place(&self, server_time_ms: i64) -> Duration {
        let period = self.period.as_millis() as i64;
        let place = share(self.period, self.place).as_millis() as i64;
        let ahead = (place - server_time_ms.rem_euclid(period)).rem_euclid(period);
        let ahead = if ahead < period / 2 { ahead + period } else { ahead };
        Duration::from_millis(ahead.unsigned_abs())
    }

    fn wait(&mut self, wait: Duration, retry_after_s: u32, now: Instant) {
        let at_least = Duration::from_secs(retry_after_s.into()).min(HOUR);
        self.not_before = (!at_least.is_zero()).then(|| now + at_least);
        self.next = now + wait.max(at_least);
    }

    /// Between half the bound and the bound, where the bound doubles up to 15 minutes.
    fn back_off(&mut self, chance: Chance) -> Duration {
        let failures = match self.state {
            State::BackingOff { failures } => failures,
            State::Well | State::Dormant => 0,
        };
        self.state = State::BackingOff { failures: failures.saturating_add(1) };
        let bound = (FIRST_BACK_OFF * (1 << failures.min(5))).min(LONGEST_BACK_OFF);
        bound / 2 + share(bound / 2, chance)
    }

    fn sleep(&mut self, chance: Chance) -> Duration {
        self.state = State::Dormant;
        HOUR - HOUR / 10 + share(HOUR / 5, chance)
    }
}

/// As much of `time` as `chance` is of all there are.
pub(crate) fn share(time: Duration, chance: Chance) -> Duration {
    let nanos = (time.as_nanos() * u128::from(chance)) >> 64;
    Duration::from_nanos(nanos as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn agent(number: u64) -> AgentId {
        AgentId::parse(&format!("agent-{number}")).unwrap()
    }

    fn rhythm(now: Instant) -> Rhythm {
        Rhythm::new(&agent(1), Start::AtOnce, now, 0)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn after_enrolment_it_comes_at_once_and_after_a_start_it_is_spread() {
        let now = Instant::now();
        assert_eq!(rhythm(now).next(), now);
        let half = Rhythm::new(&agent(1), Start::Within(PERIOD), now, 1 << 63);
        assert_eq!(half.next(), now + PERIOD / 2);
    }

    #[test]
    fn back_off_doubles_up_to_its_bound_and_is_spread_there_too() {
        let now = Instant::now();
        let (mut soonest, mut latest) = (rhythm(now), rhythm(now));
        for bound in [30, 60, 120, 240, 480, 900, 900, 900] {
            soonest.failed(Failure::Unreachable, now, 0);
            latest.failed(Failure::Unreachable, now, u64::MAX);
            assert_eq!(soonest.next(), now + seconds(bound) / 2, "bound {bound}");
            assert_eq!((latest.next() - now).as_millis(), u128::from(bound) * 1_000 - 1, "bound {bound}");
        }
        soonest.answered(Answer::default(), now, 0);
        soonest.failed(Failure::Unreachable, now, 0);
        assert_eq!(soonest.next(), now + seconds(15), "an answer ends it");
    }

    #[test]
    fn five_refusals_in_a_row_make_it_dormant_and_an_answer_wakes_it() {
        let now = Instant::now();
        let mut rhythm = rhythm(now);
        for _ in 1..REFUSALS {
            rhythm.failed(Failure::Refused, now, 0);
            assert_ne!(rhythm.state(), State::Dormant);
        }
        rhythm.failed(Failure::Refused, now, 1 << 63);
        assert_eq!((rhythm.state(), rhythm.next()), (State::Dormant, now + HOUR));
        rhythm.failed(Failure::Unreachable, now, 1 << 63);
        assert_eq!((rhythm.state(), rhythm.next()), (State::Dormant, now + HOUR), "a lost network is no pardon");
        rhythm.answered(Answer::default(), now, 0);
        assert_eq!(rhythm.state(), State::Well);
        rhythm.failed(Failure::Refused, now, 0);
        assert_eq!(rhythm.state(), State::BackingOff { failures: 1 }, "counted anew");
    }

    #[test]
    fn a_wake_comes_at_once_but_not_before_its_time_and_a_dozen_in_a_row() {
        let now = Instant::now();
        let mut rhythm = rhythm(now);
        rhythm.answered(Answer::default(), now, 0);
        let mut woken = Vec::new();
        let mut at = now + seconds(20);
        for _ in 0..OWED + 3 {
            rhythm.woken(at);
            woken.push((rhythm.next() - now).as_secs());
            at = rhythm.next();
            rhythm.answered(Answer::default(), at, 0);
        }
        let (at_once, later) = woken.split_at(OWED as usize);
        assert!(at_once.iter().all(|at| *at == 20), "{woken:?}");
        assert_eq!(later, [25, 30, 35], "then five seconds apart");
        let now = at;
        rhythm.failed(Failure::Later(seconds(100)), now, 0);
        rhythm.woken(now + seconds(30));
        assert_eq!(rhythm.next(), now + seconds(100), "the portal asked for patience");
    }

    #[test]
    fn patience_ends_after_an_hour() {
        let now = Instant::now();
        let mut rhythm = rhythm(now);
        rhythm.failed(Failure::Later(Duration::MAX), now, 0);
        assert_eq!(rhythm.next(), now + HOUR);
        let answer =
            Answer { retry_after_s: u32::MAX, next_poll_s: u32::MAX, jitter_s: u32::MAX, server_time_ms: i64::MIN };
        rhythm.answered(answer, now, u64::MAX);
        assert!(rhythm.next() <= now + HOUR * 2, "{:?}", rhythm.next() - now);
    }

    proptest! {
        #[test]
        fn answered_agents_keep_their_place(
            id in any::<u64>(), at_ms in 0..4_000_000_000_000i64, chance in any::<u64>(), period in 30..3_600u32,
        ) {
            let now = Instant::now();
            let mut rhythm = Rhythm::new(&agent(id), Start::AtOnce, now, 0);
            rhythm.answered(Answer { server_time_ms: at_ms, next_poll_s: period, ..Answer::default() }, now, chance);
            let wait = (rhythm.next() - now).as_secs_f64();
            let period = f64::from(period);
            prop_assert!((0.39 * period..1.61 * period).contains(&wait), "{wait} of {period}");
            // The same place in the period, within a tenth, wherever it was asked from.
            let mut other = Rhythm::new(&agent(id), Start::AtOnce, now, 0);
            let answer = Answer { server_time_ms: at_ms + 77_777, next_poll_s: period as u32, ..Answer::default() };
            other.answered(answer, now, chance);
            let apart = (other.next() - now).as_secs_f64() + 77.777 - wait;
            let apart = (apart / period - (apart / period).round()).abs();
            prop_assert!(apart < 0.001, "{apart} of a period apart");
        }

        #[test]
        fn whatever_happens_it_waits_two_hours_at_most(events in prop::collection::vec((0..5u8, any::<u64>(), any::<u32>()), 1..60)) {
            let mut now = Instant::now();
            let mut rhythm = Rhythm::new(&agent(7), Start::Within(PERIOD), now, 0);
            for (what, chance, number) in events {
                match what {
                    0 => rhythm.answered(
                        Answer { server_time_ms: i64::from(number), retry_after_s: number, next_poll_s: number, jitter_s: number },
                        now, chance,
                    ),
                    1 => rhythm.failed(Failure::Unreachable, now, chance),
                    2 => rhythm.failed(Failure::Refused, now, chance),
                    3 => rhythm.failed(Failure::Later(Duration::from_secs(number.into())), now, chance),
                    _ => rhythm.woken(now),
                }
                prop_assert!(rhythm.next() <= now + HOUR * 2);
                now += share(HOUR, chance);
            }
        }
    }
}
