//! What a device is like at one moment: a pure function of its file, its seed and the time since it was switched on.
//!
//! Nothing here is stepped. Asking for hour 1000 costs a sum over the days before it, so a test may jump.

mod calendar;
mod condition;
mod wear;

pub(crate) use condition::{Condition, Rule, parse as parse_condition};
pub(crate) use wear::{Fill, Wear};

use crate::chance::Chance;
use crate::scheme::Sheet;
use calendar::Calendar;
use std::time::Duration;

/// One device at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Life<'a> {
    pub(crate) sheet: &'a Sheet,
    pub(crate) rules: &'a [Rule],
    pub(crate) seed: u64,
    /// Since it was switched on.
    pub(crate) at: Duration,
    pages: f64,
}

/// One device at one moment, with what all its tables need.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) life: Life<'a>,
    /// Oldest first.
    pub(crate) alerts: Vec<Standing<'a>>,
    pub(crate) activity: Activity,
}

/// An alert that stands in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'a> {
    pub(crate) rule: &'a Rule,
    /// prtAlertIndex: unique within the power session.
    pub(crate) index: u32,
    /// When it began.
    pub(crate) since: Duration,
}

/// hrPrinterStatus and hrDeviceStatus in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activity {
    Idle,
    Printing,
    Asleep,
    Stopped,
}

impl<'a> Life<'a> {
    pub(crate) fn new(sheet: &'a Sheet, rules: &'a [Rule], seed: u64, at: Duration) -> Self {
        let mut life = Self { sheet, rules, seed, at, pages: 0.0 };
        life.pages = life.calendar().pages(at);
        life
    }

    /// Meters joined by `+` and `-`; `total` is all that printed, `jams` how often paper jammed. `None` for a name that
    /// the device does not have.
    pub(crate) fn meter(&self, names: &str) -> Option<u64> {
        let (mut sum, mut minus) = (0_u64, false);
        for term in names.split_inclusive(['+', '-']) {
            let count = self.one_meter(term.trim_end_matches(['+', '-']).trim())?;
            sum = if minus { sum.saturating_sub(count) } else { sum.saturating_add(count) };
            minus = term.ends_with('-');
        }
        Some(sum)
    }

    /// Supply `n`, counted from 0.
    pub(crate) fn supply(&self, n: usize) -> Option<Wear> {
        let supply = self.sheet.supplies.get(n)?;
        let full = supply.full.unwrap_or(supply.capacity).max(1) as f64;
        let left = match self.seed {
            0 => supply.level as f64 / full,
            // Some are nearly empty, some new.
            _ => self.chance().between(0.04, 1.0, "supply", n as u64),
        };
        let lasts = supply.yields.max(1.0);
        let printed = self.meter(&supply.wears)?.saturating_sub(self.at_start().meter(&supply.wears)?);
        let used = (1.0 - left).clamp(0.0, 1.0) * lasts + printed as f64;
        Some(Wear { used, lasts, cycle: (lasts * 1.004).max(lasts + 1.0), low: supply.low / 100.0 })
    }

    /// Tray `n`, counted from 0.
    pub(crate) fn tray(&self, n: usize) -> Option<Wear> {
        let tray = self.sheet.trays.get(n)?;
        let lasts = tray.capacity.max(1) as f64;
        let used = (lasts - tray.level as f64).clamp(0.0, lasts) + (self.pages * tray.share).floor();
        Some(Wear { used, lasts, cycle: lasts * 1.05 + 1.0, low: tray.low / 100.0 })
    }

    /// Pages since it was switched on.
    pub(crate) fn power_on_pages(&self) -> u64 {
        self.meter("total").unwrap_or(0).saturating_sub(self.at_start().meter("total").unwrap_or(0))
    }

