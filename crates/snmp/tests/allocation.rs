//! Neither decoding nor encoding into a reused buffer allocates. One test only: the counter sees the whole process.
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
use dca_snmp::message::{Body, Message, Version, encode_community};
use dca_snmp::{BindingRef, ValueRef};
use fastrand::Rng;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::hint::black_box;
use support::generate;

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn codec_does_not_allocate() {
    let mut rng = Rng::with_seed(40);
    let messages: Vec<generate::Generated> = (0..200).map(|_| generate::message(&mut rng, 40)).collect();
    let mut writer = Writer::new();
    for message in &messages {
        encode(&mut writer, message);
    }
    let region = Region::new(COUNTING);
    let mut bindings = 0;
    for message in &messages {
        bindings += decode(&message.octets);
    }
    assert_eq!(region.change().allocations, 0, "decode");

    let region = Region::new(COUNTING);
    for message in &messages {
        encode(&mut writer, message);
        assert_eq!(writer.octets().len(), message.octets.len());
    }
    assert_eq!(region.change().allocations, 0, "encode");

    // A padded OID of any length is written minimal without a copy.
    let padded = [[0x2b].as_slice(), &[0x80, 0x81, 0x01].repeat(40)].concat();
    let (oid, told) = dca_snmp::OidRef::check(&padded).unwrap();
    assert!(told);
    let region = Region::new(COUNTING);
    writer.clear();
    writer.varbind(oid, BindingRef::Found(ValueRef::Null));
    assert_eq!(region.change().allocations, 0, "padded OID");
    assert_eq!(writer.octets()[..5], [0x30, 0x55, 0x06, 0x51, 0x2b]);
    assert!(bindings > 3_000, "{bindings} bindings");

    let region = Region::new(COUNTING);
    drop(black_box(vec![1, 2, 3]));
    assert_eq!(region.change().allocations, 1, "the counter counts");
}

fn decode(octets: &[u8]) -> usize {
    let Ok(Message::Community(message)) = Message::decode(octets) else { return 0 };
    let Body::Pdu(pdu) = message.body else { return 0 };
    pdu.varbinds().map(|varbind| black_box(varbind.oid.arcs().count().min(1))).sum()
}

fn encode(writer: &mut Writer, message: &generate::Generated) {
    let bindings =
        message.varbinds.iter().map(|varbind| (varbind.oid.as_ref(), generate::binding_ref(&varbind.binding)));
    encode_community(writer, version(message), &message.community, message.fields, bindings);
}

fn version(message: &generate::Generated) -> Version {
    message.version
}
