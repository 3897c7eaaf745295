//! Who a device is, by the chains of its profile.
//!
//! An entry that is known well (A, B) goes before what the standard MIBs say: a vendor's own serial number is whole
//! where prtGeneralSerialNumber is empty or padded. An entry that only one source knows (C) fills a gap and no more.

use super::file::{File, Identity as Chains, Text};
use crate::reading::{Confidence, Fact, Identity, Reading, Source};
use crate::rows::Rows;
use crate::standard::text::Decoder;

/// What a chain is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Model,
    Serial,
    Firmware,
    Mac,
    Hostname,
    Asset,
}

/// The chains of a profile.
pub(super) fn chains(identity: &Chains) -> [(Field, &[Text]); 6] {
    [
        (Field::Model, &identity.model),
        (Field::Serial, &identity.serial),
        (Field::Firmware, &identity.firmware),
        (Field::Mac, &identity.mac),
        (Field::Hostname, &identity.hostname),
        (Field::Asset, &identity.asset),
    ]
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    for (field, chain) in chains(&file.identity) {
        let found = chain.iter().find_map(|entry| fact(field, entry, rows));
        let standard = field.of(&mut reading.identity);
        let Some(found) = found else { continue };
        let agrees = standard.as_ref().is_some_and(|fact| same(&fact.value, &found.value));
        let contradicts = field == Field::Serial && standard.is_some() && !agrees;
        let doubt = contradicts.then(|| {
            let other = standard.as_ref().map(|fact| fact.source.oid.clone().unwrap_or_default()).unwrap_or_default();
            format!(
                "the serial number at {} differs from the one at {other}",
                found.source.oid.clone().unwrap_or_default()
            )
        });
        if standard.is_none() || (found.confidence <= Confidence::B && !agrees) {
            *standard = Some(found);
        }
        reading.doubts.extend(doubt);
    }
    if let (None, Some(vendor)) = (&reading.identity.vendor, &file.vendor) {
        let source = Source { rule: Some("the engine's maker by the profile".to_owned()), ..Source::default() };
        reading.identity.vendor = Some(Fact { value: vendor.clone(), source, confidence: Confidence::B });
    }
}

impl Field {
    fn of(self, identity: &mut Identity) -> &mut Option<Fact> {
        match self {
            Self::Model => &mut identity.model,
            Self::Serial => &mut identity.serial,
            Self::Firmware => &mut identity.firmware,
            Self::Mac => &mut identity.mac,
            Self::Hostname => &mut identity.hostname,
            Self::Asset => &mut identity.asset,
        }
    }
}

fn fact(field: Field, entry: &Text, rows: &Rows) -> Option<Fact> {
    let octets = rows.get(entry.oid.0.as_ref())?.as_octets()?;
    let value = if field == Field::Mac { mac(octets)? } else { text(entry, octets)? };
    if field == Field::Serial && !is_serial(&value) {
        return None;
    }
    let rule = entry.field.as_ref().map(|key| format!("{key} of the IEEE 1284 device id"));
    let rule = rule.or_else(|| entry.after.as_ref().map(|after| format!("the text behind {after:?}")));
    let source = Source { oid: Some(entry.oid.0.to_string()), rule, ..Source::default() };
    Some(Fact { value, source, confidence: entry.confidence.0 })
}

fn text(entry: &Text, octets: &[u8]) -> Option<String> {
    let whole = Decoder::default().text(entry.form.octets(octets));
    let mut text = whole.as_str();
    if let Some(key) = &entry.field {
        text = device_id(text, key)?;
    }
    if let Some(after) = &entry.after {
        text = text.split_once(after.as_str())?.1;
    }
    if let Some(until) = &entry.until {
        text = text.split(until.as_str()).next()?;
    }
    if let Some(prefix) = &entry.without {
        let head = text.get(..prefix.len()).filter(|head| head.eq_ignore_ascii_case(prefix));
        text = head.and_then(|head| text.get(head.len()..)).unwrap_or(text);
    }
    let text = text.trim();
    let says_nothing =
        text.is_empty() || ["null", "n/a", "none", "unknown", "-"].contains(&&*text.to_ascii_lowercase());
    (!says_nothing).then(|| text.to_owned())
}

/// The value of `key` in an IEEE 1284 device id, `KEY:value;KEY:value;`; long and short keys are the same.
fn device_id<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let long = match key {
        "MFG" => "MANUFACTURER",
        "MDL" => "MODEL",
        "CMD" => "COMMAND SET",
        "SN" => "SERN",
        key => key,
    };
    let pairs = text.split(';').filter_map(|pair| pair.split_once(':'));
    pairs
        .map(|(name, value)| (name.trim(), value.trim()))
        .find_map(|(name, value)| (name.eq_ignore_ascii_case(key) || name.eq_ignore_ascii_case(long)).then_some(value))
}

/// At least four letters or digits, not all the same: `0000000000` and `XXXXXX` are what a board without a serial says.
fn is_serial(text: &str) -> bool {
    let mut letters = text.chars().filter(|c| c.is_alphanumeric());
    let Some(first) = letters.next() else { return false };
    let rest: Vec<char> = letters.collect();
    rest.len() >= 3 && rest.iter().any(|c| *c != first)
}

fn mac(octets: &[u8]) -> Option<String> {
    let octets: &[u8; 6] = octets.try_into().ok()?;
    let usable = octets.iter().any(|octet| *octet != 0) && octets[0] & 1 == 0;
    usable.then(|| octets.map(|octet| format!("{octet:02x}")).join(":"))
}

fn same(a: &str, b: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    letters(a) == letters(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_id_fields() {
        let id = "MANUFACTURER:Zebra Technologies;COMMAND SET:ZPL;MDL: ZT230 ;";
        assert_eq!(device_id(id, "MFG"), Some("Zebra Technologies"));
        assert_eq!(device_id(id, "MDL"), Some("ZT230"));
        assert_eq!(device_id(id, "SN"), None);
    }

    #[test]
    fn a_serial_number_is_not_a_filler() {
        for good in ["X7F4008528", "0505571100", "AAA0A00000"] {
            assert!(is_serial(good), "{good}");
        }
        for bad in ["", "0000000000", "XXXX", "---", "12"] {
            assert!(!is_serial(bad), "{bad}");
        }
    }
}
