//! Rows from a device file, one module for each part of the tree.

pub(crate) mod host;
pub(crate) mod interfaces;
pub(crate) mod media;
pub(crate) mod printer;
pub(crate) mod private;
pub(crate) mod system;

use dca_snmp::{Oid, OidRef, Value};

/// Rows, sorted once they are complete.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows(Vec<(Oid, Value)>);

impl Rows {
    /// From rows in any order; of two with the same OID the first stays.
    pub(crate) fn from_unsorted(rows: impl IntoIterator<Item = (Oid, Value)>) -> Self {
        Self(rows.into_iter().collect()).sorted()
    }

    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.0.dedup_by(|(a, _), (b, _)| a == b);
        self
    }

    /// Adds an instance; one that would be longer than an OID may be is left out.
    pub(crate) fn put(&mut self, root: OidRef<'_>, arcs: impl IntoIterator<Item = u32>, value: Value) {
        if let Ok(oid) = root.to_oid().join(arcs) {
            self.0.push((oid, value));
        }
    }

    pub(crate) fn get(&self, oid: OidRef<'_>) -> Option<&Value> {
        let at = self.0.binary_search_by(|(mine, _)| mine.as_ref().cmp(&oid)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    pub(crate) fn next(&self, after: OidRef<'_>) -> Option<&(Oid, Value)> {
        self.0.get(self.0.partition_point(|(mine, _)| mine.as_ref() <= after))
    }
}

pub(crate) fn text(text: &str) -> Value {
    Value::OctetString(text.as_bytes().to_vec())
}

pub(crate) fn integer(number: impl Into<i64>) -> Value {
    Value::Integer(number.into())
}

/// A Counter32, which wraps.
pub(crate) fn counter(count: u64) -> Value {
    Value::Counter32(count as u32)
}
