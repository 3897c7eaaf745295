//! ProductUsageDyn: what has been printed, copied and scanned.

use super::page::Element;
use super::source;
use crate::profile::{Figure, Words, settle};
use crate::reading::{Confidence, Count, Reading, Source, Total};

const PAGE: &str = "ProductUsageDyn";

/// Elements and the meter that each is. Duplex is sheets through the duplex path, not impressions.
const METERS: [(&str, &str); 14] = [
    ("PrinterSubunit/TotalImpressions", "system_totals"),
    ("PrinterSubunit/MonochromeImpressions", "system_totals mono"),
    ("PrinterSubunit/ColorImpressions", "system_totals full_color"),
    ("PrinterSubunit/SimplexSheets", "system_totals simplex sheets"),
    ("PrinterSubunit/DuplexSheets", "system_totals duplex sheets"),
    ("PrintApplicationSubunit/TotalImpressions", "print"),
    ("PrintApplicationSubunit/MonochromeImpressions", "print mono"),
    ("PrintApplicationSubunit/ColorImpressions", "print full_color"),
    ("CopyApplicationSubunit/TotalImpressions", "copy"),
    ("CopyApplicationSubunit/MonochromeImpressions", "copy mono"),
    ("CopyApplicationSubunit/ColorImpressions", "copy full_color"),
    ("FaxApplicationSubunit/TotalImpressions", "fax"),
    ("ScannerEngineSubunit/ScanImages", "scan images"),
    (ADF, "document_feeder images"),
];
const ADF: &str = "ScannerEngineSubunit/AdfImages";
const FLATBED: &str = "ScannerEngineSubunit/FlatbedImages";

/// Elements and the events that each counts.
const COUNTS: [(&str, &str, &str); 3] = [
    ("PrinterSubunit/JamEvents", "jam", "engine"),
    ("PrinterSubunit/MispickEvents", "mispick", "engine"),
    ("ScannerEngineSubunit/JamEvents", "jam", "scanner"),
];

/// Media sizes by the start of their name, self-describing (PWG 5101.1) or a word. A name for two sizes is neither.
const SIZES: [(&str, &str); 12] = [
    ("iso_a3", "a3"),
    ("iso_a4", "a4"),
    ("iso_a5", "a5"),
    ("iso_a6", "a6"),
    ("iso_b5", "b5"),
    ("jis_b4", "b4"),
    ("jis_b5", "b5"),
    ("na_letter", "letter"),
    ("na_legal", "legal"),
    ("na_ledger", "ledger"),
    ("na_executive", "executive"),
    ("na_invoice", "statement"),
];

pub(super) fn read(usage: Element<'_>, reading: &mut Reading) {
    let mut figures: Vec<Figure> = METERS.iter().filter_map(|(path, words)| figure(usage, path, words)).collect();
    if usage.count("ScannerEngineSubunit/ScanImages").is_none() {
        figures.extend(scans(usage));
    }
    figures.extend(by_size(usage));
    settle(figures, reading);
    let total =
        reading.meters.iter().find(|meter| meter.source.label.as_deref() == Some("PrinterSubunit/TotalImpressions"));
    // 0 is true on a new device only; on a used one its memory was replaced.
    reading.total = total.filter(|meter| meter.value > 0).map(|meter| Total {
        value: meter.value,
        unit: meter.unit.clone(),
        source: meter.source.clone(),
        confidence: meter.confidence,
    });
    reading.counts.extend(COUNTS.iter().filter_map(|(path, what, place)| {
        let place = Some((*place).to_owned());
        Some(Count { what: (*what).to_owned(), place, value: usage.count(path)?, source: source(PAGE, path) })
    }));
}

fn figure(usage: Element<'_>, path: &str, words: &str) -> Option<Figure> {
    let key = Words::parse(words).ok()?.key()?;
    Some(Figure { key, value: usage.count(path)?, source: source(PAGE, path), confidence: Confidence::B })
}

/// What the scanner has scanned: through its feeder or on its glass.
fn scans(usage: Element<'_>) -> Option<Figure> {
    let (adf, flatbed) = (usage.count(ADF)?, usage.count(FLATBED)?);
    let source = Source { rule: Some("adf_plus_flatbed".to_owned()), ..source(PAGE, "ScannerEngineSubunit") };
    let key = Words::parse("scan images").ok()?.key()?;
    Some(Figure { key, value: adf.checked_add(flatbed)?, source, confidence: Confidence::B })
}

fn by_size(usage: Element<'_>) -> Vec<Figure> {
    let Some(printer) = usage.at("PrinterSubunit") else { return Vec::new() };
    let figures = printer.all("UsageByMedia").filter_map(|media| {
        let name = media.text("MediaSizeName")?;
        let size = SIZES.iter().find(|(start, _)| name.starts_with(start)).map(|(_, size)| *size)?;
        let path = format!("PrinterSubunit/UsageByMedia[{name}]/TotalImpressions");
        let key = Words::parse(&format!("system_totals {size}")).ok()?.key()?;
        let value = media.count("TotalImpressions")?;
        Some(Figure { key, value, source: source(PAGE, &path), confidence: Confidence::B })
    });
    figures.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inside: &str) -> Reading {
        let page = format!("<p:ProductUsageDyn xmlns:p='urn:p'>{inside}</p:ProductUsageDyn>");
        super::super::read(&[page.as_bytes()])
    }

    #[test]
    fn parts_that_do_not_make_up_the_total_are_doubted() {
        let parts = |total: u64| {
            read(&format!(
                "<PrinterSubunit><TotalImpressions PEID='5'>{total}</TotalImpressions><MonochromeImpressions>60\
             </MonochromeImpressions><ColorImpressions>40</ColorImpressions></PrinterSubunit>"
            ))
        };
        let good = parts(100);
        assert_eq!(good.total.map(|total| (total.value, total.confidence)), Some((100, Confidence::B)));
        assert!(good.doubts.is_empty());
        let bad = parts(500);
        assert_eq!(bad.total.map(|total| (total.value, total.confidence)), Some((500, Confidence::C)));
        assert_eq!(bad.doubts.len(), 1, "{:?}", bad.doubts);
    }

    #[test]
    fn what_is_no_count_is_not_there() {
        for value in ["-1", "", "many", "0"] {
            let reading =
                read(&format!("<PrinterSubunit><TotalImpressions>{value}</TotalImpressions></PrinterSubunit>"));
            assert_eq!(reading.total, None, "{value}");
        }
    }

    #[test]
    fn duplex_is_sheets_and_sizes_have_one_name() {
        let media = |name: &str| {
            format!(
                "<UsageByMedia><MediaSizeName>{name}</MediaSizeName><TotalImpressions>30</TotalImpressions></UsageByMedia>"
            )
        };
        let reading = read(&format!(
            "<PrinterSubunit><TotalImpressions>100</TotalImpressions><DuplexSheets>20</DuplexSheets>{}{}</PrinterSubunit>",
            media("iso_a4_210x297mm"),
            media("a4_or_letter"),
        ));
        let meters: Vec<_> = reading
            .meters
            .iter()
            .map(|meter| (meter.size.as_str(), meter.sides.as_str(), meter.unit.as_str(), meter.value))
            .collect();
        assert_eq!(
            meters,
            [("any", "any", "impressions", 100), ("any", "duplex", "sheets", 20), ("a4", "any", "impressions", 30),]
        );
    }
}
