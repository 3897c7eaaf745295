//! When each device is asked, and how deep. No clock: the caller tells the time.
//!
//! ```text
//! every 5 min  hot ──► something happened? ──► warm, cold or full at once (in the same visit)
//! every hour   warm: levels        every 6 h  with all meters        every day  cold        every week  full
//! ```

use dca_printer::{Cause, Depth, Extra};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How often each depth is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// Hot polls.
    pub hot: Duration,
    /// Levels.
    pub warm: Duration,
    /// All meters.
    pub meters: Duration,
    /// Everything that the device has.
    pub cold: Duration,
    /// Everything that it might have.
    pub full: Duration,
    /// At least so long between two deeper visits that the same kind of event caused: a counter that never rests must
    /// not make every poll a deep one.
    pub rest: Duration,
    /// At most so long until a silent device is tried again.
    pub patience: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            hot: minutes(5),
            warm: minutes(60),
            meters: minutes(6 * 60),
            cold: minutes(24 * 60),
            full: minutes(7 * 24 * 60),
            rest: minutes(15),
            patience: minutes(60),
        }
    }
}

/// A visit that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The device's number, as in [`Memory`](super::Memory).
    pub device: u32,
    /// How deep at least.
    pub depth: Depth,
    /// What a warm visit asks beyond levels.
    pub extra: Extra,
    /// Events that may not deepen the visit: they did so a moment ago.
    pub resting: Vec<Cause>,
}

/// How a visit went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Went {
    /// It answered.
    Answered {
        /// How deep it was asked in the end.
        depth: Depth,
        /// What a warm visit asked beyond levels.
        extra: Extra,
        /// The events that were seen.
        causes: Vec<Cause>,
        /// prtAlertTable has rows, or it cannot be told from a counter when it gets some.
        watch_alerts: bool,
    },
    /// It did not answer, or not as itself.
    Silent,
}

/// Which device is visited when. One visit to a device at a time.
#[derive(Debug, Default)]
pub struct Planner {
    rhythm: Rhythm,
    devices: BTreeMap<u32, Schedule>,
    due: BTreeSet<(Instant, u32)>,
}

#[derive(Debug)]
struct Schedule {
    /// When it is due; `None` while it is visited.
    due: Option<Instant>,
    /// A hot poll would ask too much of it.
    rarely: bool,
    warm: Option<Instant>,
    meters: Option<Instant>,
    cold: Option<Instant>,
    full: Option<Instant>,
    watch_alerts: bool,
    /// When each kind of event last made a visit deeper.
    stirred: BTreeMap<Cause, Instant>,
    silences: u32,
}

impl Planner {
    /// A planner without devices.
    pub fn new(rhythm: Rhythm) -> Self {
        Self { rhythm, ..Self::default() }
    }

    /// Takes a device in that was read in full at `read`, if ever. `rarely` leaves its hot polls out: for fragile models.
    /// First visits of many devices are spread over a hot interval.
    pub fn add(&mut self, device: u32, read: Option<Instant>, rarely: bool, now: Instant) {
        self.remove(device);
        let share = f64::from(device.wrapping_mul(0x9e37_79b9)) / f64::from(u32::MAX);
        let due = now + if read.is_some() { self.rhythm.hot.mul_f64(share) } else { Duration::ZERO };
        let schedule = Schedule {
            due: Some(due),
            rarely,
            warm: read,
            meters: read,
            cold: read,
            full: read,
            watch_alerts: true,
            stirred: BTreeMap::new(),
            silences: 0,
        };
        self.devices.insert(device, schedule);
        self.due.insert((due, device));
    }

    /// True if the device was taken in.
    pub fn has(&self, device: u32) -> bool {
        self.devices.contains_key(&device)
    }

    /// Forgets a device.
    pub fn remove(&mut self, device: u32) {
        if let Some(due) = self.devices.remove(&device).and_then(|schedule| schedule.due) {
            self.due.remove(&(due, device));
        }
    }

    /// When the next visit is due; `None` with all devices visited at this moment.
    pub fn due(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The next visit that is due by now. Tell how it went by [`done`](Self::done).
    pub fn next(&mut self, now: Instant) -> Option<Job> {
        let (_, device) = self.due.first().filter(|(due, _)| *due <= now).copied()?;
        self.due.pop_first();
        let schedule = self.devices.get_mut(&device)?;
        schedule.due = None;
        Some(schedule.job(device, &self.rhythm, now))
    }

    /// Takes in how a visit went that began at `began`.
    pub fn done(&mut self, device: u32, began: Instant, went: &Went) {
        let Some(schedule) = self.devices.get_mut(&device) else { return };
        let wait = schedule.take(&self.rhythm, began, went);
        let due = began + wait;
        schedule.due = Some(due);
        self.due.insert((due, device));
    }
}

impl Schedule {
    fn job(&self, device: u32, rhythm: &Rhythm, now: Instant) -> Job {
        let over = |last: Option<Instant>, every: Duration| {
            // A visit that comes a moment early is not put off by a whole round.
            last.is_none_or(|last| now.saturating_duration_since(last) + rhythm.hot / 2 >= every)
        };
        let meters = over(self.meters, rhythm.meters);
        let depth = match () {
            () if over(self.full, rhythm.full) => Depth::Full,
            () if over(self.cold, rhythm.cold) => Depth::Cold,
            () if meters || over(self.warm, rhythm.warm) => Depth::Warm,
            () => Depth::Hot,
        };
        let rests = |(_, last): &(&Cause, &Instant)| now.saturating_duration_since(**last) < rhythm.rest;
        let resting = self.stirred.iter().filter(rests).map(|(cause, _)| *cause).collect();
        Job { device, depth, extra: Extra { alerts: self.watch_alerts, meters }, resting }
    }

