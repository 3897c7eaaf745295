//! Tables from agents in memory, whole and broken, under virtual time.

use super::*;
use crate::ber::Writer;
use crate::message::{Body, Message, PduFields, PduKind, encode_community};
use crate::responder::{Responder, ResponderSettings};
use crate::{Credentials, ErrorStatus, Failure, Limits, Manager, Outcome, Quirk, Value, Version, Walk, oid};
use std::net::SocketAddr;
use std::time::Instant;

type Objects = BTreeMap<Oid, Value>;

const ENTRY: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1");
const DESCRIPTION: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.6");
const LEVEL: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.9");

fn cell(column: u32, row: u32) -> Oid {
    ENTRY.to_oid().join([column, 1, row]).unwrap()
}

/// A full table, with something before and after it.
fn supplies(columns: u32, rows: u32) -> Objects {
    let cells = (1..=columns).flat_map(|column| (1..=rows).map(move |row| (column, row)));
    let mut objects: Objects =
        cells.map(|(column, row)| (cell(column, row), Value::Integer(i64::from(column * 1000 + row)))).collect();
    objects.insert(oid!("1.3.6.1.2.1.1.1.0").to_oid(), Value::OctetString(b"printer".to_vec()));
    objects.insert(oid!("1.3.6.1.2.1.99.1.0").to_oid(), Value::Integer(1));
    objects
}

fn columns(numbers: impl IntoIterator<Item = u32>) -> Columns {
    Columns::of(numbers.into_iter().map(|number| ENTRY.to_oid().join([number]).unwrap()))
}

#[expect(clippy::disallowed_methods, reason = "some instant to count virtual time from")]
fn start() -> Instant {
    Instant::now()
}

/// Asks until the manager has nothing left to do; `agent` answers each datagram or is silent.
fn ask(ask: Columns, who: &Credentials, agent: impl FnMut(&[u8], Instant) -> Option<Vec<u8>>) -> Table {
    let (mut manager, mut now) = (Manager::new(Limits::default(), [7; 32]), start());
    manager.table(ask, AT, who, now);
    match outcome(&mut manager, &mut now, agent) {
        Outcome::Table(table) => table,
        other => panic!("{other:?}"),
    }
}

const AT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 161);

/// What the question on its way ends with.
fn outcome(
    manager: &mut Manager,
    now: &mut Instant,
    mut agent: impl FnMut(&[u8], Instant) -> Option<Vec<u8>>,
) -> Outcome {
    for _ in 0..20_000 {
        while let Some(transmit) = manager.poll_transmit() {
            manager.handle_timeout(*now);
            *now += Duration::from_millis(5);
            if let Some(answer) = agent(&transmit.bytes, *now) {
                manager.handle_datagram(&answer, transmit.to, *now);
            }
        }
        if let Some((_, outcome)) = manager.poll_done() {
            return outcome;
        }
        *now = manager.poll_timeout().expect("it waits for something").max(*now);
        manager.handle_timeout(*now);
    }
    panic!("never ends");
}

fn agent(max_message: usize, mib: &Objects) -> impl FnMut(&[u8], Instant) -> Option<Vec<u8>> {
    let settings = ResponderSettings { max_message, ..ResponderSettings::default() };
    let mut responder = Responder::new(settings, [3; 32]);
    move |bytes, now| responder.handle(bytes, mib, now)
}

/// What a question asks for, and how many bindings its answer may have.
fn question(bytes: &[u8]) -> (PduKind, usize) {
    let Ok(Message::Community(message)) = Message::decode(bytes) else { panic!("not a community message") };
    let Body::Pdu(pdu) = &message.body else { panic!("no PDU") };
    let repetitions = if pdu.kind == PduKind::GetBulk { pdu.error_index as usize } else { 1 };
    (pdu.kind, pdu.varbinds().count() * repetitions)
}

