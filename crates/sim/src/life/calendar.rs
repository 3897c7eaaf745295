//! How many pages were printed, and when the paper jammed: sums over days, so that any moment can be asked for.

use crate::chance::Chance;
use crate::scheme::Rates;
use std::time::Duration;

const DAY: f64 = 86_400.0;
const HOUR: f64 = 3_600.0;

/// The days of one device. Day 0 is the Monday on which it was switched on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar<'a> {
    pub(crate) rates: &'a Rates,
    pub(crate) chance: Chance,
}

/// A jam that lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Jam {
    /// Since the start.
    pub(crate) since: Duration,
    /// How much of its time has passed, from 0 to 1.
    pub(crate) passed: f64,
}

impl Calendar<'_> {
    /// Pages since the start.
    pub(crate) fn pages(&self, at: Duration) -> f64 {
        self.since_monday(self.offset() + at.as_secs_f64()) - self.since_monday(self.offset())
    }

    /// True in working hours.
    pub(crate) fn is_working(&self, at: Duration) -> bool {
        let second = self.offset() + at.as_secs_f64();
        let hour = second % DAY / HOUR;
        !is_weekend(second / DAY) && hour >= self.rates.from.into() && hour < self.rates.to.into()
    }

    /// How many jams began since the start.
    pub(crate) fn jams(&self, at: Duration) -> u64 {
        let now = self.offset() + at.as_secs_f64();
        let days = (now / DAY) as u64;
        (0..=days).filter(|day| self.jam_of(*day).is_some_and(|(from, _)| from >= self.offset() && from <= now)).count()
            as u64
    }

    /// The jam at this moment.
    pub(crate) fn jam(&self, at: Duration) -> Option<Jam> {
        let now = self.offset() + at.as_secs_f64();
        let (from, lasts) = self.jam_of((now / DAY) as u64)?;
        let stands = from >= self.offset() && now >= from && now < from + lasts;
        stands.then(|| Jam {
            since: Duration::from_secs_f64((from - self.offset()).max(0.0)),
            passed: (now - from) / lasts,
        })
    }

    fn offset(&self) -> f64 {
        self.rates.starts.clamp(0.0, 168.0) * HOUR
    }

    /// When the jam of a day begins, in seconds since day 0, and how long it lasts. It begins in working hours.
    fn jam_of(&self, day: u64) -> Option<(f64, f64)> {
        if is_weekend(day as f64) || self.chance.part("jam", day) >= self.rates.jams_per_day {
            return None;
        }
        let hour = self.chance.between(self.rates.from.into(), self.rates.to.into(), "jam hour", day);
        Some((day as f64 * DAY + hour * HOUR, self.chance.between(180.0, 1_500.0, "jam lasts", day)))
    }

    fn since_monday(&self, second: f64) -> f64 {
        let days = (second / DAY) as u64;
        let whole: f64 = (0..days).map(|day| self.of_day(day, DAY)).sum();
        whole + self.of_day(days, second - days as f64 * DAY)
    }

    /// Pages of a day up to a second of it.
    fn of_day(&self, day: u64, second: f64) -> f64 {
        let busy = self.chance.between(0.6, 1.4, "day", day);
        if is_weekend(day as f64) {
            return busy * self.rates.weekend * second / HOUR;
        }
        let (from, to) = (f64::from(self.rates.from) * HOUR, f64::from(self.rates.to) * HOUR);
        let worked = second.clamp(from, to.max(from)) - from;
        busy * (self.rates.work * worked + self.rates.night * (second - worked)) / HOUR
    }
}

fn is_weekend(day: f64) -> bool {
    day as u64 % 7 >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_grow_in_working_hours_alone() {
        let rates = Rates { work: 60.0, starts: 9.0, ..Rates::default() };
        let calendar = Calendar { rates: &rates, chance: Chance(1) };
        let hour = |h: u64| calendar.pages(Duration::from_secs(h * 3_600));
        assert_eq!(hour(0), 0.0);
        assert!(hour(1) >= 36.0 && hour(1) <= 84.0);
        assert_eq!(hour(10), hour(20), "the night from Monday to Tuesday");
        assert!(hour(24) > hour(20));
        // From Friday 18:00 to Monday 8:00: 105 h and 167 h after Monday 9:00.
        assert_eq!(hour(105), hour(166));
    }

    #[test]
    fn a_jam_begins_is_counted_and_ends() {
        let rates = Rates { work: 60.0, jams_per_day: 1.0, ..Rates::default() };
        let calendar = Calendar { rates: &rates, chance: Chance(3) };
        let minutes = 0..7 * 24 * 60_u64;
        let jammed = minutes.clone().filter(|m| calendar.jam(Duration::from_secs(m * 60)).is_some()).count();
        let counted = calendar.jams(Duration::from_secs(7 * 86_400));
        assert!((4..=6).contains(&counted), "{counted}");
        assert!(jammed > 10 && jammed < 200, "{jammed}");
    }
}
