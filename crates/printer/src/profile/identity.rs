//! Who a device is, by the chains of its profile.
//!
//! An entry that is known well (A, B) goes before what the standard MIBs say: a vendor's own serial number is whole
//! where prtGeneralSerialNumber is empty or padded. An entry that only one source knows (C), or that may speak of
//! another device (`gap`), fills a gap and no more.

use super::file::{File, Identity as Chains, Text};
use crate::reading::{Confidence, Fact, Identity, Reading, Source};
use crate::rows::Rows;
use crate::standard::brand::Brands;
use crate::standard::serials::is_serial;
use crate::standard::table;
use crate::standard::text::Decoder;
use dca_snmp::{Oid, Value};

/// Rows of one table that are looked at.
const MAX_ROWS: usize = 256;

/// What a chain is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Vendor,
    Model,
    Serial,
    Firmware,
    Mac,
    Hostname,
    Asset,
}

/// The chains of a profile.
pub(super) fn chains(identity: &Chains) -> [(Field, &[Text]); 7] {
    [
        (Field::Vendor, &identity.vendor),
        (Field::Model, &identity.model),
        (Field::Serial, &identity.serial),
        (Field::Firmware, &identity.firmware),
        (Field::Mac, &identity.mac),
        (Field::Hostname, &identity.hostname),
        (Field::Asset, &identity.asset),
    ]
}

/// The instance of an entry, or the columns of one that is found by a label.
pub(super) fn questions(identity: &Chains) -> (Vec<Oid>, Vec<Oid>) {
    let (mut instances, mut columns) = (Vec::new(), Vec::new());
    for text in chains(identity).into_iter().flat_map(|(_, chain)| chain) {
        match &text.label {
            Some(label) => columns.extend([text.oid.0.clone(), label.column.0.clone()]),
            None => instances.push(text.oid.0.clone()),
        }
    }
    (instances, columns)
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    for (field, chain) in chains(&file.identity) {
        let standard = field.of(&mut reading.identity);
        // The brand that the device's own texts name is on its lid; the engine's maker may be another.
        if field == Field::Vendor && standard.as_ref().is_some_and(|fact| fact.confidence == Confidence::A) {
            continue;
        }
        let found = |gap: bool| {
            let entries = chain.iter().filter(|entry| gap == (entry.gap || entry.confidence.0 > Confidence::B));
            entries.filter_map(|entry| fact(field, entry, rows)).next()
        };
        let Some(found) = found(false) else {
            if standard.is_none() {
                *standard = found(true);
            }
            continue;
        };
        let agrees = standard.as_ref().is_some_and(|fact| same(&fact.value, &found.value));
        let contradicts = field == Field::Serial && standard.is_some() && !agrees;
        let doubt = contradicts.then(|| {
            let other = standard.as_ref().map(|fact| fact.source.oid.clone().unwrap_or_default()).unwrap_or_default();
            format!(
                "the serial number at {} differs from the one at {other}",
                found.source.oid.clone().unwrap_or_default()
            )
        });
        if !agrees {
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
            Self::Vendor => &mut identity.vendor,
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
    let (oid, value) = place(entry, rows)?;
    let mut value = if field == Field::Mac { mac(value.as_octets()?)? } else { text(entry, value)? };
    if field == Field::Vendor {
        value.clone_from(&Brands::get().named_in(&value)?.name);
    }
    if field == Field::Model {
        value = Brands::get().without_brand(&value).to_owned();
    }
    if field == Field::Serial && !is_serial(&value) {
        return None;
    }
    let rule = entry.field.as_ref().map(|key| format!("{key} of the IEEE 1284 device id"));
    let rule = rule.or_else(|| entry.after.as_ref().map(|after| format!("the text behind {after:?}")));
    let label = entry.label.as_ref().map(|label| label.is.clone());
    let source = Source { oid: Some(oid.to_string()), rule, label, ..Source::default() };
    Some(Fact { value, source, confidence: entry.confidence.0 })
}

/// Where the text stands: at the instance, or in the row that the label names.
fn place<'a>(entry: &Text, rows: &'a Rows) -> Option<(Oid, &'a Value)> {
    let oid = match &entry.label {
        None => entry.oid.0.clone(),
        Some(label) => {
            let column = label.column.0.as_ref();
            let named = |value: &Value| {
                let text = value.as_octets().map(|octets| Decoder::default().text(octets));
                let text = text.or_else(|| table::number(value).map(|number| number.to_string()));
                text.is_some_and(|text| text.eq_ignore_ascii_case(&label.is))
            };
            let (found, _) = rows.under(column).take(MAX_ROWS).find(|(_, value)| named(value))?;
            entry.oid.0.join(found.arcs().skip(column.len())).ok()?
        }
    };
    let value = rows.get(oid.as_ref())?;
    Some((oid, value))
}

fn text(entry: &Text, value: &Value) -> Option<String> {
    // Some firmware sends a serial number of digits as a number.
    let number = || table::number(value).map(|number| number.to_string());
    let octets = value.as_octets().map(|octets| Decoder::default().text(entry.form.octets(octets)));
    let whole = octets.or_else(number)?;
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
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let says_nothing = text.is_empty()
        || ["n/a", "none", "unknown", "-", "?"].contains(&lower.as_str())
        || lower.starts_with("null")
        || (text.starts_with('<') && text.ends_with('>'));
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

fn mac(octets: &[u8]) -> Option<String> {
    let octets: &[u8; 6] = octets.try_into().ok()?;
    let usable = octets.iter().any(|octet| *octet != 0) && octets.first().is_some_and(|first| first & 1 == 0);
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
        let id = "MANUFACTURER:Acme Technologies;COMMAND SET:PCL;MDL: C1 ;";
        assert_eq!(device_id(id, "MFG"), Some("Acme Technologies"));
        assert_eq!(device_id(id, "MDL"), Some("C1"));
        assert_eq!(device_id(id, "SN"), None);
    }
}
