//! Every encoder makes one request for 40 names.

use super::message::names;
use anyhow::bail;
use async_snmp::pdu::{Pdu, PduBody, StandardPduType};
use dca_snmp::ber::Writer;
use dca_snmp::message::{PduFields, PduKind, encode_community};
use dca_snmp::{BindingRef, Oid, ValueRef, Version};

/// Encodes the request and gives the length of the message.
pub(crate) fn by_name(who: &str) -> anyhow::Result<Box<dyn FnMut() -> u64>> {
    let names = names();
    let arcs: Vec<Vec<u32>> = names.iter().map(|name| name.arcs().collect()).collect();
    Ok(match who {
        "dca-snmp" => ours(names),
        "snmp" => snmp(arcs),
        "async-snmp" => async_snmp(&arcs),
        _ => bail!("{who} encodes nothing here"),
    })
}

fn ours(names: Vec<Oid>) -> Box<dyn FnMut() -> u64> {
    let mut writer = Writer::new();
    Box::new(move || {
        let bindings = names.iter().map(|name| (name.as_ref(), BindingRef::Found(ValueRef::Null)));
        encode_community(&mut writer, Version::V2c, b"public", PduFields::ask(PduKind::Get, 0x1234_5678), bindings);
        writer.octets().len() as u64
    })
}

/// It has no Get of several names; a GetBulk differs in two octets.
fn snmp(arcs: Vec<Vec<u32>>) -> Box<dyn FnMut() -> u64> {
    let mut buffer = snmp::pdu::Buf::default();
    Box::new(move || {
        let names: Vec<&[u32]> = arcs.iter().map(Vec::as_slice).collect();
        snmp::pdu::build_getbulk(b"public", 0x1234_5678, &names, 0, 1, &mut buffer);
        buffer.len() as u64
    })
}

fn async_snmp(arcs: &[Vec<u32>]) -> Box<dyn FnMut() -> u64> {
    let oids: Vec<async_snmp::Oid> = arcs.iter().map(|arcs| async_snmp::Oid::from_slice(arcs)).collect();
    Box::new(move || {
        let body = PduBody::Standard { pdu_type: StandardPduType::GetRequest, error_status: 0, error_index: 0 };
        let pdu = Pdu::from_raw_parts(0x1234_5678, body, oids.iter().cloned().map(async_snmp::VarBind::null).collect());
        let Ok(message) = async_snmp::message::CommunityMessage::v2c(&b"public"[..], pdu) else { return 0 };
        message.encode().map_or(0, |octets| octets.len() as u64)
    })
}
