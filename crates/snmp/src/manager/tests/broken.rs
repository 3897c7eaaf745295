//! Devices that break the protocol, and datagrams that were changed on the way.

use super::*;
use crate::message::{Encoded3, ErrorStatus, Pdu, PduFields, encode_community};
use crate::quirk::Quirk;
use crate::{BindingRef, ValueRef};

fn pdu<'a>(message: &'a Message<'a>) -> &'a Pdu<'a> {
    match message {
        Message::Community(message) => match &message.body {
            Body::Pdu(pdu) => pdu,
            Body::TrapV1(_) => panic!("a trap"),
        },
        Message::V3(_) => panic!("v3"),
    }
}

/// A v2c answer to this question.
fn reply(question: &Pdu<'_>, status: ErrorStatus, index: u32, rows: &[(Oid, Value)]) -> Vec<Vec<u8>> {
    let mut writer = crate::ber::Writer::new();
    let fields = PduFields {
        kind: PduKind::Response,
        request_id: question.request_id,
        error_status: status.0,
        error_index: index,
    };
    let rows = rows.iter().map(|(name, value)| (name.as_ref(), BindingRef::Found(value.as_ref())));
    encode_community(&mut writer, crate::Version::V2c, b"public", fields, rows);
    vec![writer.octets().to_vec()]
}

