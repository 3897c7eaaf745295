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

    /// The row at this place.
    pub(crate) fn at(&self, place: usize) -> Option<&(Oid, Value)> {
        self.0.get(place)
    }

    /// The place of the first row after this name. `near` is where the last one was: whoever walks comes to the same place
    /// again, or to the one after it.
    pub(crate) fn place_after(&self, after: OidRef<'_>, near: usize) -> usize {
        let not_after = |place: usize| self.at(place).is_some_and(|(mine, _)| mine.as_ref() <= after);
        let is_it =
            |place: usize| place <= self.0.len() && !not_after(place) && place.checked_sub(1).is_none_or(not_after);
        let found = [near, near.saturating_add(1)].into_iter().find(|place| is_it(*place));
        found.unwrap_or_else(|| self.0.partition_point(|(mine, _)| mine.as_ref() <= after))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_after_a_name_is_the_same_from_wherever_it_is_looked_for() {
        let name = |last: u32| Oid::from_arcs([1, 3, last]).unwrap();
        for rows in 0..5 {
            let rows = Rows::from_unsorted((0..rows).map(|row| (name(10 * row), integer(row))));
            for last in 0..60 {
                let expected = rows.0.iter().filter(|(mine, _)| *mine <= name(last)).count();
                let nears = (0..8).chain([usize::MAX]);
                let found: Vec<usize> = nears.map(|near| rows.place_after(name(last).as_ref(), near)).collect();
                assert_eq!(found, [expected; 9], "{last} in {rows:?}");
            }
        }
    }
}
