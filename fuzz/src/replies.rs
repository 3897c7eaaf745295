//! Replies that are not SNMP: a raw port, pages, IPP. Whatever comes, reading it ends, and nothing absurd comes out.

use dca_printer::{Form, Reading, fuse, ipp as printing, ledm as pages};

/// What a label printer sends.
pub fn zebra(octets: &[u8]) {
    if let Some(form) = Form::named("zebra") {
        form.decode(octets).into_iter().flatten().for_each(|one| is_sane(&one.reading));
    }
}

/// Pages of a printer, apart by a NUL: each alone, and all as one device.
pub fn ledm(octets: &[u8]) {
    let parts: Vec<&[u8]> = octets.split(|octet| *octet == 0).take(8).collect();
    for page in &parts {
        is_sane(&pages::read(&[page]));
        let _ = pages::pages(page);
    }
    let mut all = pages::read(&parts);
    is_sane(&all);
    let (before, twin) = (all.meters.len(), all.clone());
    fuse(&mut all, twin);
    is_sane(&all);
    assert!(all.meters.len() >= before, "a second source took a meter away");
}

/// An answer to Get-Printer-Attributes.
pub fn ipp(octets: &[u8]) {
    is_sane(&printing::read(octets));
}

fn is_sane(reading: &Reading) {
    for supply in &reading.supplies {
        assert!(supply.percent.is_none_or(|percent| (0.0..=100.0).contains(&percent)), "{supply:?}");
        assert!(supply.level.is_none_or(|level| level >= 0), "{supply:?}");
    }
    for part in &reading.maintenance {
        assert!(part.percent.is_none_or(|percent| (0.0..=100.0).contains(&percent)), "{part:?}");
    }
    assert!(reading.total.as_ref().is_none_or(|total| total.value > 0), "{:?}", reading.total);
    let identity = &reading.identity;
    let facts = [&identity.vendor, &identity.model, &identity.serial, &identity.firmware, &identity.hostname];
    for fact in facts.into_iter().flatten() {
        assert!(!fact.value.is_empty() && !fact.value.chars().any(char::is_control), "{fact:?}");
    }
}
