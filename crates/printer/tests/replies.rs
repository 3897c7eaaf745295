//! Whatever a web server or an IPP service answers, reading it ends, and nothing absurd comes out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test ends by panicking")]

use dca_printer::{Reading, fuse, ipp, ledm};
use proptest::prelude::*;

/// A page made of the elements that are looked at, with anything in them.
fn page() -> impl Strategy<Value = Vec<u8>> {
    let names = prop::sample::select(vec![
        "PrinterSubunit",
        "TotalImpressions",
        "MonochromeImpressions",
        "ColorImpressions",
        "DuplexSheets",
        "UsageByMedia",
        "MediaSizeName",
        "ConsumableSubunit",
        "Consumable",
        "ConsumableInfo",
        "ConsumableLabelCode",
        "ConsumableTypeEnum",
        "ConsumablePercentageLevelRemaining",
        "ConsumableRawPercentageLevelRemaining",
        "EstimatedPagesRemaining",
        "Status",
        "StatusCategory",
        "AlertTable",
        "Alert",
        "ProductStatusAlertID",
        "Severity",
        "ProductInformation",
        "MakeAndModel",
        "SerialNumber",
        "ScannerEngineSubunit",
        "AdfImages",
        "FlatbedImages",
        "JamEvents",
    ]);
    let text = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (0_u32..120).prop_map(|number| number.to_string()),
        "[a-zA-Z_0-9]{0,12}",
        prop::sample::select(vec!["K", "C", "ink", "toner", "ready", "iso_a4", "HP X 100", "Info", "&#1;&#27;[31m"])
            .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    let root =
        prop::sample::select(vec!["ProductUsageDyn", "ConsumableConfigDyn", "ProductStatusDyn", "ProductConfigDyn"]);
    let parts = prop::collection::vec((names.clone(), names, text), 0..24);
    (root, parts).prop_map(|(root, parts)| {
        let inside: String = parts
            .into_iter()
            .map(|(outer, inner, text)| {
                let text = if text.starts_with('&') { text } else { text.replace(['<', '&'], "") };
                format!("<{outer}><{inner}>{text}</{inner}><{outer}>{text}</{outer}></{outer}>")
            })
            .collect();
        format!("<x:{root} xmlns:x='urn:x'>{inside}</x:{root}>").into_bytes()
    })
}

/// An IPP response with the attributes that are looked at, of any tag and value.
fn response() -> impl Strategy<Value = Vec<u8>> {
    let names = prop::sample::select(vec![
        "printer-state",
        "printer-state-reasons",
        "printer-supply",
        "printer-supply-description",
        "printer-alert",
        "marker-names",
        "marker-types",
        "marker-levels",
        "marker-colors",
        "printer-impressions-completed",
        "printer-make-and-model",
        "",
    ]);
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        (-5_i32..200).prop_map(|number| number.to_be_bytes().to_vec()),
        prop::sample::select(vec![
            &b"toner"[..],
            b"none",
            b"media-jam-error",
            b"level=150;maxcapacity=100;type=wasteInk;",
            b"\x1b[31m"
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    let tags =
        prop::sample::select(vec![0x21_u8, 0x23, 0x30, 0x35, 0x41, 0x42, 0x44, 0x34, 0x37, 0x4a, 0x01, 0x04, 0x7f]);
    prop::collection::vec((tags, names, value), 0..40).prop_map(|parts| {
        let mut octets = vec![2, 0, 0, 0, 0, 0, 0, 1, 4];
        for (tag, name, value) in parts {
            octets.push(tag);
            octets.extend((name.len() as u16).to_be_bytes());
            octets.extend(name.bytes());
            octets.extend((value.len() as u16).to_be_bytes());
            octets.extend(value);
        }
        octets.push(3);
        octets
    })
}

fn damaged(octets: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (octets, prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), any::<bool>()).prop_map(
        |(mut octets, changes, cut)| {
            for (at, new) in changes {
                if !octets.is_empty() {
                    let at = at.index(octets.len());
                    octets[at] = new;
                    if cut {
                        octets.truncate(at);
                    }
                }
            }
            octets
        },
    )
}

fn is_sane(reading: &Reading) {
    for supply in &reading.supplies {
        assert!(supply.percent.is_none_or(|percent| (0.0..=100.0).contains(&percent)), "{supply:?}");
        assert!(supply.level.is_none_or(|level| level >= 0), "{supply:?}");
    }
    assert!(reading.total.as_ref().is_none_or(|total| total.value > 0 && total.source.url.is_some()));
    let json = serde_json::to_string(reading).unwrap();
    assert!(!json.chars().any(char::is_control) && !json.contains("\\u001b") && json.len() < 1_000_000, "{json}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_reply_can_be_read(pages in prop::collection::vec(damaged(page()), 0..4), response in damaged(response())) {
        let mut one = ledm::read(&pages.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let other = ipp::read(&response);
        is_sane(&one);
        is_sane(&other);
        let _ = pages.iter().map(|page| ledm::pages(page)).collect::<Vec<_>>();
        fuse(&mut one, other);
        is_sane(&one);
    }

    #[test]
    fn any_octets_can_be_read(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        is_sane(&ledm::read(&[&octets]));
        is_sane(&ipp::read(&octets));
    }
}
