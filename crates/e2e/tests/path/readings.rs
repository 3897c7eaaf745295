//! Readings that no printer made: forty devices whose counters rise.

use dca_portal::wire::v1::{Confidence, Fact, Identity, Meter, Reading, Record, Supply, record::What};
use dca_spool::{Class, Item};

const DEVICES: u64 = 40;
/// So long before the first of them is read, in milliseconds: none is ever of the future.
const BEFORE_MS: i64 = 30 * 86_400_000;
const EVERY_MS: i64 = 1_500;

/// The reading of this number, of which there is only one.
pub(crate) fn reading(number: u64, now_ms: i64) -> Item {
    let device = format!("d{}", number % DEVICES);
    let at_ms = now_ms - BEFORE_MS + i64::try_from(number).unwrap_or(0) * EVERY_MS;
    let fact =
        |value: &str| Some(Fact { value: value.to_owned(), confidence: Confidence::A.into(), ..Fact::default() });
    let meter = |value, color: &str| Meter {
        service: "print".to_owned(),
        color: color.to_owned(),
        unit: "impressions".to_owned(),
        value,
        confidence: Confidence::A.into(),
        ..Meter::default()
    };
    let reading = Reading {
        device_id: device.clone(),
        is_printer: true,
        identity: Some(Identity {
            vendor: fact("Example"),
            model: fact("Example 4000"),
            serial: fact(&format!("S{device}")),
            ..Identity::default()
        }),
        total: Some(meter(1_000 + number, "total")),
        meters: vec![meter(900 + number / 2, "mono"), meter(100 + number / 3, "full_color")],
        supplies: vec![Supply {
            index: "1.1".to_owned(),
            r#type: "toner".to_owned(),
            percent: Some((number % 100) as f64),
            ..Supply::default()
        }],
        complete: true,
        depth: "full".to_owned(),
        ..Reading::default()
    };
    let body = dca_portal::wire::encode(&Record { at_ms, what: Some(What::Reading(reading)) });
    Item { stream: "readings".to_owned(), class: Class::Billing, device, at_ms, body: body.expect("a small record") }
}
