//! The newest record of each device: what the next one is told apart from.

use crate::cache::Cache;
use bytes::Bytes;
use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};

/// Devices whose last record is at hand, about half of it; a record has a few KiB.
const HEADS: usize = 20_000;

/// The newest record of a device, and when it was.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) at: i64,
    pub(super) record: Bytes,
}

/// By device, as long as they are at hand. `None` while somebody works with one.
#[derive(Debug)]
pub(super) struct Heads(Mutex<Cache<i64, Option<Head>>>);

impl Default for Heads {
    fn default() -> Self {
        Self(Mutex::new(Cache::new(HEADS)))
    }
}

impl Heads {
    /// Takes that of a device, so that nobody waits while another is told apart from it.
    pub(super) fn take(&self, device: i64) -> Option<Head> {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match heads.find(&device) {
            Some(head) => head.take(),
            None => {
                heads.put(device, None);
                None
            }
        }
    }

    /// Puts back one that was taken, or a newer one, once it is stored; without what its record may be a part of. One that was
    /// forgotten meanwhile stays so. Another agent may have put one: the newer stays, and of two at one moment neither, since only
    /// one of them is stored.
    pub(super) fn put(&self, device: i64, Head { at, record }: Head) {
        let head = Head { at, record: Bytes::copy_from_slice(&record) };
        if let Some(place) = self.0.lock().unwrap_or_else(PoisonError::into_inner).find(&device) {
            match place.as_ref().map(|other| other.at.cmp(&head.at)) {
                None | Some(Ordering::Less) => *place = Some(head),
                Some(Ordering::Equal) => *place = None,
                Some(Ordering::Greater) => {}
            }
        }
    }

    /// The next reading of this device does not build on one that was not committed.
    pub(super) fn forget(&self, device: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stays_and_what_was_forgotten_does_not_come_back() {
        let heads = Heads::default();
        let head = |at, record: &'static [u8]| Head { at, record: Bytes::from_static(record) };
        let shows = |wanted: Option<(i64, &[u8])>| {
            let found = heads.take(7);
            assert_eq!(found.as_ref().map(|it| (it.at, it.record.as_ref())), wanted);
        };
        shows(None);
        heads.put(7, head(50, b"a"));
        shows(Some((50, b"a")));
        // Two agents had it at once.
        heads.put(7, head(60, b"b"));
        heads.put(7, head(55, b"c"));
        shows(Some((60, b"b")));
        heads.put(7, head(60, b"b"));
        heads.put(7, head(60, b"d"));
        shows(None);
        heads.forget(7);
        heads.put(7, head(70, b"e"));
        shows(None);
    }
}
