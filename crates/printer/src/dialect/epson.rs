//! Epson: the status frame `@BDC ST2`, of which the page counts, the error and the serial number are read.
//!
//! ```text
//! 00 "@BDC ST2" 0d 0a   length, little endian   fields: id, length, octets
//!                       01 01 : status, 00 is an error        02 01 : which
//!                       36 14 : five counts of four octets, little endian: sheets, pages, colour, mono, blank
//!                       40 .. : serial number
//! ```
//!
//! A device that answers something else here (a label printer does) says nothing; a frame whose lengths do not meet is
//! refused as a whole. Ink levels (field 0f) are not read: tanks have no sensor and show a constant.

use super::Record;

const HEAD: &[u8] = b"@BDC ST2\r\n";
/// What may stand before the frame.
const MOST_BEFORE: usize = 4;
const STATUS: u8 = 0x01;
const ERROR: u8 = 0x02;
const PAGE_COUNTS: u8 = 0x36;
const COUNTS: usize = 5;
const SERIAL: u8 = 0x40;
const BROKEN: &str = "the octets are not a status frame whose lengths meet";

/// The counts as records 00 to 04, in the order of the field.
pub(super) fn page_counts(octets: &[u8]) -> Result<Vec<Record>, &'static str> {
    let counts = fields(octets)?.into_iter().rfind(|(id, value)| *id == PAGE_COUNTS && value.len() == 4 * COUNTS);
    let each = counts.map(|(_, value)| value.as_chunks::<4>().0).unwrap_or_default();
    Ok((0..).zip(each).map(|(id, four)| Record { id, length: 4, value: u32::from_le_bytes(*four) }).collect())
}

/// The error as record 02, if the status says that there is one.
pub(super) fn error(octets: &[u8]) -> Result<Vec<Record>, &'static str> {
    let fields = fields(octets)?;
    let code = |wanted: u8| match fields.iter().find(|(id, _)| *id == wanted) {
        Some((_, [code])) => Some(*code),
        _ => None,
    };
    let error = code(ERROR).filter(|_| code(STATUS) == Some(0));
    Ok(error.map(|code| Record { id: ERROR, length: 1, value: code.into() }).into_iter().collect())
}

/// The serial number; empty if there is none.
pub(super) fn serial(octets: &[u8]) -> &[u8] {
    let fields = fields(octets).unwrap_or_default();
    fields.into_iter().find(|(id, _)| *id == SERIAL).map(|(_, value)| value).unwrap_or_default()
}

/// The fields of a frame; none of what is no frame.
fn fields(octets: &[u8]) -> Result<Vec<(u8, &[u8])>, &'static str> {
    let starts = (0..=MOST_BEFORE).find_map(|before| octets.get(before..)?.strip_prefix(HEAD));
    let Some(frame) = starts else { return Ok(Vec::new()) };
    cut(frame).ok_or(BROKEN)
}

fn cut(frame: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let [low, high, fields @ ..] = frame else { return None };
    let mut fields = Some(fields).filter(|fields| fields.len() == usize::from(u16::from_le_bytes([*low, *high])))?;
    let mut found = Vec::new();
    while let [id, length, rest @ ..] = fields {
        let (value, behind) = rest.split_at_checked(usize::from(*length))?;
        found.push((*id, value));
        fields = behind;
    }
    fields.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(fields: &[u8]) -> Vec<u8> {
        let length = u16::try_from(fields.len()).unwrap().to_le_bytes();
        [b"\0".as_slice(), HEAD, &length, fields].concat()
    }

    fn counts(octets: &[u8]) -> Option<Vec<u32>> {
        page_counts(octets).ok().map(|records| records.iter().map(|record| record.value).collect())
    }

    #[test]
    fn the_counts_are_found_among_other_fields() {
        let mut fields = vec![0x01, 1, 4, 0x36, 20];
        for count in [10u32, 12, 7, 300, 0] {
            fields.extend(count.to_le_bytes());
        }
        fields.extend([0x37, 2, 1, 0]);
        assert_eq!(counts(&frame(&fields)), Some(vec![10, 12, 7, 300, 0]));
        assert_eq!(counts(frame(&fields).get(1..).unwrap()), Some(vec![10, 12, 7, 300, 0]));
        assert_eq!(counts(&frame(&[0x01, 1, 4])), Some(vec![]));
        // Another layout of the field is not guessed at.
        assert_eq!(counts(&frame(&[0x36, 4, 1, 0, 0, 0])), Some(vec![]));
    }

    #[test]
    fn an_error_is_one_only_where_the_status_says_so() {
        let codes = |fields: &[u8]| error(&frame(fields)).unwrap().iter().map(|one| one.value).collect::<Vec<_>>();
        assert_eq!(codes(&[0x01, 1, 0, 0x02, 1, 6]), [6]);
        assert!(codes(&[0x01, 1, 4, 0x02, 1, 6]).is_empty());
        assert!(codes(&[0x02, 1, 6]).is_empty());
        assert!(codes(&[0x01, 1, 0, 0x02, 2, 6, 0]).is_empty());
    }

    #[test]
    fn the_serial_number_is_a_field() {
        assert_eq!(serial(&frame(b"\x01\x01\x04\x40\x0aX3XY012345")), b"X3XY012345");
        assert_eq!(serial(&frame(&[0x01, 1, 4])), b"");
        assert_eq!(serial(b"X3XY012345"), b"");
    }

    #[test]
    fn what_is_no_frame_has_none_and_a_broken_one_is_refused() {
        assert_eq!(counts(b""), Some(vec![]));
        assert_eq!(counts(b"\x02^S(SMA,S,IL\x03\r\n"), Some(vec![]));
        for broken in [&[0x01, 9, 4][..], &[0x01], &[0x01, 1]] {
            assert_eq!(counts(&frame(broken)), None, "{broken:02x?}");
        }
        let mut short = frame(&[0x01, 1, 4]);
        short.pop();
        assert_eq!(counts(&short), None);
        assert_eq!(counts(HEAD), None);
    }
}
