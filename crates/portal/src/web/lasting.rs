//! How long the supplies of a device last, as the ledger makes it out of its history. Nothing is shown where it says nothing,
//! and nothing from a level that is older than a day.

use super::words::Words;
use crate::Portal;
use crate::history::DAY_MS;
use crate::store::StoreError;
use crate::summary::Summary;
use dca_ledger::{Class, Ledger, MeterPoint, Settings, SupplyPoint, Time, Width};
use dca_wire::v1::{Meter, Reading, Supply, record::What};
use std::collections::HashMap;
use std::time::Duration;

/// How far back is looked.
const DAYS: i64 = 60;
/// Readings that are taken at most; the newest.
const READINGS: usize = 4_000;
/// Days on the scale.
const SCALE: f64 = 60.0;

/// A band on the scale: in 8 of 10 cases it runs out within it.
#[derive(Debug)]
pub(super) struct Lasting {
    pub(super) label: String,
    pub(super) class: &'static str,
    pub(super) begin: String,
    pub(super) width: String,
    pub(super) tick: String,
}

impl Lasting {
    fn new(days: [f64; 3], w: &Words) -> Self {
        let [_, expected, _] = days;
        let place = |days: f64| (days / SCALE * 100.0).clamp(0.0, 100.0);
        let [begin, tick, end] = days.map(place);
        Self {
            label: w.days_left(days.map(|days| days.max(0.0).round() as u64)),
            class: match expected {
                ..4.0 => "err",
                ..10.0 => "warn",
                _ => "",
            },
            begin: format!("{begin:.1}"),
            width: format!("{:.1}", (end - begin).max(0.5)),
            tick: format!("{tick:.1}"),
        }
    }
}

/// Of each supply for which there is a forecast, by its index.
pub(super) async fn lasting(
    portal: &Portal,
    device: i64,
    summary: &Summary,
    now: i64,
    w: &Words,
) -> Result<HashMap<String, Lasting>, StoreError> {
    let mut found = HashMap::new();
    let levels = summary.supplies.iter().any(|supply| supply.percent.is_some());
    if !levels || now.saturating_sub(summary.supplies_at) > DAY_MS {
        return Ok(found);
    }
    let from = now.saturating_sub(DAYS * DAY_MS);
    let (records, _) = portal.ingest.history.read(&portal.store, device, from, now.saturating_add(1)).await?;
    let mut ledger = Ledger::new(Settings::default());
    for (at, record) in records.iter().skip(records.len().saturating_sub(READINGS)) {
        if let Some(What::Reading(reading)) = &record.what {
            add(&mut ledger, *at, reading);
        }
    }
    let time = Time::from_unix(now.div_euclid(1_000));
    for supply in &summary.supplies {
        if let Ok(forecast) = ledger.forecast(&supply.index, time, Duration::ZERO) {
            let days = |moment: Time| moment.since(time).as_secs_f64() / 86_400.0;
            let days = [days(forecast.earliest), forecast.days_left, days(forecast.latest)];
            found.insert(supply.index.clone(), Lasting::new(days, w));
        }
    }
    Ok(found)
}

const TOTAL: &str = "total";
const COLOR: &str = "color";

fn add(ledger: &mut Ledger, at: i64, reading: &Reading) {
    let colored = reading.meters.iter().find(|meter| meter.color == "full_color" && meter.size != "large");
    let meters = [(TOTAL, reading.total.as_ref()), (COLOR, colored)];
    let meters: Vec<MeterPoint<'_>> =
        meters.into_iter().filter_map(|(key, meter)| meter.map(|meter| meter_point(key, meter))).collect();
    let supplies: Vec<SupplyPoint<'_>> =
        reading.supplies.iter().map(|supply| supply_point(supply, colored.is_some())).collect();
    let identity = reading.identity.as_ref();
    let device = dca_ledger::Identity {
        serial: identity.and_then(|it| it.serial.as_ref()).map(|fact| fact.value.as_str()),
        mac: identity.and_then(|it| it.mac.as_ref()).map(|fact| fact.value.as_str()),
    };
    let at = Time::from_unix(at.div_euclid(1_000));
    // Two readings in one second: the first counts.
    let _ = ledger.add(&dca_ledger::Reading { at, device, meters: &meters, supplies: &supplies });
}

fn meter_point<'a>(key: &'a str, meter: &'a Meter) -> MeterPoint<'a> {
    let source = meter.source.as_ref().and_then(|source| source.oid.as_deref().or(source.url.as_deref()));
    MeterPoint {
        key,
        value: meter.value,
        unit: if meter.unit.is_empty() { "unknown" } else { &meter.unit },
        source: source.unwrap_or("unknown"),
        width: Width::Unknown,
        rated: None,
    }
}

fn supply_point(supply: &Supply, colored: bool) -> SupplyPoint<'_> {
    let by_color = colored && matches!(supply.color.as_deref(), Some("cyan" | "magenta" | "yellow"));
    SupplyPoint {
        slot: &supply.index,
        class: if supply.class == "receptacle" { Class::Receptacle } else { Class::Consumed },
        percent: supply.percent,
        serial: supply.serial.as_deref(),
        installed: None,
        direction: None,
        worn_by: Some(if by_color { COLOR } else { TOTAL }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_on_the_scale() {
        let check = |days, german: bool| {
            let it = Lasting::new(days, Words::of(if german { "de" } else { "en" }));
            (it.label, it.class, it.begin, it.width)
        };
        let expected = |label: &str, class, begin: &str, width: &str| {
            (label.to_owned(), class, begin.to_owned(), width.to_owned())
        };
        assert_eq!(check([21.0, 27.0, 36.0], false), expected("27 days (21 to 36)", "", "35.0", "25.0"));
        assert_eq!(check([0.2, 1.0, 1.6], true), expected("1 Tag (0 bis 2)", "err", "0.3", "2.3"));
        assert_eq!(check([41.0, 52.0, 90.0], false), expected("52 days (41 or more)", "", "68.3", "31.7"));
        assert_eq!(check([70.0, 90.0, 120.0], true), expected("mehr als 60 Tage", "", "100.0", "0.5"));
    }
}
