//! What one device answered: rows by OID. The reader looks things up here and never minds how they were asked for.

use dca_snmp::{Oid, OidRef, Value};
use std::collections::BTreeMap;
use std::ops::Bound;

/// The answered rows of one device, sorted by OID.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows(BTreeMap<Oid, Value>);

impl Rows {
    /// No rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row; a later answer replaces an earlier one.
    pub fn insert(&mut self, oid: Oid, value: Value) {
        self.0.insert(oid, value);
    }

    /// The value of one instance.
    pub fn get(&self, oid: OidRef<'_>) -> Option<&Value> {
        self.0.get(&oid.to_oid())
    }

    /// The rows at and below `root`, in order.
    pub fn under<'a>(&'a self, root: OidRef<'_>) -> impl Iterator<Item = (&'a Oid, &'a Value)> {
        let root = root.to_oid();
        let from = (Bound::Included(root.clone()), Bound::Unbounded);
        self.0.range::<Oid, _>(from).take_while(move |(oid, _)| oid.starts_with(root.as_ref()))
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Oid, &Value)> {
        self.0.iter()
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Oid, Value)> for Rows {
    /// At once: row by row in order would leave every node of the tree half empty.
    fn from_iter<I: IntoIterator<Item = (Oid, Value)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl Extend<(Oid, Value)> for Rows {
    fn extend<I: IntoIterator<Item = (Oid, Value)>>(&mut self, rows: I) {
        rows.into_iter().for_each(|(oid, value)| self.insert(oid, value));
    }
}
