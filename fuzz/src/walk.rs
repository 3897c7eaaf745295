//! A device's answers to a walk, a table or a plan, as hostile as they come: octets for the bindings, or a device that loops,
//! goes backward, never ends, shrinks, skips, errs or falls silent, as the input has it.

use dca_snmp::ber::{Writer, tag};
use dca_snmp::message::{Body, Message, Pdu};
use dca_snmp::{
    BindingRef, Columns, Credentials, Limits, Manager, Oid, OidRef, Outcome, Plan, Row, ValueRef, Walk, WalkEnd,
    Walked, oid,
};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const ROOT: OidRef<'static> = oid!("1.3.6.1.2.1.43");
const COLUMNS: [OidRef<'static>; 3] =
    [oid!("1.3.6.1.2.1.43.11.1.1.9"), oid!("1.3.6.1.2.1.43.11.1.1.6"), oid!("1.3.6.1.2.1.43.8.2.1.10")];
const NAMES: [OidRef<'static>; 2] = [oid!("1.3.6.1.2.1.43.10.2.1.4.1.1"), oid!("1.3.6.1.2.1.43.11.1.1.9.1.0")];
/// Rows after which it must stop.
const MAX_ROWS: usize = 60;
/// Steps after which it hangs.
const MAX_STEPS: usize = 5_000;

/// The first octet: version, walk or table or plan, octets or a device, repetitions. The rest is cut into answers (see
/// [`raw`] and [`device`]); with the input used up the device is silent, or goes on for ever.
pub fn walk(octets: &[u8]) {
    let Some((&mode, mut octets)) = octets.split_first() else { return };
    let who = if mode & 1 == 1 { Credentials::v1("public") } else { Credentials::v2c("public") };
    let answer = if mode & 4 == 0 { raw } else { device };
    let at: SocketAddr = ([192, 0, 2, 1], 161).into();
    let mut now = Instant::now();
    let mut manager = Manager::new(Limits::default(), [9; 32]);
    let ticket = match mode & 2 {
        0 => {
            let max_repetitions = [None, Some(0), Some(7), Some(500)][usize::from(mode >> 3 & 3)];
            let roots = if mode & 32 == 0 { vec![ROOT.to_oid()] } else { COLUMNS.map(OidRef::to_oid).to_vec() };
            manager.walk(Walk { roots, max_rows: MAX_ROWS, max_repetitions }, at, &who, now)
        }
        _ if mode & 64 == 0 => manager.table(Columns { max_rows: MAX_ROWS, ..Columns::of(COLUMNS) }, at, &who, now),
        _ => {
            let mut plan = Plan::new().get(NAMES).columns(COLUMNS);
            plan.max_rows = MAX_ROWS;
            manager.plan(plan, at, &who, now)
        }
    };
    for _ in 0..MAX_STEPS {
        while let Some(question) = manager.poll_transmit() {
            let Ok(Message::Community(message)) = Message::decode(&question.bytes) else { panic!("not a question") };
            let Body::Pdu(pdu) = &message.body else { panic!("not a question") };
            if let Some((status, index, list)) = answer(pdu, &mut octets) {
                let mut writer = Writer::new();
                writer.element(tag::SEQUENCE, &list);
                writer.integer(index);
                writer.integer(status);
                writer.integer(pdu.request_id.into());
                writer.header(0xa2, 0);
                writer.element(tag::OCTET_STRING, message.community);
                writer.integer(message.version as i64);
                writer.header(tag::SEQUENCE, 0);
                manager.handle_datagram(writer.octets(), at, now);
            }
        }
        if let Some((done, outcome)) = manager.poll_done() {
            assert_eq!(done, ticket);
            return match outcome {
                Outcome::Walked(walked) => check_walk(walked, mode & 32 == 0),
                Outcome::Table(table) => check_table(table.rows),
                Outcome::Planned(planned) => {
                    let values = planned.values.as_deref().unwrap_or_default();
                    assert!(values.is_empty() || values.iter().map(|value| value.oid.as_ref()).eq(NAMES), "{values:?}");
                    check_table(planned.rows);
                }
                Outcome::Answer(answer) => panic!("{answer:?}"),
            };
        }
        if let Some(next) = manager.poll_timeout() {
            now = next.max(now + Duration::from_millis(1));
            manager.handle_timeout(now);
        }
    }
    panic!("it does not end");
}

fn check_walk(walked: Walked, one_root: bool) {
    assert!(walked.varbinds.len() <= MAX_ROWS);
    let names: Vec<OidRef<'_>> =
        walked.varbinds.iter().map(|row| row.oid).filter(|name| !name.octets().is_empty()).collect();
    let roots: &[OidRef<'_>] = if one_root { &[ROOT] } else { &COLUMNS };
    for name in &names {
        assert!(roots.iter().any(|root| name.starts_with(*root)), "{name} was not asked for");
    }
    for root in roots {
        assert!(names.iter().filter(|name| name.starts_with(*root)).is_sorted_by(|a, b| a < b), "rows do not rise");
    }
    if walked.end == WalkEnd::RowLimit {
        assert_eq!(walked.varbinds.len(), MAX_ROWS);
    }
}

fn check_table(rows: Vec<Row>) {
    assert!(rows.is_sorted_by(|a, b| a.index < b.index), "rows do not rise");
    for column in COLUMNS {
        let cells = rows.iter().filter_map(|row| Some((row, row.cell(column)?)));
        assert!(cells.clone().count() <= MAX_ROWS);
        for (row, cell) in cells {
            assert_eq!(column.to_oid().join(row.index.iter().copied()).as_ref(), Ok(&cell.oid));
        }
    }
    assert!(rows.iter().all(|row| (1..=COLUMNS.len()).contains(&row.cells.len())));
}

/// Error-status, error-index, and the content of the variable-binding list.
type Answer = (i64, i64, Vec<u8>);

/// An octet for the error-status, two for the length of the variable-binding list, then the list.
fn raw(_: &Pdu<'_>, octets: &mut &[u8]) -> Option<Answer> {
    let ([status, high, low], rest) = octets.split_first_chunk::<3>()?;
    let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
    let (list, rest) = rest.split_at(length);
    *octets = rest;
    let status = if *status < 19 { i64::from(*status) } else { 0 };
    Some((status, i64::from(status != 0), list.to_vec()))
}

/// A device that answers by rule: an octet says how each binding follows from its name, the next how many there are.
/// With the input used up it goes on, one row after another, for ever.
fn device(pdu: &Pdu<'_>, octets: &mut &[u8]) -> Option<Answer> {
    let mut octet = || {
        let (first, rest) = octets.split_first()?;
        *octets = rest;
        Some(*first)
    };
    let (rule, number) = (octet().unwrap_or(0), octet().unwrap_or(0));
    let names: Vec<Oid> = pdu.varbinds().map(|varbind| varbind.oid.to_oid()).collect();
    let repetitions = if pdu.kind == dca_snmp::message::PduKind::GetBulk { pdu.error_index as usize } else { 1 };
    let mut rows = Vec::new();
    let mut last = names.clone();
    for _ in 0..repetitions.min(130) {
        for name in &mut last {
            let arc = name.as_ref().arcs().last().unwrap_or(0);
            let parent = name.parent_or_self();
            *name = match rule % 12 {
                // Never ends, skips, loops, stands still.
                0..3 => next(name, arc, &parent, 1),
                3 => next(name, arc, &parent, 1 + u32::from(number)),
                4 => next(name, arc % (1 + u32::from(number % 8)), &parent, 1),
                5 => name.clone(),
                // Goes backward, to the root, below it, behind everything.
                6 => parent.join([arc.saturating_sub(u32::from(number))]).unwrap_or(parent),
                7 => parent,
                8 => oid!("1.3").to_oid(),
                9 => COLUMNS[usize::from(number) % COLUMNS.len()].to_oid().join([u32::from(number)]).unwrap_or(parent),
                10 => name.join([number.into()]).unwrap_or(parent),
                _ => oid!("1.3.6.1.2.1.99.1.0").to_oid(),
            };
            rows.push(name.clone());
        }
    }
    let (mut status, mut index) = (0, 0);
    match rule / 12 % 10 {
        // Shrinks; leaves out one; is empty; errs; is silent.
        4 => rows.truncate(usize::from(number)),
        5 if !rows.is_empty() => drop(rows.remove(usize::from(number) % rows.len())),
        6 => rows.clear(),
        7 => (status, index) = (i64::from(number % 19), i64::from(number / 19)),
        8 => return None,
        9 => rows.reverse(),
        _ => {}
    }
    let mut writer = Writer::new();
    for name in rows.iter().rev() {
        let binding = match number % 16 {
            14 => BindingRef::EndOfMibView,
            15 => BindingRef::NoSuchObject,
            _ => BindingRef::Found(ValueRef::Integer(1)),
        };
        writer.varbind(name.as_ref(), binding);
    }
    Some((status, index, writer.octets().to_vec()))
}

/// The row so far behind this one; the first row below a name that has no row yet.
fn next(name: &Oid, arc: u32, parent: &Oid, step: u32) -> Oid {
    let fresh = COLUMNS.iter().any(|column| *name == column.to_oid()) || *name == ROOT.to_oid();
    let next = if fresh { name.join([1]) } else { parent.join([arc.saturating_add(step)]) };
    next.unwrap_or_else(|_| name.clone())
}

trait Parent {
    fn parent_or_self(&self) -> Oid;
}

impl Parent for Oid {
    fn parent_or_self(&self) -> Oid {
        let mut arcs: Vec<u32> = self.as_ref().arcs().collect();
        arcs.pop();
        Oid::from_arcs(arcs).unwrap_or_else(|_| self.clone())
    }
}
