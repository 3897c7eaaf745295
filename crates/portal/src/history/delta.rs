//! One record as what differs from another.
//!
//! Two readings of a device differ in a few counters, so most of their encodings is the same octets in the same order. A
//! delta is a list of steps: so many octets as in the base, so many of the base skipped, so many new ones, and these. All
//! numbers are varints. Pure.

/// Octets that have to agree before two places are taken for the same.
const ANCHOR: usize = 8;
/// How far is looked for such a place, in both.
const WINDOW: usize = 48;
/// How far, before anything else is tried, for one as far on in both.
const STEADY: usize = 12;

/// What makes `record` out of `base`.
pub(super) fn encode(base: &[u8], record: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    let (mut old, mut new) = (base, record);
    while !new.is_empty() {
        let same = common(old, new);
        let (after_old, after_new) = (tail(old, same), tail(new, same));
        let (skipped, fresh) = differing(after_old, after_new);
        number(&mut out, same);
        number(&mut out, skipped);
        number(&mut out, fresh);
        out.extend_from_slice(after_new.get(..fresh).unwrap_or(after_new));
        (old, new) = (tail(after_old, skipped), tail(after_new, fresh));
    }
    out
}

/// The record, of at most `most` octets. `None` if the delta is none to this base.
pub(super) fn apply(base: &[u8], delta: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(base.len().min(most));
    let (mut old, mut rest) = (base, delta);
    while !rest.is_empty() {
        let (same, skipped, fresh) = (take_number(&mut rest)?, take_number(&mut rest)?, take_number(&mut rest)?);
        out.extend_from_slice(old.get(..same)?);
        old = old.get(same..)?.get(skipped..)?;
        out.extend_from_slice(rest.get(..fresh)?);
        rest = rest.get(fresh..)?;
        if out.len() > most {
            return None;
        }
    }
    Some(out)
}

pub(super) fn number(out: &mut Vec<u8>, number: usize) {
    prost::encoding::encode_varint(number as u64, out);
}

pub(super) fn take_number(octets: &mut &[u8]) -> Option<usize> {
    usize::try_from(prost::encoding::decode_varint(octets).ok()?).ok()
}

fn tail(octets: &[u8], from: usize) -> &[u8] {
    octets.get(from..).unwrap_or_default()
}

/// How many octets from the front are the same.
fn common(a: &[u8], b: &[u8]) -> usize {
    // Blocks of a size that is known are compared in registers.
    let ((blocks_a, _), (blocks_b, _)) = (a.as_chunks::<32>(), b.as_chunks::<32>());
    let wide = blocks_a.iter().zip(blocks_b).take_while(|(a, b)| a == b).count() * 32;
    wide + tail(a, wide).iter().zip(tail(b, wide)).take_while(|(a, b)| a == b).count()
}

/// How much of both is passed over until they agree again.
fn differing(old: &[u8], new: &[u8]) -> (usize, usize) {
    let within = |octets: &[u8]| octets.len().checked_sub(ANCHOR).map_or(0, |last| last.min(WINDOW));
    let (most_skipped, most_fresh) = (within(old), within(new));
    // As much goes as comes, as when a number grows: that is nearly always the nearest, and a few octets more are no harm.
    for both in 1..=most_skipped.min(most_fresh).min(STEADY) {
        if agree(old, both, new, both) {
            return (both, both);
        }
    }
    // The nearest of all.
    for sum in 1..=most_skipped + most_fresh {
        for step in 0..=sum / 2 {
            let near = sum / 2;
            for (skipped, fresh) in [(near + step, sum - near - step), (near - step, sum + step - near)] {
                if skipped > most_skipped || fresh > most_fresh {
                    continue;
                }
                if agree(old, skipped, new, fresh) {
                    return (skipped, fresh);
                }
            }
        }
    }
    // One place further: the base has little more to say here.
    let end = new.len().min(WINDOW);
    (old.len().min(WINDOW), end)
}

/// Whether both go on alike from there.
fn agree(old: &[u8], skipped: usize, new: &[u8], fresh: usize) -> bool {
    let anchor = tail(old, skipped).first_chunk::<ANCHOR>();
    anchor.is_some() && anchor == tail(new, fresh).first_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(base: &[u8], record: &[u8]) -> usize {
        let delta = encode(base, record);
        assert_eq!(apply(base, &delta, record.len()).as_deref(), Some(record));
        delta.len()
    }

    #[test]
    fn a_counter_costs_little() {
        let base: Vec<u8> = (0..6_000_u32).flat_map(|it| it.to_le_bytes()).collect();
        let mut record = base.clone();
        record[5_000] ^= 1;
        record[9_001] ^= 3;
        record.insert(12_000, 7);
        assert!(check(&base, &record) < 30);
        // So many as before, nothing skipped, nothing new.
        assert_eq!(check(&base, &base), 5);
    }

    #[test]
    fn damaged_deltas_are_refused() {
        assert_eq!(apply(b"base", &[9, 0, 0], 100), None);
        assert_eq!(apply(b"base", &[0, 0, 200, 1], 100), None);
        assert_eq!(apply(&[0; 200], &[200, 1, 0, 0], 100), None);
    }

    proptest! {
        #[test]
        fn whatever_it_was_it_comes_back(
            base in proptest::collection::vec(0_u8..4, 0..400),
            cuts in proptest::collection::vec((0_usize..400, 0_usize..9, proptest::collection::vec(0_u8..4, 0..60)), 0..6),
        ) {
            let mut record = base.clone();
            for (at, gone, new) in cuts {
                let at = at.min(record.len());
                let end = (at + gone).min(record.len());
                record.splice(at..end, new);
            }
            check(&base, &record);
        }

        #[test]
        fn nothing_panics(base: Vec<u8>, delta: Vec<u8>) {
            let _ = apply(&base, &delta, 1_000);
        }
    }
}
