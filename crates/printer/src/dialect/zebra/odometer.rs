//! `~HQOD`: how much it has printed.
//!
//! ```text
//! PRINT METERS
//!  TOTAL NONRESETTABLE:        1330401 "
//!  USER RESETTABLE CNTR1:      1330401 "
//! ```

use super::labelled::labelled;
use super::length::{self, Length};

/// The lines of the odometer, each with its label and its length, if it is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Odometer {
    /// Over the life of the printer.
    pub lines: Vec<(String, Option<Length>)>,
}

/// The line that nobody can set back.
pub(super) const LIFETIME: &str = "TOTAL NONRESETTABLE";

pub(super) fn parse(lines: &[String]) -> Option<Odometer> {
    let lines: Vec<_> = labelled(lines, ':').map(|(label, value)| (label.to_owned(), length::parse(value))).collect();
    (!lines.is_empty()).then_some(Odometer { lines })
}
