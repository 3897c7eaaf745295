//! Broken messages: no panic, no hang, and what was decoded is what it is encoded to.
//!
//! `DCA_MUTATIONS=1000000 cargo test --release -p dca-snmp --test mutation` is the full run; the default is a tenth.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test"
)]

mod support;

use dca_snmp::ber::Writer;
use dca_snmp::message::{
    Body, CommunityMessage, Flags, Message, Outgoing3, Payload, Pdu, PduFields, PduKind, ScopedPdu, V3Message, Version,
    encode_community, encode_scoped_pdu, encode_v3,
};
use dca_snmp::{Binding, BindingRef, Oid, Quirks, Value, VarBind, VarBindRef, oid};
use fastrand::Rng;
use proptest::prelude::*;
use support::generate;

#[test]
fn mutated_messages_neither_panic_nor_hang_nor_change_in_encoding() {
    let count = std::env::var("DCA_MUTATIONS").map_or(100_000, |text| text.parse().expect("DCA_MUTATIONS is a number"));
    let mut rng = Rng::with_seed(0x5eed);
    let corpus = corpus(&mut rng);
    let (mut accepted, mut bindings, mut malformed) = (0, 0, 0);
    for _ in 0..count {
        let (message, donor) = (rng.choice(&corpus).unwrap(), rng.choice(&corpus).unwrap());
        let mutated = support::mutate::mutate(&mut rng.fork(), message, donor);
        let Ok(decoded) = Message::decode(&mutated) else { continue };
        accepted += 1;
        let seen = check(&decoded, mutated.len());
        bindings += seen.len();
        malformed += seen.iter().filter(|varbind| matches!(varbind.binding, BindingRef::Malformed(_))).count();
    }
    eprintln!("{count} mutated messages: {accepted} accepted, {bindings} bindings, {malformed} of them malformed");
    assert!(accepted > count / 20 && malformed > count / 100, "the mutations reach the bindings");
}

fn corpus(rng: &mut Rng) -> Vec<Vec<u8>> {
    let mut corpus: Vec<Vec<u8>> = (0..300).map(|_| generate::message(rng, 10).octets).collect();
    corpus.extend((0..100).map(|_| v3(rng)));
    corpus.extend(support::vectors::recorded().unwrap_or_default().into_iter().map(|message| message.octets));
    corpus
}

fn v3(rng: &mut Rng) -> Vec<u8> {
    let inner = generate::message(rng, 6);
    let mut scoped = Writer::new();
    let bindings = inner.varbinds.iter().map(|varbind| (varbind.oid.as_ref(), generate::binding_ref(&varbind.binding)));
    encode_scoped_pdu(&mut scoped, b"\x80\0\x1f\x88engine", b"context", inner.fields, bindings);
    let mut writer = Writer::new();
    let flags = Flags { auth: rng.bool(), privacy: rng.u8(..4) == 0, reportable: rng.bool() };
    let message = Outgoing3 {
        msg_id: rng.i32(0..),
        max_size: 65_507,
        flags,
        engine_id: b"\x80\0\x1f\x88engine",
        boots: rng.u32(..1 << 31),
        time: rng.u32(..1 << 31),
        user: b"reader",
        auth_length: if flags.auth { 24 } else { 0 },
        salt: if flags.privacy { b"saltsalt" } else { b"" },
        scoped: scoped.octets(),
    };
    encode_v3(&mut writer, &message);
    writer.octets().to_vec()
}

/// Visits everything, encodes what was understood, decodes that and compares.
fn check<'a>(message: &Message<'a>, length: usize) -> Vec<VarBindRef<'a>> {
    match message {
        Message::Community(message) => check_community(message, length),
        Message::V3(message) => check_v3(message, length),
    }
}

fn check_community<'a>(message: &CommunityMessage<'a>, length: usize) -> Vec<VarBindRef<'a>> {
    let Body::Pdu(pdu) = &message.body else { return visit(&message.body, length) };
    let seen = visit(&message.body, length);
    let mut writer = Writer::new();
    encode_community(&mut writer, message.version, message.community, fields(pdu), sound(&seen));
    let Ok(Message::Community(again)) = Message::decode(writer.octets()) else { panic!("ours is refused") };
    assert_eq!((again.version, again.community, again.quirks), (message.version, message.community, Quirks::NONE));
    compare(pdu, &seen, &again.body);
    seen
}

