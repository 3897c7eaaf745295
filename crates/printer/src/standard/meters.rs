//! Page counts of the Printer-MIB: prtMarkerLifeCount and prtMarkerPowerOnCount for each marker, in the marker's own unit.
//!
//! A total is named only where the rows leave no choice: one marker, markers that agree, or one that counts while the
//! others stay at 0. Counts of different units are never added, nor those of another hrDevice.

use crate::reading::{Confidence, Meter, Source, Total};
use crate::standard::enums::counter_unit;
use crate::standard::table::{Index, Table, dotted, number, source};
use crate::standard::{Context, oids};
use dca_snmp::OidRef;

const UNIT: u32 = 3;
const LIFE_COUNT: u32 = 4;
const POWER_ON_COUNT: u32 = 5;
/// prtMarkerProcessColorants: 1 for a monochrome marker.
const PROCESS_COLORANTS: u32 = 6;
const MAX_MARKERS: usize = 16;

/// The meters, and the total if it can be named.
pub(crate) fn read(context: &mut Context<'_>) -> (Vec<Meter>, Option<Total>) {
    let table = Table::new(context.rows, oids::MARKER);
    let markers = table.indices(MAX_MARKERS, "prtMarkerTable", context);
    let mut meters = Vec::new();
    let mut lives = Vec::new();
    for marker in &markers {
        let unit = unit(&table, marker, context);
        let life = count(&table, LIFE_COUNT, marker, "prtMarkerLifeCount", context);
        let power_on = count(&table, POWER_ON_COUNT, marker, "prtMarkerPowerOnCount", context);
        let several = (markers.len() > 1).then(|| format!("marker {}", dotted(marker)));
        let mut push = |value: u64, persistence: &str, column: u32, confidence: Confidence| {
            let source = Source { label: several.clone(), ..table.source(&[column], marker) };
            meters.push(meter(value, unit, persistence, source, confidence));
        };
        if let Some(life) = life {
            if life == 0 && power_on.is_some_and(|count| count > 0) {
                context.doubt(format!(
                    "marker {} counts pages since power-on but has a prtMarkerLifeCount of 0: it keeps no life count",
                    dotted(marker)
                ));
            } else {
                let confidence = if unit.is_some() && life > 0 { Confidence::A } else { Confidence::B };
                push(life, "lifetime", LIFE_COUNT, confidence);
                if marker.len() != 2 || marker.first() == Some(&context.device) {
                    lives.push((marker, life, unit));
                }
            }
        }
        if let Some(power_on) = power_on {
            push(power_on, "power_on", POWER_ON_COUNT, Confidence::A);
        }
    }
    let total = total(&table, &lives, context);
    (meters, total)
}

/// True if every marker of the device is monochrome.
pub(crate) fn is_monochrome(context: &Context<'_>) -> bool {
    let column = crate::standard::table::column;
    let Ok(colorants) = oids::MARKER.to_oid().join([PROCESS_COLORANTS]) else { return false };
    let colorants: &OidRef<'_> = &colorants.as_ref();
    let mut seen = column(context.rows, *colorants).take(MAX_MARKERS).map(|(.., value)| number(value)).peekable();
    seen.peek().is_some() && seen.all(|count| count == Some(1))
}

fn unit(table: &Table<'_>, marker: &[u32], context: &mut Context<'_>) -> Option<&'static str> {
    let number = table.number(UNIT, marker)?;
    let unit = counter_unit(number);
    if unit.is_none() {
        context.doubt(format!("prtMarkerCounterUnit is {number}, which RFC 3805 does not define"));
    }
    unit
}

/// A count; negative numbers and what is no number are unknown.
fn count(table: &Table<'_>, column: u32, marker: &Index, name: &str, context: &mut Context<'_>) -> Option<u64> {
    let cell = table.cell(column, marker)?;
    let count = number(cell.value).and_then(|number| u64::try_from(number).ok());
    if count.is_none() {
        context.doubt(format!("{name} of marker {} is not a count", dotted(marker)));
    }
    count
}

