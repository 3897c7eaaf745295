//! A network that loses, delays, repeats, reorders, cuts, forges and misdelivers, and callers who change their minds:
//! every ticket still ends once, with its own answer or a failure.

use super::*;
use std::collections::BinaryHeap;

const TARGETS: u16 = 300;
/// Of each of the two storms.
const QUESTIONS: u64 = 500_000;
const COLUMN: crate::OidRef<'static> = crate::oid!("1.3.6.1.4.1.1");

/// Every value tells whose and which it is.
struct Own(u16);

impl Mib for Own {
    fn get(&self, name: crate::OidRef<'_>) -> Binding {
        Binding::Found(value(self.0, &name.to_oid()))
    }

    fn next(&self, after: crate::OidRef<'_>) -> Option<(Oid, Value)> {
        let last = after.arcs().last()?;
        let name = COLUMN.to_oid().join([last + 1]).ok()?;
        (last < 40).then(|| {
            let value = value(self.0, &name);
            (name, value)
        })
    }
}

fn value(target: u16, name: &Oid) -> Value {
    Value::OctetString([&target.to_be_bytes(), name.octets()].concat())
}

/// The inverse of [`at`].
fn target_of(address: SocketAddr) -> u16 {
    let std::net::IpAddr::V4(address) = address.ip() else { panic!("no {address}") };
    let [_, _, high, low] = address.octets();
    u16::from_be_bytes([high, low])
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    when: std::cmp::Reverse<Instant>,
    /// Of arrivals at one moment the first sent comes first.
    order: std::cmp::Reverse<u64>,
    target: u16,
    /// Towards the manager, seen as coming from there.
    from: Option<SocketAddr>,
    bytes: Vec<u8>,
}

struct Network {
    dice: fastrand::Rng,
    flying: BinaryHeap<Arrival>,
    order: u64,
}

impl Network {
    fn send(&mut self, target: u16, from: Option<SocketAddr>, bytes: &[u8], now: Instant) {
        let copies = match self.dice.u32(..100) {
            0..6 => 0,
            6..12 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let (mut bytes, mut from) = (bytes.to_vec(), from);
            match self.dice.u32(..100) {
                0..2 => bytes.truncate(self.dice.usize(..bytes.len())),
                2 => {
                    let at = self.dice.usize(..12.min(bytes.len()));
                    bytes[at] ^= 1 << self.dice.u32(..8);
                }
                3..5 if from.is_some() => from = Some(super::at(self.dice.u16(..TARGETS))),
                _ => {}
            }
            let delay = if self.dice.u32(..20) == 0 { self.dice.u64(..9000) } else { self.dice.u64(1..60) };
            self.order += 1;
            let when = std::cmp::Reverse(now + Duration::from_millis(delay));
            self.flying.push(Arrival { when, order: std::cmp::Reverse(self.order), target, from, bytes });
        }
    }
}

#[test]
fn nothing_is_attributed_wrongly() {
    storm(11);
}

/// The second half of a million questions, beside the first on another core.
#[test]
fn nothing_is_attributed_wrongly_in_another_storm() {
    storm(12);
}

