//! One idea a file, one `check` each, many cases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod forecasts;
mod meters;
mod periods;
mod supplies;

use dca_ledger::{Event, Identity, Ledger, MeterPoint, Reading, Settings, SupplyPoint, Time, Width};

/// Midnight of Monday 2026-11-30, UTC.
const MONDAY: i64 = 1_795_996_800;

fn hour(hour: i64) -> Time {
    Time::from_unix(MONDAY + hour * 3_600)
}

fn total(value: u64) -> MeterPoint<'static> {
    MeterPoint { key: "total", value, unit: "impressions", source: "43.10", width: Width::Bits32, rated: Some(30.0) }
}

fn add(ledger: &mut Ledger, at: Time, meters: &[MeterPoint<'_>], supplies: &[SupplyPoint<'_>]) -> Vec<Event> {
    let device = Identity { serial: Some("4711"), mac: None };
    ledger.add(&Reading { at, device, meters, supplies }).unwrap()
}

fn ledger() -> Ledger {
    Ledger::new(Settings::default())
}
