//! Records arrive once, and come back as they were sent.

use crate::agent::{Agent, reading};
use crate::place::Place;
use dca_portal::store::{Batch, sql};
use dca_portal::{Summary, Verified};
use dca_wire::v1::refusal::Code;
use dca_wire::v1::{Absence, Gap, Notice, Record, record::What};
use prost::Message;
use std::collections::HashSet;

async fn count(place: &Place, question: &'static str) -> usize {
    place.portal.store().rows(question, &[0.into(), 1_000.into()]).await.unwrap().len()
}

async fn readings(place: &Place, device: i64) -> usize {
    let rows =
        place.portal.store().rows("SELECT at FROM reading_hot WHERE device = $1", &[device.into()]).await.unwrap();
    rows.len()
}

async fn summary(place: &Place, device: i64) -> Summary {
    let row = place.portal.store().row(sql::STATE, &[device.into()]).await.unwrap().unwrap();
    Summary::decode(row.blob(1).unwrap().as_slice()).unwrap()
}

#[tokio::test]
async fn a_repetition_changes_nothing() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let first = reading(&place, "p1", Some("S-0001"), 100);
    place.clock.advance(300_000);
    let second = reading(&place, "p1", Some("S-0001"), 103);
    let batch = [(1, first.clone()), (2, second)];
    for _ in 0..3 {
        let answer = agent.report(&place, 7, &batch).await.unwrap();
        assert_eq!((answer.acked_through, answer.refused.len()), (2, 0));
    }
    assert_eq!(readings(&place, 1).await, 2);
    assert_eq!(summary(&place, 1).await.total, Some(103));

    // The portal starts again and remembers how far it got.
    let place = place.restart().await;
    place.clock.advance(300_000);
    let third = reading(&place, "p1", Some("S-0001"), 110);
    let answer = agent.report(&place, 7, &[(2, first), (3, third)]).await.unwrap();
    assert_eq!(answer.acked_through, 3);
    assert_eq!(readings(&place, 1).await, 3);
    assert_eq!(summary(&place, 1).await.total, Some(110));

    // A new spool counts anew.
    place.clock.advance(300_000);
    let anew = reading(&place, "p1", Some("S-0001"), 111);
    assert_eq!(agent.report(&place, 8, &[(1, anew)]).await.unwrap().acked_through, 1);
    assert_eq!(readings(&place, 1).await, 4);
}

#[tokio::test]
async fn one_bad_record_is_refused_alone() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let good = reading(&place, "p1", Some("S-0001"), 100).encode_to_vec();
    let unknown = Record { at_ms: place.clock.now_ms(), what: None }.encode_to_vec();
    let old = Record { at_ms: 5, what: Some(What::Notice(Notice::default())) }.encode_to_vec();
    let large = Record {
        at_ms: place.clock.now_ms(),
        what: Some(What::Notice(Notice { what: "started".to_owned(), text: "x".repeat(100 << 10) })),
    };
    let records = vec![(1, vec![0xff; 9]), (2, good), (3, unknown), (5, old), (6, large.encode_to_vec())];
    let answer = agent.report_octets(&place, 1, &records).await.unwrap();
    let refused: Vec<_> = answer.refused.iter().map(|refusal| (refusal.seq, refusal.code())).collect();
    assert_eq!(refused, [(1, Code::Unreadable), (3, Code::UnknownKind), (5, Code::NotAllowed)]);
    assert_eq!(answer.acked_through, 6);
    assert_eq!(count(&place, sql::DEVICES).await, 1);
}

#[tokio::test]
async fn gaps_absences_and_notices_are_kept() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let at_ms = place.clock.now_ms();
    agent.report(&place, 1, &[(1, reading(&place, "p1", Some("S-0001"), 5))]).await.unwrap();
    let record = |what| Record { at_ms: at_ms + 1, what: Some(what) };
    let gap = Gap { stream: "readings".to_owned(), first_seq: 2, last_seq: 9, records: 8, ..Gap::default() };
    let absence =
        Absence { device_id: "p1".to_owned(), why: "asleep".to_owned(), since_ms: at_ms, ..Absence::default() };
    let notice = Notice { what: "clock_jumped".to_owned(), text: "by an hour".to_owned() };
    place.clock.advance(10);
    let records =
        [(10, record(What::Gap(gap))), (11, record(What::Absence(absence))), (12, record(What::Notice(notice)))];
    agent.report(&place, 1, &records).await.unwrap();
    let rows = place.portal.store().rows(sql::EVENTS, &[10.into()]).await.unwrap();
    let mut kinds: Vec<String> = rows.iter().map(|row| row.text(1).unwrap()).collect();
    kinds.sort();
    assert_eq!(kinds, ["absent", "agent_clock_jumped", "gap"]);
    assert_eq!(summary(&place, 1).await.absent, "asleep");
    assert_eq!(summary(&place, 1).await.total, Some(5), "what was known stays known");
}

