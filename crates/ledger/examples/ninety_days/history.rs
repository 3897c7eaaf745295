//! Generated histories of one device whose truth is known: what was really printed, what really happened to it, how full
//! each cartridge really was. Shared by the example and the tests.
#![allow(dead_code, clippy::indexing_slicing, reason = "tests and example each use a part; the indices are its own")]

use dca_ledger::{Cause, Class, Direction, Identity, MeterPoint, Reading, SupplyPoint, Time, Width};
use fastrand::Rng;

pub(crate) const TICK: i64 = 1_800;
pub(crate) const TICKS_A_DAY: usize = 48;
/// A Monday, midnight UTC.
pub(crate) const START: i64 = 1_767_571_200;
pub(crate) const RATED: f64 = 40.0;
pub(crate) const TOTAL: &str = "total";
pub(crate) const COLOUR: &str = "colour";
/// Slots by what wears them: black by all pages, three colours by colour pages, the waste box by all pages.
pub(crate) const SLOTS: [(&str, &str); 5] =
    [("1.1", TOTAL), ("1.2", COLOUR), ("1.3", COLOUR), ("1.4", COLOUR), ("1.5", TOTAL)];
pub(crate) const WASTE: usize = 4;

/// How one device is, and how it is read.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) days: usize,
    /// Ticks from reading to reading.
    pub(crate) every: usize,
    pub(crate) pages_a_day: f64,
    /// Closed at weekends.
    pub(crate) office: bool,
    /// In how large steps levels are shown, and how they are rounded: 0 up, 0.5 to the nearest, 1 down.
    pub(crate) step: f64,
    pub(crate) edge: f64,
    pub(crate) cartridge_serials: bool,
    /// Sensors waver, levels are missing or wrong after waking.
    pub(crate) noisy_levels: bool,
    /// How many things happen to the meters.
    pub(crate) meter_events: usize,
    /// The total stands just before the end of its 32 bits. Nothing else happens to it then.
    pub(crate) wraps: bool,
    /// Switched off at night, days without network.
    pub(crate) silences: bool,
}

/// One reading, owned.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) tick: usize,
    pub(crate) serial: Option<String>,
    pub(crate) mac: Option<String>,
    pub(crate) values: [u64; 2],
    pub(crate) unit: &'static str,
    pub(crate) source: &'static str,
    pub(crate) levels: [Option<f64>; 5],
    pub(crate) cartridges: [Option<String>; 5],
}

/// What really happened to the meters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    /// A change that stays, with the cause the ledger should name.
    Stays(Cause),
    /// The total went through its end.
    Wrapped,
    /// One reading that was wrong.
    Glitch,
}

/// One cartridge, from its first tick to its last.
#[derive(Debug, Clone)]
pub(crate) struct Cartridge {
    pub(crate) slot: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// When it was really empty, unless it was taken out before.
    pub(crate) empty: Option<usize>,
    /// Percent really left when it was taken out.
    pub(crate) left: f64,
}

#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) samples: Vec<Sample>,
    /// Pages really printed by the end of each tick, and colour pages.
    pub(crate) printed: Vec<[u64; 2]>,
    /// What happened, with the number of the first sample that shows it.
    pub(crate) happened: Vec<(usize, Happened)>,
    pub(crate) cartridges: Vec<Cartridge>,
    pub(crate) waste_direction: Direction,
}

pub(crate) fn time(tick: usize) -> Time {
    Time::from_unix(START + tick as i64 * TICK)
}

impl Sample {
    pub(crate) fn with<T>(&self, take: impl FnOnce(&Reading<'_>) -> T) -> T {
        let meter = |key, value| MeterPoint {
            key,
            value,
            unit: self.unit,
            source: self.source,
            width: Width::Bits32,
            rated: Some(RATED),
        };
        let meters = [meter(TOTAL, self.values[0]), meter(COLOUR, self.values[1])];
        let supplies: [SupplyPoint<'_>; 5] = std::array::from_fn(|slot| SupplyPoint {
            slot: SLOTS[slot].0,
            class: if slot == WASTE { Class::Receptacle } else { Class::Consumed },
            percent: self.levels[slot],
            serial: self.cartridges[slot].as_deref(),
            installed: None,
            direction: None,
            worn_by: Some(SLOTS[slot].1),
        });
        let device = Identity { serial: self.serial.as_deref(), mac: self.mac.as_deref() };
        take(&Reading { at: time(self.tick), device, meters: &meters, supplies: &supplies })
    }
}

struct Device {
    serial: u32,
    mac: u32,
    counters: [u64; 2],
    unit: &'static str,
    source: &'static str,
}

struct Tank {
    left: f64,
    wear: f64,
    number: u32,
    from: usize,
    empty: Option<usize>,
    /// It goes out at this level, or this many ticks after it is empty.
    out_at: f64,
    out_after: usize,
}

impl Tank {
    fn fresh(rng: &mut Rng, tick: usize, wear: f64, number: u32) -> Self {
        let early = rng.f64() < 0.15;
        let out_at = if early { 20.0 + 40.0 * rng.f64() } else { -1.0 };
        // No two cartridges last equally long.
        let wear = wear * spread(rng, 0.08);
        Self { left: 100.0, wear, number, from: tick, empty: None, out_at, out_after: rng.usize(1..72) }
    }
}

