//! Values and variable bindings (RFC 2578 §7.1, RFC 3416 §3).
//!
//! The borrowed forms ([`ValueRef`], [`BindingRef`], [`VarBindRef`]) come out of a datagram without allocation; the
//! owned forms ([`Value`], [`Binding`], [`VarBind`]) are what a caller keeps.

use crate::ber::Fault;
use crate::oid::{Oid, OidRef};
use crate::quirk::Quirks;
use core::net::Ipv4Addr;

/// A value as it lies in the datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// INTEGER, tag 02. Wider than the SMI's 32 bits because some devices send more; see `Quirk::WideInteger`.
    Integer(i64),
    /// OCTET STRING, tag 04.
    OctetString(&'a [u8]),
    /// NULL, tag 05, as in a request.
    Null,
    /// OBJECT IDENTIFIER, tag 06.
    ObjectIdentifier(OidRef<'a>),
    /// IpAddress, tag 40.
    IpAddress(Ipv4Addr),
    /// Counter32, tag 41.
    Counter32(u32),
    /// Gauge32 and Unsigned32, tag 42.
    Gauge32(u32),
    /// TimeTicks in hundredths of a second, tag 43.
    TimeTicks(u32),
    /// Opaque, tag 44.
    Opaque(&'a [u8]),
    /// NsapAddress, tag 45 (historic, RFC 1442).
    NsapAddress(&'a [u8]),
    /// Counter64, tag 46.
    Counter64(u64),
    /// UInteger32, tag 47 (historic, RFC 1442).
    UInteger32(u32),
    /// Any other tag, with its content octets.
    Unknown {
        /// The identifier octet.
        tag: u8,
        /// The content octets.
        octets: &'a [u8],
    },
}

/// A value that owns its octets. The variants are those of [`ValueRef`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "documented on ValueRef")]
pub enum Value {
    Integer(i64),
    OctetString(Vec<u8>),
    Null,
    ObjectIdentifier(Oid),
    IpAddress(Ipv4Addr),
    Counter32(u32),
    Gauge32(u32),
    TimeTicks(u32),
    Opaque(Vec<u8>),
    NsapAddress(Vec<u8>),
    Counter64(u64),
    UInteger32(u32),
    Unknown { tag: u8, octets: Vec<u8> },
}

impl ValueRef<'_> {
    /// A copy that owns its octets.
    pub fn to_value(self) -> Value {
        match self {
            Self::Integer(number) => Value::Integer(number),
            Self::OctetString(octets) => Value::OctetString(octets.to_vec()),
            Self::Null => Value::Null,
            Self::ObjectIdentifier(oid) => Value::ObjectIdentifier(oid.to_oid()),
            Self::IpAddress(address) => Value::IpAddress(address),
            Self::Counter32(count) => Value::Counter32(count),
            Self::Gauge32(level) => Value::Gauge32(level),
            Self::TimeTicks(ticks) => Value::TimeTicks(ticks),
            Self::Opaque(octets) => Value::Opaque(octets.to_vec()),
            Self::NsapAddress(octets) => Value::NsapAddress(octets.to_vec()),
            Self::Counter64(count) => Value::Counter64(count),
            Self::UInteger32(number) => Value::UInteger32(number),
            Self::Unknown { tag, octets } => Value::Unknown { tag, octets: octets.to_vec() },
        }
    }
}

impl Value {
    /// Borrows this value.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::OctetString(octets) => ValueRef::OctetString(octets),
            Self::Null => ValueRef::Null,
            Self::ObjectIdentifier(oid) => ValueRef::ObjectIdentifier(oid.as_ref()),
            Self::IpAddress(address) => ValueRef::IpAddress(*address),
            Self::Counter32(count) => ValueRef::Counter32(*count),
            Self::Gauge32(level) => ValueRef::Gauge32(*level),
            Self::TimeTicks(ticks) => ValueRef::TimeTicks(*ticks),
            Self::Opaque(octets) => ValueRef::Opaque(octets),
            Self::NsapAddress(octets) => ValueRef::NsapAddress(octets),
            Self::Counter64(count) => ValueRef::Counter64(*count),
            Self::UInteger32(number) => ValueRef::UInteger32(*number),
            Self::Unknown { tag, octets } => ValueRef::Unknown { tag: *tag, octets },
        }
    }

    /// The number in any of the numeric types, else `None`. An OCTET STRING of digits is not a number here.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Counter32(n) | Self::Gauge32(n) | Self::TimeTicks(n) | Self::UInteger32(n) => Some(i64::from(*n)),
            Self::Counter64(count) => i64::try_from(*count).ok(),
            _ => None,
        }
    }

    /// The octets of an OCTET STRING, Opaque or NsapAddress.
    pub fn as_octets(&self) -> Option<&[u8]> {
        match self {
            Self::OctetString(octets) | Self::Opaque(octets) | Self::NsapAddress(octets) => Some(octets),
            _ => None,
        }
    }

    /// The OID of an OBJECT IDENTIFIER.
    pub fn as_oid(&self) -> Option<OidRef<'_>> {
        match self {
            Self::ObjectIdentifier(oid) => Some(oid.as_ref()),
            _ => None,
        }
    }
}