/// The answer with other bindings, or an error.
fn altered(answer: &[u8], alter: impl FnOnce(&mut Vec<VarBind>) -> ErrorStatus) -> Vec<u8> {
    let Ok(Message::Community(message)) = Message::decode(answer) else { panic!("not a community message") };
    let Body::Pdu(pdu) = &message.body else { panic!("no PDU") };
    let mut varbinds: Vec<VarBind> = pdu.varbinds().map(|varbind| varbind.to_varbind()).collect();
    let status = alter(&mut varbinds);
    let fields = PduFields {
        kind: PduKind::Response,
        request_id: pdu.request_id,
        error_status: status.0,
        error_index: pdu.error_index,
    };
    let mut writer = Writer::new();
    let bindings = varbinds.iter().map(|varbind| (varbind.oid.as_ref(), varbind.binding.as_ref()));
    encode_community(&mut writer, message.version, message.community, fields, bindings);
    writer.octets().to_vec()
}

/// The rows that the objects have in these columns.
fn truth(mib: &Objects, ask: &Columns) -> Vec<Row> {
    Table::join(ask.columns.iter().map(|column| {
        let cells = mib.iter().filter(|(name, _)| name.starts_with(column.as_ref()));
        (column.clone(), cells.map(|(name, value)| VarBind::found(name.clone(), value.clone())).collect())
    }))
}

fn both() -> [Credentials; 2] {
    [Credentials::v1("public"), Credentials::v2c("public")]
}

#[test]
fn rows_have_typed_cells_and_holes() {
    let mut mib = supplies(10, 4);
    mib.insert(cell(6, 2), Value::OctetString(b"Cyan Toner".to_vec()));
    mib.remove(&cell(9, 2));
    for who in both() {
        let table = ask(Columns::of([DESCRIPTION, LEVEL]), &who, agent(1472, &mib));
        assert_eq!((&table.end, table.rows.len()), (&WalkEnd::Complete, 4));
        assert_eq!(table.rows, truth(&mib, &Columns::of([DESCRIPTION, LEVEL])));
        let row = table.row(&[1, 2]).unwrap();
        assert_eq!(row.get::<&str>(DESCRIPTION).unwrap(), "Cyan Toner");
        assert_eq!(row.find::<i64>(LEVEL).unwrap(), None);
        let missing = row.get::<i64>(LEVEL).unwrap_err();
        assert_eq!((missing.oid, missing.found), (cell(9, 2), crate::Found::Nothing));
        let wrong = row.get::<i64>(DESCRIPTION).unwrap_err().to_string();
        let told = "1.3.6.1.2.1.43.11.1.1.6.1.2: expected a number of 64 bits, found OCTET STRING of 10 octets";
        assert_eq!(wrong, told);
        assert_eq!(table.row(&[1, 3]).unwrap().get::<i64>(LEVEL).unwrap(), 9003);
        assert!(table.row(&[1, 5]).is_none());
    }
}

#[test]
fn columns_share_datagrams() {
    // 9 columns of 5 rows and one more each to see the end are 54 bindings of some 20 octets.
    for (rows, most) in [(0, 1), (1, 1), (5, 2), (60, 13), (1000, 200)] {
        let mib = supplies(9, rows);
        let table = ask(columns(1..=9), &Credentials::v2c("public"), agent(1472, &mib));
        assert_eq!((table.rows.len(), &table.end), (rows as usize, &WalkEnd::Complete));
        assert!(table.sent <= most, "{rows} rows: {} datagrams", table.sent);
    }
    // v1 has one row in each.
    let table = ask(columns(1..=9), &Credentials::v1("public"), agent(1472, &supplies(9, 60)));
    assert_eq!((table.rows.len(), table.sent), (60, 61));
}

