//! The task between the manager and the sockets.
//!
//! ```text
//!   handles ──asks──►┌────────┐──poll_transmit──► pace ──► sockets
//!           ◄─reply──│ driver │◄─handle_datagram────────── sockets
//!           ──drop──►└────────┘──poll_timeout───► one timer
//! ```
//!
//! Each turn receives what has arrived, then sends a few datagrams, then lets others run: answers are never left waiting
//! behind a long burst of questions, or the kernel would drop them. A question is taken in only when nothing waits to
//! be sent and the pace permits, so its time-out does not run while it stands in the queue. With nothing to do the
//! task sleeps on its sockets, its channels and one timer.

use crate::Settings;
use crate::pace::Pace;
use crate::refusal::{self, Refusal};
use crate::snmp::Shared;
use crate::socket::{Sent, Sockets, is_echo_of_another, readable};
use dca_fence::Allowed;
use dca_snmp::{Columns, Credentials, Limits, Manager, Outcome, Plan, Request, Survey, Ticket, Transmit, Walk};
use rustc_hash::FxHashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

/// Datagrams sent before the receive buffer is looked at again.
const SEND_BURST: usize = 32;
/// Datagrams received, from each socket, before sending and callers get their turn.
const RECEIVE_BURST: usize = 256;
/// How long to wait when the system is short of buffers, and how often for one datagram before it is called refused.
const SHORTAGE_WAIT: Duration = Duration::from_millis(20);
const SHORTAGE_PATIENCE: u32 = 250;

/// A question on its way from a handle to the driver.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) question: Question,
    pub(crate) at: Allowed,
    pub(crate) reply: Reply,
}

/// Where its outcome goes.
#[derive(Debug)]
pub(crate) enum Reply {
    /// To whoever asked the question with this number.
    One(u64, oneshot::Sender<Box<Outcome>>),
    /// To whoever asks many.
    Each(Allowed, Arc<Round>),
}

/// What the questions of one survey have in common.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) number: u64,
    pub(crate) answers: mpsc::UnboundedSender<(Allowed, Outcome)>,
}

/// What is wanted no more: the question with this number, or all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Withdrawal {
    One(u64),
    All(u64),
}

#[derive(Debug, Clone)]
pub(crate) enum Question {
    Ask(Request, Credentials),
    Survey(Arc<Survey>),
    Walk(Walk, Credentials),
    Table(Columns, Credentials),
    Plan(Plan, Credentials),
}

pub(crate) struct Driver {
    manager: Manager,
    sockets: Arc<Sockets>,
    pace: Pace,
    shared: Arc<Shared>,
    /// Questions, and those that give way to them.
    asks: [mpsc::Receiver<Box<Ask>>; 2],
    withdrawals: mpsc::UnboundedReceiver<Withdrawal>,
    /// Who waits for which ticket.
    waiting: FxHashMap<Ticket, Reply>,
    /// Tickets of questions that have a number to themselves.
    tickets: FxHashMap<u64, Ticket>,
    /// What could not be sent yet, and how often the system was short when it was tried.
    held: Option<(Transmit, u32)>,
    refusals: Vec<Refusal>,
    buffer: Box<[u8]>,
}

/// Why sending stopped.
#[derive(Clone, Copy)]
enum Stop {
    /// A burst is out; there may be more.
    Burst,
    /// Nothing to send.
    Idle,
    /// Not before this time: pace, or the system is short of buffers.
    Until(Instant),
    /// Not before the socket towards this address is writable.
    Full(SocketAddr),
}

impl Driver {
    pub(crate) fn new(
        settings: &Settings,
        seed: [u8; 32],
        sockets: Sockets,
        shared: Arc<Shared>,
        asks: [mpsc::Receiver<Box<Ask>>; 2],
        withdrawals: mpsc::UnboundedReceiver<Withdrawal>,
    ) -> Self {
        let limits = Limits {
            timeout: settings.timeout,
            retries: settings.retries,
            in_flight_per_target: settings.in_flight_per_device.max(1),
            max_message: settings.max_message,
        };
        Self {
            manager: Manager::new(limits, seed),
            sockets: Arc::new(sockets),
            pace: Pace::new(settings.rate),
            shared,
            asks,
            withdrawals,
            waiting: FxHashMap::default(),
            tickets: FxHashMap::default(),
            held: None,
            refusals: Vec::new(),
            buffer: vec![0; 65_535].into_boxed_slice(),
        }
    }