fn total(table: &Table<'_>, lives: &[(&Index, u64, Option<&str>)], context: &mut Context<'_>) -> Option<Total> {
    let (marker, first, unit) = *lives.first()?;
    let name = |marker: &Index, value: u64, rule: Option<&str>| {
        let source = Source { rule: rule.map(str::to_owned), ..table.source(&[LIFE_COUNT], marker) };
        let confidence = if rule.is_none() && unit.is_some() { Confidence::A } else { Confidence::B };
        Some(Total { value, unit: unit.unwrap_or("unknown").to_owned(), source, confidence })
    };
    if lives.len() == 1 {
        if first == 0 {
            // 0 on a used device means that it does not count; on a new one it is true. One reading cannot tell.
            context.doubt("prtMarkerLifeCount is 0: a new device, or one that does not count pages".to_owned());
            return None;
        }
        return name(marker, first, None);
    }
    if lives.iter().any(|(.., other)| *other != unit) {
        context.doubt("the markers count in different units: no total".to_owned());
        return None;
    }
    if lives.iter().all(|(_, life, _)| *life == first) && first > 0 {
        return name(marker, first, Some("markers_agree"));
    }
    let mut counting = lives.iter().filter(|(_, life, _)| *life > 0);
    match (counting.next(), counting.next()) {
        (None, _) => None,
        (Some((marker, life, _)), None) => name(marker, *life, Some("only_counting_marker")),
        _ if context.hints.markers_add_up => {
            let sum = lives.iter().try_fold(0_u64, |sum, (_, life, _)| sum.checked_add(*life))?;
            let source =
                Source { oid: None, rule: Some("sum_of_markers".to_owned()), ..source(&oids::MARKER.to_oid()) };
            Some(Total { value: sum, unit: unit.unwrap_or("unknown").to_owned(), source, confidence: Confidence::B })
        }
        _ => {
            context
                .doubt("the markers' life counts differ, and it is not known whether they add up: no total".to_owned());
            None
        }
    }
}

fn meter(value: u64, unit: Option<&str>, persistence: &str, source: Source, confidence: Confidence) -> Meter {
    Meter {
        service: "system_totals".to_owned(),
        color: "total".to_owned(),
        size: "any".to_owned(),
        sides: "any".to_owned(),
        unit: unit.unwrap_or("unknown").to_owned(),
        persistence: persistence.to_owned(),
        value,
        source,
        confidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Hints;
    use crate::standard::recorded::rows;

    fn check(markers: &[&str], add_up: bool, want: Option<(u64, &str)>) {
        let text: String = markers.iter().map(|row| format!("1.3.6.1.2.1.43.10.2.1.{row}\n")).collect();
        let rows = rows(&text);
        let hints = Hints { markers_add_up: add_up, ..Hints::default() };
        let (_, total) = read(&mut Context::new(&rows, &hints));
        assert_eq!(total.as_ref().map(|total| (total.value, total.unit.as_str())), want, "{markers:?}");
    }

    #[test]
    fn a_total_is_named_only_without_a_choice() {
        check(&[], false, None);
        check(&["3.1.1|2|7", "4.1.1|65|7389"], false, Some((7389, "impressions")));
        check(&["3.1.1|2|8", "4.1.1|2|7389"], false, Some((7389, "sheets")));
        check(&["4.1.1|4|7389"], false, Some((7389, "unknown")));
        check(&["3.0.1|2|7", "4.0.1|65|5"], false, Some((5, "impressions")));
        check(&["3.1|2|7", "4.1|65|5"], false, Some((5, "impressions")));
        check(&["4.1.1|2|-2"], false, None);
        check(&["4.1.1|65|0"], false, None);
        check(&["3.1.1|2|7", "3.1.2|2|7", "4.1.1|65|5", "4.1.2|65|5"], false, Some((5, "impressions")));
        check(&["3.1.1|2|7", "3.1.2|2|7", "4.1.1|65|5", "4.1.2|65|0"], false, Some((5, "impressions")));
        check(&["3.1.1|2|7", "3.1.2|2|7", "4.1.1|65|5", "4.1.2|65|6"], false, None);
        check(&["3.1.1|2|7", "3.1.2|2|7", "4.1.1|65|5", "4.1.2|65|6"], true, Some((11, "impressions")));
        check(&["3.1.1|2|7", "3.2.1|2|7", "4.1.1|65|5", "4.2.1|65|6"], true, Some((5, "impressions")));
        check(&["3.1.1|2|7", "3.1.2|2|8", "4.1.1|65|5", "4.1.2|65|5"], true, None);
    }

    #[test]
    fn a_life_count_of_0_beside_pages_since_power_on_is_none() {
        let rows = rows("1.3.6.1.2.1.43.10.2.1.4.1.1|65|0\n1.3.6.1.2.1.43.10.2.1.5.1.1|65|12");
        let (meters, total) = read(&mut Context::new(&rows, &Hints::default()));
        assert_eq!(total, None);
        assert_eq!(meters.len(), 1);
        assert_eq!(meters[0].persistence, "power_on");
    }
}
