//! Variable bindings (RFC 3416 §3), decoded as they are visited.
//!
//! ```text
//! VarBind ::= SEQUENCE { name OBJECT IDENTIFIER, value }        30 len  06 len name  tag len value
//! ```

use crate::ber::{Fault, FaultKind, Reader, Tlv, short, tag};
use crate::oid::OidRef;
use crate::quirk::{Quirk, Quirks};
use crate::value::{BindingRef, MalformedRef, ValueRef, VarBindRef};
use core::net::Ipv4Addr;
use core::ops::Range;

/// Decodes variable bindings one by one. A bad binding is reported as [`BindingRef::Malformed`] and the next one
/// follows; only a binding whose length overruns the list ends it, as the last item.
#[derive(Debug, Clone)]
pub struct VarBinds<'a> {
    reader: Reader<'a>,
}

impl<'a> VarBinds<'a> {
    pub(super) fn new(list: Tlv<'a>) -> Self {
        Self { reader: Reader::within(list) }
    }

    /// Those that lie here in octets that were decoded before; see [`Pdu::list_at`](super::Pdu::list_at).
    pub(crate) fn at(octets: &'a [u8], list: Range<usize>) -> Self {
        let content = octets.get(list.clone()).unwrap_or_default();
        Self::new(Tlv { tag: tag::SEQUENCE, content, offset: list.start })
    }

    /// The octets of those that have not been visited.
    pub(crate) fn octets(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// The next binding, if it has the form that nearly all have and a name [next to](OidRef::next_to) another one. `None`,
    /// without moving on, says that it must be looked at more closely.
    #[inline(always)]
    pub(crate) fn next_to(&mut self, before: OidRef<'_>, shared: usize) -> Option<VarBindRef<'a>> {
        usual(&mut self.reader, |name| OidRef::next_to(before, name, shared))
    }
}

/// A binding that was decoded before without a fault, at the start of these octets. Its name is known to be good.
#[inline]
pub(crate) fn varbind_again(octets: &[u8]) -> VarBindRef<'_> {
    let mut reader = Reader::new(octets);
    let checked = |name| Some(OidRef::from_checked(name)).filter(|name| !name.is_empty());
    usual(&mut reader, checked).or_else(|| of_any_form(reader).0).unwrap_or(VarBindRef {
        oid: OidRef::from_checked(&[]),
        binding: BindingRef::Found(ValueRef::Null),
        quirks: Quirks::NONE,
    })
}

impl<'a> Iterator for VarBinds<'a> {
    type Item = VarBindRef<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<VarBindRef<'a>> {
        if let Some(varbind) = usual(&mut self.reader, unpadded) {
            return Some(varbind);
        }
        // By value, so that a loop over the usual ones can keep its place in registers.
        let (varbind, reader) = of_any_form(self.reader);
        self.reader = reader;
        varbind
    }
}

/// The next binding, with everything that is forgiven; none at the end.
#[inline(never)]
fn of_any_form<'a>(mut reader: Reader<'a>) -> (Option<VarBindRef<'a>>, Reader<'a>) {
    if reader.is_empty() {
        return (None, reader);
    }
    let mut quirks = Quirks::NONE;
    let at = reader;
    let varbind = match reader.element(&mut quirks) {
        Ok(element) if element.tag == tag::SEQUENCE => read_varbind(element, quirks),
        Ok(element) => {
            let fault = at.fault(FaultKind::UnexpectedTag { expected: tag::SEQUENCE, found: element.tag });
            malformed(fault, element.content, None, quirks)
        }
        Err(fault) => {
            reader = Reader::new(&[]);
            malformed(fault, at.rest(), None, quirks)
        }
    };
    (Some(varbind), reader)
}

/// The next binding, if it has the form that nearly all have: short lengths, a number or a string, nothing needless, nothing
/// to forgive, and a name that passes. `None`, without moving on, says that it must be looked at more closely.
#[inline(always)]
fn usual<'a>(reader: &mut Reader<'a>, passes: impl FnOnce(&'a [u8]) -> Option<OidRef<'a>>) -> Option<VarBindRef<'a>> {
    // All four octets as one word: tags as they must be, lengths below 0x80.
    let head = u32::from_be_bytes(*reader.rest().first_chunk()?);
    if head & 0xff80_ff80 != u32::from_be_bytes([tag::SEQUENCE, 0, tag::OBJECT_IDENTIFIER, 0]) {
        return None;
    }
    let (whole, name) = ((head >> 16) as u8, head as u8);
    // Where the next binding starts hangs on this length alone, so that the processor can be at both at a time.
    let (binding, rest) = reader.rest().split_at_checked(usize::from(whole) + 2)?;
    let (name, value) = binding.get(4..)?.split_at_checked(name.into())?;
    let [kind, length @ 0..0x80, ref content @ ..] = *value else { return None };
    if usize::from(length) != content.len() {
        return None;
    }
    let number = || short::number(binding, content.len());
    let oid = passes(name)?;
    let value = match kind {
        tag::INTEGER => ValueRef::Integer(i32::try_from(number()?).ok()?.into()),
        tag::OCTET_STRING => ValueRef::OctetString(content),
        tag::COUNTER32 => ValueRef::Counter32(number()?.try_into().ok()?),
        tag::GAUGE32 => ValueRef::Gauge32(number()?.try_into().ok()?),
        tag::TIME_TICKS => ValueRef::TimeTicks(number()?.try_into().ok()?),
        tag::COUNTER64 => ValueRef::Counter64(number()?.try_into().ok()?),
        tag::OBJECT_IDENTIFIER => ValueRef::ObjectIdentifier(unpadded(content)?),
        _ => return None,
    };
    reader.advance_to(rest);
    Some(VarBindRef { oid, binding: BindingRef::Found(value), quirks: Quirks::NONE })
}

