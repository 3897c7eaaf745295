//! One reading as it lies in a row, and a day of them as it lies in a chunk.
//!
//! ```text
//! frame  kind (1) | number (varint) | CRC-32 of the record (4) | payload
//!        0 alone     0                payload: the record, zstd
//!        1 follows   milliseconds     payload: delta to the reading of that much earlier, of the same day; no longer written
//!        2 template  number           payload: delta to that template
//!        3 follows   milliseconds     the same, to that reading with its time moved on by as much
//! chunk  zstd of, for each reading: milliseconds since the one before or the day's begin (varint) | length (varint) | frame
//! ```
//!
//! The checksum is over the record that comes out: a reading whose base is not what it was is not shown, rather than shown
//! wrong.

use super::delta;
use std::borrow::Cow;
use std::collections::HashMap;

/// The largest record that the contract allows.
const MOST: usize = 128 << 10;
/// The largest chunk, unpacked.
const CHUNK: usize = 64 << 20;
const LEVEL: i32 = 3;
pub(crate) const DAY_MS: i64 = 86_400_000;

/// What a reading is told apart from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Base<'a> {
    /// Nothing.
    Alone,
    /// The reading so many milliseconds earlier.
    Earlier(i64, &'a [u8]),
    /// A template by its number.
    Template(i64, &'a [u8]),
}

/// The frame of a record.
pub(super) fn frame(record: &[u8], base: Base<'_>) -> Vec<u8> {
    let (kind, number, payload) = match base {
        // Level 1 to 3 of a record in memory does not fail; if it did, an empty payload is told by the checksum.
        Base::Alone => (0, 0, zstd::bulk::compress(record, LEVEL).unwrap_or_default()),
        Base::Earlier(back, base) => (3, back, delta::encode(&moved_on(base, back), record)),
        Base::Template(id, base) => (2, id, delta::encode(base, record)),
    };
    let mut out = vec![kind];
    delta::number(&mut out, usize::try_from(number).unwrap_or(0));
    out.extend_from_slice(&crc32fast::hash(record).to_le_bytes());
    out.extend_from_slice(&payload);
    out
}

/// The records of one day, from frames in the order of their times. Those that cannot be read are absent.
#[derive(Debug, Default)]
pub(super) struct Reader {
    day: HashMap<i64, Vec<u8>>,
}

impl Reader {
    /// The record in a frame. Its base must have been read before, of the same day.
    pub(super) fn read(
        &mut self,
        at: i64,
        frame: &[u8],
        template: impl FnOnce(i64) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let (kind, mut rest) = frame.split_first()?;
        let number = i64::try_from(delta::take_number(&mut rest)?).ok()?;
        let (crc, payload) = rest.split_first_chunk::<4>()?;
        let record = match kind {
            0 => zstd::bulk::decompress(payload, MOST).ok()?,
            1 => delta::apply(self.day.get(&at.checked_sub(number)?)?, payload, MOST)?,
            3 => delta::apply(&moved_on(self.day.get(&at.checked_sub(number)?)?, number), payload, MOST)?,
            2 => delta::apply(&template(number)?, payload, MOST)?,
            _ => return None,
        };
        if crc32fast::hash(&record) != u32::from_le_bytes(*crc) {
            return None;
        }
        self.day.insert(at, record.clone());
        Some(record)
    }
}

/// The record with its time moved on: what a reading says of its time is then no difference. Octets that begin with no time
/// stay as they are.
fn moved_on(record: &[u8], by: i64) -> Cow<'_, [u8]> {
    /// Field 1, a varint: `Record.at_ms`.
    const AT_MS: u8 = 0x08;
    let [AT_MS, rest @ ..] = record else { return record.into() };
    let mut rest = rest;
    let Some(at) = delta::take_number(&mut rest) else { return record.into() };
    let mut moved = Vec::with_capacity(record.len() + 2);
    moved.push(AT_MS);
    delta::number(&mut moved, at.wrapping_add_signed(isize::try_from(by).unwrap_or(0)));
    moved.extend_from_slice(rest);
    moved.into()
}

/// The template that a frame is told apart from, if it is.
pub(super) fn template_of(frame: &[u8]) -> Option<i64> {
    let (kind, mut rest) = frame.split_first()?;
    (*kind == 2).then(|| delta::take_number(&mut rest)).flatten().and_then(|number| i64::try_from(number).ok())
}

/// The first millisecond of a day.
pub(crate) fn day_of(at: i64) -> i64 {
    at.div_euclid(DAY_MS)
}

