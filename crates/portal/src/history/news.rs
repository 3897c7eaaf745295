//! What a reading says that the one before of the same device did not: of sixty values two or three are others an hour later.
//!
//! Both are gone through as they came, once: only fields that differ are decoded, since what did not change was found good when it
//! first came, and only they are in the [delta](super::delta). A reading with other fields, or with something else about who the
//! device is, is no matter of news and is decoded whole.

use super::delta::{Steps, common};
use super::frame::move_on;
use crate::field::{Content, field, measured};
use dca_wire::Limited;
use dca_wire::v1::{Alert, Count, Cover, Detail, Maintenance, Meter, Record, Removed, Status, Supply, Tray};
use prost::Message;

/// Fields by their numbers in `dca.v1.Reading`.
mod number {
    pub(super) const DEVICE: u32 = 1;
    pub(super) const TOTAL: u32 = 6;
    pub(super) const METERS: u32 = 7;
    pub(super) const SUPPLIES: u32 = 8;
    pub(super) const STATUS: u32 = 9;
    pub(super) const ALERTS: u32 = 10;
    pub(super) const CONSOLE: u32 = 11;
    pub(super) const INPUTS: u32 = 12;
    pub(super) const OUTPUTS: u32 = 13;
    pub(super) const COVERS: u32 = 14;
    pub(super) const COUNTS: u32 = 15;
    pub(super) const MAINTENANCE: u32 = 16;
    pub(super) const DETAILS: u32 = 17;
    pub(super) const QUIRKS: u32 = 18;
    pub(super) const DOUBTS: u32 = 19;
    pub(super) const COMPLETE: u32 = 20;
    pub(super) const DEPTH: u32 = 21;
    pub(super) const REMOVED: u32 = 22;
}
/// In `dca.v1.Record`.
const AT_MS: u32 = 1;
const READING: u32 = 10;
/// In `dca.v1.Meter`.
const VALUE: u32 = 7;

/// What is new, and which parts there are at all.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct News<'a> {
    pub(crate) has_total: bool,
    /// Its value, if that differs.
    pub(crate) total: Option<u64>,
    pub(crate) has_supplies: bool,
    /// Those that differ, by their place in the list: each is a `dca.v1.Supply` that can be read.
    pub(crate) supplies: Vec<(usize, &'a [u8])>,
    pub(crate) has_status: bool,
    /// If it differs.
    pub(crate) status: Option<Status>,
    pub(crate) has_alerts: bool,
    /// All of them, if one differs.
    pub(crate) alerts: Option<Vec<Alert>>,
    pub(crate) complete: bool,
    pub(crate) depth: &'a str,
}

/// The time and the reading of a record that is a reading and nothing else.
pub(crate) fn reading(record: &[u8]) -> Option<(i64, &[u8])> {
    let mut rest = record;
    let (AT_MS, Content::Number(at)) = field(&mut rest)? else { return None };
    let (READING, Content::Octets(reading)) = field(&mut rest)? else { return None };
    rest.is_empty().then_some((at.cast_signed(), reading))
}

/// What the agent calls the device of a reading.
pub(crate) fn device(mut reading: &[u8]) -> Option<&str> {
    match field(&mut reading)? {
        (number::DEVICE, Content::Octets(name)) => str::from_utf8(name).ok(),
        _ => None,
    }
}

/// What is new in a record, and what makes it out of the one before, with the time of that moved on `by` milliseconds. `None`: it
/// has to be decoded whole.
pub(super) fn news<'a>(before: &[u8], by: i64, record: &'a [u8]) -> Option<(News<'a>, Vec<u8>)> {
    if record.len() > Record::OCTETS {
        return None;
    }
    let ((_, mut then), (_, mut now)) = (reading(before)?, reading(record)?);
    let (front, _) = record.split_at_checked(record.len() - now.len())?;
    let mut front_then = before.get(..before.len() - then.len())?.to_vec();
    move_on(&mut front_then, by);
    let mut steps = Steps::new();
    steps.between(&front_then, front);

    let mut news = News::default();
    let (mut supplies, mut alerts, mut others) = (0, Vec::new(), false);
    // Octets from here on that are the same in both.
    let mut same = common(then, now);
    while !now.is_empty() {
        let (number, content, length) = measured(now)?;
        let (octets, rest) = now.split_at_checked(length)?;
        let before = match same.checked_sub(length) {
            Some(left) => {
                same = left;
                steps.same(length);
                then = then.get(length..)?;
                None
            }
            None => {
                let (number_then, content_then, length_then) = measured(then)?;
                if number_then != number {
                    return None;
                }
                let (octets_then, rest_then) = then.split_at_checked(length_then)?;
                steps.between(octets_then, octets);
                same = common(rest_then, rest);
                then = rest_then;
                Some(content_then)
            }
        };
        now = rest;
        match (number, content, before) {
            // One that is there twice would be joined into one.
            (number::TOTAL, Content::Octets(octets), before) if !std::mem::replace(&mut news.has_total, true) => {
                if let Some(before) = before {
                    news.total = Some(value(before, octets)?);
                }
            }
            (number::STATUS, Content::Octets(octets), before) if !std::mem::replace(&mut news.has_status, true) => {
                news.status = unless(before.is_none(), octets)?;
            }
            (number::SUPPLIES, Content::Octets(octets), before) => {
                if let Some(before) = before {
                    if !numbers_only(before, octets) && !good(number, octets) {
                        return None;
                    }
                    news.supplies.push((supplies, octets));
                }
                supplies += 1;
            }
            (number::ALERTS, Content::Octets(octets), before) => {
                alerts.push(octets);
                others |= before.is_some();
            }
            (number::COMPLETE, Content::Number(complete), None) => news.complete = complete != 0,
            (number::DEPTH, Content::Octets(depth), None) => news.depth = str::from_utf8(depth).ok()?,
            (number::TOTAL | number::STATUS, ..) => return None,
            (_, _, None) => {}
            (number, Content::Octets(octets), Some(before)) if numbers_only(before, octets) || good(number, octets) => {
            }
            _ => return None,
        }
    }
    if !then.is_empty() {
        return None;
    }
    (news.has_supplies, news.has_alerts) = (supplies > 0, !alerts.is_empty());
    if others {
        news.alerts = Some(alerts.into_iter().map(|octets| Alert::decode(octets).ok()).collect::<Option<_>>()?);
    }
    Some((news, steps.end()))
}

