#![doc = include_str!("../README.md")]

mod agents;
pub mod audit;
mod authenticate;
mod ca;
mod cache;
mod checkin;
mod clock;
mod config;
mod device;
mod diagnostics;
mod duties;
mod enrol;
mod field;
mod history;
mod ingest;
mod keys;
mod metrics;
mod mqtt;
mod orders;
mod server;
mod settings;
pub mod store;
mod summary;
pub mod tenancy;
mod web;

pub use dca_wire as wire;

pub use agents::{Agent, Agents, Known, Status};
pub use ca::Ca;
pub use clock::Clock;
pub use config::{BrokerAt, BrokerKind, Config, ConfigError, Keep};
pub use enrol::Code;
pub use history::{DamagedDay, Verified};
pub use keys::{KeyError, Keys};
pub use mqtt::Pushed;
pub use server::{Server, ServerError};
pub use settings::{At, SettingsError};
pub use summary::Summary;

use aws_lc_rs::signature::Ed25519KeyPair;
use dca_wire::v1::Record;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use store::{Store, StoreError};
use tenancy::{Kind, Node, PlaceError, Tree};

/// A portal: what it knows and what it does, without its port ([`Server`]).
#[derive(Debug)]
pub struct Portal {
    config: Config,
    clock: Clock,
    store: Store,
    keys: Keys,
    ca: Ca,
    tree: RwLock<Arc<Tree>>,
    agents: Agents,
    gate: authenticate::Gate,
    command_keys: tokio::sync::Mutex<HashMap<i64, Arc<Ed25519KeyPair>>>,
    ingest: ingest::Ingest,
    metrics: metrics::Metrics,
    links: web::links::Links,
    sessions: mqtt::Sessions,
    /// Instead of the sessions, if one is configured.
    carrier: Option<mqtt::Carrier>,
    public: OnceLock<String>,
    /// The newest change of another process that was there at the start.
    last_change: AtomicI64,
    draining: AtomicBool,
}