#[inline(always)]
fn unpadded(octets: &[u8]) -> Option<OidRef<'_>> {
    OidRef::usual(octets).or_else(|| is_unpadded(octets).then_some(OidRef::from_checked(octets)))
}

#[inline(never)]
fn is_unpadded(octets: &[u8]) -> bool {
    matches!(OidRef::check(octets), Ok((oid, false)) if !oid.is_empty())
}

fn read_varbind(element: Tlv<'_>, mut quirks: Quirks) -> VarBindRef<'_> {
    let mut reader = Reader::within(element);
    let name = reader.expect(tag::OBJECT_IDENTIFIER, &mut quirks).and_then(|name| name.oid(&mut quirks));
    let oid = match name {
        Ok(oid) => oid,
        Err(fault) => return malformed(fault, element.content, None, quirks),
    };
    let binding = match reader.element(&mut quirks).and_then(|value| read_binding(value, &mut quirks)) {
        Ok(binding) => binding,
        Err(fault) => return malformed(fault, element.content, Some(oid), quirks),
    };
    if !reader.is_empty() {
        quirks.note(Quirk::TrailingBinding);
    }
    VarBindRef { oid, binding, quirks }
}

#[cold]
fn malformed<'a>(fault: Fault, raw: &'a [u8], oid: Option<OidRef<'a>>, mut quirks: Quirks) -> VarBindRef<'a> {
    quirks.note(Quirk::MalformedBinding);
    let oid = oid.unwrap_or(OidRef::from_checked(&[]));
    VarBindRef { oid, binding: BindingRef::Malformed(MalformedRef { fault, raw }), quirks }
}

fn read_binding<'a>(element: Tlv<'a>, quirks: &mut Quirks) -> Result<BindingRef<'a>, Fault> {
    let value = match element.tag {
        tag::INTEGER => {
            let number = element.integer(quirks)?;
            if i32::try_from(number).is_err() {
                quirks.note(Quirk::WideInteger);
            }
            ValueRef::Integer(number)
        }
        tag::OCTET_STRING => ValueRef::OctetString(element.content),
        tag::OBJECT_IDENTIFIER => ValueRef::ObjectIdentifier(element.oid(quirks)?),
        tag::COUNTER32 => ValueRef::Counter32(element.unsigned32(quirks)?),
        tag::GAUGE32 => ValueRef::Gauge32(element.unsigned32(quirks)?),
        tag::TIME_TICKS => ValueRef::TimeTicks(element.unsigned32(quirks)?),
        tag::COUNTER64 => ValueRef::Counter64(element.unsigned(64, quirks)?),
        tag::UINTEGER32 => ValueRef::UInteger32(element.unsigned32(quirks)?),
        tag::IP_ADDRESS => ValueRef::IpAddress(ip_address(element)?),
        tag::OPAQUE => ValueRef::Opaque(element.content),
        tag::NSAP_ADDRESS => ValueRef::NsapAddress(element.content),
        tag::NULL => {
            note_content(element, quirks);
            ValueRef::Null
        }
        tag::NO_SUCH_OBJECT => {
            note_content(element, quirks);
            return Ok(BindingRef::NoSuchObject);
        }
        tag::NO_SUCH_INSTANCE => {
            note_content(element, quirks);
            return Ok(BindingRef::NoSuchInstance);
        }
        tag::END_OF_MIB_VIEW => {
            note_content(element, quirks);
            return Ok(BindingRef::EndOfMibView);
        }
        tag => {
            quirks.note(Quirk::UnknownTag);
            ValueRef::Unknown { tag, octets: element.content }
        }
    };
    Ok(BindingRef::Found(value))
}

fn note_content(element: Tlv<'_>, quirks: &mut Quirks) {
    if !element.content.is_empty() {
        quirks.note(Quirk::NullWithOctets);
    }
}

pub(super) fn ip_address(element: Tlv<'_>) -> Result<Ipv4Addr, Fault> {
    <[u8; 4]>::try_from(element.content).map(Ipv4Addr::from).map_err(|_| element.fault(FaultKind::WrongSize))
}
