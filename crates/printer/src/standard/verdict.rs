//! Is this a printer? Evidence in the order of its weight: marks on paper (markers, supplies), a device id that says so, a
//! sysObjectID or a private subtree that only printers have, the device's own words.
//!
//! hrPrinter rows alone are no evidence: every host with print queues has them. The makers of printers also make
//! scanners, projectors and cameras: a word for one of those outweighs the brand, unless a printer word stands beside it.

use crate::reading::Verdict;
use crate::rows::Rows;
use crate::standard::brand::Brands;
use crate::standard::identity::Texts;
use crate::standard::table::column;
use crate::standard::{Context, Hints, device, oids};

/// The decision, from the rows of discovery or from all.
pub fn verdict(rows: &Rows) -> Verdict {
    let (is_printer, why) = judge(rows);
    Verdict { is_printer, why }
}

fn judge(rows: &Rows) -> (bool, String) {
    let brands = Brands::get();
    let hints = Hints::default();
    let texts = Texts::of(&Context::new(rows, &hints));
    let descr = texts.sys_descr.as_ref().map(|(_, text)| text.as_str()).unwrap_or_default();
    let device_descr = texts.device_descr.as_ref().map(|(_, text)| text.as_str()).unwrap_or_default();

    for (entry, name) in [(oids::MARKER, "prtMarkerTable"), (oids::SUPPLY, "prtMarkerSuppliesTable")] {
        if rows.under(entry).next().is_some() {
            return (true, format!("it answers {name} (Printer-MIB)"));
        }
    }
    if texts.device_id.as_ref().is_some_and(|id| id.says_printer()) {
        return (true, "its IEEE 1284 device id says CLS:PRINTER".to_owned());
    }
    let system = brands.names_system(descr);
    let printer_word = [descr, device_descr].into_iter().find(|text| brands.has_printer_word(text));
    let other = [descr, device_descr].into_iter().find_map(|text| brands.other_word(text));
    if let (Some(word), None, false) = (other, printer_word, names_printer(brands, descr, device_descr)) {
        return (false, format!("its own text names a {word}: {:?}", short(descr)));
    }
    if rows.under(oids::PRINTER_MIB).next().is_some() {
        return (true, "it answers the Printer-MIB".to_owned());
    }
    if let Some(id) = rows.get(oids::SYS_OBJECT_ID).and_then(|value| value.as_oid())
        && brands.is_printer_root(id)
    {
        return (true, format!("its sysObjectID {id} is one that printers have"));
    }
    if let Some((root, brand)) = brands.subtrees().find(|(root, _)| rows.under(root.as_ref()).next().is_some()) {
        return (true, format!("it answers {root}, a private subtree of {} printers", brand.name));
    }
    let queues = device::printers(rows).next().is_some() || column(rows, oids::HR_PRINTER).next().is_some();
    if system {
        let queues = if queues { ", and hrPrinter rows alone are print queues" } else { "" };
        return (false, format!("a general-purpose operating system: {:?}{queues}", short(descr)));
    }
    for (text, name) in [(descr, "sysDescr"), (device_descr, "hrDeviceDescr")] {
        if let Some(brand) = brands.printer_in(text) {
            return (true, format!("{name} names a {} printer: {:?}", brand.name, short(text)));
        }
        let word = brands.has_printer_word(text) || (brands.names_adapter(text) && brands.named_in(text).is_some());
        if word {
            return (true, format!("{name} names a printer: {:?}", short(text)));
        }
    }
    if queues && let Some(brand) = brands.named_in(device_descr) {
        return (true, format!("hrPrinter rows, and hrDeviceDescr names {}: {:?}", brand.name, short(device_descr)));
    }
    if queues {
        return (false, "hrPrinter rows alone: a host with print queues has them too".to_owned());
    }
    match rows.is_empty() {
        true => (false, "it answered nothing".to_owned()),
        false => (false, "nothing that it answers is a printer's".to_owned()),
    }
}

fn names_printer(brands: &Brands, descr: &str, device_descr: &str) -> bool {
    [descr, device_descr].into_iter().any(|text| brands.surely_printer_in(text).is_some())
}

/// Texts of devices are bounded in a sentence.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::recorded::rows;

    #[test]
    fn evidence_is_weighed() {
        let check = |text: &str, is_printer: bool| {
            let verdict = verdict(&rows(text));
            assert_eq!(verdict.is_printer, is_printer, "{text}: {}", verdict.why);
            assert!(!verdict.why.is_empty());
        };
        let descr = "1.3.6.1.2.1.1.1.0|4|";
        check("", false);
        check("1.3.6.1.2.1.43.10.2.1.4.1.1|65|5", true);
        check("1.3.6.1.2.1.43.5.1.1.17.1|4|X1", true);
        check("1.3.6.1.4.1.2699.1.2.1.2.1.1.3.1|4|MFG:Acme;MDL:X;CLS:PRINTER;", true);
        check(&format!("{descr}Acme Network Printer"), true);
        check(&format!("{descr}Acme Network Scanner"), false);
        check(&format!("{descr}Acme 5 / Acme Network Printer / Acme Network Scanner"), true);
        check(&format!("{descr}Linux printer 5.10"), false);
        check(&format!("{descr}Linux printserver 5.10\n1.3.6.1.2.1.25.3.5.1.1.1280|2|2"), false);
        check(&format!("{descr}Linux engine 5.10\n1.3.6.1.2.1.43.11.1.1.9.1.1|2|5"), true);
        check(&format!("{descr}Acme Scan Server\n1.3.6.1.2.1.43.5.1.1.17.1|4|X1"), false);
        check("1.3.6.1.2.1.25.3.5.1.1.1|2|3", false);
        check(&format!("{descr}router"), false);
    }
}