/// What stands behind a name in an answer, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingRef<'a> {
    /// A value.
    Found(ValueRef<'a>),
    /// The object type is not there (RFC 3416 §4.2.1), tag 80.
    NoSuchObject,
    /// The object type is there, this instance is not, tag 81.
    NoSuchInstance,
    /// Nothing lies beyond (RFC 3416 §4.2.2), tag 82.
    EndOfMibView,
    /// This one binding cannot be understood; the rest of the message can.
    Malformed(MalformedRef<'a>),
}

/// What stands behind a name in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "documented on BindingRef")]
pub enum Binding {
    Found(Value),
    NoSuchObject,
    NoSuchInstance,
    EndOfMibView,
    Malformed(Malformed),
}

/// One binding that cannot be understood, with the octets as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedRef<'a> {
    /// What is wrong, and where in the datagram.
    pub fault: Fault,
    /// The binding's content octets; if its length reaches past the list, all that is left of the list.
    pub raw: &'a [u8],
}

/// The owned form of [`MalformedRef`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong, and where in the datagram.
    pub fault: Fault,
    /// As in [`MalformedRef::raw`].
    pub raw: Vec<u8>,
}

/// A name and what stands behind it, borrowed from a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VarBindRef<'a> {
    /// The name. Empty when the name itself is malformed.
    pub oid: OidRef<'a>,
    /// What stands behind it.
    pub binding: BindingRef<'a>,
    /// What was forgiven in decoding this binding.
    pub quirks: Quirks,
}

/// A name and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VarBind {
    /// The name. Empty when the name itself is malformed.
    pub oid: Oid,
    /// What stands behind it.
    pub binding: Binding,
}

impl BindingRef<'_> {
    /// A copy that owns its octets.
    pub fn to_binding(self) -> Binding {
        match self {
            Self::Found(value) => Binding::Found(value.to_value()),
            Self::NoSuchObject => Binding::NoSuchObject,
            Self::NoSuchInstance => Binding::NoSuchInstance,
            Self::EndOfMibView => Binding::EndOfMibView,
            Self::Malformed(bad) => Binding::Malformed(Malformed { fault: bad.fault, raw: bad.raw.to_vec() }),
        }
    }
}

impl Binding {
    /// Borrows this binding.
    pub fn as_ref(&self) -> BindingRef<'_> {
        match self {
            Self::Found(value) => BindingRef::Found(value.as_ref()),
            Self::NoSuchObject => BindingRef::NoSuchObject,
            Self::NoSuchInstance => BindingRef::NoSuchInstance,
            Self::EndOfMibView => BindingRef::EndOfMibView,
            Self::Malformed(bad) => BindingRef::Malformed(MalformedRef { fault: bad.fault, raw: &bad.raw }),
        }
    }
}

impl<'a> VarBindRef<'a> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<ValueRef<'a>> {
        match self.binding {
            BindingRef::Found(value) => Some(value),
            _ => None,
        }
    }

    /// A copy that owns its octets.
    pub fn to_varbind(self) -> VarBind {
        VarBind { oid: self.oid.to_oid(), binding: self.binding.to_binding() }
    }
}

impl VarBind {
    /// A name with a value.
    pub fn found(oid: Oid, value: Value) -> Self {
        Self { oid, binding: Binding::Found(value) }
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<&Value> {
        match &self.binding {
            Binding::Found(value) => Some(value),
            _ => None,
        }
    }
}
