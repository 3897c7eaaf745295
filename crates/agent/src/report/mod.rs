//! Results as text: tables for people, JSON for programs, CSV for spreadsheets.
//!
//! Everything here returns a `String`; who prints it decides where to. Whatever came from a device is stripped of what a
//! terminal or a spreadsheet would obey (see [`clean`]).

pub mod clean;
mod csv;
mod reading;
mod scan;
mod table;
mod unread;
pub mod wire;

pub use csv::{readings_csv, scan_csv};
pub use reading::reading_text;
pub use scan::scan_table;
pub use unread::unread_table;

use serde::Serialize;

/// How a text for people looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Columns of the terminal; `None` for no limit.
    pub width: Option<u16>,
    /// Colours and bold.
    pub color: bool,
    /// Show where each figure comes from.
    pub sources: bool,
}

/// Pretty JSON with a line feed at its end.
pub fn json<T: Serialize>(value: &T) -> String {
    // The types here have string keys and finite numbers: there is nothing that cannot be written.
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| "null".to_owned());
    clean::json(&text) + "\n"
}
