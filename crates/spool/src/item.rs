//! Records on their way in and out, and how their octets are kept.

use crate::error::SpoolError;

/// Most octets of the name of a stream.
const STREAM: usize = 64;
/// Most octets of the name of a device.
const DEVICE: usize = 128;
/// Compression that costs little: records are small.
const LEVEL: i32 = 3;
/// Fewer octets are kept as they are.
const WORTH_IT: usize = 128;

/// What becomes of a record when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// By which pages are billed: the last of a device's day stays longest.
    Billing,
    /// What a device reported and the next reading will show again.
    Alert,
    /// What helps to find a fault.
    Diagnostic,
}

impl Class {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Billing => 0,
            Self::Alert => 1,
            Self::Diagnostic => 2,
        }
    }
}

/// A record to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Records of one stream keep their order; 1 to 64 octets.
    pub stream: String,
    /// What becomes of it when there is no room.
    pub class: Class,
    /// Which device it is about, or empty; at most 128 octets.
    pub device: String,
    /// When it happened, in milliseconds since 1970-01-01T00:00:00Z.
    pub at_ms: i64,
    /// The record.
    pub body: Vec<u8>,
}

impl Item {
    pub(crate) fn check(&self, most: usize) -> Result<(), SpoolError> {
        if self.stream.is_empty() || self.stream.len() > STREAM {
            return Err(SpoolError::Name { octets: self.stream.len(), most: STREAM });
        }
        if self.device.len() > DEVICE {
            return Err(SpoolError::Name { octets: self.device.len(), most: DEVICE });
        }
        if self.body.len() > most {
            return Err(SpoolError::TooLarge { octets: self.body.len(), most });
        }
        Ok(())
    }
}

/// Where a pushed record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// On the disk; a crash does not lose it.
    Disk,
    /// In memory, because the disk is full or refuses; it goes to the disk as soon as that is possible. Only the newest are
    /// kept so, older ones are dropped and counted.
    Memory,
}

/// A record to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Rises within stream and epoch.
    pub seq: u64,
    /// The record.
    pub body: Vec<u8>,
}

/// Records of one stream, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Which stream.
    pub stream: String,
    /// The epoch in which they were numbered.
    pub epoch: u64,
    /// At least one.
    pub entries: Vec<Entry>,
}

/// A body as it lies on the disk.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    /// Octets before compression; `None`: not compressed.
    pub(crate) plain: Option<usize>,
    /// Of the octets before compression.
    pub(crate) crc: u32,
    pub(crate) octets: Vec<u8>,
}

impl Packed {
    pub(crate) fn of(body: &[u8]) -> Self {
        let crc = crc32fast::hash(body);
        if body.len() >= WORTH_IT
            && let Ok(octets) = zstd::bulk::compress(body, LEVEL)
            && octets.len() < body.len()
        {
            return Self { plain: Some(body.len()), crc, octets };
        }
        Self { plain: None, crc, octets: body.to_vec() }
    }

    /// From three columns, the first of which is `at`. What is not of its type cannot have the checksum, and is found by that.
    pub(crate) fn from_row(row: &rusqlite::Row<'_>, at: usize) -> Self {
        let plain: Option<i64> = row.get(at).unwrap_or(Some(-1));
        let crc = row.get(at + 1).unwrap_or_default();
        let octets = row.get(at + 2).unwrap_or_default();
        Self { plain: plain.map(|plain| usize::try_from(plain).unwrap_or(usize::MAX)), crc, octets }
    }

    /// The body, if it is what was stored.
    pub(crate) fn unpack(self) -> Option<Vec<u8>> {
        let body = match self.plain {
            Some(length) if length <= crate::Bounds::MOST_ENTRY => zstd::bulk::decompress(&self.octets, length).ok()?,
            Some(_) => return None,
            None => self.octets,
        };
        (crc32fast::hash(&body) == self.crc).then_some(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_back_and_a_damaged_one_does_not() {
        for length in [0, 1, 127, 128, 5_000, crate::Bounds::MOST_ENTRY] {
            let body: Vec<u8> = (0..length).map(|at| (at % 7) as u8).collect();
            let packed = Packed::of(&body);
            assert_eq!(packed.clone().unpack().as_deref(), Some(&body[..]), "{length}");
            assert!(length < WORTH_IT || packed.octets.len() < length);
            let mut damaged = packed;
            if let Some(octet) = damaged.octets.last_mut() {
                *octet ^= 1;
                assert_eq!(damaged.unpack(), None, "{length}");
            }
        }
    }

    #[test]
    fn names_and_octets_are_bounded() {
        let item = |stream: usize, device: usize, body: usize| Item {
            stream: "s".repeat(stream),
            class: Class::Billing,
            device: "d".repeat(device),
            at_ms: 0,
            body: vec![0; body],
        };
        assert!(item(64, 128, 10).check(10).is_ok());
        assert!(matches!(item(0, 0, 0).check(10), Err(SpoolError::Name { octets: 0, most: 64 })));
        assert!(matches!(item(65, 0, 0).check(10), Err(SpoolError::Name { octets: 65, .. })));
        assert!(matches!(item(1, 129, 0).check(10), Err(SpoolError::Name { octets: 129, most: 128 })));
        assert!(matches!(item(1, 0, 11).check(10), Err(SpoolError::TooLarge { octets: 11, most: 10 })));
    }
}
