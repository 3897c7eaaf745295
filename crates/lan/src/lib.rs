//! I/O towards printers: the SNMP sockets, ping, and the second ways to ask ([`zebra`], [`lpr`]).
//!
//! [`Snmp`] is a thin shell around the pure [`dca_snmp::Manager`]: one task owns two unconnected UDP sockets (IPv4, IPv6)
//! and moves datagrams, however many devices are asked at once. Everything here takes an [`Allowed`](dca_fence::Allowed);
//! a bare address cannot be sent to, so what leaves this crate stays inside the fence.
//!
//! Nothing listens for strangers: the sockets have a port of the system's choice, and what arrives there is matched
//! against the questions in flight.
//!
//! # Get, walk, table
//!
//! ```
//! use dca_fence::Fence;
//! use dca_lan::{Settings, Snmp};
//! use dca_snmp::{Columns, Counter, Credentials, OidRef, Request, Walk, WalkEnd, oid};
//!
//! const PAGES: OidRef<'static> = oid!("1.3.6.1.2.1.43.10.2.1.4.1.1"); // prtMarkerLifeCount
//! const DESCRIPTION: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.6"); // prtMarkerSuppliesDescription
//! const LEVEL: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.9"); // prtMarkerSuppliesLevel
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let device = dca_sim::Device::builtin("color-mfp").ok_or("a built-in device")?;
//! # let fleet = dca_sim::Fleet::on_loopback([("127.0.0.1:0".parse()?, device)]).await?;
//! # let printer = fleet.addresses()[0];
//! let fence = Fence::parse([printer.to_string().as_str()])?; // an address, a block, a range, a name
//! let printer = fence.admit(printer).ok_or("outside of the fence")?;
//! let snmp = Snmp::bind(Settings::default())?;
//! let who = Credentials::v2c("public");
//!
//! let answer = snmp.ask(Request::get([PAGES]), printer, &who).await?;
//! println!("{} pages", answer.get::<Counter>(PAGES)?.0);
//!
//! let system = snmp.walk(Walk::new(oid!("1.3.6.1.2.1.1")), printer, &who).await;
//! assert_eq!(system.end, WalkEnd::Complete);
//!
//! let supplies = snmp.table(Columns::of([DESCRIPTION, LEVEL]), printer, &who).await;
//! for row in &supplies.rows {
//!     println!("{}: {:?}", row.get::<&str>(DESCRIPTION)?, row.find::<i64>(LEVEL)?);
//! }
//! # assert!(!supplies.rows.is_empty() && supplies.end == WalkEnd::Complete);
//! # Ok(())
//! # }
//! ```
//!
//! # Many devices
//!
//! One [`Snmp`] serves them all; clones are cheap. [`Settings::rate`] bounds the packets per second,
//! [`Settings::in_flight`] the questions on their way. An address where nobody answers is an ordinary result.
//!
//! ```
//! # use dca_fence::Fence;
//! # use dca_lan::{Settings, Snmp};
//! # use dca_snmp::{Credentials, Failure, OidRef, Request, oid};
//! # use std::time::Duration;
//! use tokio::task::JoinSet;
//!
//! const SYS_NAME: OidRef<'static> = oid!("1.3.6.1.2.1.1.5.0");
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let devices = dca_sim::office(3, 1).into_iter().map(|(ip, device)| ((ip, 0).into(), device));
//! # let fleet = dca_sim::Fleet::on_loopback(devices).await?;
//! # let range = format!("127.1.0.1-9:{}", fleet.addresses()[0].port());
//! # let timeout = Duration::from_millis(300);
//! let snmp = Snmp::bind(Settings { timeout, retries: 0, rate: Some(500), ..Settings::default() })?;
//! let fence = Fence::parse([range.as_str()])?;
//!
//! let mut asked = JoinSet::new();
//! for at in fence.targets().filter_map(|at| fence.admit(at)) {
//!     let snmp = snmp.clone();
//!     asked.spawn(async move { (at, snmp.ask(Request::get([SYS_NAME]), at, &Credentials::v2c("public")).await) });
//! }
//! # let mut found = 0;
//! while let Some(answered) = asked.join_next().await {
//!     match answered? {
//!         (at, Ok(answer)) => println!("{at} is {:?}", answer.find::<String>(SYS_NAME)?),
//!         (_, Err(Failure::NoAnswer { .. })) => {}
//!         (at, Err(why)) => println!("{at}: {why}"),
//!     }
//! #   found += 1;
//! }
//! # assert_eq!(found, 9);
//! # assert!(snmp.counters().received >= 2, "{:?}", snmp.counters());
//! # Ok(())
//! # }
//! ```
//!
//! A user of version 3 is a [`Credentials`](dca_snmp::Credentials) like any other; see the front page of [`dca_snmp`] for
//! users, the types that values are read as, and what a walk or table tells when a device does not make sense.

mod driver;
mod each;
mod icmp;
pub mod lpr;
mod pace;
mod ping;
mod refusal;
mod settings;
mod snmp;
mod socket;
mod tcp;
mod web;
pub mod zebra;

pub use each::Answers;
pub use ping::ping;
pub use settings::Settings;
pub use snmp::{Counters, Snmp};
pub use tcp::{Ended, Heard, Patience};
pub use web::{Pin, PinError, Web, WebFailure, WebSettings};

use std::io;
use std::time::Duration;

/// Why something could not be done towards the network at all. What a device answers, or that it does not, is told by
/// [`Failure`](dca_snmp::Failure).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LanError {
    /// Called outside of a tokio runtime.
    #[error("SNMP sockets need a running tokio runtime")]
    NoRuntime,
    /// The system gives no UDP socket.
    #[error("cannot open a UDP socket")]
    Socket(#[source] io::Error),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Entropy(getrandom::Error),
    /// The system lets this process send no ICMP echo.
    #[error(
        "this process may not send ICMP echo requests: put its group into the sysctl net.ipv4.ping_group_range \
         (for example \"0 2147483647\"), or give the program the capability CAP_NET_RAW (setcap cap_net_raw+ep)"
    )]
    PingForbidden(#[source] io::Error),
    /// No echo came back.
    #[error("no echo within {:.1} s", .0.as_secs_f32())]
    NoEcho(Duration),
    /// The network, a router or the host says that there is no way.
    #[error("unreachable: {0}")]
    Unreachable(#[source] io::Error),
}
