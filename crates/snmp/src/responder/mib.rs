//! What a responder has to tell.

use crate::oid::{Oid, OidRef};
use crate::value::{Binding, Value};
use std::collections::BTreeMap;
use std::ops::Bound;

/// The objects of an agent, in the order of their names.
pub trait Mib {
    /// What stands at exactly this name.
    fn get(&self, oid: OidRef<'_>) -> Binding;

    /// The first name after this one, with its value; `None` at the end. An agent whose answers are not in order is
    /// served as it is.
    fn next(&self, after: OidRef<'_>) -> Option<(Oid, Value)>;
}

/// A name that is absent is a missing instance where siblings exist, else a missing object.
impl Mib for BTreeMap<Oid, Value> {
    fn get(&self, oid: OidRef<'_>) -> Binding {
        let oid = oid.to_oid();
        if let Some(value) = BTreeMap::get(self, &oid) {
            return Binding::Found(value.clone());
        }
        let object = oid.as_ref().len().saturating_sub(1);
        let has_instances = Oid::from_arcs(oid.arcs().take(object))
            .is_ok_and(|object| self.next(object.as_ref()).is_some_and(|(next, _)| next.starts_with(object.as_ref())));
        if has_instances { Binding::NoSuchInstance } else { Binding::NoSuchObject }
    }

    fn next(&self, after: OidRef<'_>) -> Option<(Oid, Value)> {
        let (oid, value) = self.range((Bound::Excluded(after.to_oid()), Bound::Unbounded)).next()?;
        Some((oid.clone(), value.clone()))
    }
}
