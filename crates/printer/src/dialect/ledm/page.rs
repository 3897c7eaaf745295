//! One XML page of a device, looked at by local names.
//!
//! A device is hostile: the text is bounded before it is parsed, the number of nodes while it is, document type
//! declarations (and with them entities of the device's own) are refused, and nothing here follows nesting, however deep.

use crate::standard::text::clean;
use roxmltree::{Document, Node, ParsingOptions};

/// Octets of one page that are read; the largest seen has 70,000.
pub(super) const MOST_OCTETS: usize = 1 << 20;
/// Elements, texts and comments of one page; the largest seen has 2,000.
const MOST_NODES: u32 = 50_000;
/// Elements of one name below one parent.
const MOST_CHILDREN: usize = 256;

/// Parses a page, or says why it is none.
pub(super) fn parse(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text.trim_start_matches('\u{feff}').trim_start(), options)
        // The parser quotes what it does not like.
        .map_err(|error| clean(&error.to_string()))
}

/// An element; its children are named by local name alone, because prefixes and the dates in namespaces vary by firmware.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'t>(Node<'t, 't>);

impl<'t> Element<'t> {
    pub(super) fn root(document: &'t Document<'t>) -> Self {
        Self(document.root_element())
    }

    pub(super) fn name(self) -> &'t str {
        self.0.tag_name().name()
    }

    /// The children of this name.
    pub(super) fn all(self, name: &str) -> impl Iterator<Item = Self> {
        self.0
            .children()
            .filter(move |child| child.is_element() && child.tag_name().name() == name)
            .map(Self)
            .take(MOST_CHILDREN)
    }

    /// The first element at a path such as `PrinterSubunit/JamEvents`.
    pub(super) fn at(self, path: &str) -> Option<Self> {
        path.split('/').try_fold(self, |element, name| element.all(name).next())
    }

    /// Its text, cleaned; none if there is none.
    pub(super) fn text(self, path: &str) -> Option<String> {
        let text = clean(self.at(path)?.0.text()?);
        (!text.is_empty()).then_some(text)
    }

    /// Its whole number, as a device writes it: digits, possibly with a sign.
    pub(super) fn number(self, path: &str) -> Option<i64> {
        self.text(path)?.parse().ok()
    }

    /// Its count: a number that is not negative.
    pub(super) fn count(self, path: &str) -> Option<u64> {
        self.number(path).and_then(|number| u64::try_from(number).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_dates_do_not_matter() {
        for text in [
            "<A><B>7</B></A>",
            "<x:A xmlns:x='urn:2007/10/31'><x:B PEID='9'> 7\n</x:B></x:A>",
            "\u{feff} <A xmlns='urn:2009'><y:B xmlns:y='urn:z'>7</y:B><B>8</B></A>",
        ] {
            let document = parse(text).unwrap();
            let root = Element::root(&document);
            assert_eq!((root.name(), root.count("B")), ("A", Some(7)), "{text}");
        }
    }

    #[test]
    fn what_is_hostile_is_refused_or_harmless() {
        let deep = "<a>".repeat(200_000);
        let closed = format!("{}{}", "<a>".repeat(40_000), "</a>".repeat(40_000));
        let wide = format!("<a>{}</a>", "<b/>".repeat(60_000));
        let bomb = "<!DOCTYPE a [<!ENTITY x 'xxxx'><!ENTITY y '&x;&x;&x;'>]><a>&y;</a>";
        let file = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>";
        for text in [deep.as_str(), &wide, bomb, file, "<a>&x;</a>", "<a", "", "<a></b>"] {
            assert!(parse(text).is_err(), "{}", text.get(..60).unwrap_or(text));
        }
        let document = parse(&closed).unwrap();
        assert_eq!(Element::root(&document).text("a/a/a"), None);
    }

    #[test]
    fn a_count_is_a_number_that_is_not_negative() {
        let check = |text: &str, number: Option<i64>, count: Option<u64>| {
            let text = format!("<A><B>{text}</B></A>");
            let document = parse(&text).unwrap();
            let root = Element::root(&document);
            assert_eq!((root.number("B"), root.count("B")), (number, count), "{text}");
        };
        check("12", Some(12), Some(12));
        check("-38", Some(-38), None);
        check("1.5", None, None);
        check("", None, None);
        check("99999999999999999999", None, None);
        check("12 pages", None, None);
    }
}
