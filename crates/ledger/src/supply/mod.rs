//! One supply in one slot: which one is in, what is known of its wear, what is known of the slot's supplies in general.

mod direction;
mod habits;
mod life;

use crate::bound::LastSeen;
use crate::forecast::NoForecast;
use crate::{Class, Direction, Event, Evidence, Replaced, Settings, SupplyPoint, Text, Time};
use direction::Compass;
use habits::Habits;
use life::Life;
pub(crate) use life::Standing;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Supply {
    last_seen: Time,
    receptacle: bool,
    worn_by: Option<Text>,
    settled: Option<Seen>,
    doubted: Option<Seen>,
    compass: Compass,
    life: Life,
    habits: Habits,
}

/// What one reading shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    at: Time,
    /// Percent left, or room left.
    left: Option<f64>,
    serial: Option<Text>,
    installed: Option<Text>,
    /// Total work of the slot's meter by then.
    work: Option<f64>,
}

/// A rise in percent below which nothing happened: toner that was shaken, a sensor that wavers.
const LEAST_JUMP: f64 = 15.0;

enum Change {
    Exchanged(Evidence),
    Refilled,
}

impl Supply {
    pub(crate) fn new(at: Time) -> Self {
        Self {
            last_seen: at,
            receptacle: false,
            worn_by: None,
            settled: None,
            doubted: None,
            compass: Compass::default(),
            life: Life::default(),
            habits: Habits::default(),
        }
    }

    pub(crate) fn worn_by(&self) -> Option<&Text> {
        self.worn_by.as_ref()
    }

    pub(crate) fn direction(&self) -> Option<Direction> {
        if self.receptacle { self.compass.direction() } else { None }
    }

    /// Whether this very reading was taken.
    pub(crate) fn took(&self, at: Time) -> bool {
        self.last_seen == at
    }

    #[allow(clippy::too_many_arguments, reason = "one reading of one slot, in its parts")]
    pub(crate) fn add(
        &mut self,
        slot: &Text,
        at: Time,
        point: &SupplyPoint<'_>,
        worn_by: Option<Text>,
        work: Option<f64>,
        settings: &Settings,
        tell: &mut Vec<Event>,
    ) {
        self.last_seen = at;
        if self.worn_by != worn_by {
            // Work of one meter says nothing about work of another.
            self.worn_by = worn_by;
            self.life = Life::default();
            self.habits.forget_wear();
        }
        let percent = point.percent.filter(|percent| (0.0..=100.0).contains(percent));
        self.receptacle = point.class == Class::Receptacle;
        if self.receptacle && self.compass.turn(percent, point.direction) {
            self.life = Life::default();
            self.settled = None;
            self.doubted = None;
            if let (None, Some(direction)) = (point.direction, self.compass.direction()) {
                tell.push(Event::DirectionLearnt { at, slot: slot.clone(), direction });
            }
        }
        let left = match (self.receptacle, self.direction()) {
            (false, _) | (true, Some(Direction::RoomLeft)) => percent,
            (true, Some(Direction::Fill)) => percent.map(|percent| 100.0 - percent),
            (true, None) => None,
        };
        let text = |text: Option<&str>| text.and_then(Text::new);
        let seen = Seen { at, left, serial: text(point.serial), installed: text(point.installed), work };
        self.take(slot, seen, settings, tell);
    }

    /// As with a meter: what looks like another supply is doubted until the next reading says the same.
    fn take(&mut self, slot: &Text, seen: Seen, settings: &Settings, tell: &mut Vec<Event>) {
        let Some(settled) = &self.settled else {
            self.go_on(seen);
            return;
        };
        let step = self.step();
        if change(step, settled, &seen).is_none() {
            // A reading without a level neither confirms nor denies a level.
            if seen.left.is_some() || self.doubted.as_ref().is_none_or(|doubted| doubted.left.is_none()) {
                self.doubted = None;
                self.go_on(seen);
            }
            return;
        }
        let Some(first) = self.doubted.take_if(|doubted| change(step, doubted, &seen).is_none()) else {
            self.doubted = Some(seen);
            return;
        };
        tell.extend(self.exchange(slot, &first, settings));
        self.habits.learn(&self.life);
        self.life.begin(first.at, first.work);
        self.go_on(first);
        self.go_on(seen);
    }

