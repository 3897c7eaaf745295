//! Points in time, as plain as they can be: seconds since 1970-01-01T00:00:00Z. Nobody asks a clock in here.

use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(crate) const DAY: f64 = 86_400.0;

/// A moment in UTC, in seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(i64);

impl Time {
    /// The moment so many seconds after (or before) 1970-01-01T00:00:00Z.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// How long after `earlier`; nothing if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// So much later.
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(span.as_secs()))
    }

    /// So much earlier.
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(span.as_secs()))
    }

    /// Days since 1970-01-01 with their fraction, on clocks `offset` seconds ahead of UTC.
    pub(crate) fn local_days(self, offset: i32) -> f64 {
        self.0.saturating_add(offset.into()) as f64 / DAY
    }

    /// The whole day.
    pub(crate) fn local_day(self, offset: i32) -> i64 {
        self.0.saturating_add(offset.into()).div_euclid(DAY as i64)
    }
}

/// Monday is 0; 1970-01-01 was a Thursday.
pub(crate) fn weekday(day: i64) -> usize {
    day.saturating_add(3).rem_euclid(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_clock_on_the_wall() {
        // 2026-11-26 is a Thursday; 23:30 UTC is Friday in Berlin and Thursday in New York.
        let late = Time::from_unix(1_795_735_800);
        let weekday_at = |offset| weekday(late.local_day(offset));
        assert_eq!([weekday_at(0), weekday_at(3_600), weekday_at(-18_000)], [3, 4, 3]);
        assert_eq!(weekday(-1), 2, "the day before 1970 was a Wednesday");
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let (first, last) = (Time::from_unix(i64::MIN), Time::from_unix(i64::MAX));
        assert_eq!(last.after(Duration::MAX), last);
        assert_eq!(first.before(Duration::MAX), first);
        assert_eq!(first.since(last), Duration::ZERO);
        assert_eq!(last.since(first), Duration::from_secs(i64::MAX as u64));
        last.local_day(i32::MAX);
    }
}
