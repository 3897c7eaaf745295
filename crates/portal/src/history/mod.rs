//! What devices said over time: each record exactly as the agent sent it, in a few octets.
//!
//! A reading is a row, or a part of one ([`rows`]), with its difference to the reading before ([`frame`]); the first of a day
//! differs from a template, a record of the same model with nothing in it that names a device. After some days a device's day becomes one compressed
//! chunk. No row per value, and no value is lost.

mod compact;
mod delta;
mod frame;
mod heads;
mod news;
mod pen;
mod rows;
mod verify;

pub(crate) use frame::{DAY_MS, day_of};
pub(crate) use news::{News, device, reading};
pub(crate) use pen::Pen;
pub use verify::{DamagedDay, Verified};

use crate::store::{Batch, Store, StoreError, sql};
use dca_wire::v1::{Fact, Identity, Reading, Record, record::What};
use frame::Reader;
use heads::Heads;
use prost::Message;
use std::collections::HashMap;
use std::sync::Arc;

/// Templates in all. Beyond them readings stand alone.
const TEMPLATES: i64 = 20_000;

/// A template by its number.
pub(crate) type Template = (i64, Arc<[u8]>);

/// What the history needs at hand.
#[derive(Debug, Default)]
pub(crate) struct History {
    heads: Heads,
    templates: tokio::sync::Mutex<HashMap<(i64, String), Template>>,
}

impl History {
    /// The template for a reading of this shape; made of it if there is none. `None` when there are too many.
    pub(crate) async fn template(
        &self,
        store: &Store,
        dealer: i64,
        at: i64,
        reading: &Reading,
    ) -> Result<Option<Template>, StoreError> {
        let key = (dealer, shape(reading));
        let mut templates = self.templates.lock().await;
        if let Some(template) = templates.get(&key) {
            return Ok(Some(template.clone()));
        }
        let template = match store.row(sql::TEMPLATE_BY_SHAPE, &[dealer.into(), key.1.as_str().into()]).await? {
            Some(row) => (row.int(0)?, row.blob(1)?.into()),
            None => {
                let last = store.row(sql::TEMPLATE_LAST, &[]).await?.map_or(Ok(0), |row| row.int(0))?;
                if last >= TEMPLATES {
                    return Ok(None);
                }
                let (id, record) = (last.saturating_add(1), nameless(at, reading));
                let mut batch = Batch::new();
                batch.run(sql::TEMPLATE_ADD, [id.into(), dealer.into(), key.1.as_str().into(), record.clone().into()]);
                store.commit(batch).await?;
                (id, record.into())
            }
        };
        templates.insert(key, template.clone());
        Ok(Some(template))
    }

    /// The records of a device from `from` up to but without `until`, oldest first, and how many cannot be read; of a day that is
    /// damaged as a whole all are counted.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(crate) async fn read(
        &self,
        store: &Store,
        device: i64,
        from: i64,
        until: i64,
    ) -> Result<(Vec<(i64, Record)>, usize), StoreError> {
        let (mut records, mut unreadable) = (Vec::new(), 0);
        for day in day_of(from)..=day_of(until.saturating_sub(1)) {
            let day = self.day(store, device, day).await?;
            unreadable += day.lost;
            for (at, octets) in day.records {
                if at < from || at >= until {
                    continue;
                }
                match octets.and_then(|octets| Record::decode(octets.as_slice()).ok()) {
                    Some(record) => records.push((at, record)),
                    None => unreadable += 1,
                }
            }
        }
        Ok((records, unreadable))
    }

    /// The newest record of a device that holds a full reading, or any.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(crate) async fn newest(&self, store: &Store, device: i64) -> Result<Option<(i64, Reading)>, StoreError> {
        let hot = store.row(sql::HOT_LAST, &[device.into()]).await?.map(|row| row.int(0)).transpose()?.map(day_of);
        let packed = store.row(sql::DAY_LAST, &[device.into()]).await?.map(|row| row.int(0)).transpose()?;
        let Some(day) = hot.max(packed) else { return Ok(None) };
        let mut records = Vec::new();
        for day in [day - 1, day] {
            records.extend(self.read(store, device, day * DAY_MS, (day + 1) * DAY_MS).await?.0);
        }
        let mut readings: Vec<(i64, Reading)> = records
            .into_iter()
            .filter_map(|(at, record)| match record.what {
                Some(What::Reading(reading)) => Some((at, reading)),
                _ => None,
            })
            .collect();
        let full = readings.iter().rposition(|(_, reading)| reading.depth == "full" && reading.complete);
        Ok(match full {
            Some(place) => Some(readings.swap_remove(place)),
            None => readings.pop(),
        })
    }

    async fn day(&self, store: &Store, device: i64, day: i64) -> Result<Day, StoreError> {
        let Frames { chunk, hot, lost, .. } = frames(store, device, day).await?;
        let records = self.decode(store, chunk.into_iter().chain(hot).collect()).await?;
        Ok(Day { records, lost })
    }

    async fn decode(
        &self,
        store: &Store,
        mut frames: Vec<(i64, Vec<u8>)>,
    ) -> Result<Vec<(i64, Option<Vec<u8>>)>, StoreError> {
        frames.sort_by_key(|(at, _)| *at);
        let mut templates: HashMap<i64, Vec<u8>> = HashMap::new();
        for id in frames.iter().filter_map(|(_, frame)| frame::template_of(frame)) {
            if let std::collections::hash_map::Entry::Vacant(place) = templates.entry(id)
                && let Some(row) = store.row(sql::TEMPLATE, &[id.into()]).await?
            {
                place.insert(row.blob(0)?);
            }
        }
        let mut reader = Reader::default();
        Ok(frames
            .into_iter()
            .map(|(at, frame)| (at, reader.read(at, &frame, |id| templates.get(&id).cloned())))
            .collect())
    }
}

