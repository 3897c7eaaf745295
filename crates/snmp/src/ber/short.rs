//! Numbers in their shortest form, which nearly all are. `None` for every other form, and for longer ones: those are for [`Tlv`](super::Tlv), which tells what is unusual about them.

/// Two's complement (X.690 §8.3) in the last `length` octets, of which there are one to eight.
///
/// Read as one word that ends with them, so `octets` must hold seven more in front of a single one. The time does not
/// depend on the length, which a processor cannot foresee.
#[inline(always)]
pub(crate) fn number(octets: &[u8], length: usize) -> Option<i64> {
    if !(1..=8).contains(&length) {
        return None;
    }
    let unused = 64 - 8 * length;
    let word = i64::from_be_bytes(*octets.last_chunk::<8>()?) << unused;
    // The first octet is needless if the first bit after it is the same as its eight.
    let needless = length > 1 && matches!(word >> 55, 0 | -1);
    (!needless).then_some(word >> unused)
}

/// Two's complement in at most four octets, where nothing stands in front of them.
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
        let mut read = 0;
        for content in contents {
            for content in [content.clone(), [content.as_slice(), &[0x80, 1, 2, 3]].concat()] {
                let element = [&[2, content.len() as u8], content.as_slice()].concat();
                let mut quirks = Quirks::NONE;
                let number_read = Reader::new(&element).element(&mut quirks).unwrap().integer(&mut quirks).ok();
                let expected = number_read.filter(|_| quirks.is_empty());
                assert_eq!(signed(&content).map(i64::from), expected.filter(|_| content.len() <= 4), "{content:02x?}");

                for before in [[0x00; 8], [0xff; 8]] {
                    let octets = [before.as_slice(), &element].concat();
                    assert_eq!(
                        number(&octets, content.len()),
                        expected.filter(|_| content.len() <= 8),
                        "{octets:02x?}"
                    );
                }
                read += usize::from(expected.is_some());
            }
        }
        assert!(read > 5_000, "{read}");
    }

    #[test]
    fn what_is_shorter_than_a_word_is_left_to_the_reader() {
        assert_eq!([0, 1, 8, 9, usize::MAX].map(|length| number(&[0, 0, 0, 0, 0, 0, 5], length)), [None; 5]);
        assert_eq!([0, 9, usize::MAX].map(|length| number(&[0, 0, 0, 0, 0, 0, 0, 5], length)), [None; 3]);
        assert_eq!(number(&[0, 0, 0, 0, 0, 0, 0, 5], 1), Some(5));
    }
}
