//! The manager's half of SNMP: many questions to many devices through one socket, without the socket.
//!
//! ```text
//! submit, walk, ...   ─► queue of the target ─► ready ─► poll_transmit        (encoded at that moment)
//!                                          ▲            │
//!             next question, retry ────────┤            ▼
//!                                          │        in flight: id ─► ticket ─► address
//! poll_done ◄─ end of the work ◄───────────┴──◄── handle_datagram, handle_timeout
//! ```
//!
//! The contract: after every call that takes `now`, drain [`Manager::poll_transmit`] and [`Manager::poll_done`]; call
//! [`Manager::handle_timeout`] when [`Manager::poll_timeout`] is due. A datagram's time-out starts with the first call
//! that tells the time after it was polled, which is asked for at once; so a driver may pace what it polls.
//!
//! Every ticket ends exactly once, a cancelled one with [`Failure::Cancelled`].

mod chance;
mod exchange;
pub(crate) mod flight;
mod fresh;
mod get;
mod job;
mod planner;
pub(crate) mod target;
#[cfg(test)]
mod tests;
mod turns;
mod v3;

use crate::credentials::Credentials;
use crate::message::{Body, Message, PduKind};
use crate::plan::{Plan, Planned};
use crate::request::{Failure, Operation, Request, Response};
use crate::survey::Survey;
use crate::table::{Columns, Reader, Table};
use crate::usm::Salts;
use crate::walk::{Walk, Walked, Walker};
use chance::Chance;
use exchange::way;
use flight::{Flight, Incoming, Next, Question};
use fresh::{Fresh, Template};
use get::{Batches, Bulk};
use job::{Job, NO_NAMES, Summary, Work};
use planner::Planner;
use rustc_hash::FxHashMap;
use std::collections::{BTreeSet, VecDeque};
use std::net::{SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::{Duration, Instant};
use target::Target;
use turns::Turns;
use v3::Pens;

/// The largest UDP payload over IPv4.
const MOST_OCTETS: usize = 65_507;
/// The least msgMaxSize (RFC 3412 §6).
const LEAST_OCTETS: usize = 484;
/// What a [`Manager`] allows itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long the first try waits; each further one waits twice as long, and up to a quarter more by chance.
    pub timeout: Duration,
    /// Tries after the first.
    pub retries: u32,
    /// Octets of the largest message, sent or wished for (484 to 65,507). Larger answers are read all the same.
    pub max_message: usize,
    /// Questions on their way to one address at a time; the others queue.
    pub in_flight_per_target: usize,
}

impl Default for Limits {
    /// 2 seconds, 1 retry, one Ethernet frame, one question at a time.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(2), retries: 1, max_message: 1472, in_flight_per_target: 1 }
    }
}

/// Names a question until its [`Outcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// A datagram to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Its octets.
    pub bytes: Vec<u8>,
    /// Where to; a v4-mapped v6 address has become v4.
    pub to: SocketAddr,
}

/// How a question ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Of [`Manager::submit`].
    Answer(Result<Response, Failure>),
    /// Of [`Manager::walk`].
    Walked(Walked),
    /// Of [`Manager::table`].
    Table(Table),
    /// Of [`Manager::plan`].
    Planned(Planned),
}

/// Datagrams that came and were no answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// From an address, with an id or of a kind that nobody waits for: strays, repetitions, late answers.
    pub foreign: u64,
    /// Not understood.
    pub garbled: u64,
    /// v3 messages that were not believed or did not help.
    pub doubted: u64,
}

