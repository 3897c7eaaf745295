//! Brands as data: `profiles/brands.toml`, read once. How a text names a brand is here; who the brands are is not.

use dca_snmp::{Oid, OidRef};
use serde::Deserialize;
use std::sync::LazyLock;

/// The table of brands.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Brands {
    words: Words,
    #[serde(default, rename = "brand")]
    brands: Vec<Brand>,
    #[serde(skip)]
    device_ids: Vec<Oid>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    printer: Vec<String>,
    adapter: Vec<String>,
    system: Vec<String>,
    other: Vec<String>,
}

/// One brand; the file explains the fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Brand {
    pub(crate) name: String,
    words: Vec<String>,
    common: bool,
    families: Vec<String>,
    series: Vec<String>,
    #[serde(deserialize_with = "oids")]
    roots: Vec<Oid>,
    #[serde(deserialize_with = "oids")]
    subtrees: Vec<Oid>,
    enterprise: Vec<u32>,
    #[serde(deserialize_with = "oids")]
    device_ids: Vec<Oid>,
    also: Vec<String>,
}

/// True if devices of this brand understand a further way to be asked, such as `ledm`.
pub fn understands(vendor: &str, way: &str) -> bool {
    let brand = Brands::get().brands.iter().find(|brand| brand.name == vendor);
    brand.is_some_and(|brand| brand.also.iter().any(|also| also == way))
}

static BUILTIN: LazyLock<Brands> = LazyLock::new(|| {
    // The file is part of the program, and a test parses it; without it no brand has a name.
    Brands::parse(include_str!("../../profiles/brands.toml")).unwrap_or_default()
});

impl Brands {
    /// The table that is built in.
    pub(crate) fn get() -> &'static Self {
        &BUILTIN
    }

    fn parse(toml: &str) -> Result<Self, toml::de::Error> {
        let mut brands: Self = toml::from_str(toml)?;
        brands.device_ids = brands.brands.iter().flat_map(|brand| brand.device_ids.iter().cloned()).collect();
        Ok(brands)
    }

    /// Instances that hold an IEEE 1284 device id.
    pub(crate) fn device_ids(&self) -> impl Iterator<Item = &Oid> {
        self.device_ids.iter()
    }

    /// The brand that a device's own text names: first at its start, then anywhere, then by a product family.
    pub(crate) fn named_in(&self, text: &str) -> Option<&Brand> {
        let text = text.to_lowercase();
        let starting = self.brands.iter().filter_map(|brand| Some((brand.prefix(&text)?, brand)));
        if let Some((_, brand)) = starting.max_by_key(|(length, _)| *length) {
            return Some(brand);
        }
        let inside = self.brands.iter().filter(|brand| !brand.common).filter_map(|brand| {
            let at = brand.words.iter().filter_map(|word| find_word(&text, word)).min()?;
            Some((at, brand))
        });
        inside.min_by_key(|(at, _)| *at).map(|(_, brand)| brand).or_else(|| self.family_in(&text))
    }

    /// The brand whose product family a text names.
    pub(crate) fn family_in(&self, text: &str) -> Option<&Brand> {
        let text = text.to_lowercase();
        self.brands.iter().find(|brand| brand.families.iter().any(|family| find_start(&text, family).is_some()))
    }

    /// The engine's maker by sysObjectID.
    pub(crate) fn of_object_id(&self, id: OidRef<'_>) -> Option<&Brand> {
        let rooted = self.brands.iter().filter_map(|brand| {
            let longest =
                brand.roots.iter().filter(|root| id.starts_with(root.as_ref())).map(|root| root.octets().len());
            Some((longest.max()?, brand))
        });
        let enterprise = id.index_under(crate::standard::oids::ENTERPRISES).and_then(|mut arcs| arcs.next());
        rooted
            .max_by_key(|(length, _)| *length)
            .map(|(_, brand)| brand)
            .or_else(|| self.brands.iter().find(|brand| enterprise.is_some_and(|arc| brand.enterprise.contains(&arc))))
    }

    /// True for a sysObjectID that only printers carry.
    pub(crate) fn is_printer_root(&self, id: OidRef<'_>) -> bool {
        self.brands.iter().flat_map(|brand| &brand.roots).any(|root| id.starts_with(root.as_ref()))
    }

    /// Private subtrees that only printers answer, with their brand.
    pub(crate) fn subtrees(&self) -> impl Iterator<Item = (&Oid, &Brand)> {
        self.brands.iter().flat_map(|brand| brand.subtrees.iter().map(move |oid| (oid, brand)))
    }

    /// The text without the brand's name in front.
    pub(crate) fn without_brand<'t>(&self, text: &'t str) -> &'t str {
        // Lower case may change lengths outside ASCII: cut only where the original agrees.
        let lower = text.to_ascii_lowercase();
        let longest = self.brands.iter().filter_map(|brand| brand.prefix(&lower)).max().unwrap_or(0);
        let mut rest = text.get(longest..).unwrap_or(text);
        for mark in ["(R)", "(r)", "®", "(TM)", "™"] {
            rest = rest.strip_prefix(mark).unwrap_or(rest);
        }
        let rest = rest.trim_start_matches([' ', ',', ':']);
        if rest.is_empty() { text } else { rest }
    }

    /// True if the text has a word for a printer as such.
    pub(crate) fn has_printer_word(&self, text: &str) -> bool {
        has_any(text, &self.words.printer)
    }

    /// True if the text names a network adapter rather than the model behind it.
    pub(crate) fn names_adapter(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.words.adapter.iter().any(|word| find_start(&text, word).is_some())
    }

    /// True if the text begins like a general-purpose operating system's.
    pub(crate) fn names_system(&self, text: &str) -> bool {
        let text = text.trim_start().to_lowercase();
        self.words.system.iter().any(|word| text.starts_with(word.as_str()))
    }

    /// The word for something that is no printer.
    pub(crate) fn other_word(&self, text: &str) -> Option<&str> {
        let text = text.to_lowercase();
        self.words.other.iter().map(String::as_str).find(|word| find_word(&text, word).is_some())
    }

    /// The brand whose printers a text names: its name with a model series behind it, or a family.
    pub(crate) fn printer_in(&self, text: &str) -> Option<&Brand> {
        self.series_in(text, 1).or_else(|| self.family_in(text))
    }

    /// As [`Self::printer_in`], without the series of one letter: makers name other things so too.
    pub(crate) fn surely_printer_in(&self, text: &str) -> Option<&Brand> {
        self.series_in(text, 2).or_else(|| self.family_in(text))
    }

    /// The brand whose name stands in front of one of its series, of at least so many signs.
    fn series_in(&self, text: &str, least: usize) -> Option<&Brand> {
        let lower = text.to_lowercase();
        self.brands.iter().find(|brand| {
            brand.prefix(&lower).is_some_and(|length| {
                let rest = lower.get(length..).unwrap_or_default().trim_start();
                brand.series.iter().any(|series| series.trim_end().len() >= least && begins(rest, series))
            })
        })
    }

    #[cfg(test)]
    pub(crate) fn all(&self) -> &[Brand] {
        &self.brands
    }
}

