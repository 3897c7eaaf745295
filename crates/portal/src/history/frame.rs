//! One reading as it lies in a row, and a day of them as it lies in a chunk.
//!
//! ```text
//! frame  kind (1) | number (varint) | CRC-32 of the record (4) | payload
//!        0 alone     0                payload: the record, zstd
//!        1 follows   milliseconds     payload: delta to the reading of that much earlier, of the same day; no longer written
//!        2 template  number           payload: delta to that template
//!        3 follows   milliseconds     the same, to that reading with its time moved on by as much
//!        4 several   0                no CRC; payload: for each, milliseconds since the one before (varint) | length (varint) | frame
//! chunk  zstd of, for each reading: milliseconds since the one before or the day's begin (varint) | length (varint) | frame
//! ```
//!
//! The checksum is over the record that comes out: a reading whose base is not what it was is not shown, rather than shown
//! wrong.

use super::delta;
use prost::encoding::{encode_varint, encoded_len_varint};
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
    /// The reading so many milliseconds earlier, [moved on](move_on) by as much.
    Earlier(i64, &'a [u8]),
    /// A template by its number.
    Template(i64, &'a [u8]),
}

/// The frame of a record.
pub(super) fn frame(record: &[u8], base: Base<'_>) -> Vec<u8> {
    match base {
        // Level 1 to 3 of a record in memory does not fail; if it did, an empty payload is told by the checksum.
        Base::Alone => put_together(0, 0, record, &zstd::bulk::compress(record, LEVEL).unwrap_or_default()),
        Base::Earlier(back, base) => follows(record, back, &delta::encode_message(base, record)),
        Base::Template(id, base) => put_together(2, id, record, &delta::encode_message(base, record)),
    }
}

/// The frame of a record by its delta to the one so many milliseconds earlier, [moved on](move_on) by as much.
pub(super) fn follows(record: &[u8], back: i64, delta: &[u8]) -> Vec<u8> {
    put_together(3, back, record, delta)
}

fn put_together(kind: u8, number: i64, record: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 15);
    out.push(kind);
    delta::number(&mut out, usize::try_from(number).unwrap_or(0));
    out.extend_from_slice(&crc32fast::hash(record).to_le_bytes());
    out.extend_from_slice(payload);
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
            3 => {
                let mut base = self.day.get(&at.checked_sub(number)?)?.clone();
                move_on(&mut base, number);
                delta::apply(&base, payload, MOST)?
            }
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

/// Moves the time of a record on: what a reading says of its time is then no difference. Octets that begin with no time stay as
/// they are.
pub(super) fn move_on(record: &mut Vec<u8>, by: i64) {
    /// Field 1, a varint: `Record.at_ms`.
    const AT_MS: u8 = 0x08;
    let [AT_MS, rest @ ..] = record.as_slice() else { return };
    let mut after = rest;
    let Some(at) = delta::take_number(&mut after) else { return };
    let moved = at.wrapping_add_signed(isize::try_from(by).unwrap_or(0));
    let end = record.len() - after.len();
    match record.get_mut(1..end) {
        // Nearly always: times of our days take as much room.
        Some(mut place) if encoded_len_varint(moved as u64) == place.len() => encode_varint(moved as u64, &mut place),
        _ => {
            let mut number = Vec::new();
            delta::number(&mut number, moved);
            drop(record.splice(1..end, number));
        }
    }
}

/// Frames of one device that follow one another within a day, as one row. One alone is no more than itself.
#[derive(Debug)]
pub(super) struct Several {
    first: i64,
    last: i64,
    /// Where the first frame begins.
    begin: usize,
    count: usize,
    octets: Vec<u8>,
}

/// Kind and number of a row with several.
const SEVERAL: [u8; 2] = [4, 0];

impl Several {
    pub(super) fn new(at: i64, frame: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(512);
        octets.extend_from_slice(&SEVERAL);
        let mut new = Self { first: at, last: at, begin: 0, count: 0, octets };
        new.push(at, frame);
        new.begin = new.octets.len() - frame.len();
        new
    }

    /// Adds one that is not earlier than the last.
    pub(super) fn push(&mut self, at: i64, frame: &[u8]) {
        put(&mut self.octets, at.saturating_sub(self.last), frame);
        self.last = at;
        self.count += 1;
    }

    /// When the first one was.
    pub(super) fn first(&self) -> i64 {
        self.first
    }

    pub(super) fn len(&self) -> usize {
        self.octets.len()
    }

    /// What lies in the row.
    pub(super) fn into_octets(mut self) -> Vec<u8> {
        if self.count == 1 {
            self.octets.drain(..self.begin);
        }
        self.octets
    }
}

/// The frames of a row. One that cannot be taken apart is one frame that cannot be read.
pub(super) fn of_row(at: i64, row: Vec<u8>) -> Vec<(i64, Vec<u8>)> {
    let several = row.strip_prefix(&SEVERAL).and_then(|frames| take_all(at, frames));
    several.unwrap_or_else(|| vec![(at, row)])
}

fn put(out: &mut Vec<u8>, after: i64, frame: &[u8]) {
    delta::number(out, usize::try_from(after).unwrap_or(0));
    delta::number(out, frame.len());
    out.extend_from_slice(frame);
}

/// Frames with the time since the one before, or since `at`.
fn take_all(mut at: i64, mut octets: &[u8]) -> Option<Vec<(i64, Vec<u8>)>> {
    let mut frames = Vec::new();
    while !octets.is_empty() {
        at = at.checked_add(i64::try_from(delta::take_number(&mut octets)?).ok()?)?;
        let length = delta::take_number(&mut octets)?;
        let (frame, rest) = octets.split_at_checked(length)?;
        frames.push((at, frame.to_vec()));
        octets = rest;
    }
    Some(frames)
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
        put(&mut plain, at.saturating_sub(before), frame);
        before = *at;
    }
    zstd::bulk::compress(&plain, LEVEL)
}