fn spread(rng: &mut Rng, sigma: f64) -> f64 {
    let normal = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
    (sigma * normal).exp()
}

impl Plan {
    /// One of the devices of a mixed fleet.
    pub(crate) fn any(seed: u64, days: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (step, edge) =
            [(1.0, 0.0), (1.0, 1.0), (1.0, 0.5), (5.0, 1.0), (10.0, 1.0), (10.0, 0.0), (10.0, 0.5)][rng.usize(0..7)];
        Self {
            seed,
            days,
            every: [1, 2, 8, 48][rng.usize(0..4)],
            pages_a_day: 30.0 * spread(&mut rng, 1.0) + 20.0,
            office: rng.f64() < 0.8,
            step,
            edge,
            cartridge_serials: rng.f64() < 0.3,
            noisy_levels: rng.bool(),
            meter_events: rng.usize(0..6),
            wraps: rng.f64() < 0.1,
            silences: rng.bool(),
        }
    }

    pub(crate) fn play(&self) -> History {
        let mut rng = Rng::with_seed(self.seed ^ 0x5eed);
        let mut device = Device {
            serial: 1,
            mac: 1,
            counters: [200_000 + rng.u64(0..500_000), 100_000 + rng.u64(0..100_000)],
            unit: "impressions",
            source: "43.10",
        };
        if self.wraps {
            device.counters[0] = (1 << 32) - (self.pages_a_day * 10.0) as u64;
        }
        let wear = |rng: &mut Rng, pages: f64| 100.0 / (pages * (12.0 + 40.0 * rng.f64()));
        let mut tanks: Vec<Tank> = (0..5)
            .map(|slot| {
                let pages = self.pages_a_day * if SLOTS[slot].1 == COLOUR { 0.4 } else { 1.0 };
                let wear = wear(&mut rng, pages);
                let mut tank = Tank::fresh(&mut rng, 0, wear, slot as u32);
                tank.left = 100.0 * rng.f64().max(0.05);
                tank.out_at = -1.0;
                tank
            })
            .collect();
        let wears: Vec<f64> = tanks.iter().map(|tank| tank.wear).collect();
        let waste_direction = if rng.bool() { Direction::RoomLeft } else { Direction::Fill };
        let mut events = self.schedule(&mut rng);
        let trend = spread(&mut rng, 0.2).ln() / 90.0;
        let holiday = rng.usize(20..80);
        let mut silent_until = 0;
        let mut number = 10;
        let mut history = History {
            samples: Vec::new(),
            printed: Vec::new(),
            happened: Vec::new(),
            cartridges: Vec::new(),
            waste_direction,
        };
        let mut printed = [0u64; 2];
        let mut today = 0.0;
        let mut coverage = [1.0; 5];
        for tick in 0..self.days * TICKS_A_DAY {
            let (day, slot_of_day) = (tick / TICKS_A_DAY, tick % TICKS_A_DAY);
            if slot_of_day == 0 {
                let weekday = day % 7;
                let open = if self.office { [1.1, 1.0, 1.0, 1.0, 0.8, 0.05, 0.0][weekday] } else { 0.8 };
                let away = if self.office && (holiday..holiday + 7).contains(&day) { 0.2 } else { 1.0 };
                let job = if rng.f64() < 0.01 { 4.0 } else { 1.0 };
                today = self.pages_a_day * open * away * job * spread(&mut rng, 0.4) * (trend * day as f64).exp();
                coverage = std::array::from_fn(|_| spread(&mut rng, 0.15));
            }
            if (16..36).contains(&slot_of_day) {
                let pages = (today / 20.0 * 2.0 * rng.f64() + rng.f64()) as u64;
                let pages = pages.min((RATED * 30.0) as u64);
                let colour = (0..pages).filter(|_| rng.f64() < 0.4).count() as u64;
                for (at, count) in [pages, colour].into_iter().enumerate() {
                    printed[at] += count;
                    device.counters[at] += count;
                    if device.counters[at] >= 1 << 32 {
                        device.counters[at] -= 1 << 32;
                        history.happened.push((history.samples.len(), Happened::Wrapped));
                    }
                }
                for (slot, tank) in tanks.iter_mut().enumerate() {
                    let count = if SLOTS[slot].1 == COLOUR { colour } else { pages };
                    tank.left = (tank.left - count as f64 * tank.wear * coverage[slot]).max(0.0);
                    if tank.left <= 0.0 && tank.empty.is_none() {
                        tank.empty = Some(tick);
                    }
                }
            }
            for (slot, tank) in tanks.iter_mut().enumerate() {
                let over = tank.empty.is_some_and(|empty| tick >= empty + tank.out_after);
                if over || tank.left < tank.out_at {
                    let (from, to, empty, left) = (tank.from, tick, tank.empty, tank.left);
                    history.cartridges.push(Cartridge { slot, from, to, empty, left });
                    number += 1;
                    *tank = Tank::fresh(&mut rng, tick, wears[slot], number);
                }
            }
            history.printed.push(printed);
            let off = self.silences && !(14..40).contains(&slot_of_day) && self.seed.is_multiple_of(2);
            if self.silences && rng.f64() < 0.000_5 {
                silent_until = tick + rng.usize(10..200);
            }
            if tick % self.every != 0 && self.every < 48 || self.every == 48 && slot_of_day != 20 {
                continue;
            }
            if off || tick < silent_until {
                continue;
            }
            let happens = events.first().filter(|(sample, _)| *sample <= history.samples.len()).copied();
            let mut sample = self.sample(tick, &device, &tanks, waste_direction, &mut rng);
            if let Some((_, what)) = happens {
                events.remove(0);
                history.happened.push((history.samples.len(), what));
                happen(what, &mut device, &mut sample, &mut rng);
            }
            let settled = history.happened.last().is_none_or(|(at, _)| history.samples.len() > at + 3);
            if settled && rng.f64() < 0.05 {
                sample.serial = None;
                if rng.bool() {
                    sample.mac = None;
                }
            }
            history.samples.push(sample);
        }
        for (slot, tank) in tanks.iter().enumerate() {
            let (from, to, empty, left) = (tank.from, history.printed.len(), tank.empty, tank.left);
            history.cartridges.push(Cartridge { slot, from, to, empty, left });
        }
        history
    }

