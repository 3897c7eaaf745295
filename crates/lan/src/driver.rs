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
use crate::socket::{Sent, Sockets, is_echo_of_another};
use dca_snmp::{Columns, Credentials, Limits, Manager, Outcome, Request, Ticket, Transmit, Walk};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

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
    pub(crate) number: u64,
    pub(crate) question: Question,
    pub(crate) to: SocketAddr,
    pub(crate) reply: oneshot::Sender<Box<Outcome>>,
}

#[derive(Debug)]
pub(crate) enum Question {
    Ask(Request, Credentials),
    AskAsAny(Request, Arc<[Credentials]>, Duration),
    Walk(Walk, Credentials),
    Table(Columns, Credentials),
}

pub(crate) struct Driver {
    manager: Manager,
    sockets: Sockets,
    pace: Pace,
    shared: Arc<Shared>,
    /// Questions, and those that give way to them.
    asks: [mpsc::Receiver<Box<Ask>>; 2],
    drops: mpsc::UnboundedReceiver<u64>,
    in_flight: usize,
    /// Who waits for which ticket.
    waiting: HashMap<Ticket, (u64, oneshot::Sender<Box<Outcome>>)>,
    tickets: HashMap<u64, Ticket>,
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
        drops: mpsc::UnboundedReceiver<u64>,
    ) -> Self {
        let limits = Limits {
            timeout: settings.timeout,
            retries: settings.retries,
            in_flight_per_target: settings.in_flight_per_device.max(1),
            max_message: settings.max_message,
        };
        Self {
            manager: Manager::new(limits, seed),
            sockets,
            pace: Pace::new(settings.rate),
            shared,
            asks,
            drops,
            in_flight: settings.in_flight.max(1),
            waiting: HashMap::new(),
            tickets: HashMap::new(),
            held: None,
            refusals: Vec::new(),
            buffer: vec![0; 65_535].into_boxed_slice(),
        }
    }

    /// Runs until the last handle is gone.
    pub(crate) async fn run(mut self) {
        loop {
            let received = self.receive();
            let now = clock();
            if self.manager.poll_timeout().is_some_and(|due| due <= now) {
                self.manager.handle_timeout(now);
            }
            while let Ok(number) = self.drops.try_recv() {
                self.take_back(number);
            }
            let stop = self.send();
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
            let room = matches!(stop, Stop::Idle) && self.waiting.len() < self.in_flight;
            let [asks, giving_way] = &mut self.asks;
            tokio::select! {
                () = self.sockets.readable() => {}
                () = writable(&self.sockets, full), if full.is_some() => {}
                () = sleep_until(due.unwrap_or_else(clock).into()), if due.is_some() => {}
                Some(number) = self.drops.recv() => self.take_back(number),
                ask = asks.recv(), if room => match ask {
                    Some(ask) => self.submit(*ask),
                    None => return,
                },
                Some(ask) = giving_way.recv(), if room => self.submit(*ask),
            }
        }
    }

    /// Gives the manager what has arrived; true if there may be more.
    fn receive(&mut self) -> bool {
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
                        self.manager.handle_datagram(bytes, from, clock());
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
    fn send(&mut self) -> Stop {
        let mut burst = SEND_BURST;
        while burst > 0 {
            let now = clock();
            // Asked before the manager is: what it hands out counts as sent.
            if self.held.is_none()
                && let Err(due) = self.pace.ready(now)
            {
                return Stop::Until(due);
            }
            let Some((transmit, tries)) = self.held.take().or_else(|| Some((self.manager.poll_transmit()?, 0))) else {
                if self.waiting.len() < self.in_flight
                    && let Some(ask) = self.asks.iter_mut().find_map(|asks| asks.try_recv().ok())
                {
                    self.submit(*ask);
                    continue;
                }
                return Stop::Idle;
            };
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
        if ask.reply.is_closed() {
            return;
        }
        let ticket = match ask.question {
            Question::Ask(request, who) => self.manager.submit(request, ask.to, &who, clock()),
            Question::AskAsAny(request, who, stagger) => {
                self.manager.submit_as_any(request, ask.to, who, stagger, clock())
            }
            Question::Walk(walk, who) => self.manager.walk(walk, ask.to, &who, clock()),
            Question::Table(columns, who) => self.manager.table(columns, ask.to, &who, clock()),
        };
        self.tickets.insert(ask.number, ticket);
        self.waiting.insert(ticket, (ask.number, ask.reply));
    }

    fn take_back(&mut self, number: u64) {
        if let Some(ticket) = self.tickets.remove(&number) {
            self.waiting.remove(&ticket);
            self.manager.cancel(ticket);
        }
    }

    fn hand_over(&mut self) {
        while let Some((ticket, outcome)) = self.manager.poll_done() {
            if let Some((number, reply)) = self.waiting.remove(&ticket) {
                self.tickets.remove(&number);
                // A caller that has just gone needs no answer.
                let _ = reply.send(Box::new(outcome));
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
