//! Which addresses the agent may touch; the only maker of [`Allowed`].
//!
//! What an administrator writes *is* the fence: addresses, blocks, ranges and host names, each with a port if it is not
//! SNMP's, and exclusions. Everything that sends takes an [`Allowed`], and only [`Fence::admit`] makes one, so "it only
//! touches what was configured" is held by the compiler.
//!
//! - **The port is part of the permission.** An entry with a port admits exactly that port, an entry without one
//!   [`SNMP_PORT`] alone. Services on other ports are admitted by naming them ([`Fence::also`]), never by silence.
//! - **Exclusions win**, whatever the order. One without a port closes every port of the address.
//! - **Special addresses** (loopback, link-local, multicast, broadcast, metadata, unspecified, ...) are admitted only by
//!   an entry that lies wholly inside the special block, and never because a host name resolved to them.
//! - **Network and broadcast address** of an IPv4 block up to /30 are not covered by it; a range or an address that
//!   names them is.
//! - **No resolver in here.** Host names are listed ([`Fence::names`]); the caller resolves them and hands the addresses
//!   in ([`Fence::add_resolved`]). As long as a name behind a `!` is unresolved, nothing at all is admitted.
//!
//! ```
//! use dca_fence::Fence;
//!
//! let fence = Fence::parse(["192.168.10.0/24", "!192.168.10.7", "192.168.20.5:16100"])?;
//! assert!(fence.admit("192.168.10.9:161".parse()?).is_some());
//! assert!(fence.admit("192.168.10.7:161".parse()?).is_none(), "excluded");
//! assert!(fence.admit("192.168.10.9:80".parse()?).is_none(), "another port");
//! assert_eq!(fence.count(), 254 - 1 + 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod spans;
mod special;
mod target;

pub use target::{Place, Target, TargetError};

use spans::{Span, Spans, address, number};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;

/// The port that an entry without one admits (RFC 3417 §3.1).
pub const SNMP_PORT: u16 = 161;

/// An address and port inside the fence. Nobody else can make one:
///
/// ```compile_fail
/// let forged = dca_fence::Allowed("10.0.0.5:161".parse().unwrap());
/// ```
/// ```compile_fail
/// let forged = dca_fence::Allowed::from("10.0.0.5:161".parse::<std::net::SocketAddr>().unwrap());
/// ```
/// ```compile_fail
/// let mut other = dca_fence::Fence::parse(["10.0.0.5"]).unwrap().admit("10.0.0.5:161".parse().unwrap()).unwrap();
/// other.0.set_port(80);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Allowed(SocketAddr);

impl Allowed {
    /// Where it is. Never an IPv4-mapped IPv6 address.
    pub fn addr(self) -> SocketAddr {
        self.0
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An entry that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct FenceError {
    /// Which one, counted from 1.
    pub line: usize,
    /// What is wrong and what was expected.
    #[source]
    pub why: TargetError,
}

/// A host name in the fence that has no addresses yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name<'a> {
    /// In lower case, without a final dot.
    pub host: &'a str,
    /// It stands behind a `!`: nothing is admitted until it is resolved.
    pub exclude: bool,
}

/// A further port that may be touched beside the entries' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// TCP or UDP, whatever the one who asks for the permission speaks.
    pub port: u16,
    /// Also where an entry names a port of its own. Whoever named that one meant it, so this takes a second, explicit
    /// word.
    pub beside_named_ports: bool,
}

/// The set of addresses and ports that may be touched.
#[derive(Debug, Clone, Default)]
pub struct Fence {
    targets: Vec<Target>,
    services: Vec<Service>,
    resolved: BTreeMap<String, Vec<IpAddr>>,
    /// What is admitted, by port.
    open: BTreeMap<u16, Spans>,
    /// The same in the order written, each address and port once.
    visits: Vec<(Span, u16)>,
    /// Admits nothing that this one does not admit as well.
    outer: Option<Arc<Fence>>,
}

impl Fence {
    /// A fence of these entries.
    pub fn new(targets: impl IntoIterator<Item = Target>) -> Self {
        let mut fence = Self { targets: targets.into_iter().collect(), ..Self::default() };
        fence.build();
        fence
    }

