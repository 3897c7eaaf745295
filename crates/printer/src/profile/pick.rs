//! Which profile reads a device.
//!
//! Only the answers to [`questions`] are looked at, so a device and a recording of it pick the same profile. Of several
//! matches the one with more kinds of evidence wins (a print server's sysObjectID together with another brand's text is
//! that brand), then sysObjectID, then an instance that only this engine answers (the engine answers, whatever brand is
//! on the lid), then the longer text.

use super::file::{File, Match};
use crate::rows::Rows;
use crate::standard;
use dca_snmp::{Oid, OidRef, oid};

const SYS_DESCR: OidRef<'static> = oid!("1.3.6.1.2.1.1.1.0");
const SYS_OBJECT_ID: OidRef<'static> = oid!("1.3.6.1.2.1.1.2.0");
/// hrDeviceDescr of the first device.
const HR_DEVICE_DESCR: OidRef<'static> = oid!("1.3.6.1.2.1.25.3.2.1.3.1");
/// The IEEE 1284 device id where most print servers show it, whatever their brand.
const DEVICE_ID: OidRef<'static> = oid!("1.3.6.1.4.1.11.2.3.9.1.1.7.0");

/// What is asked of an address before a profile is known.
pub(super) fn questions<'a>(files: impl Iterator<Item = &'a File>) -> Vec<Oid> {
    let mut all = standard::discovery();
    let present = files.flat_map(|file| &file.matches).filter_map(|rule| rule.present.as_ref());
    for oid in present.map(|oid| oid.0.clone()).chain([DEVICE_ID.to_oid()]) {
        if !all.contains(&oid) {
            all.push(oid);
        }
    }
    all
}

/// How well a match fits; more is better, `None` does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    kinds: usize,
    arcs: usize,
    present: bool,
    words: usize,
}

/// The best fit of a file's matches.
pub(super) fn fit(file: &File, rows: &Rows) -> Option<Fit> {
    file.matches.iter().filter_map(|rule| one(rule, rows)).max()
}

fn one(rule: &Match, rows: &Rows) -> Option<Fit> {
    let mut fit = Fit { kinds: 0, arcs: 0, present: false, words: 0 };
    if let Some(root) = &rule.sys_object_id {
        let id = rows.get(SYS_OBJECT_ID)?.as_oid()?;
        if !id.starts_with(root.0.as_ref()) {
            return None;
        }
        fit.kinds += 1;
        fit.arcs = root.0.as_ref().len();
    }
    if let Some(words) = &rule.words {
        if !names_itself(rows, words) {
            return None;
        }
        fit.kinds += 1;
        fit.words = words.len();
    }
    if let Some(instance) = &rule.present {
        rows.get(instance.0.as_ref())?;
        fit.kinds += 1;
        fit.present = true;
    }
    (fit.kinds > 0).then_some(fit)
}

/// True if the device calls itself so.
pub(super) fn names_itself(rows: &Rows, words: &str) -> bool {
    let texts = [SYS_DESCR, HR_DEVICE_DESCR, DEVICE_ID];
    texts.into_iter().filter_map(|oid| rows.get(oid)?.as_octets()).any(|text| has_words(text, words))
}

/// True if `words` stand in the text as whole words, case aside.
fn has_words(text: &[u8], words: &str) -> bool {
    let text = text.get(..text.len().min(1024)).unwrap_or(text).to_ascii_lowercase();
    let words = words.to_ascii_lowercase();
    let is_letter = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_alphanumeric);
    text.windows(words.len()).enumerate().any(|(at, window)| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        window == words.as_bytes() && !is_letter(before) && !is_letter(text.get(at + words.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        assert!(has_words(b"ACME MP 3053 1.09 / ACME", "acme"));
        assert!(has_words(b"MFG:Acme Technologies;", "acme technologies"));
        assert!(!has_words(b"Acmetronic 2000", "acme"));
        assert!(!has_words(b"", "acme"));
    }
}
