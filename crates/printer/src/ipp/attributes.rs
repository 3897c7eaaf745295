//! An IPP message (RFC 8010 §3.1) as attributes by name.
//!
//! ```text
//! version 2 | status 2 | request id 4 | 04 printer attributes | tag 1, name length 2, name, value length 2, value ... | 03
//! ```
//!
//! Octets and tags are the `ipp` crate's affair. Its message parser is not used: it nests collections as deep as a device
//! likes, copies them at each level, and refuses the whole message for one odd value; nor are its values, because those with
//! a language panic where a length lies. Nothing that is read here is in a collection, so collections are stepped over,
//! and an odd value costs that value.

use crate::standard::text::clean;
use ipp::prelude::{DelimiterTag, ValueTag};
use ipp::reader::IppReader;
use std::collections::BTreeMap;

/// Octets of a message that are read; answers to our question have some 4,000.
const MOST_OCTETS: usize = 1 << 20;
const MOST_ATTRIBUTES: usize = 256;
const MOST_VALUES: usize = 64;

/// A value as it came.
#[derive(Debug)]
struct Value {
    tag: u8,
    octets: Vec<u8>,
}

/// The printer attributes of a response.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// RFC 8010 §3.4.1; 0 to 255 are successes.
    pub(super) status: u16,
    by_name: BTreeMap<String, Vec<Value>>,
    /// The message ended before it said so.
    pub(super) cut: bool,
}

impl Attributes {
    /// Reads a message as far as it makes sense; `None` if it has not even a header.
    pub(super) fn parse(octets: &[u8]) -> Option<Self> {
        let octets = octets.get(..octets.len().min(MOST_OCTETS))?;
        let mut reader = IppReader::new(octets);
        let header = reader.read_header().ok()?;
        let mut found = Self { status: header.operation_or_status as u16, cut: true, ..Self::default() };
        let (mut printer, mut name, mut depth) = (false, String::new(), 0_u32);
        while let Ok(tag) = reader.read_tag() {
            // Delimiter tags are below 10 (hex).
            if tag < 0x10 {
                printer = tag == DelimiterTag::PrinterAttributes as u8;
                (name, depth) = (String::new(), 0);
                if tag == DelimiterTag::EndOfAttributes as u8 {
                    found.cut = false;
                    break;
                }
                continue;
            }
            // A name that is too long ends the reading: where the next one begins is told by its length alone.
            let (Ok(own), Ok(value)) = (reader.read_name(), reader.read_value()) else { break };
            match tag {
                _ if tag == ValueTag::BegCollection as u8 => depth += 1,
                _ if tag == ValueTag::EndCollection as u8 => depth = depth.saturating_sub(1),
                _ if depth > 0 => {}
                _ => {
                    // RFC 8010 §3.1.5: an additional value of the attribute before has an empty name.
                    if !own.is_empty() {
                        name = own.as_str().to_owned();
                    }
                    if printer && !name.is_empty() {
                        found.keep(&name, Value { tag, octets: value.to_vec() });
                    }
                }
            }
        }
        Some(found)
    }

    fn keep(&mut self, name: &str, value: Value) {
        if self.by_name.len() >= MOST_ATTRIBUTES && !self.by_name.contains_key(name) {
            return;
        }
        let values = self.by_name.entry(name.to_owned()).or_default();
        if values.len() < MOST_VALUES {
            values.push(value);
        }
    }

    fn values(&self, name: &str) -> &[Value] {
        self.by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The first value as text, cleaned; none if there is none.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next().filter(|text| !text.is_empty())
    }

    /// The values as texts, each in its place: lists of IPP belong together by position.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.values(name).iter().map(|value| clean(&value.text())).collect()
    }

    /// The first value as a number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.numbers(name).into_iter().next().flatten()
    }

    /// The values as numbers, each in its place.
    pub(super) fn numbers(&self, name: &str) -> Vec<Option<i64>> {
        self.values(name).iter().map(Value::number).collect()
    }

    /// The values of an attribute of `key=value;` pairs (PWG 5100.13, printer-supply and its kin), each in its place.
    pub(super) fn pairs(&self, name: &str) -> Vec<Pairs> {
        self.texts(name).iter().map(|text| Pairs::parse(text)).collect()
    }
}

