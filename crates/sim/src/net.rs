//! A network in memory, under virtual time: what a test drives a manager through.
//!
//! ```text
//! manager ── send ──▶ faults ──▶ device ──▶ faults ──▶ poll ──▶ manager
//! ```
//!
//! Nothing runs by itself: [`Net::poll`] moves everything that is due by then, and [`Net::next_event`] tells when to
//! look again. Equal seeds and equal calls give equal events.

use crate::device::Device;
use crate::fault::{Fault, suffer};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A network with devices on it.
#[derive(Debug)]
pub struct Net {
    fault: Fault,
    dice: fastrand::Rng,
    start: Instant,
    devices: HashMap<SocketAddr, Device>,
    /// What is under way, by arrival and then by order of sending.
    flying: BTreeMap<(Instant, u64), Flight>,
    arrived: VecDeque<(SocketAddr, Vec<u8>)>,
    launched: u64,
    lost: u64,
}

#[derive(Debug)]
enum Flight {
    /// Towards a device.
    Question(SocketAddr, Vec<u8>),
    /// A device has its answer ready.
    Ready(SocketAddr, Vec<u8>),
    /// Back from a device.
    Answer(SocketAddr, Vec<u8>),
}

impl Net {
    /// An empty network. Devices that are plugged in later were switched on at `now`.
    pub fn new(seed: u64, fault: Fault, now: Instant) -> Self {
        Self {
            fault,
            dice: fastrand::Rng::with_seed(seed),
            start: now,
            devices: HashMap::new(),
            flying: BTreeMap::new(),
            arrived: VecDeque::new(),
            launched: 0,
            lost: 0,
        }
    }

    /// Puts a device at an address. The one that was there is gone.
    pub fn plug(&mut self, at: SocketAddr, device: Device) {
        self.devices.insert(at, device.started(self.start));
    }

    /// Takes the device away; what is under way to it is lost.
    pub fn unplug(&mut self, at: SocketAddr) -> Option<Device> {
        self.devices.remove(&at)
    }

    /// The faults from here on.
    pub fn set_fault(&mut self, fault: Fault) {
        self.fault = fault;
    }

    /// Sends a datagram to an address.
    pub fn send(&mut self, bytes: &[u8], to: SocketAddr, now: Instant) {
        self.launch(bytes, now, |bytes| Flight::Question(to, bytes));
    }

    /// The next datagram that has come back by `now`, with the address it came from.
    pub fn poll(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        while let Some((&(due, _), _)) = self.flying.first_key_value()
            && due <= now
            && let Some((_, flight)) = self.flying.pop_first()
        {
            self.land(flight, due);
        }
        self.arrived.pop_front()
    }

    /// When something will happen next. `None` when nothing is under way.
    pub fn next_event(&self) -> Option<Instant> {
        if !self.arrived.is_empty() {
            return Some(self.start);
        }
        self.flying.first_key_value().map(|((due, _), _)| *due)
    }

    /// How many datagrams the faults have swallowed.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn land(&mut self, flight: Flight, now: Instant) {
        match flight {
            Flight::Question(to, bytes) => {
                if let Some(answer) = self.devices.get_mut(&to).and_then(|device| device.respond(&bytes, now)) {
                    self.launched += 1;
                    self.flying.insert((now + answer.after, self.launched), Flight::Ready(to, answer.bytes));
                }
            }
            Flight::Ready(from, bytes) => self.launch(&bytes, now, |bytes| Flight::Answer(from, bytes)),
            Flight::Answer(from, bytes) => self.arrived.push_back((from, bytes)),
        }
    }

    fn launch(&mut self, bytes: &[u8], now: Instant, flight: impl Fn(Vec<u8>) -> Flight) {
        let copies: Vec<(Duration, Vec<u8>)> = suffer(&self.fault, bytes, &mut self.dice);
        self.lost += u64::from(copies.is_empty());
        for (delay, bytes) in copies {
            self.launched += 1;
            self.flying.insert((now + delay, self.launched), flight(bytes));
        }
    }
}