#[test]
fn columns_of_several_tables_share_datagrams() {
    let mut mib = supplies(3, 4);
    let tray = oid!("1.3.6.1.2.1.43.8.2.1.10");
    for row in 1..=2 {
        mib.insert(tray.to_oid().join([1, row]).unwrap(), Value::Integer(500));
    }
    let table = ask(Columns::of([DESCRIPTION.to_oid(), tray.to_oid(), cell(2, 0)]), &both()[1], agent(1472, &mib));
    assert_eq!((table.rows_of(tray).count(), table.rows_of(ENTRY).count()), (2, 0));
    let ask_both = Columns::of([tray.to_oid(), ENTRY.to_oid().join([2]).unwrap()]);
    let table = ask(ask_both, &both()[1], agent(1472, &mib));
    assert_eq!((table.rows_of(tray).count(), table.rows_of(ENTRY).count(), table.sent), (2, 4, 1));
}

/// Sparse tables of random shape, from devices that cut their answers anywhere, refuse or drop large questions, know no
/// GETBULK, or lose places: what is read is what is there.
#[test]
fn sparse_tables_come_whole_from_broken_devices() {
    for seed in 0..600 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let (wide, long) = (dice.u32(1..30), dice.u32(0..40));
        let mut mib = supplies(wide, long);
        let density = dice.f32();
        mib.retain(|name, _| !name.starts_with(ENTRY) || dice.f32() < density);
        let asked =
            columns((1..=wide).filter(|_| dice.u8(0..3) > 0).chain([1]).collect::<std::collections::BTreeSet<_>>());
        let who = both()[dice.usize(0..2)].clone();
        let (fault, bound) = (dice.u8(0..10), dice.usize(1..40));
        let mut whole = agent(if dice.bool() { 484 } else { 1472 }, &mib);
        let table = ask(asked.clone(), &who, |bytes, now| {
            let (kind, bindings) = question(bytes);
            let answer = whole(bytes, now)?;
            match fault {
                // Cut after a random binding, in GETBULK where it is allowed.
                1 if kind == PduKind::GetBulk => Some(altered(&answer, |varbinds| {
                    varbinds.truncate(dice.usize(1..=varbinds.len()));
                    ErrorStatus::NO_ERROR
                })),
                2 if kind == PduKind::GetBulk => None,
                3 if kind == PduKind::GetBulk => Some(altered(&answer, |_| ErrorStatus::GEN_ERR)),
                4 if bindings > bound.max(SMALLEST) => None,
                5 if bindings > bound => Some(altered(&answer, |varbinds| {
                    varbinds.clear();
                    ErrorStatus::TOO_BIG
                })),
                // Fewer than asked for, in GETNEXT too.
                6 => Some(altered(&answer, |varbinds| {
                    varbinds.truncate(bound);
                    ErrorStatus::NO_ERROR
                })),
                // What lies outside of its column is left out, and all places after it move: in all repetitions but the
                // first, or in that one too.
                7 | 8 if who.version() == Version::V2c => Some(altered(&answer, |varbinds| {
                    let (kind, names) = asked_names(bytes);
                    let mut place = 0;
                    varbinds.retain(|varbind| {
                        let column = &names[place % names.len()];
                        place += 1;
                        let spared = fault == 7 && place <= names.len();
                        spared || kind != PduKind::GetBulk || column_of(column) == column_of(&varbind.oid)
                    });
                    ErrorStatus::NO_ERROR
                })),
                // One is lost where several columns are asked.
                9 if asked_names(bytes).1.len() > 1 => Some(altered(&answer, |varbinds| {
                    varbinds.remove(dice.usize(0..varbinds.len()));
                    ErrorStatus::NO_ERROR
                })),
                _ => Some(answer),
            }
        });
        // Nothing at all is no way to say that a column ends.
        assert!(
            table.end == WalkEnd::Complete || fault == 8,
            "{:?}, seed {seed}, fault {fault}, bound {bound}",
            table.end
        );
        assert_eq!(table.rows, truth(&mib, &asked), "seed {seed}, fault {fault}, bound {bound}");
    }
}

