//! The manager against agents in memory, under virtual time.

mod broken;
mod plan;
mod storm;
mod survey;

use super::*;
use crate::responder::{Mib, Responder, ResponderSettings};
use crate::{AuthProtocol, Binding, KeyExtension, Oid, PrivProtocol, User, UsmReport, Value, WalkEnd};
use std::collections::BTreeMap;

type Objects = BTreeMap<Oid, Value>;

fn oid(text: &str) -> Oid {
    text.parse().unwrap()
}

fn at(n: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 161))
}

fn table(rows: u32) -> Objects {
    let mut objects: Objects =
        (1..=rows).map(|row| (oid("1.3.6.1.2.1.43.11").join([row]).unwrap(), Value::Counter32(row))).collect();
    objects.insert(oid("1.3.6.1.2.1.1.1.0"), Value::OctetString(b"printer".to_vec()));
    objects.insert(oid("1.3.6.1.2.1.99.1.0"), Value::Integer(1));
    objects
}

#[expect(clippy::disallowed_methods, reason = "some instant to count virtual time from")]
fn start() -> Instant {
    Instant::now()
}

fn manager() -> Manager {
    Manager::new(Limits::default(), [7; 32])
}

/// Runs until nothing is left to do; each datagram is answered by `agent` after 5 ms.
fn run(
    manager: &mut Manager,
    now: &mut Instant,
    mut agent: impl FnMut(&[u8], Instant) -> Vec<Vec<u8>>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for _ in 0..100_000 {
        while let Some(transmit) = manager.poll_transmit() {
            manager.handle_timeout(*now);
            *now += Duration::from_millis(5);
            for answer in agent(&transmit.bytes, *now) {
                manager.handle_datagram(&answer, transmit.to, *now);
            }
        }
        outcomes.extend(std::iter::from_fn(|| manager.poll_done()).map(|(_, outcome)| outcome));
        match manager.poll_timeout() {
            Some(due) => {
                *now = due.max(*now);
                manager.handle_timeout(*now);
            }
            None => {
                assert!(manager.jobs.is_empty() && manager.fresh.is_empty());
                assert!(manager.in_flight.is_empty() && manager.timers.is_empty());
                return outcomes;
            }
        }
    }
    panic!("never ends");
}

fn responder(settings: ResponderSettings) -> Responder {
    Responder::new(settings, [3; 32])
}

fn answer(outcomes: Vec<Outcome>) -> Result<Response, Failure> {
    match <[Outcome; 1]>::try_from(outcomes).unwrap() {
        [Outcome::Answer(answer)] => answer,
        other => panic!("{other:?}"),
    }
}

fn walked(outcomes: Vec<Outcome>) -> Walked {
    match <[Outcome; 1]>::try_from(outcomes).unwrap() {
        [Outcome::Walked(walked)] => walked,
        other => panic!("{other:?}"),
    }
}

/// Asks one question of one responder.
fn ask(request: Request, who: &Credentials, settings: ResponderSettings, mib: &Objects) -> Result<Response, Failure> {
    let (mut manager, mut now, mut agent) = (manager(), start(), responder(settings));
    manager.submit(request, at(1), who, now);
    answer(run(&mut manager, &mut now, |bytes, now| agent.handle(bytes, mib, now).into_iter().collect()))
}

fn walk_of(who: &Credentials, settings: ResponderSettings, mib: &dyn Mib) -> Walked {
    let (mut manager, mut now, mut agent) = (manager(), start(), responder(settings));
    manager.walk(Walk::new(oid("1.3.6.1.2.1.43")), at(1), who, now);
    walked(run(&mut manager, &mut now, |bytes, now| agent.handle(bytes, mib, now).into_iter().collect()))
}

