//! What is forgiven and what is not: the malformed messages that devices send or peers were caught with, one row each.
//!
//! `peers` holds what seven decoders make of the same octets, in the order snmp-parser, snmp2, csnmp, rasn, async-snmp,
//! gosnmp, net-snmp: A the wanted value, a a doubtful one, D the binding silently lost, R the message refused, P panic.
//! The rule (docs/decisions/001-forgiven-octets.md) is checked on every row: what net-snmp or two peers read as wanted
//! is read here. `crates/snmp/TOLERANCE.md` shows the table; `UPDATE_EXPECT=1 cargo test -p dca-snmp` renews it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test, which needs some instant"
)]

mod support;

use dca_snmp::message::{Body, Message};
use dca_snmp::{BindingRef, Credentials, Limits, Manager, Oid, OidRef, Outcome, Quirk, Quirks, Request};
use std::fmt::Write as _;
use support::frame::{Frame, tlv};

struct Row {
    case: &'static str,
    octets: &'static str,
    peers: &'static str,
    frame: Frame,
    wanted: &'static str,
    quirks: Quirks,
}

/// A row about the value of the one binding, given as its whole TLV.
fn value(
    case: &'static str,
    octets: &'static str,
    peers: &'static str,
    wanted: &'static str,
    quirks: &'static [Quirk],
) -> Row {
    frame(case, octets, peers, Frame { value: support::unhex(octets), ..Frame::default() }, wanted, quirks)
}

/// A row about anything else in the message.
fn frame(
    case: &'static str,
    octets: &'static str,
    peers: &'static str,
    frame: Frame,
    wanted: &'static str,
    quirks: &'static [Quirk],
) -> Row {
    let lost = wanted.starts_with("malformed").then_some(Quirk::MalformedBinding);
    Row { case, octets, peers, frame, wanted, quirks: quirks.iter().copied().chain(lost).collect() }
}