#[test]
fn a_device_without_getbulk_is_known_soon() {
    let mib = supplies(9, 60);
    for silent in [true, false] {
        let mut whole = agent(1472, &mib);
        let table = ask(columns(1..=9), &both()[1], |bytes, now| {
            let (kind, answer) = (question(bytes).0, whole(bytes, now)?);
            match (kind, silent) {
                (PduKind::GetBulk, true) => None,
                (PduKind::GetBulk, false) => Some(altered(&answer, |_| ErrorStatus::GEN_ERR)),
                _ => Some(answer),
            }
        });
        assert_eq!((table.end, table.rows.len()), (WalkEnd::Complete, 60));
        assert!(table.quirks.has(Quirk::BulkBroken));
        assert!(table.sent < 61 + 10, "{}", table.sent);
        // Who remembers it does not try again.
        assert_eq!(table.bears, Some(0));
        let mut whole = agent(1472, &mib);
        let again = ask(Columns { bears: table.bears, ..columns(1..=9) }, &both()[1], |bytes, now| {
            assert_ne!(question(bytes).0, PduKind::GetBulk);
            whole(bytes, now)
        });
        assert_eq!((again.end, again.rows.len(), again.bears), (WalkEnd::Complete, 60, Some(0)));
    }
}

#[test]
fn what_a_device_bears_is_told_and_can_be_given_back() {
    let mib = supplies(9, 60);
    let once = |bears: Option<u32>| {
        let mut whole = agent(1472, &mib);
        ask(Columns { bears, ..columns(1..=9) }, &both()[1], |bytes, now| {
            let answer = whole(bytes, now)?;
            let large = question(bytes).1 > 30;
            Some(if large {
                altered(&answer, |varbinds| {
                    varbinds.clear();
                    ErrorStatus::TOO_BIG
                })
            } else {
                answer
            })
        })
    };
    let first = once(None);
    let most = first.bears.unwrap();
    assert!((9..=30).contains(&most), "{most}");
    let again = once(first.bears);
    assert_eq!((again.rows.len(), again.bears), (60, first.bears));
    assert!(again.sent < first.sent, "{} and {}", again.sent, first.sent);
    let mut sound = agent(1472, &mib);
    assert_eq!(ask(columns(1..=9), &both()[1], |bytes, now| sound(bytes, now)).bears, None);
}

/// A device that has just answered is not waited for as one that may be switched off. Lost datagrams convict nobody.
#[test]
fn a_first_getbulk_is_not_waited_for_long() {
    let mib = supplies(9, 60);
    for (lost, broken) in [(usize::MAX, true), (1, false)] {
        let mut whole = agent(1472, &mib);
        let (mut manager, mut now, mut bulks) = (Manager::new(Limits::default(), [7; 32]), start(), 0);
        let mut agent = |bytes: &[u8], now| {
            bulks += usize::from(question(bytes).0 == PduKind::GetBulk);
            let loses = question(bytes).0 == PduKind::GetBulk && bulks <= lost;
            whole(bytes, now).filter(|_| !loses)
        };
        manager.submit(crate::Request::get([cell(1, 1)]), AT, &both()[1], now);
        assert!(matches!(outcome(&mut manager, &mut now, &mut agent), Outcome::Answer(Ok(_))));
        manager.table(columns(1..=9), AT, &both()[1], now);
        let Outcome::Table(table) = outcome(&mut manager, &mut now, &mut agent) else { panic!("a table") };
        assert_eq!((table.end, table.rows.len()), (WalkEnd::Complete, 60));
        assert_eq!(table.quirks.has(Quirk::BulkBroken), broken);
        assert!(table.took < Limits::default().timeout, "{:?}", table.took);
        assert!(broken || table.sent < 20, "{}", table.sent);
    }
}

/// GETNEXT of all columns is the least that a device must bear which does not answer what is large.
const SMALLEST: usize = 30;

