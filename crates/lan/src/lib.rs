//! I/O towards printers: the SNMP sockets and ping.
//!
//! [`Snmp`] is a thin shell around the pure [`dca_snmp::Manager`]: one task owns two unconnected UDP sockets (IPv4, IPv6)
//! and moves datagrams, however many devices are asked at once. Everything here takes an [`Allowed`](dca_fence::Allowed);
//! a bare address cannot be sent to, so what leaves this crate stays inside the fence.
//!
//! Nothing listens for strangers: the sockets have a port of the system's choice, and what arrives there is matched
//! against the questions in flight.

mod driver;
mod icmp;
mod pace;
mod ping;
mod refusal;
mod settings;
mod snmp;
mod socket;

pub use ping::ping;
pub use settings::Settings;
pub use snmp::{Counters, Snmp};

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