/// Asks v2c; the device is a function of the question.
fn asked(names: &[Oid], device: impl Fn(&Pdu<'_>, Vec<(Oid, Value)>) -> Vec<Vec<u8>>) -> Result<Response, Failure> {
    let (mut manager, mut now) = (manager(), start());
    manager.submit(Request::get(names.iter().cloned()), at(1), &Credentials::v2c("public"), now);
    answer(run(&mut manager, &mut now, |bytes, _| {
        let message = Message::decode(bytes).unwrap();
        let question = pdu(&message);
        let rows = question.varbinds().map(|asked| (asked.oid.to_oid(), of(&asked.oid.to_oid()))).collect();
        device(question, rows)
    }))
}

fn of(name: &Oid) -> Value {
    Value::OctetString(name.to_string().into_bytes())
}

fn names(count: u32) -> Vec<Oid> {
    (1..=count).map(|n| oid("1.3.6.1.4.1.1").join([n]).unwrap()).collect()
}

#[test]
fn one_name_that_fails_costs_itself_alone() {
    let names = names(20);
    for tells_index in [true, false] {
        let bad = names[7].clone();
        let response = asked(&names, |question, rows| match rows.iter().position(|(name, _)| *name == bad) {
            Some(place) => reply(question, ErrorStatus::GEN_ERR, if tells_index { place as u32 + 1 } else { 0 }, &rows),
            None => reply(question, ErrorStatus::NO_ERROR, 0, &rows),
        });
        let response = response.unwrap();
        assert!(response.quirks.has(Quirk::NameRefused));
        for (name, varbind) in names.iter().zip(&response.varbinds) {
            assert_eq!(varbind.oid, *name);
            assert_eq!(varbind.value().is_none(), *name == bad);
        }
    }
    let all = asked(&names, |question, rows| reply(question, ErrorStatus::GEN_ERR, 0, &rows));
    assert!(matches!(all, Err(Failure::Agent { status: ErrorStatus::GEN_ERR, .. })), "{all:?}");
}

#[test]
fn answers_to_other_names_are_not_used() {
    let names = names(6);
    let shifted = asked(&names, |question, mut rows| {
        rows.iter_mut().for_each(|(name, value)| {
            *name = name.join([1]).unwrap();
            *value = Value::Integer(666);
        });
        reply(question, ErrorStatus::NO_ERROR, 0, &rows)
    });
    assert!(matches!(shifted, Err(Failure::Garbled(_))), "{shifted:?}");
    let turned = asked(&names, |question, mut rows| {
        rows.reverse();
        reply(question, ErrorStatus::NO_ERROR, 0, &rows)
    });
    let turned = turned.unwrap();
    assert!(turned.quirks.has(Quirk::OtherName));
    assert!(turned.varbinds.iter().zip(&names).all(|(row, name)| row.value() == Some(&of(name))));
}

#[test]
fn short_empty_and_too_big_answers_are_asked_again() {
    let names = names(20);
    for most in [1, 3] {
        let short =
            asked(&names, |question, rows| reply(question, ErrorStatus::NO_ERROR, 0, &rows[..rows.len().min(most)]));
        let empty = asked(&names, |question, rows| {
            reply(question, ErrorStatus::NO_ERROR, 0, if rows.len() > most { &[] } else { &rows })
        });
        let too_big = asked(&names, |question, rows| {
            let status = if rows.len() > most { ErrorStatus::TOO_BIG } else { ErrorStatus::NO_ERROR };
            reply(question, status, 0, if rows.len() > most { &[] } else { &rows })
        });
        for response in [short, empty, too_big] {
            let response = response.unwrap();
            assert!(response.varbinds.iter().zip(&names).all(|(row, name)| row.value() == Some(&of(name))));
        }
    }
}

#[test]
fn getnext_where_getbulk_is_broken() {
    for silent in [true, false] {
        let (mut manager, mut now, mut agent) = (manager(), start(), responder(ResponderSettings::default()));
        let mib = table(50);
        for round in 0..2 {
            manager.walk(Walk::new(oid("1.3.6.1.2.1.43")), at(1), &Credentials::v2c("public"), now);
            let walked = walked(run(&mut manager, &mut now, |bytes, now| {
                let message = Message::decode(bytes).unwrap();
                let question = pdu(&message);
                if question.kind != PduKind::GetBulk {
                    return agent.handle(bytes, &mib, now).into_iter().collect();
                }
                if silent { Vec::new() } else { reply(question, ErrorStatus::GEN_ERR, 1, &[]) }
            }));
            assert_eq!((walked.end, walked.varbinds.len()), (WalkEnd::Complete, 50));
            assert!(round == 0 || walked.sent == 51, "{}", walked.sent);
        }
    }
}

#[test]
fn a_device_that_goes_silent_leaves_the_rows_so_far() {
    let (mut manager, mut now, mut agent) = (manager(), start(), responder(ResponderSettings::default()));
    let (mib, mut left) = (table(500), 4);
    manager.walk(Walk::new(oid("1.3.6.1.2.1.43")), at(1), &Credentials::v2c("public"), now);
    let walked = walked(run(&mut manager, &mut now, |bytes, now| {
        left -= 1;
        if left < 0 { Vec::new() } else { agent.handle(bytes, &mib, now).into_iter().collect() }
    }));
    assert!(walked.varbinds.len() >= 40);
    let last = walked.varbinds.last().unwrap().oid.to_oid();
    assert!(matches!(walked.end, WalkEnd::Failed { at, why: Failure::NoAnswer { .. } } if at == last));
}

#[test]
fn a_wrong_digest_does_not_keep_the_true_answer_away() {
    let user = User::new("reader").unwrap().auth(AuthProtocol::Sha1, b"maplesyrup").unwrap();
    let settings = ResponderSettings { users: vec![user.clone()], ..ResponderSettings::default() };
    let forge = |answer: &[u8]| {
        let mut forged = answer.to_vec();
        let last = forged.len() - 1;
        forged[last] ^= 1;
        forged
    };
    for truth in [true, false] {
        let (mut manager, mut now, mut agent) = (manager(), start(), responder(settings.clone()));
        manager.submit(Request::get([oid("1.3.6.1.2.1.1.1.0")]), at(1), &Credentials::V3(user.clone()), now);
        let result = answer(run(&mut manager, &mut now, |bytes, now| {
            let Message::V3(question) = Message::decode(bytes).unwrap() else { panic!("not v3") };
            let answer = agent.handle(bytes, &table(1), now).unwrap();
            match (question.flags.auth, truth) {
                (false, _) => vec![answer],
                (true, true) => vec![forge(&answer), answer],
                (true, false) => vec![forge(&answer)],
            }
        }));
        match truth {
            true => assert_eq!(result.unwrap().varbinds[0].value(), Some(&Value::OctetString(b"printer".to_vec()))),
            false => assert_eq!(result.unwrap_err(), Failure::BadDigest),
        }
    }
}

/// An unsigned notInTimeWindows must move no clock and must not make the manager ask for ever.
#[test]
fn unsigned_reports_are_bounded() {
    let user = User::new("reader").unwrap().auth(AuthProtocol::Sha1, b"maplesyrup").unwrap();
    let settings = ResponderSettings { users: vec![user.clone()], ..ResponderSettings::default() };
    for (report, expected) in [(UsmReport::NotInTimeWindow, 3), (UsmReport::UnknownEngineId, 8)] {
        let (mut manager, mut now, mut agent) = (manager(), start(), responder(settings.clone()));
        manager.submit(Request::get([oid("1.3.6.1.2.1.1.1.0")]), at(1), &Credentials::V3(user.clone()), now);
        let mut sent = 0;
        let failure = answer(run(&mut manager, &mut now, |bytes, now| {
            sent += 1;
            let Message::V3(question) = Message::decode(bytes).unwrap() else { panic!("not v3") };
            if !question.flags.auth {
                return agent.handle(bytes, &table(1), now).into_iter().collect();
            }
            let (mut scoped, mut writer) = (crate::ber::Writer::new(), crate::ber::Writer::new());
            let counter = [(report.oid(), BindingRef::Found(ValueRef::Counter32(1)))];
            let fields = PduFields::ask(PduKind::Report, question.msg_id);
            crate::message::encode_scoped_pdu(&mut scoped, b"", b"", fields, counter.into_iter());
            let outgoing = crate::message::Outgoing3 {
                msg_id: question.msg_id,
                max_size: 1472,
                flags: Default::default(),
                engine_id: question.usm.engine_id,
                boots: 77,
                time: 7,
                user: b"reader",
                auth_length: 0,
                salt: &[],
                scoped: scoped.octets(),
            };
            let Encoded3 { .. } = crate::message::encode_v3(&mut writer, &outgoing);
            vec![writer.octets().to_vec()]
        }));
        assert_eq!(failure.unwrap_err(), Failure::Usm(report));
        assert_eq!(sent, expected);
    }
}
