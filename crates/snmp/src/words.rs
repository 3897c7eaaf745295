//! The octets of OIDs looked at in words, eight at a time.

/// The bit in each octet of a word that says that the subidentifier goes on.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The lowest bit in each octet of a word.
const LOW: u64 = 0x0101_0101_0101_0101;

/// Not 0 if some octet is 0: a borrow reaches its high bit.
#[inline(always)]
fn zero_octets(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

/// True if any octet is 0x80 or more; eight octets at a time.
#[inline(always)]
pub(crate) fn any_high_bit(octets: &[u8]) -> bool {
    let (Some(first), Some(last)) = (octets.first_chunk::<8>(), octets.last_chunk::<8>()) else {
        return octets.iter().fold(0, |all, octet| all | octet) & 0x80 != 0;
    };
    let mut all = u64::from_ne_bytes(*first) | u64::from_ne_bytes(*last);
    if octets.len() > 16 {
        let (words, _) = octets.as_chunks::<8>();
        all = words.iter().fold(all, |all, word| all | u64::from_ne_bytes(*word));
    }
    all & HIGH != 0
}

/// Of the last word of 8 to 16 octets those that are not in the first. Two shifts, because all of them may be in it.
#[inline(always)]
fn after_first(last: u64, octets: usize) -> u64 {
    let shift = 4 * (16 - octets);
    last >> shift >> shift
}

/// True for the content octets of an OID that need no closer look: 8 to 16 of them, finished, unpadded, no arc of more than
/// four octets.
#[inline(always)]
pub(crate) fn is_usual(octets: &[u8]) -> bool {
    let (Some(first), Some(last)) = (octets.first_chunk::<8>(), octets.last_chunk::<8>()) else { return false };
    if octets.len() > 16 {
        return false;
    }
    let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    if (first | last) & HIGH == 0 {
        return true;
    }
    // One in each octet that continues; the highest octet of the product is the sum of all.
    let continuing = ((first & HIGH) >> 7) + ((after_first(last, octets.len()) & HIGH) >> 7);
    let continuing = continuing.wrapping_mul(LOW) >> 56;
    continuing < 4 && last >> 63 == 0 && (zero_octets(first ^ HIGH) | zero_octets(last ^ HIGH)) == 0
}

/// What a look at eight octets at a time tells.
pub(crate) struct Glance {
    /// Octets that continue a subidentifier.
    pub(crate) continuing: u32,
    /// Some octet is 0x80: needless if it leads a subidentifier.
    pub(crate) padding: bool,
}

impl Glance {
    #[inline]
    pub(crate) fn at(octets: &[u8]) -> Self {
        let look = |(count, padding): (u64, u64), word: u64| {
            let high = word & HIGH;
            let others = word ^ HIGH;
            // The highest octet of the product is the sum of all.
            (count + ((high >> 7).wrapping_mul(LOW) >> 56), padding | zero_octets(others))
        };
        if let Some((first, last)) = octets.first_chunk::<8>().zip(octets.last_chunk::<8>())
            && octets.len() <= 16
        {
            let first = look((0, 0), u64::from_le_bytes(*first));
            let (continuing, padding) = look(first, after_first(u64::from_le_bytes(*last), octets.len()));
            return Self { continuing: continuing as u32, padding: padding != 0 };
        }
        let (words, rest) = octets.as_chunks::<8>();
        let whole = words.iter().fold((0, 0), |sum, word| look(sum, u64::from_le_bytes(*word)));
        let (continuing, padding) = match octets.last_chunk::<8>() {
            _ if rest.is_empty() => whole,
            // Only the octets after the last whole word.
            Some(last) => look(whole, u64::from_le_bytes(*last) >> (64 - 8 * rest.len())),
            None => rest.iter().fold((0, 0), |(count, padding), octet| {
                (count + u64::from(octet >> 7), padding | u64::from(*octet == 0x80))
            }),
        };
        Self { continuing: continuing as u32, padding: padding != 0 }
    }
}

/// How many octets are the same in front of the first that differs, if that is larger in `mine` and no octet of `mine` from
/// there on is above 127.
#[inline(always)]
pub(crate) fn rises_at(mine: &[u8; 8], theirs: &[u8; 8]) -> Option<usize> {
    let (mine, theirs) = (u64::from_be_bytes(*mine), u64::from_be_bytes(*theirs));
    let same = (mine ^ theirs).leading_zeros() / 8;
    // If nothing differs, neither is larger.
    (mine > theirs && (mine << (8 * same)) & HIGH == 0).then_some(same as usize)
}

/// How many octets are the same from the start on.
#[inline]
pub(crate) fn same_octets(mine: &[u8], theirs: &[u8]) -> usize {
    let (my_words, my_rest) = mine.as_chunks::<8>();
    let (their_words, _) = theirs.as_chunks::<8>();
    let mut same = 0;
    for (mine, theirs) in my_words.iter().zip(their_words) {
        let difference = u64::from_le_bytes(*mine) ^ u64::from_le_bytes(*theirs);
        if difference != 0 {
            return same + difference.trailing_zeros() as usize / 8;
        }
        same += 8;
    }
    let my_rest = if my_words.len() <= their_words.len() { my_rest } else { mine.get(same..).unwrap_or_default() };
    let their_rest = theirs.get(same..).unwrap_or_default();
    same + my_rest.iter().zip(their_rest).take_while(|(mine, theirs)| mine == theirs).count()
}
