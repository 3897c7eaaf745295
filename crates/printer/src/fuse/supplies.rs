//! Supplies of two sources, joined by class and colour.
//!
//! Sources name and number supplies their own way ("Black Cartridge" 1.1, "K" 1), so two are the same only where class,
//! family (what marks paper, drum, ...) and colour pick out one in each source; otherwise they stay apart. Percentages are
//! compared, levels in grams and pages are not; what one source has and the other lacks (serial, part number, pages left)
//! is filled in, because it is of the same thing.

use super::{Doubts, lowered, raised};
use crate::reading::Supply;

/// Percentages are rounded to ten by some sources, and toner is used while they are asked.
const TOLERANCE: f64 = 10.0;

pub(super) fn join(mut own: Vec<Supply>, others: Vec<Supply>, doubts: &mut Doubts) -> Vec<Supply> {
    if own.is_empty() {
        return others;
    }
    let alone = |supply: &Supply, all: &[Supply]| all.iter().filter(|other| key(other) == key(supply)).count() == 1;
    let joinable: Vec<bool> = own.iter().map(|supply| alone(supply, &own)).collect();
    let first = own.len();
    for other in &others {
        let place = own.iter().take(first).position(|supply| key(supply) == key(other));
        match place {
            Some(at) if joinable.get(at) == Some(&true) && alone(other, &others) => {
                own.get_mut(at).into_iter().for_each(|own| fill(own, other, doubts));
            }
            // Which of several it is cannot be told: the first source has them all.
            Some(_) => {}
            None => own.push(other.clone()),
        }
    }
    own
}

fn fill(own: &mut Supply, other: &Supply, doubts: &mut Doubts) {
    match (own.percent, other.percent) {
        (Some(percent), Some(told)) if (percent - told).abs() <= TOLERANCE => {
            own.confidence = raised(own.confidence, other.confidence);
        }
        (Some(percent), Some(told)) => {
            let what = format!("supply {} ({})", own.index, own.description);
            doubts.differ(&what, (percent, &own.source), (told, &other.source));
            own.confidence = lowered(own.confidence, other.confidence);
        }
        // A level is taken with its unit, capacity, state and source, or not at all.
        (None, Some(_)) if own.level.is_none() => {
            own.unit.clone_from(&other.unit);
            (own.capacity, own.level, own.percent) = (other.capacity, other.level, other.percent);
            // What the first source says of the state without a level is an alert's word.
            if matches!(own.state.as_str(), "unknown" | "present") {
                own.state.clone_from(&other.state);
            }
            own.source.clone_from(&other.source);
            own.confidence = other.confidence;
        }
        _ => {}
    }
    let pairs = [
        (&mut own.part_number, &other.part_number),
        (&mut own.serial, &other.serial),
        (&mut own.installed, &other.installed),
    ];
    for (own, other) in pairs {
        if own.is_none() {
            own.clone_from(other);
        }
    }
    own.pages_left = own.pages_left.or(other.pages_left);
    if own.description.is_empty() {
        own.description.clone_from(&other.description);
    }
}

fn key(supply: &Supply) -> (&str, &str, Option<&str>) {
    let family = match supply.kind.as_str() {
        "toner" | "toner_cartridge" | "matte_toner" => "toner",
        "ink" | "ink_cartridge" | "matte_ink" => "ink",
        kind => kind,
    };
    (&supply.class, family, supply.color.as_deref())
}
