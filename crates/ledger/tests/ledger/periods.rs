use super::{add, hour, ledger, total};
use dca_ledger::{Cause, Period, Statement};
use std::time::Duration;

/// Readings as `day:value`; what is stated between two days. Silence is more than two days.
fn bill(readings: &str, from: i64, to: i64) -> Statement {
    let mut ledger = ledger();
    let mut period = Period::new("total", hour(from * 24), hour(to * 24), Duration::from_secs(2 * 86_400));
    for reading in readings.split_whitespace() {
        let (day, value) = reading.split_once(':').unwrap();
        let at = hour(day.parse::<i64>().unwrap() * 24);
        let events = add(&mut ledger, at, &[total(value.parse().unwrap())], &[]);
        events.iter().for_each(|event| period.add(event));
    }
    period.statement()
}

#[track_caller]
fn check(
    readings: &str,
    (from, to): (i64, i64),
    counted: Option<u64>,
    least: Option<u64>,
    most: Option<u64>,
    gaps: usize,
) {
    let bill = bill(readings, from, to);
    assert_eq!((bill.counted, bill.at_least, bill.at_most), (counted, least, most), "{readings}: {bill:#?}");
    assert_eq!(bill.gaps.len(), gaps, "{readings}: {bill:#?}");
}

#[test]
fn readings_on_both_dates_are_exact() {
    check("0:100 1:110 2:120 3:130", (0, 3), Some(30), Some(30), Some(30), 0);
    check("0:100 1:110 2:120 3:130", (1, 2), Some(10), Some(10), Some(10), 0);
}

#[test]
fn dates_between_readings_are_bounded() {
    // On day 2 the meter stood between 100 and 130, on day 5 between 130 and 190.
    check("1:100 3:130 4:130 6:190", (2, 5), Some(30), Some(0), Some(90), 0);
}

#[test]
fn silence_is_listed_and_not_billed_as_nothing() {
    check("1:100 9:500", (2, 5), None, Some(0), Some(400), 1);
    check("1:100", (2, 5), None, Some(0), None, 1);
    check("", (2, 5), None, Some(0), None, 0);
    check("0:100 1:110", (0, 9), Some(10), Some(10), None, 1);
    check("3:100 4:110 9:120", (0, 9), Some(20), Some(20), None, 2);
}

#[test]
fn over_a_break_there_is_no_total() {
    let readings = "0:9100 1:9110 2:5 3:15 4:20";
    check(readings, (0, 4), None, Some(25), None, 0);
    let bill = bill(readings, 0, 4);
    let counted: Vec<u64> = bill.segments.iter().map(|segment| segment.counted).collect();
    assert_eq!(counted, [10, 15]);
    assert_eq!(bill.breaks.iter().map(|it| it.cause).collect::<Vec<_>>(), [Cause::Rollback]);
    // Before and after it there is.
    check(readings, (0, 1), Some(10), Some(10), Some(10), 0);
    check(readings, (2, 4), Some(15), Some(15), Some(15), 0);
}
