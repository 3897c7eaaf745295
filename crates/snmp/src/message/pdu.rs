//! Protocol data units (RFC 3416 §3, and the v1 trap of RFC 1157 §4.1.6).
//!
//! ```text
//! PDU ::= [type] { request-id, error-status | non-repeaters, error-index | max-repetitions, SEQUENCE OF VarBind }
//! ```

use super::varbinds::{VarBinds, ip_address};
use crate::ber::{Fault, FaultKind, Reader, Tlv, Writer, tag};
use crate::oid::OidRef;
use crate::quirk::{Quirk, Quirks};
use crate::value::BindingRef;
use core::fmt;
use core::net::Ipv4Addr;
use core::ops::Range;

/// The type of a PDU; the discriminant is its identifier octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are those of RFC 3416")]
pub enum PduKind {
    Get = 0xa0,
    GetNext = 0xa1,
    Response = 0xa2,
    Set = 0xa3,
    GetBulk = 0xa5,
    Inform = 0xa6,
    TrapV2 = 0xa7,
    Report = 0xa8,
}

impl PduKind {
    fn from_tag(tag: u8) -> Option<Self> {
        Some(match tag {
            0xa0 => Self::Get,
            0xa1 => Self::GetNext,
            0xa2 => Self::Response,
            0xa3 => Self::Set,
            0xa5 => Self::GetBulk,
            0xa6 => Self::Inform,
            0xa7 => Self::TrapV2,
            0xa8 => Self::Report,
            _ => return None,
        })
    }
}

/// What an agent says went wrong (RFC 3416 §3). Any number is kept; the known ones have names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ErrorStatus(pub i64);

impl ErrorStatus {
    /// Nothing went wrong.
    pub const NO_ERROR: Self = Self(0);
    /// The answer would not fit a message.
    pub const TOO_BIG: Self = Self(1);
    /// v1: a name in the request does not exist.
    pub const NO_SUCH_NAME: Self = Self(2);
    /// The agent failed.
    pub const GEN_ERR: Self = Self(5);

    /// The name in RFC 3416, if it has one.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "noError",
            1 => "tooBig",
            2 => "noSuchName",
            3 => "badValue",
            4 => "readOnly",
            5 => "genErr",
            6 => "noAccess",
            7 => "wrongType",
            8 => "wrongLength",
            9 => "wrongEncoding",
            10 => "wrongValue",
            11 => "noCreation",
            12 => "inconsistentValue",
            13 => "resourceUnavailable",
            14 => "commitFailed",
            15 => "undoFailed",
            16 => "authorizationError",
            17 => "notWritable",
            18 => "inconsistentName",
            _ => return None,
        })
    }
}

impl fmt::Display for ErrorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "error-status {}", self.0),
        }
    }
}

impl fmt::Debug for ErrorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a message says.
#[derive(Debug, Clone)]
pub enum Body<'a> {
    /// Every PDU but the v1 trap.
    Pdu(Pdu<'a>),
    /// The v1 trap, which has fields of its own.
    TrapV1(TrapV1<'a>),
}

/// A PDU whose variable bindings are decoded as they are visited.
#[derive(Debug, Clone, Copy)]
pub struct Pdu<'a> {
    /// Its type.
    pub kind: PduKind,
    /// Pairs answer and request.
    pub request_id: i32,
    /// Error-status; in a GetBulk the number of non-repeaters.
    pub error_status: ErrorStatus,
    /// Error-index, counted from 1; in a GetBulk max-repetitions.
    pub error_index: u32,
    list: Tlv<'a>,
}

/// SNMPv1's trap (RFC 1157 §4.1.6).
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names are those of RFC 1157")]
pub struct TrapV1<'a> {
    pub enterprise: OidRef<'a>,
    pub agent: Ipv4Addr,
    pub generic: i64,
    pub specific: i64,
    pub uptime: u32,
    list: Tlv<'a>,
}

const TRAP_V1: u8 = 0xa4;

impl<'a> Body<'a> {
    pub(super) fn read(reader: &mut Reader<'a>, quirks: &mut Quirks) -> Result<Self, Fault> {
        let at = *reader;
        let element = reader.element(quirks)?;
        if element.tag == TRAP_V1 {
            return TrapV1::read(element, quirks).map(Self::TrapV1);
        }
        let Some(kind) = PduKind::from_tag(element.tag) else {
            return Err(at.fault(FaultKind::UnknownPdu(element.tag)));
        };
        Pdu::read(kind, element, quirks).map(Self::Pdu)
    }
}

