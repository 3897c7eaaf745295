//! Recorded walks as text: `.snmprec` (snmpsim) and the output of net-snmp's `snmpwalk -On`.
//!
//! ```text
//! 1.3.6.1.2.1.1.1.0|4|Brother NC-8700w              snmprec: OID | tag | value, `x` after the tag for hex octets
//! .1.3.6.1.2.1.1.1.0 = STRING: "Brother NC-8700w"   snmpwalk -On
//! ```
//!
//! A line that cannot be read is reported with its number and left out; the rest is kept.

use crate::oid::Oid;
use crate::value::Value;
use core::fmt::Write as _;

mod snmprec;
mod snmpwalk;

/// What a text held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording {
    /// The rows, sorted by OID; of two with the same OID the first.
    pub rows: Vec<(Oid, Value)>,
    /// The lines that were left out.
    pub problems: Vec<Problem>,
}

/// A line that was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// What was expected.
    pub what: String,
}

/// Reads a recording; the format is told by its first row.
pub fn parse(text: &str) -> Recording {
    let walk = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let mut recording = match walk {
        Some(line) if line.contains(" = ") && !line.split(" = ").next().is_some_and(|name| name.contains('|')) => {
            snmpwalk::parse(text)
        }
        _ => snmprec::parse(text),
    };
    recording.rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    recording.rows.dedup_by(|(later, _), (kept, _)| later == kept);
    recording
}

/// One row as a line of `.snmprec`, without the line's end. `None` for a value the format has no tag for.
pub fn snmprec_line(oid: &Oid, value: &Value) -> Option<String> {
    snmprec::line(oid, value)
}

/// One row as `snmpwalk -On` prints it, without the line's end.
pub fn snmpwalk_line(oid: &Oid, value: &Value) -> String {
    snmpwalk::line(oid, value)
}

fn hex(octets: &[u8], separator: &str) -> String {
    let mut text = String::with_capacity(octets.len() * (2 + separator.len()));
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 {
            text.push_str(separator);
        }
        let _ = write!(text, "{octet:02x}");
    }
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|octet| !octet.is_ascii_whitespace()).collect();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some((nibble(*high)? << 4 | nibble(*low)?) as u8),
            _ => None,
        })
        .collect()
}
