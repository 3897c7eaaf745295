//! Second ways to ask a device that SNMP has introduced: which of them are switched on, and where they may go.
//!
//! None is on unless it is named (`--also zebra`, or `also` in the configuration). A way is open on its usual port where a
//! target names no port; with a port of its own (`--also zebra:9101`) at every target. Whatever is asked is asked of a
//! device that has said over SNMP that it understands the question. The one exception is IPP: its question is harmless to
//! whoever it reaches, so it is also how a device introduces itself that does not answer SNMP.
//!
//! ```text
//! Targets ──► Scope ──also──► fence: 161, and 9100 as a service ──► interview ──► Ways::ask ──► fuse
//! ```

mod gate;
mod pins;
mod web;
mod zebra;

pub use pins::Pins;

use crate::scope::Scope;
use dca_fence::{Allowed, Fence, Service};
use dca_printer::{Reading, Rows, fuse};
use gate::Gate;
use std::net::SocketAddr;
use std::str::FromStr;

/// A second way to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The raw port of Zebra label printers.
    Zebra,
    /// The pages of an embedded web server, of a brand that has them.
    Ledm,
    /// The printer attributes of IPP.
    Ipp,
}

/// A way that is switched on, with the port if it is not the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Also {
    /// Which.
    pub way: Way,
    /// The port as written.
    pub port: Option<u16>,
}

impl Way {
    /// Every way, in the order of the help.
    pub const ALL: &[Self] = &[Self::Zebra, Self::Ledm, Self::Ipp];

    /// As people type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zebra => "zebra",
            Self::Ledm => "ledm",
            Self::Ipp => "ipp",
        }
    }

    /// The ports that it is usually open on, the one to try first in front.
    pub fn usual_ports(self) -> &'static [u16] {
        match self {
            Self::Zebra => &[dca_lan::zebra::PORT],
            Self::Ledm => &[80, 443, 8080],
            Self::Ipp => &[631],
        }
    }
}

impl Also {
    fn ports(&self) -> &[u16] {
        self.port.as_ref().map_or(self.way.usual_ports(), std::slice::from_ref)
    }
}

/// `zebra`, or with a port `zebra:9101`.
impl FromStr for Also {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
        let way = Way::ALL.iter().copied().find(|way| way.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Way::ALL.iter().map(|way| way.name()).collect();
            format!("expected {}, each with \":PORT\" if it is not the usual one", names.join(", "))
        })?;
        let port = port.map(|port| port.parse().ok().filter(|port| *port != 0));
        match port {
            Some(None) => Err("expected a port from 1 to 65535 after the \":\"".into()),
            port => Ok(Self { way, port: port.flatten() }),
        }
    }
}

impl Scope {
    /// Switches second ways on: their ports are open from here on, beside the targets' own.
    pub fn also(&mut self, ways: &[Also]) {
        for also in ways {
            for port in also.ports() {
                self.fence.also(Service { port: *port, beside_named_ports: also.port.is_some() });
            }
            self.also.push(*also);
        }
    }
}

/// Asks a printer in every further way that is switched on, allowed and its own.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    fence: Fence,
    on: Vec<Also>,
    /// The certificates that devices show.
    pub(crate) pins: Pins,
    gate: Gate,
}

impl Ways {
    /// The ways of a scope, at most so many packets a second.
    pub(crate) fn of(scope: &Scope, rate: Option<u32>) -> Self {
        Self { fence: scope.fence.clone(), on: scope.also.clone(), pins: Pins::default(), gate: Gate::new(rate) }
    }

    /// Adds to the reading what each way says. `rows` is what SNMP said.
    pub(crate) async fn ask(&self, at: Allowed, rows: &Rows, reading: &mut Reading) {
        for also in &self.on {
            match also.way {
                Way::Zebra => {
                    for there in self.places(at, also) {
                        self.gate.pass().await;
                        zebra::ask(at, there, rows, reading).await;
                    }
                }
                Way::Ledm => self.ask_pages(at, also, reading).await,
                Way::Ipp => {
                    let said = self.visit().ipp(&self.doors(at, also)).await;
                    add(reading, "IPP", said);
                }
            }
        }
    }

    /// True if there is any.
    pub(crate) fn are_on(&self) -> bool {
        !self.on.is_empty()
    }

    /// True if there is a way to ask a device that SNMP does not reach.
    pub(crate) fn reach_beyond_snmp(&self) -> bool {
        self.on.iter().any(|also| also.way == Way::Ipp)
    }

    /// What a device says that did not answer SNMP, if it is a printer and says anything.
    pub(crate) async fn introduce(&self, at: Allowed, silence: &str) -> Option<Reading> {
        let ipp = self.on.iter().find(|also| also.way == Way::Ipp)?;
        let mut reading = self.visit().ipp(&self.doors(at, ipp)).await.ok()?;
        reading.doubts.push(format!("SNMP: {silence}"));
        for also in self.on.iter().filter(|also| also.way == Way::Ledm) {
            self.ask_pages(at, also, &mut reading).await;
        }
        Some(reading)
    }

    /// Only a brand whose devices have such pages is asked for them.
    async fn ask_pages(&self, at: Allowed, also: &Also, reading: &mut Reading) {
        let vendor = reading.identity.vendor.as_ref();
        if vendor.is_some_and(|vendor| dca_printer::understands(&vendor.value, also.way.name())) {
            let said = self.visit().ledm(&self.doors(at, also)).await;
            add(reading, "LEDM", said);
        }
    }

    fn visit(&self) -> web::Visit<'_> {
        web::Visit { fence: &self.fence, pins: &self.pins, gate: &self.gate }
    }

    /// Where a way leads at an address, as far as the fence is open there.
    fn places(&self, at: Allowed, also: &Also) -> Vec<Allowed> {
        let there = |port: &u16| self.fence.admit(SocketAddr::new(at.addr().ip(), *port));
        also.ports().iter().filter_map(there).collect()
    }

    fn doors(&self, at: Allowed, also: &Also) -> Vec<(Allowed, bool)> {
        self.places(at, also).into_iter().flat_map(web::doors).collect()
    }
}

fn add(reading: &mut Reading, way: &str, said: Result<Reading, String>) {
    match said {
        Ok(second) => fuse(reading, second),
        Err(why) => reading.doubts.push(format!("{way}: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read() {
        let check = |text: &str| text.parse::<Also>().map(|also| (also.way.name(), also.ports().to_vec()));
        assert_eq!(check("zebra"), Ok(("zebra", vec![9100])));
        assert_eq!(check("zebra:19100"), Ok(("zebra", vec![19100])));
        assert_eq!(check("ledm"), Ok(("ledm", vec![80, 443, 8080])));
        assert_eq!(check("ipp:8631"), Ok(("ipp", vec![8631])));
        for bad in ["", "zebra:", "zebra:0", "zebra:70000", "all", "Zebra "] {
            assert!(check(bad).unwrap_err().starts_with("expected"), "{bad}");
        }
    }
}
