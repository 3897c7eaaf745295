//! Whether all that is kept can be read: each reading is put together again and held against its checksum.

use super::{History, day_of};
use crate::store::{Store, StoreError, sql};
use std::collections::BTreeSet;

/// Devices at a time.
const AT_ONCE: i64 = 500;

/// What was found of all readings that are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    /// Devices that have any.
    pub devices: u64,
    /// Readings that are what the agent sent. Of one device and moment one is counted.
    pub readings: u64,
    /// Those that are there a second time.
    pub repeated: u64,
    /// Those that cannot be read any more.
    pub unreadable: u64,
}

impl History {
    /// Reads everything.
    ///
    /// # Errors
    /// If the database does not answer, or a whole day cannot be taken apart.
    pub(crate) async fn verify(&self, store: &Store) -> Result<Verified, StoreError> {
        let (mut verified, mut last) = (Verified::default(), 0);
        loop {
            let devices = store.rows(sql::READ_DEVICES, &[last.into(), AT_ONCE.into()]).await?;
            for device in &devices {
                last = device.int(0)?;
                verified.devices += 1;
                self.verify_device(store, last, &mut verified).await?;
            }
            if devices.is_empty() {
                return Ok(verified);
            }
        }
    }

    async fn verify_device(&self, store: &Store, device: i64, verified: &mut Verified) -> Result<(), StoreError> {
        let mut days = BTreeSet::new();
        for row in store.rows(sql::HOT_TIMES, &[device.into()]).await? {
            days.insert(day_of(row.int(0)?));
        }
        for row in store.rows(sql::DAYS, &[device.into()]).await? {
            days.insert(row.int(0)?);
        }
        for day in days {
            let mut before = None;
            for (at, record) in self.day(store, device, day).await? {
                match record {
                    None => verified.unreadable += 1,
                    Some(_) if before == Some(at) => verified.repeated += 1,
                    Some(_) => verified.readings += 1,
                }
                before = Some(at);
            }
        }
        Ok(())
    }
}
