//! What the service tells whoever keeps it running, and who it hears that it is not alone.

use super::fake::{Fake, Mood};
use super::{config, start, state, until};
use dca_agent::service::{Sign, Status};
use dca_spool::{Bounds, Spool};
use dca_wire::v1::Copied;
use std::time::Duration;
use tokio::time::sleep;

const NOBODY: &str = "[permit]\nranges = [\"127.84.0.9\"]\n";

#[tokio::test(start_paused = true)]
async fn signs_of_life_come_from_the_loops() {
    let folder = state();
    let portal = Fake::default();
    let mut running = start(config(folder.path(), NOBODY), &portal);
    assert_eq!(running.signs.recv().await, Some(Sign::Ready));
    let Some(Sign::Alive(how)) = running.signs.recv().await else { panic!("no sign of life") };
    assert!(how.contains("0 devices"), "{how}");
    // A call that never ends holds the loop: nobody says that all is well.
    portal.is(Mood::Hangs);
    sleep(Duration::from_secs(120)).await;
    while running.signs.try_recv().is_ok() {}
    sleep(Duration::from_secs(600)).await;
    assert_eq!(running.signs.try_recv().ok(), None);
    // Who is told to stop does not wait for it; a last report is tried for two seconds.
    let told = tokio::time::Instant::now();
    running.end().await;
    assert!(told.elapsed() < Duration::from_millis(2_500), "{:?}", told.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_long_report_is_a_sign_of_life_as_well() {
    let folder = state();
    let portal = Fake::default();
    let now_ms = portal.true_ms();
    {
        let (spool, _) = Spool::open(&folder.path().join("spool.db"), Bounds::default(), 1, 0).unwrap();
        let items = (0..3_000_u32).map(|number| dca_spool::Item {
            stream: "old".to_owned(),
            class: dca_spool::Class::Billing,
            device: "1".to_owned(),
            // Of today: what is older than a record may be is thinned as soon as the clock is believed.
            at_ms: now_ms - 3_000 + i64::from(number),
            body: dca_wire::encode(&super::fake::notice(number)).unwrap(),
        });
        spool.push(items.collect()).unwrap();
    }
    let mut running = start(config(folder.path(), NOBODY), &portal);
    until("all of it", || portal.book().records.len() >= 3_000).await;
    let mut signs = 0;
    while let Ok(sign) = running.signs.try_recv() {
        signs += u32::from(matches!(sign, Sign::Alive(_)));
    }
    assert!(signs >= 6, "{signs} signs, one for each report at least");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_told_and_says_what_to_do() {
    let folder = state();
    let portal = Fake::default();
    let running = start(config(folder.path(), NOBODY), &portal);
    until("a record", || !portal.book().records.is_empty()).await;
    let epochs = |portal: &Fake| {
        let mut epochs: Vec<u64> = portal.book().records.keys().map(|(_, epoch, _)| *epoch).collect();
        epochs.sort_unstable();
        epochs.dedup();
        epochs.len()
    };
    assert_eq!(epochs(&portal), 1);
    portal.book().copied = Some(Copied { seen_ms: 1, other: "192.0.2.7".to_owned() });
    let seen = |portal: &Fake| portal.notices().iter().filter(|notice| notice.what == "clone_seen").count();
    until("the notice", || seen(&portal) == 1).await;
    assert_eq!(epochs(&portal), 2, "it numbers anew, so that no record of one hides one of the other");
    let told = |portal: &Fake| portal.book().health.iter().any(|health| health.part == "identity");
    until("the next check-in", || told(&portal)).await;
    sleep(Duration::from_secs(600)).await;
    assert_eq!(seen(&portal), 1, "once");
    let status = Status::read(folder.path()).unwrap();
    assert!(!status.is_well());
    let sentence = status.health.iter().find(|sentence| sentence.starts_with("identity")).unwrap();
    assert!(sentence.contains("192.0.2.7") && sentence.contains("dca enroll URL CODE --again"), "{sentence}");

    portal.book().copied = None;
    until("alone again", || !told(&portal)).await;
    running.end().await;
}