#[test]
fn a_get_of_many_names_is_split_and_put_together() {
    let mib = table(300);
    for (who, max_message) in [
        (Credentials::v1("public"), 1472),
        (Credentials::v1("public"), 484),
        (Credentials::v2c("public"), 1472),
        (Credentials::v2c("public"), 484),
    ] {
        let mut names: Vec<Oid> = mib.keys().cloned().collect();
        names.insert(100, oid("1.3.6.1.4.1.1.0"));
        let settings = ResponderSettings { max_message, ..ResponderSettings::default() };
        let response = ask(Request::get(names.clone()), &who, settings, &mib).unwrap();
        assert_eq!(response.varbinds.len(), names.len());
        for (name, varbind) in names.iter().zip(&response.varbinds) {
            assert_eq!(*name, varbind.oid);
            assert_eq!(varbind.value(), mib.get(name));
        }
        assert_eq!(response.varbinds[100].binding, Binding::NoSuchObject);
        assert!(response.sent < 40, "{}", response.sent);
    }
}

#[test]
fn a_walk_reads_every_row_and_learns() {
    let mib = table(3000);
    for (who, most) in [(Credentials::v1("public"), 3001), (Credentials::v2c("public"), 110)] {
        let walked = walk_of(&who, ResponderSettings::default(), &mib);
        assert_eq!(walked.end, WalkEnd::Complete);
        assert_eq!(walked.varbinds.len(), 3000);
        assert!(walked.varbinds.iter().all(|row| row.value() == mib.get(&row.oid.to_oid()).map(Value::as_ref)));
        assert!(walked.sent <= most, "{}", walked.sent);
    }
}

/// Several roots bring what each of them brings alone, in fewer datagrams where they lie in order.
#[test]
fn subtrees_side_by_side_are_not_asked_apart() {
    // Ten subtrees of twelve rows, and something between them.
    let root = |n: u32| oid("1.3.6.1.2.1.43").join([n]).unwrap();
    let mut mib = table(0);
    for n in 1..=10 {
        mib.extend((1..=12).map(|row| (root(n).join([1, row]).unwrap(), Value::Counter32(row))));
        mib.insert(root(n).join([2]).unwrap(), Value::Integer(n.into()));
    }
    let walk = |roots: &[Oid], who: &Credentials| {
        let (mut manager, mut now, mut agent) = (manager(), start(), responder(ResponderSettings::default()));
        manager.walk(Walk::of(roots.to_vec()), at(1), who, now);
        walked(run(&mut manager, &mut now, |bytes, now| agent.handle(bytes, &mib, now).into_iter().collect()))
    };
    let table = |n: u32| root(n).join([1]).unwrap();
    let in_order: Vec<Oid> = (1..=10).map(table).collect();
    let cases = [
        in_order.clone(),
        in_order.iter().rev().cloned().collect(),
        vec![table(2), table(2), root(2), table(5), root(4)],
        // Nothing there, a row by its own name, and the end.
        vec![table(1), root(1).join([1, 12]).unwrap(), root(1).join([7]).unwrap(), root(10), root(11), root(12)],
    ];
    for who in [Credentials::v1("public"), Credentials::v2c("public")] {
        for roots in &cases {
            let together = walk(roots, &who);
            let apart: Vec<_> = roots.iter().map(|root| walk(std::slice::from_ref(root), &who)).collect();
            assert_eq!(together.end, WalkEnd::Complete, "{roots:?}");
            let rows: Vec<_> = apart.iter().flat_map(|walked| walked.varbinds.to_varbinds()).collect();
            assert_eq!(together.varbinds.to_varbinds(), rows, "{roots:?}");
            assert!(together.sent <= apart.iter().map(|walked| walked.sent).sum(), "{roots:?}");
        }
    }
    let sent = walk(&in_order, &Credentials::v2c("public")).sent;
    assert!(sent <= 6, "{sent} datagrams for 130 rows");
}

fn user(auth: AuthProtocol, privacy: PrivProtocol) -> User {
    User::new("reader").unwrap().auth(auth, b"maplesyrup").unwrap().privacy(privacy, b"pancakes!").unwrap()
}