/// A manager of SNMP v1, v2c and v3 (see the [crate] documentation for the idea, and each method for its part).
#[derive(Debug)]
pub struct Manager {
    limits: Limits,
    chance: Chance,
    salts: Salts,
    /// The latest time told.
    now: Option<Instant>,
    last: u64,
    /// A fast hash does in all tables: the keys are ours, or addresses that the caller chose; what arrives only looks
    /// them up. Boxed, because a table of thousands has room for twice as many.
    jobs: FxHashMap<u64, Box<Job>>,
    /// Questions of surveys that nobody has answered; a ticket is in one of both.
    fresh: FxHashMap<u64, Box<Fresh>>,
    /// What the last of them sent.
    template: Option<Template>,
    targets: FxHashMap<SocketAddr, Target>,
    /// Which ticket an id belongs to. An answer counts only if it also comes from the address of that ticket.
    in_flight: FxHashMap<i32, u64>,
    timers: BTreeSet<(Instant, u64)>,
    /// Polled, but their time-outs have not started.
    sent: VecDeque<u64>,
    ready: VecDeque<u64>,
    done: VecDeque<(Ticket, Outcome)>,
    counters: Counters,
    pens: Pens,
}

impl Manager {
    /// A manager with nothing to do. `seed` is drawn at random by the caller: ids and salts come from it.
    pub fn new(limits: Limits, seed: [u8; 32]) -> Self {
        let mut chance = Chance::new(seed);
        let max_message = limits.max_message.clamp(LEAST_OCTETS, MOST_OCTETS);
        let in_flight_per_target = limits.in_flight_per_target.max(1);
        Self {
            limits: Limits { max_message, in_flight_per_target, ..limits },
            salts: Salts::new(chance.number()),
            chance,
            now: None,
            last: 0,
            jobs: FxHashMap::default(),
            fresh: FxHashMap::default(),
            template: None,
            targets: FxHashMap::default(),
            in_flight: FxHashMap::default(),
            timers: BTreeSet::new(),
            sent: VecDeque::new(),
            ready: VecDeque::new(),
            done: VecDeque::new(),
            counters: Counters::default(),
            pens: Pens::default(),
        }
    }

    /// Asks a question. Gets and GetNexts of many names are split as the device needs it.
    pub fn submit(&mut self, ask: Request, to: SocketAddr, who: &Credentials, now: Instant) -> Ticket {
        let bulk = !matches!(who, Credentials::V1(_));
        let work = match ask.operation {
            Operation::Get => Work::Batches(Box::new(Batches::new(PduKind::Get, ask.oids))),
            Operation::GetBulk { non_repeaters, max_repetitions } if bulk => {
                // The wire has no numbers above 2^31-1.
                let most = i32::MAX as u32;
                let (non_repeaters, max_repetitions) = (non_repeaters.min(most), max_repetitions.min(most));
                let question =
                    Question { kind: PduKind::GetBulk, non_repeaters, max_repetitions, names: ask.oids.to_vec() };
                Work::Bulk(Box::new(Bulk { question, varbinds: Vec::new() }))
            }
            _ => Work::Batches(Box::new(Batches::new(PduKind::GetNext, ask.oids))),
        };
        self.enqueue(work, to, who, now)
    }

    /// Asks a device what a [`Survey`] asks many. Communities of it take turns until the device answers one of them:
    /// [`Response::who`] says which. A silent device costs one time-out, however many take turns, and each retry is
    /// again a turn of all. Only communities take turns; a user among them is a [`Failure::BadRequest`].
    pub fn survey(&mut self, survey: &Arc<Survey>, to: SocketAddr, now: Instant) -> Ticket {
        if let Some(why) = survey.fault() {
            return self.refuse(Failure::BadRequest(why));
        }
        let (at, most) = (normal(to), self.limits.in_flight_per_target);
        let suits = |target: &Target| target.is_strange() && target.active.len() < most;
        if survey.is_plain() && self.targets.get(&at).is_none_or(suits) {
            self.last += 1;
            self.targets.entry(at).or_default().active.push(self.last);
            self.fresh.insert(self.last, Box::new(Fresh::new(Arc::clone(survey), at)));
            self.ready.push_back(self.last);
            self.advance(now);
            return Ticket(self.last);
        }
        let Some(first) = survey.turn(0) else { return self.refuse(NO_NAMES) };
        let ticket = self.submit(survey.ask.clone(), to, first, now);
        if survey.in_turn() > 1
            && let Some(job) = self.jobs.get_mut(&ticket.0)
        {
            job.turns = Some(Turns::new(Arc::clone(survey)));
        }
        ticket
    }

