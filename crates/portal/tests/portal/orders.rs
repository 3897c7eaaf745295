//! Orders and configuration: signed, once, in their time.

use crate::agent::Agent;
use crate::place::Place;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use dca_portal::At;
use dca_portal::store::sql;
use dca_wire::AgentId;
use dca_wire::v1::order_result::Outcome;
use dca_wire::v1::{CheckInRequest, Order, OrderResult, Ping, Scan, order::What};
use prost::Message;

#[tokio::test]
async fn an_order_is_signed_given_and_answered() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let id = AgentId::parse(&agent.id).unwrap();
    place.portal.order(&id, What::Scan(Scan {}), 60_000, "test").await.unwrap();
    place.portal.order(&id, What::Ping(Ping { address: "192.0.2.1".to_owned() }), 600_000, "test").await.unwrap();
    let answer = agent.check_in(&place, CheckInRequest::default()).await.unwrap();
    let key = UnparsedPublicKey::new(&ED25519, &agent.command_key);
    let orders: Vec<Order> = answer
        .orders
        .iter()
        .map(|signed| {
            key.verify(&signed.order, &signed.signature).unwrap();
            dca_wire::decode(&signed.order).unwrap()
        })
        .collect();
    assert!(orders[0].counter < orders[1].counter && orders[0].agent_id == agent.id);

    // Asked for until the outcome is there, or the time is over.
    let result = OrderResult {
        order_id: orders[1].id.clone(),
        outcome: Outcome::Refused.into(),
        text: "not in the fence".to_owned(),
        at_ms: 0,
    };
    let report = CheckInRequest { results: vec![result], ..CheckInRequest::default() };
    assert_eq!(agent.check_in(&place, report.clone()).await.unwrap().orders.len(), 1);
    place.clock.advance(60_001);
    assert!(agent.check_in(&place, report).await.unwrap().orders.is_empty());
    let row = place.portal.store().row(sql::COMMAND, &[orders[1].id.clone().into()]).await.unwrap().unwrap();
    assert_eq!((row.text(2).unwrap().as_str(), row.text(3).unwrap().as_str()), ("refused", "not in the fence"));
}

#[tokio::test]
async fn orders_that_are_given_at_one_moment_count_on() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let id = AgentId::parse(&agent.id).unwrap();
    let admin = dca_portal::Portal::open(place.portal.config().clone(), place.clock.clone()).await.unwrap();
    // The clock of the test stands still, so all would take the same number.
    let give = |portal: std::sync::Arc<dca_portal::Portal>| {
        let id = id.clone();
        tokio::spawn(async move { portal.order(&id, What::Scan(Scan {}), 60_000, "test").await })
    };
    let given: Vec<_> = (0..8).map(|n| give(if n % 2 == 0 { place.portal.clone() } else { admin.clone() })).collect();
    for order in given {
        order.await.unwrap().unwrap();
    }
    // Those of the other process are taken in within a second.
    let mut counters = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let answer = agent.check_in(&place, CheckInRequest::default()).await.unwrap();
        counters =
            answer.orders.iter().map(|signed| dca_wire::decode::<Order>(&signed.order).unwrap().counter).collect();
        if counters.len() == 8 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(counters.len(), 8, "{counters:?}");
}

#[tokio::test]
async fn an_order_of_another_process_and_over_a_restart() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let id = AgentId::parse(&agent.id).unwrap();
    // `explorer admin` beside the running portal.
    let admin = dca_portal::Portal::open(place.portal.config().clone(), place.clock.clone()).await.unwrap();
    admin.order(&id, What::Scan(Scan {}), 60_000, "admin").await.unwrap();
    let mut orders = 0;
    for _ in 0..100 {
        orders = agent.check_in(&place, CheckInRequest::default()).await.unwrap().orders.len();
        if orders > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(orders, 1);
    let place = place.restart().await;
    assert_eq!(agent.check_in(&place, CheckInRequest::default()).await.unwrap().orders.len(), 1);
    dca_portal::audit::verify(place.portal.store()).await.unwrap();
}

#[tokio::test]
async fn configuration_is_inherited_signed_and_given_once() {
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let tree = place.portal.tree();
    let customer = At::Node(tree.by_names("Dealer/Customer").unwrap());
    let first = place.portal.configure(&customer, "[scan]\nevery = \"day\"\nrate = 50", "test").await.unwrap();
    let own = At::Agent(agent.id.clone());
    let second = place.portal.configure(&own, "[scan]\nrate = 10", "test").await.unwrap();
    assert!(second > first);
    let answer = agent.check_in(&place, CheckInRequest::default()).await.unwrap();
    let config = answer.config.unwrap();
    assert_eq!(config.revision, second);
    let text = String::from_utf8(config.blob.clone()).unwrap();
    assert!(text.contains("every = \"day\"") && text.contains("rate = 10") && !text.contains("50"), "{text}");
    let mut message = config.revision.to_be_bytes().to_vec();
    message.extend_from_slice(&config.blob);
    UnparsedPublicKey::new(&ED25519, &agent.command_key).verify(&message, &config.signature).unwrap();
    let newest = CheckInRequest { config_revision: second, ..CheckInRequest::default() };
    let idle = agent.check_in(&place, newest).await.unwrap();
    assert!(idle.config.is_none());
    assert!(idle.encode_to_vec().len() < 200, "an answer in which nothing happened");
    assert!(place.portal.configure(&own, "not = toml =", "test").await.is_err());

    // Credentials in it are not to be read out of the database.
    let rows = place.portal.store().rows(sql::AGENTS, &[]).await.unwrap();
    assert!(!rows[0].text(10).unwrap().contains("rate"));
}
