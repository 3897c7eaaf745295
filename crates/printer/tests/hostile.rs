//! Whatever a device answers to the questions of a plan, reading it ends, and nothing absurd comes out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test ends by panicking")]

use dca_printer::{Profiles, Rows};
use dca_snmp::{Oid, Value};
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        (-5_i64..200).prop_map(Value::Integer),
        any::<u32>().prop_map(Value::Counter32),
        any::<u64>().prop_map(Value::Counter64),
        proptest::collection::vec(any::<u8>(), 0..64).prop_map(Value::OctetString),
        "[ -~]{0,40}".prop_map(|text| Value::OctetString(text.into_bytes())),
        // Records, half of them damaged.
        proptest::collection::vec((any::<u8>(), any::<u32>()), 0..8).prop_map(|records| {
            let mut octets: Vec<u8> = Vec::new();
            for (id, value) in records {
                octets.extend([id, 1, 4]);
                octets.extend(value.to_be_bytes());
            }
            octets.push(0xff);
            Value::OctetString(octets)
        }),
        proptest::collection::vec(any::<u32>(), 0..12)
            .prop_map(|arcs| Value::ObjectIdentifier(Oid::from_arcs([1, 3].into_iter().chain(arcs)).unwrap())),
        Just(Value::Null),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_answer_can_be_read(
        which in 0_usize..64,
        answers in proptest::collection::vec((any::<prop::sample::Index>(), proptest::collection::vec(0_u32..120, 0..4), value()), 0..60),
    ) {
        let profiles = Profiles::builtin();
        let all: Vec<_> = profiles.iter().collect();
        let profile = all[which % all.len()];
        let plan = profile.plan();
        let asked: Vec<&Oid> = plan.gets.iter().chain(&plan.walks).collect();
        let rows: Rows = answers
            .into_iter()
            .map(|(at, index, value)| (asked[at.index(asked.len())].join(index).unwrap(), value))
            .collect();
        let reading = profile.read(&rows);
        let own = reading.meters.iter().filter(|meter| meter.source.oid.as_deref().is_some_and(|oid| oid.contains(".6.1.4.1.")));
        for meter in own {
            prop_assert!(meter.value < 1 << 31, "{meter:?}");
        }
        for part in &reading.maintenance {
            prop_assert!(part.percent.is_none_or(|percent| (0.0..=100.0).contains(&percent)), "{part:?}");
        }
        for supply in &reading.supplies {
            prop_assert!(supply.percent.is_none_or(|percent| (0.0..=100.0).contains(&percent)), "{supply:?}");
        }
        let json = serde_json::to_string(&reading).unwrap();
        prop_assert!(!json.chars().any(char::is_control));
        prop_assert!(json.len() < 1_000_000, "{}", json.len());
    }

    #[test]
    fn any_text_is_a_profile_or_an_error_with_a_line(text in "\\PC{0,200}") {
        if let Err(error) = Profiles::parse([("fuzz.toml", text.as_str())]) {
            prop_assert!(error.line >= 1);
        }
    }

    /// A built-in profile with a few characters changed.
    #[test]
    fn a_damaged_profile_is_read_or_refused(at in any::<prop::sample::Index>(), new in "\\PC{0,3}") {
        let text = include_str!("../profiles/kyocera.toml");
        let cut = at.index(text.len());
        let Some((head, tail)) = text.split_at_checked(cut) else { return Ok(()) };
        let damaged = format!("{head}{new}{}", tail.chars().skip(1).collect::<String>());
        let base = include_str!("../profiles/printer-mib.toml");
        let _ = Profiles::parse([("printer-mib.toml", base), ("kyocera.toml", damaged.as_str())]);
    }
}
