//! Who a device is and what it is doing, by two sources.

use super::{Doubts, lowered, raised};
use crate::reading::{Fact, Identity, Status};

pub(super) fn join(own: Identity, other: Identity, doubts: &mut Doubts) -> Identity {
    let mut fact = |what: &str, own: Option<Fact>, other: Option<Fact>, compare: bool| match (own, other) {
        (Some(own), Some(other)) if compare => Some(one(what, own, other, doubts)),
        (own, other) => own.or(other),
    };
    Identity {
        vendor: fact("vendor", own.vendor, other.vendor, true),
        // Names of one model differ by source ("X 100" and "X 100 series"); versions are of different parts; names and
        // places may be set per protocol. None of these says that a figure is wrong.
        model: fact("model", own.model, other.model, false),
        serial: fact("serial number", own.serial, other.serial, true),
        firmware: fact("firmware", own.firmware, other.firmware, false),
        mac: fact("MAC address", own.mac, other.mac, true),
        hostname: fact("name", own.hostname, other.hostname, false),
        asset: fact("asset number", own.asset, other.asset, true),
        location: fact("location", own.location, other.location, false),
    }
}

fn one(what: &str, mut own: Fact, other: Fact, doubts: &mut Doubts) -> Fact {
    if own.value.eq_ignore_ascii_case(&other.value) {
        own.confidence = raised(own.confidence, other.confidence);
    } else {
        doubts.differ(what, (&own.value, &own.source), (&other.value, &other.source));
        own.confidence = lowered(own.confidence, other.confidence);
    }
    own
}

/// The first source's words; error bits are told by whoever sees them. Statuses are of different moments: they are not
/// compared.
pub(super) fn status(own: &mut Status, other: Status) {
    if own.printer.is_none() && own.device.is_none() {
        (own.printer, own.device) = (other.printer, other.device);
    }
    match (&mut own.errors, other.errors) {
        (Some(own), Some(other)) => {
            let new: Vec<String> = other.into_iter().filter(|error| !own.contains(error)).collect();
            own.extend(new);
        }
        (own @ None, other) => *own = other,
        (Some(_), None) => {}
    }
}