/// The message in a field that differs; `None` twice over if it is none.
fn unless<M: Message + Default>(same: bool, octets: &[u8]) -> Option<Option<M>> {
    if same { Some(None) } else { M::decode(octets).ok().map(Some) }
}

/// The value of a meter of which nothing but numbers differs.
fn value(before: Content<'_>, mut meter: &[u8]) -> Option<u64> {
    if !numbers_only(before, meter) {
        return None;
    }
    let mut value = None;
    while !meter.is_empty() {
        if let (VALUE, Content::Number(number)) = field(&mut meter)? {
            value = Some(number);
        }
    }
    value
}

/// Whether a message differs from the one before in numbers only: any number can be read, so it is as good as that.
fn numbers_only(before: Content<'_>, mut now: &[u8]) -> bool {
    let Content::Octets(mut before) = before else { return false };
    while !now.is_empty() {
        let (Some((number, content)), Some((number_before, content_before))) = (field(&mut now), field(&mut before))
        else {
            return false;
        };
        let number_twice = matches!(
            (content, content_before),
            (Content::Number(_), Content::Number(_)) | (Content::Fixed(_), Content::Fixed(_))
        );
        if number != number_before || content != content_before && !number_twice {
            return false;
        }
    }
    before.is_empty()
}

/// Whether a field that nobody asks for on the way in can be read later on.
fn good(number: u32, octets: &[u8]) -> bool {
    fn is<M: Message + Default>(octets: &[u8]) -> bool {
        M::decode(octets).is_ok()
    }
    match number {
        number::METERS => is::<Meter>(octets),
        number::SUPPLIES => is::<Supply>(octets),
        number::CONSOLE | number::QUIRKS | number::DOUBTS => str::from_utf8(octets).is_ok(),
        number::INPUTS | number::OUTPUTS => is::<Tray>(octets),
        number::COVERS => is::<Cover>(octets),
        number::COUNTS => is::<Count>(octets),
        number::MAINTENANCE => is::<Maintenance>(octets),
        number::DETAILS => is::<Detail>(octets),
        number::REMOVED => is::<Removed>(octets),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::delta::{apply, encode_message};
    use crate::summary::Latest;
    use dca_wire::v1::{Fact, Identity, Reading, record::What};
    use proptest::prelude::*;

    fn record(reading: &Reading) -> Vec<u8> {
        Record { at_ms: 5, what: Some(What::Reading(reading.clone())) }.encode_to_vec()
    }

    /// What is new, once the delta was found to make the one out of the other.
    fn check<'a>(before: &[u8], by: i64, now: &'a [u8]) -> Option<News<'a>> {
        let (news, delta) = news(before, by, now)?;
        let mut moved = before.to_vec();
        move_on(&mut moved, by);
        assert_eq!(apply(&moved, &delta, now.len()).as_deref(), Some(now));
        Some(news)
    }

    /// How many there are of each kind, and what else makes the fields.
    type Shape = (bool, usize, usize, bool, usize, usize, bool, bool);

    fn any_shape() -> impl Strategy<Value = Shape> {
        let few = || 0..3_usize;
        (any::<bool>(), few(), few(), any::<bool>(), few(), few(), any::<bool>(), any::<bool>())
    }

    fn of(shape: Shape) -> impl Strategy<Value = Reading> {
        let (total, meters, supplies, status, alerts, console, complete, full) = shape;
        let text = "[a-c]{0,2}";
        let meter = (text, 0..3_u64).prop_map(|(unit, value)| Meter { unit, value, ..Meter::default() });
        let supply = (0..3_u8, text).prop_map(|(percent, description)| Supply {
            percent: Some(f64::from(percent)),
            description,
            ..Supply::default()
        });
        let alert =
            (any::<bool>(), text).prop_map(|(active, description)| Alert { active, description, ..Alert::default() });
        let state = proptest::option::of(text).prop_map(|printer| Status { printer, ..Status::default() });
        (
            meter.clone(),
            proptest::collection::vec(meter, meters),
            proptest::collection::vec(supply, supplies),
            state,
            proptest::collection::vec(alert, alerts),
            proptest::collection::vec(text, console),
        )
            .prop_map(move |(a_total, meters, supplies, a_status, alerts, console)| Reading {
                device_id: "d".to_owned(),
                total: total.then_some(a_total),
                meters,
                supplies,
                status: status.then_some(a_status),
                alerts,
                console,
                complete,
                depth: if full { "full" } else { "hot" }.to_owned(),
                ..Reading::default()
            })
    }

    /// Readings of one shape, and now and then one of another.
    fn any_readings() -> impl Strategy<Value = Vec<Reading>> {
        any_shape().prop_flat_map(|shape| {
            let one = prop_oneof![6 => of(shape), 1 => any_shape().prop_flat_map(of)];
            proptest::collection::vec(one, 2..12)
        })
    }

    proptest! {
        #[test]
        fn news_and_the_whole_reading_come_to_the_same(readings in any_readings()) {
            let (mut whole, mut told) = (Latest::default(), Latest::default());
            for (at, pair) in (1_i64..).zip(readings.windows(2)) {
                let [before, now] = pair else { continue };
                let at = at * 10;
                for latest in [&mut whole, &mut told] {
                    latest.take(at, before.clone());
                    latest.miss(at + 1, at, "asleep");
                }
                whole.take(at + 5, now.clone());
                match check(&record(before), 7, &record(now)) {
                    Some(news) => told.renew(at + 5, news),
                    None => told.take(at + 5, now.clone()),
                }
                prop_assert_eq!(&whole, &told);
            }
        }

        #[test]
        fn each_reading_comes_back_from_its_difference_to_any_other(readings in any_readings()) {
            for pair in readings.windows(2) {
                let [before, now] = pair else { continue };
                let (before, now) = (record(before), record(now));
                let delta = encode_message(&before, &now);
                prop_assert_eq!(apply(&before, &delta, now.len()), Some(now));
            }
        }

        #[test]
        fn octets_of_any_kind_are_news_only_if_they_are_a_record(
            reading in any_shape().prop_flat_map(of), at in any::<prop::sample::Index>(), octet in any::<u8>()
        ) {
            let before = record(&reading);
            let mut now = before.clone();
            let at = at.index(now.len());
            now[at] = octet;
            if check(&before, 0, &now).is_some() {
                let decoded = dca_wire::decode::<Record>(&now);
                prop_assert!(matches!(decoded.map(|record| record.what), Ok(Some(What::Reading(_)))), "{:?}", now);
            }
        }
    }

    #[test]
    fn only_what_differs_is_news() {
        let meter = |value| Meter { unit: "impressions".to_owned(), value, ..Meter::default() };
        let before = Reading {
            device_id: "d".to_owned(),
            identity: Some(Identity { serial: Some(Fact::default()), ..Identity::default() }),
            total: Some(meter(7)),
            meters: vec![meter(1), meter(2)],
            supplies: vec![Supply::default(); 2],
            depth: "full".to_owned(),
            ..Reading::default()
        };
        let mut now = before.clone();
        now.total = Some(meter(8));
        now.supplies[1].percent = Some(40.0);
        let (first, second) = (record(&before), record(&now));
        let told = check(&first, 0, &second).unwrap();
        assert_eq!((told.total, told.supplies), (Some(8), vec![(1, now.supplies[1].encode_to_vec().as_slice())]));
        assert_eq!((told.has_status, told.has_alerts, told.depth), (false, false, "full"));
        assert_eq!(device(reading(&second).unwrap().1), Some("d"));

        type Change = fn(&mut Reading);
        let whole: [Change; 7] = [
            |it| it.device_id = "e".to_owned(),
            |it| it.address = "192.0.2.1".to_owned(),
            |it| it.identity = None,
            |it| it.meters.truncate(1),
            |it| it.total.iter_mut().for_each(|it| it.unit = "sheets".to_owned()),
            |it| it.complete = true,
            |it| it.depth = "hot".to_owned(),
        ];
        for change in whole {
            let mut other = before.clone();
            change(&mut other);
            assert_eq!(check(&first, 0, &record(&other)), None, "{other:?}");
        }
        // A total that is there twice, and one more field behind the reading.
        let twice = [second.as_slice(), &[0x50, 1]].concat();
        assert_eq!(check(&first, 0, &twice), None);
    }
}
