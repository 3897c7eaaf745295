//! The service with a simulated printer on one side and a portal of this file on the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test"
)]

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use dca_agent::config::{Config, RawConfig};
use dca_agent::service::{Controls, Hint, Member, Portal, Status, run};
use dca_cloud::rhythm::Start;
use dca_cloud::{AgentId, CloudError, machine_ms, request_id};
use dca_sim::{Device, Fleet};
use dca_wire::v1::order_result::Outcome;
use dca_wire::v1::record::What;
use dca_wire::v1::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

const AGENT: &str = "a-1";

#[derive(Default)]
struct Book {
    records: BTreeMap<(String, u64, u64), Record>,
    repeated: u32,
    results: BTreeMap<Vec<u8>, OrderResult>,
    orders: Vec<SignedOrder>,
    config: Option<SignedConfig>,
    revision: u64,
    check_ins: u32,
    /// So many reports are committed without the agent hearing of it.
    unheard: u32,
    diagnostics: Vec<u8>,
}

#[derive(Clone)]
struct Fake(Arc<Mutex<Book>>);

impl Fake {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().unwrap()
    }

    fn courtesy() -> Option<Courtesy> {
        Some(Courtesy { server_time_ms: machine_ms(), retry_after_s: 0 })
    }

    fn order(&self, counter: u64, what: order::What) -> Vec<u8> {
        let id = request_id(machine_ms()).to_vec();
        let order = Order {
            id: id.clone(),
            agent_id: AGENT.into(),
            not_before_ms: machine_ms() - 60_000,
            not_after_ms: machine_ms() + 60_000,
            counter,
            what: Some(what),
        };
        let order = dca_wire::encode(&order).unwrap();
        let signature = key().sign(&order).as_ref().to_vec();
        self.book().orders.push(SignedOrder { order, signature });
        id
    }

    fn readings(&self) -> Vec<Reading> {
        let book = self.book();
        let readings = book.records.values().filter_map(|record| match &record.what {
            Some(What::Reading(reading)) => Some(reading.clone()),
            _ => None,
        });
        readings.collect()
    }

    fn notices(&self) -> Vec<Notice> {
        let book = self.book();
        let notices = book.records.values().filter_map(|record| match &record.what {
            Some(What::Notice(notice)) => Some(notice.clone()),
            _ => None,
        });
        notices.collect()
    }

    fn outcome(&self, id: &[u8]) -> Option<Outcome> {
        self.book().results.get(id).map(OrderResult::outcome).filter(|outcome| *outcome != Outcome::Running)
    }
}

impl Portal for Fake {
    async fn check_in(&self, request: CheckInRequest) -> Result<CheckInAnswer, CloudError> {
        dca_wire::encode(&request).expect("a check-in that a portal takes");
        let mut book = self.book();
        book.check_ins += 1;
        book.revision = request.config_revision;
        for result in request.results {
            book.results.insert(result.order_id.clone(), result);
        }
        let done: Vec<Vec<u8>> = book
            .results
            .values()
            .filter(|result| result.outcome() != Outcome::Running)
            .map(|one| one.order_id.clone())
            .collect();
        book.orders
            .retain(|order| dca_wire::decode::<Order>(&order.order).map_or(true, |order| !done.contains(&order.id)));
        let config = book.config.clone().filter(|config| config.revision > request.config_revision);
        Ok(CheckInAnswer {
            courtesy: Self::courtesy(),
            orders: book.orders.clone(),
            config,
            next_poll_s: 30,
            jitter_s: 1,
            ..CheckInAnswer::default()
        })
    }

