//! Recorded octet strings, cut out of a walk, in the two shapes that people publish them in.
//!
//! ```text
//! JSON    {"1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.10.0": ["00010400000f4a", "0601040000000c"], "1.3.6...": "text"}
//! table   model <tab> object <tab> OID <tab> hex [<tab> hex ...]
//! ```
//!
//! In JSON a list holds the records of one string, without its end mark. In a table a string may stand in several
//! notations; the last one that is records counts.

use super::records;
use crate::profile::Profiles;
use crate::reading::{Detail, Source};
use crate::replies::{Decoded, Form, Undecodable};
use crate::rows::Rows;
use dca_snmp::{Oid, OidRef, Value, oid};
use std::collections::BTreeMap;

pub(crate) const FORM: Form = Form {
    name: "brother",
    about: "octet strings out of an SNMP walk: JSON of OID to hex records, or a table of model, object, OID, hex",
    decode,
};

/// What hangs below here are strings of records (brInfo).
const STRINGS: OidRef<'static> = oid!("1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5");

/// More devices than any file has.
const MOST: usize = 1024;

fn decode(octets: &[u8]) -> Result<Vec<Decoded>, Undecodable> {
    let text = String::from_utf8_lossy(octets);
    let text = text.trim_start_matches('\u{feff}');
    let devices = if text.trim_start().starts_with('{') { json(text)? } else { table(text) };
    if devices.values().all(|rows| rows.under(STRINGS).next().is_none()) {
        let what = "expected JSON of OID to hex records, or lines of model, object, OID and hex between tabs";
        return Err(Undecodable(what.into()));
    }
    let profiles = Profiles::builtin();
    let decoded = devices.into_iter().map(|(device, rows)| {
        let profile = profiles.named(FORM.name);
        let mut reading = profile.map(|profile| profile.read(&rows)).unwrap_or_default();
        // Whatever has these strings is one, though an excerpt does not hold what tells printers otherwise.
        reading.is_printer = true;
        reading.details = rows.under(STRINGS).flat_map(|(oid, value)| details(oid, value)).collect();
        Decoded { device, reading }
    });
    Ok(decoded.collect())
}

/// Every record of a string, whether the profile knows its meaning or not.
fn details(oid: &Oid, value: &Value) -> Vec<Detail> {
    let records = value.as_octets().and_then(|octets| records(octets).ok()).unwrap_or_default();
    let detail = |record: super::Record| Detail {
        what: "record".into(),
        value: record.value.to_string(),
        unit: None,
        source: Source { oid: Some(oid.to_string()), tag: Some(format!("{:02x}", record.id)), ..Source::default() },
    };
    records.into_iter().map(detail).collect()
}

type Devices = BTreeMap<Option<String>, Rows>;

fn json(text: &str) -> Result<Devices, Undecodable> {
    let object: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| Undecodable(format!("expected JSON of OID to value: {error}")))?;
    let rows = object.iter().filter_map(|(name, value)| Some((instance(name)?, from_json(value)?)));
    Ok(BTreeMap::from([(None, rows.collect())]))
}

fn from_json(value: &serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::Array(records) => {
            let parts: Option<Vec<Vec<u8>>> = records.iter().map(|record| hex(record.as_str()?)).collect();
            Some(Value::OctetString([parts?.concat(), vec![0xff]].concat()))
        }
        serde_json::Value::String(text) => match text.parse() {
            Ok(number) => Some(Value::Counter32(number)),
            Err(_) => Some(Value::OctetString(text.clone().into_bytes())),
        },
        serde_json::Value::Number(number) => Some(Value::Counter32(number.as_u64()?.try_into().ok()?)),
        _ => None,
    }
}

fn table(text: &str) -> Devices {
    let mut devices: BTreeMap<Option<String>, Vec<(Oid, Value)>> = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let [model, _, oid, strings @ ..] = cells.as_slice() else { continue };
        let Some(oid) = instance(oid) else { continue };
        let Some(octets) = strings.iter().rev().filter_map(|cell| hex(cell)).find(|octets| records(octets).is_ok())
        else {
            continue;
        };
        if devices.len() < MOST {
            devices.entry(Some((*model).to_owned())).or_default().push((oid, Value::OctetString(octets)));
        }
    }
    devices.into_iter().map(|(model, rows)| (model, rows.into_iter().collect())).collect()
}

/// An instance; published tables leave the `.0` of a scalar out.
fn instance(text: &str) -> Option<Oid> {
    let oid: Oid = text.parse().ok()?;
    let is_object = oid.starts_with(STRINGS) && oid.as_ref().len() == STRINGS.len() + 1;
    if is_object { oid.join([0]).ok() } else { Some(oid) }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &[(&str, &str)]) {
        let decoded = decode(text.as_bytes()).unwrap();
        let details = decoded.iter().flat_map(|one| &one.reading.details);
        let found: Vec<_> = details.map(|one| (one.source.tag.as_deref().unwrap(), one.value.as_str())).collect();
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn both_shapes_are_read() {
        check(
            r#"{"1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.10.0": ["00010400000f4a", "060104000000a0"]}"#,
            &[("00", "3914"), ("06", "160")],
        );
        check("HL-1\tbrInfoJamCount\t1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.21\t01ffffff02\ta1010dff", &[("a1", "13")]);
    }

    #[test]
    fn what_is_neither_shape_is_refused() {
        for text in ["", "no records", "{", "{\"1.3.6\": {}}", "\u{0}\u{ff}", "a\tb\tc\td", "a\tb\t1.3.6\t000104ff"] {
            assert!(decode(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
