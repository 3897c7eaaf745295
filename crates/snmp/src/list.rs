//! What a walk has read, in the octets that it came in.
//!
//! A walk brings thousands of bindings. A name and a value of its own for each would be two copies and often two
//! allocations. Instead the bindings of an answer are kept in one piece, as they came, and of each it is noted where in it
//! its name and its octets lie; numbers are kept as numbers.
//!
//! ```text
//! octets   30 0f 06 0a 2b ... 41 01 07 | 30 11 06 0a ...      one answer after the other
//! rows           └── name ──┘ Counter32(7)     └─ ...
//! ```

use crate::oid::OidRef;
use crate::quirk::Quirks;
use crate::value::{Binding, BindingRef, ValueRef, VarBind, VarBindRef};
use core::fmt;
use core::net::Ipv4Addr;

/// Names with what stands behind them, in order (`VarBindList`, RFC 3416 §3).
#[derive(Clone, Default)]
pub struct VarBindList {
    octets: Vec<u8>,
    rows: Vec<Row>,
}

#[derive(Clone)]
struct Row {
    name: Span,
    quirks: Quirks,
    kept: Kept,
}

/// Where in the list's octets something lies. An answer that would go beyond 4 GiB is not taken.
#[derive(Clone, Copy)]
struct Span {
    at: u32,
    length: u32,
}

#[derive(Clone)]
enum Kept {
    Integer(i64),
    OctetString(Span),
    Null,
    ObjectIdentifier(Span),
    IpAddress(Ipv4Addr),
    Counter32(u32),
    Gauge32(u32),
    TimeTicks(u32),
    Counter64(u64),
    /// All that is rare.
    Other(Box<Binding>),
}

/// An answer that a list has taken in.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'a> {
    octets: &'a [u8],
    at: usize,
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
        self.rows.get(at).map(|row| self.view(row))
    }

    /// The last.
    pub fn last(&self) -> Option<VarBindRef<'_>> {
        self.rows.last().map(|row| self.view(row))
    }

    /// All in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = VarBindRef<'_>> + DoubleEndedIterator + Clone {
        self.rows.iter().map(|row| self.view(row))
    }

    /// Copies that own their octets.
    pub fn to_varbinds(&self) -> Vec<VarBind> {
        self.iter().map(VarBindRef::to_varbind).collect()
    }

    /// Takes in the octets of an answer's list; `None` if there is no room for so many.
    pub(crate) fn take_in<'a>(&mut self, octets: &'a [u8]) -> Option<Answer<'a>> {
        let at = self.octets.len();
        // What does not lie in the answer, such as a name without its padding, needs no more room than it did there.
        u32::try_from(octets.len().checked_mul(2)?.checked_add(at)?).ok()?;
        self.octets.extend_from_slice(octets);
        Some(Answer { octets, at })
    }

    /// Adds a binding of an answer that was taken in last.
    #[inline]
    pub(crate) fn push(&mut self, answer: Answer<'_>, varbind: &VarBindRef<'_>) {
        let name = self.name(answer, varbind.oid, varbind.quirks);
        let kept = match varbind.binding {
            BindingRef::Found(value) => match value {
                ValueRef::Integer(number) => Kept::Integer(number),
                ValueRef::OctetString(octets) => Kept::OctetString(self.span(answer, octets)),
                ValueRef::Null => Kept::Null,
                ValueRef::ObjectIdentifier(oid) => Kept::ObjectIdentifier(self.name(answer, oid, varbind.quirks)),
                ValueRef::IpAddress(address) => Kept::IpAddress(address),
                ValueRef::Counter32(count) => Kept::Counter32(count),
                ValueRef::Gauge32(level) => Kept::Gauge32(level),
                ValueRef::TimeTicks(ticks) => Kept::TimeTicks(ticks),
                ValueRef::Counter64(count) => Kept::Counter64(count),
                other => Kept::Other(Box::new(BindingRef::Found(other).to_binding())),
            },
            other => Kept::Other(Box::new(other.to_binding())),
        };
        self.rows.push(Row { name, quirks: varbind.quirks, kept });
    }

    /// True if this name is among those from a place on, which are in order.
    pub(crate) fn has(&self, from: usize, name: OidRef<'_>) -> bool {
        let rows = self.rows.get(from..).unwrap_or_default();
        rows.binary_search_by(|row| self.oid(row.name).cmp(&name)).is_ok()
    }

    /// A name in its minimal form: as it lies there, unless it is padded.
    #[inline(always)]
    fn name(&mut self, answer: Answer<'_>, oid: OidRef<'_>, quirks: Quirks) -> Span {
        if quirks.is_empty() || !oid.is_padded() {
            return self.span(answer, oid.octets());
        }
        self.append(oid.to_oid().octets())
    }

    #[inline(always)]
    fn span(&mut self, answer: Answer<'_>, octets: &[u8]) -> Span {
        // Octets that are alive at the same time share addresses only if they are the same.
        let at = octets.as_ptr().addr().wrapping_sub(answer.octets.as_ptr().addr());
        match at.checked_add(octets.len()) {
            Some(end) if end <= answer.octets.len() => {
                Span { at: (answer.at + at) as u32, length: octets.len() as u32 }
            }
            _ => self.append(octets),
        }
    }

    #[cold]
    fn append(&mut self, octets: &[u8]) -> Span {
        let at = self.octets.len() as u32;
        self.octets.extend_from_slice(octets);
        Span { at, length: octets.len() as u32 }
    }

    fn octets(&self, span: Span) -> &[u8] {
        let at = span.at as usize;
        self.octets.get(at..at + span.length as usize).unwrap_or_default()
    }

    fn oid(&self, name: Span) -> OidRef<'_> {
        OidRef::from_checked(self.octets(name))
    }

    fn view<'a>(&'a self, row: &'a Row) -> VarBindRef<'a> {
        let value = match &row.kept {
            Kept::Integer(number) => ValueRef::Integer(*number),
            Kept::OctetString(span) => ValueRef::OctetString(self.octets(*span)),
            Kept::Null => ValueRef::Null,
            Kept::ObjectIdentifier(name) => ValueRef::ObjectIdentifier(self.oid(*name)),
            Kept::IpAddress(address) => ValueRef::IpAddress(*address),
            Kept::Counter32(count) => ValueRef::Counter32(*count),
            Kept::Gauge32(level) => ValueRef::Gauge32(*level),
            Kept::TimeTicks(ticks) => ValueRef::TimeTicks(*ticks),
            Kept::Counter64(count) => ValueRef::Counter64(*count),
            Kept::Other(binding) => {
                return VarBindRef { oid: self.oid(row.name), binding: binding.as_ref().as_ref(), quirks: row.quirks };
            }
        };
        VarBindRef { oid: self.oid(row.name), binding: BindingRef::Found(value), quirks: row.quirks }
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
            for varbind in bindings {
                list.push(taken, &varbind);
                expected.push((varbind.to_varbind(), varbind.quirks));
            }
        }
        let kept: Vec<_> = list.iter().map(|row| (row.to_varbind(), row.quirks)).collect();
        assert_eq!(kept, expected);
        assert_eq!((list.len(), list.last(), list.get(100)), (100, list.get(99), None));
        let minimal = list.iter().all(|row| row.oid.octets() == row.oid.to_oid().octets());
        assert!(minimal && expected.iter().any(|(_, quirks)| !quirks.is_empty()));
    }
}
