//! HOST-RESOURCES (RFC 2790): memory, devices, the printer's status and error bits.

use super::{Rows, counter, integer, text};
use crate::life::{Activity, Moment};
use crate::model::Model;
use dca_snmp::{Oid, OidRef, Value, oid};

const DEVICE: OidRef<'_> = oid!("1.3.6.1.2.1.25.3.2.1");
const PRINTER: OidRef<'_> = oid!("1.3.6.1.2.1.25.3.5.1");
const STORAGE: OidRef<'_> = oid!("1.3.6.1.2.1.25.2.3.1");
const TYPE_PROCESSOR: OidRef<'_> = oid!("1.3.6.1.2.1.25.3.1.3");
const TYPE_NETWORK: OidRef<'_> = oid!("1.3.6.1.2.1.25.3.1.4");
const TYPE_PRINTER: OidRef<'_> = oid!("1.3.6.1.2.1.25.3.1.5");

pub(crate) fn fixed(rows: &mut Rows, model: &Model) {
    let device = &model.sheet.device;
    rows.put(oid!("1.3.6.1.2.1.25.2.2"), [0], integer(1_048_576));
    rows.put(STORAGE, [1, 1], integer(1));
    rows.put(STORAGE, [2, 1], object(oid!("1.3.6.1.2.1.25.2.1.2")));
    rows.put(STORAGE, [3, 1], text("RAM"));
    rows.put(STORAGE, [4, 1], integer(1_024));
    rows.put(STORAGE, [5, 1], integer(1_048_576));
    rows.put(STORAGE, [6, 1], integer(412_000));
    if !device.printer {
        put_device(rows, 1, TYPE_PROCESSOR, "CPU");
        rows.put(DEVICE, [5, 1], integer(2));
        return;
    }
    // Devices before the printer: the processor, then network interfaces.
    for n in 1..device.index {
        let (kind, name) =
            if n == 1 { (TYPE_PROCESSOR, "Main processor") } else { (TYPE_NETWORK, "Network interface") };
        put_device(rows, n, kind, name);
        rows.put(DEVICE, [5, n], integer(2));
    }
    put_device(rows, device.index, TYPE_PRINTER, device.host_description.as_ref().unwrap_or(&device.model));
}

pub(crate) fn live(rows: &mut Rows, model: &Model, moment: &Moment<'_>) {
    let device = &model.sheet.device;
    if !device.printer {
        return;
    }
    let alerts = &moment.alerts;
    let warned = alerts.iter().any(|alert| !alert.rule.bits.is_empty());
    // unknown 1, running 2, warning 3, testing 4, down 5
    let device_status = match moment.activity {
        Activity::Stopped => 5,
        _ if warned => 3,
        _ => 2,
    };
    // other 1, unknown 2, idle 3, printing 4, warmup 5
    let printer_status = match moment.activity {
        Activity::Stopped | Activity::Asleep => 1,
        Activity::Idle => 3,
        Activity::Printing => 4,
    };
    let bits = alerts.iter().flat_map(|alert| &alert.rule.bits).fold(0_u16, |bits, bit| bits | 0x8000 >> bit.code());
    let octets = bits.to_be_bytes().into_iter().take(device.error_octets).collect();
    rows.put(DEVICE, [5, device.index], integer(device_status));
    rows.put(DEVICE, [6, device.index], counter(moment.life.alert_events().1));
    rows.put(PRINTER, [1, device.index], integer(printer_status));
    rows.put(PRINTER, [2, device.index], Value::OctetString(octets));
}

fn put_device(rows: &mut Rows, n: u32, kind: OidRef<'_>, description: &str) {
    rows.put(DEVICE, [1, n], integer(n));
    rows.put(DEVICE, [2, n], object(kind));
    rows.put(DEVICE, [3, n], text(description));
    rows.put(DEVICE, [4, n], object(oid!("0.0")));
}

fn object(oid: OidRef<'_>) -> Value {
    Value::ObjectIdentifier(Oid::from(oid))
}