    /// How long until the next visit.
    fn take(&mut self, rhythm: &Rhythm, began: Instant, went: &Went) -> Duration {
        let usual = if self.rarely { rhythm.cold } else { rhythm.hot };
        let Went::Answered { depth, extra, causes, watch_alerts } = went else {
            // Three rounds tell silence from a lost packet; then less often.
            self.silences = self.silences.saturating_add(1);
            let slower = usual.saturating_mul(1 << self.silences.saturating_sub(3).min(8));
            return slower.min(rhythm.patience.max(usual));
        };
        self.silences = 0;
        let done = |deep: bool, last: &mut Option<Instant>| {
            if deep {
                *last = Some(began);
            }
        };
        done(*depth >= Depth::Warm, &mut self.warm);
        done(*depth >= Depth::Cold || (*depth == Depth::Warm && extra.meters), &mut self.meters);
        done(*depth >= Depth::Cold, &mut self.cold);
        done(*depth >= Depth::Full, &mut self.full);
        if *depth >= Depth::Cold || (*depth == Depth::Warm && extra.alerts) {
            self.watch_alerts = *watch_alerts;
        }
        for cause in causes.iter().filter(|cause| cause.depth() <= *depth) {
            self.stirred.insert(*cause, began);
        }
        usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(depth: Depth, extra: Extra) -> Went {
        Went::Answered { depth, extra, causes: Vec::new(), watch_alerts: false }
    }

    /// A day of visits of each depth.
    fn day(mut went: impl FnMut(&Job, Duration) -> Went, rarely: bool) -> BTreeMap<Depth, usize> {
        let start = Instant::now();
        let mut planner = Planner::new(Rhythm::default());
        planner.add(7, Some(start), rarely, start);
        let mut visits = BTreeMap::new();
        while let Some(due) = planner.due().filter(|due| *due < start + Duration::from_secs(86_400)) {
            let job = planner.next(due).unwrap();
            assert_eq!(planner.due(), None, "one visit at a time");
            *visits.entry(job.depth).or_default() += 1;
            planner.done(7, due, &went(&job, due - start));
        }
        visits
    }

    #[test]
    fn a_quiet_day() {
        let visits = day(|job, _| answered(job.depth, job.extra), false);
        assert_eq!(visits.values().sum::<usize>(), 288, "{visits:?}");
        assert!((22..=24).contains(&visits[&Depth::Warm]), "{visits:?}");
        assert!(visits.get(&Depth::Cold).is_none_or(|cold| *cold <= 1), "{visits:?}");
        assert_eq!(visits.get(&Depth::Full), None);
    }

    #[test]
    fn a_device_that_is_asked_rarely() {
        let visits = day(|job, _| answered(job.depth, job.extra), true);
        assert_eq!(visits.values().sum::<usize>(), 1, "{visits:?}");
    }

    #[test]
    fn a_silent_device_is_tried_less_and_less() {
        let visits = day(|_, _| Went::Silent, false);
        let tries: usize = visits.values().sum();
        assert!((24..40).contains(&tries), "{tries}");
    }

    #[test]
    fn an_event_that_never_rests_does_not_deepen_every_visit() {
        let mut deepened = 0;
        day(
            |job, _| {
                let stirs = !job.resting.contains(&Cause::Alerted);
                deepened += usize::from(stirs);
                let depth = if stirs { job.depth.max(Depth::Warm) } else { job.depth };
                let causes = if stirs { vec![Cause::Alerted] } else { Vec::new() };
                Went::Answered { depth, extra: job.extra, causes, watch_alerts: true }
            },
            false,
        );
        assert!((90..=97).contains(&deepened), "{deepened}");
    }

    #[test]
    fn a_device_never_read_is_read_in_full_at_once() {
        let now = Instant::now();
        let mut planner = Planner::new(Rhythm::default());
        planner.add(1, None, false, now);
        assert_eq!(planner.next(now).map(|job| job.depth), Some(Depth::Full));
        planner.remove(1);
        planner.done(1, now, &Went::Silent);
        assert_eq!(planner.due(), None);
    }
}
