//! What the portal knows of each agent, in memory: a check-in is answered from here, and what it learnt is written in
//! batches.

use crate::store::{Batch, Row, Store, StoreError, Value, sql};
use aws_lc_rs::digest::{SHA256, digest};
use dca_wire::v1::SignedOrder;
use prost::Message;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// How old the written last-seen of a silent agent may be at most.
const SAVE_EVERY_MS: i64 = 15 * 60_000;

/// Whether an agent may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It may.
    Active,
    /// After five bad authentications, or by hand; until somebody with the right re-activates it.
    Deactivated,
    /// It was removed.
    Retired,
}

impl Status {
    /// As it stands in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deactivated => "deactivated",
            Self::Retired => "retired",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Deactivated, Self::Retired].into_iter().find(|status| status.word() == word)
    }
}

/// An order that waits for its agent.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) id: Vec<u8>,
    pub(crate) order: SignedOrder,
    pub(crate) not_after_ms: i64,
}

/// A start of an agent that has spoken.
#[derive(Debug, Clone)]
pub(crate) struct Boot {
    pub(crate) id: Vec<u8>,
    /// Where its last call came from.
    pub(crate) address: IpAddr,
}

/// What changes about an agent.
#[derive(Debug, Clone)]
pub struct Known {
    /// Where it stands.
    pub site: i64,
    /// Whether it may speak.
    pub status: Status,
    /// Its public key, SubjectPublicKeyInfo in DER.
    pub(crate) key: Vec<u8>,
    /// The one before, until the first call with the new one.
    pub(crate) previous_key: Option<Vec<u8>>,
    /// Bad authentications in a row.
    pub(crate) failures: i64,
    /// Its machine's name.
    pub host: String,
    /// Of the agent's program.
    pub version: String,
    /// When it last checked in or reported, milliseconds since 1970.
    pub last_seen: Option<i64>,
    saved_seen: i64,
    /// Settings of its own, TOML, sealed.
    pub(crate) config: Option<String>,
    pub(crate) config_revision: i64,
    /// The configuration it says is in force.
    pub reported_revision: i64,
    /// What is not well, as it says.
    pub health: Vec<dca_wire::v1::Health>,
    /// What waits in its spool, as it says.
    pub spool: Vec<dca_wire::v1::StreamSummary>,
    pub(crate) waiting: Vec<Waiting>,
    /// The boots that spoke last, newest first: a copy of the agent shows as a boot that comes back.
    pub(crate) boots: Vec<Boot>,
    pub(crate) clone_told_ms: i64,
    /// When a boot last came back.
    pub(crate) copied_ms: Option<i64>,
}

/// An agent.
#[derive(Debug)]
pub struct Agent {
    /// Its name.
    pub id: String,
    /// Whose.
    pub dealer: i64,
    known: Mutex<Known>,
    /// Held while a report of it is being committed, so that its streams move in order.
    pub(crate) reporting: tokio::sync::Mutex<HashMap<(String, i64), u64>>,
}

impl Agent {
    /// What is known of it. Hold it briefly.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a key is called in a signature: the first 16 hex digits of SHA-256 of its SubjectPublicKeyInfo.
pub(crate) fn key_id(key: &[u8]) -> String {
    digest(&SHA256, key).as_ref().iter().take(8).map(|octet| format!("{octet:02x}")).collect()
}

/// All agents.
#[derive(Debug, Default)]
pub struct Agents(RwLock<HashMap<String, Arc<Agent>>>);

impl Agents {
    /// As they stand in the database, with the orders that wait for them.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let agents = Self::default();
        for row in store.rows(sql::AGENTS, &[]).await? {
            agents.put(read(&row)?);
        }
        for row in store.rows(sql::COMMANDS_PENDING, &[store.now_ms().into()]).await? {
            if let Some(agent) = agents.find(&row.text(1)?) {
                agent.known().waiting.push(waiting(&row)?);
            }
        }
        Ok(agents)
    }

