//! Readings arrive once, orders are obeyed, the portal configures within what is permitted.

use super::fake::{AGENT, Fake, key};
use super::{config, printer, range, start, state, until};
use dca_agent::service::{Hint, Status};
use dca_wire::v1::order_result::Outcome;
use dca_wire::v1::record::What;
use dca_wire::v1::*;
use std::time::Duration;

#[tokio::test]
async fn what_is_read_arrives_once_and_orders_are_obeyed() {
    let (_fleet, address) = printer("127.84.0.1").await;
    let folder = state();
    let portal = Fake::default();
    portal.book().unheard = 1;
    let permit = "[permit]\norders = [\"read\", \"scan\", \"diagnose\", \"walk\"]\n";
    let text = format!("{permit}ranges = [\"{address}\"]\n{}", range(&address));
    let config = config(folder.path(), &text);
    let running = start(config.clone(), &portal);
    until("a full reading", || portal.readings().iter().any(|reading| reading.depth == "full")).await;
    let reading = portal.readings().into_iter().find(|reading| reading.depth == "full").unwrap();
    assert!(reading.complete && reading.is_printer && reading.address == address);
    assert!(reading.total.as_ref().unwrap().value > 0 && !reading.supplies.is_empty());
    assert!(portal.book().repeated > 0, "what was committed and not heard is sent again, under the same number");

    let read = portal.order(2, order::What::Read(Read { device_ids: vec![reading.device_id.clone()] }));
    let ping = portal.order(3, order::What::Ping(Ping { address: address.clone() }));
    let walk =
        order::What::Walk(Walk { device_id: reading.device_id.clone(), oid: "1.3.6.1.2.1.1".into(), most_rows: 3 });
    let walk = portal.order(4, walk);
    let diagnose = portal.order(5, order::What::Diagnose(Diagnose {}));
    let replay = portal.order(1, order::What::Scan(Scan {}));
    portal.book().orders.push(SignedOrder { order: portal_free_order(), signature: vec![0; 64] });
    tokio::time::sleep(Duration::from_secs(6)).await;
    running.hints.send(Hint::Wake { reason: "test".to_owned() }).await.unwrap();
    until("results", || [&read, &ping, &walk, &diagnose].iter().all(|id| portal.outcome(id).is_some())).await;
    assert_eq!(portal.outcome(&read), Some(Outcome::Done));
    assert_eq!(portal.outcome(&ping), Some(Outcome::Refused), "the customer does not permit it");
    assert_eq!(portal.outcome(&walk), Some(Outcome::Done));
    assert_eq!(portal.outcome(&diagnose), Some(Outcome::Done));
    assert!(!portal.book().diagnostics.is_empty());
    assert_ne!(portal.outcome(&replay), None, "sorted by counter, it came first and was in order");
    until("the rows", || {
        portal.book().records.values().any(|record| {
            matches!(&record.what, Some(What::Finding(found))
            if matches!(&found.what, Some(order_finding::What::Walk(rows)) if rows.lines().count() == 3))
        })
    })
    .await;
    until("the refusal", || portal.notices().iter().any(|notice| notice.what == "order_refused")).await;
    until("read again", || portal.readings().iter().filter(|reading| reading.depth == "full").count() >= 2).await;

    let took = running.end().await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    let status = Status::read(folder.path()).unwrap();
    assert_eq!((status.portal.as_str(), status.devices, status.agent_id.as_str()), ("stopped", 1, AGENT));
    assert!(portal.notices().iter().any(|notice| notice.what == "stopped"));

    // The next start knows the device and numbers on where it stopped.
    let before = portal.book().records.len();
    let running = start(config, &portal);
    until("started again", || portal.notices().iter().filter(|notice| notice.what == "started").count() == 2).await;
    assert!(portal.book().records.len() > before);
    running.end().await;
}

/// An order of nobody: its signature is wrong.
fn portal_free_order() -> Vec<u8> {
    let order = Order {
        id: vec![1; 16],
        agent_id: AGENT.into(),
        not_before_ms: 0,
        not_after_ms: i64::MAX,
        counter: 99,
        what: Some(order::What::Scan(Scan {})),
    };
    dca_wire::encode(&order).unwrap()
}

#[tokio::test]
async fn the_portal_configures_within_what_is_permitted() {
    let (fleet, inside) = printer("127.84.0.2").await;
    let (forbidden, outside) = printer("127.84.0.3").await;
    let folder = state();
    let portal = Fake::default();
    let text = format!(
        "[[range]]\ntargets = [\"{inside}\", \"{outside}\"]\ntry = [{{ community = \"public\" }}]\n[schedule]\nhot_minutes = 5\n"
    );
    let signature = key().sign(&[&7_u64.to_be_bytes()[..], text.as_bytes()].concat()).as_ref().to_vec();
    portal.book().config = Some(SignedConfig { revision: 7, blob: text.clone().into_bytes(), signature });
    let config = config(folder.path(), &format!("[permit]\nranges = [\"{inside}\"]\n"));
    let running = start(config.clone(), &portal);
    until("a reading", || !portal.readings().is_empty()).await;
    assert!(portal.readings().iter().all(|reading| reading.address == inside));
    assert!(fleet.heard() > 0);
    assert_eq!(forbidden.heard(), 0, "not one datagram to what the customer does not permit");
    until("applied", || portal.notices().iter().any(|notice| notice.what == "config_applied")).await;
    running.end().await;
    let sealed = std::fs::read(folder.path().join("config.sealed")).unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"public"), "credentials lie sealed");

    // It is in force after a restart, and a forged one changes nothing.
    portal.book().config = Some(SignedConfig { revision: 8, blob: text.into_bytes(), signature: vec![0; 64] });
    let running = start(config, &portal);
    until("refused", || portal.notices().iter().any(|notice| notice.what == "config_refused")).await;
    assert_eq!(portal.book().revision, 7);
    running.end().await;
    assert_eq!(forbidden.heard(), 0);
}

#[tokio::test]
async fn what_is_excluded_by_a_name_that_nobody_knows_keeps_all_from_being_touched() {
    let (fleet, address) = printer("127.84.0.4").await;
    let folder = state();
    let portal = Fake::default();
    let targets = |also: &str| {
        format!("[[range]]\ntargets = [\"{address}\"{also}]\ntry = [{{ community = {{ file = \"community\" }} }}]\n")
    };
    let running = start(config(folder.path(), &targets(", \"!gone.invalid\"")), &portal);
    let told = |book: &crate::fake::Book| book.health.iter().any(|health| health.text.contains("gone.invalid"));
    until("told which name it is", || told(&portal.book())).await;
    // A sweep would have come at once.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    running.end().await;
    assert_eq!(fleet.heard(), 0, "that name may be this very printer");

    let running = start(config(folder.path(), &targets("")), &portal);
    until("a reading", || !portal.readings().is_empty()).await;
    until("told that all is well", || !told(&portal.book())).await;
    running.end().await;
}
