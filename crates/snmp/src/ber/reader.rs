//! Reading: a cursor that knows its offset in the whole datagram.

use super::{Fault, FaultKind, short, tag};
use crate::oid::{OidError, OidRef};
use crate::quirk::{Quirk, Quirks};

/// A cursor over octets. Every read either advances past one whole element or fails without moving on.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// Offset in the datagram of the octet after `rest`.
    end: usize,
}

/// One element: tag, content, and where the content starts in the datagram.
#[derive(Debug, Clone, Copy)]
pub struct Tlv<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
    /// Offset of the content in the datagram.
    pub offset: usize,
}

impl<'a> Reader<'a> {
    /// Over a whole buffer.
    pub fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets, end: octets.len() }
    }

    /// Over the content of an element.
    pub fn within(element: Tlv<'a>) -> Self {
        Self { rest: element.content, end: element.offset + element.content.len() }
    }

    /// Offset of the next octet in the datagram.
    pub fn offset(&self) -> usize {
        self.end - self.rest.len()
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes on at `rest`, a tail of what has not been read.
    #[inline]
    pub(crate) fn advance_to(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// True when everything has been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// A fault at the next octet.
    pub fn fault(&self, kind: FaultKind) -> Fault {
        Fault { kind, offset: self.offset() }
    }

    /// The next element, of any type.
    #[inline]
    pub fn element(&mut self, quirks: &mut Quirks) -> Result<Tlv<'a>, Fault> {
        let (tag, length, after) = match *self.rest {
            [tag, length @ 0..0x80, ref after @ ..] if tag & 0x1f != 0x1f => (tag, usize::from(length), after),
            _ => self.long_header(quirks)?,
        };
        let Some((content, rest)) = after.split_at_checked(length) else {
            return Err(self.fault(FaultKind::Truncated));
        };
        let offset = self.end - after.len();
        self.rest = rest;
        Ok(Tlv { tag, content, offset })
    }

    /// The next element, which must have this tag.
    #[inline]
    pub fn expect(&mut self, expected: u8, quirks: &mut Quirks) -> Result<Tlv<'a>, Fault> {
        match self.rest.first() {
            Some(&found) if found != expected => Err(self.fault(FaultKind::UnexpectedTag { expected, found })),
            _ => self.element(quirks),
        }
    }

    /// The next element as an INTEGER of any width up to 64 bits.
    #[inline]
    pub fn integer(&mut self, quirks: &mut Quirks) -> Result<i64, Fault> {
        if let [tag::INTEGER, 1, number, ref after @ ..] = *self.rest {
            self.rest = after;
            return Ok(i64::from(number as i8));
        }
        // As request-ids are.
        if let [tag::INTEGER, 4, a, b, c, d, ref after @ ..] = *self.rest
            && let Some(number) = short::signed(&[a, b, c, d])
        {
            self.rest = after;
            return Ok(number.into());
        }
        self.wider_integer(quirks)
    }

    #[inline(never)]
    fn wider_integer(&mut self, quirks: &mut Quirks) -> Result<i64, Fault> {
        self.expect(tag::INTEGER, quirks)?.integer(quirks)
    }

    /// The next element as an OCTET STRING.
    pub fn octet_string(&mut self, quirks: &mut Quirks) -> Result<&'a [u8], Fault> {
        Ok(self.expect(tag::OCTET_STRING, quirks)?.content)
    }

    #[inline(never)]
    fn long_header(&self, quirks: &mut Quirks) -> Result<(u8, usize, &'a [u8]), Fault> {
        // The shortest form for a length of one and of two octets.
        match *self.rest {
            [tag, 0x81, length @ 0x80..=0xff, ref after @ ..] if tag & 0x1f != 0x1f => {
                return Ok((tag, length.into(), after));
            }
            [tag, 0x82, high @ 1..=0xff, low, ref after @ ..] if tag & 0x1f != 0x1f => {
                return Ok((tag, u16::from_be_bytes([high, low]).into(), after));
            }
            _ => {}
        }
        self.any_header(quirks)
    }

    #[cold]
    fn any_header(&self, quirks: &mut Quirks) -> Result<(u8, usize, &'a [u8]), Fault> {
        let [tag, first, after @ ..] = self.rest else {
            return Err(self.fault(FaultKind::Truncated));
        };
        if tag & 0x1f == 0x1f {
            return Err(self.fault(FaultKind::LongTag));
        }
        let count = usize::from(first & 0x7f);
        if *first < 0x80 {
            return Ok((*tag, count, after));
        }
        if count == 0 {
            return Err(self.fault(FaultKind::IndefiniteLength));
        }
        if count > 4 {
            return Err(self.fault(FaultKind::LengthTooLong));
        }
        let Some((digits, after)) = after.split_at_checked(count) else {
            return Err(self.fault(FaultKind::Truncated));
        };
        let length = digits.iter().fold(0u32, |length, &digit| length << 8 | u32::from(digit));
        if length < 0x80 || digits.first() == Some(&0) {
            quirks.note(Quirk::LongLength);
        }
        let length = usize::try_from(length).map_err(|_| self.fault(FaultKind::Truncated))?;
        Ok((*tag, length, after))
    }
}

