//! The words that name a meter (PWG imaging counters, generalised).
//!
//! A profile writes a meter as a few words in any order, such as `"print mono"` or `"system_totals duplex sheets"`.
//! Each word belongs to one dimension, so nothing needs to be said twice; what is not said has its usual meaning:
//! colour total, size any, sides any, unit impressions, persistence lifetime. The service has no usual meaning.

use serde::Deserialize;
use std::fmt;

const SERVICES: &[&str] = &[
    "system_totals",
    "print",
    "copy",
    "fax",
    "fax_in",
    "fax_out",
    "network_fax_in",
    "network_fax_out",
    "email_out",
    "scan",
    "other",
    "document_feeder",
    "flatbed",
    "image",
];
const COLORS: &[&str] = &[
    "total",
    "mono",
    "full_color",
    "highlight_color",
    "single_color",
    "two_color",
    "color_level_1",
    "color_level_2",
    "color_level_3",
    "mono_and_color_level_1",
    "black",
    "cyan",
    "magenta",
    "yellow",
];
const SIZES: &[&str] = &[
    "any",
    "small",
    "large",
    "a3",
    "a4",
    "a5",
    "a6",
    "b4",
    "b5",
    "b6",
    "jis_b4",
    "jis_b5",
    "letter",
    "legal",
    "ledger",
    "folio",
    "statement",
    "executive",
    "envelope",
    "other_size",
];
const SIDES: &[&str] = &["any_sides", "simplex", "duplex"];
const UNITS: &[&str] =
    &["impressions", "sheets", "images", "items", "meters", "feet", "hours", "labels", "centimeters", "a4_equivalents"];
const PERSISTENCE: &[&str] = &["lifetime", "power_on", "reset"];

/// Some dimensions of a meter; the others are not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Words {
    service: Option<&'static str>,
    color: Option<&'static str>,
    size: Option<&'static str>,
    sides: Option<&'static str>,
    unit: Option<&'static str>,
    persistence: Option<&'static str>,
}

/// What is counted, in all dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) service: &'static str,
    pub(crate) color: &'static str,
    pub(crate) size: &'static str,
    pub(crate) sides: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) persistence: &'static str,
}

impl Key {
    /// True if the size is one format, not a class of them.
    pub(crate) fn is_one_format(&self) -> bool {
        !matches!(self.size, "any" | "small" | "large")
    }
}

impl Words {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut words = Self::default();
        for word in text.split_whitespace() {
            let dimensions = [
                (SERVICES, &mut words.service),
                (COLORS, &mut words.color),
                (SIZES, &mut words.size),
                (SIDES, &mut words.sides),
                (UNITS, &mut words.unit),
                (PERSISTENCE, &mut words.persistence),
            ];
            let Some((known, slot)) =
                dimensions.into_iter().find_map(|(known, slot)| Some((*known.iter().find(|w| **w == word)?, slot)))
            else {
                return Err(format!("`{word}` names no meter: expected {}", vocabulary()));
            };
            if let Some(first) = slot.replace(known) {
                return Err(format!("`{first}` and `{known}` contradict each other"));
            }
        }
        Ok(words)
    }

    /// These words, and where they say nothing those of `base`.
    pub(crate) fn or(self, base: Self) -> Self {
        Self {
            service: self.service.or(base.service),
            color: self.color.or(base.color),
            size: self.size.or(base.size),
            sides: self.sides.or(base.sides),
            unit: self.unit.or(base.unit),
            persistence: self.persistence.or(base.persistence),
        }
    }

    /// The key, if the service is said.
    pub(crate) fn key(self) -> Option<Key> {
        Some(Key {
            service: self.service?,
            color: self.color.unwrap_or("total"),
            size: self.size.unwrap_or("any"),
            sides: self.sides.map_or("any", |sides| if sides == "any_sides" { "any" } else { sides }),
            unit: self.unit.unwrap_or("impressions"),
            persistence: self.persistence.unwrap_or("lifetime"),
        })
    }
}

fn vocabulary() -> String {
    [SERVICES, COLORS, SIZES, SIDES, UNITS, PERSISTENCE].map(|words| words.join(" ")).join(", ")
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expected = || serde::de::Error::custom(format!("expected a service, one of {}", SERVICES.join(" ")));
        Words::deserialize(from)?.key().ok_or_else(expected)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.service, self.color)?;
        for (word, usual) in
            [(self.size, "any"), (self.sides, "any"), (self.unit, "impressions"), (self.persistence, "lifetime")]
        {
            if word != usual {
                write!(f, " {word}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_in_any_order() {
        let key = Words::parse("large copy full_color").unwrap().key().unwrap();
        assert_eq!((key.service, key.color, key.size, key.unit), ("copy", "full_color", "large", "impressions"));
        assert_eq!(key.to_string(), "copy full_color large");
        assert!(Words::parse("mono").unwrap().key().is_none());
    }

    #[test]
    fn unknown_and_contradicting_words_are_refused() {
        assert!(Words::parse("printt").unwrap_err().contains("expected system_totals print copy"));
        assert!(Words::parse("print copy").unwrap_err().contains("contradict"));
    }
}