fn asked_names(bytes: &[u8]) -> (PduKind, Vec<Oid>) {
    let Ok(Message::Community(message)) = Message::decode(bytes) else { panic!("not a community message") };
    let Body::Pdu(pdu) = &message.body else { panic!("no PDU") };
    (pdu.kind, pdu.varbinds().map(|varbind| varbind.oid.to_oid()).collect())
}

fn column_of(name: &Oid) -> Option<u32> {
    name.as_ref().index_under(ENTRY).and_then(|mut index| index.next())
}

#[test]
fn a_column_that_turns_back_does_not_cost_the_others() {
    struct Turning(Objects);
    impl crate::responder::Mib for Turning {
        fn get(&self, oid: OidRef<'_>) -> crate::Binding {
            crate::responder::Mib::get(&self.0, oid)
        }
        fn next(&self, after: OidRef<'_>) -> Option<(Oid, Value)> {
            let turn = after == cell(1, 7).as_ref();
            crate::responder::Mib::next(&self.0, if turn { cell(1, 2) } else { after.to_oid() }.as_ref())
        }
    }
    let mib = Turning(supplies(3, 9));
    for who in both() {
        let mut responder = Responder::new(ResponderSettings::default(), [3; 32]);
        let table = ask(columns([1, 2, 3]), &who, |bytes, now| responder.handle(bytes, &mib, now));
        assert_eq!(table.end, WalkEnd::Loop { at: cell(1, 3) });
        let cells: Vec<usize> = table.rows.iter().map(|row| row.cells.len()).collect();
        assert_eq!(cells, [3, 3, 3, 3, 3, 3, 3, 2, 2]);
    }
}

#[test]
fn an_endless_table_ends_at_the_limit() {
    let mib = supplies(2, 200);
    for who in both() {
        let table = ask(Columns { max_rows: 150, ..columns([1, 2]) }, &who, agent(1472, &mib));
        assert_eq!((table.end, table.rows.len()), (WalkEnd::RowLimit, 150));
        let table = ask(Columns { max_rows: 200, ..columns([1, 2]) }, &who, agent(1472, &mib));
        assert_eq!((table.end, table.rows.len()), (WalkEnd::Complete, 200));
    }
}

#[test]
fn silence_and_nothing_asked_are_failures() {
    let table = ask(columns([1, 2]), &both()[1], |_, _| None);
    assert!(matches!(table.end, WalkEnd::Failed { why: Failure::NoAnswer { .. }, .. }), "{table:?}");
    assert!(table.rows.is_empty() && table.sent <= 4, "{table:?}");
    let table = ask(columns([]), &both()[1], |_, _| None);
    assert!(matches!(table.end, WalkEnd::Failed { why: Failure::BadRequest(_), .. }), "{table:?}");
}

#[test]
fn a_device_that_falls_silent_leaves_what_was_read() {
    let mib = supplies(4, 300);
    let (mut whole, mut heard) = (agent(1472, &mib), 0);
    let table = ask(columns(1..=4), &both()[1], |bytes, now| {
        heard += 1;
        if heard > 3 { None } else { whole(bytes, now) }
    });
    assert!(matches!(table.end, WalkEnd::Failed { why: Failure::NoAnswer { .. }, .. }), "{:?}", table.end);
    assert!(!table.rows.is_empty());
    assert!(table.rows.iter().zip(truth(&mib, &columns(1..=4))).all(|(row, truth)| row.index == truth.index));
}

/// The reason to read columns side by side.
#[test]
fn a_table_costs_fewer_datagrams_than_its_walks() {
    let mib = supplies(9, 5);
    let (mut manager, now) = (Manager::new(Limits::default(), [7; 32]), start());
    let mut device = agent(1472, &mib);
    let roots = columns(1..=9).columns;
    manager.walk(Walk::of(roots), SocketAddr::from(([10, 0, 0, 1], 161)), &both()[1], now);
    let mut walked = 0;
    while let Some(transmit) = manager.poll_transmit() {
        walked += 1;
        manager.handle_datagram(&device(&transmit.bytes, now).unwrap(), transmit.to, now);
    }
    let table = ask(columns(1..=9), &both()[1], agent(1472, &mib));
    assert_eq!((walked, table.sent), (3, 2));
}

