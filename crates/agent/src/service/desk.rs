//! Where records are written down: encoded, dated by the portal's clock, kept in the spool. What is not well is noted here
//! too, for the next check-in.

use dca_spool::{Class, Item, Spool, SpoolError, Stored};
use dca_wire::v1::health::Level;
use dca_wire::v1::record::What;
use dca_wire::v1::{Health, Notice, Record};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

pub(super) const READINGS: &str = "readings";
pub(super) const ALERTS: &str = "alerts";
pub(super) const NOTICES: &str = "notices";
pub(super) const GAPS: &str = "gaps";

/// Doubts that stay in a reading that is too large.
const DOUBTS: usize = 20;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Desk {
    spool: Spool,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// By how much `clock` is ahead because this machine's clock was set, in milliseconds.
    ahead_ms: Arc<AtomicI64>,
    /// Something was written down.
    pub(super) news: Arc<Notify>,
    health: Arc<Mutex<BTreeMap<&'static str, Health>>>,
}

/// A record before it is encoded.
pub(super) struct Draft {
    pub(super) stream: &'static str,
    pub(super) class: Class,
    pub(super) device: String,
    pub(super) what: What,
}

impl Desk {
    pub(super) fn new(spool: Spool, clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self { spool, clock: Arc::new(clock), ahead_ms: Arc::default(), news: Arc::default(), health: Arc::default() }
    }

    /// The portal's clock.
    pub(super) fn now_ms(&self) -> i64 {
        (self.clock)().saturating_sub(self.ahead_ms.load(Ordering::Relaxed))
    }

    /// This machine's clock was set by so much: what is written down is dated as if it was not, until the portal answers.
    pub(super) fn hold(&self, by_ms: i64) {
        self.ahead_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// The portal's clock was measured anew.
    pub(super) fn let_go(&self) {
        self.ahead_ms.store(0, Ordering::Relaxed);
    }

    /// Does something with the spool on a thread that may wait for the disk.
    pub(super) async fn spool<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Spool) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let spool = self.spool.clone();
        tokio::task::spawn_blocking(move || work(&spool)).await.unwrap_or(Err(SpoolError::Closed))
    }

    /// Keeps a record. That the disk refuses is told as health; the agent goes on.
    pub(super) async fn keep(&self, draft: Draft) {
        let Some(item) = self.item(draft) else { return };
        match self.spool(move |spool| spool.push(vec![item])).await {
            Ok(Stored::Disk) => self.well("spool"),
            Ok(Stored::Memory) => self.unwell(
                "spool",
                Level::Limited,
                "the disk is full or refuses: the newest records are in memory only",
            ),
            Err(error) => self.unwell("spool", Level::Broken, &error.to_string()),
        }
        self.news.notify_one();
    }

    pub(super) async fn notice(&self, what: &str, text: impl Into<String>) {
        let text = text.into();
        tracing::info!(what, text, "noted");
        let what = What::Notice(Notice { what: what.to_owned(), text });
        self.keep(Draft { stream: NOTICES, class: Class::Diagnostic, device: String::new(), what }).await;
    }

    /// The item of a draft, or nothing if even its core is larger than a record may be.
    pub(super) fn item(&self, draft: Draft) -> Option<Item> {
        let Draft { stream, class, device, what } = draft;
        let at_ms = self.now_ms();
        let mut record = Record { at_ms, what: Some(what) };
        let body = match (dca_wire::encode(&record), &mut record.what) {
            (Ok(body), _) => body,
            // Page counts and supplies are what must arrive.
            (Err(error), Some(What::Reading(reading))) => {
                reading.details.clear();
                reading.console.clear();
                reading.quirks.clear();
                reading.doubts.truncate(DOUBTS);
                reading.doubts.push(format!("details are left out: {error}"));
                dca_wire::encode(&record).inspect_err(|error| tracing::error!(%error, "a record is left out")).ok()?
            }
            (Err(error), _) => {
                tracing::error!(%error, "a record is left out");
                return None;
            }
        };
        Some(Item { stream: stream.to_owned(), class, device, at_ms, body })
    }

    pub(super) fn unwell(&self, part: &'static str, level: Level, text: &str) {
        let health =
            Health { part: part.to_owned(), level: level.into(), text: text.to_owned(), since_ms: self.now_ms() };
        let mut all = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |old: &Health| old.level == health.level && old.text == health.text;
        if !all.get(part).is_some_and(same) {
            tracing::warn!(part, text, "not well");
            all.insert(part, health);
        }
    }

    pub(super) fn well(&self, part: &'static str) {
        let mut all = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        if all.remove(part).is_some() {
            tracing::info!(part, "well again");
        }
    }

    pub(super) fn health(&self) -> Vec<Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
