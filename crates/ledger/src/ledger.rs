//! The ledger of one device.

use crate::bound::room;
use crate::device::Devices;
use crate::judge::Figure;
use crate::meter::Meter;
use crate::supply::Supply;
use crate::work::{Pattern, Work};
use crate::{Direction, Event, Forecast, MeterPoint, NoForecast, Origin, Reading, Settings, SupplyPoint, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What a device may at most have; the entry not seen for longest makes room.
const METERS: usize = 512;
const SUPPLIES: usize = 64;
/// Meters that wear a supply.
const WORKS: usize = 16;

/// The readings of one device, taken in time order. See the [crate's page](crate).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ledger {
    settings: Settings,
    last: Option<Time>,
    devices: Devices,
    meters: BTreeMap<Text, Meter>,
    supplies: BTreeMap<Text, Supply>,
    works: BTreeMap<Text, Work>,
    dropped: u64,
}

/// A reading that is not later than the one before. Nothing of it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfOrder {
    /// The reading before.
    pub last: Time,
    /// The refused one.
    pub at: Time,
}

impl Ledger {
    /// A ledger of a device that was never read.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            last: None,
            devices: Devices::default(),
            meters: BTreeMap::new(),
            supplies: BTreeMap::new(),
            works: BTreeMap::new(),
            dropped: 0,
        }
    }

    /// Takes a reading and tells what it settles. A change that wants confirmation is told with the reading that
    /// confirms it, and dated to the one that first showed it.
    ///
    /// # Errors
    /// If the reading is not later than the last one. A reading dated far into the future therefore shuts out the
    /// true ones: correct the clock of the sender first.
    pub fn add(&mut self, reading: &Reading<'_>) -> Result<Vec<Event>, OutOfOrder> {
        if let Some(last) = self.last.filter(|last| reading.at <= *last) {
            return Err(OutOfOrder { last, at: reading.at });
        }
        self.last = Some(reading.at);
        let mut events = Vec::new();
        let who = self.devices.recognise(reading.at, reading.device, &mut events);
        for point in reading.meters {
            self.add_meter(reading.at, who, point, &mut events);
        }
        for point in reading.supplies {
            self.add_supply(reading.at, point, &mut events);
        }
        Ok(events)
    }

    /// When the last reading was taken.
    pub fn last(&self) -> Option<Time> {
        self.last
    }

    /// How many meters and supplies were left out because the device has too many, their names are empty or too long,
    /// or one reading has the same one twice.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Which way the receptacle in a slot counts, as far as it was told or learnt.
    pub fn direction(&self, slot: &str) -> Option<Direction> {
        self.supplies.get(&Text::new(slot)?)?.direction()
    }

    /// How long the supply in a slot lasts, seen from `now`, and when to order one that takes `lead` to arrive.
    ///
    /// # Errors
    /// If there is nothing to say: the reason.
    pub fn forecast(&self, slot: &str, now: Time, lead: Duration) -> Result<Forecast, NoForecast> {
        let supply = Text::new(slot).and_then(|slot| self.supplies.get(&slot)).ok_or(NoForecast::NoSuchSupply)?;
        let (pattern, work) = match supply.worn_by() {
            None => (Pattern::time(), now.local_days(self.settings.utc_offset)),
            Some(key) => {
                let work = self.works.get(key).ok_or(NoForecast::TooLittleHistory)?;
                let pattern = work.pattern(now, &self.settings).ok_or(NoForecast::TooLittleHistory)?;
                (pattern, work.total as f64)
            }
        };
        Forecast::make(&supply.standing(work)?, &pattern, now, lead, &self.settings)
    }

    fn add_meter(&mut self, at: Time, (device, board): (u32, u32), point: &MeterPoint<'_>, tell: &mut Vec<Event>) {
        let words = (Text::new(point.key), Text::new(point.unit), Text::new(point.source));
        let (Some(key), Some(unit), Some(source)) = words else {
            self.dropped = self.dropped.saturating_add(1);
            return;
        };
        if !room(&mut self.meters, &key, METERS, at) {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let origin = Origin { device, board, unit, source };
        let figure = Figure::new(at, point.value, origin, point.width, point.rated);
        let since = tell.len();
        match self.meters.get_mut(&key) {
            Some(meter) if meter.took(at) => self.dropped = self.dropped.saturating_add(1),
            Some(meter) => meter.add(&key, figure, &self.settings, tell),
            None => {
                let meter = Meter::open(&key, figure, tell);
                self.meters.insert(key.clone(), meter);
            }
        }
        if let Some(work) = self.works.get_mut(&key) {
            for event in tell.iter().skip(since) {
                if let Event::Counted(step) = event {
                    work.add(step, &self.settings);
                }
            }
        }
    }

    fn add_supply(&mut self, at: Time, point: &SupplyPoint<'_>, tell: &mut Vec<Event>) {
        let slot = Text::new(point.slot).filter(|slot| {
            let fresh = self.supplies.get(slot).is_none_or(|supply| !supply.took(at));
            fresh && room(&mut self.supplies, slot, SUPPLIES, at)
        });
        let Some(slot) = slot else {
            self.dropped = self.dropped.saturating_add(1);
            return;
        };
        let worn_by = point.worn_by.and_then(Text::new);
        let work = match &worn_by {
            None => Some(at.local_days(self.settings.utc_offset)),
            Some(key) if self.works.contains_key(key) || self.works.len() < WORKS => {
                Some(self.works.entry(key.clone()).or_default().total as f64)
            }
            Some(_) => None,
        };
        let supply = self.supplies.entry(slot.clone()).or_insert_with(|| Supply::new(at));
        supply.add(&slot, at, point, worn_by, work, &self.settings, tell);
    }
}

impl fmt::Display for OutOfOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a reading of {} s after one of {} s since 1970", self.at.unix(), self.last.unix())
    }
}

impl std::error::Error for OutOfOrder {}
