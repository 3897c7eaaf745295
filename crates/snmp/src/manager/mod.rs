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
pub(crate) mod flight;
mod get;
mod planner;
pub(crate) mod target;
#[cfg(test)]
mod tests;
mod turns;
mod v3;

use crate::ValueRef;
use crate::credentials::Credentials;
use crate::message::{Body, Message, PduKind, V3Message, Version, encode_community};
use crate::plan::{Plan, Planned};
use crate::quirk::Quirks;
use crate::request::{Failure, Operation, Request, Response};
use crate::table::{Columns, Reader, Table};
use crate::usm::Salts;
use crate::value::BindingRef;
use crate::walk::{Walk, Walked, Walker};
use chance::Chance;
use flight::{Flight, Next, Question, Reply, Stage, Way};
use get::{Batches, Bulk};
use planner::Planner;
use rustc_hash::FxHashMap;
use std::collections::{BTreeSet, VecDeque};
use std::net::{SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::{Duration, Instant};
use target::Target;
use turns::Turns;
use v3::{Pens, Received, Verdict};

/// The largest UDP payload over IPv4.
const MOST_OCTETS: usize = 65_507;
/// The least msgMaxSize (RFC 3412 §6).
const LEAST_OCTETS: usize = 484;
/// Octets of a message that are no variable bindings: with a community, and with v3's header and security parameters.
const FRAME: usize = 60;
const FRAME_V3: usize = 180;

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
    /// A fast hash does in all three tables: the keys are ours, or addresses that the caller chose; what arrives only looks
    /// them up. Boxed, because a table of thousands has room for twice as many.
    jobs: FxHashMap<u64, Box<Job>>,
    targets: FxHashMap<SocketAddr, Target>,
    /// Which ticket an id belongs to. An answer counts only if it also comes from the address of that ticket.
    in_flight: FxHashMap<i32, u64>,
    timers: BTreeSet<(Instant, u64)>,
    /// Polled, but their time-outs have not started.
    sent: Vec<u64>,
    ready: VecDeque<u64>,
    done: VecDeque<(Ticket, Outcome)>,
    counters: Counters,
    pens: Pens,
}

/// One ticket's work.
#[derive(Debug)]
struct Job {
    to: SocketAddr,
    who: Credentials,
    /// Others who ask in turn until one of them is answered.
    turns: Option<Turns>,
    work: Work,
    flight: Option<Flight>,
    /// It has an entry in `ready`.
    queued: bool,
    first_sent: Option<Instant>,
    sent: u32,
    quirks: Quirks,
}