    /// A fence from text, one entry a line. What follows a `#` is a comment; blank lines are skipped.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, FenceError> {
        let mut targets = Vec::new();
        for (at, line) in lines.into_iter().enumerate() {
            let entry = line.split('#').next().unwrap_or(line).trim();
            if !entry.is_empty() {
                targets.push(Target::parse(entry).map_err(|why| FenceError { line: at + 1, why })?);
            }
        }
        Ok(Self::new(targets))
    }

    /// Opens a further port at the addresses that the entries cover. It is never one to visit ([`targets`](Self::targets)
    /// does not have it), only one that may be asked for; exclusions hold for it as for any.
    pub fn also(&mut self, service: Service) {
        self.services.push(service);
        self.build();
    }

    /// Puts this fence inside another one: from here on it admits only what both admit. For entries that somebody else
    /// writes within what the owner of the network permits.
    pub fn within(&mut self, outer: Self) {
        self.outer = Some(Arc::new(outer));
    }

    /// The permission for this address and port, if the fence covers it.
    pub fn admit(&self, at: SocketAddr) -> Option<Allowed> {
        let at = canonical(at);
        if self.outer.as_ref().is_some_and(|outer| outer.admit(at).is_none()) {
            return None;
        }
        let open = self.open.get(&at.port())?;
        open.contains(number(at.ip())).then_some(Allowed(at))
    }

    /// All addresses and ports to visit, in the order written, each once; made one by one while iterating.
    pub fn targets(&self) -> impl Iterator<Item = SocketAddr> + Clone + '_ {
        self.visits
            .iter()
            .flat_map(|(span, port)| (span.first..=span.last).map(|number| SocketAddr::new(address(number), *port)))
    }

    /// How many [`targets`](Self::targets) there are.
    pub fn count(&self) -> u64 {
        let total: u128 = self.visits.iter().map(|(span, _)| span.last - span.first + 1).sum();
        u64::try_from(total).unwrap_or(u64::MAX)
    }

    /// The host names that wait for [`add_resolved`](Self::add_resolved), each once, in alphabetical order.
    pub fn names(&self) -> Vec<Name<'_>> {
        let waiting = self.targets.iter().filter_map(|target| {
            let host = target.host().filter(|host| !self.resolved.contains_key(*host))?;
            Some((host, target.exclude))
        });
        let mut names = BTreeMap::new();
        for (host, exclude) in waiting {
            *names.entry(host).or_insert(false) |= exclude;
        }
        names.into_iter().map(|(host, exclude)| Name { host, exclude }).collect()
    }

    /// Says which addresses a host name of the fence has; an empty list says that it has none. A name that was resolved
    /// before gets these addresses instead.
    ///
    /// Returns the addresses that are refused: special ones, and all of them when the fence does not have the name. An
    /// exclusion refuses none.
    pub fn add_resolved(&mut self, name: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Vec<IpAddr> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let addresses: Vec<IpAddr> = addresses.into_iter().map(|ip| ip.to_canonical()).collect();
        let mut uses = self.targets.iter().filter(|target| target.host() == Some(&name)).peekable();
        if uses.peek().is_none() {
            return addresses;
        }
        let admits = uses.any(|target| !target.exclude);
        let special = |ip: &&IpAddr| admits && !special::open_resolved(&name, number(**ip));
        let refused = addresses.iter().filter(special).copied().collect();
        self.resolved.insert(name, addresses);
        self.build();
        refused
    }

    fn build(&mut self) {
        self.open.clear();
        self.visits.clear();
        // Closed until it is known what must not be touched.
        if self.names().iter().any(|name| name.exclude) {
            return;
        }
        let mut closed = Spans::default();
        let mut closed_ports: BTreeMap<u16, Spans> = BTreeMap::new();
        for target in self.targets.iter().filter(|target| target.exclude) {
            let closed = match target.port {
                None => &mut closed,
                Some(port) => closed_ports.entry(port).or_default(),
            };
            self.excluded(target).iter().flat_map(Spans::iter).for_each(|span| closed.insert(span));
        }
        let none = Spans::default();
        for target in self.targets.iter().filter(|target| !target.exclude) {
            let port = target.port.unwrap_or(SNMP_PORT);
            let closed_port = closed_ports.get(&port).unwrap_or(&none);
            let open = self.open.entry(port).or_default();
            for covered in admitted(target, &self.resolved) {
                let covered = covered.without(&closed).without(closed_port);
                self.visits.extend(covered.without(open).iter().map(|span| (span, port)));
                covered.iter().for_each(|span| open.insert(span));
            }
        }
        // After all visits are known: a port that is open as a service is none that was visited already.
        for target in self.targets.iter().filter(|target| !target.exclude) {
            for service in self.services.iter().filter(|service| target.port.is_none() || service.beside_named_ports) {
                let closed_port = closed_ports.get(&service.port).unwrap_or(&none);
                let open = self.open.entry(service.port).or_default();
                for covered in admitted(target, &self.resolved) {
                    covered.without(&closed).without(closed_port).iter().for_each(|span| open.insert(span));
                }
            }
        }
    }

    /// Everything an exclusion closes.
    fn excluded(&self, target: &Target) -> Vec<Spans> {
        match (target.place.span(), target.host().and_then(|host| self.resolved.get(host))) {
            // `!::/0` closes IPv6, not the IPv4 addresses that lie in the midst of its numbers.
            (Some(span), _) if !special::MAPPED.contains(span) => vec![Spans::from(special::MAPPED).missing_from(span)],
            (Some(span), _) => vec![span.into()],
            (None, addresses) => addresses.into_iter().flatten().map(|ip| one(*ip).into()).collect(),
        }
    }
}

/// Everything an entry opens, special addresses apart.
fn admitted(target: &Target, resolved: &BTreeMap<String, Vec<IpAddr>>) -> Vec<Spans> {
    match &target.place {
        Place::Host(host) => {
            let addresses = resolved.get(host).into_iter().flatten();
            let open = addresses.filter(|ip| special::open_resolved(host, number(**ip)));
            open.map(|ip| one(*ip).into()).collect()
        }
        place => place.span().map(|span| special::open(span).without(&ends(place, span))).into_iter().collect(),
    }
}

/// Network and broadcast address of an IPv4 block that has them (RFC 3021: a /31 has none).
fn ends(place: &Place, span: Span) -> Spans {
    let mut ends = Spans::default();
    if let Place::Block(IpAddr::V4(_), 0..=30) = place {
        ends.insert(Span { first: span.first, last: span.first });
        ends.insert(Span { first: span.last, last: span.last });
    }
    ends
}

fn one(ip: IpAddr) -> Span {
    Span { first: number(ip), last: number(ip) }
}

/// IPv4 where it is IPv4; no flow label; a zone only where it has a meaning (RFC 4007).
fn canonical(at: SocketAddr) -> SocketAddr {
    match (at, at.ip().to_canonical()) {
        (SocketAddr::V6(v6), IpAddr::V6(ip)) => {
            let zone = if ip.is_unicast_link_local() { v6.scope_id() } else { 0 };
            SocketAddrV6::new(ip, v6.port(), 0, zone).into()
        }
        (_, ip) => SocketAddr::new(ip, at.port()),
    }
}