/// Ids, errors and community as they come out of a message that has nothing odd in them.
const PLAIN_VALUE: &str = "TimeTicks(12345)";

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Quirk::*;
    let f = Frame::default;
    let hex = support::unhex;
    let mut rows = vec![
        // numbers
        value("Counter32 sent as a negative number", "4104ffffffff", "RAARAAA", "Counter32(4294967295)", &[NegativeUnsigned]),
        value("Counter32 of one octet with the top bit set", "4101f0", "RaaRaaa", "Counter32(240)", &[NegativeUnsigned]),
        value("Gauge32 sent as a negative number", "420480000001", "RAARAAA", "Gauge32(2147483649)", &[NegativeUnsigned]),
        value("Counter64 sent as a negative number", "4608ffffffffffffffff", "RAARAAA", "Counter64(18446744073709551615)", &[NegativeUnsigned]),
        value("TimeTicks wider than 32 bits", "43050100000000", "RaaRaaa", "malformed: number out of range for its type", &[]),
        value("Counter32 wider than 32 bits", "41050100000001", "", "malformed: number out of range for its type", &[]),
        value("Counter32 of five octets, sign-extended", "4105ffffffffff", "", "malformed: number out of range for its type", &[]),
        value("Counter64 wider than 64 bits", "4609010000000000000000", "", "malformed: number out of range for its type", &[]),
        value("INTEGER of no octets", "0200", "aDARRRR", "Integer(0)", &[EmptyInteger]),
        value("Counter32 of no octets", "4100", "ADARRAR", "Counter32(0)", &[EmptyInteger]),
        value("INTEGER with leading zeros", "02050000000005", "AAAAAAA", "Integer(5)", &[PaddedInteger]),
        value("INTEGER with leading ff", "0203ffffff", "", "Integer(-1)", &[PaddedInteger]),
        value("Counter32 with its one leading zero", "410500ffffffff", "AAAAAAA", "Counter32(4294967295)", &[]),
        value("INTEGER above 2^31-1", "02050080000001", "RaRaaaa", "Integer(2147483649)", &[WideInteger]),
        value("INTEGER of nine octets, eight of them zero", "0209000000000000000005", "ADAARRR", "Integer(5)", &[PaddedInteger]),
        value("INTEGER of 65 significant bits", "0209008000000000000000", "", "malformed: number out of range for its type", &[]),
        value("Counter64 with two leading zeros", "460a0000ffffffffffffffff", "ADAARaR", "Counter64(18446744073709551615)", &[PaddedInteger]),
        // OIDs
        value("OID that ends inside a subidentifier", "06032b0681", "aaRRRRR", "malformed: bad OID: the last subidentifier is not finished", &[]),
        value("OID with a subidentifier of 2^32", "06062b9080808000", "aaRRRRR", "malformed: bad OID: a subidentifier is above 4294967295", &[]),
        value("OID with a subidentifier led by 80", "06042b800601", "AAAAAAA", "ObjectIdentifier(1.3.6.1)", &[PaddedOid]),
        value("OID of no octets", "0600", "aARRARA", "ObjectIdentifier(0.0)", &[EmptyOid]),
        value("OID under joint-iso-itu-t", "0603883703", "aaAAAaA", "ObjectIdentifier(2.999.3)", &[]),
        frame("OID of 129 arcs", "06 81 80 2b 01 ...", "AAPARAR", Frame { value: tlv(0x06, &long_oid(129)), ..f() },
            "malformed: bad OID: more than 128 arcs", &[]),
        frame("name that ends inside a subidentifier", "06 03 2b 06 81", "aaRRRRR", Frame { name: hex("06032b0681"), ..f() },
            "malformed: bad OID: the last subidentifier is not finished", &[]),
        frame("name with a subidentifier of 2^32", "06 06 2b 90 80 80 80 00", "aaRRRRR", Frame { name: hex("06062b9080808000"), ..f() },
            "malformed: bad OID: a subidentifier is above 4294967295", &[]),
        frame("name of no octets", "06 00", "", Frame { name: hex("0600"), ..f() }, "name 0.0 TimeTicks(12345)", &[EmptyOid]),
        frame("name with a subidentifier led by 80", "06 09 2b 80 06 ...", "AAAAAAA", Frame { name: hex("06092b8006010201010300"), ..f() }, PLAIN_VALUE, &[PaddedOid]),
        // other types
        value("IpAddress of no octets", "4000", "RDRRRaR", "malformed: wrong number of octets for the type", &[]),
        value("IpAddress of five octets", "40050a00000100", "RDRRRRR", "malformed: wrong number of octets for the type", &[]),
        value("IpAddress of sixteen octets", "401000000000000000000000000000000001", "RDRRRAR", "malformed: wrong number of octets for the type", &[]),
        value("NsapAddress (historic)", "450401020304", "aDRRAaA", "NsapAddress([1, 2, 3, 4])", &[]),
        value("UInteger32 (historic)", "470105", "ADRRAAA", "UInteger32(5)", &[]),
        value("application type that SNMP does not define", "4a020102", "ADRRAaR", "Unknown { tag: 74, octets: [1, 2] }", &[UnknownTag]),
        value("noSuchInstance with an octet inside", "810100", "ADRRRAA", "noSuchInstance", &[NullWithOctets]),
        value("NULL with an octet inside", "050100", "ADARRAA", "Null", &[NullWithOctets]),
        value("tag of two octets", "5f810102", "", "malformed: tag of more than one octet", &[]),
        value("value of indefinite length", "0480 0000", "", "malformed: indefinite length", &[]),
        value("value longer than its binding", "0409010203", "", "malformed: cut off: a length reaches past the end", &[]),
        value("no value", "", "", "malformed: cut off: a length reaches past the end", &[]),
        value("octets after the value", "0201050000", "", "Integer(5)", &[TrailingBinding]),
        // the fixed fields
        frame("negative request-id", "02 04 de ad be ef", "RAAAAAA", Frame { request_id: hex("0204deadbeef"), ..f() },
            "id -559038737 TimeTicks(12345)", &[]),
        frame("request-id sent as an unsigned number", "02 05 00 de ad be ef", "aRRRRaa", Frame { request_id: hex("020500deadbeef"), ..f() },
            "id -559038737 TimeTicks(12345)", &[WideRequestId]),
        frame("request-id of five octets led by ff", "02 05 ff 5e ad be ef", "", Frame { request_id: hex("0205ff5eadbeef"), ..f() },
            "id 1588444911 TimeTicks(12345)", &[WideRequestId]),
        frame("error-index -1", "02 01 ff", "RRRRAaA", Frame { error_index: hex("0201ff"), ..f() }, PLAIN_VALUE, &[NegativeErrorIndex]),
        frame("error-status that no RFC defines", "02 01 63", "AARAAAA", Frame { error_status: hex("020163"), ..f() },
            "error-status 99 TimeTicks(12345)", &[]),
        frame("community that is not UTF-8", "04 02 ff fe", "RAAAAAA", Frame { community: hex("0402fffe"), ..f() }, PLAIN_VALUE, &[]),
        // frames
        frame("octets after the message", "00 00", "AAAAARA", Frame { after_message: hex("0000"), ..f() }, PLAIN_VALUE, &[TrailingMessage]),
        frame("octets after the variable-binding list", "05 00", "AARRRRA", Frame { after_list: hex("0500"), ..f() }, PLAIN_VALUE, &[TrailingPdu]),
        frame("octets after the PDU", "05 00", "AARRRRA", Frame { after_pdu: hex("0500"), ..f() }, PLAIN_VALUE, &[TrailingPdu]),
        frame("unknown version", "02 01 02", "", Frame { version: hex("020102"), ..f() }, "refused: unknown SNMP version 2", &[]),
        frame("unknown PDU type", "af", "", Frame { pdu_tag: 0xaf, ..f() }, "refused: unknown PDU type 0xaf", &[]),
        frame("binding that is no SEQUENCE", "31", "", Frame { binding_tag: 0x31, ..f() }, "malformed: expected tag 0x30, found 0x31", &[]),
    ];
    for (case, width) in [("lengths in two octets (81)", 1), ("lengths in three octets (82)", 2), ("lengths in five octets (84)", 4)] {
        rows.push(frame(case, "", "AAAAAAA", Frame { length_octets: width, ..f() }, PLAIN_VALUE, &[LongLength]));
    }
    let whole = f().message();
    let raw = |octets: Vec<u8>| Frame { instead: Some(octets), ..f() };
    let mut indefinite = vec![0x30, 0x80];
    indefinite.extend(&whole[2..]);
    indefinite.extend([0, 0]);
    let mut longer = whole.clone();
    let pdu = longer.iter().position(|octet| *octet == 0xa2).unwrap();
    longer[pdu + 1] += 5;
    rows.extend([
        frame("indefinite length outside", "30 80 ... 00 00", "RRRARRR", raw(indefinite), "refused: indefinite length", &[]),
        frame("PDU longer than the message", "", "aRRRRRR", raw(longer), "refused: cut off: a length reaches past the end", &[]),
        frame("message cut off", "", "RRRRRRR", raw(whole[..whole.len() - 3].to_vec()), "refused: cut off: a length reaches past the end", &[]),
        frame("length of 4 GiB", "30 84 ff ff ff ff", "RRRRRRR", raw([&hex("3084ffffffff"), &whole[2..]].concat()), "refused: cut off: a length reaches past the end", &[]),
        frame("length of 2^63", "30 88 80 ...", "RRRRRRR", raw([&hex("30888000000000000000"), &whole[2..]].concat()), "refused: length of more than four octets", &[]),
        frame("5000 SEQUENCEs in one another", "30 82 .. 30 82 ..", "RRRRRRR", raw(nested(5000)), "refused: expected tag 0x02, found 0x30", &[]),
        frame("nothing at all", "", "", raw(vec![]), "refused: cut off: a length reaches past the end", &[]),
    ]);
    rows
}

