//! Many small questions to one device, packed.

use super::*;
use crate::message::{ErrorStatus, Pdu, PduFields, encode_community};
use crate::{Columns, Quirk};

const SCALARS: &str = "1.3.6.1.4.1.99999.1";

/// So many single values and short tables of three columns, with holes.
fn printer(singles: u32, tables: u32, dice: &mut fastrand::Rng) -> Objects {
    let mut objects: Objects = (1..=singles)
        .map(|n| (oid(SCALARS).join([n, n % 3]).unwrap(), Value::OctetString(b"eleven char".to_vec())))
        .collect();
    for table in 1..=tables {
        for (column, row) in (2..=4).flat_map(|column| (1..=3).map(move |row| (column, row))) {
            objects.insert(oid("1.3.6.1.2.1.43").join([table, 1, 1, column, 1, row]).unwrap(), Value::Integer(1000));
        }
    }
    objects.retain(|_, _| dice.u8(..10) > 0);
    objects
}

fn questions(singles: u32, tables: u32) -> (Vec<Oid>, Vec<Oid>) {
    let columns = (1..=tables).flat_map(|table| (2..=4).map(move |column| (table, column)));
    (
        (1..=singles).map(|n| oid(SCALARS).join([n, n % 3]).unwrap()).collect(),
        columns.map(|(table, column)| oid("1.3.6.1.2.1.43").join([table, 1, 1, column]).unwrap()).collect(),
    )
}

fn planned(outcomes: Vec<Outcome>) -> Planned {
    match <[Outcome; 1]>::try_from(outcomes).unwrap() {
        [Outcome::Planned(planned)] => planned,
        other => panic!("{other:?}"),
    }
}

fn check(planned: &Planned, mib: &Objects, names: &[Oid], columns: &[Oid], what: &str) {
    assert_eq!(planned.end, WalkEnd::Complete, "{what}");
    let values = planned.values.as_ref().unwrap_or_else(|why| panic!("{what}: {why}"));
    assert_eq!(values.iter().map(|value| &value.oid).collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    for value in values {
        assert_eq!(value.value(), mib.get(&value.oid), "{what}: {}", value.oid);
    }
    let cells: BTreeMap<&Oid, &Value> =
        planned.rows.iter().flat_map(|row| &row.cells).map(|cell| (&cell.oid, cell.value().unwrap())).collect();
    let wanted = mib.iter().filter(|(name, _)| columns.iter().any(|column| name.starts_with(column.as_ref())));
    assert_eq!(cells, wanted.collect(), "{what}");
}

fn user() -> User {
    User::new("reader").unwrap().auth(AuthProtocol::Sha256, b"maplesyrup").unwrap()
}

fn everybody() -> [Credentials; 3] {
    [Credentials::v1("public"), Credentials::v2c("public"), Credentials::V3(user())]
}

/// Each of 300 random plans, to devices that cut, refuse or drop what is large, or know no GETBULK: what is read is what
/// is there.
#[test]
fn what_is_read_is_what_is_there() {
    let kind_of = |bytes: &[u8]| match Message::decode(bytes).unwrap() {
        Message::Community(message) => match &message.body {
            Body::Pdu(pdu) => (pdu.kind, pdu.varbinds().count() * pdu.error_index.max(1) as usize),
            Body::TrapV1(_) => panic!("a trap"),
        },
        Message::V3(_) => (PduKind::Get, 0),
    };
    for seed in 0..300 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let (singles, tables) = (dice.u32(..60), dice.u32(..12));
        let (names, columns) = questions(singles, tables);
        if names.is_empty() && columns.is_empty() {
            continue;
        }
        let mib = printer(singles, tables, &mut dice);
        let who = everybody()[dice.usize(..3)].clone();
        let max_message = if dice.bool() { 484 } else { 1472 };
        let mut agent =
            responder(ResponderSettings { max_message, users: vec![user()], ..ResponderSettings::default() });
        let (mut manager, mut now, fault) = (manager(), start(), dice.u8(..4));
        let plan = Plan::new().get(names.clone()).columns(columns.clone());
        manager.plan(plan, at(1), &who, now);
        let planned = planned(run(&mut manager, &mut now, |bytes, now| {
            let (kind, bindings) = kind_of(bytes);
            match fault {
                1 if kind == PduKind::GetBulk => Vec::new(),
                2 if bindings > 45 => Vec::new(),
                3 if kind == PduKind::GetBulk => refusal(bytes),
                _ => agent.handle(bytes, &mib, now).into_iter().collect(),
            }
        }));
        check(&planned, &mib, &names, &columns, &format!("seed {seed}, fault {fault}"));
    }
}

fn refusal(question: &[u8]) -> Vec<Vec<u8>> {
    let message = Message::decode(question).unwrap();
    let Message::Community(message) = message else { panic!("v3") };
    let Body::Pdu(Pdu { request_id, .. }) = message.body else { panic!("a trap") };
    let error_status = ErrorStatus::GEN_ERR.0;
    let fields = PduFields { kind: PduKind::Response, request_id, error_status, error_index: 1 };
    let mut writer = crate::ber::Writer::new();
    encode_community(&mut writer, message.version, message.community, fields, std::iter::empty());
    vec![writer.octets().to_vec()]
}

