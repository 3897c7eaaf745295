//! The driver over real sockets on loopback; where waiting matters, under a stopped clock.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use common::{Answering, Silent, allow};
use dca_lan::{LanError, Settings, Snmp};
use dca_snmp::{Credentials, Failure, Request, Value, oid};
use std::collections::HashSet;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

fn name() -> Request {
    Request::get([oid!("1.3.6.1.2.1.1.5.0")])
}

fn public() -> Credentials {
    Credentials::v2c("public")
}

/// One second, no retry.
fn once() -> Settings {
    Settings { timeout: Duration::from_secs(1), retries: 0, ..Settings::default() }
}

#[tokio::test]
async fn asks_over_ipv4_and_ipv6() {
    let snmp = Snmp::bind(once()).unwrap();
    for ip in ["127.0.0.1", "::1"] {
        if ip == "::1" && std::net::UdpSocket::bind("[::1]:0").is_err() {
            println!("SKIPPED: this host has no IPv6 loopback");
            continue;
        }
        let device = Answering::at(ip);
        let answer = snmp.ask(name(), device.allowed(), &public()).await.unwrap();
        assert_eq!(answer.varbinds.len(), 1);
        assert_eq!(answer.varbinds[0].value(), Some(&Value::Integer(42)));
        assert_eq!(device.asked(), 1);
    }
    let counters = snmp.counters();
    assert_eq!(counters.sent, counters.received);
    assert!(counters.octets_sent > 40 * counters.sent && counters.octets_received > counters.octets_sent);
    assert!(snmp.receive_buffer() > 0);
}

/// More answers than a common receive buffer holds, arriving while questions are still being sent.
#[tokio::test]
async fn nothing_is_lost_with_thousands_in_flight() {
    let snmp = Snmp::bind(Settings { in_flight_per_device: 4096, ..once() }).unwrap();
    let devices: Vec<Answering> = (1..=64).map(|host| Answering::at(&format!("127.2.0.{host}"))).collect();
    let mut asked = JoinSet::new();
    for turn in 0..64 {
        for device in &devices {
            let (snmp, at) = (snmp.clone(), device.allowed());
            asked.spawn(async move { (turn, snmp.ask(name(), at, &public()).await) });
        }
    }
    while let Some(done) = asked.join_next().await {
        let (turn, answer) = done.unwrap();
        assert!(answer.is_ok(), "turn {turn}: {answer:?}");
    }
    assert_eq!(snmp.counters().received, 4096);
}

/// A device that has answered is read on while the sweep goes on, however slow the pace.
#[tokio::test]
async fn questions_that_give_way_wait_for_others() {
    const PROBES: usize = 200;
    let snmp = Snmp::bind(Settings { rate: Some(200), in_flight_per_device: PROBES, ..once() }).unwrap();
    let (silent, device) = (Silent::at("127.0.0.1"), Answering::at("127.0.0.1"));
    let (probes, at) = (snmp.giving_way(), silent.allowed());
    let mut sweep = JoinSet::new();
    for _ in 0..PROBES {
        let probes = probes.clone();
        sweep.spawn(async move { probes.ask(name(), at, &public()).await });
    }
    tokio::task::yield_now().await;
    for _ in 0..10 {
        assert!(snmp.ask(name(), device.allowed(), &public()).await.is_ok());
    }
    let heard = silent.heard();
    assert!(heard < PROBES / 2, "{heard} of {PROBES} probes went before ten questions");
    while sweep.join_next().await.is_some() {}
    assert_eq!(heard + silent.heard(), PROBES, "and all go in the end");
}

