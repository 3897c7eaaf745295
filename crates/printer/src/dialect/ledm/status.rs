//! ProductStatusDyn: what the device is doing and what it complains of.
//!
//! Some categories are information and no state (genuineHP: the cartridge is the maker's own). A word that is not known
//! here stays what it is, an alert's name; no state is made of it.

use super::page::Element;
use super::source;
use crate::reading::{Alert, Reading};

const PAGE: &str = "ProductStatusDyn";
const MOST_ALERTS: usize = 64;

/// StatusCategory: hrPrinterStatus and hrDeviceStatus. Power save is RFC 3805's standby: running, but "other".
const DOING: [(&str, (&str, &str)); 7] = [
    ("processing", ("printing", "running")),
    ("copying", ("printing", "running")),
    ("cancelJob", ("printing", "running")),
    ("initializing", ("warmup", "running")),
    ("ready", ("idle", "running")),
    ("inPowerSave", ("other", "running")),
    ("shuttingDown", ("other", "down")),
];

/// StatusCategory: bits of hrPrinterDetectedErrorState.
const ERRORS: [(&str, &str); 7] = [
    ("trayEmpty", "input_tray_empty"),
    ("trayEmptyOrOpen", "input_tray_empty"),
    ("jamInPrinter", "jammed"),
    ("closeDoorOrCover", "door_open"),
    ("cartridgeMissing", "marker_supply_missing"),
    ("outputBinFull", "output_full"),
    ("hardError", "service_requested"),
];

pub(super) fn read(page: Element<'_>, reading: &mut Reading) {
    let categories: Vec<String> = page.all("Status").filter_map(|status| status.text("StatusCategory")).collect();
    let doing = DOING.iter().find(|(word, _)| categories.iter().any(|category| category == word));
    if let Some((_, (printer, device))) = doing {
        reading.status.printer = Some((*printer).to_owned());
        reading.status.device = Some((*device).to_owned());
    }
    if !categories.is_empty() {
        let set = ERRORS.iter().filter(|(word, _)| categories.iter().any(|category| category == word));
        let mut errors: Vec<String> = set.map(|(_, error)| (*error).to_owned()).collect();
        errors.dedup();
        reading.status.errors = Some(errors);
    }
    reading.console.extend(page.all("Status").filter_map(|status| status.text("LocString")));
    let alerts = page.at("AlertTable").map(|table| table.all("Alert").take(MOST_ALERTS).zip(1..));
    reading.alerts.extend(alerts.into_iter().flatten().filter_map(|(alert, at)| self::alert(alert, at)));
}

fn alert(alert: Element<'_>, at: usize) -> Option<Alert> {
    let name = alert.text("ProductStatusAlertID")?;
    let told = alert.text("Severity").unwrap_or_default();
    let severity = match told.as_str() {
        "Error" | "StrictError" => "critical",
        "Warning" | "StrictWarning" => "warning",
        "Info" => "other",
        _ => "unknown",
    };
    Some(Alert {
        index: at.to_string(),
        severity: severity.to_owned(),
        training: None,
        group: None,
        code: None,
        description: alert.text("LocString").unwrap_or_else(|| name.clone()),
        // A word for what is as it should be is no condition, whatever severity stands beside it.
        active: told != "Info" && !name.starts_with("genuine"),
        code_name: Some(name),
        location: None,
        service_code: None,
        source: source(PAGE, "AlertTable/Alert/ProductStatusAlertID"),
    })
}

#[cfg(test)]
mod tests {
    use crate::reading::Status;

    #[test]
    fn information_is_no_state() {
        let check = |categories: &[&str], printer: Option<&str>, device: Option<&str>, errors: Option<&[&str]>| {
            let status: String = categories
                .iter()
                .map(|word| format!("<Status><StatusCategory>{word}</StatusCategory></Status>"))
                .collect();
            let page = format!("<ProductStatusDyn>{status}</ProductStatusDyn>");
            let errors = errors.map(|errors| errors.iter().map(|&error| error.to_owned()).collect());
            let expected = Status { printer: printer.map(str::to_owned), device: device.map(str::to_owned), errors };
            assert_eq!(super::super::read(&[page.as_bytes()]).status, expected, "{categories:?}");
        };
        check(&["ready"], Some("idle"), Some("running"), Some(&[]));
        check(&["genuineHP"], None, None, Some(&[]));
        check(&["genuineHP", "inPowerSave"], Some("other"), Some("running"), Some(&[]));
        check(&["processing", "trayEmpty"], Some("printing"), Some("running"), Some(&["input_tray_empty"]));
        check(&["somethingNew"], None, None, Some(&[]));
        check(&[], None, None, None);
    }
}
