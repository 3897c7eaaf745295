use super::{add, hour, ledger, total};
use dca_ledger::{Event, Identity, MeterPoint, OutOfOrder, Reading, Width};

/// One reading an hour; a word is a value, or a value and what differs: `s` source, `u` unit, `d` device, `b` board.
fn check(words: &str, expected: &str) {
    let mut ledger = ledger();
    let mut told = Vec::new();
    for (at, word) in (0..).zip(words.split_whitespace()) {
        let (value, differs) = word.split_at(word.find(char::is_alphabetic).unwrap_or(word.len()));
        let has = |what: char| differs.contains(what);
        let meter = MeterPoint {
            source: if has('s') { "1602" } else { "43.10" },
            unit: if has('u') { "sheets" } else { "impressions" },
            ..total(value.parse().unwrap())
        };
        let device = Identity {
            serial: Some(if has('d') { "other" } else { "4711" }),
            mac: Some(if has('b') || has('d') { "b" } else { "a" }),
        };
        let reading = Reading { at: hour(at), device, meters: &[meter], supplies: &[] };
        told.extend(ledger.add(&reading).unwrap().iter().map(|event| match event {
            Event::Opened(opened) => format!("opened {}", opened.point.value),
            Event::Counted(step) if step.wrapped => format!("wrapped {}", step.amount),
            Event::Counted(step) => format!("{}", step.amount),
            Event::Broke(broke) => format!("{:?} {}>{}", broke.cause, broke.from.value, broke.to.value),
            Event::SetAside(aside) => format!("aside {} {:?}", aside.point.value, aside.cause),
            other => format!("{other:?}").split_once([' ', '{']).unwrap().0.to_owned(),
        }));
    }
    assert_eq!(told.join(", "), expected, "{words}");
}

#[test]
fn growth_is_told_at_once() {
    check("100 110 110 150", "opened 100, 10, 0, 40");
}

#[test]
fn one_strange_reading_is_set_aside_and_loses_nothing() {
    check("100 0 110", "opened 100, aside 0 Rollback, 10");
    check("100 99999999 110", "opened 100, aside 99999999 Jump, 10");
    check("100 70s 110", "opened 100, aside 70 SourceChanged, 10");
    check("100 50u 110", "opened 100, aside 50 UnitChanged, 10");
    check("100 900d 110", "opened 100, aside 900 OtherDevice, 10");
    check("100 0 99999999 110", "opened 100, aside 0 Rollback, aside 99999999 Jump, 10");
}

#[test]
fn a_change_is_told_when_the_next_reading_confirms_it() {
    check("100", "opened 100");
    check("9100 0", "opened 9100");
    check("9100 0 20 25", "opened 9100, Rollback 9100>0, 20, 5");
    check("100 99999999 100000010", "opened 100, Jump 100>99999999, 11");
    check("100 70s 90s", "opened 100, SourceChanged 100>70, 20");
    check("100 50u 60u", "opened 100, UnitChanged 100>50, 10");
    check("100 900d 910d", "opened 100, DeviceSwapped, OtherDevice 100>900, 10");
    check("9100 0b 10b", "opened 9100, BoardReplaced, BoardReplaced 9100>0, 10");
}

#[test]
fn where_both_are_possible_the_smaller_growth_counts() {
    // Fell back and came back: 10, not 65. Grew too fast and went on from there: 10, not 3610.
    check("100 45 110", "opened 100, aside 45 Rollback, 10");
    check("100 3900 3910", "opened 100, Jump 100>3900, 10");
}

#[test]
fn a_counter_goes_through_its_end() {
    check("4294967290 4 10", "opened 4294967290, wrapped 10, 6");
    check("4294967290 4 4294967295", "opened 4294967290, aside 4 Rollback, 5");
    check("4194967290 4 10", "opened 4194967290, Rollback 4194967290>4, 6");
}

#[test]
fn readings_come_in_time_order_and_each_meter_once() {
    let mut ledger = ledger();
    let refused = |ledger: &mut dca_ledger::Ledger, at| {
        let device = Identity::default();
        ledger.add(&Reading { at, device, meters: &[total(1)], supplies: &[] })
    };
    assert_eq!(add(&mut ledger, hour(5), &[total(1), total(7)], &[]).len(), 1);
    assert_eq!(ledger.dropped(), 1, "the second of the same key");
    assert_eq!(refused(&mut ledger, hour(5)), Err(OutOfOrder { last: hour(5), at: hour(5) }));
    assert_eq!(refused(&mut ledger, hour(4)), Err(OutOfOrder { last: hour(5), at: hour(4) }));
    assert_eq!(ledger.last(), Some(hour(5)));
}

#[test]
fn a_device_with_meters_without_end_takes_no_memory() {
    let mut ledger = ledger();
    let mut size = 0;
    for at in 0..4 {
        let keys: Vec<String> = (0..600).map(|key| format!("{at}.{key}")).collect();
        let mut meters: Vec<MeterPoint<'_>> = keys.iter().map(|key| MeterPoint { key, ..total(1) }).collect();
        let long = "x".repeat(256);
        meters.push(MeterPoint { key: &long, width: Width::Unknown, ..total(1) });
        add(&mut ledger, hour(at), &meters, &[]);
        assert_eq!(ledger.dropped(), (at as u64 + 1) * 89);
        let written = serde_json::to_string(&ledger).unwrap().len();
        assert!(size == 0 || written < size + 100, "{written}");
        size = written;
    }
}
