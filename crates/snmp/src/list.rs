//! What a walk has read, in the octets that it came in.
//!
//! A walk brings thousands of bindings. A name and a value of its own for each would be two copies and often two
//! allocations. Instead the bindings of an answer are kept as they came, one answer after the other, and of each it is
//! noted where it starts, and its value if that is plain. All others are decoded again by whoever looks at them.
//!
//! ```text
//! pieces   30 0f 06 0a 2b ... 41 01 07 30 11 06 0a ... | 30 0e 06 0a ...      as much as there was, then a larger one
//! rows     └── Counter32(7)            └── ...           └── ...
//! ```

use crate::message::{VarBinds, varbind_again};
use crate::oid::OidRef;
use crate::quirk::{Quirk, Quirks};
use crate::value::{BindingRef, ValueRef, VarBind, VarBindRef};
use core::fmt;

/// The largest piece that is made before it is needed: twice the largest answer, so that each is at least half full, and
/// as many as can be numbered hold 4 GiB.
const LARGE: usize = 128 * 1024;

/// Names with what stands behind them, in order (`VarBindList`, RFC 3416 §3).
#[derive(Clone, Default)]
pub struct VarBindList {
    /// Octets of answers, each answer in one piece. Pieces are not moved when more comes.
    pieces: Vec<Vec<u8>>,
    /// How many octets in all.
    size: usize,
    rows: Vec<Row>,
    /// Bindings that would not be the same if they were decoded again.
    odd: Vec<(VarBind, Quirks)>,
}

/// A binding in 16 octets.
#[derive(Clone, Copy)]
struct Row {
    /// Where it starts in its piece.
    at: u32,
    piece: u16,
    /// How long its name is, if its value is noted.
    name: u8,
    kept: Kept,
}

/// What is noted of a value.
#[derive(Clone, Copy)]
enum Kept {
    Integer(i32),
    Counter32(u32),
    Gauge32(u32),
    TimeTicks(u32),
    /// How long it is.
    OctetString(u8),
    /// Nothing: the binding is decoded again.
    Nothing,
    /// The place of the whole binding among the odd ones.
    Odd(u32),
}

/// An answer that a list has taken in: its piece, and where in it the answer ends.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    piece: u16,
    end: u32,
}