    async fn report(&self, request: ReportRequest) -> Result<ReportAnswer, CloudError> {
        dca_wire::encode(&request).expect("a report that a portal takes");
        let plain = zstd::bulk::decompress(&request.body, request.plain_length as usize).unwrap();
        let entries = dca_wire::unpack(&request, &plain).unwrap();
        let mut book = self.book();
        let mut acked_through = 0;
        for entry in entries {
            acked_through = entry.seq;
            let record = dca_wire::decode::<Record>(&entry.record).unwrap();
            let key = (request.stream.clone(), request.epoch, entry.seq);
            if let Some(before) = book.records.insert(key, record.clone()) {
                assert_eq!(before, record, "a number means one record");
                book.repeated += 1;
            }
        }
        if book.unheard > 0 {
            book.unheard -= 1;
            return Err(CloudError::Unreachable { why: "cut".into() });
        }
        let (stream, epoch) = (request.stream, request.epoch);
        Ok(ReportAnswer { courtesy: Self::courtesy(), stream, epoch, acked_through, refused: vec![] })
    }

    async fn put_diagnostics(&self, _: Caller, _: Vec<u8>, bundle: Vec<u8>) -> Result<DiagnosticsAnswer, CloudError> {
        let octets = bundle.len() as u64;
        self.book().diagnostics = bundle;
        Ok(DiagnosticsAnswer { courtesy: Self::courtesy(), octets })
    }

    fn caller(&self, boot_id: [u8; 16]) -> Caller {
        Caller {
            agent_id: AGENT.into(),
            boot_id: boot_id.to_vec(),
            request_id: request_id(machine_ms()).to_vec(),
            sent_at_ms: machine_ms(),
            schema: 1,
        }
    }

    fn now_ms(&self) -> i64 {
        machine_ms()
    }

    fn skew_ms(&self) -> i64 {
        0
    }

    fn drain(&self) {}
}

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
}

fn config(state: &Path, text: &str) -> Config {
    let text = format!("state_dir = {state:?}\n{text}");
    RawConfig::parse(&state.join("dca.toml"), &text).unwrap().resolve(None).unwrap()
}

struct Running {
    stop: watch::Sender<bool>,
    hints: mpsc::Sender<Hint>,
    _reload: mpsc::Sender<Config>,
    task: tokio::task::JoinHandle<()>,
}

fn start(config: Config, portal: &Fake) -> Running {
    let (stop, stopped) = watch::channel(false);
    let (hints, hinted) = mpsc::channel(8);
    let (reload, reloaded) = mpsc::channel(1);
    let command_key = key().public_key().as_ref().to_vec();
    let member = Member { agent: AgentId::parse(AGENT).unwrap(), command_key, start: Start::AtOnce };
    let controls = Controls { stop: stopped, reload: reloaded, hints: hinted };
    let portal = portal.clone();
    let task = tokio::spawn(async move { run(config, member, portal, [3; 16], controls).await.unwrap() });
    Running { stop, hints, _reload: reload, task }
}

impl Running {
    async fn end(self) -> Duration {
        let start = Instant::now();
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
        start.elapsed()
    }
}

/// Waits until it holds; a service that never gets there fails the test.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(90), "not in 90 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn printer(place: &str) -> (Fleet, String) {
    let at = format!("{place}:0").parse().unwrap();
    let fleet = Fleet::on_loopback([(at, Device::builtin("mono-laser").unwrap())]).await.unwrap();
    let address = fleet.addresses()[0].to_string();
    (fleet, address)
}

fn range(address: &str) -> String {
    format!("[[range]]\ntargets = [\"{address}\"]\ntry = [{{ community = {{ file = \"community\" }} }}]\n")
}

fn state() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("community"), "public").unwrap();
    folder
}

#[tokio::test]
async fn what_is_read_arrives_once_and_orders_are_obeyed() {
    let (_fleet, address) = printer("127.84.0.1").await;
    let folder = state();
    let portal = Fake(Arc::new(Mutex::new(Book { unheard: 1, ..Book::default() })));
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
    assert!(portal.readings().iter().filter(|reading| reading.depth == "full").count() >= 2, "read again");

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
    let portal = Fake(Arc::default());
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
