//! What a full reading taught of one device: which of its rows move, which say what those mean, and who it is.

use super::{Depth, Extra};
use crate::profile::Profile;
use crate::reading::{Confidence, Meter, Reading, Source, Total};
use crate::rows::{PackedRows, Rows};
use crate::standard::{self, device, oids};
use dca_snmp::{Oid, OidRef, Value};
use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Instances of a hot poll at most: names, answers and header stay within 1,472 octets, and mostly within 700.
const MAX_HOT: usize = 24;
/// A text longer than this is polled hot only if the total is in it.
const MAX_PIN: usize = 64;
/// Beyond so many instances columns are cheaper: their names need not be sent.
const MAX_GETS: usize = 40;

/// What is known of one device.
#[derive(Debug, Clone)]
pub struct Learnt {
    profile: Profile,
    /// Rows that do not move: units, labels, codes, names. They say what the others mean.
    still: PackedRows,
    ways: Arc<Ways>,
    /// The row that tells this device from another one at the same address.
    witness: Option<Oid>,
    /// What the full reading made its figures of.
    total: Option<Source>,
}

/// How to ask devices that have the same rows, as those of one model mostly do.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Ways {
    hot: Vec<Oid>,
    levels: Questions,
    meters: Questions,
    alerts: Vec<Oid>,
    /// What is told and says nothing of other rows: versions, coverage.
    told: Vec<Oid>,
    cold: Questions,
    /// The meters of the full reading, each as what it is and where it came from: a number each, because an agent knows
    /// thousands of devices.
    known: Vec<u64>,
}

/// What many devices have in common, each once. An agent knows thousands of them, of a few dozen models.
#[derive(Debug, Default)]
pub struct Shared(HashSet<Arc<Ways>>);

/// What to ask.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Questions {
    /// Instances.
    pub gets: Vec<Oid>,
    /// Columns.
    pub columns: Vec<Oid>,
}

/// How a row behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Hot,
    Level,
    Meter,
    Alert,
    Still,
}