fn check_v3<'a>(message: &V3Message<'a>, length: usize) -> Vec<VarBindRef<'a>> {
    assert!(message.usm.auth_range.end <= length);
    let Payload::Plain(ScopedPdu { context_engine_id, context_name, body }) = &message.payload else {
        return Vec::new();
    };
    let seen = visit(body, length);
    let Body::Pdu(pdu) = body else { return seen };
    let (mut scoped, mut writer) = (Writer::new(), Writer::new());
    encode_scoped_pdu(&mut scoped, context_engine_id, context_name, fields(pdu), sound(&seen));
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
        scoped: scoped.octets(),
    };
    let placed = encode_v3(&mut writer, &outgoing);
    let Ok(Message::V3(again)) = Message::decode(writer.octets()) else { panic!("ours is refused") };
    assert_eq!(placed.auth, again.usm.auth_range);
    assert_eq!((again.msg_id, again.max_size, again.flags), (message.msg_id, message.max_size, message.flags));
    assert_eq!((again.usm.engine_id, again.usm.user), (message.usm.engine_id, message.usm.user));
    assert_eq!((again.usm.boots, again.usm.time), (message.usm.boots, message.usm.time));
    assert_eq!((again.usm.privacy, again.quirks), (message.usm.privacy, Quirks::NONE));
    let Payload::Plain(scoped) = again.payload else { panic!("encrypted now") };
    assert_eq!((scoped.context_engine_id, scoped.context_name), (*context_engine_id, *context_name));
    compare(pdu, &seen, &scoped.body);
    seen
}

/// Reads all there is of each binding.
fn visit<'a>(body: &Body<'a>, length: usize) -> Vec<VarBindRef<'a>> {
    let list = match body {
        Body::Pdu(pdu) => pdu.varbinds(),
        Body::TrapV1(trap) => trap.varbinds(),
    };
    let seen: Vec<VarBindRef<'a>> = list.collect();
    assert!(seen.len() <= length / 2, "a binding takes two octets at least");
    for varbind in &seen {
        assert!(varbind.oid.arcs().count() <= dca_snmp::MAX_ARCS);
        assert_eq!(varbind.oid.to_oid(), varbind.oid);
        let _ = (varbind.oid.to_string(), varbind.to_varbind(), format!("{:?}", varbind.quirks));
        if let BindingRef::Malformed(bad) = varbind.binding {
            assert!(bad.fault.offset <= length, "{}", bad.fault);
        }
    }
    seen
}

/// What can be encoded again: a malformed binding cannot.
fn sound<'a>(seen: &'a [VarBindRef<'a>]) -> impl DoubleEndedIterator<Item = (dca_snmp::OidRef<'a>, BindingRef<'a>)> {
    seen.iter()
        .filter(|varbind| !matches!(varbind.binding, BindingRef::Malformed(_)))
        .map(|varbind| (varbind.oid, varbind.binding))
}

fn fields(pdu: &Pdu<'_>) -> PduFields {
    let (error_status, error_index) = (pdu.error_status.0, pdu.error_index);
    PduFields { kind: pdu.kind, request_id: pdu.request_id, error_status, error_index }
}

fn compare(pdu: &Pdu<'_>, seen: &[VarBindRef<'_>], again: &Body<'_>) {
    let Body::Pdu(again) = again else { panic!("a trap now") };
    assert_eq!((pdu.kind, pdu.request_id), (again.kind, again.request_id));
    assert_eq!((pdu.error_status, pdu.error_index), (again.error_status, again.error_index));
    let again: Vec<VarBindRef<'_>> = again.varbinds().collect();
    assert!(sound(seen).eq(again.iter().map(|varbind| (varbind.oid, varbind.binding))));
    // Ours is canonical; only what the values themselves are remains to be said.
    for varbind in again {
        let remarks: Vec<_> = varbind.quirks.iter().map(|quirk| quirk.text()).collect();
        assert!(
            remarks.iter().all(|text| ["INTEGER outside 32 bits", "value of an unknown type"].contains(text)),
            "{remarks:?}"
        );
    }
}

