use super::{add, hour, ledger, total};
use dca_ledger::{Class, Direction, Event, NoForecast, Replaced, SupplyPoint};
use std::time::Duration;

fn toner() -> SupplyPoint<'static> {
    SupplyPoint {
        slot: "1.1",
        class: Class::Consumed,
        percent: None,
        serial: None,
        installed: None,
        direction: None,
        worn_by: Some("total"),
    }
}

/// One reading every six hours, 60 pages each; a word is a level (`-`: not known), or `level/serial/installed`.
fn check(like: SupplyPoint<'static>, words: &str, expected: &str) {
    let mut ledger = ledger();
    let mut told = Vec::new();
    for (at, word) in (0..).zip(words.split_whitespace()) {
        let mut parts = word.split('/').map(|part| Some(part).filter(|part| !part.is_empty()));
        let percent = parts.next().flatten().and_then(|level| level.parse().ok());
        let (serial, installed) = (parts.next().flatten(), parts.next().flatten());
        let supply = SupplyPoint { percent, serial, installed, ..like };
        let events = add(&mut ledger, hour(at * 6), &[total(1_000 + at as u64 * 60)], &[supply]);
        told.extend(events.into_iter().filter_map(|event| match event {
            Event::Replaced(it) => Some(replaced(&it)),
            Event::Refilled { from, to, .. } => Some(format!("refilled {from}>{to}")),
            Event::DirectionLearnt { direction, .. } => Some(format!("{direction:?}")),
            _ => None,
        }));
    }
    assert_eq!(told.join(", "), expected, "{words}");
}

fn replaced(it: &Replaced) -> String {
    let mut text = format!("{:?}", it.evidence);
    let mut say = |word: String| text = format!("{text} {word}");
    it.left.into_iter().for_each(|left| say(format!("left {left}")));
    it.work.into_iter().for_each(|work| say(format!("after {work} pages")));
    if it.early {
        say("early".to_owned());
    }
    text
}

#[test]
fn a_rise_that_stays_is_another_cartridge() {
    check(toner(), "3 2 100 99", "LevelJump left 2");
    check(toner(), "3 2 100", "");
    check(toner(), "3 2 100 2 1", "");
    check(toner(), "3 2 100 - 99", "LevelJump left 2");
    check(toner(), "40 39 100 99", "LevelJump left 39 early");
    check(toner(), "3 2 100 99 98 97 96 100 99 1 100 99", "LevelJump left 2, LevelJump left 1 after 420 pages");
}

#[test]
fn a_sensor_that_wavers_and_toner_that_was_shaken_are_not() {
    check(toner(), "42 41 44 40 43 41 42 50 51", "");
    check(toner(), "60 50 60 50 40 50 40 30 40", "");
    check(toner(), "- 50 - - 49 150 -1 48", "");
}

#[test]
fn a_serial_number_says_more_than_a_level() {
    check(toner(), "50/A 49/A 49/B 49/B", "Serial left 49 early");
    check(toner(), "50/A 49/ 100/ 99/", "LevelJump left 49 early");
    check(toner(), "50/A 49/A 49/B 49/A 49/A", "");
    check(toner(), "5/A 4/A 90/A 89/A", "refilled 4>90");
    check(toner(), "50/A -/B -/B", "Serial left 50 early");
}

#[test]
fn an_installation_date_helps_where_no_serial_number_speaks() {
    check(toner(), "50//may 49//june 49//june", "InstallDate left 50 early");
    check(toner(), "50/A/may 49/A/june 49/A/june", "");
}

#[test]
fn early_is_early_whatever_the_rounding() {
    // In steps of ten, 20 may be 10.
    check(toner(), "50 40 30 20 100 100", "LevelJump left 20");
    check(toner(), "60 50 40 100 100", "LevelJump left 40 early");
    // ... and what 60 pages use up is nobody's loss.
    check(toner(), "50 40 30 100 100", "LevelJump left 30");
}

#[test]
fn a_receptacle_tells_its_direction() {
    let waste = SupplyPoint { class: Class::Receptacle, ..toner() };
    check(waste, "90 88 86 84 2 100 98", "RoomLeft, LevelJump left 2");
    check(waste, "10 12 14 16 96 0 2", "Fill, LevelJump left 4");
    check(waste, "0 100 0 100 0 100", "");
    check(SupplyPoint { direction: Some(Direction::Fill), ..waste }, "90 95 0 0", "LevelJump left 5");
}

#[test]
fn what_is_not_known_is_said_not_to_be() {
    let waste = SupplyPoint { class: Class::Receptacle, ..toner() };
    let why = |like: SupplyPoint<'static>, level: Option<f64>| {
        let mut ledger = ledger();
        for at in 0..10 {
            let supply = SupplyPoint { percent: level, ..like };
            add(&mut ledger, hour(at * 24), &[total(1_000 + at as u64 * 60)], &[supply]);
        }
        let ask = |slot| ledger.forecast(slot, hour(240), Duration::ZERO);
        assert_eq!(ask("9.9"), Err(NoForecast::NoSuchSupply));
        ask("1.1").unwrap_err()
    };
    assert_eq!(why(toner(), None), NoForecast::LevelUnknown);
    assert_eq!(why(waste, Some(50.0)), NoForecast::DirectionUnknown);
    assert_eq!(why(toner(), Some(50.0)), NoForecast::TooLittleHistory);
}