impl Learnt {
    /// What these rows, all that a full reading brought, teach. `discovery` are the names that found the device.
    pub fn of(profile: &Profile, rows: &Rows, discovery: &[Oid]) -> Self {
        let plan = profile.plan();
        let reading = profile.read(rows);
        let paces = Paces::of(profile);
        let at_pace = |pace: Pace| -> Vec<Oid> {
            rows.iter().map(|(oid, _)| oid).filter(|oid| paces.pace(oid) == pace).cloned().collect()
        };
        let still: Vec<_> = rows.iter().filter(|(oid, _)| paces.pace(oid) == Pace::Still).collect();
        let columns: Vec<Oid> = plan.walks.iter().filter(|column| has_rows(rows, column)).cloned().collect();
        let alerts: Vec<Oid> = plan.walks.iter().filter(|column| paces.pace(column) == Pace::Alert).cloned().collect();
        let fact = reading.identity.serial.as_ref().or(reading.identity.mac.as_ref());
        let who = fact.and_then(|fact| named(&fact.source)).filter(|oid| rows.get(oid.as_ref()).is_some());
        // A text that moves for other reasons tells who it is only to those who can read it.
        let witness = who.clone().filter(|oid| paces.pace(oid) == Pace::Still);
        let answered = plan.gets.iter().chain(discovery).filter(|oid| rows.get(oid.as_ref()).is_some());
        Self {
            profile: profile.clone(),
            still: PackedRows::of(&still),
            ways: Arc::new(Ways {
                hot: hot(profile, &reading, rows, at_pace(Pace::Hot), who),
                levels: side_by_side(&columns, at_pace(Pace::Level)),
                meters: meters(profile, rows, &columns, at_pace(Pace::Meter)),
                cold: Questions {
                    gets: answered.cloned().collect::<BTreeSet<_>>().into_iter().collect(),
                    // A table of alerts that is empty now will not always be.
                    columns: columns.into_iter().chain(alerts.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
                },
                alerts,
                told: profile.told().collect(),
                known: reading.meters.iter().map(kind).collect(),
            }),
            witness,
            total: reading.total.map(|total| total.source),
        }
    }

    /// Keeps what is the same for several devices once.
    pub fn share(&mut self, shared: &mut Shared) {
        let Shared(ways) = shared;
        if let Some(same) = ways.get(&self.ways) {
            self.ways = Arc::clone(same);
            return;
        }
        // Full again, it forgets what no device has any more.
        if ways.len() == ways.capacity() {
            ways.retain(|ways| Arc::strong_count(ways) > 1);
        }
        ways.insert(Arc::clone(&self.ways));
    }

    /// The profile that it is read by.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What to ask at a depth. Empty for [`Depth::Identity`] and [`Depth::Full`], which learn anew.
    pub fn questions(&self, depth: Depth, extra: Extra) -> Questions {
        match depth {
            Depth::Identity | Depth::Full => Questions::default(),
            Depth::Hot => Questions { gets: self.ways.hot.clone(), columns: Vec::new() },
            Depth::Warm => {
                let mut ask = Questions { gets: self.ways.hot.clone(), columns: Vec::new() };
                ask.add(self.ways.levels.gets.iter().cloned(), self.ways.levels.columns.iter().cloned());
                if extra.meters {
                    ask.add(self.ways.meters.gets.iter().cloned(), self.ways.meters.columns.iter().cloned());
                }
                if extra.alerts {
                    ask.add([], self.ways.alerts.iter().cloned());
                }
                ask
            }
            Depth::Cold => self.ways.cold.clone(),
        }
    }

    /// What answers to [`questions`](Self::questions) say. What a depth does not ask is absent or empty, and never what it
    /// was at an earlier reading.
    ///
    /// Of the meters of a hot poll those are told that have the very source they had in the full reading, and that a
    /// vendor's document or two sources vouch for: what needs to be reconciled waits for a reading with all meters.
    pub fn read(&self, depth: Depth, extra: Extra, fresh: &Rows) -> Reading {
        if depth >= Depth::Cold {
            return self.profile.read(fresh);
        }
        let mut rows = self.still.rows();
        rows.extend(fresh.iter().map(|(oid, value)| (oid.clone(), value.clone())));
        let mut reading = self.profile.read(&rows);
        if !extra.meters || depth < Depth::Warm {
            reading.total = reading.total.filter(|total| self.is_known_total(total));
            reading.meters.retain(|meter| meter.confidence <= Confidence::B && self.is_known(meter));
            reading.counts.clear();
            reading.maintenance.clear();
            // A part of the meters settles nothing.
            reading.doubts.clear();
        }
        if !extra.alerts || depth < Depth::Warm {
            reading.alerts.clear();
        }
        // A version of yesterday is not today's.
        reading.details.clear();
        if depth < Depth::Warm {
            reading.supplies.clear();
            reading.console.clear();
            reading.inputs.clear();
            reading.outputs.clear();
            reading.covers.clear();
        }
        reading
    }

    /// The first answer that is not what it was where it must be: another serial number, label, code or unit. Then nothing
    /// else in the answers can be trusted to mean what it meant, and the device is to be read in full.
    pub fn contradiction(&self, asked: &Questions, fresh: &Rows) -> Option<Oid> {
        let still = self.still.rows();
        let differs = |oid: &&Oid| {
            let was = still.get(oid.as_ref()).filter(|_| !below(oid, &self.ways.told));
            was.is_some_and(|was| fresh.get(oid.as_ref()).is_none_or(|is| is != was))
        };
        let listed = asked.gets.iter().find(differs);
        let in_columns = || {
            let below = asked.columns.iter().flat_map(|column| still.under(column.as_ref()));
            below.map(|(oid, _)| oid).find(differs)
        };
        listed.or_else(in_columns).cloned()
    }

    /// The instance that holds the serial number, or the hardware address of a device without one.
    pub fn witness(&self) -> Option<&Oid> {
        self.witness.as_ref()
    }

    /// True if a reading still takes its total from where it came from before.
    pub fn is_known_total(&self, total: &Total) -> bool {
        self.total.as_ref() == Some(&total.source)
    }

    /// True if the full reading named a total.
    pub fn has_total(&self) -> bool {
        self.total.is_some()
    }

    /// True if these rows have no alert in them.
    pub fn is_quiet(&self, rows: &Rows) -> bool {
        self.ways.alerts.iter().all(|column| rows.under(column.as_ref()).next().is_none())
    }

    fn is_known(&self, meter: &Meter) -> bool {
        self.ways.known.contains(&kind(meter))
    }
}

/// What a meter is, whatever it counts to.
fn kind(meter: &Meter) -> u64 {
    let Meter { service, color, size, sides, unit, persistence, value: _, source, confidence: _ } = meter;
    let mut hasher = DefaultHasher::new();
    (service, color, size, sides, unit, persistence, source).hash(&mut hasher);
    hasher.finish()
}

impl Questions {
    /// How many names.
    pub fn len(&self) -> usize {
        self.gets.len() + self.columns.len()
    }

    /// True if there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn add(&mut self, gets: impl IntoIterator<Item = Oid>, columns: impl IntoIterator<Item = Oid>) {
        for oid in gets {
            if !self.gets.contains(&oid) {
                self.gets.push(oid);
            }
        }
        self.columns.extend(columns);
    }
}

/// Which rows behave how.
struct Paces {
    meters: Vec<Oid>,
    levels: Vec<Oid>,
    alerts: Vec<Oid>,
}

impl Paces {
    fn of(profile: &Profile) -> Self {
        let alerts = [oids::ALERT.to_oid()].into_iter().chain(profile.troubles());
        Self { meters: profile.moving().collect(), levels: profile.wearing().collect(), alerts: alerts.collect() }
    }

