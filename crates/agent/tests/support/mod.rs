//! A simulated device under virtual time, asked through the real manager, with every datagram counted; and a day of visits.

use dca_agent::poll::{Device as Ask, Job, Memory, Met, Part, Planner, Rhythm, Sighting, Visit, learn, visit};
use dca_agent::{Oid, Profiles};
use dca_sim::Device;
use dca_snmp::{Columns, Credentials, Limits, Manager, Outcome, Request, Ticket, Walk};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Datagrams and octets of UDP payload, both ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) octets: u64,
}

impl std::ops::Sub for Cost {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            sent: self.sent - before.sent,
            received: self.received - before.received,
            octets: self.octets - before.octets,
        }
    }
}

/// A device, and a manager that asks it.
pub(crate) struct Asked {
    pub(crate) device: Device,
    manager: Manager,
    at: SocketAddr,
    who: Credentials,
    pub(crate) now: Instant,
    pub(crate) cost: Cost,
    /// False: what is sent to it is lost.
    pub(crate) awake: bool,
}

impl Asked {
    pub(crate) fn new(device: Device, who: Credentials) -> Self {
        let now = Instant::now();
        let limits = Limits { timeout: Duration::from_secs(2), retries: 1, ..Limits::default() };
        Self {
            device: device.started(now),
            manager: Manager::new(limits, [7; 32]),
            at: SocketAddr::from(([192, 0, 2, 1], 161)),
            who,
            now,
            cost: Cost::default(),
            awake: true,
        }
    }

    fn run(&mut self, ticket: Ticket) -> Outcome {
        let mut answers = VecDeque::new();
        loop {
            while let Some(datagram) = self.manager.poll_transmit() {
                self.cost.sent += 1;
                self.cost.octets += datagram.bytes.len() as u64;
                if self.awake
                    && let Some(answer) = self.device.respond(&datagram.bytes, self.now)
                {
                    answers.push_back((self.now + answer.after, answer.bytes));
                }
                self.manager.handle_timeout(self.now);
            }
            while let Some((done, outcome)) = self.manager.poll_done() {
                if done == ticket {
                    return outcome;
                }
            }
            let due = self.manager.poll_timeout().unwrap_or(self.now);
            match answers.front() {
                Some((when, _)) if *when <= due || due <= self.now => {
                    if let Some((when, bytes)) = answers.pop_front() {
                        self.now = self.now.max(when);
                        self.cost.received += 1;
                        self.cost.octets += bytes.len() as u64;
                        self.manager.handle_datagram(&bytes, self.at, self.now);
                    }
                }
                _ => {
                    self.now = self.now.max(due);
                    self.manager.handle_timeout(self.now);
                }
            }
        }
    }

    fn submit(&mut self, request: Request) -> Part {
        let ticket = self.manager.submit(request, self.at, &self.who, self.now);
        match self.run(ticket) {
            Outcome::Answer(answer) => Part::answer("GET", answer),
            _ => Part::default(),
        }
    }

    /// One column as `snmpbulkwalk` walks it: GETBULK of so many rows until the column ends.
    pub(crate) fn bulkwalk(&mut self, column: &Oid, repetitions: u32) -> usize {
        let walk = Walk { max_repetitions: Some(repetitions), ..Walk::new(column.clone()) };
        let ticket = self.manager.walk(walk, self.at, &self.who, self.now);
        match self.run(ticket) {
            Outcome::Walked(walked) => walked.varbinds.len(),
            _ => 0,
        }
    }
}

impl Ask for Asked {
    async fn get(&mut self, oids: Vec<Oid>) -> Part {
        self.submit(Request::get(oids))
    }

    async fn next(&mut self, oids: Vec<Oid>) -> Part {
        self.submit(Request::get_next(oids))
    }

    async fn columns(&mut self, columns: Vec<Oid>, max_rows: usize) -> Part {
        let ticket = self.manager.table(Columns { columns, max_rows, bears: None }, self.at, &self.who, self.now);
        match self.run(ticket) {
            Outcome::Table(table) => Part::table("the columns", table),
            _ => Part::default(),
        }
    }
}

/// A day of visits to one device.
pub(crate) struct Day {
    /// Who it is: one GET.
    pub(crate) discovery: Cost,
    /// Discovery and all the rest.
    pub(crate) first: Cost,
    /// The visits of the day, without the first reading.
    pub(crate) day: Cost,
    /// One hot poll.
    pub(crate) hot: Cost,
    /// Visits by depth.
    pub(crate) visits: BTreeMap<String, usize>,
    /// What made visits deeper.
    pub(crate) causes: BTreeMap<String, usize>,
    pub(crate) memory: Memory,
    pub(crate) asked: Asked,
}

/// Reads a device in full and then visits it for a day, beginning `begins` after it was switched on. `watch` sees each
/// visit. `None` if it is no printer or cannot be recognised.
pub(crate) async fn day(
    mut asked: Asked,
    profiles: &Profiles,
    mut watch: impl FnMut(&mut Asked, &Job, &Visit),
) -> Option<Day> {
    let started = asked.now;
    asked.get(dca_printer::discovery()).await;
    let discovery = asked.cost;
    let lesson = learn(&mut asked, profiles).await.ok()?;
    // The names that tell the profile were asked in `learn` as well: the network asks them once.
    let first = asked.cost - discovery;
    let mut memory = Memory::default();
    let at = SocketAddr::from(([192, 0, 2, 1], 161));
    let sighting = Sighting::of(at, "v2c, community 1".into(), "2026-11-23T08:00:00Z".into(), lesson)?;
    let device = memory.meet(vec![sighting]).first()?.device();
    memory.get(device)?.learnt.as_ref()?;
    let mut planner = Planner::new(Rhythm::default());
    planner.add(device, Some(started), false, started);
    let before = asked.cost;
    let (mut visits, mut causes, mut hot) = (BTreeMap::new(), BTreeMap::new(), Cost::default());
    while let Some(due) = planner.due().filter(|due| *due < started + Duration::from_secs(86_400)) {
        asked.now = asked.now.max(due);
        let job = planner.next(asked.now)?;
        let spent = asked.cost;
        let mut visit = visit(&mut asked, profiles, memory.get(device)?, &job).await;
        watch(&mut asked, &job, &visit);
        if visit.depth == dca_agent::poll::Depth::Hot && matches!(visit.met, Met::Same { .. }) {
            hot = asked.cost - spent;
        }
        *visits.entry(format!("{:?}", visit.depth)).or_default() += 1;
        visit.causes.iter().for_each(|cause| *causes.entry(format!("{cause:?}")).or_default() += 1);
        planner.done(device, due, &visit.went());
        let at = memory.get(device)?.at;
        memory.record(device, at, &mut visit, None);
    }
    let day = asked.cost - before;
    Some(Day { discovery, first, day, hot, visits, causes, memory, asked })
}
