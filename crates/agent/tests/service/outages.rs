//! Portal gone, network cut, clock set, machine asleep: each comes back by itself.

use super::fake::{Fake, Mood, key};
use super::{config, printer, range, start, start_watched, state, until};
use dca_agent::service::Status;
use dca_wire::v1::record::What;
use dca_wire::v1::{Reading, SignedConfig};
use std::time::Duration;
use tokio::time::sleep;

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);

/// The readings' times, in the order of their numbers.
fn times(portal: &Fake, depth: impl Fn(&Reading) -> bool) -> Vec<i64> {
    let book = portal.book();
    let readings = book.records.iter().filter_map(|((stream, ..), record)| match &record.what {
        Some(What::Reading(reading)) if stream == "readings" && depth(reading) => Some(record.at_ms),
        _ => None,
    });
    readings.collect()
}

#[tokio::test(start_paused = true)]
async fn three_days_without_a_network_cost_nothing() {
    let (_fleet, address) = printer("127.84.0.11").await;
    let folder = state();
    let portal = Fake::default();
    let text = format!(
        "[[range]]\ntargets = [\"{address}\"]\ntry = [{{ community = \"public\" }}]\n[schedule]\nhot_minutes = 240\nwarm_minutes = 240\n"
    );
    let signature = key().sign(&[&7_u64.to_be_bytes()[..], text.as_bytes()].concat()).as_ref().to_vec();
    portal.book().config = Some(SignedConfig { revision: 7, blob: text.into_bytes(), signature });
    let config = config(folder.path(), &format!("[permit]\nranges = [\"{address}\"]\n{}", range(&address)));
    let running = start_watched(config, &portal, HOUR);
    until("a reading", || !portal.readings().is_empty()).await;

    portal.is(Mood::Down);
    let (cut_ms, came) = (portal.true_ms(), portal.book().came_ms.len());
    sleep(72 * HOUR).await;
    let tried = portal.book().came_ms.len() - came;
    // At the bound of the back-off it is every 7 to 15 minutes.
    assert!((250..=700).contains(&tried), "{tried} attempts in three days");
    let status = Status::read(folder.path()).unwrap();
    assert_eq!(status.portal, "backing_off");
    assert!(status.trouble.is_some_and(|why| why.contains("cut")) && status.waiting >= 17);
    assert_eq!(times(&portal, |_| true).iter().filter(|at| **at > cut_ms + 60_000).count(), 0);

    portal.is(Mood::Well);
    let back_ms = portal.true_ms();
    until("nothing waits", || {
        let status = Status::read(folder.path()).unwrap();
        status.portal == "well" && status.waiting == 0
    })
    .await;
    assert!(portal.true_ms() - back_ms < 20 * 60_000, "the next attempt reports");
    let status = Status::read(folder.path()).unwrap();
    assert_eq!((status.dropped, status.is_well()), (0, true), "{status:?}");
    let times = times(&portal, |_| true);
    let meanwhile: Vec<i64> = times.iter().copied().filter(|at| (cut_ms..back_ms).contains(at)).collect();
    assert!(meanwhile.len() >= 17, "every four hours: {}", meanwhile.len());
    assert!(times.is_sorted(), "in the order in which they were made");
    let longest = meanwhile.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest <= 245 * 60_000, "no hole: {longest} ms");
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
