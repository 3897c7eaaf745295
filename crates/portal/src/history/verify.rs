//! Whether all that is kept can be read: each reading is put together again and held against its checksum.

use super::{DAY_MS, History, day_of};
use crate::store::{Store, StoreError, sql};
use std::collections::BTreeSet;

/// Devices at a time.
const AT_ONCE: i64 = 500;
/// Damaged days that are named.
const NAMED: usize = 1_000;

/// What was found of all readings that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Devices that have any.
    pub devices: u64,
    /// Readings that are what the agent sent. Of one device and moment one is counted.
    pub readings: u64,
    /// Those that are there a second time.
    pub repeated: u64,
    /// Those that cannot be read any more.
    pub unreadable: u64,
    /// Where those are; the first thousand days.
    pub damaged: Vec<DamagedDay>,
}

/// A day of a device of which not all can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedDay {
    /// The device's number, as in the address of its page.
    pub device: i64,
    /// Such as `2026-11-27`, UTC.
    pub date: String,
}

impl History {
    /// Reads everything.
    ///
    /// # Errors
    /// If the database does not answer.
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
            let found = self.day(store, device, day).await?;
            let mut unreadable = found.lost as u64;
            for (at, record) in found.records {
                match record {
                    None => unreadable += 1,
                    Some(_) if before == Some(at) => verified.repeated += 1,
                    Some(_) => verified.readings += 1,
                }
                before = Some(at);
            }
            verified.unreadable += unreadable;
            if unreadable > 0 && verified.damaged.len() < NAMED {
                verified.damaged.push(DamagedDay { device, date: date(day) });
            }
        }
        Ok(())
    }
}

/// A day since 1970-01-01 as people write it.
fn date(day: i64) -> String {
    let begin = jiff::Timestamp::from_millisecond(day.saturating_mul(DAY_MS));
    begin.map_or_else(|_| day.to_string(), |begin| begin.strftime("%F").to_string())
}
