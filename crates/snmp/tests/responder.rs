//! A [`Responder`] in memory, under a time of the test's choosing.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail as it does, and an Instant has no other origin than the clock"
)]

use dca_snmp::ber::Writer;
use dca_snmp::message::{
    Body, CommunityMessage, Flags, Message, Outgoing3, Payload, Pdu, PduFields, PduKind, UsmParameters, V3Message,
    encode_community, encode_scoped_pdu, encode_v3,
};
use dca_snmp::responder::{Mib, Responder, ResponderSettings};
use dca_snmp::usm::{Header, LocalizedUser, OpenError};
use dca_snmp::{
    AuthProtocol, Binding, BindingRef, Community, KeyExtension, Oid, OidRef, PrivProtocol, Quirks, User, UsmReport,
    Value, ValueRef, VarBind, Version, oid,
};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const ENGINE: &[u8] = &[0x80, 0, 0, 0, 5, 1, 2, 3];
const NAME: OidRef<'static> = oid!("1.3.6.1.4.1.9.1.0");

#[test]
fn getnext_and_getbulk_follow_the_mib() {
    let mut agent = agent();
    let ask = |kind, status, index| PduFields { kind, request_id: -7, error_status: status, error_index: index };
    let names = [oid!("1.3.6.1.4.1.9.1"), oid!("1.3.6.1.4.1.9.2"), oid!("1.3.6.1.4.1.9.3")];

    let next = agent.community(Version::V2c, ask(PduKind::GetNext, 0, 0), &names).unwrap();
    assert_eq!(next.request_id, -7);
    assert_eq!(next.text, ["9.1.0=1", "9.2.1=21", "9.3=end"]);

    // RFC 3416 §4.2.3: one pass over the non-repeaters, then row by row.
    let bulk = agent.community(Version::V2c, ask(PduKind::GetBulk, 1, 2), &names).unwrap();
    assert_eq!(bulk.text, ["9.1.0=1", "9.2.1=21", "9.3=end", "9.2.2=22", "9.3=end"]);
    let all = agent.community(Version::V2c, ask(PduKind::GetBulk, 0, u32::MAX >> 1), &names[1..]).unwrap();
    assert_eq!(all.text.len(), 2 * 4, "ends with the first row that has nothing: {:?}", all.text);
    for (non_repeaters, repetitions, expected) in [(99, 5, 3), (-1, 1, 3), (0, 0, 0), (3, 9, 3)] {
        let bulk = agent.community(Version::V2c, ask(PduKind::GetBulk, non_repeaters, repetitions), &names).unwrap();
        assert_eq!(bulk.text.len(), expected, "{non_repeaters} {repetitions}");
    }
    assert!(agent.community(Version::V1, ask(PduKind::GetBulk, 0, 2), &names).is_none(), "no PDU of v1");
    for kind in [PduKind::Response, PduKind::Report, PduKind::TrapV2, PduKind::Inform] {
        assert!(agent.community(Version::V2c, ask(kind, 0, 0), &names).is_none(), "{kind:?}");
    }
}

#[test]
fn versions_and_communities_that_are_not_served() {
    let mut agent = Agent::new(ResponderSettings {
        versions: vec![Version::V2c],
        communities: vec![Community::from("first"), Community::from("second")],
        users: vec![User::new("nobody").unwrap()],
        ..settings()
    });
    for (version, community, answered) in [
        (Version::V2c, "first", true),
        (Version::V2c, "second", true),
        (Version::V2c, "third", false),
        (Version::V2c, "firs", false),
        (Version::V2c, "", false),
        (Version::V1, "first", false),
    ] {
        let mut writer = Writer::new();
        let asked = [(NAME, BindingRef::Found(ValueRef::Null))].into_iter();
        encode_community(&mut writer, version, community.as_bytes(), PduFields::ask(PduKind::Get, 1), asked);
        assert_eq!(agent.send(writer.octets()).is_some(), answered, "{version:?} {community}");
    }
    let user = LocalizedUser::new(&User::new("nobody").unwrap(), ENGINE, KeyExtension::Either);
    assert!(agent.secure(&user, &Ask::default()).is_none(), "v3 is switched off");
}

