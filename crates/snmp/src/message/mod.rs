//! Messages: what one datagram holds. `decode` borrows from it; nothing is allocated.
//!
//! ```text
//! v1, v2c   SEQUENCE { version, community, PDU }                                    RFC 1157 §4, RFC 1901 §3
//! v3        SEQUENCE { version, HeaderData, security parameters, scoped PDU }       RFC 3412 §6
//! ```

mod community;
mod pdu;
mod v3;
mod varbinds;

pub use community::{CommunityMessage, encode_community};
pub use pdu::{Body, ErrorStatus, Pdu, PduFields, PduKind, TrapV1, encode_pdu};
pub use v3::{
    Encoded3, Flags, Outgoing3, Payload, ScopedPdu, UsmParameters, V3Message, decode_scoped_pdu, encode_scoped_pdu,
    encode_v3,
};
pub use varbinds::VarBinds;
pub(crate) use varbinds::varbind_again;

use crate::ber::{Fault, FaultKind, Reader, tag};
use crate::quirk::{Quirk, Quirks};

/// The protocol version of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// SNMPv1 (RFC 1157), 0 on the wire.
    V1,
    /// Community-based SNMPv2 (RFC 1901), 1 on the wire.
    V2c,
    /// SNMPv3 (RFC 3412), 3 on the wire.
    V3,
}

/// One message.
#[derive(Debug, Clone)]
pub enum Message<'a> {
    /// v1 or v2c.
    Community(CommunityMessage<'a>),
    /// v3.
    V3(V3Message<'a>),
}

impl<'a> Message<'a> {
    /// Decodes one datagram.
    ///
    /// The variable bindings are decoded as they are visited ([`Pdu::varbinds`]), so a bad one costs itself alone.
    /// The error is for a message whose frame cannot be understood.
    pub fn decode(datagram: &'a [u8]) -> Result<Self, Fault> {
        let mut quirks = Quirks::NONE;
        let mut outer = Reader::new(datagram);
        let whole = outer.expect(tag::SEQUENCE, &mut quirks)?;
        if !outer.is_empty() {
            quirks.note(Quirk::TrailingMessage);
        }
        let mut reader = Reader::within(whole);
        let at = reader;
        let version = match reader.integer(&mut quirks)? {
            0 => Version::V1,
            1 => Version::V2c,
            3 => return Ok(Self::V3(V3Message::read(reader, quirks)?)),
            other => return Err(at.fault(FaultKind::UnknownVersion(other))),
        };
        Ok(Self::Community(CommunityMessage::read(version, reader, quirks)?))
    }
}
