//! What happens to a datagram on its way: encoded when it may go, its time-out started when it has gone, asked again when
//! that is over, and its answer, its report or its failure given to the work that asked.

use super::chance::Chance;
use super::flight::{Flight, Incoming, Next, Stage, Way};
use super::job::{Summary, Work};
use super::target::Target;
use super::turns::Turns;
use super::v3::{self, Received, Verdict};
use super::{Limits, MOST_OCTETS, Manager, Outcome, Ticket, Transmit};
use crate::ValueRef;
use crate::credentials::Credentials;
use crate::message::{V3Message, encode_community};
use crate::request::Failure;
use crate::value::BindingRef;
use rustc_hash::FxHashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Octets of a message that are no variable bindings: with a community, and with v3's header and security parameters.
const FRAME: usize = 60;
const FRAME_V3: usize = 180;

impl Manager {
    /// Encodes what a ready ticket has to send.
    pub(super) fn transmit(&mut self, ticket: u64) -> Option<Transmit> {
        let id = free_id(&mut self.chance, &self.in_flight);
        let job = self.jobs.get_mut(&ticket)?;
        job.queued = false;
        let in_turn = job.in_turn();
        let flight = job.flight.as_mut()?;
        let target = self.targets.get_mut(&job.to)?;
        let last = flight.tries.saturating_add(1) >= most_tries(&self.limits, in_turn);
        if let Some(turn) = job.turns.as_ref().and_then(|turns| turns.next(flight.ids.len())) {
            job.who = turn.clone();
            flight.encoded = Vec::new();
        }
        let bytes = match &job.who {
            Credentials::V1(community) | Credentials::V2c(community) => {
                if flight.encoded.is_empty() {
                    let names = flight.question.names.iter();
                    let names = names.map(|name| (name.as_ref(), BindingRef::Found(ValueRef::Null)));
                    let (fields, pen) = (v3::fields(&flight.question, id), &mut self.pens.message);
                    flight.id_at = encode_community(pen, job.who.version(), community.octets(), fields, names);
                    flight.encoded = pen.octets().to_vec();
                }
                // Nobody keeps what is sent for the last time.
                let mut bytes = if last { core::mem::take(&mut flight.encoded) } else { flight.encoded.clone() };
                if last {
                    flight.question.names = Vec::new();
                }
                if let Some(room) = bytes.get_mut(flight.id_at..flight.id_at + 4) {
                    room.copy_from_slice(&id.to_be_bytes());
                }
                bytes
            }
            Credentials::V3(user) => {
                // What is taken, not what is wished for: some agents say nothing where less would have been the answer.
                let max_size = MOST_OCTETS as u32;
                match target.if_known().and_then(|known| known.engine.as_mut()) {
                    Some(engine) => {
                        flight.stage = Stage::Ask;
                        let ask = v3::Ask { id, max_size, salt: self.salts.draw() };
                        engine.encode(&mut self.pens, user, &flight.question, ask, self.now?)?;
                    }
                    None => {
                        if *target.discoverer.get_or_insert(ticket) != ticket {
                            flight.stage = Stage::Parked;
                            target.known().parked.push(ticket);
                            return None;
                        }
                        flight.stage = Stage::Discover;
                        v3::encode_discovery(&mut self.pens, id, max_size);
                    }
                }
                self.pens.message.octets().to_vec()
            }
        };
        if bytes.len() > MOST_OCTETS {
            self.failed(ticket, Failure::BadRequest("larger than a datagram"));
            return None;
        }
        flight.ids.push(id);
        flight.tries += 1;
        flight.since = flight.since.or(self.now);
        job.first_sent = job.first_sent.or(self.now);
        job.sent += 1;
        self.in_flight.insert(id, ticket);
        self.sent.push_back(ticket);
        Some(Transmit { bytes, to: job.to })
    }

    /// Starts the time-outs of what was polled since the last time told.
    pub(super) fn advance(&mut self, now: Instant) {
        let now = self.now.map_or(now, |last| last.max(now));
        self.now = Some(now);
        while let Some(ticket) = self.sent.pop_front() {
            let (wait, deadline) =
                if let Some(fresh) = self.fresh.get_mut(&ticket).filter(|fresh| fresh.deadline.is_none()) {
                    let (in_turn, stagger) = (fresh.survey.in_turn(), fresh.survey.stagger);
                    (wait(&self.limits, &mut self.chance, fresh.tries(), in_turn, stagger), &mut fresh.deadline)
                } else if let Some(job) = self.jobs.get_mut(&ticket) {
                    let in_turn = job.in_turn();
                    let unset = |flight: &&mut Flight| flight.tries > 0 && flight.deadline.is_none();
                    let Some(flight) = job.flight.as_mut().filter(unset) else { continue };
                    let stagger = job.turns.as_ref().map_or(Duration::ZERO, Turns::stagger);
                    let wait = wait(&self.limits, &mut self.chance, flight.tries, in_turn, stagger);
                    (flight.patience.unwrap_or(wait), &mut flight.deadline)
                } else {
                    continue;
                };
            // A time-out beyond the clock's range never ends: a year will do.
            let year = Duration::from_secs(365 * 86_400);
            if let Some(due) = now.checked_add(wait.min(year)) {
                *deadline = Some(due);
                self.timers.insert((due, ticket));
            }
        }
    }

