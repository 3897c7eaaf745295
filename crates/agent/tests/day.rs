//! Days of polling under virtual time, against simulated devices.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test"
)]

mod support;

use dca_agent::Profiles;
use dca_agent::poll::{Depth, ENOUGH, Met, News, Whereabouts};
use dca_sim::Device;
use dca_snmp::{Credentials, OidRef, oid};
use std::time::Duration;
use support::{Asked, Day, day};

const LIFE_COUNT: OidRef<'static> = oid!("1.3.6.1.2.1.43.10.2.1.4.1.1");
/// What peers walk every five minutes: prtMarkerSuppliesDescription, -MaxCapacity, -Level, prtMarkerLifeCount, hrPrinterEntry.
const WALKS: [OidRef<'static>; 5] = [
    oid!("1.3.6.1.2.1.43.11.1.1.6"),
    oid!("1.3.6.1.2.1.43.11.1.1.8"),
    oid!("1.3.6.1.2.1.43.11.1.1.9"),
    oid!("1.3.6.1.2.1.43.10.2.1.4"),
    oid!("1.3.6.1.2.1.25.3.5.1"),
];

fn device(kind: &str, seed: u64) -> Asked {
    // From eight on a Tuesday.
    let device = Device::builtin(kind).unwrap().seeded(seed).running_for(Duration::from_secs(86_400));
    Asked::new(device, Credentials::v2c("public"))
}

#[tokio::test]
async fn a_day_costs_a_third_of_the_walks_that_peers_do() {
    let profiles = Profiles::builtin();
    for kind in ["mono-laser", "color-mfp"] {
        let Day { discovery, first, day, hot, visits, mut asked, .. } =
            day(device(kind, 3), &profiles, |_, _, _| {}).await.unwrap();
        assert_eq!(visits.values().sum::<usize>(), 288, "{kind}: {visits:?}");
        assert_eq!((hot.sent, hot.received), (1, 1), "{kind}: a hot poll is one datagram");
        assert_eq!(discovery.sent, 1, "{kind}");
        assert!(first.sent <= 16, "{kind}: {first:?}");
        let before = asked.cost;
        let rows: usize = WALKS.iter().map(|column| asked.bulkwalk(&column.to_oid(), 10)).sum();
        let walks = asked.cost - before;
        assert!(rows > 6, "{kind}");
        assert!(day.sent * 10 <= walks.sent * 288 * 3, "{kind}: {day:?}, 288 times {walks:?}; {visits:?}");
    }
}

#[tokio::test]
async fn a_day_misses_nothing() {
    let profiles = Profiles::builtin();
    for seed in [1, 5] {
        let start = Duration::from_secs(86_400);
        let mut began = None;
        let mut late = Vec::new();
        let mut alerts = 0;
        let day = day(device("color-mfp", seed), &profiles, |asked, _, visit| {
            let running = start + asked.now.duration_since(*began.get_or_insert(asked.now));
            let Met::Same { reading, complete: true, .. } = &visit.met else { panic!("{:?}", visit.met) };
            // The clock of the visit itself: a reading is at most one page behind.
            let count = asked.device.value(LIFE_COUNT, running).and_then(|value| value.as_i64()).unwrap();
            let total = reading.total.as_ref().unwrap().value as i64;
            if (count - total).abs() > 30 {
                late.push((running, count, total));
            }
            alerts += usize::from(visit.depth >= Depth::Warm && visit.extra.alerts);
        })
        .await
        .unwrap();
        assert!(late.is_empty(), "{seed}: {late:?}");
        assert!(alerts < 60, "{seed}: alerts read {alerts} times; {:?} {:?}", day.visits, day.causes);
    }
}

#[tokio::test]
async fn a_printer_that_sleeps_and_comes_back_slept() {
    let profiles = Profiles::builtin();
    let mut visits = 0;
    let mut day = day(device("mono-laser", 3), &profiles, |asked, _, _| {
        visits += 1;
        asked.awake = !(20..30).contains(&visits);
    })
    .await
    .unwrap();
    let (number, known) = day.memory.devices().next().unwrap();
    assert!(known.has_slept && known.whereabouts == Whereabouts::Here);
    let silence = |memory: &mut dca_agent::poll::Memory| memory.missed(number, Default::default());
    let news: Vec<_> = (0..ENOUGH).filter_map(|_| silence(&mut day.memory)).collect();
    assert_eq!(news, [News::Lost { device: number, is: Whereabouts::Asleep { polls: ENOUGH } }]);
}

#[tokio::test]
async fn another_printer_at_the_address_is_never_read_as_the_first() {
    let profiles = Profiles::builtin();
    let mut visits = 0;
    let mut others = 0;
    let day = day(device("mono-laser", 3), &profiles, |asked, _, visit| {
        visits += 1;
        if visits == 20 {
            asked.device = Device::builtin("mono-laser").unwrap().seeded(4).started(asked.now);
        }
        match &visit.met {
            Met::Other(Some(lesson)) => {
                assert_eq!(lesson.reading.identity.serial.as_ref().unwrap().value, asked.device.serial());
                others += 1;
            }
            Met::Same { reading, .. } => {
                assert!(visits <= 20);
                assert_eq!(reading.identity.serial.as_ref().unwrap().value.len(), asked.device.serial().len());
            }
            other => panic!("{other:?}"),
        }
    })
    .await
    .unwrap();
    assert!(others >= 1);
    let mut devices = day.memory.devices();
    let (first, second) = (devices.next().unwrap().1, devices.next().unwrap().1);
    assert!(
        matches!(&first.whereabouts, Whereabouts::Replaced { by } if by.contains(second.who.serial.as_ref().unwrap()))
    );
    assert_eq!(second.whereabouts, Whereabouts::Here);
}