impl VarBindList {
    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The one at this place, counted from 0.
    pub fn get(&self, at: usize) -> Option<VarBindRef<'_>> {
        self.rows.get(at).map(|row| self.view(*row))
    }

    /// The last.
    pub fn last(&self) -> Option<VarBindRef<'_>> {
        self.rows.last().map(|row| self.view(*row))
    }

    /// All in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = VarBindRef<'_>> + DoubleEndedIterator + Clone {
        self.rows.iter().map(|row| self.view(*row))
    }

    /// Copies that own their octets.
    pub fn to_varbinds(&self) -> Vec<VarBind> {
        self.iter().map(VarBindRef::to_varbind).collect()
    }

    /// Takes in the octets of an answer's list; `None` if they would go beyond 4 GiB.
    pub(crate) fn take_in(&mut self, octets: &[u8]) -> Option<Answer> {
        let size = self.size.checked_add(octets.len())?;
        u32::try_from(size).ok()?;
        let has_room = |piece: &Vec<u8>| piece.capacity() - piece.len() >= octets.len();
        if !self.pieces.last().is_some_and(has_room) {
            // Twice as much as there was, as a growing vector would have it.
            self.pieces.push(Vec::with_capacity(octets.len().max(self.size.min(LARGE))));
        }
        let number = u16::try_from(self.pieces.len().checked_sub(1)?).ok()?;
        let piece = self.pieces.last_mut()?;
        piece.extend_from_slice(octets);
        self.size = size;
        Some(Answer { piece: number, end: piece.len() as u32 })
    }

    /// Adds a binding of an answer that was taken in, which starts so many octets before the answer's end.
    pub(crate) fn push(&mut self, answer: Answer, before_end: usize, varbind: &VarBindRef<'_>) {
        // Faults tell their offset in the datagram, and names are kept in their minimal form.
        let odd = varbind.quirks.has(Quirk::MalformedBinding) || varbind.quirks.has(Quirk::PaddedOid);
        let kept = if odd { self.keep(varbind) } else { Kept::Nothing };
        self.rows.push(Row { at: answer.at(before_end), piece: answer.piece, name: 0, kept });
    }

    /// Adds bindings of an answer, at most so many, as long as each is [next to](OidRef::next_to) the one before, of which
    /// the first is `last`. How many they were.
    ///
    /// By itself, so that the loop has the registers to itself.
    #[inline(never)]
    pub(crate) fn push_neighbours<'l, 'a: 'l>(
        &mut self,
        answer: Answer,
        bindings: &mut VarBinds<'a>,
        last: &mut OidRef<'l>,
        shared: usize,
        most: u32,
    ) -> u32 {
        let (mut rest, mut name, mut count) = (bindings.clone(), *last, 0);
        while count < most {
            let at = answer.at(rest.octets().len());
            let Some(varbind) = rest.next_to(name, shared) else { break };
            let kept = Kept::of(varbind.binding);
            self.rows.push(Row { at, piece: answer.piece, name: varbind.oid.octets().len() as u8, kept });
            (name, count) = (varbind.oid, count + 1);
        }
        (*bindings, *last) = (rest, name);
        count
    }

    #[cold]
    fn keep(&mut self, odd: &VarBindRef<'_>) -> Kept {
        let place = self.odd.len() as u32;
        self.odd.push((odd.to_varbind(), odd.quirks));
        Kept::Odd(place)
    }

    /// True if this name is among those from a place on, which are in order.
    pub(crate) fn has(&self, from: usize, name: OidRef<'_>) -> bool {
        let rows = self.rows.get(from..).unwrap_or_default();
        rows.binary_search_by(|row| self.view(*row).oid.cmp(&name)).is_ok()
    }

    #[inline]
    fn view(&self, row: Row) -> VarBindRef<'_> {
        let piece = self.pieces.get(usize::from(row.piece)).map_or(&[][..], Vec::as_slice);
        let (at, name) = (row.at as usize, usize::from(row.name));
        // A value is noted where the headers of binding, name and value have two octets each.
        let octets = |at: usize, length: usize| piece.get(at..at + length).unwrap_or_default();
        let value = match row.kept {
            Kept::Integer(number) => ValueRef::Integer(number.into()),
            Kept::Counter32(count) => ValueRef::Counter32(count),
            Kept::Gauge32(level) => ValueRef::Gauge32(level),
            Kept::TimeTicks(ticks) => ValueRef::TimeTicks(ticks),
            Kept::OctetString(length) => ValueRef::OctetString(octets(at + name + 6, length.into())),
            Kept::Nothing => return varbind_again(piece.get(at..).unwrap_or_default()),
            Kept::Odd(place) => return self.view_odd(place),
        };
        let oid = OidRef::from_checked(octets(at + 4, name));
        VarBindRef { oid, binding: BindingRef::Found(value), quirks: Quirks::NONE }
    }

    #[cold]
    fn view_odd(&self, place: u32) -> VarBindRef<'_> {
        let Some((odd, quirks)) = self.odd.get(place as usize) else { return varbind_again(&[]) };
        VarBindRef { oid: odd.oid.as_ref(), binding: odd.binding.as_ref(), quirks: *quirks }
    }
}

impl Answer {
    /// Where in its piece lies what starts so many octets before the answer's end.
    fn at(self, before_end: usize) -> u32 {
        self.end.wrapping_sub(before_end as u32)
    }
}