/// What a printer is asked: some forty single values and a dozen short tables, which is 37 datagrams one walk at a time.
/// Packed, they take at most twice what their answers have octets for.
#[test]
fn many_small_questions_fill_their_datagrams() {
    let mut mib = Objects::new();
    let single: Vec<Oid> = (1..=40).map(|n| oid!("1.3.6.1.4.1.99999.1").to_oid().join([n, 0]).unwrap()).collect();
    mib.extend(single.iter().map(|name| (name.clone(), Value::OctetString(b"eleven char".to_vec()))));
    let short: Vec<Oid> = (1..=12)
        .flat_map(|table| (2..=4).map(move |column| (table, column)))
        .map(|(table, column)| oid!("1.3.6.1.2.1.43").to_oid().join([table, 1, 1, column]).unwrap())
        .collect();
    for column in &short {
        mib.extend((1..=3).map(|row| (column.join([1, row]).unwrap(), Value::Integer(1000))));
    }
    let user = crate::User::new("monitor").unwrap().auth(crate::AuthProtocol::Sha256, b"correct horse").unwrap();
    for who in [Credentials::v2c("public"), Credentials::V3(user.clone())] {
        let settings = ResponderSettings { users: vec![user.clone()], ..ResponderSettings::default() };
        let mut responder = Responder::new(settings, [3; 32]);
        let (mut manager, now, to) =
            (Manager::new(Limits::default(), [7; 32]), start(), SocketAddr::from(([10; 4], 161)));
        manager.submit(crate::Request::get(single.clone()), to, &who, now);
        manager.table(Columns::of(short.clone()), to, &who, now);
        let (mut sent, mut octets) = (0, 0);
        while let Some(transmit) = manager.poll_transmit() {
            let answer = responder.handle(&transmit.bytes, &mib, now).unwrap();
            (sent, octets) = (sent + 1, octets + answer.len());
            manager.handle_datagram(&answer, transmit.to, now);
        }
        let Some((_, Outcome::Answer(Ok(answer)))) = manager.poll_done() else { panic!("an answer") };
        assert!(answer.varbinds.iter().all(|varbind| varbind.get::<&str>() == Ok("eleven char")));
        let Some((_, Outcome::Table(table))) = manager.poll_done() else { panic!("a table") };
        assert_eq!((&table.end, table.rows.len()), (&WalkEnd::Complete, 3));
        assert_eq!(table.rows, truth(&mib, &Columns::of(short.clone())));
        let discovery = usize::from(who.version() == Version::V3);
        let least = octets.div_ceil(1472);
        assert!(sent <= 2 * least + discovery, "{sent} datagrams for {octets} octets");
    }
}

#[test]
fn a_table_can_be_taken_back() {
    let mib = supplies(4, 300);
    let (mut manager, now, mut device) = (Manager::new(Limits::default(), [7; 32]), start(), agent(1472, &mib));
    let ticket = manager.table(columns(1..=4), SocketAddr::from(([10; 4], 161)), &both()[1], now);
    let transmit = manager.poll_transmit().unwrap();
    manager.handle_datagram(&device(&transmit.bytes, now).unwrap(), transmit.to, now);
    manager.cancel(ticket);
    let Some((ended, Outcome::Table(table))) = manager.poll_done() else { panic!("a table") };
    assert!(ended == ticket && !table.rows.is_empty());
    assert!(matches!(table.end, WalkEnd::Failed { why: Failure::Cancelled, .. }));
    assert!(manager.poll_timeout().is_none() && manager.poll_done().is_none());
}
