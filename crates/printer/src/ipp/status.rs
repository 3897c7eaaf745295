//! printer-state, printer-state-reasons (RFC 8011 §5.4.11, §5.4.12) and printer-alert (PWG 5100.9).

use super::attributes::{Attributes, Pairs};
use super::source;
use crate::reading::{Alert, Reading};
use crate::standard::enums;

const MOST_CODE: i64 = 2_000;

/// Reasons without their suffix, and the bit of hrPrinterDetectedErrorState that each is (PWG 5100.9 §6).
const REASONS: [(&str, &str); 20] = [
    ("media-low", "low_paper"),
    ("media-empty", "no_paper"),
    ("media-needed", "no_paper"),
    ("media-jam", "jammed"),
    ("toner-low", "low_toner"),
    ("marker-supply-low", "low_toner"),
    ("toner-empty", "no_toner"),
    ("marker-supply-empty", "no_toner"),
    ("marker-supply-missing", "marker_supply_missing"),
    ("door-open", "door_open"),
    ("cover-open", "door_open"),
    ("interlock-open", "door_open"),
    ("shutdown", "offline"),
    ("offline", "offline"),
    ("input-tray-missing", "input_tray_missing"),
    ("output-tray-missing", "output_tray_missing"),
    ("output-area-almost-full", "output_near_full"),
    ("output-area-full", "output_full"),
    ("service-requested", "service_requested"),
    ("fuser-over-temp", "service_requested"),
];

pub(super) fn read(attributes: &Attributes, reading: &mut Reading) {
    let state = match attributes.number("printer-state") {
        Some(3) => Some(("idle", "running")),
        Some(4) => Some(("printing", "running")),
        Some(5) => Some(("other", "down")),
        Some(other) => {
            reading.doubts.push(format!("printer-state is {other}, which RFC 8011 does not define"));
            None
        }
        None => None,
    };
    if let Some((printer, device)) = state {
        reading.status.printer = Some(printer.to_owned());
        reading.status.device = Some(device.to_owned());
    }
    let reasons: Vec<String> =
        attributes.texts("printer-state-reasons").into_iter().filter(|reason| !reason.is_empty()).collect();
    if !reasons.is_empty() {
        let mut errors: Vec<String> = Vec::new();
        for reason in &reasons {
            let known = REASONS.iter().find(|(word, _)| *word == without_suffix(reason));
            let error = known.map(|(_, error)| (*error).to_owned()).filter(|error| !errors.contains(error));
            errors.extend(error);
        }
        reading.status.errors = Some(errors);
    }
    reading.console.extend(attributes.text("printer-state-message"));
    let texts = attributes.texts("printer-alert-description");
    let alerts = attributes.pairs("printer-alert");
    let told = alerts.iter().enumerate().map(|(at, alert)| from_pairs(alert, at, texts.get(at)));
    reading.alerts.extend(told);
    if alerts.is_empty() {
        let told = reasons.iter().filter(|reason| *reason != "none");
        reading.alerts.extend(told.zip(1..).map(|(reason, at)| from_reason(reason, at)));
    }
}

fn without_suffix(reason: &str) -> &str {
    ["-error", "-warning", "-report"].iter().find_map(|suffix| reason.strip_suffix(suffix)).unwrap_or(reason)
}

fn from_reason(reason: &str, at: usize) -> Alert {
    // RFC 8011 §5.4.12: without a suffix it is an error.
    let severity = match reason {
        _ if reason.ends_with("-report") => "other",
        _ if reason.ends_with("-warning") => "warning",
        _ => "critical",
    };
    Alert {
        index: at.to_string(),
        severity: severity.to_owned(),
        training: None,
        group: None,
        code: None,
        code_name: Some(reason.to_owned()),
        description: enums::sentence(&without_suffix(reason).replace('-', "_")),
        location: None,
        service_code: None,
        active: severity != "other",
        source: source("printer-state-reasons"),
    }
}

/// A row of prtAlertTable in words.
fn from_pairs(alert: &Pairs, at: usize, text: Option<&String>) -> Alert {
    let known = |key: &str, words: fn(i64) -> Option<&'static str>| {
        let word = alert.word(key)?;
        (0..64).filter_map(words).find(|known| *known == word).map(str::to_owned)
    };
    let name = alert.text("code").map(str::to_owned);
    let code =
        name.as_ref().and_then(|name| (0..MOST_CODE).find(|code| enums::alert_code(*code).as_ref() == Some(name)));
    let severity = known("severity", enums::alert_severity);
    Alert {
        index: alert.text("index").map_or_else(|| (at + 1).to_string(), str::to_owned),
        active: severity.as_deref().is_some_and(|severity| severity != "other"),
        severity: severity.unwrap_or_else(|| "unknown".to_owned()),
        training: known("training", enums::alert_training),
        group: known("group", enums::alert_group),
        code,
        description: text
            .filter(|text| !text.is_empty())
            .cloned()
            .or_else(|| name.as_deref().map(enums::sentence))
            .unwrap_or_else(|| "Alert".to_owned()),
        code_name: name,
        location: alert.number("location").filter(|location| *location >= 0),
        service_code: None,
        source: source("printer-alert"),
    }
}

#[cfg(test)]
mod tests {
    use crate::ipp::{read, tests::message};

    #[test]
    fn reasons_become_error_bits_and_alerts() {
        let check = |state: i32, reasons: &[&str], errors: &[&str], severities: &[&str]| {
            let state = state.to_be_bytes();
            let mut all: Vec<(u8, &str, &[u8])> = vec![(0x23, "printer-state", &state)];
            let reasons = reasons.iter().enumerate();
            all.extend(reasons.map(|(at, r)| (0x44, if at == 0 { "printer-state-reasons" } else { "" }, r.as_bytes())));
            let reading = read(&message(&all));
            assert_eq!(reading.status.errors.unwrap(), errors);
            assert_eq!(reading.alerts.iter().map(|alert| alert.severity.as_str()).collect::<Vec<_>>(), severities);
        };
        check(3, &["none"], &[], &[]);
        check(5, &["media-jam", "media-empty-error"], &["jammed", "no_paper"], &["critical", "critical"]);
        check(3, &["toner-low-warning", "toner-low-report"], &["low_toner"], &["warning", "other"]);
        check(3, &["vendor-thing-report"], &[], &["other"]);
    }

    #[test]
    fn a_printer_alert_is_a_row_in_words() {
        let reading = read(&message(&[
            (0x30, "printer-alert", b"index=4;code=markerTonerAlmostEmpty;severity=warning;training=untrained;group=markerSupplies;location=-2;"),
            (0x41, "printer-alert-description", b"Toner low"),
        ]));
        let alert = &reading.alerts[0];
        assert_eq!((alert.index.as_str(), alert.code, alert.severity.as_str()), ("4", Some(1104), "warning"));
        assert_eq!((alert.group.as_deref(), alert.training.as_deref()), (Some("marker_supplies"), Some("untrained")));
        assert_eq!((alert.description.as_str(), alert.location, alert.active), ("Toner low", None, true));
    }
}
