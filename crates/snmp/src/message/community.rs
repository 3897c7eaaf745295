//! The community-based message of SNMPv1 (RFC 1157 §4) and SNMPv2c (RFC 1901 §3).

use super::{Body, PduFields, Version, encode_pdu};
use crate::ber::{Fault, Reader, Writer, tag};
use crate::oid::OidRef;
use crate::quirk::{Quirk, Quirks};
use crate::value::BindingRef;

/// A v1 or v2c message.
#[derive(Debug, Clone)]
pub struct CommunityMessage<'a> {
    /// V1 or V2c.
    pub version: Version,
    /// The community, any octets.
    pub community: &'a [u8],
    /// What it says.
    pub body: Body<'a>,
    /// What was forgiven in the frame; see also [`VarBindRef::quirks`](crate::VarBindRef).
    pub quirks: Quirks,
}

impl<'a> CommunityMessage<'a> {
    pub(super) fn read(version: Version, mut reader: Reader<'a>, mut quirks: Quirks) -> Result<Self, Fault> {
        let community = reader.octet_string(&mut quirks)?;
        let body = Body::read(&mut reader, &mut quirks)?;
        if !reader.is_empty() {
            quirks.note(Quirk::TrailingPdu);
        }
        Ok(Self { version, community, body, quirks })
    }
}

/// Encodes a v1 or v2c message into a cleared writer. The answer is the offset of the four request-id octets in
/// [`Writer::octets`], for a retry that patches a new id into the same octets; see [`PduFields::request_id`].
pub fn encode_community<'v>(
    writer: &mut Writer,
    version: Version,
    community: &[u8],
    fields: PduFields,
    varbinds: impl DoubleEndedIterator<Item = (OidRef<'v>, BindingRef<'v>)>,
) -> usize {
    writer.clear();
    let id_from_end = encode_pdu(writer, fields, varbinds);
    writer.element(tag::OCTET_STRING, community);
    writer.integer(i64::from(version != Version::V1));
    writer.header(tag::SEQUENCE, 0);
    writer.mark() - id_from_end
}
