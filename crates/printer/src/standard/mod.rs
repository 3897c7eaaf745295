//! The standard MIBs. The reader itself is built on its own branch; what is here has its shape.

mod oids;
pub(crate) mod table;
pub(crate) mod text;

pub use oids::{denied, discovery, subtrees};

use crate::reading::{Reading, Verdict};
use crate::rows::Rows;

/// What a profile knows of how its devices depart from the standard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// A receptacle's prtMarkerSuppliesLevel is how full it is, not the room left.
    pub receptacle_reports_fill: bool,
    /// A level of 0 to 100 beside a maximum that is unknown (-2, -1 or 0) is a percentage.
    pub percent_without_capacity: bool,
    /// The markers count different pages: their counts add up to the total. Otherwise they are taken to count the same.
    pub markers_add_up: bool,
}

pub(crate) struct Context<'a>(std::marker::PhantomData<&'a ()>);
impl Context<'_> {
    pub(crate) fn doubt(&mut self, _: String) {}
}

/// Reads a device by the standard MIBs.
pub fn read(rows: &Rows, _: &Hints) -> Reading {
    Reading { is_printer: verdict(rows).is_printer, ..Reading::default() }
}

/// Is this a printer.
pub fn verdict(rows: &Rows) -> Verdict {
    let is_printer = rows.under(oids::PRINTER_MIB).next().is_some();
    Verdict { is_printer, why: "Printer-MIB rows".to_owned() }
}
