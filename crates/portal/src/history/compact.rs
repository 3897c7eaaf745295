//! Days that are over become chunks. Rows that came late for a day that is one already are taken into it. The last total of a month
//! is written down beside them: it stays when readings go.

use super::frame::{Base, frame, move_on, pack};
use super::{DAY_MS, History, day_of, frames};
use crate::store::{Batch, Store, StoreError, sql};
use dca_wire::v1::{Meter, Record, record::What};
use futures_util::{StreamExt, TryStreamExt, stream};
use prost::Message;

/// Devices that are looked up at a time, and that are worked on.
const DEVICES: i64 = 500;
const AT_ONCE: usize = 32;

impl History {
    /// Turns the rows of days that ended before `now_ms` less `hot_days` into chunks. The answer is how many chunks were
    /// written.
    ///
    /// # Errors
    /// If the database does not answer; what was written by then stays.
    pub(crate) async fn compact(&self, store: &Store, now_ms: i64, hot_days: i64) -> Result<u64, StoreError> {
        let before = (day_of(now_ms).saturating_sub(hot_days)).saturating_mul(DAY_MS);
        let (mut chunks, mut last) = (0, 0);
        loop {
            let rows = store.rows(sql::HOT_OLD, &[before.into(), last.into(), DEVICES.into()]).await?;
            let devices = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<i64>, _>>()?;
            let Some(newest) = devices.last() else { return Ok(chunks) };
            last = *newest;
            // Side by side, since what is committed together was written side by side.
            let devices = stream::iter(devices).map(|device| self.compact_device(store, device, before));
            chunks +=
                devices.buffer_unordered(AT_ONCE).try_fold(0, |sum, count| async move { Ok(sum + count) }).await?;
        }
    }

    async fn compact_device(&self, store: &Store, device: i64, before: i64) -> Result<u64, StoreError> {
        let (mut chunks, mut from) = (0, i64::MIN);
        while let Some(first) = store.row(sql::HOT_FIRST, &[device.into(), from.into(), before.into()]).await? {
            let day = day_of(first.int(0)?);
            from = day.saturating_add(1).saturating_mul(DAY_MS);
            match self.compact_day(store, device, day).await {
                Ok(()) => chunks += 1,
                // Rows came in meanwhile: the next run takes them.
                Err(StoreError::Conflict) => {}
                // What cannot be read is not thrown away, and holds up neither other days nor other devices.
                Err(StoreError::Damaged(what)) => {
                    tracing::error!(device, day, what, "a day stays as it is; see explorer admin verify-readings");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(chunks)
    }

    async fn compact_day(&self, store: &Store, device: i64, day: i64) -> Result<(), StoreError> {
        let mut found = frames(store, device, day).await?;
        if found.lost > 0 {
            return Err(StoreError::Damaged("the chunk of a day"));
        }
        let rows = u64::try_from(found.rows).unwrap_or(u64::MAX);
        let first = found.chunk.iter().chain(&found.hot).min_by_key(|(at, _)| *at).cloned();
        let late = !found.chunk.is_empty();
        found.chunk.append(&mut found.hot);
        found.chunk.sort_by_key(|(at, _)| *at);
        found.chunk.dedup_by_key(|(at, _)| *at);
        // As they are, unless late rows stand for themselves that may lean on what is already there.
        if late && let Some((_, first)) = first {
            let mut leaning = Vec::new();
            let mut before: Option<(i64, Vec<u8>)> = None;
            for (at, record) in self.decode(store, found.chunk.clone()).await? {
                let Some(record) = record else {
                    return Err(StoreError::Damaged("a reading of a day that is compacted"));
                };
                let framed = match &mut before {
                    Some((earlier, base)) => {
                        move_on(base, at - *earlier);
                        frame(&record, Base::Earlier(at - *earlier, base))
                    }
                    None if super::frame::template_of(&first).is_some() => first.clone(),
                    None => frame(&record, Base::Alone),
                };
                leaning.push((at, framed));
                before = Some((at, record));
            }
            found.chunk = leaning;
        }
        let chunk = pack(day, &found.chunk).map_err(|_| StoreError::Damaged("a chunk"))?;
        let begin = day.saturating_mul(DAY_MS);
        let count = i64::try_from(found.chunk.len()).unwrap_or(i64::MAX);
        let mut batch = Batch::new();
        batch.exactly(rows, sql::HOT_FORGET, [device.into(), begin.into(), begin.saturating_add(DAY_MS).into()]);
        batch.run(sql::DAY_SET, [device.into(), day.into(), count.into(), chunk.into()]);
        if let Some((at, total)) = self.last_total(store, &found.chunk).await? {
            let (total, unit) = (i64::try_from(total.value).unwrap_or(i64::MAX), total.unit.as_str());
            batch.run(sql::MONTH_SET, [device.into(), month_of(at).into(), at.into(), total.into(), unit.into()]);
        }
        store.commit(batch).await
    }

    /// The last total that was read on a day.
    async fn last_total(&self, store: &Store, frames: &[(i64, Vec<u8>)]) -> Result<Option<(i64, Meter)>, StoreError> {
        let records = self.decode(store, frames.to_vec()).await?;
        Ok(records.into_iter().rev().find_map(|(at, record)| match Record::decode(record?.as_slice()).ok()?.what? {
            What::Reading(reading) => Some((at, reading.total?)),
            _ => None,
        }))
    }
}

/// The month of a moment, UTC, counted from year 0.
fn month_of(at: i64) -> i64 {
    let Ok(time) = jiff::Timestamp::from_millisecond(at) else { return 0 };
    let date = jiff::tz::Offset::UTC.to_datetime(time);
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

#[cfg(test)]
mod tests {
    use super::month_of;

    #[test]
    fn months() {
        // 2026-11-30T23:59:59Z and a second later.
        assert_eq!(month_of(1_796_083_199_000), 2026 * 12 + 10);
        assert_eq!(month_of(1_796_083_200_000), 2026 * 12 + 11);
        assert_eq!(month_of(0), 1970 * 12);
    }
}