#[derive(Debug)]
enum Work {
    Batches(Box<Batches>),
    Bulk(Box<Bulk>),
    Walk(Box<Walker>),
    Table(Box<Reader>),
    Plan(Box<Planner>),
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
            targets: FxHashMap::default(),
            in_flight: FxHashMap::default(),
            timers: BTreeSet::new(),
            sent: Vec::new(),
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
                let question = Question { kind: PduKind::GetBulk, non_repeaters, max_repetitions, names: ask.oids };
                Work::Bulk(Box::new(Bulk { question, varbinds: Vec::new() }))
            }
            _ => Work::Batches(Box::new(Batches::new(PduKind::GetNext, ask.oids))),
        };
        self.enqueue(work, to, who, now)
    }

    /// Asks a device as each of several communities in turn, `stagger` apart, until it answers one of them:
    /// [`Response::who`] says which. A silent device costs one time-out, however many take turns, and each retry is
    /// again a turn of all. Only communities take turns; a user among them is a [`Failure::BadRequest`].
    pub fn submit_as_any(
        &mut self,
        ask: Request,
        to: SocketAddr,
        who: Arc<[Credentials]>,
        stagger: Duration,
        now: Instant,
    ) -> Ticket {
        let ticket = match who.first() {
            Some(first) if !who.iter().any(|who| matches!(who, Credentials::V3(_))) => {
                self.submit(ask, to, &first.clone(), now)
            }
            _ => return self.refuse(Failure::BadRequest("only communities take turns")),
        };
        if let Some(job) = self.jobs.get_mut(&ticket.0) {
            job.turns = Some(Turns::new(who, stagger));
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
        if let Some(job) = self.jobs.get(&ticket.0) {
            if job.flight.is_none()
                && let Some(crowd) = self.targets.get_mut(&job.to).and_then(|target| target.crowd.as_mut())
            {
                crowd.waiting.retain(|waiting| *waiting != ticket.0);
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
                let ticket = self.in_flight.get(&pdu.request_id).copied();
                let job = ticket.and_then(|ticket| Some((ticket, self.jobs.get_mut(&ticket)?)));
                match job.filter(|(_, job)| job.to == from) {
                    Some((ticket, job))
                        if pdu.kind == PduKind::Response && job.asked_in(pdu.request_id) == message.version =>
                    {
                        job.settle(pdu.request_id);
                        job.quirks.merge(message.quirks);
                        let reply = Reply::read(pdu, bytes.len(), &mut job.quirks);
                        self.answered(ticket, reply);
                    }
                    _ => self.counters.foreign += 1,
                }
            }
            Ok(Message::V3(message)) => self.secure(bytes, &message, from, now),
            Err(fault) => {
                self.counters.garbled += 1;
                let active = self.targets.get(&from).map(|target| target.active.clone()).unwrap_or_default();
                for ticket in active {
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
        let active = self.targets.get(&normal(to)).map(|target| target.active.clone()).unwrap_or_default();
        for ticket in active {
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
            if let Some(transmit) = self.transmit(ticket) {
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
        let job = Job {
            to,
            who: who.clone(),
            turns: None,
            work,
            flight: None,
            queued: false,
            first_sent: None,
            sent: 0,
            quirks: Quirks::NONE,
        };
        self.jobs.insert(ticket, Box::new(job));
        let target = self.targets.entry(to).or_default();
        if target.active.len() < self.limits.in_flight_per_target {
            target.active.push(ticket);
            self.begin(ticket);
        } else {
            target.crowd().waiting.push_back(ticket);
        }
        Ticket(ticket)
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
        let way = way(&self.limits, &job.who, target);
        let next = match &mut job.work {
            Work::Batches(batches) => batches.begin(&target.habits, way),
            Work::Bulk(bulk) => bulk.begin(),
            Work::Walk(walker) => walker.begin(&target.habits, way),
            Work::Table(reader) => reader.begin(&target.habits, way),
            Work::Plan(planner) => planner.begin(&target.habits, way),
        };
        self.go_on(ticket, next);
    }

    fn go_on(&mut self, ticket: u64, next: Next) {
        match next {
            Next::Ask(question) => {
                if let Some(job) = self.jobs.get_mut(&ticket) {
                    job.flight = Some(Flight::new(question));
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

    /// Encodes what a ready ticket has to send.
    fn transmit(&mut self, ticket: u64) -> Option<Transmit> {
        let job = self.jobs.get_mut(&ticket)?;
        job.queued = false;
        let flight = job.flight.as_mut()?;
        let target = self.targets.get_mut(&job.to)?;
        let mut id = self.chance.id();
        while self.in_flight.contains_key(&id) {
            id = self.chance.id();
        }
        if let Some(turn) = job.turns.as_ref().and_then(|turns| turns.next(flight.ids.len())) {
            job.who = turn.clone();
            flight.encoded = Vec::new();
        }
        let bytes = match &job.who {
            Credentials::V1(community) | Credentials::V2c(community) => {
                if flight.encoded.is_empty() {
                    let names = flight.question.names.iter();
                    let names = names.map(|name| (name.as_ref(), BindingRef::Found(ValueRef::Null)));
                    let (fields, pen) = (v3::fields(&flight.question, id), &mut self.pens.message);
                    flight.id_at = encode_community(pen, job.who.version(), community.octets(), fields, names);
                    flight.encoded = pen.octets().to_vec();
                }
                // Nobody keeps what is sent for the last time.
                let last = job.turns.is_none() && flight.tries >= self.limits.retries;
                let mut bytes = if last { core::mem::take(&mut flight.encoded) } else { flight.encoded.clone() };
                if let Some(room) = bytes.get_mut(flight.id_at..flight.id_at + 4) {
                    room.copy_from_slice(&id.to_be_bytes());
                }
                bytes
            }
            Credentials::V3(user) => {
                // What is taken, not what is wished for: some agents say nothing where less would have been the answer.
                let max_size = MOST_OCTETS as u32;
                match &mut target.engine {
                    Some(engine) => {
                        flight.stage = Stage::Ask;
                        let ask = v3::Ask { id, max_size, salt: self.salts.draw() };
                        engine.encode(&mut self.pens, user, &flight.question, ask, self.now?)?;
                    }
                    None => {
                        let crowd = target.crowd();
                        if *crowd.discoverer.get_or_insert(ticket) != ticket {
                            flight.stage = Stage::Parked;
                            crowd.parked.push(ticket);
                            return None;
                        }
                        flight.stage = Stage::Discover;
                        v3::encode_discovery(&mut self.pens, id, max_size);
                    }
                }
                self.pens.message.octets().to_vec()
            }
        };
        if bytes.len() > MOST_OCTETS {
            self.failed(ticket, Failure::BadRequest("larger than a datagram"));
            return None;
        }
        flight.ids.push(id);
        flight.tries += 1;
        flight.since = flight.since.or(self.now);
        job.first_sent = job.first_sent.or(self.now);
        job.sent += 1;
        self.in_flight.insert(id, ticket);
        self.sent.push(ticket);
        Some(Transmit { bytes, to: job.to })
    }

    /// Starts the time-outs of what was polled since the last time told.
    fn advance(&mut self, now: Instant) {
        let now = self.now.map_or(now, |last| last.max(now));
        self.now = Some(now);
        for ticket in core::mem::take(&mut self.sent) {
            let Some(job) = self.jobs.get_mut(&ticket) else { continue };
            let in_turn = job.in_turn();
            let Some(flight) = job.flight.as_mut().filter(|flight| flight.tries > 0 && flight.deadline.is_none())
            else {
                continue;
            };
            let round = (flight.tries - 1) / in_turn;
            let wait = match &job.turns {
                // The next one's turn comes soon, a new round after the time-out.
                Some(turns) if !flight.tries.is_multiple_of(in_turn) => turns.stagger,
                _ => {
                    let wait = self.limits.timeout.saturating_mul(1 << round.min(6));
                    let jitter = if round > 0 { (self.chance.number() % 250) as u32 } else { 0 };
                    wait.saturating_add(wait.saturating_mul(jitter) / 1000)
                }
            };
            // A time-out beyond the clock's range never ends: a year will do.
            let year = Duration::from_secs(365 * 86_400);
            if let Some(deadline) = now.checked_add(wait.min(year)) {
                flight.deadline = Some(deadline);
                self.timers.insert((deadline, ticket));
            }
        }
    }

    fn expired(&mut self, ticket: u64, now: Instant) {
        let Some(job) = self.jobs.get_mut(&ticket) else { return };
        let most = self.limits.retries.saturating_add(1).saturating_mul(job.in_turn());
        let Some(flight) = &mut job.flight else { return };
        flight.deadline = None;
        let last = flight.tries >= most;
        if let (Credentials::V3(user), Some(target)) = (&job.who, self.targets.get_mut(&job.to)) {
            // A wrong key extension may show as silence: each try takes the other one, and each gets a try.
            let switches = flight.stage == Stage::Ask && flight.trouble.is_none() && (!last || flight.switched == 0);
            if switches && target.engine.as_mut().is_some_and(|engine| engine.switch_extension(user)) {
                flight.switched += 1;
                flight.current = flight.ids.len();
                return self.queue(ticket);
            }
        }
        if !last {
            return self.queue(ticket);
        }
        if let (Credentials::V3(_), Some(target)) = (&job.who, self.targets.get_mut(&job.to)) {
            // Whoever answers there next may be another engine.
            target.engine = None;
        }
        let waited = flight.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let tries = u32::try_from(flight.ids.len()).unwrap_or(u32::MAX);
        let dropped = flight.engine_spoke && flight.stage == Stage::Ask;
        let silence = if dropped { Failure::Dropped { tries, waited } } else { Failure::NoAnswer { tries, waited } };
        let failure = flight.trouble.take().map_or(silence, |trouble| *trouble);
        self.failed(ticket, failure);
    }

    fn secure(&mut self, bytes: &[u8], message: &V3Message<'_>, from: SocketAddr, now: Instant) {
        let ticket = self.in_flight.get(&message.msg_id).copied();
        let found = ticket.and_then(|ticket| {
            let job = self.jobs.get_mut(&ticket).filter(|job| job.to == from)?;
            Some((ticket, job, self.targets.get_mut(&from)?))
        });
        let Some((ticket, job, target)) = found else { return self.counters.foreign += 1 };
        let (Credentials::V3(user), Some(flight)) = (&job.who, &mut job.flight) else {
            return self.counters.foreign += 1;
        };
        let mut quirks = message.quirks;
        let received = Received { datagram: bytes, message, now };
        let engine = &mut target.engine;
        let verdict = v3::judge(engine, user, flight, received, &mut self.pens, &mut quirks);
        match verdict {
            Verdict::Wait(trouble) => {
                self.counters.doubted += 1;
                flight.trouble = flight.trouble.take().or(trouble.map(Box::new));
            }
            Verdict::Fail(failure) => self.failed(ticket, failure),
            Verdict::Reply(reply) => {
                job.quirks.merge(quirks);
                self.answered(ticket, reply);
            }
            Verdict::Restart | Verdict::Discovered => {
                flight.trouble = None;
                flight.engine_spoke = true;
                if let Some(deadline) = flight.deadline.take() {
                    self.timers.remove(&(deadline, ticket));
                }
                self.release_parked(ticket, from);
                self.queue(ticket);
            }
        }
    }

    /// If this ticket was asking for the engine's id: lets those go on that wait for it.
    fn release_parked(&mut self, ticket: u64, to: SocketAddr) {
        if let Some(crowd) = self.targets.get_mut(&to).and_then(|target| target.crowd.as_mut())
            && crowd.discoverer == Some(ticket)
        {
            crowd.discoverer = None;
            for parked in core::mem::take(&mut crowd.parked) {
                self.queue(parked);
            }
        }
    }

    /// Ends the exchange, whose ids mean nothing from here on.
    fn land(&mut self, ticket: u64) {
        let Some(job) = self.jobs.get_mut(&ticket) else { return };
        let to = job.to;
        if let Some(flight) = job.flight.take() {
            for id in flight.ids {
                self.in_flight.remove(&id);
            }
            if let Some(deadline) = flight.deadline {
                self.timers.remove(&(deadline, ticket));
            }
        }
        self.release_parked(ticket, to);
    }

    fn answered(&mut self, ticket: u64, reply: Reply) {
        self.land(ticket);
        let Some(job) = self.jobs.get_mut(&ticket) else { return };
        let Some(target) = self.targets.get_mut(&job.to) else { return };
        let way = way(&self.limits, &job.who, target);
        let next = match &mut job.work {
            Work::Batches(batches) => batches.on_reply(reply, &mut target.habits, way, &mut job.quirks),
            Work::Bulk(bulk) => bulk.on_reply(reply),
            Work::Walk(walker) => walker.on_reply(reply, &mut target.habits, way, &mut job.quirks),
            Work::Table(reader) => reader.on_reply(reply, &mut target.habits, way, &mut job.quirks),
            Work::Plan(planner) => planner.on_reply(reply, &mut target.habits, way, &mut job.quirks),
        };
        self.go_on(ticket, next);
    }

    fn failed(&mut self, ticket: u64, failure: Failure) {
        self.land(ticket);
        let Some(job) = self.jobs.get_mut(&ticket) else { return };
        let Some(target) = self.targets.get_mut(&job.to) else { return };
        let way = way(&self.limits, &job.who, target);
        let next = match &mut job.work {
            Work::Batches(batches) => batches.on_failure(failure, &mut target.habits, way),
            Work::Bulk(_) => Next::Fail(failure),
            Work::Walk(walker) => walker.on_failure(failure, &mut target.habits, way),
            Work::Table(reader) => reader.on_failure(failure, &mut target.habits, way),
            Work::Plan(planner) => planner.on_failure(failure, &mut target.habits, way),
        };
        self.go_on(ticket, next);
    }

    fn finish(&mut self, ticket: u64, failure: Option<Failure>) {
        self.land(ticket);
        let Some(job) = self.jobs.remove(&ticket) else { return };
        let took = job.first_sent.zip(self.now).map_or(Duration::ZERO, |(first, now)| now.duration_since(first));
        let who = job.turns.as_ref().and_then(Turns::winner).unwrap_or(0);
        let outcome = job.work.outcome(failure, Summary { quirks: job.quirks, took, sent: job.sent, who });
        self.done.push_back((Ticket(ticket), outcome));
        let Some(target) = self.targets.get_mut(&job.to) else { return };
        target.active.retain(|active| *active != ticket);
        let room = target.active.len() < self.limits.in_flight_per_target;
        let next = target.crowd.as_mut().filter(|_| room).and_then(|crowd| crowd.waiting.pop_front());
        if let Some(next) = next {
            target.active.push(next);
            self.begin(next);
        } else if target.is_blank() {
            self.targets.remove(&job.to);
        }
    }
}

/// What is told of a job besides what it brought.
#[derive(Default)]
struct Summary {
    quirks: Quirks,
    took: Duration,
    sent: u32,
    who: usize,
}

impl Job {
    /// How many take turns at present.
    fn in_turn(&self) -> u32 {
        self.turns.as_ref().map_or(1, Turns::in_turn)
    }

    /// The version that the try with this id was asked in.
    fn asked_in(&self, id: i32) -> Version {
        let turn = self.turns.as_ref().and_then(|turns| turns.next(self.place(id)?));
        turn.unwrap_or(&self.who).version()
    }

    /// The try with this id was answered: whoever's turn it was asks from here on.
    fn settle(&mut self, id: i32) {
        let place = self.place(id);
        if let (Some(turns), Some(place)) = (&mut self.turns, place)
            && let Some(winner) = turns.settle(place)
        {
            self.who = winner;
        }
    }

    fn place(&self, id: i32) -> Option<usize> {
        self.flight.as_ref()?.ids.iter().position(|known| *known == id)
    }
}

const NO_NAMES: Failure = Failure::BadRequest("no names");

impl Work {
    fn is_empty(&self) -> bool {
        match self {
            Self::Batches(batches) => batches.is_empty(),
            Self::Bulk(bulk) => bulk.question.names.is_empty(),
            Self::Walk(walker) => walker.is_empty(),
            Self::Table(reader) => reader.is_empty(),
            Self::Plan(planner) => planner.is_empty(),
        }
    }

    fn outcome(self, failure: Option<Failure>, summary: Summary) -> Outcome {
        let Summary { mut quirks, took, sent, who } = summary;
        let varbinds = match (failure, self) {
            (failure, Self::Walk(walker)) => {
                let (varbinds, end) = walker.finish(failure);
                return Outcome::Walked(Walked { varbinds, end, quirks, took, sent });
            }
            (failure, Self::Table(reader)) => {
                let bears = reader.bears();
                let (rows, end) = reader.finish(failure);
                return Outcome::Table(Table { rows, end, quirks, took, sent, bears });
            }
            (failure, Self::Plan(planner)) => {
                let (values, rows, end) = planner.finish(failure, &mut quirks);
                return Outcome::Planned(Planned { values, rows, end, quirks, took, sent });
            }
            (Some(failure), _) => Err(failure),
            (None, Self::Batches(batches)) => batches.finish(&mut quirks),
            (None, Self::Bulk(bulk)) => Ok(bulk.varbinds),
        };
        Outcome::Answer(varbinds.map(|varbinds| Response { varbinds, quirks, took, sent, who }))
    }
}

fn way(limits: &Limits, who: &Credentials, target: &Target) -> Way {
    let (frame, theirs) = match who {
        Credentials::V3(_) => (FRAME_V3, target.engine.as_ref().map_or(MOST_OCTETS, |engine| engine.max_size)),
        _ => (FRAME, MOST_OCTETS),
    };
    Way { bulk: !matches!(who, Credentials::V1(_)), room: limits.max_message.min(theirs) - frame }
}

/// One spelling for one address: v4-mapped v6 becomes v4, the flow label is left out.
fn normal(address: SocketAddr) -> SocketAddr {
    let SocketAddr::V6(v6) = address else { return address };
    match v6.ip().to_ipv4_mapped() {
        Some(v4) => SocketAddr::new(v4.into(), v6.port()),
        None => SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id()).into(),
    }
}