impl<'a> Pdu<'a> {
    fn read(kind: PduKind, element: Tlv<'a>, quirks: &mut Quirks) -> Result<Self, Fault> {
        let mut reader = Reader::within(element);
        let at = reader;
        let wide = reader.integer(quirks)?;
        let request_id = match i32::try_from(wide) {
            Ok(id) => id,
            // Sent as an unsigned number (02 05 00 xx xx xx xx), or sign-extended from one (02 05 ff xx xx xx xx).
            Err(_) if (-(1 << 32)..1 << 32).contains(&wide) => {
                quirks.note(Quirk::WideRequestId);
                wide as i32
            }
            Err(_) => return Err(at.fault(FaultKind::OutOfRange)),
        };
        let error_status = ErrorStatus(reader.integer(quirks)?);
        let at = reader;
        let error_index = match reader.integer(quirks)? {
            ..0 => {
                quirks.note(Quirk::NegativeErrorIndex);
                0
            }
            index => u32::try_from(index).map_err(|_| at.fault(FaultKind::OutOfRange))?,
        };
        let list = read_list(&mut reader, quirks)?;
        Ok(Self { kind, request_id, error_status, error_index, list })
    }

    /// The variable bindings in order.
    pub fn varbinds(&self) -> VarBinds<'a> {
        VarBinds::new(self.list)
    }

    /// Where their octets lie in what was decoded.
    pub(crate) fn list_at(&self) -> Range<usize> {
        self.list.offset..self.list.offset + self.list.content.len()
    }
}

impl<'a> TrapV1<'a> {
    fn read(element: Tlv<'a>, quirks: &mut Quirks) -> Result<Self, Fault> {
        let mut reader = Reader::within(element);
        let enterprise = reader.expect(tag::OBJECT_IDENTIFIER, quirks)?.oid(quirks)?;
        let agent = ip_address(reader.expect(tag::IP_ADDRESS, quirks)?)?;
        let generic = reader.integer(quirks)?;
        let specific = reader.integer(quirks)?;
        let uptime = reader.expect(tag::TIME_TICKS, quirks)?.unsigned32(quirks)?;
        let list = read_list(&mut reader, quirks)?;
        Ok(Self { enterprise, agent, generic, specific, uptime, list })
    }

    /// The variable bindings in order.
    pub fn varbinds(&self) -> VarBinds<'a> {
        VarBinds::new(self.list)
    }
}

fn read_list<'a>(reader: &mut Reader<'a>, quirks: &mut Quirks) -> Result<Tlv<'a>, Fault> {
    let list = reader.expect(tag::SEQUENCE, quirks)?;
    if !reader.is_empty() {
        quirks.note(Quirk::TrailingPdu);
    }
    Ok(list)
}

/// The fixed fields of a PDU to be sent.
#[derive(Debug, Clone, Copy)]
pub struct PduFields {
    /// Its type.
    pub kind: PduKind,
    /// Pairs answer and request. From `0x0100_0000` to `0x7fff_ffff` it fills exactly four octets, so that a new id
    /// can be patched over the old one and the message stays minimal.
    pub request_id: i32,
    /// Error-status; in a GetBulk the number of non-repeaters.
    pub error_status: i64,
    /// Error-index, counted from 1; in a GetBulk max-repetitions.
    pub error_index: u32,
}

impl PduFields {
    /// A question: no error.
    pub const fn ask(kind: PduKind, request_id: i32) -> Self {
        Self { kind, request_id, error_status: 0, error_index: 0 }
    }
}

/// Encodes a PDU in front of what the writer holds. The answer is the distance of the request-id's first content octet
/// from the end of the writer's octets.
pub fn encode_pdu<'v>(
    writer: &mut Writer,
    fields: PduFields,
    varbinds: impl DoubleEndedIterator<Item = (OidRef<'v>, BindingRef<'v>)>,
) -> usize {
    let mark = writer.mark();
    for (oid, binding) in varbinds.rev() {
        writer.varbind(oid, binding);
    }
    writer.header(tag::SEQUENCE, mark);
    writer.integer(fields.error_index.into());
    writer.integer(fields.error_status);
    let after_id = writer.mark();
    writer.integer(fields.request_id.into());
    let id_length = writer.mark() - after_id - 2;
    writer.header(fields.kind as u8, mark);
    after_id + id_length
}