#[tokio::test]
async fn each_of_many_is_asked_once_and_told_once() {
    let devices: Vec<Answering> = (1..=200).map(|host| Answering::at(&format!("127.2.1.{host}"))).collect();
    let silent = Silent::at("127.2.2.1");
    let everywhere = || devices.iter().map(Answering::allowed).chain([silent.allowed()]);
    // Fewer than there are addresses, so that most wait with the caller.
    let snmp = Snmp::bind(Settings { in_flight: 16, timeout: Duration::from_millis(300), ..once() }).unwrap();
    let mut answers = snmp.ask_each(name(), everywhere(), &public());
    let (mut told, mut failed) = (HashSet::new(), Vec::new());
    while let Some((at, answer)) = answers.next().await {
        assert!(told.insert(at), "{at:?} twice");
        match answer {
            Ok(answer) => assert_eq!(answer.varbinds[0].value(), Some(&Value::Integer(42))),
            Err(why) => failed.push((at, why)),
        }
    }
    assert_eq!(told, everywhere().collect());
    assert!(matches!(&failed[..], [(at, Failure::NoAnswer { tries: 1, .. })] if *at == silent.allowed()), "{failed:?}");
    assert!(devices.iter().all(|device| device.asked() == 1) && silent.heard() == 1);
    assert!(answers.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_answers_takes_all_questions_back() {
    let devices: Vec<Silent> = (1..=40).map(|host| Silent::at(&format!("127.2.3.{host}"))).collect();
    let snmp = Snmp::bind(Settings { in_flight: 8, retries: 5, ..once() }).unwrap();
    let mut answers = snmp.ask_each(name(), devices.iter().map(Silent::allowed), &public());
    assert!(timeout(Duration::from_millis(500), answers.next()).await.is_err());
    drop(answers);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(devices.iter().map(Silent::heard).sum::<usize>(), 8);
    // Nothing stands in the way of the next.
    let device = Answering::at("127.0.0.1");
    assert!(snmp.ask(name(), device.allowed(), &public()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn silence_takes_time_out_and_retries() {
    let device = Silent::at("127.0.0.1");
    let snmp = Snmp::bind(Settings { retries: 2, ..once() }).unwrap();
    let start = Instant::now();
    match snmp.ask(name(), device.allowed(), &public()).await {
        Err(Failure::NoAnswer { tries: 3, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert!(start.elapsed() >= Duration::from_secs(3));
    assert_eq!(device.heard(), 3);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_takes_the_question_back() {
    let device = Silent::at("127.0.0.1");
    let snmp = Snmp::bind(Settings { retries: 5, ..once() }).unwrap();
    assert!(timeout(Duration::from_millis(300), snmp.ask(name(), device.allowed(), &public())).await.is_err());
    assert_eq!(device.heard(), 1);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(device.heard(), 0, "no retry for a caller who has gone");
    // Its place in the queue of the device is free again.
    assert!(timeout(Duration::from_millis(300), snmp.ask(name(), device.allowed(), &public())).await.is_err());
    assert_eq!(device.heard(), 1);
}

#[tokio::test(start_paused = true)]
async fn pace_holds_over_all_devices() {
    let devices: Vec<Silent> = (1..=60).map(|host| Silent::at(&format!("127.3.0.{host}"))).collect();
    let snmp = Snmp::bind(Settings { rate: Some(20), ..once() }).unwrap();
    let start = Instant::now();
    let mut asked = JoinSet::new();
    for device in &devices {
        let (snmp, at) = (snmp.clone(), device.allowed());
        asked.spawn(async move { snmp.ask(name(), at, &public()).await });
    }
    for second in 1..=3u32 {
        sleep(Duration::from_millis(950)).await;
        sleep(Duration::from_millis(50)).await;
        let sent = u32::try_from(snmp.counters().sent).unwrap();
        assert!(sent.abs_diff(20 * second) <= 1, "{sent} after {second} s");
    }
    while let Some(done) = asked.join_next().await {
        match done.unwrap() {
            // The time-out ran from the sending on, not while the question stood in the queue.
            Err(Failure::NoAnswer { tries: 1, waited }) => assert!(waited < Duration::from_millis(1100), "{waited:?}"),
            other => panic!("{other:?}"),
        }
    }
    let took = start.elapsed();
    assert!((Duration::from_millis(3900)..Duration::from_millis(4200)).contains(&took), "{took:?}");
    assert!(devices.iter().all(|device| device.heard() == 1));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_are_taken_in_at_once() {
    let devices: Vec<Silent> = (1..=30).map(|host| Silent::at(&format!("127.4.0.{host}"))).collect();
    let snmp = Snmp::bind(Settings { in_flight: 10, ..once() }).unwrap();
    let mut asked = JoinSet::new();
    for device in &devices {
        let (snmp, at) = (snmp.clone(), device.allowed());
        asked.spawn(async move { snmp.ask(name(), at, &public()).await });
    }
    for second in 1..=3 {
        sleep(Duration::from_millis(900)).await;
        assert_eq!(snmp.counters().sent, 10 * second);
        sleep(Duration::from_millis(150)).await;
    }
}

#[tokio::test]
async fn what_the_system_refuses_to_send_fails_at_once() {
    let snmp = Snmp::bind(Settings { timeout: Duration::from_secs(30), ..Settings::default() }).unwrap();
    // A broadcast needs SO_BROADCAST, which these sockets never have.
    let answer = snmp.ask(name(), allow("255.255.255.255:161".parse().unwrap()), &public()).await;
    assert!(matches!(answer, Err(Failure::Unreachable(_))), "{answer:?}");
    assert_eq!((snmp.counters().refused, snmp.counters().sent), (1, 0));
}

/// Port unreachable, told to the right question though many are under way on the same socket.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_device_without_snmp_says_so() {
    let snmp = Snmp::bind(Settings { timeout: Duration::from_secs(30), ..Settings::default() }).unwrap();
    let mut asked = JoinSet::new();
    let mut answering = Vec::new();
    for host in 1..=200u8 {
        let device = Answering::at(&format!("127.5.0.{host}"));
        let deaf = Silent::at(&format!("127.5.1.{host}")).allowed();
        for (at, answers) in [(device.allowed(), true), (deaf, false)] {
            let snmp = snmp.clone();
            asked.spawn(async move { (answers, snmp.ask(name(), at, &public()).await) });
        }
        answering.push(device);
    }
    while let Some(done) = asked.join_next().await {
        match done.unwrap() {
            (true, Ok(_)) => {}
            (false, Err(Failure::Unreachable(why))) => assert_eq!(why, "nothing listens on this port"),
            other => panic!("{other:?}"),
        }
    }
    let counters = snmp.counters();
    assert_eq!((counters.sent, counters.received, counters.unreachable, counters.refused), (400, 200, 200, 0));
}

#[tokio::test]
async fn the_task_ends_with_the_last_handle() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let snmp = Snmp::bind(once()).unwrap();
    let clone = snmp.clone();
    drop(snmp);
    sleep(Duration::from_millis(20)).await;
    assert_eq!(tasks(), before + 1);
    drop(clone);
    sleep(Duration::from_millis(20)).await;
    assert_eq!(tasks(), before);
}

#[test]
fn needs_a_runtime() {
    assert!(matches!(Snmp::bind(once()), Err(LanError::NoRuntime)));
}