/// The frames of a chunk.
pub(super) fn unpack(day: i64, chunk: &[u8]) -> Option<Vec<(i64, Vec<u8>)>> {
    let length = zstd::zstd_safe::get_frame_content_size(chunk).ok().flatten()?;
    let plain = zstd::bulk::decompress(chunk, usize::try_from(length).ok()?.min(CHUNK)).ok()?;
    take_all(day.checked_mul(DAY_MS)?, &plain)
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
            // It begins with no time.
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
            let mut before = record(now, 7);
            move_on(&mut before, later);
            let framed = frame(&record(now + later, 7), Base::Earlier(later, &before));
            assert!(framed.len() <= most, "{later}: {}", framed.len());
        }
        // Both kinds of record come back: with a time, and with none in front.
        for (before, after) in
            [(record(now, 7), record(now + 60_000, 8)), (vec![1; 50], vec![2; 60]), (vec![], vec![8])]
        {
            let mut reader = Reader::default();
            let day = day_of(now) * DAY_MS;
            assert_eq!(reader.read(day, &frame(&before, Base::Alone), |_| None).as_ref(), Some(&before));
            let mut moved = before.clone();
            move_on(&mut moved, 60_000);
            let framed = frame(&after, Base::Earlier(60_000, &moved));
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
    fn several_share_a_row() {
        let frames: Vec<(i64, Vec<u8>)> =
            [(50, b"first".to_vec()), (60, vec![]), (60, vec![3; 300]), (3_600_050, b"last".to_vec())].into();
        let mut several = Several::new(frames[0].0, &frames[0].1);
        assert_eq!(of_row(50, Several::new(50, b"first").into_octets()), frames[..1], "one alone is itself");
        assert_eq!(Several::new(50, b"first").into_octets(), b"first");
        frames[1..].iter().for_each(|(at, frame)| several.push(*at, frame));
        let row = several.into_octets();
        assert_eq!(of_row(50, row.clone()), frames);
        // Cut anywhere but between two it is one that cannot be read.
        for cut in 3..row.len() {
            let found = of_row(50, row[..cut].to_vec());
            let whole = frames.starts_with(&found);
            assert!(whole || found == [(50, row[..cut].to_vec())], "{cut}");
            assert!(whole || Reader::default().read(50, &found[0].1, |_| None).is_none());
        }
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
