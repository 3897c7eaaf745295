//! The SNMPv3 message (RFC 3412 §6) with the USM's parameters (RFC 3414 §2.4).
//!
//! ```text
//! SEQUENCE {
//!   INTEGER 3,
//!   SEQUENCE { msgID, msgMaxSize, msgFlags (1 octet), msgSecurityModel 3 },
//!   OCTET STRING { SEQUENCE { engineID, boots, time, userName, authParameters, privParameters } },
//!   ScopedPDU SEQUENCE { contextEngineID, contextName, PDU }   or   OCTET STRING (the same, encrypted)
//! }
//! ```
//!
//! This module is syntax only: digests and ciphers live in [`usm`](crate::usm).

use super::{Body, PduFields, encode_pdu};
use crate::ber::{Fault, FaultKind, Reader, Writer, tag};
use crate::oid::OidRef;
use crate::quirk::{Quirk, Quirks};
use crate::value::BindingRef;
use core::ops::Range;

/// msgFlags (RFC 3412 §6.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// The message carries a digest.
    pub auth: bool,
    /// The scoped PDU is encrypted.
    pub privacy: bool,
    /// The receiver may answer with a Report.
    pub reportable: bool,
}

impl Flags {
    fn from_octet(octet: u8) -> Self {
        Self { auth: octet & 1 != 0, privacy: octet & 2 != 0, reportable: octet & 4 != 0 }
    }

    fn octet(self) -> u8 {
        u8::from(self.auth) | u8::from(self.privacy) << 1 | u8::from(self.reportable) << 2
    }
}

/// A v3 message.
#[derive(Debug, Clone)]
pub struct V3Message<'a> {
    /// Pairs answer and request (0..2^31-1).
    pub msg_id: i32,
    /// The largest message the sender takes, in octets.
    pub max_size: u32,
    /// Security level and reportability.
    pub flags: Flags,
    /// The security parameters.
    pub usm: UsmParameters<'a>,
    /// The scoped PDU, plain or encrypted.
    pub payload: Payload<'a>,
    /// What was forgiven in the frame.
    pub quirks: Quirks,
}

/// The scoped PDU of a message.
#[derive(Debug, Clone)]
pub enum Payload<'a> {
    /// As it is.
    Plain(ScopedPdu<'a>),
    /// Encrypted; to be decrypted and given to [`decode_scoped_pdu`].
    Encrypted(&'a [u8]),
}

/// A PDU within its context (RFC 3412 §6.8).
#[derive(Debug, Clone)]
pub struct ScopedPdu<'a> {
    /// The engine whose context this is.
    pub context_engine_id: &'a [u8],
    /// The context's name.
    pub context_name: &'a [u8],
    /// What it says.
    pub body: Body<'a>,
}

/// UsmSecurityParameters (RFC 3414 §2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsmParameters<'a> {
    /// msgAuthoritativeEngineID.
    pub engine_id: &'a [u8],
    /// msgAuthoritativeEngineBoots.
    pub boots: u32,
    /// msgAuthoritativeEngineTime, in seconds.
    pub time: u32,
    /// msgUserName.
    pub user: &'a [u8],
    /// Where msgAuthenticationParameters lies in the datagram: these octets are zero while the digest is made.
    pub auth_range: Range<usize>,
    /// msgAuthenticationParameters.
    pub auth: &'a [u8],
    /// msgPrivacyParameters: the salt.
    pub privacy: &'a [u8],
}

impl<'a> V3Message<'a> {
    pub(super) fn read(mut reader: Reader<'a>, mut quirks: Quirks) -> Result<Self, Fault> {
        let quirks_in = &mut quirks;
        let header = reader.expect(tag::SEQUENCE, quirks_in)?;
        let mut header = Reader::within(header);
        let at = header;
        let msg_id = i32::try_from(header.integer(quirks_in)?).map_err(|_| at.fault(FaultKind::OutOfRange))?;
        let max_size = header.expect(tag::INTEGER, quirks_in)?.unsigned32(quirks_in)?;
        let at = header;
        let [flags] = header.octet_string(quirks_in)? else {
            return Err(at.fault(FaultKind::WrongSize));
        };
        let flags = Flags::from_octet(*flags);
        let at = header;
        let model = header.integer(quirks_in)?;
        if model != 3 {
            return Err(at.fault(FaultKind::UnknownSecurityModel(model)));
        }
        note_rest(header, quirks_in);
        let usm = UsmParameters::read(&mut reader, quirks_in)?;
        let payload = if flags.privacy {
            Payload::Encrypted(reader.octet_string(quirks_in)?)
        } else {
            Payload::Plain(ScopedPdu::read(&mut reader, quirks_in)?)
        };
        note_rest(reader, quirks_in);
        Ok(Self { msg_id, max_size, flags, usm, payload, quirks })
    }
}

