//! The agent's misbehaviour on the wire: answers that break the encoding rules in ways that real devices do.
//!
//! A right answer is taken apart and written again with the [`Lie`]s in it; the file decides which.

use crate::scheme::Lie;
use dca_snmp::ber::{Writer, tag};
use dca_snmp::message::{Body, CommunityMessage, Message, Pdu, PduFields, PduKind, Version, encode_community};
use dca_snmp::{BindingRef, Oid, ValueRef, VarBindRef};

/// genErr to a v1 or v2c question, as from an agent that does not know its PDU type.
pub(crate) fn refuse(datagram: &[u8]) -> Option<Vec<u8>> {
    let (message, pdu) = community(datagram)?;
    let mut writer = Writer::new();
    let fields = PduFields { kind: PduKind::Response, request_id: pdu.request_id, error_status: 5, error_index: 1 };
    let asked: Vec<VarBindRef<'_>> = pdu.varbinds().collect();
    let names = asked.iter().map(|varbind| (varbind.oid, varbind.binding));
    encode_community(&mut writer, message.version, message.community, fields, names);
    Some(writer.octets().to_vec())
}

/// The answer with these lies in it, and with these rows as an IpAddress of five octets. An answer in v3 stays right:
/// its digest would no longer hold.
pub(crate) fn distort(answer: &[u8], lies: &[Lie], broken_rows: &[Oid]) -> Vec<u8> {
    let Some((message, pdu)) = community(answer) else {
        return answer.to_vec();
    };
    let liar = Liar { lies, broken_rows };
    let mut list = Vec::new();
    for varbind in pdu.varbinds() {
        let name = liar.element(tag::OBJECT_IDENTIFIER, varbind.oid.octets());
        let value = liar.binding(&varbind);
        list.extend(liar.element(tag::SEQUENCE, &[name, value].concat()));
    }
    let mut body = integer(pdu.request_id.into());
    body.extend(integer(pdu.error_status.0));
    body.extend(integer(pdu.error_index.into()));
    body.extend(liar.element(tag::SEQUENCE, &list));
    if liar.does(Lie::TrailingPdu) {
        body.extend([0x05, 0x00]);
    }
    let mut whole = integer(i64::from(message.version != Version::V1));
    whole.extend(liar.element(tag::OCTET_STRING, message.community));
    whole.extend(liar.element(pdu.kind as u8, &body));
    let mut datagram = liar.element(tag::SEQUENCE, &whole);
    if liar.does(Lie::TrailingMessage) {
        datagram.extend([0x00, 0x00, 0x00]);
    }
    datagram
}

struct Liar<'a> {
    lies: &'a [Lie],
    broken_rows: &'a [Oid],
}

impl Liar<'_> {
    fn does(&self, lie: Lie) -> bool {
        self.lies.contains(&lie)
    }

    fn binding(&self, varbind: &VarBindRef<'_>) -> Vec<u8> {
        if self.broken_rows.iter().any(|row| *row == varbind.oid) {
            return self.element(tag::IP_ADDRESS, &[10, 0, 0, 1, 0]);
        }
        let exception: &[u8] = if self.does(Lie::NullWithOctets) { &[0] } else { &[] };
        match varbind.binding {
            BindingRef::Found(value) => self.value(value),
            BindingRef::NoSuchObject => self.element(tag::NO_SUCH_OBJECT, exception),
            BindingRef::NoSuchInstance => self.element(tag::NO_SUCH_INSTANCE, exception),
            BindingRef::EndOfMibView => self.element(tag::END_OF_MIB_VIEW, exception),
            _ => Vec::new(),
        }
    }

    fn value(&self, value: ValueRef<'_>) -> Vec<u8> {
        match value {
            ValueRef::Integer(0) if self.does(Lie::EmptyInteger) => self.element(tag::INTEGER, &[]),
            ValueRef::Integer(number) if self.does(Lie::PaddedInteger) => {
                let fill = if number < 0 { 0xff } else { 0 };
                let low = (number as u32).to_be_bytes();
                self.element(tag::INTEGER, &[&[fill], low.as_slice()].concat())
            }
            ValueRef::Counter32(n) if self.does(Lie::NegativeUnsigned) => self.element(tag::COUNTER32, &stripped(n)),
            ValueRef::Gauge32(n) if self.does(Lie::NegativeUnsigned) => self.element(tag::GAUGE32, &stripped(n)),
            ValueRef::TimeTicks(n) if self.does(Lie::NegativeUnsigned) => self.element(tag::TIME_TICKS, &stripped(n)),
            right => {
                let mut writer = Writer::new();
                writer.value(right);
                writer.octets().to_vec()
            }
        }
    }

    fn element(&self, tag: u8, content: &[u8]) -> Vec<u8> {
        if self.does(Lie::LongLength) {
            let length = (content.len() as u32).to_be_bytes();
            return [&[tag, 0x84], length.as_slice(), content].concat();
        }
        let mut writer = Writer::new();
        writer.element(tag, content);
        writer.octets().to_vec()
    }
}

/// The fewest octets, without the leading 0 that would keep the number positive.
fn stripped(number: u32) -> Vec<u8> {
    let octets = number.to_be_bytes();
    let first = octets.iter().position(|octet| *octet != 0).unwrap_or(3);
    octets.into_iter().skip(first).collect()
}

fn integer(number: i64) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.integer(number);
    writer.octets().to_vec()
}

fn community(datagram: &[u8]) -> Option<(CommunityMessage<'_>, Pdu<'_>)> {
    match Message::decode(datagram).ok()? {
        Message::Community(message) => match message.body {
            Body::Pdu(pdu) => Some((message, pdu)),
            Body::TrapV1(_) => None,
        },
        Message::V3(_) => None,
    }
}