    fn alerts(&self) -> Vec<Standing<'a>> {
        let count = self.rules.len().max(1) as u64;
        let mut standing: Vec<_> = self
            .rules
            .iter()
            .enumerate()
            .filter_map(|(at, rule)| {
                let since = self.since(rule.condition)?;
                let number = self.times(rule.condition).saturating_sub(1) * count + at as u64 + 1;
                Some(Standing { rule, index: u32::try_from(number).unwrap_or(u32::MAX), since })
            })
            .collect();
        standing.sort_by_key(|alert| alert.since);
        standing
    }

    /// How many alerts began, all and critical ones: prtAlertAllEvents, prtAlertCriticalEvents.
    pub(crate) fn alert_events(&self) -> (u64, u64) {
        self.rules.iter().fold((0, 0), |(all, critical), rule| {
            let times = self.times(rule.condition);
            (all + times, critical + if rule.is_critical() { times } else { 0 })
        })
    }

    pub(crate) fn is_cover_open(&self) -> bool {
        self.since(Condition::CoverOpen).is_some()
    }

    pub(crate) fn moment(self) -> Moment<'a> {
        let alerts = self.alerts();
        let activity = self.activity(&alerts);
        Moment { life: self, alerts, activity }
    }

    fn activity(&self, alerts: &[Standing<'_>]) -> Activity {
        if alerts.iter().any(|alert| alert.rule.is_critical()) {
            return Activity::Stopped;
        }
        if !self.calendar().is_working(self.at) {
            return Activity::Asleep;
        }
        // Printing in some of the minutes: busier devices in more of them.
        let busy = (self.sheet.rates.work / 400.0).clamp(0.0, 0.6);
        let minute = self.at.as_secs() / 60;
        if self.chance().part("printing", minute) < busy { Activity::Printing } else { Activity::Idle }
    }

    fn one_meter(&self, name: &str) -> Option<u64> {
        if name == "total" {
            let printed = self.sheet.meters.iter().filter(|(_, meter)| meter.printed);
            return printed.map(|(name, _)| self.one_meter(name)).sum();
        }
        if name == "jams" {
            return Some(self.calendar().jams(self.at));
        }
        let meter = self.sheet.meters.get(name)?;
        // One factor for all meters of a device keeps their proportions.
        let age = if self.seed == 0 { 1.0 } else { self.chance().between(0.1, 2.0, "age", 0) };
        Some((meter.start as f64 * age) as u64 + (self.pages * meter.share) as u64)
    }

    /// When the condition last began, if it stands.
    fn since(&self, condition: Condition) -> Option<Duration> {
        match condition {
            Condition::Supply(n, fill) => {
                let wear = self.supply(n).filter(|wear| wear.fill() == fill)?;
                Some(self.first_moment(|life| life.supply(n).is_some_and(|then| then.used >= wear.last(fill))))
            }
            Condition::Tray(n, fill) => {
                let wear = self.tray(n).filter(|wear| wear.fill() == fill)?;
                Some(self.first_moment(|life| life.tray(n).is_some_and(|then| then.used >= wear.last(fill))))
            }
            Condition::Jam => self.calendar().jam(self.at).map(|jam| jam.since),
            // Somebody opens the cover in the middle of the jam.
            Condition::CoverOpen => {
                let jam = self.calendar().jam(self.at)?;
                (0.4..0.8).contains(&jam.passed).then_some(jam.since)
            }
            Condition::Always => Some(Duration::ZERO),
        }
    }

    fn times(&self, condition: Condition) -> u64 {
        match condition {
            Condition::Supply(n, fill) => self.supply(n).map_or(0, |wear| wear.times(fill)),
            Condition::Tray(n, fill) => self.tray(n).map_or(0, |wear| wear.times(fill)),
            Condition::Jam | Condition::CoverOpen => self.calendar().jams(self.at),
            Condition::Always => 1,
        }
    }

    /// The earliest second at which `reached` holds; it holds at this moment and use only grows.
    fn first_moment(&self, reached: impl Fn(&Self) -> bool) -> Duration {
        let (mut low, mut high) = (0, self.at.as_secs());
        while low < high {
            let middle = low + (high - low) / 2;
            let then = Self::new(self.sheet, self.rules, self.seed, Duration::from_secs(middle));
            if reached(&then) { high = middle } else { low = middle + 1 }
        }
        Duration::from_secs(low)
    }

    fn at_start(&self) -> Self {
        Self { at: Duration::ZERO, pages: 0.0, ..*self }
    }

    fn calendar(&self) -> Calendar<'a> {
        Calendar { rates: &self.sheet.rates, chance: self.chance() }
    }

    fn chance(&self) -> Chance {
        Chance(self.seed)
    }
}