#[test]
fn every_row_comes_out_as_wanted() {
    for row in rows() {
        let (outcome, quirks) = outcome(&row.frame.message());
        assert_eq!(outcome, row.wanted, "{}", row.case);
        assert_eq!(quirks, row.quirks, "{}", row.case);
    }
}

/// Where the peers agree on a value, it is the value here; the exceptions are decided, not forgotten.
#[test]
fn what_net_snmp_or_two_peers_read_is_read() {
    const DECIDED: &[&str] = &["OID of 129 arcs"];
    for row in rows().iter().filter(|row| !row.peers.is_empty()) {
        assert_eq!(row.peers.len(), 7, "{}", row.case);
        let agree = row.peers.matches('A').count();
        let read = !row.wanted.starts_with("malformed") && !row.wanted.starts_with("refused");
        let demanded = (agree >= 2 || row.peers.ends_with('A')) && !DECIDED.contains(&row.case);
        assert!(read || !demanded, "{}: peers read it", row.case);
    }
}

#[test]
fn an_oid_of_128_arcs_is_the_longest() {
    let message = Frame { value: tlv(0x06, &long_oid(128)), ..Frame::default() }.message();
    let (outcome, quirks) = outcome(&message);
    assert!(outcome.starts_with("ObjectIdentifier(1.3.1.1"), "{outcome}");
    assert!(quirks.is_empty());
}