    /// Reads an agent and its orders anew: another process changed it.
    pub(crate) async fn reload(&self, store: &Store, id: &str) -> Result<(), StoreError> {
        let Some(row) = store.row(sql::AGENT, &[id.into()]).await? else { return Ok(()) };
        let fresh = read(&row)?;
        let orders = store.rows(sql::COMMANDS_OF_AGENT, &[id.into(), store.now_ms().into()]).await?;
        let orders = orders.iter().map(waiting).collect::<Result<_, _>>()?;
        match self.find(id) {
            Some(agent) => {
                let mut known = agent.known();
                let fresh = fresh.known().clone();
                known.waiting = orders;
                (known.site, known.status, known.failures) = (fresh.site, fresh.status, fresh.failures);
                (known.config, known.config_revision) = (fresh.config, fresh.config_revision);
            }
            None => {
                fresh.known().waiting = orders;
                self.put(fresh);
            }
        }
        Ok(())
    }

    /// An agent by its name.
    pub fn find(&self, id: &str) -> Option<Arc<Agent>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// All, by name.
    pub fn all(&self) -> Vec<Arc<Agent>> {
        let mut all: Vec<_> = self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn put(&self, agent: Agent) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(agent.id.clone(), Arc::new(agent));
    }

    /// Writes when agents were last seen, of those whose written time is old; of all that were seen since, if `all`.
    pub(crate) fn seen(&self, now_ms: i64, all: bool) -> Vec<Batch> {
        const ROWS: usize = 2_000;
        let mut batches = vec![Batch::new()];
        let mut rows = 0;
        for agent in self.all() {
            let mut known = agent.known();
            let Some(seen) = known.last_seen else { continue };
            let due = seen > known.saved_seen && (all || now_ms.saturating_sub(known.saved_seen) >= SAVE_EVERY_MS);
            if !due {
                continue;
            }
            known.saved_seen = seen;
            let health = Health { rows: known.health.clone() }.encode_to_vec();
            let values: [Value; 5] = [
                agent.id.as_str().into(),
                seen.into(),
                known.version.as_str().into(),
                known.reported_revision.into(),
                health.into(),
            ];
            if rows == ROWS {
                batches.push(Batch::new());
                rows = 0;
            }
            if let Some(batch) = batches.last_mut() {
                batch.run(sql::AGENT_SEEN, values);
                rows += 1;
            }
        }
        batches.retain(|batch| !batch.is_empty());
        batches
    }
}

/// What is not well, as it is kept.
#[derive(Clone, PartialEq, Message)]
struct Health {
    #[prost(message, repeated, tag = "1")]
    rows: Vec<dca_wire::v1::Health>,
}

fn read(row: &Row) -> Result<Agent, StoreError> {
    let status = Status::parse(&row.text(3)?).ok_or(StoreError::Damaged("an agent's status"))?;
    let last_seen = row.maybe_int(9)?;
    let health = row.maybe_blob(13)?.and_then(|octets| Health::decode(octets.as_slice()).ok());
    let known = Known {
        site: row.int(2)?,
        status,
        key: row.blob(4)?,
        previous_key: row.maybe_blob(5)?,
        failures: row.int(6)?,
        host: row.text(7)?,
        version: row.text(8)?,
        last_seen,
        saved_seen: last_seen.unwrap_or(0),
        config: row.maybe_text(10)?,
        config_revision: row.int(11)?,
        reported_revision: row.int(12)?,
        health: health.map_or_else(Vec::new, |health| health.rows),
        spool: Vec::new(),
        waiting: Vec::new(),
        boots: Vec::new(),
        clone_told_ms: 0,
        copied_ms: None,
    };
    let reporting = tokio::sync::Mutex::default();
    Ok(Agent { id: row.text(0)?, dealer: row.int(1)?, known: Mutex::new(known), reporting })
}

fn waiting(row: &Row) -> Result<Waiting, StoreError> {
    let order = SignedOrder { order: row.blob(2)?, signature: row.blob(3)? };
    Ok(Waiting { id: row.blob(0)?, order, not_after_ms: row.int(4)? })
}
