//! One record as what differs from another.
//!
//! Two readings of a device differ in a few counters, so most of their encodings is the same octets in the same order. A
//! delta is a list of steps: so many octets as in the base, so many of the base skipped, so many new ones, and these. All
//! numbers are varints. Pure.

use crate::field::{Content, measured};

/// Octets that have to agree before two places are taken for the same.
const ANCHOR: usize = 8;
/// How far is looked for such a place, in both.
const WINDOW: usize = 48;
/// How far, before anything else is tried, for one as far on in both.
const STEADY: usize = 12;

/// What makes one encoded message out of another. Fields of the same number are told apart from each other, so that nothing has to be
/// looked for far away.
pub(super) fn encode_message(base: &[u8], record: &[u8]) -> Vec<u8> {
    let mut steps = Steps::new();
    match steps.fields(base, record, true) {
        Some(()) => steps.end(),
        None => encode(base, record),
    }
}

/// What makes `record` out of `base`.
pub(super) fn encode(base: &[u8], record: &[u8]) -> Vec<u8> {
    let mut steps = Steps::new();
    steps.between(base, record);
    steps.end()
}

/// A delta in the making, while both are gone through from the front.
#[derive(Debug)]
pub(super) struct Steps {
    out: Vec<u8>,
    /// Of the step that is under way: octets that are the same, and what is skipped behind them.
    same: usize,
    skipped: usize,
}

impl Steps {
    pub(super) fn new() -> Self {
        Self { out: Vec::with_capacity(128), same: 0, skipped: 0 }
    }

    /// So many octets are the same.
    pub(super) fn same(&mut self, octets: usize) {
        if self.skipped > 0 && octets > 0 {
            self.step(&[]);
        }
        self.same += octets;
    }

    /// The fields of one in place of those of the other; those that hold messages, if `within`, field by field as well. `None`: it is no
    /// message.
    fn fields(&mut self, mut old: &[u8], mut new: &[u8], within: bool) -> Option<()> {
        while !new.is_empty() {
            let (number, content, length) = measured(new)?;
            let (octets, rest) = new.split_at_checked(length)?;
            let (number_old, content_old, length_old) = match old.is_empty() {
                false => measured(old)?,
                true => (u32::MAX, Content::Number(0), 0),
            };
            if number_old > number {
                self.between(&[], octets);
                new = rest;
                continue;
            }
            let (octets_old, rest_old) = old.split_at_checked(length_old)?;
            old = rest_old;
            if number_old < number {
                self.between(octets_old, &[]);
                continue;
            }
            new = rest;
            match (content_old, content) {
                (Content::Octets(message_old), Content::Octets(message)) if within => {
                    self.between(but_last(octets_old, message_old.len()), but_last(octets, message.len()));
                    self.fields(message_old, message, false)?;
                }
                _ => self.between(octets_old, octets),
            }
        }
        self.skipped += old.len();
        Some(())
    }

    /// What comes next in one, in place of what comes next in the other.
    pub(super) fn between(&mut self, mut old: &[u8], mut new: &[u8]) {
        let front = common(old, new);
        self.same(front);
        (old, new) = (tail(old, front), tail(new, front));
        let back = common_at_end(old, new);
        (old, new) = (but_last(old, back), but_last(new, back));
        if old.is_empty() && !new.is_empty() {
            self.step(new);
            new = &[];
        }
        while !new.is_empty() {
            let (skipped, fresh) = differing(old, new);
            self.skipped += skipped;
            self.step(new.get(..fresh).unwrap_or(new));
            (old, new) = (tail(old, skipped), tail(new, fresh));
            let same = common(old, new);
            self.same(same);
            (old, new) = (tail(old, same), tail(new, same));
        }
        self.skipped += old.len();
        self.same(back);
    }

    fn step(&mut self, fresh: &[u8]) {
        number(&mut self.out, std::mem::take(&mut self.same));
        number(&mut self.out, std::mem::take(&mut self.skipped));
        number(&mut self.out, fresh.len());
        self.out.extend_from_slice(fresh);
    }

    /// The delta. What the base has more is nothing that would have to be said.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.skipped = 0;
        if self.same > 0 {
            self.step(&[]);
        }
        self.out
    }
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

fn but_last(octets: &[u8], count: usize) -> &[u8] {
    octets.get(..octets.len().saturating_sub(count)).unwrap_or_default()
}

fn common_at_end(a: &[u8], b: &[u8]) -> usize {
    a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// How many octets from the front are the same.
pub(super) fn common(a: &[u8], b: &[u8]) -> usize {
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
        let message = encode_message(base, record);
        assert_eq!(apply(base, &message, record.len()).as_deref(), Some(record));
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