    /// Runs until the last handle is gone.
    pub(crate) async fn run(mut self) {
        // Setting a timer costs more than looking at the clock: one that goes off early only goes round the loop.
        let mut timer = pin!(sleep(Duration::ZERO));
        let mut set: Option<Instant> = None;
        // Kept from turn to turn: beginning to wait costs more than waiting on.
        let sockets = Arc::clone(&self.sockets);
        let (mut readable_v4, mut readable_v6) = (pin!(readable(sockets.v4())), pin!(readable(sockets.v6())));
        loop {
            let now = clock();
            let received = self.receive(now);
            if self.manager.poll_timeout().is_some_and(|due| due <= now) {
                self.manager.handle_timeout(now);
            }
            while let Ok(withdrawal) = self.withdrawals.try_recv() {
                self.take_back(withdrawal);
            }
            let stop = self.send(now);
            self.hand_over();
            if received || matches!(stop, Stop::Burst) {
                // Lets callers take their answers, and the runtime look at the sockets.
                tokio::task::yield_now().await;
                continue;
            }
            let (due, full) = match stop {
                Stop::Until(due) => (Some(due), None),
                Stop::Full(to) => (None, Some(to)),
                Stop::Burst | Stop::Idle => (None, None),
            };
            let due = [due, self.manager.poll_timeout()].into_iter().flatten().min();
            if let Some(due) = due.filter(|due| set.is_none_or(|set| *due < set)) {
                timer.as_mut().reset(due.into());
                set = Some(due);
            }
            let room = matches!(stop, Stop::Idle) && self.waiting.len() < self.shared.in_flight;
            let [asks, giving_way] = &mut self.asks;
            tokio::select! {
                biased;
                () = &mut readable_v4 => readable_v4.set(readable(sockets.v4())),
                () = &mut readable_v6 => readable_v6.set(readable(sockets.v6())),
                () = writable(&self.sockets, full), if full.is_some() => {}
                () = &mut timer, if set.is_some() => set = None,
                Some(withdrawal) = self.withdrawals.recv() => self.take_back(withdrawal),
                ask = asks.recv(), if room => match ask {
                    Some(ask) => self.submit(*ask),
                    None => return,
                },
                Some(ask) = giving_way.recv(), if room => self.submit(*ask),
            }
        }
    }

