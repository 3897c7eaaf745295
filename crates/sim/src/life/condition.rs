//! Conditions that come and go, as alerts name them, and what follows from each by default.

use super::wear::Fill;
use crate::scheme::{Alert, ErrorBit, Severity, Sheet, SupplyClass, SupplyType};

/// A condition of one device. Numbers count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Supply(usize, Fill),
    Tray(usize, Fill),
    Jam,
    CoverOpen,
    Always,
}

/// The words `when` is made of, checked against what the device has. More than one where no number is given.
pub(crate) fn parse(when: &str, sheet: &Sheet) -> Option<Vec<Condition>> {
    let words: Vec<&str> = when.split_whitespace().collect();
    let fill = |word: &str| match word {
        "low" => Some(Fill::Low),
        "empty" => Some(Fill::Empty),
        _ => None,
    };
    let number = |word: &str, count: usize| word.parse::<usize>().ok()?.checked_sub(1).filter(|n| *n < count);
    Some(match *words.as_slice() {
        ["supply", state] => {
            let state = fill(state)?;
            (0..sheet.supplies.len()).map(|n| Condition::Supply(n, state)).collect()
        }
        ["supply", n, state] => vec![Condition::Supply(number(n, sheet.supplies.len())?, fill(state)?)],
        ["tray", state] => {
            let state = fill(state)?;
            (0..sheet.trays.len()).map(|n| Condition::Tray(n, state)).collect()
        }
        ["tray", n, state] => vec![Condition::Tray(number(n, sheet.trays.len())?, fill(state)?)],
        ["jam"] => vec![Condition::Jam],
        ["cover", "open"] if !sheet.covers.is_empty() => vec![Condition::CoverOpen],
        ["always"] => vec![Condition::Always],
        _ => return None,
    })
}

/// An alert with everything that the file left out.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) condition: Condition,
    pub(crate) severity: i64,
    pub(crate) training: i64,
    pub(crate) group: i64,
    pub(crate) group_index: i64,
    pub(crate) location: i64,
    pub(crate) code: i64,
    pub(crate) text: String,
    pub(crate) bits: Vec<ErrorBit>,
}

impl Rule {
    pub(crate) fn new(alert: &Alert, condition: Condition, sheet: &Sheet) -> Self {
        let usual = Usual::of(condition, sheet);
        let training = alert.training.map_or(3, |training| training.code());
        Self {
            condition,
            severity: alert.severity.unwrap_or(usual.severity).code(),
            training,
            group: alert.group.unwrap_or(usual.group),
            group_index: usual.group_index,
            location: alert.location,
            code: alert.code.unwrap_or(usual.code),
            text: alert.text.replace("{description}", &usual.description),
            bits: alert.bits.clone().unwrap_or(usual.bits),
        }
    }

    pub(crate) fn is_critical(&self) -> bool {
        self.severity == Severity::Critical.code()
    }
}

struct Usual {
    severity: Severity,
    group: i64,
    group_index: i64,
    code: i64,
    description: String,
    bits: Vec<ErrorBit>,
}

impl Usual {
    fn of(condition: Condition, sheet: &Sheet) -> Self {
        match condition {
            Condition::Supply(n, fill) => Self::of_supply(n, fill, sheet),
            Condition::Tray(n, fill) => {
                let (code, bits) = match fill {
                    Fill::Empty => (808, vec![ErrorBit::InputTrayEmpty]),
                    _ => (807, vec![ErrorBit::LowPaper]),
                };
                let description = sheet.trays.get(n).map(|tray| tray.name.clone()).unwrap_or_default();
                Self { severity: Severity::Warning, group: 8, group_index: n as i64 + 1, code, description, bits }
            }
            Condition::Jam => Self::plain(Severity::Critical, 13, 8, vec![ErrorBit::Jammed]),
            Condition::CoverOpen => Self::plain(Severity::Critical, 6, 3, vec![ErrorBit::DoorOpen]),
            Condition::Always => Self::plain(Severity::Other, 5, 1, Vec::new()),
        }
    }

    fn plain(severity: Severity, group: i64, code: i64, bits: Vec<ErrorBit>) -> Self {
        Self { severity, group, group_index: 1, code, description: String::new(), bits }
    }

    fn of_supply(n: usize, fill: Fill, sheet: &Sheet) -> Self {
        let supply = sheet.supplies.get(n);
        let kind = supply.map_or(SupplyType::Unknown, |supply| supply.kind);
        let receptacle = supply.is_some_and(|supply| supply.class == SupplyClass::Receptacle);
        let empty = fill == Fill::Empty;
        let (low_code, empty_code) = match kind {
            SupplyType::Toner | SupplyType::TonerCartridge => (1104, 1101),
            SupplyType::Ink | SupplyType::InkCartridge => (1105, 1102),
            SupplyType::InkRibbon => (1106, 1103),
            SupplyType::WasteToner => (1107, 1109),
            SupplyType::WasteInk => (1108, 1110),
            SupplyType::Opc => (1111, 1112),
            SupplyType::Developer => (1113, 1114),
            _ if receptacle => (14, 15),
            _ => (10, 11),
        };
        let bits = match (kind.is_toner(), empty) {
            (true, true) => vec![ErrorBit::NoToner],
            (true, false) => vec![ErrorBit::LowToner],
            (false, true) => vec![ErrorBit::ServiceRequested],
            (false, false) => Vec::new(),
        };
        Self {
            severity: if empty && kind.is_toner() { Severity::Critical } else { Severity::Warning },
            group: 11,
            group_index: n as i64 + 1,
            code: if empty { empty_code } else { low_code },
            description: supply.map(|supply| supply.description.clone()).unwrap_or_default(),
            bits,
        }
    }
}
