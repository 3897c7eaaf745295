use super::{Confidence, Reading, Source};
use crate::reading::{Count, Fact, Meter, Supply, Total};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The readings as one, the first believed first.
fn fuse<const N: usize>(readings: [Reading; N]) -> Reading {
    let mut readings = readings.into_iter();
    let mut one = readings.next().unwrap_or_default();
    readings.for_each(|other| super::fuse(&mut one, other));
    one
}

fn at(name: &str) -> Source {
    Source { oid: Some(name.to_owned()), ..Source::default() }
}

fn confidences() -> impl Strategy<Value = Confidence> {
    prop::sample::select(vec![Confidence::A, Confidence::B, Confidence::C, Confidence::D])
}

fn meter(color: &str, unit: &str, persistence: &str, value: u64, source: &str, confidence: Confidence) -> Meter {
    Meter {
        service: "system_totals".into(),
        color: color.into(),
        size: "any".into(),
        sides: "any".into(),
        unit: unit.into(),
        persistence: persistence.into(),
        value,
        source: at(source),
        confidence,
    }
}

fn supply(color: Option<&str>, kind: &str, percent: Option<f64>, source: &str, confidence: Confidence) -> Supply {
    Supply {
        index: "1".into(),
        description: String::new(),
        kind: kind.into(),
        class: "consumed".into(),
        color: color.map(str::to_owned),
        unit: percent.map(|_| "percent".into()),
        capacity: None,
        level: percent.map(|percent| percent as i64),
        percent,
        state: if percent.is_some() { "ok" } else { "present" }.into(),
        part_number: None,
        serial: None,
        installed: None,
        pages_left: None,
        source: at(source),
        confidence,
    }
}

fn any_reading(source: &'static str) -> impl Strategy<Value = Reading> {
    let word = |words: &'static [&'static str]| prop::sample::select(words);
    let meters = prop::collection::vec(
        (
            word(&["total", "mono"]),
            word(&["impressions", "sheets"]),
            word(&["lifetime", "power_on", "unknown"]),
            0_u64..60,
            confidences(),
        )
            .prop_map(move |(color, unit, persistence, value, sure)| {
                meter(color, unit, persistence, value * 7, source, sure)
            }),
        0..5,
    );
    let supplies = prop::collection::vec(
        (
            prop::option::of(word(&["cyan", "black"])),
            word(&["toner", "toner_cartridge", "opc"]),
            prop::option::of(0_u32..=100),
            confidences(),
        )
            .prop_map(move |(color, kind, percent, sure)| supply(color, kind, percent.map(f64::from), source, sure)),
        0..5,
    );
    let total = prop::option::of((0_u64..60, word(&["impressions", "sheets"]), confidences()));
    let serial = prop::option::of((word(&["AB123", "CD456"]), confidences()));
    let count = prop::option::of(0_u64..9);
    (meters, supplies, total, serial, count).prop_map(move |(meters, supplies, total, serial, count)| {
        let mut reading = Reading { profile: source.to_owned(), meters, supplies, ..Reading::default() };
        reading.total =
            total.map(|(value, unit, confidence)| Total { value, unit: unit.into(), source: at(source), confidence });
        reading.identity.serial =
            serial.map(|(value, confidence)| Fact { value: value.into(), source: at(source), confidence });
        reading.counts.extend(count.map(|value| Count { what: "jam".into(), place: None, value, source: at(source) }));
        reading
    })
}

/// Every figure with its key and source, without its confidence.
fn values(reading: &Reading) -> BTreeSet<String> {
    let meters =
        reading.meters.iter().map(|m| format!("{} {} {} {} {:?}", m.color, m.unit, m.persistence, m.value, m.source));
    let supplies = reading
        .supplies
        .iter()
        .map(|s| format!("{:?} {} {:?} {:?} {} {:?}", s.color, s.class, s.percent, s.level, s.state, s.source));
    let total = reading.total.iter().map(|t| format!("total {} {} {:?}", t.value, t.unit, t.source));
    let serial = reading.identity.serial.iter().map(|s| format!("serial {} {:?}", s.value, s.source));
    let counts = reading.counts.iter().map(|c| format!("{} {} {:?}", c.what, c.value, c.source));
    meters.chain(supplies).chain(total).chain(serial).chain(counts).collect()
}

