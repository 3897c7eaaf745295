//! Which of the page counts is billed.
//!
//! The standard reading offers prtMarkerLifeCount. Some vendors print another figure on their panel, and that is what a
//! contract means; their profile names it, with the reason. A source is never switched silently: the reading tells
//! which one it took, and says so when the two differ.

use super::file::File;
use super::key::Words;
use crate::reading::{Reading, Source, Total};

pub(super) fn choose(file: &File, reading: &mut Reading) {
    let Some(rule) = &file.total else { return };
    let meter = reading.meters.iter().find(|meter| {
        let words = [&meter.service, &meter.color, &meter.size, &meter.unit, &meter.persistence];
        let text = words.map(String::as_str).join(" ");
        let sides = if meter.sides == "any" { "any_sides" } else { meter.sides.as_str() };
        Words::parse(&format!("{text} {sides}")).ok().and_then(Words::key) == Some(rule.meter)
    });
    let Some(meter) = meter else { return };
    if meter.value == 0 {
        // True on a new device; on a used one its counter memory was replaced, or it does not count. Nobody bills by it.
        let oid = meter.source.oid.clone().unwrap_or_default();
        reading.doubts.push(format!("the total at {oid} is 0: a new device, or one that lost or keeps no count"));
        return;
    }
    if let Some(standard) = &reading.total {
        if meter.source == standard.source {
            return;
        }
        // Sheets and impressions differ as soon as one sheet is printed on both sides.
        if meter.value != standard.value && meter.unit == standard.unit {
            let at = |source: &Source| source.oid.clone().unwrap_or_default();
            let (billed, other) = if rule.fallback {
                ((standard.value, at(&standard.source)), (meter.value, at(&meter.source)))
            } else {
                ((meter.value, at(&meter.source)), (standard.value, at(&standard.source)))
            };
            let text = format!("total: {} at {}, and {} at {} differs", billed.0, billed.1, other.0, other.1);
            reading.doubts.push(text);
        }
        if rule.fallback {
            return;
        }
    }
    let label = |source: &Source| Source { rule: Some(rule.why.to_string()), ..source.clone() };
    let (value, unit) = (meter.value, meter.unit.clone());
    reading.total = Some(Total { value, unit, source: label(&meter.source), confidence: meter.confidence });
}