    fn pace(&self, oid: &Oid) -> Pace {
        let of_standard = |roots: &[OidRef<'_>]| roots.iter().any(|root| oid.starts_with(*root));
        match () {
            () if of_standard(&standard::HOT) => Pace::Hot,
            () if of_standard(&standard::LEVELS) || below(oid, &self.levels) => Pace::Level,
            () if below(oid, &self.alerts) => Pace::Alert,
            () if oid.starts_with(oids::MARKER_POWER_ON) || below(oid, &self.meters) => Pace::Meter,
            () => Pace::Still,
        }
    }
}

/// The instances of a hot poll: what moves, who it is, and as many of the billed counts as there is room for.
fn hot(profile: &Profile, reading: &Reading, rows: &Rows, moving: Vec<Oid>, who: Option<Oid>) -> Vec<Oid> {
    let index = device::printer_index(rows).unwrap_or(1);
    let own = |oid: &Oid| !oid.starts_with(oids::HR_DEVICE_STATUS) || oid.arcs().last() == Some(index);
    let wanted = who.into_iter().chain(moving.into_iter().filter(own)).chain(pins(profile, reading, rows));
    let mut hot = Vec::new();
    for oid in wanted {
        if hot.len() < MAX_HOT && !hot.contains(&oid) {
            hot.push(oid);
        }
    }
    hot
}

/// All counts, with what says what they are.
fn meters(profile: &Profile, rows: &Rows, columns: &[Oid], counts: Vec<Oid>) -> Questions {
    let meanings: Vec<Oid> = profile.meanings().chain([oids::MARKER_UNIT.to_oid()]).collect();
    let meaning = rows.iter().map(|(oid, _)| oid).filter(|oid| below(oid, &meanings));
    side_by_side(columns, counts.into_iter().chain(meaning.cloned()).collect())
}

/// These instances, or their columns where there are many.
fn side_by_side(columns: &[Oid], mut gets: Vec<Oid>) -> Questions {
    let mut sides = Vec::new();
    if gets.len() > MAX_GETS {
        sides =
            columns.iter().filter(|column| gets.iter().any(|oid| oid.starts_with(column.as_ref()))).cloned().collect();
        gets.retain(|oid| !below(oid, &sides));
    }
    Questions { gets, columns: sides }
}

fn has_rows(rows: &Rows, column: &Oid) -> bool {
    rows.under(column.as_ref()).next().is_some()
}

fn below(oid: &Oid, roots: &[Oid]) -> bool {
    roots.iter().any(|root| oid.starts_with(root.as_ref()))
}

/// The instances behind the total and its colours, best first.
fn pins(profile: &Profile, reading: &Reading, rows: &Rows) -> Vec<Oid> {
    let total = reading.total.iter().map(|total| (&total.source, true));
    let plain = |meter: &&Meter| {
        meter.service == "system_totals"
            && meter.persistence == "lifetime"
            && meter.size == "any"
            && meter.sides == "any"
            && meter.confidence <= Confidence::B
    };
    let colors = reading.meters.iter().filter(plain).map(|meter| (&meter.source, false));
    let mut pins = Vec::new();
    for (source, always) in total.chain(colors) {
        let Some(oid) = named(source) else { continue };
        let short = |value: &Value| always || value.as_octets().is_none_or(|octets| octets.len() <= MAX_PIN);
        if rows.get(oid.as_ref()).is_some_and(short) {
            pins.extend(profile.summed_with(&oid));
            pins.push(oid);
        }
    }
    pins
}

fn named(source: &Source) -> Option<Oid> {
    source.oid.as_ref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profiles;

    /// A device whose rows are those of its model, which differ in how many there are.
    fn learnt(profiles: &Profiles, model: u32, serial: &str) -> Learnt {
        let text = |text: &str| Value::OctetString(text.as_bytes().to_vec());
        let supply = |at| (format!("1.3.6.1.2.1.43.11.1.1.9.1.{at}").parse().unwrap(), Value::Integer(50));
        let rows: Rows = [("1.3.6.1.2.1.1.1.0", text("a printer")), ("1.3.6.1.2.1.43.5.1.1.17.1", text(serial))]
            .map(|(oid, value)| (oid.parse().unwrap(), value))
            .into_iter()
            .chain((1..=model).map(supply))
            .collect();
        Learnt::of(&profiles.pick(&rows), &rows, &profiles.discovery())
    }

    #[test]
    fn devices_of_one_model_share_how_they_are_asked() {
        let (profiles, mut shared) = (Profiles::builtin(), Shared::default());
        let mut fleet: Vec<Learnt> = (0..40).map(|at| learnt(&profiles, 1 + at % 4, &format!("SERIAL{at}"))).collect();
        fleet.iter_mut().for_each(|device| device.share(&mut shared));
        assert_eq!(shared.0.len(), 4);
        for (at, device) in fleet.iter().enumerate() {
            let alone = learnt(&profiles, 1 + at as u32 % 4, &format!("SERIAL{at}"));
            assert!(Arc::ptr_eq(&device.ways, &fleet[at % 4].ways) && device.ways == alone.ways);
        }
        // What nobody has any more goes when room is needed.
        for model in 0..200 {
            learnt(&profiles, model, "SERIAL").share(&mut shared);
        }
        assert!(shared.0.len() < 100 && fleet.iter().all(|device| shared.0.contains(&device.ways)));
    }
}