fn storm(seed: u64) {
    let mut network = Network { dice: fastrand::Rng::with_seed(seed), flying: BinaryHeap::new(), order: 0 };
    let mut manager = Manager::new(Limits { in_flight_per_target: 2, ..Limits::default() }, [1; 32]);
    let secure = User::new("reader").unwrap().auth(AuthProtocol::Md5, b"maplesyrup").unwrap();
    let settings = ResponderSettings { users: vec![secure.clone()], ..ResponderSettings::default() };
    let mut agents: Vec<Responder> = (0..TARGETS)
        .map(|target| {
            let engine_id = [&[0x80, 0, 0, 0, 5][..], &target.to_be_bytes()].concat();
            responder(ResponderSettings { engine_id, ..settings.clone() })
        })
        .collect();
    let whose = [Credentials::v1("public"), Credentials::v2c("public"), Credentials::V3(secure)];
    let mut now = start();
    let mut open: BTreeMap<Ticket, (u16, Option<Vec<Oid>>)> = BTreeMap::new();
    let mut latest = None;
    let (mut asked, mut answered, mut failed, mut cancelled, mut rows) = (0, 0, 0, 0, 0);
    loop {
        while asked < QUESTIONS && open.len() < 500 {
            asked += 1;
            let target = network.dice.u16(..TARGETS);
            let who = &whose[usize::from(target) % 3];
            let ticket = if network.dice.u32(..100) == 0 {
                let ticket = manager.walk(Walk::new(COLUMN), at(target), who, now);
                open.insert(ticket, (target, None));
                ticket
            } else {
                let names: Vec<Oid> = (0..network.dice.u32(1..4))
                    .map(|_| COLUMN.to_oid().join([network.dice.u32(..1000)]).unwrap())
                    .collect();
                let ask = Request::get(names.clone());
                let ticket = match asked % 2 {
                    0 => manager.submit(ask, at(target), who, now),
                    _ => manager.survey(&Arc::new(Survey::new(ask, who)), at(target), now),
                };
                open.insert(ticket, (target, Some(names)));
                ticket
            };
            assert!(latest.replace(ticket) < Some(ticket), "a ticket is given out twice");
            if network.dice.u32(..20) == 0 {
                manager.cancel(ticket);
            }
        }
        if network.dice.u32(..50) == 0
            && let Some(ticket) = open.keys().next().copied()
        {
            manager.cancel(ticket);
        }
        if network.dice.u32(..500) == 0 {
            let agent = usize::from(network.dice.u16(..TARGETS));
            let boots = agents[agent].engine_time(now).0 + 1;
            agents[agent].reboot(boots, now);
        }
        while let Some(transmit) = manager.poll_transmit() {
            network.send(target_of(transmit.to), None, &transmit.bytes, now);
        }
        while let Some((ticket, outcome)) = manager.poll_done() {
            let (target, names) = open.remove(&ticket).expect("a ticket ends once");
            match (outcome, names) {
                (Outcome::Answer(Ok(response)), Some(names)) => {
                    answered += 1;
                    assert_eq!(response.varbinds.len(), names.len());
                    for (name, varbind) in names.iter().zip(&response.varbinds) {
                        assert_eq!(*name, varbind.oid);
                        assert_eq!(varbind.value(), Some(&value(target, name)));
                    }
                }
                (Outcome::Answer(Err(Failure::Cancelled)), Some(_)) => cancelled += 1,
                (Outcome::Answer(Err(_)), Some(_)) => failed += 1,
                (Outcome::Walked(walked), None) => {
                    assert!(walked.varbinds.iter().is_sorted_by(|a, b| a.oid < b.oid));
                    for row in walked.varbinds.to_varbinds() {
                        assert_eq!(row.value(), Some(&value(target, &row.oid)));
                    }
                    assert!(walked.end != WalkEnd::Complete || walked.varbinds.len() == 39);
                    rows += walked.varbinds.len();
                }
                other => panic!("{other:?}"),
            }
        }
        if asked == QUESTIONS && open.is_empty() {
            break;
        }
        let arrival = network.flying.peek().map(|arrival| arrival.when.0);
        let due = manager.poll_timeout().into_iter().chain(arrival).min().expect("somebody waits");
        now = due.max(now);
        if manager.poll_timeout().is_some_and(|due| due <= now) {
            manager.handle_timeout(now);
        }
        while network.flying.peek().is_some_and(|arrival| arrival.when.0 <= now) {
            let arrival = network.flying.pop().unwrap();
            match arrival.from {
                Some(from) => manager.handle_datagram(&arrival.bytes, from, now),
                None => {
                    let agent = &mut agents[usize::from(arrival.target)];
                    if let Some(answer) = agent.handle(&arrival.bytes, &Own(arrival.target), now) {
                        network.send(arrival.target, Some(at(arrival.target)), &answer, now);
                    }
                }
            }
        }
    }
    assert!(manager.jobs.is_empty() && manager.fresh.is_empty());
    assert!(manager.in_flight.is_empty() && manager.timers.is_empty());
    assert!(manager.targets.values_mut().all(|target| target.active.is_empty() && target.known().waiting.is_empty()));
    assert!(manager.counters.foreign > QUESTIONS / 20, "{:?}", manager.counters);
    println!("answered {answered} failed {failed} cancelled {cancelled} rows {rows} {:?}", manager.counters);
    assert!(answered > QUESTIONS * 4 / 5 && cancelled > QUESTIONS / 25 && failed > 500 && rows > 100_000);
}
