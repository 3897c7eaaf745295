//! A whole fleet in one thread, in virtual time: what a portal meets when it comes back after an outage.

use super::{Answer, Failure, PERIOD, Rhythm, Start};
use dca_wire::AgentId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// What the portal met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Herd {
    /// Check-ins in the busiest second after the outage.
    pub peak: u64,
    /// Check-ins in a second on average, where each agent comes once in a period.
    pub mean: f64,
    /// Check-ins in the busiest second of the hour before it.
    pub steady_peak: u64,
}

/// An hour of steady state, an outage of so many seconds, and two hours after it. The same seed gives the same result.
pub fn after_outage(agents: impl IntoIterator<Item = AgentId>, outage_s: u64, seed: u64) -> Herd {
    const STEADY: u64 = 3_600;
    const AFTER: u64 = 7_200;
    let start = Instant::now();
    let mut chance = Chances(seed);
    let mut fleet: Vec<Rhythm> =
        agents.into_iter().map(|agent| Rhythm::new(&agent, Start::Within(PERIOD), start, chance.next())).collect();
    let mut queue: BinaryHeap<_> = fleet.iter().enumerate().map(|(at, rhythm)| Reverse((rhythm.next(), at))).collect();
    let (down, up) = (Duration::from_secs(STEADY), Duration::from_secs(STEADY + outage_s));
    let end = up + Duration::from_secs(AFTER);
    let (mut second, mut count, mut peak, mut steady_peak) = (0, 0_u64, 0, 0);
    while let Some(Reverse((now, at))) = queue.pop() {
        let since = now - start;
        let Some(rhythm) = fleet.get_mut(at).filter(|_| since < end) else { break };
        if since.as_secs() != second {
            (second, count) = (since.as_secs(), 0);
        }
        if (down..up).contains(&since) {
            rhythm.failed(Failure::Unreachable, now, chance.next());
        } else {
            count += 1;
            // The first minutes show how the simulation began, not the fleet.
            let busiest = if since >= up { &mut peak } else { &mut steady_peak };
            if since >= PERIOD * 2 {
                *busiest = count.max(*busiest);
            }
            let answer = Answer { server_time_ms: since.as_millis() as i64, ..Answer::default() };
            rhythm.answered(answer, now, chance.next());
        }
        queue.push(Reverse((rhythm.next(), at)));
    }
    Herd { peak, mean: fleet.len() as f64 / PERIOD.as_secs_f64(), steady_peak }
}

/// SplitMix64 (Steele, Lea, Flood 2014): chance that can be repeated.
struct Chances(u64);

impl Chances {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_of_half_an_hour_is_no_stampede() {
        let agents = (0..30_000).map(|number| AgentId::parse(&format!("agent-{number}")).unwrap());
        let herd = after_outage(agents, 1_800, 7);
        // 100 a second on average: chance alone makes the busiest of 7,200 seconds 40 more.
        assert!(herd.peak as f64 <= 1.7 * herd.mean, "{herd:?}");
        assert!(herd.steady_peak as f64 <= 1.5 * herd.mean, "{herd:?}");
    }

    #[test]
    fn who_starts_together_does_not_come_together() {
        let agents = (0..3_000).map(|number| AgentId::parse(&format!("agent-{number}")).unwrap());
        let herd = after_outage(agents, 0, 7);
        assert!(herd.peak as f64 <= 3.5 * herd.mean, "{herd:?}");
    }
}
