//! Portal gone, network cut, clock set, machine asleep: each comes back by itself.

use super::fake::{Fake, Mood};
use super::{config, printer, range, start, start_watched, state, state_alone, until};
use dca_agent::service::Status;
use dca_wire::v1::record::What;
use std::time::Duration;
use tokio::time::sleep;

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn three_days_without_a_network_are_over_with_the_next_attempt() {
    let folder = state();
    let portal = Fake::default();
    let text = "[permit]\nranges = [\"127.84.0.9\"]\n";
    let running = start_watched(config(folder.path(), text), &portal, HOUR);
    until("started", || !portal.notices().is_empty()).await;

    portal.is(Mood::Down);
    let came = portal.book().came_ms.len();
    sleep(72 * HOUR).await;
    let tried = portal.book().came_ms.len() - came;
    // At the bound of the back-off it is every 7 to 15 minutes.
    assert!((250..=700).contains(&tried), "{tried} attempts in three days");
    let status = Status::read(folder.path()).unwrap();
    assert_eq!(status.portal, "backing_off");
    assert!(status.trouble.is_some_and(|why| why.contains("cut")));

    portal.is(Mood::Well);
    let back_ms = portal.true_ms();
    until("well again", || Status::read(folder.path()).unwrap().portal == "well").await;
    assert!(portal.true_ms() - back_ms < 20 * 60_000);
    let status = Status::read(folder.path()).unwrap();
    assert_eq!((status.dropped, status.is_well()), (0, true), "{status:?}");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_read_in_three_days_without_a_network_arrives_whole_and_once() {
    let (_fleet, address) = printer("127.84.0.5").await;
    let folder = state_alone();
    let portal = Fake::default();
    let text = format!("[permit]\nranges = [\"{address}\"]\n{}", range(&address));
    let running = start_watched(config(folder.path(), &text), &portal, HOUR);
    until("a reading", || !portal.readings().is_empty()).await;
    until("nothing waits", || Status::read(folder.path()).unwrap().waiting == 0).await;

    portal.is(Mood::Down);
    let (cut_ms, before) = (portal.true_ms(), portal.readings().len());
    sleep(72 * HOUR).await;
    let back_ms = portal.true_ms();
    assert_eq!(portal.readings().len(), before);
    let waiting = Status::read(folder.path()).unwrap().waiting;
    assert!(waiting >= 72, "{waiting} records wait");

    portal.is(Mood::Well);
    until("nothing waits", || Status::read(folder.path()).unwrap().waiting == 0).await;
    let records: Vec<_> = portal.book().records.values().cloned().collect();
    let mut totals: Vec<(i64, u64)> = Vec::new();
    for record in records.into_iter().filter(|record| (cut_ms..back_ms).contains(&record.at_ms)) {
        let Some(What::Reading(reading)) = record.what else { continue };
        totals.extend(reading.total.map(|total| (record.at_ms, total.value)));
    }
    totals.sort_unstable();
    // Every five minutes, and one that was on its way when the cable was pulled.
    assert!((863..=866).contains(&totals.len()), "{} readings", totals.len());
    assert!(totals.windows(2).all(|pair| (200_000..=400_000).contains(&(pair[1].0 - pair[0].0))), "{totals:?}");
    assert!(
        totals.is_sorted_by_key(|(_, pages)| *pages)
            && totals.first().map(|first| first.1) < totals.last().map(|last| last.1),
        "{totals:?}"
    );
    assert_eq!(portal.book().repeated, 0);
    assert_eq!(Status::read(folder.path()).unwrap().dropped, 0);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_portal_that_was_restarted_is_found_again() {
    let folder = state();
    let portal = Fake::default();
    let running = start(config(folder.path(), "[permit]\nranges = [\"127.84.0.9\"]\n"), &portal);
    until("started", || !portal.notices().is_empty()).await;
    portal.is(Mood::Down);
    let came = portal.book().came_ms.len();
    until("noticed", || portal.book().came_ms.len() > came).await;
    portal.is(Mood::Well);
    let check_ins = portal.book().check_ins;
    let since_ms = portal.true_ms();
    until("well again", || portal.book().check_ins > check_ins).await;
    assert!(portal.true_ms() - since_ms <= 60_000, "after one failure it waits half a minute");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_is_told_dates_nothing_wrong_and_throws_nothing_away() {
    let folder = state();
    let portal = Fake::default();
    let running = start(config(folder.path(), "[permit]\nranges = [\"127.84.0.9\"]\n"), &portal);
    until("started", || !portal.notices().is_empty()).await;
    let jumps = |portal: &Fake| portal.notices().iter().filter(|notice| notice.text.contains("clock was set")).count();
    for (by, jumped) in [(100 * 86_400_000, 1), (-200 * 86_400_000, 2), (8 * 3_600_000, 3)] {
        // What waits is older than a record may be, by the new clock, and nobody is there to tell the right one.
        portal.is(Mood::Down);
        sleep(2 * MINUTE).await;
        portal.set_clock_by(by);
        sleep(3 * MINUTE).await;
        portal.is(Mood::Well);
        until("told", || jumps(&portal) == jumped).await;
    }
    until("nothing waits", || Status::read(folder.path()).unwrap().waiting == 0).await;
    assert_eq!(Status::read(folder.path()).unwrap().dropped, 0);
    let now = portal.true_ms();
    let off = |record: &&dca_wire::v1::Record| (record.at_ms - now).abs() > 2 * 3_600_000;
    let wrong = portal.book().records.values().find(off).cloned();
    assert_eq!(wrong, None, "what was written down meanwhile has the right date");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn after_sleep_it_checks_in_at_once() {
    let folder = state();
    let portal = Fake::default();
    let running = start(config(folder.path(), "[permit]\nranges = [\"127.84.0.9\"]\n"), &portal);
    until("started", || !portal.notices().is_empty()).await;
    sleep(10 * MINUTE).await;
    // A night: the wall clock goes on, everything else stands.
    portal.sleeps(10 * 3_600_000);
    let woke_ms = portal.true_ms();
    sleep(2 * MINUTE).await;
    let came = portal.book().came_ms.iter().find(|at| **at >= woke_ms).copied().unwrap();
    assert!(came - woke_ms <= 70_000, "{} ms after it woke", came - woke_ms);
    until("told", || portal.notices().iter().any(|notice| notice.text == "the machine slept for 36000 s")).await;
    running.end().await;
}
