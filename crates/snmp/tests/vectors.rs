//! Recorded messages: real traffic and inputs that broke other decoders. What the peers accept is accepted, what they refuse
//! is refused; the differences are listed here with their reason, and in docs/decisions/002-recorded-messages.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test"
)]

mod support;

use dca_snmp::message::{Body, Message, Payload};
use dca_snmp::{BindingRef, Quirks};

/// Messages on which the four peers differ among themselves, with what is right and why.
const PEERS_DIFFER: &[(&str, bool, &str)] = &[
    (
        "gosnmp-panicUnmarshalV3Overflow",
        true,
        "the frame is sound; no binding is, and each is told, where snmp2 says nothing",
    ),
    ("gosnmp-ciscoGetbulkRequestBytes", true, "octets after the message are harmless; gosnmp alone refuses"),
    ("gosnmp-trap1", true, "octets after the message are harmless; gosnmp alone refuses"),
];

/// v3 messages have no peers' verdicts. All are sound but these inputs of a fuzzer, whose msgID has the tag of TimeTicks.
const UNSOUND_V3: &[&str] = &[
    "gosnmp-panicUnmarshalV3Header",
    "gosnmp-panicUnmarshalUserSecurityModelPacketLen",
    "gosnmp-panicUnmarshalV3HeaderFlagLen",
    "gosnmp-panicUnmarshalDecryptPacketIndex",
    "gosnmp-panicUnmarshalDecryptNoPriv",
];

#[test]
fn verdicts_are_those_of_the_peers() {
    let Some(recorded) = support::vectors::recorded() else { return };
    assert!(recorded.len() >= 381, "{} messages", recorded.len());
    let mut wrong = Vec::new();
    for message in &recorded {
        let wanted = if let Some((_, verdict, _)) = PEERS_DIFFER.iter().find(|(name, ..)| *name == message.name) {
            *verdict
        } else if message.version == Some(3) {
            !UNSOUND_V3.contains(&message.name.as_str())
        } else {
            let accepted = message.peers.iter().filter(|(_, accepted)| *accepted).count();
            assert!(accepted == 0 || accepted == message.peers.len(), "{}: the peers differ, decide it", message.name);
            accepted > 0
        };
        let decoded = Message::decode(&message.octets);
        if decoded.is_ok() != wanted {
            wrong.push(format!("{}: wanted {wanted}, {:?}", message.name, decoded.err()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn versions_are_as_recorded() {
    for message in support::vectors::recorded().unwrap_or_default() {
        match Message::decode(&message.octets) {
            Ok(Message::Community(decoded)) => {
                assert_eq!(Some(decoded.version as i64 + 1), message.version, "{}", message.name);
            }
            Ok(Message::V3(_)) => assert_eq!(message.version, Some(3), "{}", message.name),
            Err(_) => {}
        }
    }
}

/// Bindings that cannot be understood and what was forgiven, over all recorded messages: each is known.
#[test]
fn what_is_odd_in_recorded_messages_is_known() {
    const MALFORMED: &[(&str, usize, &str)] = &[
        ("gosnmp-panicUnmarshalV3Overflow", 0, "length of more than four octets"),
        ("gosnmp-panicUnmarshalV3Overflow", 1, "tag of more than one octet"),
    ];
    const FORGIVEN: &[(&str, &str)] = &[
        // Engine boots and time sent as 02 01 dd: 221 without the leading zero.
        ("zeek-leak_test.pcapng#72", "{NegativeUnsigned, PaddedInteger}"),
        ("zeek-leak_test.pcapng#73", "{NegativeUnsigned}"),
        ("zeek-leak_test.pcapng#74", "{NegativeUnsigned}"),
        ("zeek-leak_test.pcapng#77", "{PaddedInteger}"),
        ("zeek-snmp-oid-subidentifier-too-long.pcap#1", "{PaddedOid}"),
        ("gosnmp-panicUnmarshalV3Overflow", "{PaddedInteger, MalformedBinding}"),
        ("gosnmp-ciscoGetbulkRequestBytes", "{TrailingMessage}"),
        ("gosnmp-trap1", "{TrailingMessage}"),
    ];
    let Some(recorded) = support::vectors::recorded() else { return };
    let (mut malformed, mut forgiven) = (Vec::new(), Vec::new());
    for message in &recorded {
        let Ok(decoded) = Message::decode(&message.octets) else { continue };
        let (body, mut quirks) = match &decoded {
            Message::Community(community) => (Some(&community.body), community.quirks),
            Message::V3(v3) => (plain(&v3.payload), v3.quirks),
        };
        for (at, varbind) in body.into_iter().flat_map(varbinds).enumerate() {
            quirks.merge(varbind.quirks);
            if let BindingRef::Malformed(bad) = varbind.binding {
                malformed.push((message.name.clone(), at, bad.fault.kind.to_string()));
            }
        }
        if quirks != Quirks::NONE {
            forgiven.push((message.name.clone(), format!("{quirks:?}")));
        }
    }
    let known: Vec<_> = MALFORMED.iter().map(|(name, at, what)| (name.to_string(), *at, what.to_string())).collect();
    assert_eq!(malformed, known);
    let known: Vec<_> = FORGIVEN.iter().map(|(name, what)| (name.to_string(), what.to_string())).collect();
    assert_eq!(forgiven, known);
}

fn plain<'m, 'a>(payload: &'m Payload<'a>) -> Option<&'m Body<'a>> {
    match payload {
        Payload::Plain(scoped) => Some(&scoped.body),
        Payload::Encrypted(_) => None,
    }
}

fn varbinds<'a>(body: &Body<'a>) -> dca_snmp::message::VarBinds<'a> {
    match body {
        Body::Pdu(pdu) => pdu.varbinds(),
        Body::TrapV1(trap) => trap.varbinds(),
    }
}
