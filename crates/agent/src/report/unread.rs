//! The rows that a profile leaves unread.

use super::table::{Tone, column, draw};
use super::{Look, clean};
use crate::workbench::Unread;

/// A line per row. A device may have thousands: on a terminal, too, nothing is left out, since the one that is wanted may
/// be the last.
pub fn unread_table(rows: &[Unread], look: Look) -> String {
    if rows.is_empty() {
        return "No row of the vendor's tree is left unread.\n".to_owned();
    }
    let title = format!("Not read: {} rows of the vendor's tree\n", rows.len());
    let cell = |text: &str| (clean::terminal(text), Tone::Plain);
    let lines =
        rows.iter().map(|row| vec![cell(&row.oid), cell(row.label.as_deref().unwrap_or_default()), cell(&row.value)]);
    title + &draw(&[column("OID").whole(), column("LABEL"), column("VALUE")], lines.collect(), 2, look)
}