impl Value {
    /// An integer or an enum (RFC 8010 §3.9): four octets.
    fn number(&self) -> Option<i64> {
        let is_number = [ValueTag::Integer, ValueTag::Enum].iter().any(|tag| *tag as u8 == self.tag);
        let octets = <[u8; 4]>::try_from(self.octets.as_slice()).ok().filter(|_| is_number)?;
        Some(i32::from_be_bytes(octets).into())
    }

    /// The text; empty for what is none.
    fn text(&self) -> String {
        let is = |tags: &[ValueTag]| tags.iter().any(|tag| *tag as u8 == self.tag);
        let octets = if is(&[ValueTag::TextWithLanguage, ValueTag::NameWithLanguage]) {
            self.behind_language().unwrap_or_default()
        } else if is(&[ValueTag::OctetStringUnspecified]) || (0x40..0x4a).contains(&self.tag) {
            self.octets.as_slice()
        } else {
            &[]
        };
        String::from_utf8_lossy(octets).into_owned()
    }

    /// Length and language, length and text.
    fn behind_language(&self) -> Option<&[u8]> {
        let cut = |octets: &'_ [u8]| -> Option<usize> {
            Some(u16::from_be_bytes([*octets.first()?, *octets.get(1)?]).into())
        };
        let rest = self.octets.get(2 + cut(&self.octets)?..)?;
        rest.get(2..2 + cut(rest)?)
    }
}

/// `key=value;key=value;`
#[derive(Debug)]
pub(super) struct Pairs(BTreeMap<String, String>);

impl Pairs {
    fn parse(text: &str) -> Self {
        let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim().to_owned())).collect())
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn number(&self, key: &str) -> Option<i64> {
        self.text(key)?.parse().ok()
    }

    /// A word of RFC 3805, written in camelCase on the wire and in snake_case here.
    pub(super) fn word(&self, key: &str) -> Option<String> {
        let mut word = String::new();
        for letter in self.text(key)?.chars() {
            if letter.is_ascii_uppercase() {
                word.push('_');
            }
            word.push(letter.to_ascii_lowercase());
        }
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipp::tests::message;

    #[test]
    fn collections_are_stepped_over_however_deep() {
        let mut octets = vec![2, 0, 0, 0, 0, 0, 0, 1, 4];
        for _ in 0..50_000 {
            octets.extend([0x34, 0, 1, b'c', 0, 0, 0x4a, 0, 0, 0, 1, b'm']);
        }
        octets.extend([0x37, 0, 0, 0, 0].repeat(50_000));
        octets.extend([0x41, 0, 1, b'n', 0, 1, b'x', 3]);
        let found = Attributes::parse(&octets).unwrap();
        assert!(!found.cut && found.text("n").as_deref() == Some("x"));
    }

    #[test]
    fn what_is_cut_gives_what_was_whole() {
        let whole = message(&[(0x41, "printer-info", b"Hall"), (0x21, "queued", &5_i32.to_be_bytes())]);
        for end in 0..whole.len() {
            let Some(found) = Attributes::parse(&whole[..end]) else { continue };
            assert!(found.cut);
            assert!(found.text("printer-info").is_none_or(|text| text == "Hall"));
            assert!(found.number("queued").is_none_or(|number| number == 5));
        }
        assert_eq!(Attributes::parse(&whole).unwrap().number("queued"), Some(5));
        assert!(Attributes::parse(b"HTTP/1.").is_none());
    }

    #[test]
    fn a_language_is_stepped_over_if_its_length_is_true() {
        let check = |value: &[u8], text: Option<&str>| {
            let found = Attributes::parse(&message(&[(0x35, "info", value)])).unwrap();
            assert_eq!(found.text("info").as_deref(), text, "{value:?}");
        };
        check(b"\0\x02en\0\x04Hall", Some("Hall"));
        check(b"\0\x50", None);
        check(b"\0\x02en\0\x50Hall", None);
        check(b"\0", None);
        check(b"", None);
    }

    #[test]
    fn one_odd_value_costs_that_value() {
        let octets = message(&[(0x21, "short", &[1]), (0x41, "info", b"\xff\xfe"), (0x41, "good", b"yes")]);
        let found = Attributes::parse(&octets).unwrap();
        assert_eq!((found.number("short"), found.text("good").as_deref()), (None, Some("yes")));
    }
}