#[test]
fn v3_discovers_and_remembers() {
    let users = [
        User::new("reader").unwrap(),
        User::new("reader").unwrap().auth(AuthProtocol::Md5, b"maplesyrup").unwrap(),
        user(AuthProtocol::Sha1, PrivProtocol::Des),
        user(AuthProtocol::Sha256, PrivProtocol::Aes128),
    ];
    let mib = table(100);
    for user in users {
        let settings = ResponderSettings { users: vec![user.clone()], boots: 9, ..ResponderSettings::default() };
        let (mut manager, mut now, mut agent) = (manager(), start(), responder(settings));
        let who = Credentials::V3(user);
        for round in 0..4 {
            if round == 2 {
                now += Duration::from_secs(5000);
                agent.reboot(10, now);
            }
            manager.walk(Walk::new(oid("1.3.6.1.2.1.43")), at(1), &who, now);
            let walked =
                walked(run(&mut manager, &mut now, |bytes, now| agent.handle(bytes, &mib, now).into_iter().collect()));
            assert_eq!((walked.end, walked.varbinds.len()), (WalkEnd::Complete, 100));
            manager.submit(Request::get([oid("1.3.6.1.2.1.1.1.0")]), at(1), &who, now);
            let response =
                answer(run(&mut manager, &mut now, |bytes, now| agent.handle(bytes, &mib, now).into_iter().collect()));
            assert_eq!(response.unwrap().sent, 1);
        }
    }
}

