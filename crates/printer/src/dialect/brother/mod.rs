//! Brother: counters and wear as records in an octet string (brInfoCounter, brInfoMaintenance, brInfoNextCare,
//! brInfoReplaceCount, brInfoJamCount, brInfoCoverage).
//!
//! ```text
//! layout 1   00 01 04 00 00 06 4b   02 01 04 00 00 03 86   ff      id, 01, length, value big endian
//! layout 2   82 01 00   a1 01 03   a4 04 00 00 00 06       ff      id, length, value big endian
//! ```
//!
//! A string is in layout 1 when each record has an 01 behind its id and the lengths meet the end mark exactly;
//! otherwise layout 2 has to meet it. A string that fits neither is refused as a whole: half a counter is a wrong one.

pub(crate) mod recorded;

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    /// What it tells; the meaning depends on the string it stands in.
    pub(crate) id: u8,
    /// Octets of the value.
    pub(crate) length: usize,
    /// The value.
    pub(crate) value: u32,
}

/// More records than any device sends.
const MOST: usize = 256;

/// Cuts a string into records. An empty string has none.
pub(super) fn records(octets: &[u8]) -> Result<Vec<Record>, &'static str> {
    if octets.is_empty() || octets == [0xff] {
        return Ok(Vec::new());
    }
    cut(octets, true).or_else(|| cut(octets, false)).ok_or("the octets are not records that end in FF")
}

fn cut(mut octets: &[u8], typed: bool) -> Option<Vec<Record>> {
    let mut found = Vec::new();
    loop {
        octets = match octets {
            // An FF with more behind it would be an id; devices use none so high.
            [0xff] => return Some(found),
            [id, 0x01, length, rest @ ..] if typed => record(*id, *length, rest, &mut found)?,
            [id, length, rest @ ..] if !typed => record(*id, *length, rest, &mut found)?,
            _ => return None,
        };
    }
}

fn record<'a>(id: u8, length: u8, rest: &'a [u8], found: &mut Vec<Record>) -> Option<&'a [u8]> {
    if !matches!(length, 1 | 2 | 4) || found.len() == MOST || id == 0xff {
        return None;
    }
    let (value, rest) = rest.split_at_checked(usize::from(length))?;
    let value = value.iter().fold(0, |value, octet| value << 8 | u32::from(*octet));
    found.push(Record { id, length: usize::from(length), value });
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(octets: &[u8], wanted: &[(u8, usize, u32)]) {
        let wanted: Vec<_> = wanted.iter().map(|&(id, length, value)| Record { id, length, value }).collect();
        assert_eq!(records(octets).unwrap(), wanted, "{octets:02x?}");
    }

    #[test]
    fn both_layouts_are_cut() {
        check(&[0, 1, 4, 0, 0, 0, 9, 6, 1, 4, 0, 0, 0, 6, 0xff], &[(0, 4, 9), (6, 4, 6)]);
        check(&[0x82, 1, 0, 0xa0, 1, 7, 0xff], &[(0x82, 1, 0), (0xa0, 1, 7)]);
        check(&[0, 2, 0, 3, 0xa1, 4, 0, 0, 0, 6, 0xff], &[(0, 2, 3), (0xa1, 4, 6)]);
        check(&[0xa1, 1, 2, 4, 0x14, 0xff], &[(0xa1, 2, 0x0414)]);
        check(&[], &[]);
        check(&[0xff], &[]);
    }

    /// `83 01 04 84 01 10 ff` is two records of layout 2, though its head looks like layout 1.
    #[test]
    fn the_end_mark_decides_between_the_layouts() {
        check(&[0x83, 1, 4, 0x84, 1, 0x10, 0xff], &[(0x83, 1, 4), (0x84, 1, 0x10)]);
    }

    #[test]
    fn a_string_that_does_not_end_is_refused() {
        for octets in [&[0u8, 1, 4, 0, 0][..], &[0, 1, 4, 0, 0, 0, 9], &[0, 3, 1, 2, 3, 0xff], b"not records", &[0]] {
            assert!(records(octets).is_err(), "{octets:02x?}");
        }
    }
}