/// A day's frames as one chunk.
pub(super) fn pack(day: i64, frames: &[(i64, Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    let mut before = day.saturating_mul(DAY_MS);
    for (at, frame) in frames {
        delta::number(&mut plain, usize::try_from(at.saturating_sub(before)).unwrap_or(0));
        delta::number(&mut plain, frame.len());
        plain.extend_from_slice(frame);
        before = *at;
    }
    zstd::bulk::compress(&plain, LEVEL)
}

/// The frames of a chunk.
pub(super) fn unpack(day: i64, chunk: &[u8]) -> Option<Vec<(i64, Vec<u8>)>> {
    let length = zstd::zstd_safe::get_frame_content_size(chunk).ok().flatten()?;
    let plain = zstd::bulk::decompress(chunk, usize::try_from(length).ok()?.min(CHUNK)).ok()?;
    let mut rest = plain.as_slice();
    let (mut frames, mut at) = (Vec::new(), day.checked_mul(DAY_MS)?);
    while !rest.is_empty() {
        at = at.checked_add(i64::try_from(delta::take_number(&mut rest)?).ok()?)?;
        let length = delta::take_number(&mut rest)?;
        frames.push((at, rest.get(..length)?.to_vec()));
        rest = rest.get(length..)?;
    }
    Some(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_wire::v1::Record;
    use prost::Message;

    #[test]
    fn a_day_comes_back_from_its_chunk() {
        let template: Vec<u8> = (0..2_000_u32).flat_map(|it| (it * 7).to_le_bytes()).collect();
        let mut record = template.clone();
        let (day, mut frames, mut records) = (20_000, Vec::new(), Vec::new());
        for hour in 0..24_i64 {
            let before = record.clone();
            record[(hour * 100) as usize] ^= 0x55;
            let base = if hour == 0 { Base::Template(7, &template) } else { Base::Earlier(3_600_000, &before) };
            frames.push((day * DAY_MS + hour * 3_600_000, frame(&record, base)));
            records.push(record.clone());
        }
        let chunk = pack(day, &frames).unwrap();
        assert!(chunk.len() < 24 * 40, "{}", chunk.len());
        let mut reader = Reader::default();
        let read: Vec<_> = unpack(day, &chunk)
            .unwrap()
            .into_iter()
            .map(|(at, frame)| reader.read(at, &frame, |id| (id == 7).then(|| template.clone())).unwrap())
            .collect();
        assert_eq!(read, records);
    }

    #[test]
    fn that_an_hour_has_passed_costs_nothing() {
        let record = |at_ms: i64, total: u8| [&at_ms_field(at_ms), [9; 3_000].as_slice(), &[total]].concat();
        let now = 1_796_083_199_000;
        for (later, most) in [(3_600_000, 16), (3_599_123, 18), (0, 12), (-5, 30)] {
            let framed = frame(&record(now + later, 7), Base::Earlier(later, &record(now, 7)));
            assert!(framed.len() <= most, "{later}: {}", framed.len());
        }
        // Both kinds of record come back: with a time, and with none in front.
        for (before, after) in
            [(record(now, 7), record(now + 60_000, 8)), (vec![1; 50], vec![2; 60]), (vec![], vec![8])]
        {
            let mut reader = Reader::default();
            let day = day_of(now) * DAY_MS;
            assert_eq!(reader.read(day, &frame(&before, Base::Alone), |_| None).as_ref(), Some(&before));
            let framed = frame(&after, Base::Earlier(60_000, &before));
            assert_eq!(reader.read(day + 60_000, &framed, |_| None).as_ref(), Some(&after));
        }
    }

    #[test]
    fn what_was_written_before_times_were_moved_on_is_read() {
        let (before, after) = ([at_ms_field(1_000), vec![9; 50]].concat(), [at_ms_field(61_000), vec![8; 50]].concat());
        let mut old = vec![1];
        delta::number(&mut old, 60_000);
        old.extend_from_slice(&crc32fast::hash(&after).to_le_bytes());
        old.extend_from_slice(&delta::encode(&before, &after));
        let mut reader = Reader::default();
        assert!(reader.read(1_000, &frame(&before, Base::Alone), |_| None).is_some());
        assert_eq!(reader.read(61_000, &old, |_| None), Some(after));
    }

    fn at_ms_field(at_ms: i64) -> Vec<u8> {
        Record { at_ms, what: None }.encode_to_vec()
    }

    #[test]
    fn a_wrong_base_is_not_shown() {
        let frame_ = frame(b"the reading of a printer", Base::Template(1, b"the reading of a scanner"));
        assert!(Reader::default().read(5, &frame_, |_| Some(b"the reading of a scanner".to_vec())).is_some());
        assert!(Reader::default().read(5, &frame_, |_| Some(b"THE reading of a scanner".to_vec())).is_none());
        assert!(Reader::default().read(5, &frame_, |_| None).is_none());
        let alone = frame(b"alone", Base::Alone);
        assert_eq!(Reader::default().read(5, &alone, |_| None).as_deref(), Some(b"alone".as_slice()));
        for cut in 0..alone.len() {
            assert_eq!(Reader::default().read(5, &alone[..cut], |_| None), None);
        }
    }
}
