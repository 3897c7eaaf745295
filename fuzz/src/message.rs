//! A datagram: decoded, visited, encoded again.

use dca_snmp::ber::Writer;
use dca_snmp::message::{Body, Message, Payload, PduFields, encode_community};
use dca_snmp::{BindingRef, OidRef, VarBindRef};

/// What is decoded is encoded to octets that decode to the same and encode to themselves.
pub fn message(octets: &[u8]) {
    let Ok(decoded) = Message::decode(octets) else { return };
    let Message::Community(first) = decoded else { return visit_v3(&decoded) };
    let Some((fields, seen)) = visit(&first.body) else { return };
    let mut once = Writer::new();
    encode_community(&mut once, first.version, first.community, fields, sound(&seen));
    let Ok(Message::Community(second)) = Message::decode(once.octets()) else { panic!("ours is refused") };
    assert!(second.quirks.is_empty());
    let (fields, again) = visit(&second.body).expect("a PDU stays one");
    assert!(sound(&seen).eq(sound(&again)), "bindings changed");
    let mut twice = Writer::new();
    encode_community(&mut twice, second.version, second.community, fields, sound(&again));
    assert_eq!(once.octets(), twice.octets());
}

fn visit_v3(message: &Message<'_>) {
    if let Message::V3(message) = message
        && let Payload::Plain(scoped) = &message.payload
    {
        visit(&scoped.body);
    }
}

fn visit<'a>(body: &Body<'a>) -> Option<(PduFields, Vec<VarBindRef<'a>>)> {
    let pdu = match body {
        Body::Pdu(pdu) => pdu,
        Body::TrapV1(trap) => {
            trap.varbinds().for_each(|varbind| drop(varbind.to_varbind()));
            return None;
        }
    };
    let seen: Vec<VarBindRef<'a>> = pdu.varbinds().collect();
    for varbind in &seen {
        assert!(varbind.oid.arcs().count() <= dca_snmp::MAX_ARCS);
        assert_eq!(varbind.oid.to_oid(), varbind.oid);
    }
    let (error_status, error_index) = (pdu.error_status.0, pdu.error_index);
    Some((PduFields { kind: pdu.kind, request_id: pdu.request_id, error_status, error_index }, seen))
}

fn sound<'a>(seen: &'a [VarBindRef<'a>]) -> impl DoubleEndedIterator<Item = (OidRef<'a>, BindingRef<'a>)> {
    let sound = seen.iter().filter(|varbind| !matches!(varbind.binding, BindingRef::Malformed(_)));
    sound.map(|varbind| (varbind.oid, varbind.binding))
}