    /// In how large steps the level is shown.
    fn step(&self) -> f64 {
        self.life.step().or(self.habits.step).unwrap_or(1.0)
    }

    /// The supply that was in goes out: what is to be told of it.
    fn exchange(&mut self, slot: &Text, first: &Seen, settings: &Settings) -> Option<Event> {
        let settled = self.settled.take()?;
        let step = self.step();
        let change = change(step, &settled, first)?;
        let (slot, at) = (slot.clone(), first.at);
        let evidence = match change {
            Change::Refilled => {
                return Some(Event::Refilled { at, slot, from: settled.left?, to: first.left? });
            }
            Change::Exchanged(evidence) => evidence,
        };
        let left = settled.left;
        // Nobody saw what it lost between its last reading and the first of the new one.
        let unseen = settled.work.zip(first.work).map_or(0.0, |(from, to)| (to - from).max(0.0));
        let lost = unseen * self.life.standing(0.0, &self.habits).map_or(0.0, |standing| standing.wear);
        let least = left.map(|left| left - step - lost);
        let (work, lasted) = match self.life.begun() {
            Some((since, begin)) => {
                let work = settled.work.zip(begin).map(|(end, begin)| (end - begin).max(0.0) as u64);
                (work.filter(|_| self.worn_by.is_some()), Some(settled.at.since(since)))
            }
            None => (None, None),
        };
        Some(Event::Replaced(Replaced {
            at,
            slot,
            evidence,
            serial_before: settled.serial,
            serial: first.serial.clone(),
            left,
            early: least.is_some_and(|least| least > settings.early),
            work,
            lasted,
        }))
    }

    /// The same supply, a reading later.
    fn go_on(&mut self, mut seen: Seen) {
        if let Some(left) = seen.left {
            self.life.add(seen.work, left);
        }
        if let Some(before) = self.settled.take() {
            // What was not read this time still holds.
            seen.left = seen.left.or(before.left);
            seen.serial = seen.serial.or(before.serial);
            seen.installed = seen.installed.or(before.installed);
            seen.work = seen.work.or(before.work);
        }
        self.settled = Some(seen);
    }

    /// What is left and how fast it goes, when `work` has been done in all.
    pub(crate) fn standing(&self, work: f64) -> Result<Standing, NoForecast> {
        if self.receptacle && self.direction().is_none() {
            return Err(NoForecast::DirectionUnknown);
        }
        if self.settled.as_ref().is_none_or(|seen| seen.left.is_none()) {
            return Err(NoForecast::LevelUnknown);
        }
        self.life.standing(work, &self.habits).ok_or(NoForecast::TooLittleHistory)
    }
}

/// Whether `to` shows another supply than `from`, where levels are shown in steps so large.
fn change(step: f64, from: &Seen, to: &Seen) -> Option<Change> {
    let differ = |from: &Option<Text>, to: &Option<Text>| Some(from.as_ref()? != to.as_ref()?);
    let serials = differ(&from.serial, &to.serial);
    if serials == Some(true) {
        return Some(Change::Exchanged(Evidence::Serial));
    }
    if serials.is_none() && differ(&from.installed, &to.installed) == Some(true) {
        return Some(Change::Exchanged(Evidence::InstallDate));
    }
    let rise = to.left? - from.left?;
    if rise < (1.5 * step).max(LEAST_JUMP) {
        return None;
    }
    Some(if serials == Some(false) { Change::Refilled } else { Change::Exchanged(Evidence::LevelJump) })
}

impl LastSeen for Supply {
    fn last_seen(&self) -> Time {
        self.last_seen
    }
}