#[test]
fn v1_steps_over_counter64_and_ends_with_a_name_that_does_not_grow() {
    struct Stuck;
    impl Mib for Stuck {
        fn get(&self, _: OidRef<'_>) -> Binding {
            Binding::NoSuchObject
        }
        fn next(&self, _: OidRef<'_>) -> Option<(Oid, Value)> {
            Some((NAME.to_oid(), Value::Counter64(1)))
        }
    }
    let mut writer = Writer::new();
    let asked = [(oid!("1.3"), BindingRef::Found(ValueRef::Null))].into_iter();
    encode_community(&mut writer, Version::V1, b"public", PduFields::ask(PduKind::GetNext, 1), asked);
    let mut responder = Responder::new(settings(), [0; 32]);
    let answer = responder.handle(writer.octets(), &Stuck, Instant::now()).unwrap();
    let Ok(Message::Community(CommunityMessage { body: Body::Pdu(pdu), .. })) = Message::decode(&answer) else {
        panic!("not an answer")
    };
    assert_eq!((pdu.error_status.name(), pdu.error_index), (Some("noSuchName"), 1));
}

#[test]
fn discovery_tells_engine_and_time() {
    let mut agent = agent();
    agent.now += Duration::from_secs(5);
    let probe = |reportable| {
        let (mut scoped, mut writer) = (Writer::new(), Writer::new());
        encode_scoped_pdu(&mut scoped, &[], &[], PduFields::ask(PduKind::Get, 31), [].into_iter());
        let message = Outgoing3 {
            msg_id: 77,
            max_size: 65_507,
            flags: Flags { reportable, ..Flags::default() },
            engine_id: &[],
            boots: 0,
            time: 0,
            user: &[],
            auth_length: 0,
            salt: &[],
            scoped: scoped.octets(),
        };
        encode_v3(&mut writer, &message);
        writer.octets().to_vec()
    };
    for count in 1..3 {
        let answer = agent.send(&probe(true)).unwrap();
        let message = v3(&answer);
        assert_eq!((message.msg_id, message.flags), (77, Flags::default()));
        let UsmParameters { engine_id, boots, time, .. } = message.usm;
        assert_eq!((engine_id, boots, time), (ENGINE, 3, 5));
        assert_eq!(report(&message), (31, Some(UsmReport::UnknownEngineId), count));
    }
    assert!(agent.send(&probe(false)).is_none(), "a Report only for who asks for it");
    assert_eq!(agent.responder.reported(UsmReport::UnknownEngineId), 3);
}

#[test]
fn every_report() {
    let mut agent = agent();
    let right = localized(&keeper(b"first password", b"second password"));
    assert!(agent.secure(&right, &Ask::default()).is_some());

    let elsewhere = LocalizedUser::new(&keeper(b"first password", b"second password"), b"other", KeyExtension::Either);
    let stranger = localized(&User::new("stranger").unwrap());
    let careless = localized(&User::new("keeper").unwrap());
    let wrong_auth = localized(&keeper(b"wrong password", b"second password"));
    let wrong_privacy = localized(&keeper(b"first password", b"wrong password"));
    for (user, ask, expected) in [
        (&elsewhere, Ask::default(), UsmReport::UnknownEngineId),
        (&stranger, Ask::default(), UsmReport::UnknownUserName),
        (&careless, Ask::default(), UsmReport::UnsupportedSecLevel),
        (&wrong_auth, Ask::default(), UsmReport::WrongDigest),
        (&wrong_privacy, Ask::default(), UsmReport::DecryptionError),
    ] {
        let answer = agent.secure(user, &ask).unwrap();
        let message = v3(&answer);
        assert_eq!(message.flags, Flags::default(), "{expected:?} proves nothing");
        let (_, found, count) = report(&message);
        assert_eq!((found, count), (Some(expected), 1));
        assert_eq!(agent.responder.reported(expected), 1);
    }

    for ask in
        [Ask { boots: 2, ..Ask::default() }, Ask { boots: 4, ..Ask::default() }, Ask { time: 151, ..Ask::default() }]
    {
        let answer = agent.secure(&right, &ask).unwrap();
        let message = v3(&answer);
        assert_eq!(right.verify(&answer, &message), Ok(()), "signed, so that its time can be believed");
        assert_eq!(report(&message).1, Some(UsmReport::NotInTimeWindow), "{ask:?}");
        assert_eq!((message.usm.boots, message.usm.time), (3, 0));
    }
    assert_eq!(agent.responder.reported(UsmReport::NotInTimeWindow), 3);

    let lost = Ask { context: b"attic", ..Ask::default() };
    assert_eq!(answered(&right, &agent.secure(&right, &lost).unwrap()).unwrap().0, UsmReport::UnknownContext.oid());
    let foreign = Ask { context_engine: b"another", ..Ask::default() };
    let handlers = oid!("1.3.6.1.6.3.11.2.1.3.0");
    assert_eq!(answered(&right, &agent.secure(&right, &foreign).unwrap()).unwrap().0, handlers);
    let cellar = Ask { context: b"cellar", ..Ask::default() };
    let answer = answered(&right, &agent.secure(&right, &cellar).unwrap()).unwrap();
    assert_eq!(answer, (NAME.to_oid(), Binding::Found(Value::Integer(1))));
}

