//! The newest records, in memory, while the disk takes none.

use crate::gaps::Loss;
use crate::item::Item;
use std::collections::{BTreeMap, VecDeque};

/// The most records that are kept so.
const MOST: usize = 1000;
/// The most octets of their bodies.
const MOST_OCTETS: usize = 4 << 20;

/// Records that wait for the disk, and what did not even fit here.
#[derive(Default)]
pub(crate) struct Memory {
    items: VecDeque<Item>,
    octets: usize,
    lost: BTreeMap<String, Loss>,
}

impl Memory {
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.lost.is_empty()
    }

    pub(crate) fn keep(&mut self, item: Item) {
        self.octets += item.body.len();
        self.items.push_back(item);
        while (self.items.len() > MOST || self.octets > MOST_OCTETS)
            && let Some(oldest) = self.items.pop_front()
        {
            self.octets -= oldest.body.len();
            let loss = Loss::one(0, oldest.at_ms);
            self.lost.entry(oldest.stream).and_modify(|all| *all = all.join(loss)).or_insert(loss);
        }
    }

    /// The first records, as many as fit into one transaction.
    pub(crate) fn first(&mut self, records: usize, octets: usize) -> &[Item] {
        let items = self.items.make_contiguous();
        fitting(items, records, octets)
    }

    /// The first records are on the disk.
    pub(crate) fn forget(&mut self, records: usize) {
        for item in self.items.drain(..records.min(self.items.len())) {
            self.octets -= item.body.len();
        }
    }

    pub(crate) fn lost(&self) -> Vec<(String, Loss)> {
        self.lost.iter().map(|(stream, loss)| (stream.clone(), *loss)).collect()
    }

    pub(crate) fn lost_is_counted(&mut self) {
        self.lost.clear();
    }
}

/// As many items from the first on as fit into one transaction; at least one.
pub(crate) fn fitting(items: &[Item], records: usize, octets: usize) -> &[Item] {
    let mut room = octets;
    let count = items.iter().take(records.max(1)).take_while(|item| {
        let fits = room >= item.body.len();
        room = room.saturating_sub(item.body.len());
        fits
    });
    let count = count.count().max(1);
    items.get(..count).unwrap_or(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Class;

    fn item(octets: usize) -> Item {
        Item { stream: "s".into(), class: Class::Billing, device: String::new(), at_ms: 7, body: vec![0; octets] }
    }

    #[test]
    fn the_newest_stay_and_the_others_are_counted() {
        let mut memory = Memory::default();
        (0..MOST + 3).for_each(|_| memory.keep(item(1)));
        assert_eq!((memory.items.len(), memory.lost()[0].1.records), (MOST, 3));
        (0..40).for_each(|_| memory.keep(item(128 << 10)));
        assert!(memory.octets <= MOST_OCTETS);
        assert_eq!(memory.items.len() as i64 + memory.lost()[0].1.records, MOST as i64 + 43);
    }

    #[test]
    fn one_always_fits() {
        assert_eq!(fitting(&[item(10), item(1)], 5, 3).len(), 1);
        assert_eq!(fitting(&[item(1), item(2), item(1)], 5, 3).len(), 2);
        assert_eq!(fitting(&[item(1), item(1), item(1)], 2, 3).len(), 2);
    }
}
