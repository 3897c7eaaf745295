//! Messages made by chance, weighted towards the edges of each type.

use dca_snmp::ber::Writer;
use dca_snmp::message::{PduFields, PduKind, Version, encode_community};
use dca_snmp::{Binding, Oid, Value, VarBind};
use fastrand::Rng;

/// A message and what was put into it.
pub struct Generated {
    pub version: Version,
    pub community: Vec<u8>,
    pub fields: PduFields,
    pub varbinds: Vec<VarBind>,
    pub octets: Vec<u8>,
}

/// A v1 or v2c message of up to `most` bindings.
pub fn message(rng: &mut Rng, most: usize) -> Generated {
    let version = if rng.bool() { Version::V1 } else { Version::V2c };
    let kinds = match version {
        Version::V1 => &[PduKind::Get, PduKind::GetNext, PduKind::Response][..],
        _ => &[PduKind::Get, PduKind::GetNext, PduKind::Response, PduKind::GetBulk, PduKind::Inform][..],
    };
    let kind = kinds[rng.usize(..kinds.len())];
    let answer = matches!(kind, PduKind::Response | PduKind::Inform);
    let fields = PduFields {
        kind,
        request_id: *rng.choice(&[1, 127, 128, 0x0100_0000, i32::MAX, 0x1234_5678]).unwrap(),
        error_status: if kind == PduKind::Response { rng.i64(0..=18) } else { 0 },
        error_index: if answer { 0 } else { rng.u32(0..2) * u32::from(kind == PduKind::GetBulk) * rng.u32(1..200) },
    };
    let varbinds: Vec<VarBind> = (0..rng.usize(..=most))
        .map(|_| {
            let binding = if answer { binding(rng, version) } else { Binding::Found(Value::Null) };
            VarBind { oid: oid(rng), binding }
        })
        .collect();
    let community: Vec<u8> = (0..rng.usize(..20)).map(|_| rng.u8(b' '..=b'~')).collect();
    let octets = encode(version, &community, fields, &varbinds);
    Generated { version, community, fields, varbinds, octets }
}

/// The message's octets.
pub fn encode(version: Version, community: &[u8], fields: PduFields, varbinds: &[VarBind]) -> Vec<u8> {
    let mut writer = Writer::new();
    let bindings = varbinds.iter().map(|varbind| (varbind.oid.as_ref(), binding_ref(&varbind.binding)));
    encode_community(&mut writer, version, community, fields, bindings);
    writer.octets().to_vec()
}

/// An OID: mostly short, sometimes of 128 arcs, arcs at the edges of their octet counts.
pub fn oid(rng: &mut Rng) -> Oid {
    const EDGES: &[u32] = &[0, 1, 39, 40, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_456, u32::MAX];
    let arcs = match rng.u8(..20) {
        0 => 128,
        1 => rng.usize(2..=128),
        _ => rng.usize(2..=20),
    };
    let rest: Vec<u32> =
        (2..arcs).map(|_| if rng.u8(..4) == 0 { EDGES[rng.usize(..EDGES.len())] } else { rng.u32(..300) }).collect();
    let root = if rng.u8(..8) == 0 { [[0, 0], [0, 39], [1, 39], [2, 47], [2, 999]][rng.usize(..5)] } else { [1, 3] };
    Oid::from_arcs(root.into_iter().chain(rest)).unwrap()
}

/// A value of any type that SNMP defines.
pub fn value(rng: &mut Rng, version: Version) -> Value {
    let octets = |rng: &mut Rng| {
        let length = *rng.choice(&[0, 1, 2, 17, 126, 127, 128, 129, 255, 256, 300]).unwrap();
        (0..length).map(|_| rng.u8(..)).collect::<Vec<u8>>()
    };
    match rng.u8(..if version == Version::V1 { 8 } else { 9 }) {
        0 => Value::Integer(number(rng) as i32 as i64),
        1 => Value::OctetString(octets(rng)),
        2 => Value::ObjectIdentifier(oid(rng)),
        3 => Value::IpAddress(rng.u32(..).into()),
        4 => Value::Counter32(number(rng) as u32),
        5 => Value::Gauge32(number(rng) as u32),
        6 => Value::TimeTicks(number(rng) as u32),
        // An Opaque that does not look like a wrapped float.
        7 => Value::Opaque([vec![0x04], octets(rng)].concat()),
        _ => Value::Counter64(number(rng)),
    }
}

fn binding(rng: &mut Rng, version: Version) -> Binding {
    match rng.u8(..12) {
        0 if version == Version::V2c => Binding::NoSuchObject,
        1 if version == Version::V2c => Binding::NoSuchInstance,
        2 if version == Version::V2c => Binding::EndOfMibView,
        _ => Binding::Found(value(rng, version)),
    }
}

/// A number near a power of two, where the count of octets changes.
fn number(rng: &mut Rng) -> u64 {
    let edge = 1u64 << rng.u32(..64);
    match rng.u8(..4) {
        0 => edge,
        1 => edge - 1,
        2 => edge.wrapping_neg(),
        _ => rng.u64(..),
    }
}

/// Borrows a binding, as the encoder takes it.
pub fn binding_ref(binding: &Binding) -> dca_snmp::BindingRef<'_> {
    use dca_snmp::BindingRef;
    match binding {
        Binding::Found(value) => BindingRef::Found(value.as_ref()),
        Binding::NoSuchObject => BindingRef::NoSuchObject,
        Binding::NoSuchInstance => BindingRef::NoSuchInstance,
        Binding::EndOfMibView => BindingRef::EndOfMibView,
        other => panic!("not generated: {other:?}"),
    }
}