    /// Walks subtrees.
    pub fn walk(&mut self, walk: Walk, to: SocketAddr, who: &Credentials, now: Instant) -> Ticket {
        self.enqueue(Work::Walk(Box::new(Walker::new(walk))), to, who, now)
    }

    /// Reads columns side by side.
    pub fn table(&mut self, columns: Columns, to: SocketAddr, who: &Credentials, now: Instant) -> Ticket {
        self.enqueue(Work::Table(Box::new(Reader::new(columns))), to, who, now)
    }

    /// Asks for single values and columns in the fewest datagrams.
    pub fn plan(&mut self, plan: Plan, to: SocketAddr, who: &Credentials, now: Instant) -> Ticket {
        self.enqueue(Work::Plan(Box::new(Planner::new(plan))), to, who, now)
    }

    /// Takes a question back: it ends with [`Failure::Cancelled`], a walk or table with the rows so far. A ticket that
    /// has ended is left alone.
    pub fn cancel(&mut self, ticket: Ticket) {
        if self.finish_fresh(ticket.0, Failure::Cancelled) {
            return;
        }
        if let Some(job) = self.jobs.get(&ticket.0) {
            if job.flight.is_none()
                && let Some(known) = self.targets.get_mut(&job.to).and_then(Target::if_known)
            {
                known.waiting.retain(|waiting| *waiting != ticket.0);
            }
            self.finish(ticket.0, Some(Failure::Cancelled));
        }
    }

    /// Takes in a datagram that arrived.
    pub fn handle_datagram(&mut self, bytes: &[u8], from: SocketAddr, now: Instant) {
        self.advance(now);
        let from = normal(from);
        match Message::decode(bytes) {
            Ok(Message::Community(message)) => {
                let Body::Pdu(pdu) = &message.body else { return self.counters.foreign += 1 };
                let ticket = self.asked(pdu.request_id, from);
                match ticket.and_then(|ticket| Some((ticket, self.jobs.get_mut(&ticket)?))) {
                    Some((ticket, job))
                        if pdu.kind == PduKind::Response && job.asked_in(pdu.request_id) == message.version =>
                    {
                        job.settle(pdu.request_id);
                        job.quirks.merge(message.quirks);
                        self.answered(ticket, Incoming::new(pdu, bytes.len()));
                    }
                    _ => self.counters.foreign += 1,
                }
            }
            Ok(Message::V3(message)) => self.secure(bytes, &message, from, now),
            Err(fault) => {
                self.counters.garbled += 1;
                for ticket in self.active_at(from) {
                    self.thaw(ticket);
                    if let Some(flight) = self.jobs.get_mut(&ticket).and_then(|job| job.flight.as_mut()) {
                        flight.trouble.get_or_insert_with(|| Box::new(Failure::Garbled(fault)));
                    }
                }
            }
        }
    }

    /// Hears that datagrams to this address do not arrive: what is on its way there fails, the queue behind it is
    /// tried.
    pub fn handle_unreachable(&mut self, to: SocketAddr, why: &str, now: Instant) {
        self.advance(now);
        for ticket in self.active_at(normal(to)) {
            self.thaw(ticket);
            let sent = |job: &Job| job.flight.as_ref().is_some_and(|flight| flight.since.is_some());
            if self.jobs.get(&ticket).is_some_and(|job| sent(job)) {
                self.failed(ticket, Failure::Unreachable(why.to_owned()));
            }
        }
    }

