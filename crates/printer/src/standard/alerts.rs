//! prtAlertTable (RFC 3805 §2.2.13): what is wrong, who may mend it, where.
//!
//! Not every row is a trouble. Some only record that one has ended or that the device was switched on, and many devices
//! keep their panel text ("Sleep", "Idle") in a row that names no condition: those are kept, but not active. A device with
//! error bits and no active row gets rows made of the bits.

use crate::reading::{Alert, Source};
use crate::standard::enums::{self, sentence};
use crate::standard::status::errors_oid;
use crate::standard::table::{Index, Table, dotted, source};
use crate::standard::{Context, oids};

const SEVERITY: u32 = 2;
const TRAINING: u32 = 3;
const GROUP: u32 = 4;
const GROUP_INDEX: u32 = 5;
const LOCATION: u32 = 6;
const CODE: u32 = 7;
const DESCRIPTION: u32 = 8;
const COLUMNS: [u32; 7] = [SEVERITY, TRAINING, GROUP, GROUP_INDEX, LOCATION, CODE, DESCRIPTION];
const MAX_ALERTS: usize = 256;
/// PrtAlertGroupTC markerSupplies.
const MARKER_SUPPLIES: i64 = 11;

/// Codes that record an end or an arrival, not a condition: closed, switched on, powered up, ready, entry removed.
const ENDINGS: [i64; 9] = [4, 6, 19, 20, 25, 502, 503, 507, 1801];

/// All rows, or rows made of the error bits.
pub(crate) fn read(context: &mut Context<'_>, errors: Option<&[String]>) -> Vec<Alert> {
    let table = Table::new(context.rows, oids::ALERT);
    let indices = table.indices(MAX_ALERTS, "prtAlertTable", context);
    let mut alerts: Vec<Alert> = indices.iter().filter_map(|index| alert(&table, index, context)).collect();
    if !alerts.iter().any(|alert| alert.active) {
        alerts.extend(errors.unwrap_or_default().iter().filter_map(|error| from_error_bit(error, context)));
    }
    alerts
}

/// The codes of active alerts about one row of prtMarkerSuppliesTable.
pub(crate) fn codes_about_supply(context: &mut Context<'_>) -> Vec<(u32, i64, i64)> {
    let table = Table::new(context.rows, oids::ALERT);
    let indices = table.indices(MAX_ALERTS, "prtAlertTable", context);
    let about = indices.iter().filter(|index| table.number(GROUP, index) == Some(MARKER_SUPPLIES));
    about
        .filter_map(|index| {
            let device = if index.len() == 2 { *index.first()? } else { context.device };
            let code = table.number(CODE, index).filter(|code| !is_ending(*code))?;
            Some((device, table.number(GROUP_INDEX, index)?, code))
        })
        .collect()
}

fn alert(table: &Table<'_>, index: &Index, context: &mut Context<'_>) -> Option<Alert> {
    let number = |column| table.number(column, index);
    let (severity, group, code) = (number(SEVERITY), number(GROUP), number(CODE));
    let text = table.octets(DESCRIPTION, index).map(|octets| context.descriptions.text(octets)).unwrap_or_default();
    // A slot that the firmware keeps but does not use.
    if text.is_empty() && [severity, group, code].iter().all(|number| number.is_none_or(|number| number == 0)) {
        return None;
    }
    let code_name = code.and_then(enums::alert_code);
    // Without the column that tells, a row about a sub-unit is taken for a condition.
    let grave = severity.map_or(group.is_some_and(|group| group >= 3), |severity| severity >= 3);
    let names_condition = grave || code.is_some_and(|code| code > 2);
    Some(Alert {
        index: dotted(index),
        severity: severity.and_then(enums::alert_severity).unwrap_or("unknown").to_owned(),
        training: number(TRAINING).and_then(enums::alert_training).map(str::to_owned),
        group: group.and_then(enums::alert_group).map(str::to_owned),
        code,
        description: if text.is_empty() { describe(group, number(GROUP_INDEX), code) } else { text },
        code_name,
        location: number(LOCATION).filter(|location| *location >= 0),
        service_code: None,
        active: names_condition && !code.is_some_and(is_ending),
        source: table.source(&[CODE, DESCRIPTION, SEVERITY, GROUP, GROUP_INDEX, TRAINING, LOCATION], index),
    })
    .filter(|_| COLUMNS.iter().any(|column| table.cell(*column, index).is_some()))
}

fn is_ending(code: i64) -> bool {
    let generic = if code >= 30_000 { code % 100 } else { code };
    ENDINGS.contains(&generic)
}

/// A text where the device has none: the code's name, with the sub-unit's group in front where the name lacks it.
fn describe(group: Option<i64>, row: Option<i64>, code: Option<i64>) -> String {
    let place = group.and_then(enums::alert_group).map(sentence);
    let row = row.filter(|row| *row > 0);
    let what = match (code, code.and_then(enums::alert_code)) {
        (_, Some(name)) => sentence(&name),
        (Some(code), None) => format!("Alert code {code}"),
        (None, None) => "Alert".to_owned(),
    };
    match (place, row) {
        (Some(place), Some(row)) => format!("{what} ({} {row})", place.to_lowercase()),
        (Some(place), None) => format!("{what} ({})", place.to_lowercase()),
        (None, _) => what,
    }
}