/// A device's day.
struct Day {
    /// As octets; `None` for one that cannot be read.
    records: Vec<(i64, Option<Vec<u8>>)>,
    /// How many there were in a chunk that cannot be taken apart.
    lost: usize,
}

/// What lies in the database of a device's day.
#[derive(Default)]
struct Frames {
    chunk: Vec<(i64, Vec<u8>)>,
    hot: Vec<(i64, Vec<u8>)>,
    /// That `hot` lay in.
    rows: usize,
    /// Readings of a chunk that cannot be taken apart.
    lost: usize,
}

async fn frames(store: &Store, device: i64, day: i64) -> Result<Frames, StoreError> {
    let (begin, end) = (day.saturating_mul(DAY_MS), day.saturating_add(1).saturating_mul(DAY_MS));
    let mut frames = Frames::default();
    for row in store.rows(sql::DAY, &[device.into(), begin.into(), end.into(), day.into()]).await? {
        let Some(readings) = row.maybe_int(1)? else {
            frames.rows += 1;
            frames.hot.extend(frame::of_row(row.int(0)?, row.blob(2)?));
            continue;
        };
        match frame::unpack(day, &row.blob(2)?) {
            Some(chunk) => frames.chunk = chunk,
            None => frames.lost = usize::try_from(readings).unwrap_or(0).max(1),
        }
    }
    Ok(frames)
}

/// Readings of one shape have the same rows.
fn shape(reading: &Reading) -> String {
    let identity = reading.identity.clone().unwrap_or_default();
    let value = |fact: Option<Fact>| fact.map(|fact| fact.value).unwrap_or_default();
    let mut shape = format!(
        "{}\n{}\n{}\n{}\n{}\n{}",
        reading.profile,
        value(identity.vendor),
        value(identity.model),
        reading.depth,
        reading.meters.len(),
        reading.supplies.len()
    );
    shape.truncate(shape.floor_char_boundary(400));
    shape
}

/// A record like this one that names no device: it is kept for as long as a reading leans on it.
fn nameless(at: i64, reading: &Reading) -> Vec<u8> {
    let mut reading = Reading { device_id: String::new(), address: String::new(), ..reading.clone() };
    if let Some(Identity { serial, mac, hostname, asset, location, .. }) = &mut reading.identity {
        for fact in [serial, mac, hostname, asset, location].into_iter().flatten() {
            fact.value.clear();
        }
    }
    reading.supplies.iter_mut().for_each(|supply| supply.serial = None);
    reading.removed.iter_mut().for_each(|removed| removed.serial = None);
    reading.console.clear();
    Record { at_ms: at, what: Some(What::Reading(reading)) }.encode_to_vec()
}
