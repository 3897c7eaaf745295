//! Printer-MIB (RFC 3805): general, covers, localization, markers, supplies, colorants, console, alerts.

use super::system::ticks;
use super::{Rows, counter, integer, text};
use crate::life::{Activity, Fill, Moment, Wear};
use crate::model::Model;
use crate::scheme::{Says, Supply};
use dca_snmp::{OidRef, Value, oid};

const GENERAL: OidRef<'_> = oid!("1.3.6.1.2.1.43.5.1.1");
const COVER: OidRef<'_> = oid!("1.3.6.1.2.1.43.6.1.1");
const LOCALIZATION: OidRef<'_> = oid!("1.3.6.1.2.1.43.7.1.1");
const MARKER: OidRef<'_> = oid!("1.3.6.1.2.1.43.10.2.1");
const SUPPLY: OidRef<'_> = oid!("1.3.6.1.2.1.43.11.1.1");
const COLORANT: OidRef<'_> = oid!("1.3.6.1.2.1.43.12.1.1");
const CONSOLE: OidRef<'_> = oid!("1.3.6.1.2.1.43.16.5.1");
const LIGHT: OidRef<'_> = oid!("1.3.6.1.2.1.43.17.6.1");
const ALERT: OidRef<'_> = oid!("1.3.6.1.2.1.43.18.1.1");

pub(crate) fn fixed(rows: &mut Rows, model: &Model) {
    let sheet = &model.sheet;
    let dev = sheet.device.index;
    let defaults = [(2, 1), (3, 3), (6, 1), (7, 1), (8, 1), (9, 1), (10, 1), (11, 1), (12, 40), (13, 3)];
    defaults.iter().for_each(|(column, number)| rows.put(GENERAL, [*column, dev], integer(*number)));
    rows.put(GENERAL, [4, dev], text(""));
    rows.put(GENERAL, [5, dev], text(""));
    rows.put(GENERAL, [16, dev], text(&model.person.name));
    if sheet.device.standard_serial {
        rows.put(GENERAL, [17, dev], text(&model.person.serial));
    }
    for (cover, n) in sheet.covers.iter().zip(1..) {
        rows.put(COVER, [2, dev, n], text(cover));
    }
    rows.put(LOCALIZATION, [2, dev, 1], text("en"));
    rows.put(LOCALIZATION, [3, dev, 1], text("US"));
    rows.put(LOCALIZATION, [4, dev, 1], integer(sheet.device.charset));
    let mut colorant_row = 0;
    for (marker, n) in sheet.markers.iter().zip(1..) {
        let colorants = marker.colorants.len() as i64;
        let columns = [
            (2, marker.technology.code()),
            (3, marker.unit.code()),
            (6, colorants),
            (7, 0),
            (8, 3),
            (9, marker.resolution),
            (10, marker.resolution),
        ];
        columns.into_iter().for_each(|(column, number)| rows.put(MARKER, [column, dev, n], integer(number)));
        (11..=14).for_each(|margin| rows.put(MARKER, [margin, dev, n], integer(1_667)));
        for name in &marker.colorants {
            colorant_row += 1;
            rows.put(COLORANT, [2, dev, colorant_row], integer(n));
            rows.put(COLORANT, [3, dev, colorant_row], integer(3));
            rows.put(COLORANT, [4, dev, colorant_row], text(name));
            rows.put(COLORANT, [5, dev, colorant_row], integer(256));
        }
    }
    for (supply, n) in sheet.supplies.iter().zip(1..) {
        let colorants = sheet.markers.iter().flat_map(|marker| &marker.colorants);
        let colorant =
            colorants.zip(1..).find(|(name, _)| Some(*name) == supply.colorant.as_ref()).map_or(0, |(_, n)| n);
        let columns = [
            (2, 1),
            (3, colorant),
            (4, supply.class.code()),
            (5, supply.kind.code()),
            (7, supply.unit.code()),
            (8, supply.capacity),
        ];
        columns.into_iter().for_each(|(column, number)| rows.put(SUPPLY, [column, dev, n], integer(number)));
        rows.put(SUPPLY, [6, dev, n], text(&supply.description));
    }
    for (lamp, n) in ["Ready", "Attention"].iter().zip(1..) {
        rows.put(LIGHT, [4, dev, n], integer(if n == 1 { 5 } else { 10 }));
        rows.put(LIGHT, [5, dev, n], text(lamp));
    }
}