    /// What happens to the meters, by the number of the sample; never two things close to each other.
    fn schedule(&self, rng: &mut Rng) -> Vec<(usize, Happened)> {
        let kinds = [
            Happened::Stays(Cause::Rollback),
            Happened::Stays(Cause::BoardReplaced),
            Happened::Stays(Cause::OtherDevice),
            Happened::Stays(Cause::SourceChanged),
            Happened::Stays(Cause::UnitChanged),
            Happened::Stays(Cause::Jump),
            Happened::Glitch,
            Happened::Glitch,
            Happened::Glitch,
        ];
        if self.wraps {
            return Vec::new();
        }
        let samples = self.days * TICKS_A_DAY / self.every.max(1) / 2;
        let apart = samples / self.meter_events.max(1);
        (0..self.meter_events.min(samples / 8))
            .map(|at| (at * apart + rng.usize(4..apart.max(9) - 4), kinds[rng.usize(0..kinds.len())]))
            .collect()
    }

    fn sample(&self, tick: usize, device: &Device, tanks: &[Tank], waste: Direction, rng: &mut Rng) -> Sample {
        let levels = std::array::from_fn(|slot| {
            let mut shown = ((tanks[slot].left / self.step + (1.0 - self.edge) * (1.0 - 1e-9)).floor() * self.step)
                .clamp(0.0, 100.0);
            if self.noisy_levels {
                match rng.u32(0..1_000) {
                    0 => shown = 100.0,
                    1..10 => return None,
                    10..30 => shown = (shown + self.step).min(100.0),
                    _ => {}
                }
            }
            Some(if slot == WASTE && waste == Direction::Fill { 100.0 - shown } else { shown })
        });
        let cartridges = std::array::from_fn(|slot| {
            (self.cartridge_serials && slot != WASTE).then(|| format!("C{}", tanks[slot].number))
        });
        Sample {
            tick,
            serial: Some(format!("S{}", device.serial)),
            mac: Some(format!("00:00:5e:00:53:{:02x}", device.mac)),
            values: device.counters,
            unit: device.unit,
            source: device.source,
            levels,
            cartridges,
        }
    }
}

/// Changes the device for good, or this one sample of it. The counters move between the reading before and this one.
fn happen(what: Happened, device: &mut Device, sample: &mut Sample, rng: &mut Rng) {
    match what {
        Happened::Glitch => match rng.u32(0..4) {
            0 => sample.values = [0, 0],
            1 => sample.values = sample.values.map(|value| value + 1_000_000_000),
            2 => sample.source = "a rule that fell back",
            _ => sample.serial = Some("S999".to_owned()),
        },
        Happened::Wrapped => {}
        Happened::Stays(cause) => {
            match cause {
                Cause::Rollback => device.counters = [3, 1],
                Cause::Jump => device.counters = device.counters.map(|counter| counter + 300_000_000),
                Cause::BoardReplaced => {
                    device.mac += 1;
                    device.counters = [0, 0];
                }
                Cause::OtherDevice => {
                    device.serial += 1;
                    device.mac += 1;
                    device.counters = [rng.u64(0..900_000), rng.u64(0..100_000)];
                }
                Cause::SourceChanged => {
                    device.source = if device.source.ends_with("10") { "enterprise" } else { "43.10" }
                }
                Cause::UnitChanged => device.unit = if device.unit == "sheets" { "impressions" } else { "sheets" },
            }
            sample.values = device.counters;
            sample.unit = device.unit;
            sample.source = device.source;
            sample.serial = Some(format!("S{}", device.serial));
            sample.mac = Some(format!("00:00:5e:00:53:{:02x}", device.mac));
        }
    }
}