/// Why a portal does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys folder.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The tree.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl Portal {
    /// Opens the database and the keys; makes both at the first start.
    ///
    /// # Errors
    /// If one of them cannot be read or made.
    pub async fn open(config: Config, clock: Clock) -> Result<Arc<Self>, OpenError> {
        let keys = Keys::open(&config.state.join("keys"))?;
        let ca = Ca::open(&keys, clock.now_ms())?;
        let store = Store::open(&config.database, clock.clone()).await?;
        tenancy::place(&store, &keys, None, Kind::Instance, "eXplorer", "portal").await?;
        let last_change = store.row(store::sql::CHANGE_LAST, &[]).await?.map_or(Ok(0), |row| row.int(0))?;
        let tree = RwLock::new(Arc::new(Tree::load(&store).await?));
        let agents = Agents::load(&store).await?;
        let ingest = ingest::Ingest::open(&store).await?;
        let carrier = config.broker.clone().map(mqtt::Carrier::new);
        Ok(Arc::new(Self {
            carrier,
            config,
            clock,
            store,
            keys,
            ca,
            tree,
            agents,
            gate: authenticate::Gate::default(),
            command_keys: tokio::sync::Mutex::default(),
            ingest,
            metrics: metrics::Metrics::default(),
            links: web::links::Links::default(),
            sessions: mqtt::Sessions::default(),
            public: OnceLock::new(),
            last_change: AtomicI64::new(last_change),
            draining: AtomicBool::new(false),
        }))
    }

    /// Its database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its agents.
    pub fn agents(&self) -> &Agents {
        &self.agents
    }

    /// Its certificate authority.
    pub fn ca(&self) -> &Ca {
        &self.ca
    }

    /// Its tree of dealers, customers and sites.
    pub fn tree(&self) -> Arc<Tree> {
        self.tree.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How agents and people reach it.
    pub fn public(&self) -> &str {
        self.public.get().unwrap_or(&self.config.public)
    }

    /// A link that shows the pages of this portal to whoever opens it first, within half an hour. `None` if the machine gives
    /// no randomness.
    pub fn link(&self) -> Option<String> {
        Some(format!("{}/link/{}", self.public(), self.links.offer(self.clock.now_ms())?))
    }

    /// The same for the portal that runs on this database in another process.
    ///
    /// # Errors
    /// If the database does not take it.
    pub async fn link_elsewhere(&self) -> Result<Option<String>, StoreError> {
        let Some(secret) = web::links::draw() else { return Ok(None) };
        let hash = web::links::hash(&secret).iter().map(|octet| format!("{octet:02x}")).collect::<String>();
        let mut batch = store::Batch::new();
        batch.run(store::sql::CHANGE_ADD, [self.clock.now_ms().into(), "link".into(), hash.into()]);
        self.store.commit(batch).await?;
        Ok(Some(format!("{}/link/{secret}", self.public())))
    }

    /// A site by the names of its dealer and customer; made with all above it if there is none.
    ///
    /// # Errors
    /// If a name is not good, or the database or the keys folder fails.
    pub async fn site(&self, dealer: &str, customer: &str, site: &str, actor: &str) -> Result<Node, PlaceError> {
        let mut node = self.dealer(dealer, actor).await?;
        for (kind, name) in [(Kind::Customer, customer), (Kind::Site, site)] {
            node = tenancy::place(&self.store, &self.keys, Some(&node), kind, name, actor).await?;
        }
        self.reload_tree().await?;
        Ok(node)
    }

    /// A dealer by its name; made with its command key if there is none.
    ///
    /// # Errors
    /// As [`Portal::site`].
    pub async fn dealer(&self, name: &str, actor: &str) -> Result<Node, PlaceError> {
        let root = tenancy::place(&self.store, &self.keys, None, Kind::Instance, "eXplorer", actor).await?;
        tenancy::place(&self.store, &self.keys, Some(&root), Kind::Dealer, name, actor).await
    }

    /// An activation code for one agent at a site, good for `life_ms`, followed by the fingerprint of this portal's CA: an agent
    /// that is given it trusts this portal and no other.
    ///
    /// # Errors
    /// If the database or the keys folder fails.
    pub async fn code(&self, site: &Node, life_ms: i64, actor: &str) -> Result<String, PlaceError> {
        let code = enrol::make_code(&self.store, &self.keys, site, life_ms, actor).await?;
        Ok(match self.config.certificate {
            // Somebody else vouches for this portal.
            Some(_) => code.secret(),
            None => format!("{}.{}", code.secret(), self.ca.fingerprint()),
        })
    }

    /// Lets an agent speak, or not.
    ///
    /// # Errors
    /// If there is no such agent, or the database does not take it.
    pub async fn set_status(&self, agent: &str, status: Status, actor: &str) -> Result<(), StoreError> {
        let found = self.agents.find(agent).ok_or(StoreError::Conflict)?;
        let mut batch = store::Batch::new();
        batch.must(store::sql::AGENT_STATUS, [agent.into(), status.word().into()]);
        batch.run(store::sql::CHANGE_ADD, [self.clock.now_ms().into(), "agent".into(), agent.into()]);
        batch.audit(audit::Entry {
            dealer: found.dealer,
            actor: actor.to_owned(),
            action: "agent.status",
            object: agent.to_owned(),
            detail: status.word().to_owned(),
        });
        self.store.commit(batch).await?;
        self.reload_agent(agent).await.map(drop)
    }

    /// Sets the configuration at one place of the tree, or of one agent. The answer is its revision.
    ///
    /// # Errors
    /// If it cannot be read, or there is no such place.
    pub async fn configure(&self, at: &At, text: &str, actor: &str) -> Result<u64, SettingsError> {
        let revision = settings::set(&self.store, &self.keys, at, text, actor).await?;
        self.reload_tree().await?;
        if let At::Agent(agent) = at {
            self.agents.reload(&self.store, agent).await?;
        }
        Ok(revision)
    }

    /// Moves everything to the database at `url`, which has to be new. A portal that runs on this one is told to take nothing more,
    /// so that nothing is lost: agents keep what they have until it is started on the other. The answer is how many rows there
    /// were, and whether a portal was running.
    ///
    /// # Errors
    /// If one of the databases does not answer, or the other is not new.
    pub async fn migrate_to(&self, url: &str) -> Result<(u64, bool), StoreError> {
        // Before the running one is told: it takes nothing more until it is restarted.
        self.store.could_move_to(url).await?;
        let mut batch = store::Batch::new();
        batch.run(store::sql::CHANGE_ADD, [self.clock.now_ms().into(), "hold".into(), "".into()]);
        self.store.commit(batch).await?;
        let asked = self.store.row(store::sql::CHANGE_LAST, &[]).await?.map_or(Ok(0), |row| row.int(0))?;
        let mut held = false;
        for _ in 0..50 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let rows = self.store.rows(store::sql::CHANGES, &[asked.into()]).await?;
            held = rows.iter().any(|row| row.text(1).is_ok_and(|kind| kind == "held"));
            if held {
                break;
            }
        }
        Ok((self.store.copy_to(url).await?, held))
    }

    /// The records of a device from `from` up to but without `until` (milliseconds since 1970), oldest first, and how many of
    /// them cannot be read.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn records(&self, device: i64, from: i64, until: i64) -> Result<(Vec<(i64, Record)>, usize), StoreError> {
        self.ingest.history.read(&self.store, device, from, until).await
    }

    /// Reads everything that is kept, to see whether it can be read.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn verify_readings(&self) -> Result<Verified, StoreError> {
        self.ingest.history.verify(&self.store).await
    }

    /// Makes chunks of the days that are old enough; done every hour by itself. The answer is how many were written.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn compact(&self) -> Result<u64, StoreError> {
        self.ingest.history.compact(&self.store, self.clock.now_ms(), self.config.keep.rows.into()).await
    }

    /// Takes in what was changed about an agent; ends its connections if it may not speak any more.
    pub(crate) async fn reload_agent(&self, id: &str) -> Result<Option<Arc<Agent>>, StoreError> {
        self.agents.reload(&self.store, id).await?;
        let agent = self.agents.find(id);
        if agent.as_ref().is_some_and(|agent| agent.known().status != Status::Active) {
            self.sessions.end(id);
        }
        Ok(agent)
    }

    pub(crate) async fn reload_tree(&self) -> Result<(), StoreError> {
        let tree = Arc::new(Tree::load(&self.store).await?);
        *self.tree.write().unwrap_or_else(PoisonError::into_inner) = tree;
        Ok(())
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    async fn audit(&self, dealer: i64, actor: &str, action: &'static str, object: &str, detail: &str) {
        let mut batch = store::Batch::new();
        batch.audit(audit::Entry {
            dealer,
            actor: actor.to_owned(),
            action,
            object: object.to_owned(),
            detail: detail.to_owned(),
        });
        if let Err(error) = self.store.commit(batch).await {
            tracing::error!(%error, action, "not written to the audit log");
        }
    }
}