/// Nothing that is cut anywhere is refused with a fault that points outside of it, and nothing panics.
#[test]
fn every_prefix_is_refused_or_salvaged() {
    for row in rows() {
        let whole = row.frame.message();
        for end in 0..whole.len().min(300) {
            if let Err(fault) = Message::decode(&whole[..end]) {
                assert!(fault.offset <= end, "{} cut at {end}: {fault}", row.case);
            }
        }
    }
}

/// Everything that can be wrong with one binding: each row of the table that costs one, and some more.
fn bad_bindings() -> Vec<(&'static str, Vec<u8>)> {
    let rows = rows().into_iter().filter(|row| row.wanted.starts_with("malformed"));
    let mut bad: Vec<_> = rows
        .map(|row| {
            let name = if row.frame.name == Frame::default().name { column(7) } else { row.frame.name };
            (row.case, tlv(row.frame.binding_tag, &[name, row.frame.value].concat()))
        })
        .collect();
    bad.extend([
        ("nothing in the binding", tlv(0x30, &[])),
        ("no name", tlv(0x30, &support::unhex("020105"))),
        ("name and value exchanged", tlv(0x30, &[support::unhex("020105"), column(7)].concat())),
    ]);
    assert!(bad.len() >= 18, "{}", bad.len());
    bad
}

/// One bad binding costs itself: whatever is wrong with it and wherever it stands, the other 39 arrive.
#[test]
fn forty_bindings_with_a_bad_one_give_thirty_nine_values() {
    for (what, bad) in bad_bindings() {
        for at in 0..40 {
            let message = forty(|row| if row == at { bad.clone() } else { good(row) });
            let bindings = bindings(&message);
            assert_eq!(bindings.len(), 40, "{what} at {at}");
            for (row, text) in (0..).zip(&bindings) {
                if row == at {
                    assert!(text.starts_with("malformed: "), "{what} at {at}: {text}");
                } else {
                    assert_eq!(text, &format!("Integer({row})"), "{what} at {at}");
                }
            }
        }
    }
}