#[test]
fn the_key_extension_is_found_by_trying_both() {
    let mib = table(3);
    for theirs in [KeyExtension::Blumenthal, KeyExtension::Reeder] {
        let theirs = user(AuthProtocol::Sha1, PrivProtocol::Aes256(theirs));
        let who = Credentials::V3(user(AuthProtocol::Sha1, PrivProtocol::Aes256(KeyExtension::Either)));
        let settings = ResponderSettings { users: vec![theirs], ..ResponderSettings::default() };
        let (mut manager, mut now, mut agent) = (manager(), start(), responder(settings));
        for most in [4, 1] {
            manager.submit(Request::get([oid("1.3.6.1.2.1.1.1.0")]), at(1), &who, now);
            let response =
                answer(run(&mut manager, &mut now, |bytes, now| agent.handle(bytes, &mib, now).into_iter().collect()));
            let response = response.unwrap();
            assert!(response.sent <= most && response.varbinds[0].value().is_some(), "{response:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_user_is_told() {
    let good = user(AuthProtocol::Sha1, PrivProtocol::Aes128);
    let settings = || ResponderSettings { users: vec![good.clone()], ..ResponderSettings::default() };
    let get = || Request::get([oid("1.3.6.1.2.1.1.1.0")]);
    let told = |who: User| ask(get(), &Credentials::V3(who), settings(), &table(1)).unwrap_err();
    let named = |name| User::new(name).unwrap();
    let wrong_auth = named("reader").auth(AuthProtocol::Sha1, b"something else").unwrap();
    let wrong_auth = wrong_auth.privacy(PrivProtocol::Aes128, b"pancakes!").unwrap();
    let wrong_privacy = named("reader").auth(AuthProtocol::Sha1, b"maplesyrup").unwrap();
    let wrong_privacy = wrong_privacy.privacy(PrivProtocol::Aes128, b"something else").unwrap();
    assert_eq!(told(named("stranger")), Failure::Usm(UsmReport::UnknownUserName));
    assert_eq!(told(named("reader")), Failure::Usm(UsmReport::UnsupportedSecLevel));
    assert_eq!(told(wrong_auth), Failure::Usm(UsmReport::WrongDigest));
    assert_eq!(told(wrong_privacy), Failure::Usm(UsmReport::DecryptionError));
    assert_eq!(told(good.clone().context("elsewhere")), Failure::Usm(UsmReport::UnknownContext));
}

#[test]
fn silence_ends_after_the_tries() {
    let (mut manager, mut now) = (manager(), start());
    let start = now;
    manager.submit(Request::get([oid("1.3.6.1.2.1.1.1.0")]), at(1), &Credentials::v2c("public"), now);
    let failure = answer(run(&mut manager, &mut now, |_, _| Vec::new())).unwrap_err();
    assert!(matches!(failure, Failure::NoAnswer { tries: 2, .. }), "{failure:?}");
    assert!((6..=7).contains(&(now - start).as_secs()));
    assert!(manager.targets.is_empty(), "nothing is kept of a silent address");
}

/// A device whose successors follow a rule of their own.
struct Odd(fn(u32) -> Option<u32>);

impl Mib for Odd {
    fn get(&self, _: crate::OidRef<'_>) -> Binding {
        Binding::NoSuchObject
    }

    fn next(&self, after: crate::OidRef<'_>) -> Option<(Oid, Value)> {
        let column = oid("1.3.6.1.2.1.43.11");
        let row = after.index_under(column.as_ref()).and_then(|mut index| index.next()).unwrap_or(0);
        self.0(row).map(|row| (column.join([row]).unwrap(), Value::Integer(row.into())))
    }
}

#[test]
fn devices_that_loop_go_back_or_never_end_are_left() {
    for who in [Credentials::v1("public"), Credentials::v2c("public")] {
        let end = |rule| walk_of(&who, ResponderSettings::default(), &Odd(rule));
        let row = |row| oid("1.3.6.1.2.1.43.11").join([row]).unwrap();
        let same = end(|row| Some((row + 1).min(30)));
        assert_eq!((same.end, same.varbinds.len()), (WalkEnd::Loop { at: row(30) }, 30));
        let round = end(|row| Some(if row == 30 { 4 } else { row + 1 }));
        assert_eq!((round.end, round.varbinds.len()), (WalkEnd::Loop { at: row(4) }, 30));
        let back = end(|row| Some(if row == 30 { 5 } else { row + 10 }));
        assert_eq!((back.end, back.varbinds.len()), (WalkEnd::Backward { at: row(5) }, 3));
        let endless = end(|row| Some(row + 1));
        assert_eq!((endless.end, endless.varbinds.len()), (WalkEnd::RowLimit, 100_000));
    }
}

#[test]
fn communities_take_turns_and_the_answered_one_is_told() {
    let settings = ResponderSettings { communities: vec!["third".into()], ..ResponderSettings::default() };
    let who: Arc<[Credentials]> = ["first", "second", "third"]
        .iter()
        .flat_map(|name| [Credentials::v2c(*name), Credentials::v1(*name)])
        .collect();
    let (mut manager, mut now, mut agent) = (manager(), start(), responder(settings));
    let (begin, stagger, objects) = (now, Duration::from_millis(100), table(1));
    let ask = Request::get([oid("1.3.6.1.2.1.1.1.0")]);
    let survey = Arc::new(Survey { ask, who, stagger });
    manager.survey(&survey, at(1), now);
    let outcomes = run(&mut manager, &mut now, |bytes, now| agent.handle(bytes, &objects, now).into_iter().collect());
    let [Outcome::Answer(Ok(response))] = outcomes.as_slice() else { panic!("{outcomes:?}") };
    assert_eq!((response.who, response.sent), (4, 5));
    assert!(now - begin < stagger * 5, "{:?}", now - begin);

    // Nobody is known: the turns of all, and one time-out a round.
    let begin = now;
    manager.survey(&survey, at(2), now);
    let mut sent = 0;
    let outcomes = run(&mut manager, &mut now, |_, _| {
        sent += 1;
        Vec::new()
    });
    assert!(matches!(outcomes.as_slice(), [Outcome::Answer(Err(Failure::NoAnswer { .. }))]), "{outcomes:?}");
    let Limits { timeout, retries, .. } = Limits::default();
    assert_eq!(sent, 6 * (retries + 1));
    assert!(now - begin < timeout * 4 + stagger * 12, "{:?}", now - begin);
}
