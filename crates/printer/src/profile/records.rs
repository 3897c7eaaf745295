//! Meters, wear and events out of octet strings.

use super::detail::only;
use super::file::{File, Measure, Number, Part, Records, Tag};
use super::meters::Figure;
use crate::dialect::Record;
use crate::reading::{Alert, Count, Detail, Maintenance, Reading, Source};
use crate::rows::Rows;
use crate::standard::supplies;
use crate::standard::table::percent;

pub(super) fn read(file: &File, rows: &Rows, figures: &mut Vec<Figure>, reading: &mut Reading) {
    for entry in &file.records {
        let Some(octets) = rows.get(entry.oid.0.as_ref()).and_then(|value| value.as_octets()) else { continue };
        match entry.form.records(octets) {
            Ok(mut records) => {
                // What is told in tens comes last: it is kept only where nothing tells the same finer.
                let coarse = |record: &Record| {
                    let part = entry.maintenance.get(&Tag(record.id));
                    part.is_some_and(|part| part.measure == Measure::TensOfPercent)
                };
                records.sort_by_key(coarse);
                records.iter().for_each(|record| one(entry, record, figures, reading));
            }
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
        let finer = |wear: &Maintenance| wear.part == part.part && wear.percent.is_some();
        let known = part.measure == Measure::TensOfPercent && reading.maintenance.iter().any(finer);
        match wear(part, record, source.clone()).map(|wear| wear.filter(|_| !known)) {
            Ok(wear) => reading.maintenance.extend(wear),
            Err(why) => reading.doubts.push(format!("record {:02x} of {}: {why}", record.id, entry.oid.0)),
        }
    }
    if let Some(event) = entry.counts.get(&tag) {
        let source = source.clone();
        reading.counts.push(Count { what: event.what.clone(), place: event.place.clone(), value, source });
    }
    if let Some(what) = entry.shares.get(&tag)
        && record.length == 2
        && let (whole @ 0..=99, hundredths @ 0..=99) | (whole @ 100, hundredths @ 0) = (value >> 8, value & 0xff)
    {
        let (value, unit) = (format!("{whole}.{hundredths:02}"), Some("percent".to_owned()));
        reading.details.push(Detail { what: what.clone(), value, unit, source: source.clone() });
    }
    let code = Number(i64::from(record.value));
    if let Some(state) = entry.states.get(&tag)
        && let Some(worse) = state.meaning.get(&code)
        && let Some(at) = only(&reading.supplies, |supply| {
            let kind = supply.kind.strip_suffix("_cartridge").unwrap_or(&supply.kind) == state.kind;
            kind && (state.color.is_none() || supply.color == state.color)
        })
        && let Some(supply) = reading.supplies.get_mut(at)
    {
        supplies::worsen(supply, Some(worse.word()));
    }
    // A trouble that the standard MIBs tell is not told again.
    if let Some(text) = entry.alerts.get(&tag).and_then(|codes| codes.get(&code))
        && !reading.alerts.iter().any(|alert| alert.active)
    {
        reading.alerts.push(Alert {
            index: format!("vendor.{:02x}", record.id),
            severity: "critical".to_owned(),
            training: None,
            group: None,
            code: None,
            code_name: None,
            description: text.clone(),
            location: None,
            service_code: Some(format!("{:02X}", record.value)),
            active: true,
            source,
        });
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
        Measure::TensOfPercent if record.value > 100 => Err(format!("{} percent are more than all", record.value)),
        Measure::TensOfPercent => Ok(Some(Maintenance { percent: Some(f64::from(record.value)), ..empty })),
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
