//! What the standard MIBs say of any printer: MIB-II, HOST-RESOURCES-MIB (RFC 2790), Printer-MIB (RFC 3805) and the PWG
//! port monitor MIB. One module for each idea; [`read`] puts them together and never fails: an odd value becomes a doubt,
//! a missing one stays missing.

pub(crate) mod alerts;
pub(crate) mod brand;
pub(crate) mod color;
pub(crate) mod device;
pub(crate) mod device_id;
pub(crate) mod enums;
mod identity;
mod meters;
mod model;
pub(crate) mod oids;
pub(crate) mod serials;
mod status;
pub(crate) mod supplies;
pub(crate) mod table;
pub(crate) mod text;
mod trays;
mod verdict;

#[cfg(test)]
pub(crate) mod recorded;

pub use brand::understands;
pub use identity::{brand, identity};
pub(crate) use oids::{HOT, LEVELS};
pub use oids::{columns, denied, discovery, instances};
pub use verdict::verdict;

use crate::reading::Reading;
use crate::rows::Rows;
use text::Decoder;

/// The most doubts that one reading carries.
const MAX_DOUBTS: usize = 32;

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

/// Reads a device by the standard MIBs. `profile` of the result is empty: the caller knows it.
pub fn read(rows: &Rows, hints: &Hints) -> Reading {
    let mut context = Context::new(rows, hints);
    let verdict = verdict(rows);
    let status = status::read(&mut context);
    let alerts = alerts::read(&mut context, status.errors.as_deref());
    let (meters, total) = meters::read(&mut context);
    let supplies = supplies::read(&mut context, status.errors.as_deref());
    let inputs = trays::inputs(&mut context);
    let outputs = trays::outputs(&mut context);
    let covers = trays::covers(&mut context);
    let console = trays::console(&mut context);
    let identity = identity::read(&mut context);
    Reading {
        is_printer: verdict.is_printer,
        identity,
        total,
        meters,
        supplies,
        status,
        alerts,
        console,
        inputs,
        outputs,
        covers,
        doubts: context.doubts,
        ..Reading::default()
    }
}

/// What the readers of one device share.
pub(crate) struct Context<'a> {
    pub(crate) rows: &'a Rows,
    pub(crate) hints: &'a Hints,
    /// The printer's hrDeviceIndex.
    pub(crate) device: u32,
    pub(crate) descriptions: Decoder,
    doubts: Vec<String>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(rows: &'a Rows, hints: &'a Hints) -> Self {
        let device = device::printer_index(rows).unwrap_or(1);
        let descriptions = Decoder::for_descriptions(rows, device);
        Self { rows, hints, device, descriptions, doubts: Vec::new() }
    }

    /// Notes what could not be made sense of, one sentence.
    pub(crate) fn doubt(&mut self, sentence: String) {
        if self.doubts.len() < MAX_DOUBTS && !self.doubts.contains(&sentence) {
            self.doubts.push(sentence);
        }
    }
}