#[tokio::test]
async fn a_device_is_known_by_its_serial_within_its_dealer() {
    let Some(place) = Place::open().await else { return };
    let (one, other) = (Agent::enrolled(&place).await, Agent::enrolled(&place).await);
    // A short reading shows no serial number; it is of the same device.
    one.report(&place, 1, &[(1, reading(&place, "a", None, 1))]).await.unwrap();
    assert_eq!(count(&place, sql::DEVICES).await, 1);
    place.clock.advance(1_000);
    one.report(&place, 1, &[(2, reading(&place, "a", Some("S-0001"), 2))]).await.unwrap();
    assert_eq!(count(&place, sql::DEVICES).await, 1, "it showed its serial number");
    place.clock.advance(1_000);
    one.report(&place, 1, &[(3, reading(&place, "a", None, 3))]).await.unwrap();
    assert_eq!(readings(&place, 1).await, 3);
    // It moves to where another agent reads it.
    place.clock.advance(1_000);
    other.report(&place, 1, &[(1, reading(&place, "z", Some("s0001"), 4))]).await.unwrap();
    assert_eq!(readings(&place, 1).await, 4);
    // Another one stands at the old place.
    place.clock.advance(1_000);
    one.report(&place, 1, &[(4, reading(&place, "a", Some("S-0002"), 9))]).await.unwrap();
    assert_eq!(count(&place, sql::DEVICES).await, 2);
    assert_eq!(readings(&place, 1).await, 4);

    // Of another dealer it is another device, whatever it says.
    let site = place.portal.site("Other dealer", "Customer", "Site", "test").await.unwrap();
    let code = place.portal.code(&site, 3_600_000, "test").await.unwrap();
    let mut stranger = Agent::new();
    stranger.enrol(&place, &code).await.unwrap();
    stranger.report(&place, 1, &[(1, reading(&place, "a", Some("S-0001"), 1))]).await.unwrap();
    assert_eq!(count(&place, sql::DEVICES).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_agents_that_meet_the_same_new_devices_at_once() {
    const DEVICES: u64 = 40;
    let Some(place) = Place::open().await else { return };
    let agents = [Agent::enrolled(&place).await, Agent::enrolled(&place).await];
    let mut batches = [Vec::new(), Vec::new()];
    for (agent, batch) in batches.iter_mut().enumerate() {
        place.clock.advance(1_000);
        for seq in 1..=DEVICES {
            // The other way round for the other one.
            let device = if agent == 0 { seq } else { DEVICES + 1 - seq };
            batch.push((seq, reading(&place, &format!("{agent}/{device}"), Some(&format!("S-{device:04}")), 5)));
        }
    }
    let [one, other] = &agents;
    let (first, second) = tokio::join!(one.report(&place, 1, &batches[0]), other.report(&place, 1, &batches[1]));
    assert_eq!((first.unwrap().acked_through, second.unwrap().acked_through), (DEVICES, DEVICES));
    assert_eq!(count(&place, sql::DEVICES).await, DEVICES as usize, "each is one device");
    let kept = place.portal.verify_readings().await.unwrap();
    assert_eq!((kept.devices, kept.readings, kept.unreadable), (DEVICES, 2 * DEVICES, 0));
}

#[tokio::test]
async fn history_comes_back_whole_from_rows_and_chunks() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let mut sent: Vec<(u64, Record)> = Vec::new();
    for hour in 0..30_u64 {
        let mut record = reading(&place, "p1", Some("S-0001"), 1_000 + hour * 17);
        record.at_ms += i64::try_from(hour * 3_600_000).unwrap();
        sent.push((hour + 1, record));
    }
    let begin = sent[0].1.at_ms;
    place.clock.advance(31 * 3_600_000);
    // One comes late, after a chunk was made of its day.
    let late = sent.remove(5);
    agent.report(&place, 1, &sent).await.unwrap();
    // The first one was unknown; the others of each day share a row.
    let days = sent.iter().map(|(_, record)| record.at_ms.div_euclid(86_400_000)).collect::<HashSet<_>>().len();
    assert_eq!(readings(&place, 1).await, 1 + days);
    let whole = |readings| Verified { devices: 1, readings, ..Verified::default() };
    assert_eq!(place.portal.verify_readings().await.unwrap(), whole(29));
    place.clock.advance(5 * 86_400_000);
    assert!(place.portal.compact().await.unwrap() >= 2);
    assert_eq!(readings(&place, 1).await, 0);
    agent.report(&place, 1, &[(100, late.1.clone())]).await.unwrap();
    assert_eq!(readings(&place, 1).await, 1);
    sent.push(late);
    sent.sort_by_key(|(_, record)| record.at_ms);
    for round in ["beside a chunk", "inside it"] {
        let read = place.portal.records(1, begin, begin + 40 * 3_600_000).await.unwrap();
        assert_eq!(read.1, 0, "unreadable, {round}");
        let expected: Vec<_> = sent.iter().map(|(_, record)| (record.at_ms, record.clone())).collect();
        assert_eq!(read.0, expected, "{round}");
        place.portal.compact().await.unwrap();
    }
    assert_eq!(readings(&place, 1).await, 0);
    assert_eq!(place.portal.verify_readings().await.unwrap(), whole(30));

    // A chunk that is no more what was written.
    let mut batch = Batch::new();
    batch.run("UPDATE template SET record = $1", [vec![0_u8; 9].into()]);
    place.portal.store().commit(batch).await.unwrap();
    let verified = place.portal.verify_readings().await.unwrap();
    assert!(verified.unreadable > 0 && verified.readings + verified.unreadable == 30, "{verified:?}");
    assert!(!verified.damaged.is_empty(), "{verified:?}");
}

/// A day that nobody can read any more: it is named, it is kept, and it holds up nothing else.
#[tokio::test]
async fn a_damaged_day_holds_up_nothing() {
    const DAY_MS: i64 = 86_400_000;
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let begin = place.clock.now_ms();
    let of = |device: &str, day: i64, total| {
        let mut record = reading(&place, device, Some(&format!("S-{device}")), total);
        record.at_ms = begin + day * DAY_MS;
        record
    };
    place.clock.advance(3 * DAY_MS);
    let sent: Vec<(u64, Record)> =
        (0..6).map(|at| (at as u64 + 1, of(["p1", "p2"][(at % 2) as usize], at / 2, 100 + at as u64))).collect();
    agent.report(&place, 1, &sent[..2]).await.unwrap();
    place.clock.advance(10 * DAY_MS);
    assert_eq!(place.portal.compact().await.unwrap(), 2, "the first day of both");
    let mut batch = Batch::new();
    batch.run("UPDATE reading_day SET chunk = $1 WHERE device = 1", [vec![0_u8; 9].into()]);
    place.portal.store().commit(batch).await.unwrap();
    // A late one for the damaged day, and other days of both.
    let late = (7, of("p1", 0, 99));
    agent.report(&place, 1, &[&sent[2..], &[late]].concat()).await.unwrap();

    assert_eq!(place.portal.compact().await.unwrap(), 4, "all but the damaged one");
    assert_eq!(readings(&place, 1).await, 1, "what came late for it is not lost");
    let verified = place.portal.verify_readings().await.unwrap();
    assert_eq!((verified.readings, verified.unreadable), (6, 1));
    assert_eq!(verified.damaged.iter().map(|day| day.device).collect::<Vec<_>>(), [1]);
    let (records, unreadable) = place.portal.records(1, begin - DAY_MS, begin + 4 * DAY_MS).await.unwrap();
    assert_eq!((records.len(), unreadable), (3, 1));
}

#[tokio::test]
async fn a_running_site_moves_to_another_database() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    agent.report(&place, 1, &[(1, reading(&place, "p1", Some("S-0001"), 100))]).await.unwrap();
    place.clock.advance(5 * 86_400_000);
    place.portal.compact().await.unwrap();
    agent.report(&place, 1, &[(2, reading(&place, "p1", Some("S-0001"), 200))]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = match crate::server::wanted() {
        true => format!("sqlite:{}", folder.path().join("b.db").display()),
        false => {
            crate::server::database().unwrap_or_else(|| format!("sqlite:{}", folder.path().join("b.db").display()))
        }
    };
    let admin = dca_portal::Portal::open(place.portal.config().clone(), place.clock.clone()).await.unwrap();
    let (rows, running) = admin.migrate_to(&url).await.unwrap();
    assert!(rows > 10 && running);
    place.clock.advance(1_000);
    let third = [(3, reading(&place, "p1", Some("S-0001"), 300))];
    let refusal = agent.report(&place, 1, &third).await.unwrap_err();
    assert_eq!(refusal.code(), tonic::Code::Unavailable, "nothing is taken that would be lost");
    assert!(admin.migrate_to(&url).await.is_err(), "the other one is not new any more");

    let place = place.restart_on(&url).await;
    assert_eq!(agent.report(&place, 1, &third).await.unwrap().acked_through, 3);
    let (records, unreadable) =
        place.portal.records(1, place.clock.now_ms() - 10 * 86_400_000, place.clock.now_ms() + 1).await.unwrap();
    assert_eq!((records.len(), unreadable), (3, 0));
    assert!(dca_portal::audit::verify(place.portal.store()).await.unwrap() > 3);
}