impl<'a> Tlv<'a> {
    /// A fault at the start of the content.
    pub fn fault(&self, kind: FaultKind) -> Fault {
        Fault { kind, offset: self.offset }
    }

    /// The content as a signed number in two's complement (X.690 §8.3).
    #[inline]
    pub fn integer(&self, quirks: &mut Quirks) -> Result<i64, Fault> {
        let octets = self.content;
        if let Some(number) = short::signed(octets) {
            return Ok(number.into());
        }
        let Some(&first) = octets.first() else {
            quirks.note(Quirk::EmptyInteger);
            return Ok(0);
        };
        let sign = i64::from(first as i8 >> 7);
        // Only sign may stand before the last eight octets, and the sign must still show in them.
        let significant = match octets.split_at_checked(octets.len().saturating_sub(8)) {
            Some((head, tail))
                if head.iter().all(|octet| *octet == sign as u8)
                    && tail.first().is_some_and(|octet| (octet ^ first) & 0x80 == 0) =>
            {
                tail
            }
            _ => return Err(self.fault(FaultKind::OutOfRange)),
        };
        if let [first, second, ..] = *octets
            && first == sign as u8
            && (first ^ second) & 0x80 == 0
        {
            quirks.note(Quirk::PaddedInteger);
        }
        Ok(significant.iter().fold(sign, |value, &octet| value << 8 | i64::from(octet)))
    }

    /// The content as an unsigned number of at most `bits` bits. A set sign bit is looked through: `41 04 ff ff ff ff`
    /// is 4294967295, and `41 01 f0` is 240.
    #[inline]
    pub fn unsigned(&self, bits: u32, quirks: &mut Quirks) -> Result<u64, Fault> {
        let octets = self.content;
        let excess = octets.len().saturating_sub(bits as usize / 8);
        let number = match octets.split_at_checked(excess) {
            Some((zeros, octets)) if zeros.iter().all(|octet| *octet == 0) => {
                octets.iter().fold(0, |value, &octet| value << 8 | u64::from(octet))
            }
            _ => return Err(self.fault(FaultKind::OutOfRange)),
        };
        match octets {
            [] => quirks.note(Quirk::EmptyInteger),
            [first, ..] if first & 0x80 != 0 => quirks.note(Quirk::NegativeUnsigned),
            [0, second, ..] if second & 0x80 == 0 => quirks.note(Quirk::PaddedInteger),
            _ => {}
        }
        Ok(number)
    }

    /// The content as an unsigned number of at most 32 bits.
    #[inline]
    pub fn unsigned32(&self, quirks: &mut Quirks) -> Result<u32, Fault> {
        self.unsigned(32, quirks)
            .and_then(|number| u32::try_from(number).map_err(|_| self.fault(FaultKind::OutOfRange)))
    }

    /// The content as an OID.
    #[inline]
    pub fn oid(&self, quirks: &mut Quirks) -> Result<OidRef<'a>, Fault> {
        if self.content.is_empty() {
            quirks.note(Quirk::EmptyOid);
            return Ok(crate::oid!("0.0"));
        }
        match OidRef::check(self.content) {
            Ok((oid, padded)) => {
                if padded {
                    quirks.note(Quirk::PaddedOid);
                }
                Ok(oid)
            }
            Err(error) => Err(self.bad_oid(error)),
        }
    }

    #[cold]
    fn bad_oid(&self, error: OidError) -> Fault {
        self.fault(FaultKind::BadOid(error))
    }
}
