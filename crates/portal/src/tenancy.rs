//! The tree that everything hangs in: the instance, its dealers, their customers, their sites. Agents hang at sites.
//!
//! A node's place is a path of numbers (`/1/4/9/`), so that "below" is a prefix. Settings are inherited down the tree.

use crate::audit::Entry;
use crate::keys::{KeyError, Keys};
use crate::store::{Batch, Store, StoreError, sql};
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use std::collections::HashMap;
use std::sync::Arc;

/// What kind of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The root.
    Instance,
    /// Who sells prints.
    Dealer,
    /// Who prints.
    Customer,
    /// Where.
    Site,
}

impl Kind {
    /// As it stands in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Dealer => "dealer",
            Self::Customer => "customer",
            Self::Site => "site",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Instance, Self::Dealer, Self::Customer, Self::Site].into_iter().find(|kind| kind.word() == word)
    }
}

/// A place in the tree.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its number.
    pub id: i64,
    /// The place above; 0 above the instance.
    pub parent: i64,
    /// The dealer it belongs to; 0 of the instance.
    pub dealer: i64,
    /// What it is.
    pub kind: Kind,
    /// The numbers from the root to it.
    pub path: String,
    /// For people.
    pub name: String,
    /// Settings of its own, TOML, sealed.
    pub(crate) config: Option<String>,
    /// When they were last changed.
    pub(crate) config_revision: i64,
}

/// The whole tree.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: HashMap<i64, Node>,
}

/// The root's number.
pub const ROOT: i64 = 1;

impl Tree {
    /// As it stands in the database.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut nodes = HashMap::new();
        for row in store.rows(sql::NODES, &[]).await? {
            let Some(kind) = Kind::parse(&row.text(3)?) else { return Err(StoreError::Damaged("a node's kind")) };
            let node = Node {
                id: row.int(0)?,
                parent: row.int(1)?,
                dealer: row.int(2)?,
                kind,
                path: row.text(4)?,
                name: row.text(5)?,
                config: row.maybe_text(6)?,
                config_revision: row.int(7)?,
            };
            nodes.insert(node.id, node);
        }
        Ok(Self { nodes })
    }

    /// A place by its number.
    pub fn node(&self, id: i64) -> Option<&Node> {
        self.nodes.get(&id)
    }

    /// The places directly below, by name.
    pub fn below(&self, parent: i64) -> Vec<&Node> {
        let mut below: Vec<&Node> = self.nodes.values().filter(|node| node.parent == parent).collect();
        below.sort_by(|a, b| a.name.cmp(&b.name));
        below
    }

    /// From the root down to a place, itself included.
    pub fn line(&self, id: i64) -> Vec<&Node> {
        let mut line = Vec::new();
        let mut next = self.node(id);
        // A tree that was damaged into a ring ends as well.
        while let Some(node) = next.filter(|_| line.len() < 16) {
            line.push(node);
            next = self.node(node.parent);
        }
        line.reverse();
        line
    }

    /// A place by the names on the way to it from the instance, with slashes between: `Dealer/Customer/Site`. Nothing is the
    /// instance.
    pub fn by_names(&self, names: &str) -> Option<i64> {
        names.split('/').filter(|name| !name.is_empty()).try_fold(ROOT, |parent, name| {
            self.below(parent).into_iter().find(|node| node.name == name).map(|node| node.id)
        })
    }

    /// The newest revision of a configuration at any place.
    pub(crate) fn newest(&self) -> i64 {
        self.nodes.values().map(|node| node.config_revision).max().unwrap_or(0)
    }

    /// The customer and the site of a place, for people.
    pub fn names(&self, site: i64) -> (String, String) {
        let of = |kind| {
            let found = self.line(site).into_iter().find(|node| node.kind == kind);
            found.map(|node| node.name.clone()).unwrap_or_default()
        };
        (of(Kind::Customer), of(Kind::Site))
    }
}

/// A place below `parent` by its name; made if there is none. A dealer gets its command key with it.
///
/// # Errors
/// If the database or the keys folder fails.
pub(crate) async fn place(
    store: &Store,
    keys: &Keys,
    parent: Option<&Node>,
    kind: Kind,
    name: &str,
    actor: &str,
) -> Result<Node, PlaceError> {
    let tree = Tree::load(store).await?;
    let above = parent.map_or(0, |node| node.id);
    if let Some(node) = tree.nodes.values().find(|node| node.parent == above && node.kind == kind && node.name == name)
    {
        return Ok(node.clone());
    }
    if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
        return Err(PlaceError::Name);
    }
    let id = tree.nodes.keys().max().copied().unwrap_or(0).saturating_add(1);
    let dealer = if kind == Kind::Dealer { id } else { parent.map_or(0, |node| node.dealer) };
    let path = format!("{}{id}/", parent.map_or("/", |node| node.path.as_str()));
    let mut batch = Batch::new();
    batch.run(
        sql::NODE_ADD,
        [id.into(), above.into(), dealer.into(), kind.word().into(), path.as_str().into(), name.into()],
    );
    if kind == Kind::Dealer {
        let pair = Ed25519KeyPair::generate()?;
        let seed: Curve25519SeedBin<'_> = pair.seed()?.as_be_bytes()?;
        let sealed = keys.seal(&format!("dealer {id}"), seed.as_ref())?;
        batch.run(sql::DEALER_KEY_ADD, [id.into(), pair.public_key().as_ref().into(), sealed.into()]);
    }
    batch.run(sql::CHANGE_ADD, [store.now_ms().into(), "tree".into(), "".into()]);
    batch.audit(Entry {
        dealer,
        actor: actor.to_owned(),
        action: "tenant.create",
        object: path.clone(),
        detail: format!("{} {name}", kind.word()),
    });
    store.commit(batch).await?;
    let name = name.to_owned();
    Ok(Node { id, parent: above, dealer, kind, path, name, config: None, config_revision: 0 })
}

/// Why a place was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// The name.
    #[error("a name has 1 to 200 octets and no control characters")]
    Name,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys folder.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl From<aws_lc_rs::error::Unspecified> for PlaceError {
    fn from(error: aws_lc_rs::error::Unspecified) -> Self {
        Self::Keys(error.into())
    }
}

/// The key that signs a dealer's orders and configurations.
///
/// # Errors
/// If it is not there, or was sealed by another portal.
pub(crate) async fn command_key(store: &Store, keys: &Keys, dealer: i64) -> Result<Arc<Ed25519KeyPair>, PlaceError> {
    let row =
        store.row(sql::DEALER_KEY, &[dealer.into()]).await?.ok_or(StoreError::Damaged("a dealer without a key"))?;
    let seed = keys.unseal(&format!("dealer {dealer}"), &row.blob(1)?)?;
    let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &row.blob(0)?).map_err(|_| KeyError::Sealed)?;
    Ok(Arc::new(pair))
}
