//! An encoded message as its fields, without decoding them: <https://protobuf.dev/programming-guides/encoding/>.

use prost::encoding::decode_varint;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Content<'a> {
    /// A varint.
    Number(u64),
    /// Eight octets.
    Fixed(u64),
    Octets(&'a [u8]),
}

/// Takes a field. `None` also for kinds that this contract has nowhere.
#[inline]
pub(crate) fn field<'a>(octets: &mut &'a [u8]) -> Option<(u32, Content<'a>)> {
    let key = u32::try_from(number_of(octets)?).ok()?;
    let number = Some(key >> 3).filter(|number| *number > 0)?;
    let content = match key & 7 {
        0 => Content::Number(number_of(octets)?),
        1 => {
            let (content, rest) = octets.split_first_chunk::<8>()?;
            *octets = rest;
            Content::Fixed(u64::from_le_bytes(*content))
        }
        2 => {
            let length = usize::try_from(number_of(octets)?).ok()?;
            let (content, rest) = octets.split_at_checked(length)?;
            *octets = rest;
            Content::Octets(content)
        }
        _ => return None,
    };
    Some((number, content))
}

/// The field in front, and how many octets it takes.
#[inline]
pub(crate) fn measured(octets: &[u8]) -> Option<(u32, Content<'_>, usize)> {
    let mut rest = octets;
    let (number, content) = field(&mut rest)?;
    Some((number, content, octets.len() - rest.len()))
}

/// Takes a varint. Most have one octet.
#[inline]
fn number_of(octets: &mut &[u8]) -> Option<u64> {
    match octets.split_first() {
        Some((first, rest)) if *first < 0x80 => {
            *octets = rest;
            Some(u64::from(*first))
        }
        _ => decode_varint(octets).ok(),
    }
}