impl Brand {
    /// The length of the brand's name at the start of a lower-case text.
    fn prefix(&self, text: &str) -> Option<usize> {
        self.words.iter().filter(|word| begins_with_word(text, word)).map(String::len).max()
    }
}

fn begins_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}

/// A model series: its letters end in a digit, a mark or the word's end, so that "m" begins "m4080" but not "monitor".
fn begins(text: &str, series: &str) -> bool {
    text.strip_prefix(series).is_some_and(|rest| {
        !series.ends_with(|c: char| c.is_ascii_alphabetic()) || !rest.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}

/// Where a word stands in a lower-case text, as a whole word.
fn find_word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let (before, after) = (text.get(..*at), text.get(at + word.len()..));
        !before.is_some_and(|text| text.ends_with(char::is_alphanumeric))
            && !after.is_some_and(|text| text.starts_with(char::is_alphanumeric))
    })
}

/// Where a word begins in a lower-case text.
fn find_start(text: &str, word: &str) -> Option<usize> {
    let starts = text.match_indices(word).map(|(at, _)| at);
    starts.into_iter().find(|at| !text.get(..*at).is_some_and(|before| before.ends_with(char::is_alphanumeric)))
}

fn has_any(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| find_word(&text, word).is_some())
}

fn oids<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Oid>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_is_sound() {
        let brands = Brands::parse(include_str!("../../profiles/brands.toml")).unwrap();
        assert!(brands.all().len() > 20);
        let mut names: Vec<_> = brands.all().iter().map(|brand| &brand.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), brands.all().len(), "a brand is listed twice");
        let texts = brands.all().iter().flat_map(|brand| [&brand.words, &brand.families, &brand.series]).flatten();
        let words = [&brands.words.printer, &brands.words.adapter, &brands.words.system, &brands.words.other];
        for word in texts.chain(words.into_iter().flatten()) {
            assert!(!word.is_empty() && *word == word.to_lowercase(), "{word}");
        }
        assert!(brands.all().iter().all(|brand| !brand.name.is_empty() && !brand.words.is_empty()));
    }

    #[test]
    fn a_series_ends_where_its_letters_end() {
        assert!(begins("m4080fx", "m"));
        assert!(begins("c", "c"));
        assert!(!begins("monitor", "m"));
        assert!(begins("mx-2614n", "mx-"));
        assert!(begins("color laser", "color laser"));
    }

    #[test]
    fn brand_names_are_words() {
        let table = Brands::parse(
            r#"
            [words]
            printer = ["printer"]
            adapter = []
            system = []
            other = []
            [[brand]]
            name = "Acme"
            words = ["acme"]
            [[brand]]
            name = "Acme Graphics"
            words = ["acme graphics"]
            [[brand]]
            name = "Plain"
            words = ["plain"]
            common = true
            families = ["plainjet"]
            "#,
        )
        .unwrap();
        let check = |text: &str, name: Option<&str>| {
            assert_eq!(table.named_in(text).map(|brand| brand.name.as_str()), name, "{text}");
        };
        check("ACME 100", Some("Acme"));
        check("ACME Graphics 100", Some("Acme Graphics"));
        check("a disk by Acme", Some("Acme"));
        check("acmetronic 5", None);
        check("Plain 5", Some("Plain"));
        check("a plain device", None);
        check("the PlainJet 3000", Some("Plain"));
        assert_eq!(table.without_brand("ACME Graphics 100"), "100");
        assert_eq!(table.without_brand("ACME"), "ACME");
    }
}
