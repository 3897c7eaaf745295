//! The status line of older large-format devices (Latex, DesignJet): `severity|message|`.
//!
//! Their other pages are HTML of which no recording exists, so nothing is read from them.

use crate::reading::{Alert, Reading, Source};
use crate::standard::text::clean;

/// Where the line is asked for.
pub const STATUS: &str = "/hp/device/webAccess/printer_status_core.jsp";

pub(super) fn read(line: &str, reading: &mut Reading) {
    let mut parts = line.trim().split('|');
    let (Some(told), Some(message), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        reading.doubts.push("a page is neither XML nor a line of severity|message|".to_owned());
        return;
    };
    let (told, message) = (clean(told), clean(message));
    let (severity, device) = match told.to_lowercase().as_str() {
        "critical" | "severe" | "error" => ("critical", "down"),
        "major" | "minor" | "warning" => ("warning", "warning"),
        "ok" | "ready" | "none" | "normal" | "info" => ("other", "running"),
        _ => {
            reading.doubts.push(format!("the severity {told:?} is none that is known"));
            ("unknown", "unknown")
        }
    };
    reading.status.device = Some(device.to_owned());
    if message.is_empty() {
        return;
    }
    reading.alerts.push(Alert {
        index: (reading.alerts.len() + 1).to_string(),
        severity: severity.to_owned(),
        training: None,
        group: None,
        code: None,
        code_name: None,
        description: message,
        location: None,
        service_code: None,
        active: severity != "other",
        source: Source { url: Some(STATUS.to_owned()), label: Some(told), ..Source::default() },
    });
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_becomes_an_alert() {
        let check = |line: &str, device: Option<&str>, alert: Option<(&str, &str, bool)>, doubts: usize| {
            let reading = super::super::read(&[line.as_bytes()]);
            assert_eq!(reading.status.device.as_deref(), device, "{line}");
            let told = reading.alerts.first().map(|a| (a.severity.as_str(), a.description.as_str(), a.active));
            assert_eq!((told, reading.doubts.len()), (alert, doubts), "{line}");
        };
        check("minor|A cartridge is low|\r\n", Some("warning"), Some(("warning", "A cartridge is low", true)), 0);
        check("ok||", Some("running"), None, 0);
        check("odd|Something|", Some("unknown"), Some(("unknown", "Something", true)), 1);
        check("no line", None, None, 1);
        check("", None, None, 1);
    }
}