/// What is there, whoever told it.
fn things(reading: &Reading) -> BTreeSet<String> {
    let meters = reading.meters.iter().map(|m| format!("{} {} {}", m.color, m.unit, m.persistence));
    let supplies =
        reading.supplies.iter().map(|s| format!("{:?} {}", s.color, if s.kind == "opc" { "opc" } else { "toner" }));
    let total = reading.total.iter().map(|_| "total".to_owned());
    meters.chain(supplies).chain(total).collect()
}

proptest! {
    #[test]
    fn nothing_is_invented(a in any_reading("a"), b in any_reading("b"), c in any_reading("c")) {
        let known: BTreeSet<String> = [&a, &b, &c].into_iter().flat_map(values).collect();
        let fused = fuse([a, b, c]);
        let invented: Vec<_> = values(&fused).difference(&known).cloned().collect();
        prop_assert!(invented.is_empty(), "{invented:?}");
    }

    #[test]
    fn with_itself_nothing_changes(a in any_reading("a")) {
        let fused = fuse([a.clone(), a.clone()]);
        prop_assert_eq!(values(&fused), values(&a));
        prop_assert!(fused.doubts.is_empty(), "{:?}", fused.doubts);
        prop_assert_eq!(fused.profile, "a");
    }

    #[test]
    fn the_order_decides_who_is_believed_not_what_is_there(a in any_reading("a"), b in any_reading("b")) {
        let (one, other) = (fuse([a.clone(), b.clone()]), fuse([b, a]));
        prop_assert_eq!(things(&one), things(&other));
        // A disagreement is one from either side.
        prop_assert_eq!(one.doubts.len(), other.doubts.len(), "{:?} {:?}", one.doubts, other.doubts);
    }

    #[test]
    fn nothing_of_the_first_source_is_lost(a in any_reading("a"), b in any_reading("b")) {
        let fused = fuse([a.clone(), b]);
        let of_meters = |reading: &Reading| values(&Reading { supplies: Vec::new(), ..reading.clone() });
        prop_assert!(of_meters(&fused).is_superset(&of_meters(&a)));
        prop_assert_eq!(fused.supplies.len() >= a.supplies.len(), true);
    }
}

fn check(own: Meter, other: Meter, expected: &[(u64, Confidence)], doubt: Option<&str>) {
    let reading = |meter: Meter| Reading { meters: vec![meter], ..Reading::default() };
    let told = format!("{own:?} {other:?}");
    let fused = fuse([reading(own), reading(other)]);
    assert_eq!(fused.meters.iter().map(|m| (m.value, m.confidence)).collect::<Vec<_>>(), expected, "{told}");
    assert_eq!(fused.doubts.first().map(String::as_str), doubt, "{told}");
}

#[test]
fn agreement_raises_and_disagreement_lowers() {
    use Confidence::{A, B, C, D};
    let own = |value, sure| meter("total", "impressions", "lifetime", value, "1.3.6", sure);
    let page = Source { url: Some("/DevMgmt/X.xml".into()), label: Some("A/B".into()), ..Source::default() };
    let other = |value, sure| Meter { source: page.clone(), ..own(value, sure) };
    check(own(1000, A), other(1003, B), &[(1000, A)], None);
    check(own(1000, B), other(1000, A), &[(1000, A)], None);
    check(own(1000, C), other(1000, C), &[(1000, B)], None);
    let doubt = Some("system_totals total impressions: 1000 at 1.3.6, and 2000 at /DevMgmt/X.xml A/B");
    check(own(1000, A), other(2000, B), &[(1000, C)], doubt);
    check(own(1000, A), other(2000, C), &[(1000, B)], doubt);
    check(own(1000, C), other(2000, A), &[(1000, D)], doubt);
    // Half a percent is the time between two questions; 100,000 pages are not five pages.
    check(own(100_000, B), other(100_400, B), &[(100_000, B)], None);
    check(
        own(100_000, B),
        other(101_000, B),
        &[(100_000, C)],
        Some("system_totals total impressions: 100000 at 1.3.6, and 101000 at /DevMgmt/X.xml A/B"),
    );
}