    /// Tells the time.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        while let Some(&(due, ticket)) = self.timers.first()
            && due <= now
        {
            self.timers.pop_first();
            self.expired(ticket, now);
        }
    }

    /// The next datagram to be sent.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        loop {
            let ticket = self.ready.pop_front()?;
            let fresh = self.fresh.contains_key(&ticket);
            if let Some(transmit) = if fresh { self.transmit_fresh(ticket) } else { self.transmit(ticket) } {
                return Some(transmit);
            }
        }
    }

    /// The next ticket that has ended.
    pub fn poll_done(&mut self) -> Option<(Ticket, Outcome)> {
        self.done.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next; a time in the past means now.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.sent.is_empty() { self.timers.first().map(|(due, _)| *due) } else { self.now }
    }

    /// What came and was no answer.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn enqueue(&mut self, work: Work, to: SocketAddr, who: &Credentials, now: Instant) -> Ticket {
        self.advance(now);
        self.last += 1;
        let (ticket, to) = (self.last, normal(to));
        if work.is_empty() {
            self.done.push_back((Ticket(ticket), work.outcome(Some(NO_NAMES), Summary::default())));
            return Ticket(ticket);
        }
        self.jobs.insert(ticket, Box::new(Job::new(to, who.clone(), work)));
        let target = self.targets.entry(to).or_default();
        if target.active.len() < self.limits.in_flight_per_target {
            target.active.push(ticket);
            self.begin(ticket);
        } else {
            target.known().waiting.push_back(ticket);
        }
        Ticket(ticket)
    }

    /// Tickets at work at an address.
    fn active_at(&self, at: SocketAddr) -> impl Iterator<Item = u64> + use<> {
        self.targets.get(&at).map(|target| target.active.clone()).unwrap_or_default().into_iter()
    }

    /// A ticket that ends before it began.
    fn refuse(&mut self, why: Failure) -> Ticket {
        self.last += 1;
        self.done.push_back((Ticket(self.last), Outcome::Answer(Err(why))));
        Ticket(self.last)
    }

    fn begin(&mut self, ticket: u64) {
        let Some(job) = self.jobs.get_mut(&ticket) else { return };
        let Some(target) = self.targets.get_mut(&job.to) else { return };
        let (habits, way) = (target.habits(), way(&self.limits, &job.who, target));
        let next = match &mut job.work {
            Work::Batches(batches) => batches.begin(&habits, way),
            Work::Bulk(bulk) => bulk.begin(),
            Work::Walk(walker) => walker.begin(&habits, way),
            Work::Table(reader) => reader.begin(&habits, way),
            Work::Plan(planner) => planner.begin(&habits, way),
        };
        self.go_on(ticket, next);
    }

    fn go_on(&mut self, ticket: u64, next: Next) {
        match next {
            Next::Ask(question) => {
                if let Some(job) = self.jobs.get_mut(&ticket) {
                    let first_bulk = job.work.doubts_bulk() && question.kind == PduKind::GetBulk;
                    let habits = self.targets.get(&job.to).filter(|_| first_bulk).map(Target::habits);
                    let mut flight = Flight::new(question);
                    flight.patience = habits.and_then(|habits| habits.patience(self.limits.timeout));
                    job.flight = Some(flight);
                    self.queue(ticket);
                }
            }
            Next::Done => self.finish(ticket, None),
            Next::Fail(failure) => self.finish(ticket, Some(failure)),
        }
    }

    fn queue(&mut self, ticket: u64) {
        if let Some(job) = self.jobs.get_mut(&ticket)
            && !core::mem::replace(&mut job.queued, true)
        {
            self.ready.push_back(ticket);
        }
    }
}

/// One spelling for one address: v4-mapped v6 becomes v4, the flow label is left out.
fn normal(address: SocketAddr) -> SocketAddr {
    let SocketAddr::V6(v6) = address else { return address };
    match v6.ip().to_ipv4_mapped() {
        Some(v4) => SocketAddr::new(v4.into(), v6.port()),
        None => SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id()).into(),
    }
}
