//! The newest record of each device: what the next one is told apart from.

use crate::cache::Cache;
use bytes::Bytes;
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

    /// Puts back one that was taken, without what its record may be a part of. One that was forgotten meanwhile stays so, and so does
    /// one of another agent that is no older: of two at one moment the first is stored.
    pub(super) fn put(&self, device: i64, Head { at, record }: Head) {
        let head = Head { at, record: Bytes::copy_from_slice(&record) };
        if let Some(place) = self.0.lock().unwrap_or_else(PoisonError::into_inner).find(&device)
            && place.as_ref().is_none_or(|other| other.at < head.at)
        {
            *place = Some(head);
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
        heads.put(7, head(60, b"c"));
        heads.put(7, head(55, b"d"));
        shows(Some((60, b"b")));
        heads.forget(7);
        heads.put(7, head(70, b"e"));
        shows(None);
    }
}
