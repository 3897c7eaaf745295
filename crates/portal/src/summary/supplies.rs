//! The supplies of a device in one piece, each ready to be kept: of a dozen one changes, and all are written down.

use super::{SUPPLIES, TEXT, shorten};
use crate::field::{Content, field};
use dca_wire::v1::Supply;
use prost::Message;

/// In `dca.v1.Supply`.
const DESCRIPTION: u32 = 2;
const SOURCE: u32 = 14;

/// Supplies as fields of a summary, and where each of them ends.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Supplies {
    octets: Vec<u8>,
    ends: Vec<usize>,
}

impl Supplies {
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(super) fn push(&mut self, supply: Supply) {
        prost::encoding::bytes::encode(SUPPLIES, &short(supply), &mut self.octets);
        self.ends.push(self.octets.len());
    }

    /// Puts one, which can be read, in place of another. There may be more of them than are kept.
    pub(super) fn set(&mut self, place: usize, supply: &[u8]) {
        let Some(end) = self.ends.get(place).copied() else { return };
        let begin = place.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end);
        let kept = sifted(supply).or_else(|| Supply::decode(supply).ok().map(short));
        let Some(kept) = kept else { return };
        let mut now = Vec::with_capacity(kept.len() + 4);
        prost::encoding::bytes::encode(SUPPLIES, &kept, &mut now);
        let (length, before) = (now.len(), end - begin);
        self.octets.splice(begin..end, now);
        for end in self.ends.iter_mut().skip(place) {
            *end = *end + length - before;
        }
    }
}

/// Where it was read from is for whoever asks for the reading.
fn short(mut supply: Supply) -> Vec<u8> {
    supply.source = None;
    shorten(&mut supply.description);
    supply.encode_to_vec()
}

/// The same without taking it apart. `None`: that has to be done.
fn sifted(supply: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(supply.len());
    let mut rest = supply;
    while !rest.is_empty() {
        let from = rest;
        match field(&mut rest)? {
            (SOURCE, _) => continue,
            (DESCRIPTION, Content::Octets(text)) if text.len() > TEXT => return None,
            _ => kept.extend_from_slice(from.get(..from.len() - rest.len())?),
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Summary;
    use dca_wire::v1::Source;

    #[test]
    fn each_can_be_replaced() {
        let supply = |text: &str, percent| Supply {
            description: text.to_owned(),
            percent: Some(percent),
            source: Some(Source { oid: Some("1.3.6".to_owned()), ..Source::default() }),
            installed: Some("2026".to_owned()),
            ..Supply::default()
        };
        let long = "ä".repeat(300);
        let mut all = [supply("black", 40.0), supply("cyan", 30.0), supply("waste", 20.0)];
        let mut supplies = Supplies::default();
        all.iter().for_each(|it| supplies.push(it.clone()));
        let check = |supplies: &Supplies, all: &[Supply]| {
            let mut wanted = all.to_vec();
            wanted.iter_mut().for_each(|it| {
                it.source = None;
                it.description = it.description.chars().take(TEXT).collect();
            });
            assert_eq!(Summary::read(supplies.octets()).supplies, wanted);
        };
        check(&supplies, &all);
        for (place, text) in [(1, "CYAN"), (0, "b"), (2, &long), (1, ""), (2, "a waste box"), (0, &long)] {
            all[place] = supply(text, 1.5);
            supplies.set(place, &all[place].encode_to_vec());
            check(&supplies, &all);
        }
        supplies.set(3, &all[0].encode_to_vec());
        check(&supplies, &all);
    }
}
