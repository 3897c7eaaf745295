//! Second ways to ask a device that SNMP has introduced: which of them are switched on, and where they may go.
//!
//! None is on unless it is named (`--also zebra`, or `also` in the configuration). A way is open on its usual port where a
//! target names no port; with a port of its own (`--also zebra:9101`) at every target. Whatever is asked is asked of a
//! device that has said over SNMP that it understands the question.
//!
//! ```text
//! Targets ──► Scope ──also──► fence: 161, and 9100 as a service ──► interview ──► Ways::ask ──► fuse
//! ```

mod zebra;

use crate::scope::Scope;
use dca_fence::{Allowed, Fence, Service};
use dca_printer::{Reading, Rows};
use std::str::FromStr;

/// A second way to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The raw port of Zebra label printers.
    Zebra,
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
    pub const ALL: &[Self] = &[Self::Zebra];

    /// As people type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zebra => "zebra",
        }
    }

    /// The port that it is usually open on.
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Zebra => dca_lan::zebra::PORT,
        }
    }
}

impl Also {
    fn port(self) -> u16 {
        self.port.unwrap_or_else(|| self.way.usual_port())
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
            self.fence.also(Service { port: also.port(), beside_named_ports: also.port.is_some() });
            self.also.push(*also);
        }
    }
}

/// Asks a printer, which SNMP has read, in every further way that is switched on, allowed and its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ways {
    fence: Fence,
    on: Vec<Also>,
}

impl Ways {
    pub(crate) fn of(scope: &Scope) -> Self {
        Self { fence: scope.fence.clone(), on: scope.also.clone() }
    }

    /// Adds to the reading what each way says. `rows` is what SNMP said.
    pub(crate) async fn ask(&self, at: Allowed, rows: &Rows, reading: &mut Reading) {
        for also in &self.on {
            let mut there = at.addr();
            there.set_port(also.port());
            let Some(there) = self.fence.admit(there) else { continue };
            match also.way {
                Way::Zebra => zebra::ask(at, there, rows, reading).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read() {
        let check = |text: &str| text.parse::<Also>().map(|also| (also.way.name(), also.port()));
        assert_eq!(check("zebra"), Ok(("zebra", 9100)));
        assert_eq!(check("zebra:19100"), Ok(("zebra", 19100)));
        for bad in ["", "zebra:", "zebra:0", "zebra:70000", "all", "Zebra "] {
            assert!(check(bad).unwrap_err().starts_with("expected"), "{bad}");
        }
    }
}
