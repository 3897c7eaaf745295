//! A map that forgets: what was not asked for during the last so many entries is gone. Two generations, no clock.

use std::collections::HashMap;
use std::hash::Hash;

/// Holds at most about twice `room` entries.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    room: usize,
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn new(room: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), room }
    }

    pub(crate) fn find(&mut self, key: &K) -> Option<&mut V> {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.put(key, value);
        }
        self.young.get_mut(key)
    }

    pub(crate) fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.room {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        // Never in both.
        self.young.remove(key).or_else(|| self.old.remove(key))
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn what_is_asked_for_stays() {
        let mut cache = Cache::new(4);
        for number in 0..100 {
            cache.put(number, number);
            assert!(cache.find(&0).is_some());
        }
        assert!(cache.find(&50).is_none());
        assert!(cache.young.len() + cache.old.len() <= 8);
        cache.put(0, 7);
        assert_eq!(cache.find(&0), Some(&mut 7));
        assert_eq!(cache.remove(&0), Some(7));
        assert!(cache.find(&0).is_none());
    }
}
