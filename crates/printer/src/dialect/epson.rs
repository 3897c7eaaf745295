//! Epson: the status frame `@BDC ST2`, of which the page counts are read.
//!
//! ```text
//! 00 "@BDC ST2" 0d 0a   length, little endian   fields: id, length, octets
//!                       36 14 : five counts of four octets, little endian: sheets, pages, colour, mono, blank
//! ```
//!
//! A device that answers something else here (a label printer does) has no counts; a frame whose lengths do not meet is
//! refused as a whole.

use super::Record;

const HEAD: &[u8] = b"@BDC ST2\r\n";
/// What may stand before the frame.
const MOST_BEFORE: usize = 4;
const PAGE_COUNTS: u8 = 0x36;
const COUNTS: usize = 5;

/// The counts as records 00 to 04, in the order of the field.
pub(super) fn page_counts(octets: &[u8]) -> Result<Vec<Record>, &'static str> {
    let starts = (0..=MOST_BEFORE).find_map(|before| octets.get(before..)?.strip_prefix(HEAD));
    let Some(frame) = starts else { return Ok(Vec::new()) };
    fields(frame).ok_or("the octets are not a status frame whose lengths meet")
}

fn fields(frame: &[u8]) -> Option<Vec<Record>> {
    let [low, high, fields @ ..] = frame else { return None };
    let mut fields = Some(fields).filter(|fields| fields.len() == usize::from(u16::from_le_bytes([*low, *high])))?;
    let mut counts = Vec::new();
    while let [id, length, rest @ ..] = fields {
        let (value, behind) = rest.split_at_checked(usize::from(*length))?;
        if *id == PAGE_COUNTS && value.len() == 4 * COUNTS {
            let (each, _) = value.as_chunks::<4>();
            counts =
                (0..).zip(each).map(|(id, four)| Record { id, length: 4, value: u32::from_le_bytes(*four) }).collect();
        }
        fields = behind;
    }
    fields.is_empty().then_some(counts)
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