impl<'a> UsmParameters<'a> {
    fn read(reader: &mut Reader<'a>, quirks: &mut Quirks) -> Result<Self, Fault> {
        let wrapped = reader.expect(tag::OCTET_STRING, quirks)?;
        let mut wrapped = Reader::within(wrapped);
        let sequence = wrapped.expect(tag::SEQUENCE, quirks)?;
        note_rest(wrapped, quirks);
        let mut reader = Reader::within(sequence);
        let engine_id = reader.octet_string(quirks)?;
        let boots = reader.expect(tag::INTEGER, quirks)?.unsigned32(quirks)?;
        let time = reader.expect(tag::INTEGER, quirks)?.unsigned32(quirks)?;
        let user = reader.octet_string(quirks)?;
        let auth = reader.expect(tag::OCTET_STRING, quirks)?;
        let privacy = reader.octet_string(quirks)?;
        note_rest(reader, quirks);
        let auth_range = auth.offset..auth.offset + auth.content.len();
        Ok(Self { engine_id, boots, time, user, auth_range, auth: auth.content, privacy })
    }
}

impl<'a> ScopedPdu<'a> {
    fn read(reader: &mut Reader<'a>, quirks: &mut Quirks) -> Result<Self, Fault> {
        let mut reader = Reader::within(reader.expect(tag::SEQUENCE, quirks)?);
        let context_engine_id = reader.octet_string(quirks)?;
        let context_name = reader.octet_string(quirks)?;
        let body = Body::read(&mut reader, quirks)?;
        note_rest(reader, quirks);
        Ok(Self { context_engine_id, context_name, body })
    }
}

fn note_rest(reader: Reader<'_>, quirks: &mut Quirks) {
    if !reader.is_empty() {
        quirks.note(Quirk::TrailingPdu);
    }
}

/// Decodes a decrypted scoped PDU. Octets after it are the cipher's padding (RFC 3414 §8.1.1.2) and no quirk.
pub fn decode_scoped_pdu<'a>(plain: &'a [u8], quirks: &mut Quirks) -> Result<ScopedPdu<'a>, Fault> {
    ScopedPdu::read(&mut Reader::new(plain), quirks)
}

/// Encodes a scoped PDU into a cleared writer. The answer is the offset of the request-id's content octets.
pub fn encode_scoped_pdu<'v>(
    writer: &mut Writer,
    context_engine_id: &[u8],
    context_name: &[u8],
    fields: PduFields,
    varbinds: impl DoubleEndedIterator<Item = (OidRef<'v>, BindingRef<'v>)>,
) -> usize {
    writer.clear();
    let id_from_end = encode_pdu(writer, fields, varbinds);
    writer.element(tag::OCTET_STRING, context_name);
    writer.element(tag::OCTET_STRING, context_engine_id);
    writer.header(tag::SEQUENCE, 0);
    writer.mark() - id_from_end
}

/// A v3 message to be sent; the digest is left as zeros for the USM to fill.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing3<'a> {
    /// Pairs answer and request (0..2^31-1).
    pub msg_id: i32,
    /// The largest message we take, in octets (at least 484).
    pub max_size: u32,
    /// Security level and reportability.
    pub flags: Flags,
    /// msgAuthoritativeEngineID.
    pub engine_id: &'a [u8],
    /// msgAuthoritativeEngineBoots.
    pub boots: u32,
    /// msgAuthoritativeEngineTime, in seconds.
    pub time: u32,
    /// msgUserName.
    pub user: &'a [u8],
    /// How many octets the digest takes, 0 without authentication.
    pub auth_length: usize,
    /// The salt, empty without privacy.
    pub salt: &'a [u8],
    /// The encoded scoped PDU if `flags.privacy` is off, else the ciphertext.
    pub scoped: &'a [u8],
}

/// Where the digest goes in the encoded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded3 {
    /// The zeros to be replaced by the digest, as a range of [`Writer::octets`].
    pub auth: Range<usize>,
}

/// Encodes a v3 message into a cleared writer.
pub fn encode_v3(writer: &mut Writer, message: &Outgoing3<'_>) -> Encoded3 {
    /// Longest digest of RFC 7860: HMAC-SHA-512 truncated to 384 bits.
    const ZEROS: [u8; 48] = [0; 48];
    writer.clear();
    if message.flags.privacy {
        writer.element(tag::OCTET_STRING, message.scoped);
    } else {
        writer.raw(message.scoped);
    }
    let parameters = writer.mark();
    writer.element(tag::OCTET_STRING, message.salt);
    let after_auth = writer.mark();
    let zeros = ZEROS.get(..message.auth_length).unwrap_or(&ZEROS);
    writer.element(tag::OCTET_STRING, zeros);
    writer.element(tag::OCTET_STRING, message.user);
    writer.integer(message.time.into());
    writer.integer(message.boots.into());
    writer.element(tag::OCTET_STRING, message.engine_id);
    writer.header(tag::SEQUENCE, parameters);
    writer.header(tag::OCTET_STRING, parameters);
    let header = writer.mark();
    writer.integer(3);
    writer.element(tag::OCTET_STRING, &[message.flags.octet()]);
    writer.integer(message.max_size.into());
    writer.integer(message.msg_id.into());
    writer.header(tag::SEQUENCE, header);
    writer.integer(3);
    writer.header(tag::SEQUENCE, 0);
    let end = writer.mark() - after_auth;
    Encoded3 { auth: end - zeros.len()..end }
}
