//! Devices found by who they are and by where they are, among ten thousand in a few steps.

use super::signature::Signature;
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

/// Numbers of devices by serial number, hardware address and socket address.
#[derive(Debug, Default)]
pub(super) struct Index {
    serials: HashMap<String, BTreeSet<u32>>,
    macs: HashMap<String, BTreeSet<u32>>,
    places: HashMap<SocketAddr, BTreeSet<u32>>,
}

impl Index {
    pub(super) fn put(&mut self, number: u32, who: &Signature, at: SocketAddr) {
        if let Some(serial) = &who.serial {
            self.serials.entry(serial.clone()).or_default().insert(number);
        }
        if let Some(mac) = &who.mac {
            self.macs.entry(mac.clone()).or_default().insert(number);
        }
        self.places.entry(at).or_default().insert(number);
    }

    pub(super) fn take(&mut self, number: u32, who: &Signature, at: SocketAddr) {
        if let Some(serial) = &who.serial {
            drop_from(&mut self.serials, serial, number);
        }
        if let Some(mac) = &who.mac {
            drop_from(&mut self.macs, mac, number);
        }
        drop_from(&mut self.places, &at, number);
    }

    /// All that [`Signature::is`] may hold of, in order.
    pub(super) fn like(&self, who: &Signature) -> BTreeSet<u32> {
        let serials = who.serial.as_ref().and_then(|serial| self.serials.get(serial));
        let macs = who.mac.as_ref().and_then(|mac| self.macs.get(mac));
        serials.into_iter().chain(macs).flatten().copied().collect()
    }

    pub(super) fn at(&self, at: SocketAddr) -> impl Iterator<Item = u32> {
        self.places.get(&at).into_iter().flatten().copied()
    }
}

fn drop_from<K: std::hash::Hash + Eq>(map: &mut HashMap<K, BTreeSet<u32>>, key: &K, number: u32) {
    if let Some(numbers) = map.get_mut(key) {
        numbers.remove(&number);
        if numbers.is_empty() {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_found_by_any_of_its_marks_until_it_is_taken_out() {
        let who = |serial: Option<&str>, mac: Option<&str>| Signature {
            vendor: "Acme".into(),
            serial: serial.map(Into::into),
            mac: mac.map(Into::into),
        };
        let at = SocketAddr::from(([127, 0, 0, 1], 161));
        let mut index = Index::default();
        index.put(1, &who(Some("A1"), Some("m1")), at);
        index.put(2, &who(None, Some("m1")), at);
        let like = |index: &Index, serial, mac| index.like(&who(serial, mac)).into_iter().collect::<Vec<_>>();
        assert_eq!(like(&index, Some("A1"), None), [1]);
        assert_eq!(like(&index, Some("A2"), Some("m1")), [1, 2]);
        assert!(like(&index, Some("A2"), None).is_empty());
        assert_eq!(index.at(at).collect::<Vec<_>>(), [1, 2]);
        index.take(1, &who(Some("A1"), Some("m1")), at);
        index.take(2, &who(None, Some("m1")), at);
        assert!(index.serials.is_empty() && index.macs.is_empty() && index.places.is_empty());
    }
}