/// hrPrinterDetectedErrorState's bits: severity, group and text.
const BITS: [(&str, &str, &str, &str); 15] = [
    ("low_paper", "warning", "input", "Paper is low"),
    ("no_paper", "critical", "input", "Out of paper"),
    ("low_toner", "warning", "marker_supplies", "Toner or ink is low"),
    ("no_toner", "critical", "marker_supplies", "Out of toner or ink"),
    ("door_open", "critical", "cover", "A door is open"),
    ("jammed", "critical", "media_path", "Paper jam"),
    ("offline", "critical", "general_printer", "The printer is offline"),
    ("service_requested", "warning", "general_printer", "Service is requested"),
    ("input_tray_missing", "critical", "input", "An input tray is missing"),
    ("output_tray_missing", "critical", "output", "An output tray is missing"),
    ("marker_supply_missing", "critical", "marker_supplies", "A supply is missing"),
    ("output_near_full", "warning", "output", "An output tray is almost full"),
    ("output_full", "critical", "output", "An output tray is full"),
    ("input_tray_empty", "warning", "input", "An input tray is empty"),
    ("overdue_prevent_maint", "warning", "general_printer", "Preventive maintenance is overdue"),
];

fn from_error_bit(error: &str, context: &Context<'_>) -> Option<Alert> {
    let (name, severity, group, text) = BITS.into_iter().find(|(name, ..)| *name == error)?;
    let source = errors_oid(context).map(|oid| source(&oid)).unwrap_or_default();
    Some(Alert {
        index: format!("error.{name}"),
        severity: severity.to_owned(),
        training: None,
        group: Some(group.to_owned()),
        code: None,
        code_name: None,
        description: text.to_owned(),
        location: None,
        service_code: None,
        active: true,
        source: Source { rule: Some("error_bits".to_owned()), ..source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Hints;
    use crate::standard::recorded::rows;

    fn alerts(text: &str, errors: &[&str]) -> Vec<Alert> {
        let rows = rows(text);
        let errors: Vec<String> = errors.iter().map(|error| (*error).to_owned()).collect();
        read(&mut Context::new(&rows, &Hints::default()), Some(&errors))
    }

    fn row(index: u32, [severity, group, row, code]: [i64; 4], text: &str) -> String {
        let entry = "1.3.6.1.2.1.43.18.1.1";
        format!(
            "{entry}.2.1.{index}|2|{severity}\n{entry}.4.1.{index}|2|{group}\n{entry}.5.1.{index}|2|{row}\n\
             {entry}.7.1.{index}|2|{code}\n{entry}.8.1.{index}|4|{text}\n"
        )
    }

    #[test]
    fn rows_say_what_and_whether_it_lasts() {
        let check = |numbers: [i64; 4], text: &str, description: &str, active: bool| {
            let alerts = alerts(&row(5, numbers, text), &[]);
            assert_eq!(alerts.len(), 1, "{numbers:?}");
            assert_eq!((alerts[0].description.as_str(), alerts[0].active), (description, active), "{numbers:?}");
            assert_eq!(alerts[0].index, "1.5");
        };
        check([4, 8, 2, 808], "Load tray 2", "Load tray 2", true);
        check([4, 8, 2, 808], "", "Input media supply empty (input 2)", true);
        check([3, 30, 1, 30213], "", "Stapler empty (fin device 1)", true);
        check([3, 77, 1, 4242], "", "Alert code 4242", true);
        check([4, 5, 1, 503], "", "Power up (general printer 1)", false);
        check([5, 6, 1, 4], "Cover closed", "Cover closed", false);
        check([5, 18, -1, 1801], "", "Alert removal of binary change entry (alert)", false);
        check([0, 0, 0, 0], "Sleep", "Sleep", false);
        check([1, 1, -1, 1], "Idle", "Idle", false);
        check([3, 1, -1, 1], "Call service", "Call service", true);
    }

    #[test]
    fn an_unused_slot_is_no_alert() {
        assert!(alerts(&row(2, [0, 0, 0, 0], ""), &[]).is_empty());
    }

    #[test]
    fn error_bits_speak_where_the_table_is_silent() {
        let silent = alerts("1.3.6.1.2.1.25.3.5.1.2.1|4x|04", &["jammed"]);
        assert_eq!(silent.len(), 1);
        assert_eq!(silent[0].group.as_deref(), Some("media_path"));
        assert_eq!(silent[0].source.oid.as_deref(), Some("1.3.6.1.2.1.25.3.5.1.2.1"));
        assert_eq!(alerts(&row(1, [0, 0, 0, 0], "Sleep"), &["jammed"]).len(), 2);
        assert_eq!(alerts(&row(1, [3, 13, 1, 8], "Jam"), &["jammed"]).len(), 1);
    }
}
