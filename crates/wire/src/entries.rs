//! Records into the body of a report and out of it. Compression lies between the two and is the caller's.

use crate::check::{ENTRIES, PLAIN};
use crate::limits::{Limited, WireError, decode_shared, encode};
use crate::v1::{Entries, Entry, Record, ReportRequest};
use bytes::Bytes;

/// As many of the `records`, from the first on, as fit into one report: the body before compression, its CRC-32, and how
/// many records went in. Each record is an encoded [`Record`] with its sequence number.
///
/// # Errors
/// If the first one alone is too large for a record, or sequence numbers do not rise.
pub fn pack<'a>(records: impl IntoIterator<Item = (u64, &'a [u8])>) -> Result<(Vec<u8>, u32, usize), WireError> {
    let mut entries = Vec::new();
    let mut room = PLAIN;
    for (seq, record) in records {
        // Tags, lengths and the number take at most 26 octets.
        let Some(left) = room.checked_sub(record.len() + 26).filter(|_| entries.len() < ENTRIES) else { break };
        if record.len() > Record::OCTETS {
            if entries.is_empty() {
                return Err(WireError::TooLarge { message: Record::NAME, octets: record.len(), most: Record::OCTETS });
            }
            break;
        }
        room = left;
        entries.push(Entry { seq, record: Bytes::copy_from_slice(record) });
    }
    let count = entries.len();
    let body = encode(&Entries { entries })?;
    let crc = crc32fast::hash(&body);
    Ok((body, crc, count))
}

/// The entries in the unpacked `body` of a `report`, whose records are parts of it. [`decode`](crate::decode) each on its own, so
/// that one that cannot be read is refused alone.
///
/// # Errors
/// If length, checksum or limits do not hold.
pub fn unpack(report: &ReportRequest, body: Bytes) -> Result<Vec<Entry>, WireError> {
    let invalid = |why| Err(WireError::Invalid { message: Entries::NAME, why });
    if body.len() != report.plain_length as usize {
        return invalid("a body as long as was announced");
    }
    if crc32fast::hash(&body) != report.crc {
        return invalid("a body with the checksum that was announced");
    }
    let entries = decode_shared::<Entries>(body)?.entries;
    if entries.first().is_some_and(|entry| entry.seq != report.first_seq) {
        return invalid("a first sequence number as announced");
    }
    Ok(entries)
}
