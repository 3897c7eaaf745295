//! Whether the machine's clock was set, or the machine slept.
//!
//! ```text
//! wall clock   runs on in sleep, can be set       wall - uptime:  it was set by so much
//! uptime       runs on in sleep                   uptime - timer: it slept for so long
//! timer        stands still in sleep
//! ```

use std::sync::Arc;
use std::time::Instant;

/// Less is drift.
const WORTH_TELLING_MS: i64 = 120_000;

type Clock<T> = Arc<dyn Fn() -> T + Send + Sync>;

/// The clocks of the machine that time what a timer cannot.
#[derive(Clone)]
pub struct Machine {
    wall: Clock<i64>,
    uptime: Clock<Option<i64>>,
}

impl Machine {
    /// Milliseconds since 1970, and since the machine started with sleep included, if it says so.
    pub fn new(
        wall: impl Fn() -> i64 + Send + Sync + 'static,
        uptime: impl Fn() -> Option<i64> + Send + Sync + 'static,
    ) -> Self {
        Self { wall: Arc::new(wall), uptime: Arc::new(uptime) }
    }

    /// Milliseconds since 1970.
    pub(super) fn wall_ms(&self) -> i64 {
        (self.wall)()
    }

    /// Milliseconds since the machine started.
    pub(super) fn uptime_ms(&self) -> Option<i64> {
        (self.uptime)()
    }
}

/// The system's own.
impl Default for Machine {
    fn default() -> Self {
        Self::new(dca_cloud::machine_ms, || {
            let text = std::fs::read_to_string("/proc/uptime").ok()?;
            let seconds: f64 = text.split_whitespace().next()?.parse().ok()?;
            Some((seconds * 1000.0) as i64)
        })
    }
}

/// The clocks at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampled {
    wall_ms: i64,
    uptime_ms: Option<i64>,
    at: Instant,
}

/// What happened to a clock, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// It was set by so much.
    Set(i64),
    /// The machine slept for so long.
    Slept(i64),
    /// One of the two.
    Either(i64),
}

impl Sampled {
    pub(super) fn new(machine: &Machine, at: Instant) -> Self {
        Self { wall_ms: machine.wall_ms(), uptime_ms: machine.uptime_ms(), at }
    }

    /// Takes the next sample. The answer is what happened since the last one, as far as it is worth telling.
    pub(super) fn moved(&mut self, machine: &Machine, at: Instant) -> Vec<Moved> {
        let next = Self::new(machine, at);
        let wall = next.wall_ms.saturating_sub(self.wall_ms);
        let timer = i64::try_from(at.saturating_duration_since(self.at).as_millis()).unwrap_or(i64::MAX);
        let uptime = next.uptime_ms.zip(self.uptime_ms).map(|(now, before)| now.saturating_sub(before));
        *self = next;
        let moved = match uptime {
            Some(uptime) => vec![Moved::Slept(uptime.saturating_sub(timer)), Moved::Set(wall.saturating_sub(uptime))],
            None => vec![Moved::Either(wall.saturating_sub(timer))],
        };
        moved.into_iter().filter(|moved| moved.ms().saturating_abs() >= WORTH_TELLING_MS).collect()
    }
}

impl Moved {
    pub(super) fn ms(self) -> i64 {
        let (Self::Set(ms) | Self::Slept(ms) | Self::Either(ms)) = self;
        ms
    }
}

impl std::fmt::Display for Moved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Set(ms) => write!(f, "the clock was set by {} s", ms / 1000),
            Self::Slept(ms) => write!(f, "the machine slept for {} s", ms / 1000),
            Self::Either(ms) => write!(f, "the clock moved by {} s: it was set, or the machine slept", ms / 1000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::Duration;

    #[test]
    fn set_and_slept_are_told_apart_and_drift_is_not_told() {
        let start = Instant::now();
        let hands = Arc::new(Mutex::new((0, Some(0))));
        let (wall, up) = (Arc::clone(&hands), Arc::clone(&hands));
        let machine = Machine::new(move || wall.lock().unwrap().0, move || up.lock().unwrap().1);
        let mut clock = Sampled::new(&machine, start);
        let mut check = |wall_s: i64, uptime_s: Option<i64>, timer_s: u64| {
            *hands.lock().unwrap() = (wall_s * 1000, uptime_s.map(|seconds| seconds * 1000));
            clock.moved(&machine, start + Duration::from_secs(timer_s))
        };
        assert_eq!(check(60, Some(61), 60), []);
        assert_eq!(check(3720, Some(121), 120), [Moved::Set(3_600_000)]);
        assert_eq!(check(3780, Some(181), 180), [], "once");
        assert_eq!(check(4840, Some(1241), 240), [Moved::Slept(1_000_000)]);
        assert_eq!(check(300, Some(2241), 300), [Moved::Slept(940_000), Moved::Set(-5_540_000)]);
        assert_eq!(check(360, None, 360), [], "no uptime any more");
        assert_eq!(check(4020, None, 420), [Moved::Either(3_600_000)]);
    }
}