#[test]
fn only_the_same_is_compared() {
    use Confidence::{A, B, C};
    let own = meter("total", "impressions", "lifetime", 1000, "a", A);
    let sheets = meter("total", "sheets", "lifetime", 600, "b", B);
    check(own.clone(), sheets, &[(1000, A), (600, B)], None);
    let power_on = meter("total", "impressions", "power_on", 7, "b", A);
    check(own.clone(), power_on, &[(1000, A), (7, A)], None);
    // IPP does not say since when it counts: the same number confirms, another says nothing.
    let weak = Meter { confidence: C, ..own.clone() };
    check(weak.clone(), meter("total", "impressions", "unknown", 1000, "b", C), &[(1000, B), (1000, C)], None);
    check(weak, meter("total", "impressions", "unknown", 12, "b", C), &[(1000, C), (12, C)], None);
}

#[test]
fn supplies_are_joined_by_what_they_are() {
    use Confidence::{A, B, C};
    let reading = |supplies: Vec<Supply>| Reading { supplies, ..Reading::default() };
    let check = |own: Vec<Supply>, other: Vec<Supply>, expected: &[(Option<f64>, &str, Confidence)], doubts: usize| {
        let fused = fuse([reading(own), reading(other)]);
        let told: Vec<_> =
            fused.supplies.iter().map(|s| (s.percent, s.source.oid.as_deref().unwrap(), s.confidence)).collect();
        assert_eq!((told.as_slice(), fused.doubts.len()), (expected, doubts), "{:?}", fused.doubts);
    };
    let snmp = |percent| supply(Some("black"), "toner", percent, "s", A);
    let page = |percent| supply(Some("black"), "toner_cartridge", percent, "p", B);
    check(vec![snmp(Some(57.0))], vec![page(Some(60.0))], &[(Some(57.0), "s", A)], 0);
    check(vec![snmp(Some(57.0))], vec![page(Some(10.0))], &[(Some(57.0), "s", C)], 1);
    check(vec![snmp(None)], vec![page(Some(10.0))], &[(Some(10.0), "p", B)], 0);
    check(
        vec![snmp(Some(57.0))],
        vec![supply(Some("cyan"), "toner", None, "p", B)],
        &[(Some(57.0), "s", A), (None, "p", B)],
        0,
    );
    // Two black ones: which is which cannot be told.
    check(
        vec![snmp(Some(57.0)), snmp(Some(5.0))],
        vec![page(Some(90.0))],
        &[(Some(57.0), "s", A), (Some(5.0), "s", A)],
        0,
    );
    let with_serial = Supply { serial: Some("X1".into()), pages_left: Some(70), ..page(Some(60.0)) };
    let fused = fuse([reading(vec![snmp(Some(57.0))]), reading(vec![with_serial])]);
    assert_eq!((fused.supplies[0].serial.as_deref(), fused.supplies[0].pages_left), (Some("X1"), Some(70)));
}

#[test]
fn another_serial_number_is_another_device() {
    let told = |serial: &str, source: &str| {
        let mut reading = Reading::default();
        reading.identity.serial = Some(Fact { value: serial.into(), source: at(source), confidence: Confidence::A });
        reading
    };
    let fused = fuse([told("AB123", "a"), told("ZZ999", "b")]);
    assert_eq!(fused.doubts, ["serial number: AB123 at a, and ZZ999 at b"]);
    let same = fuse([told("AB123", "a"), told("ab123", "b")]);
    assert!(same.doubts.is_empty());
}
