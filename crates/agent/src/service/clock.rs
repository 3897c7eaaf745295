//! Whether the machine's clock was set, or the machine slept.

use std::time::Instant;

/// Less is drift.
const WORTH_TELLING_MS: i64 = 120_000;

/// The two clocks at one moment: the one that can be set, and the one that only runs while the machine does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampled {
    wall_ms: i64,
    at: Instant,
}

impl Sampled {
    pub(super) fn new(wall_ms: i64, at: Instant) -> Self {
        Self { wall_ms, at }
    }

    /// Takes the next sample. The answer is how far the first clock ran away from the second since the last one, in
    /// milliseconds, if it is worth telling: forward also after sleep.
    pub(super) fn jumped(&mut self, wall_ms: i64, at: Instant) -> Option<i64> {
        let ran = i64::try_from(at.saturating_duration_since(self.at).as_millis()).unwrap_or(i64::MAX);
        let by = wall_ms.saturating_sub(self.wall_ms).saturating_sub(ran);
        *self = Self { wall_ms, at };
        (by.abs() >= WORTH_TELLING_MS).then_some(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_jump_is_told_once_and_drift_is_not() {
        let start = Instant::now();
        let mut clock = Sampled::new(1_000_000, start);
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        assert_eq!(clock.jumped(1_060_500, after(60)), None);
        assert_eq!(clock.jumped(1_120_500 + 3_600_000, after(120)), Some(3_600_000), "set forward, or asleep");
        assert_eq!(clock.jumped(1_180_500 + 3_600_000, after(180)), None);
        assert_eq!(clock.jumped(1_240_500, after(240)), Some(-3_600_000));
    }
}
