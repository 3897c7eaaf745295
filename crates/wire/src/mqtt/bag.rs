//! The property bag at the end of a topic: `k=v&k=v`, percent-encoded. System properties begin with `$.`.

use std::fmt::Write;

/// Longest bag, encoded; a topic of MQTT ends at 65,535 octets, IoT Hub's properties at 8 KiB.
const OCTETS: usize = 4 << 10;
const PAIRS: usize = 32;

/// Properties of a message, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bag(Vec<(String, String)>);

/// A bag that cannot be read, or is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a property bag of at most 32 pairs and 4 KiB")]
pub struct BadBag;

impl Bag {
    /// A message of ours: its id, its kind (the name of the message in `dca.v1`), the version of the contract.
    pub fn message(id: &str, kind: &str) -> Self {
        let pairs = [("$.mid", id), ("$.ct", "application/protobuf"), ("kind", kind)];
        let mut bag: Vec<(String, String)> = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        bag.push(("schema".to_owned(), crate::SCHEMA.to_string()));
        Self(bag)
    }

    /// The bag at the end of a topic.
    ///
    /// # Errors
    /// If it is too large, an escape is broken or the text is not UTF-8.
    pub fn parse(text: &str) -> Result<Self, BadBag> {
        if text.len() > OCTETS {
            return Err(BadBag);
        }
        let mut pairs = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() >= PAIRS {
                return Err(BadBag);
            }
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((unescape(key)?, unescape(value)?));
        }
        Ok(Self(pairs))
    }

    /// The first value of a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// As it stands at the end of a topic.
    pub fn encode(&self) -> String {
        let pairs: Vec<String> =
            self.0.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
        pairs.join("&")
    }
}

/// RFC 3986 section 2.3: all but the unreserved. No `/`, `+` or `#` is left to mean something in a topic.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            let _ = write!(out, "%{octet:02X}");
        }
    }
    out
}

fn unescape(text: &str) -> Result<String, BadBag> {
    let mut octets = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(octet) = octets.next() {
        out.push(match octet {
            b'%' => hex(octets.next())? << 4 | hex(octets.next())?,
            octet => octet,
        });
    }
    String::from_utf8(out).map_err(|_| BadBag)
}

fn hex(octet: Option<u8>) -> Result<u8, BadBag> {
    let digit = octet.and_then(|octet| char::from(octet).to_digit(16)).ok_or(BadBag)?;
    Ok(digit as u8)
}