    pub(super) fn expired(&mut self, ticket: u64, now: Instant) {
        if self.expired_fresh(ticket, now) {
            return;
        }
        let Some(job) = self.jobs.get_mut(&ticket) else { return };
        let most = most_tries(&self.limits, job.in_turn());
        let Some(flight) = &mut job.flight else { return };
        flight.deadline = None;
        let last = flight.tries >= most || flight.patience.is_some();
        if let (Credentials::V3(user), Some(target)) = (&job.who, self.targets.get_mut(&job.to)) {
            // A wrong key extension may show as silence: each try takes the other one, and each gets a try.
            let switches = flight.stage == Stage::Ask && flight.trouble.is_none() && (!last || flight.switched == 0);
            let engine = target.if_known().and_then(|known| known.engine.as_mut());
            if switches && engine.is_some_and(|engine| engine.switch_extension(user)) {
                flight.switched += 1;
                flight.current = flight.ids.len();
                return self.queue(ticket);
            }
        }
        if !last {
            return self.queue(ticket);
        }
        if let (Credentials::V3(_), Some(target)) = (&job.who, self.targets.get_mut(&job.to))
            && let Some(known) = target.if_known()
        {
            // Whoever answers there next may be another engine.
            known.engine = None;
        }
        let waited = flight.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let tries = u32::try_from(flight.ids.len()).unwrap_or(u32::MAX);
        let dropped = flight.engine_spoke && flight.stage == Stage::Ask;
        let silence = if dropped { Failure::Dropped { tries, waited } } else { Failure::NoAnswer { tries, waited } };
        let failure = flight.trouble.take().map_or(silence, |trouble| *trouble);
        self.failed(ticket, failure);
    }

    pub(super) fn secure(&mut self, bytes: &[u8], message: &V3Message<'_>, from: SocketAddr, now: Instant) {
        let found = self
            .asked(message.msg_id, from)
            .and_then(|ticket| Some((ticket, self.jobs.get_mut(&ticket)?, self.targets.get_mut(&from)?)));
        let Some((ticket, job, target)) = found else { return self.counters.foreign += 1 };
        let (Credentials::V3(user), Some(flight)) = (&job.who, &mut job.flight) else {
            return self.counters.foreign += 1;
        };
        let mut quirks = message.quirks;
        let received = Received { datagram: bytes, message, now };
        let engine = &mut target.known().engine;
        let verdict = v3::judge(engine, user, flight, received, &mut self.pens, &mut quirks);
        match verdict {
            Verdict::Wait(trouble) => {
                self.counters.doubted += 1;
                flight.trouble = flight.trouble.take().or(trouble.map(Box::new));
            }
            Verdict::Fail(failure) => self.failed(ticket, failure),
            Verdict::Reply(answer) => {
                job.quirks.merge(quirks);
                // Lent while the answer is read, which sends nothing.
                let pens = core::mem::take(&mut self.pens);
                self.answered(ticket, answer.incoming(bytes, &pens));
                self.pens = pens;
            }
            Verdict::Restart | Verdict::Discovered => {
                flight.trouble = None;
                flight.engine_spoke = true;
                if let Some(deadline) = flight.deadline.take() {
                    self.timers.remove(&(deadline, ticket));
                }
                self.release_parked(ticket, from);
                self.queue(ticket);
            }
        }
    }

    /// If this ticket was asking for the engine's id: lets those go on that wait for it.
    pub(super) fn release_parked(&mut self, ticket: u64, to: SocketAddr) {
        if let Some(target) = self.targets.get_mut(&to)
            && target.discoverer == Some(ticket)
        {
            target.discoverer = None;
            let parked = target.if_known().map(|known| core::mem::take(&mut known.parked));
            for parked in parked.unwrap_or_default() {
                self.queue(parked);
            }
        }
    }

    /// Ends the exchange, whose ids mean nothing from here on.
    fn land(&mut self, ticket: u64) {
        let Some(job) = self.jobs.get_mut(&ticket) else { return };
        let to = job.to;
        if let Some(flight) = job.flight.take() {
            for id in flight.ids {
                self.in_flight.remove(&id);
            }
            if let Some(deadline) = flight.deadline {
                self.timers.remove(&(deadline, ticket));
            }
        }
        self.release_parked(ticket, to);
    }

