//! How far this machine's clock is from the portal's.
//!
//! Each answer carries the portal's time. Half the round trip is the most that a measurement can be wrong by, so one that
//! took long moves nothing that a quick one has settled. What is signed, and what certificates are checked against, uses
//! the corrected time: a printer room's PC with a flat battery still reports.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// From here on a difference is worth telling somebody.
pub const WORTH_TELLING: Duration = Duration::from_secs(120);
/// A measurement that took longer is taken only if there is no better one.
const PROMPT: Duration = Duration::from_secs(5);

/// The portal's clock, as far as it is known. Starts as this machine's own.
#[derive(Debug, Default)]
pub struct Clock {
    skew_ms: AtomicI64,
    /// Round trip of the measurement plus one; 0: none yet.
    round_trip_ms: AtomicU64,
}

impl Clock {
    /// A clock with a difference that was measured earlier, in milliseconds.
    pub fn with_skew(skew_ms: i64) -> Self {
        Self { skew_ms: AtomicI64::new(skew_ms), round_trip_ms: AtomicU64::new(0) }
    }

    /// A request that left at `sent_ms` of this machine's clock was answered `round_trip` later, with the portal's time.
    pub fn measured(&self, sent_ms: i64, round_trip: Duration, server_time_ms: i64) {
        let took = u64::try_from(round_trip.as_millis()).unwrap_or(u64::MAX - 1);
        let known = self.round_trip_ms.load(Ordering::Relaxed);
        if known > 0 && round_trip > PROMPT && took + 1 > known {
            return;
        }
        let here = sent_ms.saturating_add_unsigned(took / 2);
        self.skew_ms.store(server_time_ms.saturating_sub(here), Ordering::Relaxed);
        self.round_trip_ms.store(took.saturating_add(1), Ordering::Relaxed);
    }

    /// The portal's clock less this machine's, in milliseconds.
    pub fn skew_ms(&self) -> i64 {
        self.skew_ms.load(Ordering::Relaxed)
    }

    /// The portal's time, milliseconds since 1970, given this machine's.
    pub fn corrected_ms(&self, here_ms: i64) -> i64 {
        here_ms.saturating_add(self.skew_ms())
    }

    /// The portal's time, milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.corrected_ms(machine_ms())
    }
}

/// This machine's time, milliseconds since 1970.
pub fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skew_is_measured_from_the_middle_of_the_round_trip() {
        let clock = Clock::default();
        clock.measured(1_000, Duration::from_millis(200), 61_100);
        assert_eq!(clock.skew_ms(), 60_000);
        assert_eq!(clock.corrected_ms(5_000), 65_000);
    }

    #[test]
    fn a_slow_answer_moves_nothing_that_a_quick_one_settled() {
        let clock = Clock::default();
        clock.measured(0, Duration::from_secs(20), 100_000);
        assert_eq!(clock.skew_ms(), 90_000, "better than nothing");
        clock.measured(0, Duration::from_millis(10), 50_005);
        clock.measured(0, Duration::from_secs(20), 100_000);
        assert_eq!(clock.skew_ms(), 50_000);
        clock.measured(0, Duration::from_millis(40), 70_020);
        assert_eq!(clock.skew_ms(), 70_000, "a clock that was set is noticed");
    }

    #[test]
    fn numbers_of_a_hostile_portal_do_not_overflow() {
        let clock = Clock::default();
        clock.measured(i64::MIN, Duration::MAX, i64::MAX);
        clock.measured(i64::MAX, Duration::ZERO, i64::MIN);
        let _ = clock.now_ms();
    }
}