/// The same through the manager, where what a device forgets is asked again: 39 values and one recorded error, or a value
/// and its quirk, and the device's every departure is among the response's quirks.
#[test]
fn a_manager_hands_out_thirty_nine_values_and_what_was_wrong() {
    let broken = [0x30, 0x82, 0x7f, 0xff].into_iter().chain(good(7)[2..].iter().copied()).collect();
    for (what, bad) in bad_bindings().into_iter().chain([("a binding longer than the list", broken)]) {
        let response = ask_for_forty(|row| if row == 7 { bad.clone() } else { good(row) });
        for (row, varbind) in (0..).zip(&response.varbinds) {
            match row {
                7 => assert!(varbind.value().is_none(), "{what}: {varbind:?}"),
                _ => assert_eq!(varbind.get::<i64>(), Ok(row), "{what}"),
            }
        }
        assert_eq!(response.varbinds.len(), 40, "{what}");
        assert!(response.quirks.has(Quirk::MalformedBinding), "{what}: {:?}", response.quirks);
    }
    for row in rows().into_iter().filter(|row| !row.quirks.is_empty() && row.frame.value != Frame::default().value) {
        let bad = tlv(0x30, &[column(7), row.frame.value].concat());
        let response = ask_for_forty(|number| if number == 7 { bad.clone() } else { good(number) });
        assert_eq!(response.quirks, row.quirks, "{}", row.case);
        assert_eq!(said(response.varbinds[7].binding.as_ref()), row.wanted, "{}", row.case);
    }
}

/// Asks a device for forty names, which answers each with these octets.
fn ask_for_forty(binding: impl Fn(u8) -> Vec<u8>) -> dca_snmp::Response {
    let (at, now) = (([192, 0, 2, 1], 161).into(), std::time::Instant::now());
    let mut manager = Manager::new(Limits::default(), [7; 32]);
    let names: Vec<Oid> = (0..40).map(|row| OidRef::check(&column(row)[2..]).unwrap().0.to_oid()).collect();
    manager.submit(Request::get(names.clone()), at, &Credentials::v2c("public"), now);
    for _ in 0..200 {
        while let Some(question) = manager.poll_transmit() {
            let Ok(Message::Community(message)) = Message::decode(&question.bytes) else { panic!("a question") };
            let Body::Pdu(pdu) = &message.body else { panic!("a question") };
            let asked = pdu.varbinds().map(|asked| names.iter().position(|name| *name == asked.oid).unwrap() as u8);
            let list = asked.flat_map(&binding).collect();
            let request_id = tlv(0x02, &pdu.request_id.to_be_bytes());
            manager.handle_datagram(&Frame { request_id, list: Some(list), ..Frame::default() }.message(), at, now);
        }
        if let Some((_, Outcome::Answer(answer))) = manager.poll_done() {
            return answer.unwrap();
        }
    }
    panic!("never ends")
}

fn forty(binding: impl Fn(u8) -> Vec<u8>) -> Vec<u8> {
    Frame { list: Some((0..40).flat_map(binding).collect()), ..Frame::default() }.message()
}

/// Where the next binding starts is lost when a binding reaches past the list: the rest is one recorded error.
#[test]
fn a_binding_longer_than_the_list_ends_it_with_an_error() {
    for at in 0..40 {
        let mut list: Vec<u8> = (0..at).flat_map(good).collect();
        list.extend([0x30, 0x7f]);
        list.extend(&good(at)[2..]);
        let bindings = bindings(&Frame { list: Some(list), ..Frame::default() }.message());
        let (last, before) = bindings.split_last().unwrap();
        assert!(last.starts_with("malformed: cut off"), "{last}");
        assert_eq!(before.len(), usize::from(at));
        assert!(before.iter().enumerate().all(|(row, text)| *text == format!("Integer({row})")));
    }
}

