//! Writing: from the back to the front, so that every length is known when its header is written and nothing moves.

use super::tag;
use crate::oid::OidRef;
use crate::value::{BindingRef, ValueRef};

/// A buffer that fills from its end. Reused between messages it allocates nothing.
///
/// Elements are written last first: content, then [`header`](Self::header) over what was written since a
/// [`mark`](Self::mark).
#[derive(Debug, Default, Clone)]
pub struct Writer {
    buffer: Vec<u8>,
    /// The first used octet of `buffer`.
    start: usize,
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what was written, keeps the memory.
    pub fn clear(&mut self) {
        self.start = self.buffer.len();
    }

    /// What has been written, front to back.
    pub fn octets(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// What has been written, to be patched in place.
    pub fn octets_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.start..).unwrap_or_default()
    }

    /// How much has been written: the distance of the next element's last octet from the end.
    pub fn mark(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Writes octets as they are.
    #[inline]
    pub fn raw(&mut self, octets: &[u8]) {
        if let Some(room) = self.room(octets.len()) {
            room.copy_from_slice(octets);
        }
    }

    /// Takes `length` octets in front of what was written.
    #[inline]
    fn room(&mut self, length: usize) -> Option<&mut [u8]> {
        if length > self.start {
            self.grow(length);
        }
        let end = self.start;
        self.start -= length;
        self.buffer.get_mut(self.start..end)
    }

    /// Writes tag and length over what was written since `mark`.
    pub fn header(&mut self, tag: u8, mark: usize) {
        let length = self.mark() - mark;
        if let Ok(short @ 0..0x80) = u8::try_from(length) {
            self.raw(&[tag, short]);
            return;
        }
        let octets = (length as u64).to_be_bytes();
        let skip = octets.iter().take_while(|octet| **octet == 0).count();
        self.raw(octets.get(skip..).unwrap_or_default());
        self.raw(&[tag, 0x80 | (octets.len() - skip) as u8]);
    }

    /// Writes one element around content.
    #[inline]
    pub fn element(&mut self, tag: u8, content: &[u8]) {
        if let Ok(short @ 0..0x80) = u8::try_from(content.len())
            && let Some([into_tag, into_length, into_content @ ..]) = self.room(content.len() + 2)
        {
            (*into_tag, *into_length) = (tag, short);
            into_content.copy_from_slice(content);
            return;
        }
        let mark = self.mark();
        self.raw(content);
        self.header(tag, mark);
    }

    /// Writes a signed number in the fewest octets.
    pub fn signed(&mut self, tag: u8, number: i64) {
        if let Ok(octet) = i8::try_from(number) {
            return self.raw(&[tag, 1, octet as u8]);
        }
        // Bits in front that say what the sign bit says once more; whole octets of them are left out.
        let repeated = (number ^ (number >> 63)).leading_zeros() - 1;
        self.element(tag, number.to_be_bytes().get(repeated as usize / 8..).unwrap_or_default());
    }

    /// Writes an unsigned number in the fewest octets, with a leading 0 where the sign bit would be set.
    pub fn unsigned(&mut self, tag: u8, number: u64) {
        let significant = u64::BITS - number.leading_zeros();
        let octets = u128::from(number).to_be_bytes();
        self.element(tag, octets.get(15 - significant as usize / 8..).unwrap_or_default());
    }

    /// Writes an INTEGER.
    pub fn integer(&mut self, number: i64) {
        self.signed(tag::INTEGER, number);
    }

    /// Writes an OID, in the minimal form even if it was received padded.
    pub fn oid(&mut self, oid: OidRef<'_>) {
        if !oid.is_padded() {
            return self.element(tag::OBJECT_IDENTIFIER, oid.octets());
        }
        let mark = self.mark();
        oid.minimal_subids().rev().for_each(|subid| self.raw(subid));
        self.header(tag::OBJECT_IDENTIFIER, mark);
    }

    /// Writes a value.
    pub fn value(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Integer(number) => self.integer(number),
            ValueRef::OctetString(octets) => self.element(tag::OCTET_STRING, octets),
            ValueRef::Null => self.element(tag::NULL, &[]),
            ValueRef::ObjectIdentifier(oid) => self.oid(oid),
            ValueRef::IpAddress(address) => self.element(tag::IP_ADDRESS, &address.octets()),
            ValueRef::Counter32(count) => self.unsigned(tag::COUNTER32, count.into()),
            ValueRef::Gauge32(level) => self.unsigned(tag::GAUGE32, level.into()),
            ValueRef::TimeTicks(ticks) => self.unsigned(tag::TIME_TICKS, ticks.into()),
            ValueRef::Opaque(octets) => self.element(tag::OPAQUE, octets),
            ValueRef::NsapAddress(octets) => self.element(tag::NSAP_ADDRESS, octets),
            ValueRef::Counter64(count) => self.unsigned(tag::COUNTER64, count),
            ValueRef::UInteger32(number) => self.unsigned(tag::UINTEGER32, number.into()),
            ValueRef::Unknown { tag, octets } => self.element(tag, octets),
        }
    }

    /// Writes one variable binding. Of a malformed one the raw octets are put back into a binding's frame.
    pub fn varbind(&mut self, oid: OidRef<'_>, binding: BindingRef<'_>) {
        if matches!(binding, BindingRef::Found(ValueRef::Null)) && self.asked(oid).is_some() {
            return;
        }
        let mark = self.mark();
        match binding {
            BindingRef::Found(value) => self.value(value),
            BindingRef::NoSuchObject => self.element(tag::NO_SUCH_OBJECT, &[]),
            BindingRef::NoSuchInstance => self.element(tag::NO_SUCH_INSTANCE, &[]),
            BindingRef::EndOfMibView => self.element(tag::END_OF_MIB_VIEW, &[]),
            BindingRef::Malformed(bad) => {
                self.element(tag::SEQUENCE, bad.raw);
                return;
            }
        }
        self.oid(oid);
        self.header(tag::SEQUENCE, mark);
    }

    /// Writes the binding of a question in one go; `None` without a trace where its name is long or padded.
    #[inline(always)]
    fn asked(&mut self, oid: OidRef<'_>) -> Option<()> {
        let name = oid.octets();
        let (Ok(whole @ 0..0x80), false) = (u8::try_from(name.len() + 4), oid.is_padded()) else { return None };
        let [sequence, length, kind, name_length, into_name @ .., null, none] = self.room(name.len() + 6)? else {
            return None;
        };
        (*sequence, *length, *kind, *name_length) = (tag::SEQUENCE, whole, tag::OBJECT_IDENTIFIER, whole - 4);
        (*null, *none) = (tag::NULL, 0);
        copy(into_name, name);
        Some(())
    }

    #[cold]
    fn grow(&mut self, needed: usize) {
        let used = self.mark();
        let size = (used + needed).next_power_of_two().max(512);
        let mut buffer = vec![0; size];
        if let Some(tail) = buffer.get_mut(size - used..) {
            tail.copy_from_slice(self.octets());
        }
        self.start = size - used;
        self.buffer = buffer;
    }
}

