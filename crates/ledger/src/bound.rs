//! A table that never grows beyond its bound: the entry not seen for longest makes room.

use crate::{Text, Time};
use std::collections::BTreeMap;

/// When an entry of a table was last in a reading.
pub(crate) trait LastSeen {
    fn last_seen(&self) -> Time;
}

/// Makes room for `key`. `false` if the table is full of entries of this very reading.
pub(crate) fn room<V: LastSeen>(table: &mut BTreeMap<Text, V>, key: &Text, most: usize, now: Time) -> bool {
    if table.len() < most || table.contains_key(key) {
        return true;
    }
    let oldest = table.iter().min_by_key(|(_, entry)| entry.last_seen());
    match oldest.map(|(key, entry)| (key.clone(), entry.last_seen())) {
        Some((key, seen)) if seen < now => table.remove(&key).is_some(),
        _ => false,
    }
}
