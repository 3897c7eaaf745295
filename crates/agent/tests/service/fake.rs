//! A portal that is told what to do.

use aws_lc_rs::signature::Ed25519KeyPair;
use dca_agent::service::{Machine, Portal};
use dca_cloud::{CloudError, machine_ms, request_id};
use dca_wire::v1::order_result::Outcome;
use dca_wire::v1::record::What;
use dca_wire::v1::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

pub(crate) const AGENT: &str = "a-1";

#[derive(Default)]
pub(crate) struct Book {
    pub(crate) records: BTreeMap<(String, u64, u64), Record>,
    pub(crate) repeated: u32,
    pub(crate) results: BTreeMap<Vec<u8>, OrderResult>,
    pub(crate) orders: Vec<SignedOrder>,
    pub(crate) config: Option<SignedConfig>,
    pub(crate) revision: u64,
    pub(crate) check_ins: u32,
    /// So many reports are committed without the agent hearing of it.
    pub(crate) unheard: u32,
    pub(crate) diagnostics: Vec<u8>,
    /// What was not well, as the last check-in had it.
    pub(crate) health: Vec<Health>,
    pub(crate) state: Mood,
    pub(crate) copied: Option<Copied>,
    /// When check-ins came, answered or not, by the clock of the tests.
    pub(crate) came_ms: Vec<i64>,
}

/// How the portal is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Well,
    /// Nobody reaches it.
    Down,
    /// It takes calls and never answers.
    Hangs,
}

/// The true time, which runs with the tests' own whether that is paused or not, and how the agent's machine shows it.
struct Wall {
    since: Instant,
    began_ms: i64,
    slept_ms: AtomicI64,
    set_by_ms: AtomicI64,
    /// As the agent measured it at the last answer.
    skew_ms: AtomicI64,
}

#[derive(Clone)]
pub(crate) struct Fake(Arc<Mutex<Book>>, Arc<Wall>);

impl Default for Fake {
    fn default() -> Self {
        let wall = Wall {
            since: Instant::now(),
            began_ms: machine_ms(),
            slept_ms: AtomicI64::new(0),
            set_by_ms: AtomicI64::new(0),
            skew_ms: AtomicI64::new(0),
        };
        Self(Arc::default(), Arc::new(wall))
    }
}

impl Fake {
    pub(crate) fn is(&self, state: Mood) {
        self.book().state = state;
    }

    /// Sets the clock of the agent's machine.
    pub(crate) fn set_clock_by(&self, ms: i64) {
        self.1.set_by_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// The agent's machine sleeps: no timer of it runs.
    pub(crate) fn sleeps(&self, ms: i64) {
        self.1.slept_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// The true time.
    pub(crate) fn true_ms(&self) -> i64 {
        self.1.began_ms + self.1.since.elapsed().as_millis() as i64 + self.1.slept_ms.load(Ordering::Relaxed)
    }

    /// The clocks of the agent's machine.
    pub(crate) fn machine(&self) -> Machine {
        let (wall, up) = (self.clone(), self.clone());
        let wall = move || wall.true_ms() + wall.1.set_by_ms.load(Ordering::Relaxed);
        Machine::new(wall, move || Some(up.true_ms() - up.1.began_ms))
    }

    fn courtesy(&self) -> Option<Courtesy> {
        self.1.skew_ms.store(-self.1.set_by_ms.load(Ordering::Relaxed), Ordering::Relaxed);
        Some(Courtesy { server_time_ms: self.true_ms(), retry_after_s: 0 })
    }

    /// What comes of a call, if the portal is not well.
    async fn mood(&self) -> Result<(), CloudError> {
        match self.book().state {
            Mood::Well => return Ok(()),
            Mood::Down => return Err(CloudError::Unreachable { why: "cut".into() }),
            Mood::Hangs => {}
        }
        std::future::pending().await
    }

    pub(crate) fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().unwrap()
    }

    pub(crate) fn order(&self, counter: u64, what: order::What) -> Vec<u8> {
        let id = request_id(machine_ms()).to_vec();
        let order = Order {
            id: id.clone(),
            agent_id: AGENT.into(),
            not_before_ms: self.true_ms() - 60_000,
            not_after_ms: self.true_ms() + 60_000,
            counter,
            what: Some(what),
        };
        let order = dca_wire::encode(&order).unwrap();
        let signature = key().sign(&order).as_ref().to_vec();
        self.book().orders.push(SignedOrder { order, signature });
        id
    }

    pub(crate) fn readings(&self) -> Vec<Reading> {
        let book = self.book();
        let readings = book.records.values().filter_map(|record| match &record.what {
            Some(What::Reading(reading)) => Some(reading.clone()),
            _ => None,
        });
        readings.collect()
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        let book = self.book();
        let notices = book.records.values().filter_map(|record| match &record.what {
            Some(What::Notice(notice)) => Some(notice.clone()),
            _ => None,
        });
        notices.collect()
    }

    pub(crate) fn outcome(&self, id: &[u8]) -> Option<Outcome> {
        self.book().results.get(id).map(OrderResult::outcome).filter(|outcome| *outcome != Outcome::Running)
    }
}

impl Portal for Fake {
    async fn check_in(&self, request: CheckInRequest) -> Result<CheckInAnswer, CloudError> {
        dca_wire::encode(&request).expect("a check-in that a portal takes");
        let now = self.true_ms();
        self.book().came_ms.push(now);
        self.mood().await?;
        let mut book = self.book();
        book.check_ins += 1;
        book.health = request.health;
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
            courtesy: self.courtesy(),
            orders: book.orders.clone(),
            config,
            copied: book.copied.clone(),
            next_poll_s: 30,
            jitter_s: 1,
            ..CheckInAnswer::default()
        })
    }

    async fn report(&self, request: ReportRequest) -> Result<ReportAnswer, CloudError> {
        dca_wire::encode(&request).expect("a report that a portal takes");
        self.mood().await?;
        let plain = zstd::bulk::decompress(&request.body, request.plain_length as usize).unwrap();
        let entries = dca_wire::unpack(&request, plain.into()).unwrap();
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
        Ok(ReportAnswer { courtesy: self.courtesy(), stream, epoch, acked_through, refused: vec![] })
    }

    async fn put_diagnostics(&self, _: Caller, _: Vec<u8>, bundle: Vec<u8>) -> Result<DiagnosticsAnswer, CloudError> {
        let octets = bundle.len() as u64;
        self.book().diagnostics = bundle;
        Ok(DiagnosticsAnswer { courtesy: self.courtesy(), octets })
    }

    fn caller(&self, boot_id: [u8; 16]) -> Caller {
        Caller {
            agent_id: AGENT.into(),
            boot_id: boot_id.to_vec(),
            request_id: request_id(machine_ms()).to_vec(),
            sent_at_ms: self.true_ms(),
            schema: 1,
        }
    }

    fn now_ms(&self) -> i64 {
        self.true_ms() + self.1.set_by_ms.load(Ordering::Relaxed) + self.skew_ms()
    }

    fn skew_ms(&self) -> i64 {
        self.1.skew_ms.load(Ordering::Relaxed)
    }

    fn drain(&self) {}
}

pub(crate) fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
}

/// A record that is no reading.
pub(crate) fn notice(number: u32) -> Record {
    let notice = Notice { what: "test".to_owned(), text: number.to_string() };
    Record { at_ms: i64::from(number), what: Some(What::Notice(notice)) }
}
