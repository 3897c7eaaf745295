//! What the portal does without being asked: last-seen in batches, orders given by another process, expiry, chunks,
//! retention.

use crate::Portal;
use crate::agents::Status;
use crate::config::Keep;
use crate::history::{DAY_MS, day_of};
use crate::store::{Batch, StoreError, sql};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How soon an order that `explorer admin` gave is noticed.
const LOOK: Duration = Duration::from_millis(250);
const SAVE: Duration = Duration::from_secs(60);
const TIDY: Duration = Duration::from_secs(3_600);

impl Portal {
    /// Does its duties until it is dropped. Each that fails is tried again when its time comes.
    pub async fn duties(self: Arc<Self>) {
        let (mut look, mut save, mut tidy) =
            (tokio::time::interval(LOOK), tokio::time::interval(SAVE), tokio::time::interval(TIDY));
        // What was there at the start was read at the start.
        let mut last = self.last_change.load(Ordering::Relaxed);
        loop {
            let outcome = tokio::select! {
                _ = look.tick() => self.changes(&mut last).await,
                _ = save.tick() => self.save_seen(false).await,
                _ = tidy.tick() => self.tidy().await,
            };
            if let Err(error) = outcome {
                tracing::error!(%error, "a duty failed");
            }
        }
    }

    /// Takes in what another process changed since `last`.
    async fn changes(self: &Arc<Self>, last: &mut i64) -> Result<(), StoreError> {
        for row in self.store.rows(sql::CHANGES, &[(*last).into()]).await? {
            let subject = row.text(2)?;
            match row.text(1)?.as_str() {
                "tree" => self.reload_tree().await?,
                "hold" => self.hold().await?,
                // Of this portal, for who asked.
                "held" => {}
                "link" => self.link_of_another(&subject),
                _ => {
                    if let Some(agent) = self.reload_agent(&subject).await? {
                        self.wake_later(&agent, "order");
                    }
                }
            }
            *last = row.int(0)?;
        }
        Ok(())
    }

    /// Writes nothing more, and says so to who asked: the database is being moved.
    async fn hold(&self) -> Result<(), StoreError> {
        self.save_seen(true).await?;
        let mut last = Batch::new();
        last.run(sql::CHANGE_ADD, [self.clock.now_ms().into(), "held".into(), "".into()]);
        tracing::warn!("nothing is taken any more: the database is being moved");
        self.store.hold(last).await
    }

    fn link_of_another(&self, hash: &str) {
        let digits = hash.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        if let Some(hash) = digits.collect::<Option<Vec<u8>>>() {
            self.links.accept(hash, self.clock.now_ms());
        }
    }