impl Kept {
    /// What can be noted of a value.
    #[inline(always)]
    fn of(binding: BindingRef<'_>) -> Self {
        let BindingRef::Found(value) = binding else { return Self::Nothing };
        match value {
            ValueRef::Integer(number) => i32::try_from(number).map_or(Self::Nothing, Self::Integer),
            ValueRef::Counter32(count) => Self::Counter32(count),
            ValueRef::Gauge32(level) => Self::Gauge32(level),
            ValueRef::TimeTicks(ticks) => Self::TimeTicks(ticks),
            ValueRef::OctetString(octets) => u8::try_from(octets.len()).map_or(Self::Nothing, Self::OctetString),
            _ => Self::Nothing,
        }
    }
}

/// The same names with the same values.
impl PartialEq for VarBindList {
    fn eq(&self, other: &Self) -> bool {
        self.iter().map(|row| (row.oid, row.binding)).eq(other.iter().map(|row| (row.oid, row.binding)))
    }
}
impl Eq for VarBindList {}

impl fmt::Debug for VarBindList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|row| (row.oid, row.binding))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ber::Writer;
    use crate::message::{Body, Message};

    /// An answer around these octets of bindings.
    fn answer(list: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        let mark = writer.mark();
        writer.raw(list);
        writer.header(0x30, mark);
        (0..2).for_each(|_| writer.integer(0));
        writer.integer(7);
        writer.header(0xa2, mark);
        writer.element(4, b"public");
        writer.integer(1);
        writer.header(0x30, mark);
        writer.octets().to_vec()
    }

    #[test]
    fn what_is_kept_is_what_came() {
        let values: [&[u8]; 20] = [
            &[2, 1, 0xfd],
            &[2, 0],
            &[2, 5, 0, 0, 0, 0, 5],
            &[4, 5, b't', b'o', b'n', b'e', b'r'],
            &[4, 0],
            &[5, 0],
            &[6, 3, 0x2b, 6, 1],
            &[6, 4, 0x2b, 0x80, 6, 1],
            &[6, 0],
            &[0x40, 4, 192, 0, 2, 1],
            &[0x40, 3, 192, 0, 2],
            &[0x41, 4, 0xff, 0xff, 0xff, 0xff],
            &[0x42, 1, 7],
            &[0x43, 1, 8],
            &[0x44, 2, 1, 2],
            &[0x46, 2, 1, 0],
            &[0x47, 1, 9],
            &[0x49, 1, 9],
            &[0x81, 0],
            &[2, 9, 1],
        ];
        // A short name, one with a long arc, a padded one, none, and one that cannot be read.
        let names: [&[u8]; 5] = [&[0x2b, 6, 1], &[0x2b, 6, 0x86, 0x8d, 0x1f], &[0x2b, 0x80, 6, 1], &[], &[0x2b, 0x86]];
        let binding = |name: &[u8], value: &[u8]| {
            let content = [&[6, name.len() as u8], name, value].concat();
            [&[0x30, content.len() as u8], content.as_slice()].concat()
        };
        let mut list = VarBindList::default();
        let mut expected = Vec::new();
        for value in values {
            let octets: Vec<u8> = names.iter().flat_map(|name| binding(name, value)).collect();
            let message = answer(&octets);
            let Ok(Message::Community(message)) = Message::decode(&message) else { panic!("a message") };
            let Body::Pdu(pdu) = &message.body else { panic!("a PDU") };
            let bindings = pdu.varbinds();
            let taken = list.take_in(bindings.octets()).unwrap();
            let mut bindings = bindings;
            loop {
                let rest = bindings.octets().len();
                let Some(varbind) = bindings.next() else { break };
                list.push(taken, rest, &varbind);
                expected.push((varbind.to_varbind(), varbind.quirks));
            }
        }
        let kept: Vec<_> = list.iter().map(|row| (row.to_varbind(), row.quirks)).collect();
        assert_eq!(kept, expected);
        assert_eq!((list.len(), list.last(), list.get(100)), (100, list.get(99), None));
        let (odd, all) = (list.odd.len(), list.clone());
        assert!(odd < 60 && all == list, "{odd} are kept as they were decoded");
        let minimal = list.iter().all(|row| row.oid.octets() == row.oid.to_oid().octets());
        assert!(minimal && expected.iter().any(|(_, quirks)| !quirks.is_empty()));
    }
}
