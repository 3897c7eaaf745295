//! Numbers in their shortest form, which nearly all are. `None` for every other form, and for longer ones: those are for [`Tlv`](super::Tlv), which tells what is unusual about them.

/// Two's complement (X.690 §8.3).
#[inline(always)]
pub(crate) fn signed(octets: &[u8]) -> Option<i32> {
    // The first octet is needless if the others say the same.
    let (number, without_first) = match *octets {
        [a] => return Some(i32::from(a as i8)),
        [a, b] => (i32::from(i16::from_be_bytes([a, b])), i32::from(b as i8)),
        [a, b, c] => (i32::from_be_bytes([a, b, c, 0]) >> 8, i32::from(i16::from_be_bytes([b, c]))),
        [a, b, c, d] => (i32::from_be_bytes([a, b, c, d]), i32::from_be_bytes([b, c, d, 0]) >> 8),
        _ => return None,
    };
    (number != without_first).then_some(number)
}

/// A number that is never negative: its first bit is the sign of two's complement, so it is 0.
#[inline(always)]
pub(crate) fn unsigned(octets: &[u8]) -> Option<u32> {
    match *octets {
        // Above 2^31 the sign needs an octet of its own.
        [0, a, b, c, d] if a >= 0x80 => Some(u32::from_be_bytes([a, b, c, d])),
        _ => signed(octets).and_then(|number| u32::try_from(number).ok()),
    }
}

/// The same up to 2^64.
#[inline]
pub(crate) fn unsigned64(octets: &[u8]) -> Option<u64> {
    let number = match *octets {
        [0] => return Some(0),
        // A leading 0 only where the sign bit would be set.
        [0, ref rest @ ..] if rest.first()? & 0x80 != 0 => rest,
        [first, ..] if (1..0x80).contains(&first) => octets,
        _ => return None,
    };
    match (number.first_chunk::<4>(), number.last_chunk::<4>()) {
        // Where the two overlap they say the same.
        (Some(high), Some(low)) if number.len() <= 8 => {
            let high = u64::from(u32::from_be_bytes(*high)) << (8 * (number.len() - 4));
            Some(high | u64::from(u32::from_be_bytes(*low)))
        }
        (None, _) => Some(number.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ber::Reader;
    use crate::quirk::Quirks;

    #[test]
    fn what_is_read_here_is_what_the_reader_reads_without_a_quirk() {
        let edges = [0x00, 0x01, 0x7f, 0x80, 0x81, 0xff];
        let mut contents = vec![vec![]];
        for length in 1..=5 {
            for number in 0..6_usize.pow(length) {
                contents.push((0..length).map(|at| edges[number / 6_usize.pow(at) % 6]).collect());
            }
        }
        let (mut here, mut there) = (0, 0);
        for content in contents {
            let element = [&[2, content.len() as u8], content.as_slice()].concat();
            let mut quirks = Quirks::NONE;
            let tlv = Reader::new(&element).element(&mut quirks).unwrap();
            let number = tlv.integer(&mut quirks).ok().filter(|_| quirks.is_empty());
            let expected = number.filter(|_| content.len() <= 4);
            assert_eq!(signed(&content).map(i64::from), expected, "{content:02x?}");

            let mut quirks = Quirks::NONE;
            let number = tlv.unsigned32(&mut quirks).ok().filter(|_| quirks.is_empty());
            assert_eq!(unsigned(&content), number, "{content:02x?}");

            for content in [content.clone(), [content.as_slice(), &[0x80, 1, 2, 3]].concat()] {
                let element = [&[2, content.len() as u8], content.as_slice()].concat();
                let mut quirks = Quirks::NONE;
                let tlv = Reader::new(&element).element(&mut quirks).unwrap();
                let number = tlv.unsigned(64, &mut quirks).ok().filter(|_| quirks.is_empty());
                assert_eq!(unsigned64(&content), number, "{content:02x?}");
            }
            here += usize::from(signed(&content).is_some());
            there += usize::from(unsigned(&content).is_some());
        }
        assert!(here > 500 && there > 500, "{here} {there}");
    }
}