    /// Writes when agents were last seen.
    pub(crate) async fn save_seen(&self, all: bool) -> Result<(), StoreError> {
        let now = self.clock.now_ms();
        for batch in self.agents.seen(now, all) {
            self.store.commit(batch).await?;
        }
        self.metrics.listening.set(i64::try_from(self.sessions.connected()).unwrap_or(i64::MAX));
        self.metrics.agents.set(i64::try_from(self.agents.count()).unwrap_or(i64::MAX));
        let silent = self.agents.all().iter().filter(|agent| self.is_silent(agent, now)).count();
        self.metrics.silent.set(i64::try_from(silent).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Two periods, their jitter and a minute without a word.
    pub(crate) fn is_silent(&self, agent: &crate::Agent, now_ms: i64) -> bool {
        let patience = i64::from(self.config.period_s).saturating_mul(2_200).saturating_add(60_000);
        let known = agent.known();
        known.status == Status::Active && known.last_seen.is_none_or(|seen| now_ms.saturating_sub(seen) > patience)
    }

    /// Chunks, expiry and retention.
    pub(crate) async fn tidy(&self) -> Result<(), StoreError> {
        let now = self.clock.now_ms();
        self.gate.tidy(now);
        let Keep { rows: _, readings, months, events, commands, diagnostics, audit } = self.config.keep;
        let chunks = self.compact().await?;
        let before = |days: u32| now.saturating_sub(i64::from(days).saturating_mul(DAY_MS));
        let mut batch = Batch::new();
        batch.run(sql::COMMAND_EXPIRE, [now.into()]);
        batch.run(sql::DAY_FORGET, [day_of(before(readings)).into()]);
        batch.run(sql::MONTH_FORGET, [before(months).into()]);
        batch.run(sql::EVENT_FORGET, [before(events).into()]);
        batch.run(sql::COMMAND_FORGET, [before(commands).into()]);
        batch.run(sql::DIAGNOSTICS_FORGET, [before(diagnostics).into()]);
        batch.run(sql::AUDIT_FORGET, [before(audit).into()]);
        batch.run(sql::CHANGE_FORGET, [now.saturating_sub(3_600_000).into()]);
        self.store.commit(batch).await?;
        tracing::debug!(chunks, "tidied up");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::history::Pen;
    use crate::store::Store;
    use crate::{Clock, audit};
    use dca_wire::v1::{Meter, Reading, Record, record::What};
    use prost::Message;

    async fn count(store: &Store, table: &'static str) -> i64 {
        store.row(table, &[]).await.unwrap().unwrap().int(0).unwrap()
    }

    /// A reading each day for three years: rows become chunks, chunks go, the last total of each month stays; everything else goes
    /// when its own time is over.
    #[tokio::test]
    async fn each_class_is_kept_for_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(1_700_000_000_000);
        let begin = clock.now_ms();
        let portal = Portal::open(Config::local(folder.path()), clock.clone()).await.unwrap();
        let dealer = portal.dealer("Dealer", "test").await.unwrap();
        let store = portal.store().clone();
        let other = |at: i64| {
            let mut batch = Batch::new();
            let id: i64 = at / 1_000;
            batch.row(
                &sql::EVENTS_ADD,
                vec![id.into(), dealer.id.into(), "a".into(), 1.into(), at.into(), "x".into(), "".into()],
            );
            batch.run(sql::DIAGNOSTICS_ADD, [vec![1_u8; 16].into(), "a".into(), at.into(), vec![0_u8].into()]);
            batch.audit(audit::Entry {
                dealer: dealer.id,
                actor: "test".to_owned(),
                action: "test",
                object: String::new(),
                detail: String::new(),
            });
            batch
        };
        store.commit(other(begin)).await.unwrap();
        for day in 0..1_095_u64 {
            let at = clock.now_ms();
            let total = Meter { value: 1_000 + 10 * day, unit: "impressions".to_owned(), ..Meter::default() };
            let reading = Reading { device_id: "d".to_owned(), total: Some(total), ..Reading::default() };
            let record = Record { at_ms: at, what: Some(What::Reading(reading)) }.encode_to_vec();
            let (mut batch, mut pen) = (Batch::new(), Pen::new(&portal.ingest.history));
            pen.add(1, at, &record.into(), None);
            pen.write(&mut batch);
            store.commit(batch).await.unwrap();
            clock.advance(DAY_MS);
            if day % 30 == 0 {
                portal.tidy().await.unwrap();
            }
        }
        portal.tidy().await.unwrap();
        let rows = count(&store, "SELECT COUNT(*) FROM reading_hot").await;
        assert!((3..=4).contains(&rows), "{rows} rows of the last days");
        let days = count(&store, "SELECT COUNT(*) FROM reading_day").await;
        assert!((796..=798).contains(&days), "{days} days");
        let months = store.rows(sql::MONTHS_OF_DEVICE, &[1.into(), 100.into()]).await.unwrap();
        assert_eq!(months.len(), 37, "three years begun in the middle of a month");
        // The last reading of the month in which it began: 2023-11-14 and 16 days, of 10 pages each.
        assert_eq!(months.last().unwrap().int(2).unwrap(), 1_160);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM event").await, 0);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM diagnostics").await, 0);
        assert!(count(&store, "SELECT COUNT(*) FROM audit").await > 0, "ten years");
        clock.advance(3_650 * DAY_MS);
        portal.tidy().await.unwrap();
        assert_eq!(count(&store, "SELECT COUNT(*) FROM reading_day").await, 0);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM meter_month").await, 0);
    }
}
