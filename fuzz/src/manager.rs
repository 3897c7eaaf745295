//! Two state machines and what lies between them: our manager and our responders under a network that loses, delays,
//! repeats, reorders, cuts, forges and misdelivers, with devices that reboot and clocks that jump.
//!
//! ```text
//! manager ── question ──▶ network ──▶ responder          every value says whose and which it is
//!    ▲                      │  ▲          │
//!    └────── any answer ◀───┘  └──────────┘
//! ```
//!
//! Every ticket ends exactly once, with its own answer or a failure, never another's; in a calm network with an answer.

use crate::dice::Dice;
use dca_snmp::responder::{Mib, Responder, ResponderSettings};
use dca_snmp::{
    AuthProtocol, Binding, Columns, Credentials, Failure, Limits, Manager, Oid, OidRef, Outcome, Plan, PrivProtocol,
    Request, Row, Survey, Ticket, User, Value, VarBind, Walk, WalkEnd, oid,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

const COLUMNS: [OidRef<'static>; 2] = [oid!("1.3.6.1.4.1.1.1"), oid!("1.3.6.1.4.1.1.2")];
const ROWS: u32 = 23;
const TARGETS: usize = 4;
/// Steps after which something hangs: each brings a datagram, a time-out or a question nearer.
const MAX_STEPS: usize = 20_000;

/// Who is asked how. Keys cost a megabyte of hashing each: made once.
static WHO: LazyLock<[Credentials; TARGETS]> = LazyLock::new(|| {
    let user = |name| User::new(name).expect("a name").auth(AuthProtocol::Md5, b"fuzz password").expect("a password");
    let sealed = user("sealer").privacy(PrivProtocol::Aes128, b"fuzz password").expect("a password");
    [Credentials::v1("public"), Credentials::v2c("public"), Credentials::V3(user("signer")), Credentials::V3(sealed)]
});

/// What every device has, in order.
static NAMES: LazyLock<Vec<Oid>> = LazyLock::new(|| {
    COLUMNS.iter().flat_map(|column| (1..=ROWS).filter_map(|row| column.to_oid().join([row]).ok())).collect()
});

/// The first octets say how rough it is, the others decide what happens; after them chance does, from a seed.
pub fn manager(octets: &[u8]) {
    let mut world = World::new(Dice::new(octets));
    for _ in 0..MAX_STEPS {
        world.act();
        world.send();
        world.end();
        if !world.move_on() {
            return world.check_idle();
        }
    }
    panic!("it never ends");
}

/// Values that tell whose and which they are.
struct Own(usize);

impl Own {
    fn value(&self, name: &Oid) -> Value {
        Value::OctetString(format!("{} {name}", self.0).into_bytes())
    }

    fn has(name: OidRef<'_>) -> bool {
        NAMES.binary_search_by(|known| known.as_ref().cmp(&name)).is_ok()
    }

    fn after(name: OidRef<'_>) -> Option<&'static Oid> {
        NAMES.get(NAMES.partition_point(|known| known.as_ref() <= name))
    }
}

impl Mib for Own {
    fn get(&self, name: OidRef<'_>) -> Binding {
        if Self::has(name) { Binding::Found(self.value(&name.to_oid())) } else { Binding::NoSuchInstance }
    }

    fn next(&self, after: OidRef<'_>) -> Option<(Oid, Value)> {
        let name = Self::after(after)?;
        Some((name.clone(), self.value(name)))
    }
}

enum Flying {
    /// At its place, or at another's: whom it was for comes first.
    ToDevice(usize, usize, Vec<u8>),
    /// Seen as coming from this target.
    ToManager(usize, Vec<u8>),
}

/// Which way a datagram goes. An answer to a question that went astray comes from where it was given: if both went
/// astray it would be the answer that was asked for, as far as anybody can tell who is not on the path.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Question,
    Answer,
    StrayAnswer,
}

/// What was asked, for a look at what comes.
enum Asked {
    Get(Vec<Oid>),
    GetNext(Vec<Oid>),
    Bulk,
    Walk,
    Table,
    Plan(Vec<Oid>),
}

struct World<'a> {
    dice: Dice<'a>,
    /// Of 100 datagrams: lost, sent twice, damaged, misdelivered, late; all 0 in a calm network.
    faults: [u32; 5],
    start: Instant,
    now: Instant,
    manager: Manager,
    responders: Vec<Responder>,
    flying: BTreeMap<(Instant, u64), Flying>,
    /// Answers that were given, to be played again.
    heard: Vec<(usize, Vec<u8>)>,
    launched: u64,
    open: HashMap<Ticket, (usize, Asked)>,
    tickets: Vec<Ticket>,
    ended: HashSet<Ticket>,
    cancelled: HashSet<Ticket>,
    questions: u32,
}

impl<'a> World<'a> {
    fn new(mut dice: Dice<'a>) -> Self {
        let rough = dice.below(4) > 0;
        let faults = [(); 5].map(|()| if rough { dice.below(25) } else { 0 });
        let limits = Limits {
            retries: if rough { dice.below(4) } else { 1 },
            in_flight_per_target: 1 + dice.below(3) as usize,
            max_message: [484, 1472][dice.below(2) as usize],
            timeout: Duration::from_secs(2),
        };
        let users: Vec<User> = WHO
            .iter()
            .filter_map(|who| if let Credentials::V3(user) = who { Some(user.clone()) } else { None })
            .collect();
        let responders = (0..TARGETS).map(|target| {
            let engine_id = [&[0x80, 0, 0, 0, 5][..], &[target as u8]].concat();
            let max_message = [484, 1472][dice.below(2) as usize];
            let settings = ResponderSettings { engine_id, max_message, users: users.clone(), ..Default::default() };
            Responder::new(settings, [target as u8; 32])
        });
        let responders = responders.collect();
        let (start, questions) = (Instant::now(), 1 + dice.below(10));
        Self {
            faults,
            start,
            now: start + Duration::from_secs(400 * 86_400),
            manager: Manager::new(limits, [dice.below(256) as u8; 32]),
            responders,
            flying: BTreeMap::new(),
            heard: Vec::new(),
            launched: 0,
            open: HashMap::new(),
            tickets: Vec::new(),
            ended: HashSet::new(),
            cancelled: HashSet::new(),
            questions,
            dice,
        }
    }

    fn is_calm(&self) -> bool {
        self.faults == [0; 5]
    }

    /// What happens at the ends: questions, changed minds, reboots, jumping clocks.
    fn act(&mut self) {
        let calm = self.is_calm();
        match self.dice.below(16) {
            0..5 if self.questions > 0 => {
                self.questions -= 1;
                self.ask();
            }
            5 if !self.tickets.is_empty() => {
                // Ended or not.
                let ticket = self.tickets[self.dice.below(self.tickets.len() as u32) as usize];
                self.cancelled.insert(ticket);
                self.manager.cancel(ticket);
            }
            6 if !calm => {
                let device = self.dice.below(TARGETS as u32) as usize;
                // One that counts its boots or forgets them; a clock that starts at 0 or somewhere else.
                let boots = self.responders[device].engine_time(self.now).0 + self.dice.below(2);
                let began = if self.dice.below(2) == 0 { self.now } else { self.start };
                self.responders[device].reboot(boots, began);
            }
            // The computer slept, or its clock went back.
            7 if !calm => self.now += Duration::from_secs(u64::from(self.dice.below(20_000))),
            8 if !calm => {
                let earlier = self.now - Duration::from_secs(u64::from(self.dice.below(300)));
                self.manager.handle_timeout(earlier);
            }
            9 if !calm && !self.heard.is_empty() => {
                let (from, bytes) = self.heard[self.dice.below(self.heard.len() as u32) as usize].clone();
                let from = if self.dice.below(3) == 0 { self.dice.below(TARGETS as u32) as usize } else { from };
                self.manager.handle_datagram(&bytes, at(from), self.now);
            }
            10 if !calm => {
                let target = self.dice.below(TARGETS as u32) as usize;
                self.manager.handle_unreachable(at(target), "port unreachable", self.now);
            }
            _ => {}
        }
    }

    fn ask(&mut self) {
        let target = self.dice.below(TARGETS as u32) as usize;
        let (to, who, now) = (at(target), &WHO[target], self.now);
        let (manager, dice) = (&mut self.manager, &mut self.dice);
        let mut name = || {
            let column = COLUMNS[dice.below(2) as usize].to_oid();
            column.join([dice.below(ROWS + 4)]).unwrap_or(column)
        };
        let (ticket, asked) = match self.questions % 7 {
            0 => (manager.walk(Walk::new(oid!("1.3.6.1.4.1.1")), to, who, now), Asked::Walk),
            1 => (manager.table(Columns::of(COLUMNS), to, who, now), Asked::Table),
            2 => {
                let names = vec![name(), name()];
                (manager.submit(Request::get_next(names.clone()), to, who, now), Asked::GetNext(names))
            }
            3 => (manager.submit(Request::get_bulk(5, [name(), name()]), to, who, now), Asked::Bulk),
            4 => {
                let names: Vec<Oid> = BTreeSet::from([name(), name()]).into_iter().collect();
                let plan = Plan::new().get(names.clone()).columns(COLUMNS);
                (manager.plan(plan, to, who, now), Asked::Plan(names))
            }
            5 if target < 2 => {
                let names = vec![name()];
                let both: Arc<[Credentials]> = [Credentials::v2c("wrong"), who.clone()].into();
                let stagger = Duration::from_millis(100);
                let survey = Survey { ask: Request::get(names.clone()), who: both, stagger };
                (manager.survey(&Arc::new(survey), to, now), Asked::Get(names))
            }
            6 if self.questions.is_multiple_of(2) => {
                let names = vec![name(), name(), name()];
                let survey = Survey::new(Request::get(names.clone()), who);
                (manager.survey(&Arc::new(survey), to, now), Asked::Get(names))
            }
            _ => {
                let names = vec![name(), name(), name()];
                (manager.submit(Request::get(names.clone()), to, who, now), Asked::Get(names))
            }
        };
        assert!(self.open.insert(ticket, (target, asked)).is_none(), "a ticket is given out twice");
        self.tickets.push(ticket);
    }

    fn send(&mut self) {
        while let Some(transmit) = self.manager.poll_transmit() {
            let target = (0..TARGETS).find(|target| at(*target) == transmit.to).expect("nobody else was asked");
            self.launch(&transmit.bytes, target, Way::Question);
            self.manager.handle_timeout(self.now);
        }
    }

    fn launch(&mut self, bytes: &[u8], target: usize, way: Way) {
        let [lost, twice, damaged, misdelivered, late] = self.faults;
        let copies = if self.dice.percent(lost) { 0 } else { 1 + usize::from(self.dice.percent(twice)) };
        for _ in 0..copies {
            let (mut bytes, mut seen) = (bytes.to_vec(), target);
            if self.dice.percent(damaged) {
                // Nothing protects the bindings of a community message: its head alone is damaged.
                let head = if target < 2 { 12 } else { bytes.len() };
                let place = self.dice.below(head.min(bytes.len()) as u32) as usize;
                match self.dice.below(9) {
                    bit @ 0..8 => bytes[place] ^= 1 << bit,
                    _ => bytes.truncate(place),
                }
            }
            if way != Way::StrayAnswer && self.dice.percent(misdelivered) {
                seen = self.dice.below(TARGETS as u32) as usize;
            }
            let most = if self.dice.percent(late) { 20_000 } else { 50 };
            let delay = Duration::from_millis(u64::from(1 + self.dice.below(most)));
            self.launched += 1;
            let flying = match way {
                Way::Question => Flying::ToDevice(target, seen, bytes),
                Way::Answer | Way::StrayAnswer => Flying::ToManager(seen, bytes),
            };
            self.flying.insert((self.now + delay, self.launched), flying);
        }
    }

    fn end(&mut self) {
        while let Some((ticket, outcome)) = self.manager.poll_done() {
            let (target, asked) = self.open.remove(&ticket).expect("a ticket ends once");
            assert!(self.ended.insert(ticket));
            let own = Own(target);
            let check = |varbind: &VarBind| {
                if let Some(value) = varbind.value() {
                    assert_eq!(*value, own.value(&varbind.oid), "another's value");
                }
            };
            let failure = match (outcome, asked) {
                (Outcome::Answer(Ok(response)), Asked::Get(names)) => {
                    assert_eq!(response.varbinds.len(), names.len());
                    for (varbind, name) in response.varbinds.iter().zip(&names) {
                        assert_eq!(varbind.oid, *name);
                        assert_eq!(varbind.value().is_some(), Own::has(name.as_ref()), "{varbind:?}");
                        check(varbind);
                    }
                    None
                }
                (Outcome::Answer(Ok(response)), Asked::GetNext(names)) => {
                    assert_eq!(response.varbinds.len(), names.len());
                    for (varbind, name) in response.varbinds.iter().zip(&names) {
                        let next = Own::after(name.as_ref());
                        assert_eq!(varbind.value().is_some().then_some(&varbind.oid), next, "{varbind:?}");
                        check(varbind);
                    }
                    None
                }
                (Outcome::Answer(Ok(response)), Asked::Bulk) => {
                    response.varbinds.iter().for_each(check);
                    None
                }
                (Outcome::Answer(Err(failure)), Asked::Get(_) | Asked::GetNext(_) | Asked::Bulk) => Some(failure),
                (Outcome::Walked(walked), Asked::Walk) => {
                    let rows = walked.varbinds.to_varbinds();
                    rows.iter().for_each(check);
                    let count = rows.len();
                    assert!(rows.iter().map(|row| &row.oid).eq(NAMES.iter().take(count)), "rows are left out");
                    ended(walked.end, count == NAMES.len())
                }
                (Outcome::Table(table), Asked::Table) => {
                    table.rows.iter().flat_map(|row| &row.cells).for_each(check);
                    ended(table.end, count_cells(&table.rows) == NAMES.len())
                }
                (Outcome::Planned(planned), Asked::Plan(names)) => {
                    planned.rows.iter().flat_map(|row| &row.cells).for_each(check);
                    for (varbind, name) in planned.values.iter().flatten().zip(&names) {
                        assert_eq!(varbind.oid, *name);
                        assert_eq!(varbind.value().is_some(), Own::has(name.as_ref()), "{varbind:?}");
                        check(varbind);
                    }
                    ended(planned.end, count_cells(&planned.rows) == NAMES.len()).or(planned.values.err())
                }
                (outcome, _) => panic!("an outcome of another kind: {outcome:?}"),
            };
            match failure {
                Some(Failure::Cancelled) => assert!(self.cancelled.contains(&ticket), "nobody took it back"),
                Some(failure) => assert!(!self.is_calm(), "{failure} in a calm network"),
                None => {}
            }
        }
    }

    /// On to the next event. False when nothing is left to come.
    fn move_on(&mut self) -> bool {
        let due = self.manager.poll_timeout();
        let arrival = self.flying.keys().next().map(|(when, _)| *when);
        let Some(next) = due.into_iter().chain(arrival).min() else {
            return self.questions > 0 || !self.open.is_empty();
        };
        self.now = self.now.max(next);
        if due.is_some_and(|due| due <= self.now) {
            self.manager.handle_timeout(self.now);
        }
        if let Some(entry) = self.flying.first_entry().filter(|entry| entry.key().0 <= self.now) {
            match entry.remove() {
                Flying::ToDevice(meant, device, bytes) => {
                    let answer = self.responders[device].handle(&bytes, &Own(device), self.now);
                    match answer {
                        Some(answer) if device == meant => {
                            self.heard.push((device, answer.clone()));
                            self.launch(&answer, device, Way::Answer);
                        }
                        Some(answer) => self.launch(&answer, device, Way::StrayAnswer),
                        None => {}
                    }
                }
                Flying::ToManager(from, bytes) => self.manager.handle_datagram(&bytes, at(from), self.now),
            }
        }
        true
    }

    fn check_idle(&mut self) {
        assert_eq!(self.ended.len(), self.tickets.len(), "a ticket never ended");
        assert!(self.manager.poll_transmit().is_none() && self.manager.poll_timeout().is_none());
    }
}

fn count_cells(rows: &[Row]) -> usize {
    let cells = rows.iter().flat_map(|row| &row.cells).map(|cell| &cell.oid);
    let distinct: HashSet<&Oid> = cells.clone().collect();
    assert_eq!(distinct.len(), cells.count(), "a cell comes twice");
    distinct.len()
}

/// Why rows may be missing; none may where nothing is said to be.
fn ended(end: WalkEnd, whole: bool) -> Option<Failure> {
    match end {
        WalkEnd::Failed { why, .. } => Some(why),
        end => {
            assert_eq!(end, WalkEnd::Complete);
            assert!(whole, "rows are missing from the end");
            None
        }
    }
}

fn at(target: usize) -> SocketAddr {
    ([192, 0, 2, target as u8], 161).into()
}
