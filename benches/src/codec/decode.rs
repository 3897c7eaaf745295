//! Every decoder visits every name and value and gives a checksum of what it saw.

use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::CommunityMessage;
use dca_snmp::message::{Body, Message};
use dca_snmp::{BindingRef, ValueRef};

/// Decodes a datagram and gives a checksum of it.
type Decode = fn(&[u8]) -> u64;

/// Name and function of each decoder.
pub(crate) const DECODERS: &[(&str, Decode)] =
    &[("dca-snmp", ours), ("snmp2", snmp2), ("snmp", snmp), ("async-snmp", async_snmp), ("snmp-parser", snmp_parser)];

fn ours(datagram: &[u8]) -> u64 {
    let Ok(Message::Community(message)) = Message::decode(datagram) else { return 0 };
    let Body::Pdu(pdu) = message.body else { return 0 };
    pdu.varbinds().fold(0, |sum, varbind| {
        let value = match varbind.binding {
            BindingRef::Found(ValueRef::Integer(number)) => number as u64,
            BindingRef::Found(ValueRef::Counter32(n) | ValueRef::Gauge32(n) | ValueRef::TimeTicks(n)) => n.into(),
            BindingRef::Found(ValueRef::Counter64(n)) => n,
            BindingRef::Found(ValueRef::OctetString(octets)) => octets.len() as u64,
            BindingRef::Found(ValueRef::ObjectIdentifier(oid)) => oid.octets().len() as u64,
            _ => 0,
        };
        sum.wrapping_add(value).wrapping_add(varbind.oid.octets().len() as u64)
    })
}

fn snmp2(datagram: &[u8]) -> u64 {
    use snmp2::Value;
    let Ok(pdu) = snmp2::Pdu::from_bytes(datagram) else { return 0 };
    pdu.varbinds.fold(0, |sum, (name, value)| {
        let value = match value {
            Value::Integer(number) => number as u64,
            Value::Counter32(n) | Value::Unsigned32(n) | Value::Timeticks(n) => n.into(),
            Value::Counter64(n) => n,
            Value::OctetString(octets) => octets.len() as u64,
            Value::ObjectIdentifier(oid) => oid.as_bytes().len() as u64,
            _ => 0,
        };
        sum.wrapping_add(value).wrapping_add(name.as_bytes().len() as u64)
    })
}

fn snmp(datagram: &[u8]) -> u64 {
    use snmp::Value;
    let Ok(pdu) = snmp::SnmpPdu::from_bytes(datagram) else { return 0 };
    pdu.varbinds.fold(0, |sum, (name, value)| {
        let value = match value {
            Value::Integer(number) => number as u64,
            Value::Counter32(n) | Value::Unsigned32(n) | Value::Timeticks(n) => n.into(),
            Value::Counter64(n) => n,
            Value::OctetString(octets) => octets.len() as u64,
            Value::ObjectIdentifier(oid) => oid.raw().len() as u64,
            _ => 0,
        };
        sum.wrapping_add(value).wrapping_add(name.raw().len() as u64)
    })
}

fn async_snmp(datagram: &[u8]) -> u64 {
    let datagram = bytes::Bytes::copy_from_slice(datagram);
    let Ok(outcome) = CommunityMessage::decode(datagram, DecodeConfig::default()) else { return 0 };
    std::hint::black_box(&outcome);
    1
}

fn snmp_parser(datagram: &[u8]) -> u64 {
    let Ok((_, message)) = snmp_parser::parse_snmp_v2c(datagram) else { return 0 };
    std::hint::black_box(&message);
    1
}
