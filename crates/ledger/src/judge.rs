//! Whether one figure of a meter goes on from another (section by section: same origin, no fall but a wrap, no growth
//! beyond the device's speed).

use crate::{Cause, Origin, Point, Settings, Time, Width};
use serde::{Deserialize, Serialize};

/// A figure with all that decides whether it may be subtracted from another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) point: Point,
    pub(crate) origin: Origin,
    /// 2^31 or 2^32, if the counter wraps there.
    pub(crate) modulus: Option<u64>,
    /// Units a minute.
    pub(crate) rated: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Grew(u64),
    Wrapped(u64),
    Broke(Cause),
}

/// How late or early the device may take the time of a figure: some answer from a cache that is minutes old.
const CACHED_MINUTES: f64 = 2.0;

pub(crate) fn judge(from: &Figure, to: &Figure, settings: &Settings) -> Verdict {
    use Verdict::{Broke, Grew, Wrapped};
    if from.origin.device != to.origin.device {
        return Broke(Cause::OtherDevice);
    }
    if from.origin.board != to.origin.board {
        return Broke(Cause::BoardReplaced);
    }
    if from.origin.unit != to.origin.unit {
        return Broke(Cause::UnitChanged);
    }
    if from.origin.source != to.origin.source {
        return Broke(Cause::SourceChanged);
    }
    let possible = possible(from, to, settings);
    match to.point.value.checked_sub(from.point.value) {
        Some(growth) if growth as f64 <= possible => Grew(growth),
        Some(_) => Broke(Cause::Jump),
        None => match wrapped(from, to).filter(|growth| *growth as f64 <= possible) {
            Some(growth) => Wrapped(growth),
            None => Broke(Cause::Rollback),
        },
    }
}

/// The most that the device can have counted in between.
fn possible(from: &Figure, to: &Figure, settings: &Settings) -> f64 {
    let sensible = |rated: &f64| rated.is_finite() && *rated > 0.0;
    let rated = to.rated.filter(sensible).or(from.rated.filter(sensible)).unwrap_or(settings.unrated);
    let minutes = to.point.at.since(from.point.at).as_secs_f64() / 60.0;
    settings.over_rated * rated * (minutes + CACHED_MINUTES)
}

/// The growth through the counter's end, if it stood within one percent of it.
fn wrapped(from: &Figure, to: &Figure) -> Option<u64> {
    let modulus = to.modulus.filter(|modulus| Some(*modulus) == from.modulus)?;
    let before_end = modulus.checked_sub(from.point.value)?;
    (before_end <= modulus / 100).then(|| before_end.saturating_add(to.point.value))
}

impl Figure {
    pub(crate) fn new(at: Time, value: u64, origin: Origin, width: Width, rated: Option<f64>) -> Self {
        Self { point: Point { at, value }, origin, modulus: width.modulus(), rated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Text;

    fn figure(minutes: i64, value: u64, width: Width) -> Figure {
        let word = |text: &str| Text::new(text).unwrap();
        let origin = Origin { device: 0, board: 0, unit: word("impressions"), source: word("43.10") };
        Figure::new(Time::from_unix(minutes * 60), value, origin, width, Some(30.0))
    }

    fn check(from: (i64, u64), to: (i64, u64), width: Width, expected: Verdict) {
        let verdict = judge(&figure(from.0, from.1, width), &figure(to.0, to.1, width), &Settings::default());
        assert_eq!(verdict, expected, "{from:?} to {to:?}");
    }

    #[test]
    fn growth_up_to_twice_the_rated_speed() {
        let width = Width::Unknown;
        check((0, 100), (10, 100), width, Verdict::Grew(0));
        check((0, 100), (10, 820), width, Verdict::Grew(720));
        check((0, 100), (10, 821), width, Verdict::Broke(Cause::Jump));
        check((0, 100), (10, u64::MAX), width, Verdict::Broke(Cause::Jump));
    }

    #[test]
    fn a_fall_is_a_wrap_only_near_the_end_of_a_counter_of_known_width() {
        let (end31, end32) = (1 << 31, 1 << 32);
        check((0, end32 - 50), (10, 70), Width::Bits32, Verdict::Wrapped(120));
        check((0, end31 - 50), (10, 70), Width::Bits31, Verdict::Wrapped(120));
        check((0, end31 - 50), (10, 70), Width::Bits32, Verdict::Broke(Cause::Rollback));
        check((0, end32 - 50), (10, 70), Width::Unknown, Verdict::Broke(Cause::Rollback));
        check((0, end32 - 50), (10, 9_000), Width::Bits32, Verdict::Broke(Cause::Rollback));
        check((0, end32 - end32 / 90), (100_000_000, 70), Width::Bits32, Verdict::Broke(Cause::Rollback));
        check((0, 100), (10, 99), Width::Bits32, Verdict::Broke(Cause::Rollback));
    }

    #[test]
    fn origins_come_before_figures() {
        let from = figure(0, 100, Width::Unknown);
        let with = |change: fn(&mut Origin)| {
            let mut to = figure(10, 90, Width::Unknown);
            change(&mut to.origin);
            judge(&from, &to, &Settings::default())
        };
        assert_eq!(with(|origin| origin.device = 1), Verdict::Broke(Cause::OtherDevice));
        assert_eq!(with(|origin| origin.board = 1), Verdict::Broke(Cause::BoardReplaced));
        assert_eq!(with(|origin| origin.unit = Text::new("sheets").unwrap()), Verdict::Broke(Cause::UnitChanged));
        assert_eq!(with(|origin| origin.source = Text::new("1602").unwrap()), Verdict::Broke(Cause::SourceChanged));
    }
}
