//! The system group (RFC 3418 §2) and snmpEngineTime's cousin, hrSystemUptime.

use super::{Rows, integer, text};
use crate::life::Life;
use crate::model::Model;
use dca_snmp::{OidRef, Value, oid};
use std::time::Duration;

const SYSTEM: OidRef<'_> = oid!("1.3.6.1.2.1.1");

pub(crate) fn fixed(rows: &mut Rows, model: &Model) {
    let device = &model.sheet.device;
    let description = device
        .description
        .replace("{serial}", &model.person.serial)
        .replace("{model}", &device.model)
        .replace("{firmware}", &device.firmware);
    rows.put(SYSTEM, [1, 0], text(&description));
    rows.put(SYSTEM, [2, 0], Value::ObjectIdentifier(model.person.object.clone()));
    rows.put(SYSTEM, [4, 0], text(""));
    rows.put(SYSTEM, [5, 0], text(&model.person.name));
    rows.put(SYSTEM, [6, 0], text(&device.location));
    rows.put(SYSTEM, [7, 0], integer(device.services));
}

pub(crate) fn live(rows: &mut Rows, life: &Life<'_>) {
    rows.put(SYSTEM, [3, 0], Value::TimeTicks(ticks(life.at)));
    rows.put(oid!("1.3.6.1.2.1.25.1.1"), [0], Value::TimeTicks(ticks(life.at)));
}

/// Hundredths of a second, wrapping after 497 days as sysUpTime does.
pub(crate) fn ticks(at: Duration) -> u32 {
    (at.as_millis() / 10) as u32
}