    /// Gives the manager what has arrived; true if there may be more.
    fn receive(&mut self, now: Instant) -> bool {
        let mut more = false;
        for socket in self.sockets.each() {
            let mut room = RECEIVE_BURST;
            while room > 0 {
                room -= 1;
                match receive_one(socket, &mut self.buffer) {
                    Ok((bytes, from)) => {
                        self.shared.received.fetch_add(1, Relaxed);
                        self.shared.octets_received.fetch_add(bytes.len() as u64, Relaxed);
                        tracing::trace!(%from, octets = bytes.len(), "received");
                        self.manager.handle_datagram(bytes, from, now);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted || is_echo_of_another(&error) => {}
                    Err(error) => {
                        tracing::debug!(%error, "receiving failed");
                        break;
                    }
                }
            }
            more |= room == 0;
            self.refusals.extend(std::iter::from_fn(|| refusal::heard(socket)).take(RECEIVE_BURST));
        }
        self.hear_refusals();
        let ignored = self.manager.counters();
        self.shared.ignored.store(ignored.foreign + ignored.garbled + ignored.doubted, Relaxed);
        more
    }

    /// Sends what is to be sent, at most a burst of it, taking in questions while there is room.
    fn send(&mut self, now: Instant) -> Stop {
        let mut burst = SEND_BURST;
        let mut untold = false;
        while burst > 0 {
            // Asked before the manager is: what it hands out counts as sent.
            if self.held.is_none()
                && let Err(due) = self.pace.ready(now)
            {
                return Stop::Until(due);
            }
            let Some((transmit, tries)) = self.held.take().or_else(|| Some((self.manager.poll_transmit()?, 0))) else {
                if self.waiting.len() < self.shared.in_flight
                    && let Some(ask) = self.asks.iter_mut().find_map(|asks| asks.try_recv().ok())
                {
                    self.submit(*ask);
                    continue;
                }
                // Their time-outs start here. That may end one that was due, and have it sent again.
                if core::mem::take(&mut untold) {
                    self.manager.handle_timeout(clock());
                    continue;
                }
                return Stop::Idle;
            };
            untold = true;
            if tries == 0 {
                self.pace.take(now);
            }
            burst -= 1;
            let to = transmit.to;
            let sent = self.sockets.send(&transmit.bytes, to, &mut self.refusals);
            self.hear_refusals();
            match sent {
                Sent::Yes => {
                    self.shared.sent.fetch_add(1, Relaxed);
                    self.shared.octets_sent.fetch_add(transmit.bytes.len() as u64, Relaxed);
                    tracing::trace!(%to, octets = transmit.bytes.len(), "sent");
                }
                Sent::Blocked => {
                    self.held = Some((transmit, tries.max(1)));
                    return Stop::Full(to);
                }
                Sent::Busy if tries < SHORTAGE_PATIENCE => {
                    self.shared.delayed.fetch_add(1, Relaxed);
                    self.held = Some((transmit, tries + 1));
                    return Stop::Until(now + SHORTAGE_WAIT);
                }
                Sent::Busy => self.refuse(to, "this system has no buffer or neighbour entry left for it"),
                Sent::Refused(why) => self.refuse(to, &why),
            }
        }
        Stop::Burst
    }

    fn hear_refusals(&mut self) {
        if self.refusals.is_empty() {
            return;
        }
        for Refusal { to, why } in std::mem::take(&mut self.refusals) {
            self.shared.unreachable.fetch_add(1, Relaxed);
            tracing::debug!(%to, why, "did not arrive");
            self.manager.handle_unreachable(to, &why, clock());
        }
    }

    fn refuse(&mut self, to: SocketAddr, why: &str) {
        self.shared.refused.fetch_add(1, Relaxed);
        tracing::debug!(%to, why, "not sent");
        self.manager.handle_unreachable(to, why, clock());
    }

    fn submit(&mut self, ask: Ask) {
        // The caller may be gone already.
        let gone = match &ask.reply {
            Reply::One(_, reply) => reply.is_closed(),
            Reply::Each(_, round) => round.answers.is_closed(),
        };
        if gone {
            return;
        }
        let Ask { question, at, reply } = ask;
        let to = at.addr();
        let ticket = match question {
            Question::Ask(request, who) => self.manager.submit(request, to, &who, clock()),
            Question::Survey(survey) => self.manager.survey(&survey, to, clock()),
            Question::Walk(walk, who) => self.manager.walk(walk, to, &who, clock()),
            Question::Table(columns, who) => self.manager.table(columns, to, &who, clock()),
            Question::Plan(plan, who) => self.manager.plan(plan, to, &who, clock()),
        };
        if let Reply::One(number, _) = reply {
            self.tickets.insert(number, ticket);
        }
        self.waiting.insert(ticket, reply);
    }

    fn take_back(&mut self, withdrawal: Withdrawal) {
        let tickets: Vec<Ticket> = match withdrawal {
            Withdrawal::One(number) => self.tickets.remove(&number).into_iter().collect(),
            Withdrawal::All(number) => {
                let of_it = |reply: &Reply| matches!(reply, Reply::Each(_, round) if round.number == number);
                self.waiting.iter().filter(|(_, reply)| of_it(reply)).map(|(ticket, _)| *ticket).collect()
            }
        };
        for ticket in tickets {
            self.waiting.remove(&ticket);
            self.manager.cancel(ticket);
        }
    }

    fn hand_over(&mut self) {
        while let Some((ticket, outcome)) = self.manager.poll_done() {
            // A caller that has just gone needs no answer.
            match self.waiting.remove(&ticket) {
                None => {}
                Some(Reply::One(number, reply)) => {
                    self.tickets.remove(&number);
                    let _ = reply.send(Box::new(outcome));
                }
                Some(Reply::Each(at, round)) => drop(round.answers.send((at, outcome))),
            }
        }
    }
}

/// The runtime's clock, which tests can stop.
fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn writable(sockets: &Sockets, to: Option<SocketAddr>) {
    if let Some(to) = to {
        sockets.writable(to).await;
    }
}

fn receive_one<'a>(socket: &UdpSocket, buffer: &'a mut [u8]) -> io::Result<(&'a [u8], SocketAddr)> {
    let (octets, from) = socket.try_recv_from(buffer)?;
    Ok((buffer.get(..octets).unwrap_or_default(), from))
}
