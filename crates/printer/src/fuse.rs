//! One reading out of several sources.

use crate::reading::{Fact, Reading};

/// Adds what a second source says. The first one keeps its word where both say something.
pub fn fuse(reading: &mut Reading, second: Reading) {
    let (ours, theirs) = (&mut reading.identity, second.identity);
    fill(&mut ours.vendor, theirs.vendor);
    fill(&mut ours.model, theirs.model);
    fill(&mut ours.serial, theirs.serial);
    fill(&mut ours.firmware, theirs.firmware);
    fill(&mut ours.mac, theirs.mac);
    fill(&mut ours.hostname, theirs.hostname);
    fill(&mut ours.asset, theirs.asset);
    fill(&mut ours.location, theirs.location);
    reading.total = reading.total.take().or(second.total);
    reading.meters.extend(second.meters);
    reading.supplies.extend(second.supplies);
    let (ours, theirs) = (&mut reading.status, second.status);
    ours.printer = ours.printer.take().or(theirs.printer);
    ours.device = ours.device.take().or(theirs.device);
    if let Some(errors) = theirs.errors {
        let ours = ours.errors.get_or_insert_default();
        for error in errors {
            if !ours.contains(&error) {
                ours.push(error);
            }
        }
    }
    reading.alerts.extend(second.alerts);
    reading.counts.extend(second.counts);
    reading.maintenance.extend(second.maintenance);
    reading.details.extend(second.details);
    reading.quirks.extend(second.quirks);
    reading.doubts.extend(second.doubts);
}

fn fill(ours: &mut Option<Fact>, theirs: Option<Fact>) {
    if ours.is_none() {
        *ours = theirs;
    }
}
