//! Meters of two sources, joined by what they count.
//!
//! Two meters are the same if every word of their key is, the persistence too. A meter of unknown persistence (IPP) is a
//! witness for a lifetime meter when it says the same number, and says nothing when it does not: it may count from
//! another day.

use super::{Doubts, lowered, raised};
use crate::reading::{Confidence, Meter, Reading, Total};

/// Counters are not read in one instant: so many pages, or half a percent, are the same (as within one reading).
const PAGES: u64 = 5;
const PER_MILLE: u64 = 5;

pub(super) fn join(one: &mut Reading, others: Vec<Meter>, total: Option<Total>, doubts: &mut Doubts) {
    let before = one.meters.clone();
    let times = |meter: &Meter, all: &[Meter]| all.iter().filter(|other| key(other) == key(meter)).count();
    for mut other in others.clone() {
        match times(&other, &before) {
            0 => {}
            1 if times(&other, &others) == 1 => {
                for own in one.meters.iter_mut().filter(|own| key(own) == key(&other)) {
                    own.confidence = judged(own, &other, doubts);
                }
                continue;
            }
            // Several markers: which is which cannot be told, and the first source has them all.
            _ => continue,
        }
        for own in one.meters.iter_mut().take(before.len()).filter(|own| is_witness(&other, own)) {
            own.confidence = raised(own.confidence, other.confidence);
        }
        if let Some(witness) = before.iter().find(|own| is_witness(own, &other)) {
            other.confidence = raised(other.confidence, witness.confidence);
        }
        one.meters.push(other);
    }
    match (&mut one.total, total) {
        (Some(own), Some(other)) if own.unit == other.unit => {
            if is_close(own.value, other.value) {
                own.confidence = raised(own.confidence, other.confidence);
            } else {
                doubts.differ("total", (&own.value, &own.source), (&other.value, &other.source));
                own.confidence = lowered(own.confidence, other.confidence);
            }
        }
        (own @ None, other) => *own = other,
        // Sheets and impressions are different things.
        (Some(_), _) => {}
    }
}

/// True if a meter of unknown persistence says the same number as a lifetime meter.
fn is_witness(witness: &Meter, of: &Meter) -> bool {
    let [service, color, size, sides, unit, persistence] = key(witness);
    persistence == "unknown"
        && key(of) == [service, color, size, sides, unit, "lifetime"]
        && of.value == witness.value
        && of.value > 0
}

fn judged(own: &Meter, other: &Meter, doubts: &mut Doubts) -> Confidence {
    if is_close(own.value, other.value) {
        return raised(own.confidence, other.confidence);
    }
    doubts.differ(&words(own), (&own.value, &own.source), (&other.value, &other.source));
    lowered(own.confidence, other.confidence)
}

fn is_close(one: u64, other: u64) -> bool {
    one.abs_diff(other) <= PAGES.max(one.max(other) / 1000 * PER_MILLE)
}

fn key(meter: &Meter) -> [&str; 6] {
    [&meter.service, &meter.color, &meter.size, &meter.sides, &meter.unit, &meter.persistence].map(String::as_str)
}

fn words(meter: &Meter) -> String {
    let [service, color, size, sides, unit, _] = key(meter);
    let special = [size, sides].into_iter().filter(|word| *word != "any");
    [service, color].into_iter().chain(special).chain([unit]).collect::<Vec<_>>().join(" ")
}
