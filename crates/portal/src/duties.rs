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
        let Keep { rows: _, readings, events, commands, diagnostics, audit } = self.config.keep;
        let chunks = self.compact().await?;
        let before = |days: u32| now.saturating_sub(i64::from(days).saturating_mul(DAY_MS));
        let mut batch = Batch::new();
        batch.run(sql::COMMAND_EXPIRE, [now.into()]);
        batch.run(sql::DAY_FORGET, [day_of(before(readings)).into()]);
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
