//! IPP (RFC 8011) as a source of readings: one question, Get-Printer-Attributes, and what its answer means.
//!
//! Confidence by attribute: what RFC 8011 and PWG 5100.13 define is A, the marker-* lists that CUPS introduced are B, and
//! page counts are C: public documents do not say whether printer-impressions-completed counts a device's life or
//! what it did since it was switched on, and programs differ. So it is a meter of unknown persistence and never the total;
//! another source that says the same number makes it more ([`fuse`](crate::fuse)).

mod attributes;
mod identity;
mod status;
mod supplies;

use crate::reading::{Confidence, Fact, Meter, Reading, Source};
use crate::replies::{Decoded, Form, Undecodable};
use attributes::Attributes;
use ipp::operation::{GetPrinterAttributes, IppOperation};

/// Where a printer takes IPP requests (RFC 7472 and PWG 5100.14 §4.2).
pub const PATH: &str = "/ipp/print";
/// The media type of requests and responses (RFC 8010 §4).
pub const MEDIA_TYPE: &str = "application/ipp";

/// What is asked for: nothing about jobs, users or credentials.
const ASKED: [&str; 19] = [
    "printer-make-and-model",
    "printer-device-id",
    "printer-serial-number",
    "printer-firmware-string-version",
    "printer-location",
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-alert",
    "printer-alert-description",
    "printer-supply",
    "printer-supply-description",
    "marker-names",
    "marker-types",
    "marker-colors",
    "marker-levels",
    "printer-impressions-completed",
    "printer-media-sheets-completed",
    "printer-pages-completed",
];

pub(crate) const FORM: Form =
    Form { name: "ipp", about: "the answer to Get-Printer-Attributes, as its octets", decode: decode_reply };

fn decode_reply(octets: &[u8]) -> Result<Vec<Decoded>, Undecodable> {
    let reading = read(octets);
    if reading.is_printer {
        return Ok(vec![reading.into()]);
    }
    Err(Undecodable("expected an IPP response with printer attributes (RFC 8010)".to_owned()))
}

/// The Get-Printer-Attributes request for the printer at `host` (an address as it stands in a URI) and port.
pub fn question(host: &str, port: u16) -> Option<Vec<u8>> {
    let uri = format!("ipp://{host}:{port}{PATH}").parse().ok()?;
    let request = GetPrinterAttributes::with_attributes(uri, ASKED).ok()?.into_ipp_request();
    Some(request.to_bytes().to_vec())
}

/// What a response says. Never fails: what cannot be made sense of is left out and told as a doubt.
pub fn read(octets: &[u8]) -> Reading {
    let mut reading = Reading { profile: "ipp".to_owned(), ..Reading::default() };
    let Some(attributes) = Attributes::parse(octets) else {
        reading.doubts.push("the answer is no IPP message".to_owned());
        return reading;
    };
    if attributes.status > 0xff {
        reading
            .doubts
            .push(format!("the printer refuses Get-Printer-Attributes: IPP status {:#06x}", attributes.status));
    }
    if attributes.cut {
        reading.doubts.push("the IPP message ends before its end mark".to_owned());
    }
    identity::read(&attributes, &mut reading);
    status::read(&attributes, &mut reading);
    supplies::read(&attributes, &mut reading);
    reading.meters.extend(COUNTS.iter().filter_map(|(name, unit)| meter(&attributes, name, unit)));
    reading.is_printer = attributes.number("printer-state").is_some();
    reading
}

/// Page counts and what each counts.
const COUNTS: [(&str, &str); 3] = [
    ("printer-impressions-completed", "impressions"),
    ("printer-media-sheets-completed", "sheets"),
    ("printer-pages-completed", "pages"),
];

fn meter(attributes: &Attributes, name: &str, unit: &str) -> Option<Meter> {
    Some(Meter {
        service: "system_totals".to_owned(),
        color: "total".to_owned(),
        size: "any".to_owned(),
        sides: "any".to_owned(),
        unit: unit.to_owned(),
        persistence: "unknown".to_owned(),
        value: u64::try_from(attributes.number(name)?).ok()?,
        source: source(name),
        confidence: Confidence::C,
    })
}

/// An attribute as a source.
fn source(attribute: &str) -> Source {
    Source { url: Some(format!("ipp:{PATH}")), label: Some(attribute.to_owned()), ..Source::default() }
}

fn fact(attributes: &Attributes, name: &str) -> Option<Fact> {
    Some(Fact { value: attributes.text(name)?, source: source(name), confidence: Confidence::A })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A successful response with these printer attributes: tag, name, value.
    pub(crate) fn message(attributes: &[(u8, &str, &[u8])]) -> Vec<u8> {
        let mut octets = vec![2, 0, 0, 0, 0, 0, 0, 1, 1, 0x47, 0, 18];
        octets.extend(b"attributes-charset\x00\x05utf-8\x04");
        for (tag, name, value) in attributes {
            octets.push(*tag);
            octets.extend((name.len() as u16).to_be_bytes());
            octets.extend(name.bytes());
            octets.extend((value.len() as u16).to_be_bytes());
            octets.extend(*value);
        }
        octets.push(3);
        octets
    }

    #[test]
    fn the_question_asks_for_the_printer_and_nothing_of_jobs() {
        let octets = question("[::1]", 631).unwrap();
        let text = String::from_utf8_lossy(&octets);
        assert_eq!(octets[..4], [1, 1, 0, 0x0b], "IPP 1.1, Get-Printer-Attributes");
        assert!(text.contains("ipp://[::1]:631/ipp/print") && text.contains("marker-levels"));
        assert!(!text.contains("job") && !text.contains("user"));
    }

    #[test]
    fn a_page_count_is_no_total() {
        let reading = read(&message(&[
            (0x23, "printer-state", &3_i32.to_be_bytes()),
            (0x21, "printer-impressions-completed", &4711_i32.to_be_bytes()),
            (0x21, "printer-media-sheets-completed", &(-2_i32).to_be_bytes()),
        ]));
        let meters: Vec<_> =
            reading.meters.iter().map(|m| (m.unit.as_str(), m.persistence.as_str(), m.value)).collect();
        assert_eq!(meters, [("impressions", "unknown", 4711)]);
        assert!(reading.is_printer && reading.total.is_none());
    }

    #[test]
    fn refusals_and_nonsense_are_no_printers() {
        let mut refused = message(&[]);
        refused[2..4].copy_from_slice(&[0x04, 0x06]);
        for (octets, doubt) in [(&refused[..], "0x0406"), (b"<html>", "no IPP message"), (&refused[..20], "end mark")] {
            let reading = read(octets);
            assert!(
                !reading.is_printer && reading.doubts.iter().any(|told| told.contains(doubt)),
                "{:?}",
                reading.doubts
            );
        }
    }
}