#[test]
fn the_published_table_is_current() {
    let mut text = String::from(
        "# What the decoder forgives\n\n\
         Printed by `tests/tolerance.rs` (`UPDATE_EXPECT=1 cargo test -p dca-snmp --test tolerance`). One message each, a v2c\n\
         Response with one binding unless the case says otherwise. *Malformed* costs that binding alone, the others arrive;\n\
         *refused* is the whole message. A quirk is recorded with the answer, never silent. Peers: snmp-parser 0.11, snmp2 0.5,\n\
         csnmp 0.6, rasn 0.30, async-snmp 0.18, gosnmp 1.43, net-snmp 5.9: `A` the wanted value, `a` a doubtful one, `D` silently\n\
         lost, `R` message refused, `P` panic. The rule behind it: `docs/decisions/001-forgiven-octets.md`.\n\n\
         | case | octets | result | recorded as | peers |\n|---|---|---|---|---|\n",
    );
    for row in rows() {
        let quirks: Vec<_> = row.quirks.iter().map(|quirk| quirk.text()).collect();
        let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
        let octets: String = row.octets.chars().filter(|c| !c.is_whitespace()).collect();
        let (case, wanted) = (row.case, row.wanted);
        let (octets, peers) = (code(&octets), code(row.peers));
        let _ = writeln!(text, "| {case} | {octets} | {wanted} | {} | {peers} |", quirks.join("; "));
    }
    expect_test::expect_file!["../TOLERANCE.md"].assert_eq(&text);
}

/// One line for a message with one binding: what is not plain of the fixed fields, then the value.
fn outcome(message: &[u8]) -> (String, Quirks) {
    let decoded = match Message::decode(message) {
        Ok(Message::Community(decoded)) => decoded,
        Ok(Message::V3(_)) => unreachable!("these are v2c"),
        Err(fault) => return (format!("refused: {}", fault.kind), Quirks::NONE),
    };
    let Body::Pdu(pdu) = &decoded.body else { unreachable!("no traps here") };
    let mut text = String::new();
    if pdu.request_id != Frame::REQUEST_ID {
        let _ = write!(text, "id {} ", pdu.request_id);
    }
    if pdu.error_status.0 != 0 {
        let _ = write!(text, "{} ", pdu.error_status);
    }
    assert_eq!(pdu.error_index, 0);
    let mut quirks = decoded.quirks;
    let bindings: Vec<_> = pdu.varbinds().collect();
    let [binding] = bindings.as_slice() else { panic!("one binding: {bindings:?}") };
    quirks.merge(binding.quirks);
    if binding.oid.to_string() != Frame::NAME && !binding.oid.is_empty() {
        let _ = write!(text, "name {} ", binding.oid);
    }
    text.push_str(&said(binding.binding));
    (text, quirks)
}

fn bindings(message: &[u8]) -> Vec<String> {
    let Ok(Message::Community(decoded)) = Message::decode(message) else { panic!("the frame is sound") };
    let Body::Pdu(pdu) = decoded.body else { panic!("no traps here") };
    pdu.varbinds().map(|varbind| said(varbind.binding)).collect()
}

fn said(binding: BindingRef<'_>) -> String {
    match binding {
        BindingRef::Found(value) => format!("{value:?}"),
        BindingRef::NoSuchObject => "noSuchObject".into(),
        BindingRef::NoSuchInstance => "noSuchInstance".into(),
        BindingRef::EndOfMibView => "endOfMibView".into(),
        BindingRef::Malformed(bad) => format!("malformed: {}", bad.fault.kind),
        other => format!("{other:?}"),
    }
}

fn column(row: u8) -> Vec<u8> {
    tlv(0x06, &[0x2b, 6, 1, 2, 1, 43, 11, 1, 1, 9, 1, row])
}

fn good(row: u8) -> Vec<u8> {
    tlv(0x30, &[column(row), tlv(0x02, &[row])].concat())
}

/// Content octets of 1.3.1.1.1... with so many arcs.
fn long_oid(arcs: usize) -> Vec<u8> {
    let mut octets = vec![1; arcs - 1];
    octets[0] = 0x2b;
    octets
}

fn nested(depth: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    for _ in 0..depth {
        octets = tlv(0x30, &octets);
        octets.truncate(60_000);
    }
    octets
}