#[test]
fn a_reboot_starts_time_and_counters_over() {
    let mut agent = agent();
    let user = localized(&keeper(b"first password", b"second password"));
    assert!(answered(&user, &agent.secure(&user, &Ask::default()).unwrap()).is_ok());
    agent.now += Duration::from_secs(1000);
    let late = agent.secure(&user, &Ask::default()).unwrap();
    assert_eq!(report(&v3(&late)).1, Some(UsmReport::NotInTimeWindow));
    assert!(answered(&user, &agent.secure(&user, &Ask { time: 1000, ..Ask::default() }).unwrap()).is_ok());

    agent.responder.reboot(4, agent.now);
    assert_eq!(agent.responder.engine_time(agent.now), (4, 0));
    assert_eq!(agent.responder.reported(UsmReport::NotInTimeWindow), 0);
    let before = agent.secure(&user, &Ask { time: 1000, ..Ask::default() }).unwrap();
    assert_eq!((v3(&before).usm.boots, v3(&before).usm.time), (4, 0));
    assert_eq!(report(&v3(&before)), (0, Some(UsmReport::NotInTimeWindow), 1));
    assert!(answered(&user, &agent.secure(&user, &Ask { boots: 4, ..Ask::default() }).unwrap()).is_ok());
}

#[test]
fn the_receivers_size_is_kept() {
    let mut agent = agent();
    let user = localized(&keeper(b"first password", b"second password"));
    agent.mib.extend((0..500).map(|row| (format!("1.3.6.1.4.1.9.4.{row}").parse().unwrap(), Value::Integer(row))));
    let mut lengths = Vec::new();
    for max_size in [0, 484, 900, 1472, 65_507] {
        let ask = Ask { max_size, kind: PduKind::GetBulk, repetitions: 1000, ..Ask::default() };
        let answer = agent.secure(&user, &ask).unwrap();
        assert!(answer.len() <= max_size.clamp(484, 1472) as usize, "{} for {max_size}", answer.len());
        lengths.push(answer.len());
    }
    assert!(lengths[1] > 440 && lengths[3] > 1430, "and made use of: {lengths:?}");
    assert_eq!((lengths[0], lengths[4]), (lengths[1], lengths[3]));
}

#[test]
fn nothing_sent_makes_it_panic() {
    let mut agent = agent();
    let user = localized(&keeper(b"first password", b"second password"));
    let plain = localized(&User::new("nobody").unwrap());
    let (mut scoped, mut sealed, mut open, mut community) =
        (Writer::new(), Writer::new(), Writer::new(), Writer::new());
    let bulk = PduFields { kind: PduKind::GetBulk, request_id: 1, error_status: 0, error_index: 20 };
    let asked = || [(NAME, BindingRef::Found(ValueRef::Null)); 3].into_iter();
    encode_scoped_pdu(&mut scoped, ENGINE, &[], bulk, asked());
    let header = Header { msg_id: 1, max_size: 1472, reportable: true, boots: 3, time: 0, salt: 1 };
    user.protect(&mut sealed, scoped.octets(), &header);
    plain.protect(&mut open, scoped.octets(), &header);
    encode_community(&mut community, Version::V2c, b"public", bulk, asked());
    let mut random = fastrand::Rng::with_seed(7);
    let mut answers = 0;
    for _ in 0..20_000 {
        let mut octets = random.choice([&sealed, &open, &community]).unwrap().octets().to_vec();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..octets.len());
            octets[at] = random.u8(..);
        }
        octets.truncate(octets.len() - random.usize(..8) / 7 * random.usize(..octets.len()));
        answers += usize::from(agent.send(&octets).is_some());
    }
    assert!(answers > 1000, "only {answers} answers: the messages were too broken to test anything");
}

/// A question over v3.
#[derive(Debug, Clone, Copy)]
struct Ask {
    boots: u32,
    time: u32,
    max_size: u32,
    context_engine: &'static [u8],
    context: &'static [u8],
    kind: PduKind,
    repetitions: u32,
}

impl Default for Ask {
    fn default() -> Self {
        let (context_engine, context) = (ENGINE, b"".as_slice());
        Self { boots: 3, time: 0, max_size: 1472, context_engine, context, kind: PduKind::Get, repetitions: 0 }
    }
}

struct Agent {
    responder: Responder,
    mib: BTreeMap<Oid, Value>,
    now: Instant,
}

/// A v1 or v2c answer: `9.1.0=1` is 1.3.6.1.4.1.9.1.0 with INTEGER 1.
struct Answer {
    request_id: i32,
    text: Vec<String>,
}

