//! Meters, wear and events out of octet strings.

use super::file::{File, Measure, Part, Records, Tag};
use super::meters::Figure;
use crate::dialect::Record;
use crate::reading::{Count, Maintenance, Reading, Source};
use crate::rows::Rows;
use crate::standard::table::percent;

pub(super) fn read(file: &File, rows: &Rows, figures: &mut Vec<Figure>, reading: &mut Reading) {
    for entry in &file.records {
        let Some(octets) = rows.get(entry.oid.0.as_ref()).and_then(|value| value.as_octets()) else { continue };
        match entry.form.records(octets) {
            Ok(records) => records.iter().for_each(|record| one(entry, record, figures, reading)),
            Err(why) => reading.doubts.push(format!("{}: {why}", entry.oid.0)),
        }
    }
}

fn one(entry: &Records, record: &Record, figures: &mut Vec<Figure>, reading: &mut Reading) {
    let tag = Tag(record.id);
    let source =
        Source { oid: Some(entry.oid.0.to_string()), tag: Some(format!("{:02x}", record.id)), ..Source::default() };
    let value = u64::from(record.value);
    // All ones is what an unset counter holds.
    if record.value >= i32::MAX as u32 {
        reading.doubts.push(format!("record {:02x} of {} is {value}: not a count", record.id, entry.oid.0));
        return;
    }
    if let Some(meaning) = entry.meters.get(&tag)
        && let Some(key) = meaning.is.key()
    {
        let confidence = meaning.confidence.unwrap_or(entry.confidence.0).max(entry.confidence.0);
        figures.push(Figure { key, value, source: source.clone(), confidence });
    }
    if let Some(part) = entry.maintenance.get(&tag) {
        match wear(part, record, source.clone()) {
            Ok(wear) => reading.maintenance.extend(wear),
            Err(why) => reading.doubts.push(format!("record {:02x} of {}: {why}", record.id, entry.oid.0)),
        }
    }
    if let Some(event) = entry.counts.get(&tag) {
        reading.counts.push(Count { what: event.what.clone(), place: event.place.clone(), value, source });
    }
}

fn wear(part: &Part, record: &Record, source: Source) -> Result<Option<Maintenance>, String> {
    let empty = Maintenance { part: part.part.clone(), percent: None, pages_left: None, source };
    match part.measure {
        // Older devices tell steps and the number of steps, an octet each; one octet tells neither.
        Measure::HundredthsOfPercent if record.length == 2 => {
            let (steps, all) = (i64::from(record.value >> 8), i64::from(record.value & 0xff));
            let percent = percent(steps, all).ok_or_else(|| format!("{steps} of {all} steps are no share"))?;
            Ok(Some(Maintenance { percent: Some(percent), ..empty }))
        }
        Measure::HundredthsOfPercent if record.length != 4 => Ok(None),
        Measure::HundredthsOfPercent if record.value > 10_000 => {
            Err(format!("{} hundredths of a percent are more than all", record.value))
        }
        Measure::HundredthsOfPercent => {
            let percent = (f64::from(record.value) / 10.0).round() / 10.0;
            Ok(Some(Maintenance { percent: Some(percent), ..empty }))
        }
        Measure::PagesLeft => Ok(Some(Maintenance { pages_left: Some(u64::from(record.value)), ..empty })),
    }
}