/// The reason for a plan: fewer datagrams than the same questions one after the other, and hardly more than the octets
/// of the answers need.
#[test]
fn it_takes_fewer_datagrams_than_its_parts() {
    let (mut in_plans, mut in_parts) = (0, 0);
    for (singles, tables) in [(3, 1), (5, 3), (16, 6), (40, 12), (60, 2), (2, 20)] {
        let (names, columns) = questions(singles, tables);
        let mib = printer(singles, tables, &mut fastrand::Rng::with_seed(1));
        let ask = |plan: Option<Plan>| {
            let (mut manager, mut now, who) = (manager(), start(), Credentials::v2c("public"));
            let mut agent = responder(ResponderSettings::default());
            match plan {
                Some(plan) => drop(manager.plan(plan, at(1), &who, now)),
                None => {
                    manager.submit(Request::get(names.clone()), at(1), &who, now);
                    manager.table(Columns::of(columns.clone()), at(1), &who, now);
                }
            }
            let (mut sent, mut octets) = (0, 0);
            let outcomes = run(&mut manager, &mut now, |bytes, now| {
                let answer = agent.handle(bytes, &mib, now).unwrap();
                (sent, octets) = (sent + 1, octets + answer.len());
                vec![answer]
            });
            (outcomes, sent, octets)
        };
        let (outcomes, packed, octets) = ask(Some(Plan::new().get(names.clone()).columns(columns.clone())));
        let planned = planned(outcomes);
        check(&planned, &mib, &names, &columns, "plan");
        assert_eq!(planned.sent, packed);
        let (_, apart, _) = ask(None);
        assert!(packed <= apart, "{singles} {tables}: {packed} packed, {apart} apart");
        assert!(packed as usize <= octets.div_ceil(1472) + 2, "{singles} {tables}: {packed} for {octets} octets");
        println!(
            "{singles:>3} names, {tables:>2} tables: {packed} datagrams in a plan, {apart} apart, {octets} octets"
        );
        (in_plans, in_parts) = (in_plans + packed, in_parts + apart);
    }
    assert!(in_plans + 4 <= in_parts, "{in_plans} packed, {in_parts} apart");
}

/// What comes before a name may have something below it: then the shared message says nothing of the name.
#[test]
fn a_name_in_between_is_no_answer() {
    let names = ["1.3.6.1.4.1.9.7", "1.3.6.1.4.1.9.8.3", "1.3.6.1.4.1.9.9.0"].map(oid);
    let mut mib: Objects = names.iter().map(|name| (name.clone(), Value::Integer(5))).collect();
    mib.insert(oid("1.3.6.1.4.1.9.6.1"), Value::Integer(666));
    mib.insert(oid("1.3.6.1.4.1.9.8.2.1.1"), Value::Integer(666));
    let (mut manager, mut now, mut agent) = (manager(), start(), responder(ResponderSettings::default()));
    let columns = [oid("1.3.6.1.4.1.9.9")];
    let plan = Plan::new().get(names.clone()).columns(columns.clone()).get(names.clone());
    manager.plan(plan, at(1), &Credentials::v2c("public"), now);
    let planned =
        planned(run(&mut manager, &mut now, |bytes, now| agent.handle(bytes, &mib, now).into_iter().collect()));
    check(&planned, &mib, &names, &columns, "in between");
    assert_eq!((planned.sent, planned.quirks.has(Quirk::OtherName)), (2, false));
}

#[test]
fn silence_nothing_and_second_thoughts() {
    let plan = || Plan::new().get([oid("1.3.6.1.2.1.1.1.0")]).columns([oid("1.3.6.1.2.1.43.11")]);
    for plan in [plan(), Plan::new().get([oid("1.3.6.1.2.1.1.1.0")]), Plan::new().columns([oid("1.3.6.1.2.1.43.11")])] {
        let (mut manager, mut now) = (manager(), start());
        let no_names = plan.names.is_empty();
        manager.plan(plan, at(1), &Credentials::v2c("public"), now);
        let planned = planned(run(&mut manager, &mut now, |_, _| Vec::new()));
        assert!(no_names || matches!(planned.values, Err(Failure::NoAnswer { .. })), "{planned:?}");
        assert_eq!(planned.find::<i64>(crate::oid!("1.3.6.1.2.1.1.1.0")).is_err(), !no_names, "{planned:?}");
        assert!(matches!(planned.end, WalkEnd::Failed { why: Failure::NoAnswer { .. }, .. }), "{planned:?}");
        assert!(planned.sent <= 4, "{planned:?}");
    }
    let (mut manager, mut now) = (manager(), start());
    manager.plan(Plan::new(), at(1), &Credentials::v2c("public"), now);
    let nothing = planned(run(&mut manager, &mut now, |_, _| Vec::new()));
    assert!(matches!(nothing.end, WalkEnd::Failed { why: NO_NAMES, .. }), "{nothing:?}");
    let ticket = manager.plan(plan(), at(1), &Credentials::v2c("public"), now);
    manager.cancel(ticket);
    assert_eq!(planned(run(&mut manager, &mut now, |_, _| Vec::new())).values, Err(Failure::Cancelled));
}
