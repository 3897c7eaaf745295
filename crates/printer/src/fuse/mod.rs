//! One [`Reading`] out of several sources of one device, such as SNMP, its web pages and IPP.
//!
//! The first source is the one that is believed: a figure is taken from the best source that has it and is never an
//! average, a sum or a choice by value. What two sources say of the same thing is compared, and only where unit and meaning
//! are the same: agreement raises the confidence of the figure, disagreement lowers it and becomes a doubt that names
//! both. Lists that have no common key (trays, alerts) come whole from the first source that has them.

mod facts;
mod meters;
mod supplies;

#[cfg(test)]
mod tests;

use crate::reading::{Confidence, Reading, Source};

/// The most doubts that one reading carries.
const MOST_DOUBTS: usize = 64;

/// Adds what a second source says of the same device. The first is the one that is believed.
pub fn fuse(reading: &mut Reading, second: Reading) {
    *reading = join(std::mem::take(reading), second);
}

fn join(mut one: Reading, other: Reading) -> Reading {
    let mut doubts = Doubts(std::mem::take(&mut one.doubts));
    other.doubts.iter().for_each(|doubt| doubts.add(doubt.clone()));
    if !one.profile.split('+').any(|name| name == other.profile) {
        one.profile = [one.profile, other.profile].join("+").trim_matches('+').to_owned();
    }
    one.is_printer |= other.is_printer;
    one.identity = facts::join(one.identity, other.identity, &mut doubts);
    meters::join(&mut one, other.meters, other.total, &mut doubts);
    one.supplies = supplies::join(one.supplies, other.supplies, &mut doubts);
    facts::status(&mut one.status, other.status);
    // Two sources tell of one trouble in their own words: who has none is told the other's.
    if !one.alerts.iter().any(|alert| alert.active) {
        one.alerts.extend(other.alerts.into_iter().filter(|alert| alert.active));
    }
    first_of(&mut one.console, other.console);
    first_of(&mut one.inputs, other.inputs);
    first_of(&mut one.outputs, other.outputs);
    first_of(&mut one.covers, other.covers);
    first_of(&mut one.removed, other.removed);
    for count in other.counts {
        match one.counts.iter().find(|own| own.what == count.what && own.place == count.place) {
            None => one.counts.push(count),
            Some(own) if own.value != count.value => {
                let what = format!("count of {} {}", count.what, count.place.as_deref().unwrap_or_default());
                doubts.differ(what.trim_end(), (&own.value, &own.source), (&count.value, &count.source));
            }
            Some(_) => {}
        }
    }
    for part in other.maintenance {
        if !one.maintenance.iter().any(|own| own.part == part.part) {
            one.maintenance.push(part);
        }
    }
    for detail in other.details {
        if !one.details.contains(&detail) {
            one.details.push(detail);
        }
    }
    for quirk in other.quirks {
        if !one.quirks.contains(&quirk) {
            one.quirks.push(quirk);
        }
    }
    one.doubts = doubts.0;
    one
}

/// A list that has no key comes whole from one source.
fn first_of<T>(own: &mut Vec<T>, other: Vec<T>) {
    if own.is_empty() {
        *own = other;
    }
}

/// Two sources say the same: a step up, but what one source only guesses does not become a standard's word.
fn raised(own: Confidence, other: Confidence) -> Confidence {
    let better = own.min(other);
    match own.max(other) {
        // A figure that reconciles with nothing else has a second witness by now.
        Confidence::C if better == Confidence::C => Confidence::B,
        _ => better,
    }
}

/// Two sources contradict each other: not better than C, and D where the believed one is weak itself.
fn lowered(own: Confidence, other: Confidence) -> Confidence {
    match (own, other) {
        // A weak witness against a good one costs a step, no more.
        (Confidence::A, Confidence::C | Confidence::D) => Confidence::B,
        (Confidence::A | Confidence::B, _) => Confidence::C,
        (Confidence::C | Confidence::D, _) => Confidence::D,
    }
}

struct Doubts(Vec<String>);

impl Doubts {
    fn add(&mut self, doubt: String) {
        if self.0.len() < MOST_DOUBTS && !self.0.contains(&doubt) {
            self.0.push(doubt);
        }
    }

    /// Two sources differ: both are named.
    fn differ<T: std::fmt::Display>(&mut self, what: &str, own: (T, &Source), other: (T, &Source)) {
        self.add(format!("{what}: {} at {}, and {} at {}", own.0, place(own.1), other.0, place(other.1)));
    }
}

/// A source in a sentence.
fn place(source: &Source) -> String {
    let at = source.oid.as_deref().or(source.url.as_deref()).unwrap_or("an unnamed place");
    match (&source.oid, &source.label) {
        (None, Some(label)) => format!("{at} {label}"),
        _ => at.to_owned(),
    }
}
