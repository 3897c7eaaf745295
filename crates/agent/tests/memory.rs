//! What is kept of devices between runs, and what is told when they move, change or fall silent.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test"
)]

use dca_agent::poll::{ENOUGH, Memory, News, Whereabouts};
use dca_agent::{Asking, Keyring, Network, Profiles, Targets, Versions};
use dca_sim::{Device, Fleet};
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

fn printer(seed: u64) -> Device {
    Device::builtin("mono-laser").unwrap().seeded(seed)
}

/// A port that an earlier fleet had is free a moment after its end.
async fn fleet(devices: impl Fn() -> Vec<(SocketAddr, Device)>) -> (Fleet, u16) {
    for _ in 0..200 {
        if let Ok(fleet) = Fleet::on_loopback(devices()).await {
            let port = fleet.addresses()[0].port();
            return (fleet, port);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the port stays in use");
}

fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([127, 9, 3, last], port))
}

/// One run over 127.9.3.0/29 with a memory: what it tells, and how many datagrams it sent.
async fn run(folder: &Path, port: u16, full: bool) -> (Vec<News>, Memory, u64) {
    let profiles = Profiles::builtin();
    let mut memory = Memory::open(folder, &profiles).unwrap();
    let scope = Targets::parse([format!("127.9.3.0/29:{port}").as_str()]).unwrap().resolve().await.unwrap();
    // The community "hunter2" is asked first, and is not the devices'.
    let keyring = Keyring::typed(["hunter2", "public"], None, Versions::Any).unwrap();
    let asking = Asking { timeout: Duration::from_millis(400), retries: 0, ..Asking::default() };
    let network = Network::open(asking, keyring, profiles, &scope).unwrap().remembering(&memory);
    match full {
        true => drop(network.read(&scope, true, &mut (), pending()).await),
        false => drop(network.scan(&scope, &mut (), pending()).await),
    }
    let news = network.take_stock(&scope, &mut memory, true).await.unwrap();
    (news, memory, network.counters().sent)
}

#[tokio::test]
async fn devices_are_known_again_wherever_they_answer() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let (office, port) = fleet(|| vec![(at(1, 0), printer(1)), (at(2, 0), printer(2))]).await;
    let (news, memory, first) = run(&state, port, true).await;
    assert_eq!(news, [News::New { device: 1 }, News::New { device: 2 }]);
    assert!(memory.devices().all(|(_, known)| known.learnt.is_some() && known.credential == "v2c, community 2"));

    // No change is no news, and who answered to what is asked first: the wrong community is not tried.
    let (news, _, again) = run(&state, port, true).await;
    assert!(news.is_empty() && again < first, "{news:?}, {first} and {again} datagrams");
    drop(office);

    // One moves, the other's place is taken; a glance is enough to see it.
    let (office, port) = fleet(|| vec![(at(3, port), printer(1)), (at(2, port), printer(9))]).await;
    let (news, memory, _) = run(&state, port, false).await;
    let from = at(1, port);
    assert!(news.contains(&News::Moved { device: 1, from }), "{news:?}");
    assert!(news.contains(&News::New { device: 3 }), "{news:?}");
    let replaced = news.iter().any(|one| matches!(one, News::Replaced { device: 2, by } if by.contains("serial")));
    assert!(replaced, "{news:?}");
    assert_eq!(memory.get(1).unwrap().whereabouts, Whereabouts::Moved { from });
    assert!(memory.get(1).unwrap().learnt.is_some(), "a glance takes nothing away");
    let sentence = news[0].sentence(memory.get(news[0].device()).unwrap());
    assert!(sentence.starts_with("127.9.3."), "{sentence}");
    drop(office);

    // Three silent runs before anything is concluded. (Loopback addresses answer a ping, where pinging is allowed.)
    let (_elsewhere, port) = fleet(|| vec![(at(5, port), Device::builtin("switch").unwrap())]).await;
    for _ in 1..ENOUGH {
        let (news, memory, _) = run(&state, port, false).await;
        assert!(news.is_empty(), "{news:?}");
        assert!(matches!(memory.get(1).unwrap().whereabouts, Whereabouts::Missed { .. }));
    }
    let (news, _, _) = run(&state, port, false).await;
    let lost = |device: u32| {
        news.iter().any(|one| match one {
            News::Lost { device: this, is } => {
                *this == device && matches!(is, Whereabouts::SnmpOff { .. } | Whereabouts::Gone { pinged: false, .. })
            }
            _ => false,
        })
    };
    assert!(lost(1) && lost(3), "{news:?}");

    // Nothing secret is kept.
    for file in std::fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("public"), "{text}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_costs_one_device_its_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (_office, port) = fleet(|| vec![(at(1, 0), printer(1)), (at(2, 0), printer(2))]).await;
    let (_, before, _) = run(folder.path(), port, true).await;
    let whole = std::fs::read_to_string(folder.path().join("1.json")).unwrap();
    let profiles = Profiles::builtin();
    for cut in [0, 1, 100, whole.len() / 2, whole.len() - 3] {
        std::fs::write(folder.path().join("1.json"), &whole[..cut]).unwrap();
        // What a crash leaves behind while it writes.
        std::fs::write(folder.path().join("2.new"), &whole[..cut]).unwrap();
        let memory = Memory::open(folder.path(), &profiles).unwrap();
        assert_eq!(memory.devices().map(|(number, _)| number).collect::<Vec<_>>(), [2], "cut at {cut}");
        assert!(
            memory.problems[0].contains("1.json") && memory.problems[0].contains("set aside"),
            "{:?}",
            memory.problems
        );
    }
    // Hostile text in a file is refused as well.
    std::fs::write(folder.path().join("7.json"), whole.replace("\"form\": 1", "\"form\": 99")).unwrap();
    assert_eq!(Memory::open(folder.path(), &profiles).unwrap().problems.len(), 1);
    let again = Memory::open(folder.path(), &profiles).unwrap();
    let (old, new) = (before.get(2).unwrap(), again.get(2).unwrap());
    let questions = |known: &dca_agent::poll::Known| {
        let learnt = known.learnt.as_ref().unwrap();
        learnt.questions(dca_agent::poll::Depth::Hot, dca_agent::poll::Extra::default())
    };
    assert_eq!((questions(old), &old.seen, &old.who), (questions(new), &new.seen, &new.who));
}