fn any_oid() -> impl Strategy<Value = Oid> {
    let root = prop_oneof![(0..2u32, 0..40u32), (Just(2), any::<u32>().prop_map(|arc| arc - arc.min(80)))];
    (root, prop::collection::vec(any::<u32>(), 0..126))
        .prop_map(|((first, second), rest)| Oid::from_arcs([first, second].into_iter().chain(rest)).unwrap())
}

fn any_value() -> impl Strategy<Value = Value> {
    let octets = || prop::collection::vec(any::<u8>(), 0..400);
    prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        any::<i8>().prop_map(|small| Value::Integer(small.into())),
        octets().prop_map(Value::OctetString),
        Just(Value::Null),
        any_oid().prop_map(Value::ObjectIdentifier),
        any::<u32>().prop_map(|address| Value::IpAddress(address.into())),
        any::<u32>().prop_map(Value::Counter32),
        any::<u32>().prop_map(Value::Gauge32),
        any::<u32>().prop_map(Value::TimeTicks),
        octets().prop_map(Value::Opaque),
        octets().prop_map(Value::NsapAddress),
        any::<u64>().prop_map(Value::Counter64),
        any::<u32>().prop_map(Value::UInteger32),
    ]
}

fn any_binding() -> impl Strategy<Value = Binding> {
    prop_oneof![
        8 => any_value().prop_map(Binding::Found),
        1 => Just(Binding::NoSuchObject),
        1 => Just(Binding::NoSuchInstance),
        1 => Just(Binding::EndOfMibView),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_is_decoded(
        community in prop::collection::vec(any::<u8>(), 0..200),
        request_id: i32,
        error_status in 0..=18i64,
        error_index: u32,
        varbinds in prop::collection::vec((any_oid(), any_binding()), 0..6),
    ) {
        let fields = PduFields { kind: PduKind::Response, request_id, error_status, error_index };
        let varbinds: Vec<VarBind> = varbinds.into_iter().map(|(oid, binding)| VarBind { oid, binding }).collect();
        let octets = generate::encode(Version::V2c, &community, fields, &varbinds);
        let Ok(Message::Community(decoded)) = Message::decode(&octets) else { panic!("refused") };
        prop_assert_eq!(decoded.community, &community);
        prop_assert_eq!(decoded.quirks, Quirks::NONE);
        let Body::Pdu(pdu) = decoded.body else { panic!("a trap") };
        prop_assert_eq!((pdu.request_id, pdu.error_status.0, pdu.error_index), (request_id, error_status, error_index));
        let again: Vec<VarBind> = pdu.varbinds().map(VarBindRef::to_varbind).collect();
        prop_assert_eq!(again, varbinds);
    }

    #[test]
    fn any_octets_are_survived(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(message) = Message::decode(&octets) {
            check(&message, octets.len());
        }
    }

    #[test]
    fn oids_keep_their_text_and_their_order(left in any_oid(), right in any_oid()) {
        prop_assert_eq!(&left.to_string().parse::<Oid>().unwrap(), &left);
        prop_assert_eq!(left.cmp(&right), left.arcs().cmp(right.arcs()));
    }
}

#[test]
fn a_request_id_can_be_patched_where_the_encoder_says() {
    let mut writer = Writer::new();
    let names = [(oid!("1.3.6.1.2.1.1.1.0"), BindingRef::Found(dca_snmp::ValueRef::Null))];
    let at = encode_community(
        &mut writer,
        Version::V2c,
        b"public",
        PduFields::ask(PduKind::Get, 0x0102_0304),
        names.into_iter(),
    );
    writer.octets_mut()[at..at + 4].copy_from_slice(&0x7fff_fffe_i32.to_be_bytes());
    let Ok(Message::Community(decoded)) = Message::decode(writer.octets()) else { panic!("refused") };
    let Body::Pdu(pdu) = decoded.body else { panic!("a trap") };
    assert_eq!((pdu.request_id, decoded.quirks), (0x7fff_fffe, Quirks::NONE));
}