    pub(super) fn answered(&mut self, ticket: u64, reply: Incoming<'_>) {
        let since = self.jobs.get(&ticket).and_then(|job| job.flight.as_ref()?.since);
        self.land(ticket);
        let Some(job) = self.jobs.get_mut(&ticket) else { return };
        let Some(target) = self.targets.get_mut(&job.to) else { return };
        let way = way(&self.limits, &job.who, target);
        let habits = &mut target.known().habits;
        habits.took = self.now.zip(since).map(|(now, since)| now.saturating_duration_since(since));
        let quirks = &mut job.quirks;
        let next = match &mut job.work {
            Work::Walk(walker) => walker.on_reply(reply, habits, way, quirks),
            Work::Batches(batches) => batches.on_reply(reply.read(quirks), habits, way, quirks),
            Work::Bulk(bulk) => bulk.on_reply(reply.read(quirks)),
            Work::Table(reader) => reader.on_reply(reply.read(quirks), habits, way, quirks),
            Work::Plan(planner) => planner.on_reply(reply.read(quirks), habits, way, quirks),
        };
        self.go_on(ticket, next);
    }

    pub(super) fn failed(&mut self, ticket: u64, failure: Failure) {
        self.land(ticket);
        let Some(job) = self.jobs.get_mut(&ticket) else { return };
        let Some(target) = self.targets.get_mut(&job.to) else { return };
        let way = way(&self.limits, &job.who, target);
        let habits = &mut target.known().habits;
        let next = match &mut job.work {
            Work::Batches(batches) => batches.on_failure(failure, habits, way),
            Work::Bulk(_) => Next::Fail(failure),
            Work::Walk(walker) => walker.on_failure(failure, habits, way),
            Work::Table(reader) => reader.on_failure(failure, habits, way),
            Work::Plan(planner) => planner.on_failure(failure, habits, way),
        };
        self.go_on(ticket, next);
    }

    pub(super) fn finish(&mut self, ticket: u64, failure: Option<Failure>) {
        self.land(ticket);
        let Some(job) = self.jobs.remove(&ticket) else { return };
        let took = job.first_sent.zip(self.now).map_or(Duration::ZERO, |(first, now)| now.duration_since(first));
        let who = job.turns.as_ref().and_then(Turns::winner).unwrap_or(0);
        let outcome = job.work.outcome(failure, Summary { quirks: job.quirks, took, sent: job.sent, who });
        self.leave(ticket, job.to, outcome);
    }

    /// A ticket is done: whoever waits for the address may go on.
    pub(super) fn leave(&mut self, ticket: u64, to: SocketAddr, outcome: Outcome) {
        self.done.push_back((Ticket(ticket), outcome));
        let Some(target) = self.targets.get_mut(&to) else { return };
        target.active.retain(|active| *active != ticket);
        let room = target.active.len() < self.limits.in_flight_per_target;
        let next = target.if_known().filter(|_| room).and_then(|known| known.waiting.pop_front());
        if let Some(next) = next {
            target.active.push(next);
            self.begin(next);
        } else if target.is_blank() {
            self.targets.remove(&to);
        }
    }
}

pub(super) fn way(limits: &Limits, who: &Credentials, target: &mut Target) -> Way {
    let engine = target.if_known().and_then(|known| known.engine.as_ref());
    let theirs = engine.filter(|_| matches!(who, Credentials::V3(_))).map_or(MOST_OCTETS, |engine| engine.max_size);
    let Way { bulk, room } = blank_way(limits, who);
    Way { bulk, room: room.min(theirs - frame(who)) }
}

/// The way to a device of which nothing is known.
pub(super) fn blank_way(limits: &Limits, who: &Credentials) -> Way {
    Way { bulk: !matches!(who, Credentials::V1(_)), room: limits.max_message - frame(who) }
}

fn frame(who: &Credentials) -> usize {
    if matches!(who, Credentials::V3(_)) { FRAME_V3 } else { FRAME }
}

/// An id that no question on its way has.
pub(super) fn free_id(chance: &mut Chance, taken: &FxHashMap<i32, u64>) -> i32 {
    loop {
        let id = chance.id();
        if !taken.contains_key(&id) {
            return id;
        }
    }
}

/// How often a question is sent that nobody answers.
pub(super) fn most_tries(limits: &Limits, in_turn: u32) -> u32 {
    limits.retries.saturating_add(1).saturating_mul(in_turn)
}

/// How long the last of so many tries is waited for. The next one's turn comes soon, a new round after the time-out.
fn wait(limits: &Limits, chance: &mut Chance, tries: u32, in_turn: u32, stagger: Duration) -> Duration {
    if !tries.is_multiple_of(in_turn) {
        return stagger;
    }
    let round = tries.saturating_sub(1) / in_turn;
    if round == 0 {
        return limits.timeout;
    }
    let wait = limits.timeout.saturating_mul(1 << round.min(6));
    let jitter = (chance.number() % 250) as u32;
    wait.saturating_add(wait.saturating_mul(jitter) / 1000)
}
