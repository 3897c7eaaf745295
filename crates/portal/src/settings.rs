//! The configuration that the portal gives to an agent: what stands at the instance, the dealer, the customer, the site and
//! the agent, laid over each other in this order, table by table. Its revision is the newest of theirs, and rises with each
//! change. What the customer permits on the spot is the ceiling; the agent holds to it, not the portal.

use crate::Portal;
use crate::agents::Agent;
use crate::audit::Entry;
use crate::authenticate::unavailable;
use crate::keys::{KeyError, Keys};
use crate::store::{Batch, Store, StoreError, sql};
use crate::tenancy::{Tree, command_key};
use dca_wire::v1::SignedConfig;
use toml::{Table, Value};
use tonic::Status as Refusal;

/// Longest text at one place.
const MOST: usize = 64 << 10;

/// Where a configuration stands.
#[derive(Debug, Clone)]
pub enum At {
    /// At a place of the tree.
    Node(i64),
    /// At an agent.
    Agent(String),
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// It cannot be read.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// It is too long.
    #[error("a configuration has at most 64 KiB")]
    TooLong,
    /// There is no such place or agent.
    #[error("no such place or agent")]
    Nowhere,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys folder.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// Sets the configuration at one place. Secrets in it are sealed in the database.
///
/// # Errors
/// If it cannot be read, or there is no such place.
pub(crate) async fn set(store: &Store, keys: &Keys, at: &At, text: &str, actor: &str) -> Result<u64, SettingsError> {
    if text.len() > MOST {
        return Err(SettingsError::TooLong);
    }
    text.parse::<Table>()?;
    let sealed = hex(&keys.seal("config", text.as_bytes())?);
    let tree = Tree::load(store).await?;
    let agents = store.rows(sql::AGENTS, &[]).await?;
    let mut newest = tree.newest();
    let mut dealer = None;
    for row in &agents {
        newest = newest.max(row.int(11)?);
        if matches!(at, At::Agent(id) if *id == row.text(0)?) {
            dealer = Some(row.int(1)?);
        }
    }
    // Time as a number that rises, also when a clock was set back.
    let revision = store.now_ms().max(newest.saturating_add(1));
    let mut batch = Batch::new();
    let object = match at {
        At::Node(id) => {
            let node = tree.node(*id).ok_or(SettingsError::Nowhere)?;
            dealer = Some(node.dealer);
            batch.must(sql::NODE_CONFIG, [(*id).into(), sealed.into(), revision.into()]);
            batch.run(sql::CHANGE_ADD, [store.now_ms().into(), "tree".into(), "".into()]);
            node.path.clone()
        }
        At::Agent(id) => {
            batch.must(sql::AGENT_CONFIG, [id.as_str().into(), sealed.into(), revision.into()]);
            batch.run(sql::CHANGE_ADD, [store.now_ms().into(), "agent".into(), id.as_str().into()]);
            id.clone()
        }
    };
    batch.audit(Entry {
        dealer: dealer.ok_or(SettingsError::Nowhere)?,
        actor: actor.to_owned(),
        action: "agent.configure",
        object,
        detail: format!("revision {revision}"),
    });
    store.commit(batch).await?;
    Ok(u64::try_from(revision).unwrap_or(0))
}

impl Portal {
    /// The revision of what an agent should have; 0 if nothing is configured anywhere above it.
    pub(crate) fn config_revision(&self, agent: &Agent) -> i64 {
        let (site, own) = {
            let known = agent.known();
            (known.site, known.config_revision)
        };
        self.tree().line(site).into_iter().map(|node| node.config_revision).fold(own, i64::max)
    }

    /// What an agent should have, signed with its dealer's key.
    pub(crate) async fn signed_config(&self, agent: &Agent) -> Result<SignedConfig, Refusal> {
        let (site, own) = {
            let known = agent.known();
            (known.site, known.config.clone())
        };
        let revision = u64::try_from(self.config_revision(agent)).unwrap_or(0);
        let mut merged = Table::new();
        let tree = self.tree();
        for sealed in tree.line(site).into_iter().filter_map(|node| node.config.as_ref()).chain(own.as_ref()) {
            let layer = unseal(&self.keys, sealed).and_then(|text| text.parse::<Table>().ok());
            let layer = layer.ok_or_else(|| Refusal::internal("A configuration cannot be read."))?;
            lay_over(&mut merged, layer);
        }
        let blob = merged.to_string().into_bytes();
        let key = self.command_key(agent.dealer).await?;
        let mut message = revision.to_be_bytes().to_vec();
        message.extend_from_slice(&blob);
        let signature = key.sign(&message).as_ref().to_vec();
        Ok(SignedConfig { revision, blob, signature })
    }

    /// The key that signs for a dealer; read once.
    pub(crate) async fn command_key(
        &self,
        dealer: i64,
    ) -> Result<std::sync::Arc<aws_lc_rs::signature::Ed25519KeyPair>, Refusal> {
        let mut keys = self.command_keys.lock().await;
        if let Some(key) = keys.get(&dealer) {
            return Ok(key.clone());
        }
        let key = command_key(&self.store, &self.keys, dealer).await.map_err(|error| {
            tracing::error!(%error, dealer, "no command key");
            unavailable(&StoreError::Damaged("a command key"))
        })?;
        keys.insert(dealer, key.clone());
        Ok(key)
    }

    pub(crate) async fn command_public_key(&self, dealer: i64) -> Result<Vec<u8>, Refusal> {
        use aws_lc_rs::signature::KeyPair;
        Ok(self.command_key(dealer).await?.public_key().as_ref().to_vec())
    }
}

/// Tables are merged, all else is replaced.
fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => lay_over(inner, value),
            (_, value) => drop(below.insert(key, value)),
        }
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn unseal(keys: &Keys, hex: &str) -> Option<String> {
    let digits = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let plain = keys.unseal("config", &digits.collect::<Option<Vec<u8>>>()?).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_lower_counts() {
        let mut merged: Table = "poll = 300\n[scan]\nevery = 'day'\nranges = ['10.0.0.0/24']".parse().unwrap();
        lay_over(&mut merged, "[scan]\nranges = ['10.1.0.0/24']\n[new]\na = 1".parse().unwrap());
        let wanted: Table =
            "poll = 300\n[scan]\nevery = 'day'\nranges = ['10.1.0.0/24']\n[new]\na = 1".parse().unwrap();
        assert_eq!(merged, wanted);
    }
}