/// Copies `from` into as many octets; a name of the usual length in two words that may overlap, which needs no call.
#[inline(always)]
fn copy(into: &mut [u8], from: &[u8]) {
    let words = from.first_chunk::<8>().zip(from.last_chunk::<8>());
    let Some((first, last)) = words.filter(|_| from.len() <= 16 && into.len() == from.len()) else {
        return into.copy_from_slice(from);
    };
    if let Some(into) = into.first_chunk_mut() {
        *into = *first;
    }
    if let Some(into) = into.last_chunk_mut() {
        *into = *last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ber::Reader;
    use crate::quirk::Quirks;

    #[test]
    fn numbers_take_the_fewest_octets() {
        // Around each power of two, where another octet is needed or no more.
        let edges = (0..64).flat_map(|bit| [-1, 0, 1].map(|more| (1_i64 << bit).wrapping_add(more)));
        for number in edges.flat_map(|edge| [edge, edge.wrapping_neg()]) {
            let (mut writer, mut quirks) = (Writer::new(), Quirks::NONE);
            writer.integer(number);
            writer.unsigned(tag::COUNTER64, number as u64);
            let mut reader = Reader::new(writer.octets());
            let unsigned = reader.element(&mut quirks).unwrap().unsigned(64, &mut quirks);
            let signed = reader.integer(&mut quirks);
            // Needless octets would be quirks, and so would an unsigned number that looks negative.
            assert_eq!((unsigned, signed, quirks), (Ok(number as u64), Ok(number), Quirks::NONE), "{number}");
            assert!(reader.is_empty());
        }
    }
}