impl Agent {
    fn new(settings: ResponderSettings) -> Self {
        let rows = [("1.0", 1), ("2.1", 21), ("2.2", 22), ("2.3", 23)];
        let mib = rows.map(|(at, number)| (format!("1.3.6.1.4.1.9.{at}").parse().unwrap(), Value::Integer(number)));
        let mut agent = Self { responder: Responder::new(settings, [1; 32]), mib: mib.into(), now: Instant::now() };
        assert!(agent.send(&[]).is_none());
        agent.responder.reboot(3, agent.now);
        agent
    }

    fn send(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        self.responder.handle(datagram, &self.mib, self.now)
    }

    fn community(&mut self, version: Version, fields: PduFields, names: &[OidRef<'_>]) -> Option<Answer> {
        let mut writer = Writer::new();
        let asked = names.iter().map(|name| (*name, BindingRef::Found(ValueRef::Null)));
        encode_community(&mut writer, version, b"public", fields, asked);
        let answer = self.send(writer.octets())?;
        let Ok(Message::Community(CommunityMessage { body: Body::Pdu(pdu), .. })) = Message::decode(&answer) else {
            panic!("not an answer")
        };
        assert_eq!((pdu.kind, pdu.error_status.0), (PduKind::Response, 0));
        let show = |VarBind { oid, binding }: VarBind| match binding {
            Binding::Found(Value::Integer(number)) => format!("{oid}={number}"),
            Binding::EndOfMibView => format!("{oid}=end"),
            other => format!("{oid}={other:?}"),
        };
        let text = pdu.varbinds().map(|varbind| show(varbind.to_varbind()).replace("1.3.6.1.4.1.", "")).collect();
        Some(Answer { request_id: pdu.request_id, text })
    }

    fn secure(&mut self, user: &LocalizedUser, ask: &Ask) -> Option<Vec<u8>> {
        let (mut scoped, mut writer) = (Writer::new(), Writer::new());
        let fields = PduFields { error_index: ask.repetitions, ..PduFields::ask(ask.kind, 1) };
        let asked = [(NAME, BindingRef::Found(ValueRef::Null))].into_iter();
        encode_scoped_pdu(&mut scoped, ask.context_engine, ask.context, fields, asked);
        let header = Header {
            msg_id: 9,
            max_size: ask.max_size,
            reportable: true,
            boots: ask.boots,
            time: ask.time,
            salt: 0x0102_0304,
        };
        user.protect(&mut writer, scoped.octets(), &header);
        self.send(writer.octets())
    }
}

fn settings() -> ResponderSettings {
    ResponderSettings {
        users: vec![keeper(b"first password", b"second password"), User::new("nobody").unwrap()],
        engine_id: ENGINE.to_vec(),
        boots: 3,
        contexts: vec![b"cellar".to_vec()],
        ..ResponderSettings::default()
    }
}

fn agent() -> Agent {
    Agent::new(settings())
}

fn keeper(auth: &[u8], privacy: &[u8]) -> User {
    let user = User::new("keeper").unwrap().auth(AuthProtocol::Sha256, auth).unwrap();
    user.privacy(PrivProtocol::Aes128, privacy).unwrap()
}

fn localized(user: &User) -> LocalizedUser {
    LocalizedUser::new(user, ENGINE, KeyExtension::Either)
}

fn v3(datagram: &[u8]) -> V3Message<'_> {
    match Message::decode(datagram).unwrap() {
        Message::V3(message) => message,
        Message::Community(_) => panic!("not a v3 message"),
    }
}

/// Request-id, kind and count of a Report that is not encrypted.
fn report(message: &V3Message<'_>) -> (i32, Option<UsmReport>, u32) {
    let Payload::Plain(scoped) = &message.payload else { panic!("encrypted") };
    let Body::Pdu(pdu) = &scoped.body else { panic!("a trap") };
    assert_eq!(pdu.kind, PduKind::Report);
    let (name, binding) = first(pdu);
    let Binding::Found(Value::Counter32(count)) = binding else { panic!("{binding:?}") };
    (pdu.request_id, UsmReport::from_oid(name.as_ref()), count)
}

/// The first binding of an answer that was protected as the user demands.
fn answered(user: &LocalizedUser, datagram: &[u8]) -> Result<(Oid, Binding), OpenError> {
    let (mut plain, message) = (Vec::new(), v3(datagram));
    let scoped = user.open(datagram, &message, &mut plain, &mut Quirks::default())?;
    let Body::Pdu(pdu) = &scoped.body else { panic!("a trap") };
    Ok(first(pdu))
}

fn first(pdu: &Pdu<'_>) -> (Oid, Binding) {
    let VarBind { oid, binding } = pdu.varbinds().next().unwrap().to_varbind();
    (oid, binding)
}
