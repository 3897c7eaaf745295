//! The subset of the Basic Encoding Rules that SNMP uses (X.690, RFC 3417 §8): definite lengths, one-octet tags.
//!
//! ```text
//! tag  length           content
//! 30   1c               ...          length below 128 in one octet
//! 30   82 01 2c         ...          length 300: 0x80 + number of length octets, then the length
//! ```
//!
//! [`Reader`] borrows and forgives what does no harm, noting each [`Quirk`](crate::Quirk); [`Writer`] emits only the
//! shortest form.

mod reader;
pub(crate) mod short;
mod writer;

pub use reader::{Reader, Tlv};
pub use writer::Writer;

/// Identifier octets (RFC 2578 §7.1, RFC 3416 §3).
pub mod tag {
    #![allow(missing_docs, reason = "the names are those of the standards")]
    pub const INTEGER: u8 = 0x02;
    pub const OCTET_STRING: u8 = 0x04;
    pub const NULL: u8 = 0x05;
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    pub const SEQUENCE: u8 = 0x30;
    pub const IP_ADDRESS: u8 = 0x40;
    pub const COUNTER32: u8 = 0x41;
    pub const GAUGE32: u8 = 0x42;
    pub const TIME_TICKS: u8 = 0x43;
    pub const OPAQUE: u8 = 0x44;
    pub const NSAP_ADDRESS: u8 = 0x45;
    pub const COUNTER64: u8 = 0x46;
    pub const UINTEGER32: u8 = 0x47;
    pub const NO_SUCH_OBJECT: u8 = 0x80;
    pub const NO_SUCH_INSTANCE: u8 = 0x81;
    pub const END_OF_MIB_VIEW: u8 = 0x82;
}

/// Octets that break the encoding rules beyond what can be forgiven, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("octet {offset}: {kind}")]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Octets before the fault, counted from the start of the buffer that was decoded (the datagram; for encrypted
    /// data the decrypted scoped PDU).
    pub offset: usize,
}

/// What is wrong with the octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultKind {
    /// A length reaches past the end of what encloses it, or the octets end inside a header.
    #[error("cut off: a length reaches past the end")]
    Truncated,
    /// The indefinite form, which RFC 3417 §8 forbids.
    #[error("indefinite length")]
    IndefiniteLength,
    /// A length of more than four octets.
    #[error("length of more than four octets")]
    LengthTooLong,
    /// A tag number that continues in further octets; SNMP has none.
    #[error("tag of more than one octet")]
    LongTag,
    /// Another type than the one that must stand here.
    #[error("expected tag {expected:#04x}, found {found:#04x}")]
    UnexpectedTag {
        /// The tag that must stand here.
        expected: u8,
        /// The tag that stands here.
        found: u8,
    },
    /// A number that does not fit its type.
    #[error("number out of range for its type")]
    OutOfRange,
    /// A value whose length its type does not allow, such as an IpAddress of five octets.
    #[error("wrong number of octets for the type")]
    WrongSize,
    /// Not an OID.
    #[error("bad OID: {0}")]
    BadOid(crate::oid::OidError),
    /// A message version other than 0 (v1), 1 (v2c) and 3 (v3).
    #[error("unknown SNMP version {0}")]
    UnknownVersion(i64),
    /// A tag that is no PDU type.
    #[error("unknown PDU type {0:#04x}")]
    UnknownPdu(u8),
    /// A v3 security model other than USM (3).
    #[error("unknown security model {0}")]
    UnknownSecurityModel(i64),
}
