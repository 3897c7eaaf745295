//! The table of `scan`.

use super::table::{Styled, Tone, column, draw};
use super::{Look, clean};
use crate::scan::Found;
use dca_printer::{Fact, Status};

/// One line per device; `all` adds why each is, or is not, taken for a printer.
pub fn scan_table(found: &[Found], all: bool, look: Look) -> String {
    let shown: Vec<&Found> = found.iter().filter(|device| all || device.is_printer).collect();
    if shown.is_empty() {
        return String::new();
    }
    let mut columns = vec![
        column("ADDRESS").whole(),
        column("VENDOR").spare(1),
        column("MODEL"),
        column("SERIAL").whole(),
        column("NAME").spare(3),
        column("STATUS").spare(2),
        column("PAGES").right(),
    ];
    if all {
        columns.insert(1, column("PRINTER").whole());
        columns.push(column("WHY"));
    }
    let rows = shown.into_iter().map(|device| row(device, all)).collect();
    draw(&columns, rows, 0, look)
}

fn row(device: &Found, all: bool) -> Vec<Styled> {
    let plain = |text: String| (text, Tone::Plain);
    let fact = |fact: &Option<Fact>| plain(fact.as_ref().map(|fact| fact.value.clone()).unwrap_or_default());
    let identity = &device.identity;
    let pages = device.total.as_ref().map(|total| match total.unit.as_str() {
        "impressions" => total.value.to_string(),
        "meters" => format!("{} m", total.value),
        unit => format!("{} {}", total.value, unit.replace('_', " ")),
    });
    let mut row = vec![
        plain(short_address(&device.address)),
        fact(&identity.vendor),
        fact(&identity.model),
        fact(&identity.serial),
        fact(&identity.hostname),
        status(&device.status),
        plain(pages.unwrap_or_default()),
    ];
    if all {
        let answer = if device.is_printer { ("yes".to_owned(), Tone::Good) } else { ("no".to_owned(), Tone::Dim) };
        row.insert(1, answer);
        row.push((clean::terminal(&device.why), Tone::Dim));
    }
    row
}

/// Without SNMP's own port, which everybody expects.
pub(super) fn short_address(address: &str) -> String {
    address.strip_suffix(":161").unwrap_or(address).to_owned()
}

/// One word of RFC 3805's reading of hrPrinterStatus, hrDeviceStatus and the error bits, and those bits that need somebody.
pub(super) fn status(status: &Status) -> Styled {
    let errors = status.errors.as_deref().unwrap_or_default();
    let stops =
        ["no_paper", "no_toner", "door_open", "jammed", "offline", "service_requested", "marker_supply_missing"];
    let stopped = errors.iter().any(|error| stops.contains(&error.as_str()));
    let word = match (status.device.as_deref(), status.printer.as_deref()) {
        (Some("down"), _) => "down".to_owned(),
        (device, Some("other" | "unknown") | None) => device.unwrap_or_default().to_owned(),
        (_, Some(printer)) => printer.to_owned(),
    };
    let words: Vec<String> = errors.iter().map(|error| error.replace('_', " ")).collect();
    let text = match (word.is_empty(), words.is_empty()) {
        (_, true) => word,
        (true, false) => words.join(", "),
        (false, false) => format!("{word}: {}", words.join(", ")),
    };
    let tone = match status.device.as_deref() {
        Some("down") => Tone::Bad,
        _ if stopped => Tone::Bad,
        Some("warning") => Tone::Warn,
        _ if !errors.is_empty() => Tone::Warn,
        _ => Tone::Plain,
    };
    (text, tone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_in_a_word() {
        let check = |printer: Option<&str>, device: Option<&str>, errors: &[&str], expected: &str, tone: Tone| {
            let errors = Some(errors.iter().map(|&error| error.to_owned()).collect());
            let (printer, device) = (printer.map(str::to_owned), device.map(str::to_owned));
            assert_eq!(status(&Status { printer, device, errors }), (expected.to_owned(), tone));
        };
        check(Some("idle"), Some("running"), &[], "idle", Tone::Plain);
        check(Some("other"), Some("running"), &[], "running", Tone::Plain);
        check(Some("idle"), Some("warning"), &["low_toner"], "idle: low toner", Tone::Warn);
        check(Some("other"), Some("down"), &["no_paper", "door_open"], "down: no paper, door open", Tone::Bad);
        check(None, None, &["jammed"], "jammed", Tone::Bad);
        check(None, None, &[], "", Tone::Plain);
    }
}
