//! LEDM, the XML pages of devices with a newer embedded web server: who they are (ProductConfigDyn), what they have
//! printed (ProductUsageDyn), what is left (ConsumableConfigDyn), how they are (ProductStatusDyn). DiscoveryTree says
//! which of them a device has. Older large-format devices have one line of text instead: see `large.rs`.
//!
//! No public document defines the pages: the element names were seen on devices, and so the best confidence is B.

mod identity;
mod large;
mod page;
mod status;
mod supplies;
mod usage;

use crate::reading::{Reading, Source};
use crate::replies::{Form, Undecodable};
use page::{Element, MOST_OCTETS, parse};
use roxmltree::Document;
use std::borrow::Cow;

/// Where a device lists its pages.
pub const DISCOVERY: &str = "/DevMgmt/DiscoveryTree.xml";
/// The pages that are read, by the name of their root element. No other page is ever asked for.
pub const PAGES: [&str; 4] = ["ProductConfigDyn", "ProductUsageDyn", "ConsumableConfigDyn", "ProductStatusDyn"];
pub use large::STATUS as LARGE_FORMAT_STATUS;

pub(crate) const FORM: Form = Form {
    name: "ledm",
    about: "pages of one device: ProductConfigDyn, ProductUsageDyn, ConsumableConfigDyn, ProductStatusDyn, or a status line",
    decode: |octets| together(&[octets]).map(|reading| vec![reading.into()]),
};

/// Pages of one device; an error where none of them is one.
pub(crate) fn together(pages: &[&[u8]]) -> Result<Reading, Undecodable> {
    let reading = read(pages);
    if reading.is_printer {
        return Ok(reading);
    }
    Err(Undecodable(format!("expected {}, or a line of severity|message|", PAGES.join(", "))))
}

/// The path of one of [`PAGES`].
pub fn path(page: &str) -> String {
    format!("/DevMgmt/{page}.xml")
}

/// The pages of [`PAGES`] that a device's DiscoveryTree names; `None` if this is no DiscoveryTree.
///
/// A device that puts them elsewhere than at [`path`] is taken not to have them: a device does not choose what is asked
/// of it.
pub fn pages(discovery_tree: &[u8]) -> Option<Vec<&'static str>> {
    let text = text_of(discovery_tree).ok()?;
    let document = parse(&text).ok()?;
    let root = Element::root(&document);
    if root.name() != "DiscoveryTree" {
        return None;
    }
    let named: Vec<String> = root.all("SupportedTree").filter_map(|tree| tree.text("ResourceURI")).collect();
    Some(PAGES.into_iter().filter(|page| named.contains(&path(page))).collect())
}

/// What pages of one device say, in any order. Never fails: what cannot be made sense of is left out and told as a doubt.
pub fn read(pages: &[&[u8]]) -> Reading {
    let mut reading = Reading { profile: "ledm".to_owned(), ..Reading::default() };
    let texts: Vec<_> = pages.iter().filter_map(|octets| kept(text_of(octets), &mut reading)).collect();
    let (xml, lines): (Vec<_>, Vec<_>) = texts.iter().partition(|text| text.contains('<'));
    let documents: Vec<_> = xml.iter().filter_map(|text| kept(parse(text), &mut reading)).collect();
    let known = known(&documents, &mut reading);
    let page = |name: &str| known.iter().copied().find(|root| root.name() == name);
    let usage = page("ProductUsageDyn");
    if let Some(config) = page("ProductConfigDyn") {
        identity::read(config, &mut reading);
    }
    if let Some(usage) = usage {
        usage::read(usage, &mut reading);
    }
    if let Some(consumables) = page("ConsumableConfigDyn") {
        supplies::read(consumables, usage, &mut reading);
    }
    if let Some(status) = page("ProductStatusDyn") {
        status::read(status, &mut reading);
    }
    for line in lines {
        large::read(line, &mut reading);
    }
    // A web server that has these pages is a printer's; one that only lists pages may be anything.
    reading.is_printer = !known.is_empty() || !reading.alerts.is_empty() || reading.status.device.is_some();
    reading
}

/// The pages that are of use, each once.
fn known<'t>(documents: &'t [Document<'t>], reading: &mut Reading) -> Vec<Element<'t>> {
    let mut known: Vec<Element<'t>> = Vec::new();
    for root in documents.iter().map(Element::root) {
        let name = root.name();
        if known.iter().any(|other| other.name() == name) {
            reading.doubts.push(format!("{name} was given more than once: the first was read"));
        } else if PAGES.contains(&name) {
            known.push(root);
        } else if name != "DiscoveryTree" {
            reading.doubts.push(format!("a page {:?} is none that is known", crate::standard::text::clean(name)));
        }
    }
    known
}

fn text_of(octets: &[u8]) -> Result<Cow<'_, str>, String> {
    if octets.len() > MOST_OCTETS {
        return Err(format!("{} octets are more than are read", octets.len()));
    }
    Ok(String::from_utf8_lossy(octets))
}

fn kept<T>(found: Result<T, String>, reading: &mut Reading) -> Option<T> {
    found.map_err(|why| reading.doubts.push(format!("a page cannot be read: {why}"))).ok()
}

/// An element of a page as a source.
fn source(page: &str, element: &str) -> Source {
    Source { url: Some(path(page)), label: Some(element.to_owned()), ..Source::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_names_the_pages_and_chooses_none() {
        let tree = |uri: &str| {
            format!(
                "<l:DiscoveryTree xmlns:l='urn:l' xmlns:dd='urn:d'><l:SupportedTree><dd:ResourceURI>{uri}</dd:ResourceURI>\
             <dd:ResourceType>ledm:x</dd:ResourceType></l:SupportedTree></l:DiscoveryTree>"
            )
        };
        let check =
            |text: &str, expected: Option<&[&str]>| assert_eq!(pages(text.as_bytes()).as_deref(), expected, "{text}");
        check(&tree("/DevMgmt/ProductUsageDyn.xml"), Some(&["ProductUsageDyn"]));
        check(&tree("/DevMgmt/PowerOff.xml"), Some(&[]));
        check(&tree("http://192.0.2.1/DevMgmt/ProductUsageDyn.xml"), Some(&[]));
        check(&tree("/DevMgmt/ProductUsageDyn.xml?reset=1"), Some(&[]));
        check("<html/>", None);
        check("Not found", None);
    }

    #[test]
    fn pages_that_are_none_are_doubted() {
        let check = |pages: &[&[u8]], doubt: &str| {
            let reading = read(pages);
            assert!(!reading.is_printer && reading.total.is_none());
            assert!(reading.doubts.len() == 1 && reading.doubts[0].contains(doubt), "{:?}", reading.doubts);
        };
        check(&[b"<html><body>404</body></html>"], "\"html\"");
        check(&[b"<a"], "cannot be read");
        check(&[&vec![b' '; MOST_OCTETS + 1]], "more than are read");
    }
}