pub(crate) fn live(rows: &mut Rows, model: &Model, moment: &Moment<'_>) {
    let Moment { life, alerts, activity } = moment;
    let sheet = &model.sheet;
    let dev = sheet.device.index;
    let (all, critical) = life.alert_events();
    // A changed supply is a change of configuration.
    let replaced =
        (0..sheet.supplies.len()).filter_map(|n| life.supply(n)).map(|wear| wear.used / wear.cycle).sum::<f64>();
    rows.put(GENERAL, [1, dev], counter(replaced as u64));
    rows.put(GENERAL, [18, dev], counter(critical));
    rows.put(GENERAL, [19, dev], counter(all));
    for n in (1..).take(sheet.covers.len()) {
        rows.put(COVER, [3, dev, n], integer(if n == 1 && life.is_cover_open() { 3 } else { 4 }));
    }
    for (marker, n) in sheet.markers.iter().zip(1..) {
        rows.put(MARKER, [4, dev, n], counter(life.meter(&marker.life).unwrap_or(0)));
        rows.put(MARKER, [5, dev, n], counter(life.power_on_pages()));
        // available: idle 0, active 4; on request and critical 17
        let status = match activity {
            Activity::Stopped => 17,
            Activity::Printing => 4,
            Activity::Idle | Activity::Asleep => 0,
        };
        rows.put(MARKER, [15, dev, n], integer(status));
    }
    for (at, supply) in sheet.supplies.iter().enumerate() {
        let level = life.supply(at).map_or(-2, |wear| shown(supply, &wear));
        rows.put(SUPPLY, [9, dev, at as u32 + 1], integer(level));
    }
    rows.put(CONSOLE, [2, dev, 1], text(&panel(moment)));
    let attention = !alerts.is_empty();
    for (n, on) in [(1, *activity != Activity::Stopped), (2, attention)] {
        rows.put(LIGHT, [2, dev, n], integer(if on { 1 } else { 0 }));
        rows.put(LIGHT, [3, dev, n], integer(if on { 0 } else { 1 }));
    }
    for alert in alerts {
        let rule = alert.rule;
        let columns = [
            (2, rule.severity),
            (3, rule.training),
            (4, rule.group),
            (5, rule.group_index),
            (6, rule.location),
            (7, rule.code),
        ];
        columns.into_iter().for_each(|(column, number)| rows.put(ALERT, [column, dev, alert.index], integer(number)));
        rows.put(ALERT, [8, dev, alert.index], text(&rule.text));
        rows.put(ALERT, [9, dev, alert.index], Value::TimeTicks(ticks(alert.since)));
    }
}

/// The panel's text: the gravest alert, else what the device does.
pub(crate) fn panel(moment: &Moment<'_>) -> String {
    let spoken = moment.alerts.iter().filter(|alert| !alert.rule.text.is_empty() && alert.rule.severity >= 3);
    if let Some(gravest) = spoken.min_by_key(|alert| alert.rule.severity) {
        return gravest.rule.text.clone();
    }
    match moment.activity {
        Activity::Printing => "Printing".into(),
        Activity::Asleep => "Sleep".into(),
        Activity::Idle | Activity::Stopped => "Ready".into(),
    }
}

/// prtMarkerSuppliesLevel.
pub(crate) fn shown(supply: &Supply, wear: &Wear) -> i64 {
    let full = supply.full.unwrap_or(supply.capacity) as f64;
    let left = wear.left();
    match supply.says {
        Says::Unknown => -2,
        Says::Some if wear.fill() == Fill::Empty => 0,
        Says::Some => -3,
        Says::Fill => ((1.0 - left) * full).round() as i64,
        // What is left is rounded up: 0 is shown when nothing is left, not before.
        Says::Level => (left * full).ceil() as i64,
    }
}
