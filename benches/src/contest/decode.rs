//! Every decoder visits every name and value and gives a checksum of what it saw.

use super::message::answer;
use anyhow::bail;
use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::CommunityMessage;
use dca_snmp::message::{Body, Message};
use dca_snmp::{BindingRef, OidRef, ValueRef};
use std::hint::black_box;

/// Decodes a datagram and gives a checksum of it.
type Decode = fn(&[u8]) -> u64;

/// Decodes the answer; with `arcs` each OID is read to its numbers, else left as octets.
pub(crate) fn by_name(who: &str, arcs: bool) -> anyhow::Result<impl FnMut() -> u64 + use<>> {
    let decode: Decode = match (who, arcs) {
        ("dca-snmp", false) => |datagram| ours(datagram, |oid| oid.octets().len() as u64),
        ("dca-snmp", true) => |datagram| ours(datagram, |oid| oid.arcs().map(u64::from).sum()),
        ("snmp2", false) => |datagram| snmp2(datagram, |oid| oid.as_bytes().len() as u64),
        ("snmp2", true) => |datagram| snmp2(datagram, |oid| oid.iter().map_or(0, |arcs| arcs.sum())),
        ("async-snmp", false) => async_snmp,
        ("snmp-parser", false) => snmp_parser,
        _ => bail!("{who} decodes nothing here"),
    };
    let answer = answer();
    Ok(move || decode(black_box(&answer)))
}

#[inline]
fn ours(datagram: &[u8], visit: impl Fn(OidRef<'_>) -> u64) -> u64 {
    let Ok(Message::Community(message)) = Message::decode(datagram) else { return 0 };
    let Body::Pdu(pdu) = message.body else { return 0 };
    pdu.varbinds().fold(0, |sum, varbind| {
        let value = match varbind.binding {
            BindingRef::Found(ValueRef::Integer(number)) => number as u64,
            BindingRef::Found(ValueRef::Counter32(n) | ValueRef::Gauge32(n) | ValueRef::TimeTicks(n)) => n.into(),
            BindingRef::Found(ValueRef::Counter64(n)) => n,
            BindingRef::Found(ValueRef::OctetString(octets)) => octets.len() as u64,
            BindingRef::Found(ValueRef::ObjectIdentifier(oid)) => visit(oid),
            _ => 0,
        };
        sum.wrapping_add(value).wrapping_add(visit(varbind.oid))
    })
}

#[inline]
fn snmp2(datagram: &[u8], visit: impl Fn(&snmp2::Oid<'_>) -> u64) -> u64 {
    use snmp2::Value;
    let Ok(pdu) = snmp2::Pdu::from_bytes(datagram) else { return 0 };
    pdu.varbinds.fold(0, |sum, (name, value)| {
        let value = match value {
            Value::Integer(number) => number as u64,
            Value::Counter32(n) | Value::Unsigned32(n) | Value::Timeticks(n) => n.into(),
            Value::Counter64(n) => n,
            Value::OctetString(octets) => octets.len() as u64,
            Value::ObjectIdentifier(oid) => visit(&oid),
            _ => 0,
        };
        sum.wrapping_add(value).wrapping_add(visit(&name))
    })
}

fn async_snmp(datagram: &[u8]) -> u64 {
    let datagram = bytes::Bytes::copy_from_slice(datagram);
    let Ok(outcome) = CommunityMessage::decode(datagram, DecodeConfig::default()) else { return 0 };
    black_box(&outcome);
    1
}

fn snmp_parser(datagram: &[u8]) -> u64 {
    let Ok((_, message)) = snmp_parser::parse_snmp_v2c(datagram) else { return 0 };
    black_box(&message);
    1
}
