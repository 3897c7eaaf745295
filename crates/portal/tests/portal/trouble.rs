//! A second portal on one database; a database that is gone for a while.

use crate::agent::{Agent, reading};
use crate::place::Place;
use crate::server;
use dca_loopback::postgres::Cluster;
use dca_portal::store::{Batch, StoreError, sql};
use dca_portal::{Portal, Server, ServerError};
use dca_wire::v1::CheckInRequest;
use tonic::Code;

#[tokio::test]
async fn one_portal_serves_a_database() {
    let Some(mut place) = Place::open().await else { return };
    let mut config = place.portal.config().clone();
    config.mqtt = None;
    let second = Portal::open(config, place.clock.clone()).await.unwrap();
    let refused = Server::bind(second.clone()).await;
    assert!(matches!(refused, Err(ServerError::Store(StoreError::Served))), "{refused:?}");
    assert!(second.store().is_served().await.unwrap());
    place.stop().await;
    assert!(!second.store().is_served().await.unwrap());
    drop(Server::bind(second.clone()).await.unwrap());
    // PostgreSQL ends a session in its own time.
    for _ in 0..100 {
        if !second.store().is_served().await.unwrap() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the claim outlives its portal");
}

/// SQLite says that it is full where a trigger says so.
#[tokio::test]
async fn a_database_that_takes_nothing() {
    if server::wanted() {
        return;
    }
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let run = |statement: &'static str| {
        let mut batch = Batch::new();
        batch.run(statement, []);
        place.portal.store().commit(batch)
    };
    let full = "CREATE TRIGGER full BEFORE INSERT ON reading_hot BEGIN SELECT RAISE(ABORT, 'disk is full'); END";
    run(full).await.unwrap();
    let record = reading(&place, "printer", Some("SER1234"), 100);
    for _ in 0..2 {
        let refused = agent.report(&place, 1, &[(1, record.clone())]).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        assert!(refused.metadata().get("retry-after").is_some());
    }
    assert!(place.portal.store().trouble().unwrap().contains("disk is full"));
    agent.check_in(&place, CheckInRequest::default()).await.unwrap();
    run("DROP TRIGGER full").await.unwrap();
    assert_eq!(agent.report(&place, 1, &[(1, record)]).await.unwrap().acked_through, 1);
    assert_eq!(place.portal.store().trouble(), None);
    assert_eq!(records(&place).await, 1);
}

/// How many can be read of the only device.
async fn records(place: &Place) -> usize {
    let device = place.portal.store().rows(sql::DEVICES, &[0.into(), 10.into()]).await.unwrap()[0].int(0).unwrap();
    let (records, unreadable) =
        place.portal.records(device, place.clock.now_ms() - 3_600_000, place.clock.now_ms() + 1_000).await.unwrap();
    assert_eq!(unreadable, 0);
    records.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_and_comes_back() {
    if !server::wanted() || !Cluster::is_installed() {
        return;
    }
    let cluster = Cluster::make();
    let mut running = cluster.start(&["fsync=off"]);
    let place = Place::on(&cluster.database("gone")).await;
    let agent = Agent::enrolled(&place).await;
    let record = |total: u64| reading(&place, "printer", Some("SER1234"), total);
    let first = record(100);
    assert_eq!(agent.report(&place, 1, &[(1, first.clone())]).await.unwrap().acked_through, 1);

    running.stop();
    place.clock.advance(60_000);
    let second = record(103);
    let refused = agent.report(&place, 1, &[(2, second.clone())]).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.metadata().get("retry-after").is_some(), "later, and not now");
    assert!(place.portal.store().trouble().is_some());
    // What needs no database goes on.
    agent.check_in(&place, CheckInRequest::default()).await.unwrap();

    let _running = cluster.start(&["fsync=off"]);
    // Asked again, as an agent does that got no answer; the first one too.
    assert_eq!(agent.report(&place, 1, &[(1, first), (2, second)]).await.unwrap().acked_through, 2);
    assert_eq!(place.portal.store().trouble(), None);
    assert_eq!(records(&place).await, 2, "each once");
    // The right to serve is taken again.
    for _ in 0..100 {
        if place.portal.store().is_served().await.unwrap() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the portal does not claim its database again");
}
