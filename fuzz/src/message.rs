//! A datagram: decoded, visited, encoded again.

use dca_snmp::ber::Writer;
use dca_snmp::message::{
    Body, Message, Outgoing3, Payload, PduFields, V3Message, encode_community, encode_scoped_pdu, encode_v3,
};
use dca_snmp::{BindingRef, OidRef, Quirks, VarBind, VarBindRef};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Octets that a reading may allocate whatever the datagram says: none, but the counter sees the whole process.
const SLACK: usize = 2048;
/// Octets that the owned bindings may take for each octet of the datagram: an empty binding has two, its place in a
/// list that grows by doubling is counted twice.
const OWNED: usize = 2 * size_of::<VarBind>();

/// What is decoded is encoded to octets that decode to the same and encode to themselves. Reading allocates nothing,
/// keeping what was read no more than the datagram is worth.
pub fn message(octets: &[u8]) {
    let reading = Region::new(COUNTING);
    let Ok(decoded) = Message::decode(octets) else { return };
    decoded.body().into_iter().for_each(visit);
    assert!(allocated(&reading) <= SLACK, "reading allocates {}", allocated(&reading));
    let keeping = Region::new(COUNTING);
    drop(decoded.body().map(|body| varbinds(body).map(|varbind| varbind.to_varbind()).collect::<Vec<_>>()));
    assert!(allocated(&keeping) <= SLACK + OWNED * octets.len(), "keeping allocates {}", allocated(&keeping));
    match &decoded {
        Message::Community(first) => {
            let Some(fields) = fields(&first.body) else { return };
            let seen = sound(&first.body);
            let once = again(|writer| encode_community(writer, first.version, first.community, fields, list(&seen)));
            let Ok(Message::Community(second)) = Message::decode(&once) else { panic!("ours is refused") };
            assert_eq!(
                (second.version, second.community, second.quirks),
                (first.version, first.community, Quirks::NONE)
            );
            assert_eq!(sound(&second.body), seen);
            let fields = self::fields(&second.body).expect("a PDU stays one");
            let twice = again(|writer| encode_community(writer, second.version, second.community, fields, list(&seen)));
            assert_eq!(once, twice);
        }
        Message::V3(first) => {
            let Some(once) = encode_again(first) else { return };
            let Ok(Message::V3(second)) = Message::decode(&once) else { panic!("ours is refused") };
            assert_eq!(second.quirks, Quirks::NONE);
            assert_eq!(encode_again(&second).as_ref(), Some(&once));
        }
    }
}

fn allocated(region: &Region<'_, System>) -> usize {
    region.change().bytes_allocated
}

trait HasBody<'a> {
    fn body(&self) -> Option<&Body<'a>>;
}

impl<'a> HasBody<'a> for Message<'a> {
    /// The body, unless it is encrypted.
    fn body(&self) -> Option<&Body<'a>> {
        match self {
            Self::Community(message) => Some(&message.body),
            Self::V3(V3Message { payload: Payload::Plain(scoped), .. }) => Some(&scoped.body),
            Self::V3(_) => None,
        }
    }
}

fn varbinds<'a>(body: &Body<'a>) -> impl Iterator<Item = VarBindRef<'a>> {
    match body {
        Body::Pdu(pdu) => pdu.varbinds(),
        Body::TrapV1(trap) => trap.varbinds(),
    }
}

fn visit(body: &Body<'_>) {
    for varbind in varbinds(body) {
        assert!(varbind.oid.arcs().count() <= dca_snmp::MAX_ARCS);
        assert!(varbind.oid <= varbind.oid);
    }
}

fn fields(body: &Body<'_>) -> Option<PduFields> {
    let Body::Pdu(pdu) = body else { return None };
    let (error_status, error_index) = (pdu.error_status.0, pdu.error_index);
    Some(PduFields { kind: pdu.kind, request_id: pdu.request_id, error_status, error_index })
}

fn sound<'a>(body: &Body<'a>) -> Vec<(OidRef<'a>, BindingRef<'a>)> {
    let sound = varbinds(body).filter(|varbind| !matches!(varbind.binding, BindingRef::Malformed(_)));
    sound.map(|varbind| (varbind.oid, varbind.binding)).collect()
}

fn list<'a>(seen: &'a [(OidRef<'a>, BindingRef<'a>)]) -> impl DoubleEndedIterator<Item = (OidRef<'a>, BindingRef<'a>)> {
    seen.iter().copied()
}

fn again<Placed>(encode: impl FnOnce(&mut Writer) -> Placed) -> Vec<u8> {
    let mut writer = Writer::new();
    encode(&mut writer);
    writer.octets().to_vec()
}

/// A v3 message with a plain PDU, encoded from what was read of it. The digest's place is zeroed, as for signing.
fn encode_again(message: &V3Message<'_>) -> Option<Vec<u8>> {
    let Payload::Plain(scoped) = &message.payload else { return None };
    let (fields, seen) = (fields(&scoped.body)?, sound(&scoped.body));
    let inner =
        again(|writer| encode_scoped_pdu(writer, scoped.context_engine_id, scoped.context_name, fields, list(&seen)));
    let outgoing = Outgoing3 {
        msg_id: message.msg_id,
        max_size: message.max_size,
        flags: message.flags,
        engine_id: message.usm.engine_id,
        boots: message.usm.boots,
        time: message.usm.time,
        user: message.usm.user,
        auth_length: message.usm.auth.len().min(48),
        salt: message.usm.privacy,
        scoped: &inner,
    };
    Some(again(|writer| encode_v3(writer, &outgoing)))
}
