//! Ping, for diagnosis: is the device there at all when SNMP is silent?

use crate::LanError;
use crate::icmp::{self, Family};
use dca_fence::Allowed;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

/// Sends one ICMP echo request and waits for the reply. The port of the permission plays no part.
///
/// Uses the unprivileged ICMP socket where the system offers it (Linux: `net.ipv4.ping_group_range`; macOS), a raw
/// socket otherwise; [`LanError::PingForbidden`] says what to do when neither is allowed.
pub async fn ping(at: Allowed, timeout: Duration) -> Result<Duration, LanError> {
    let mut chance = [0; icmp::TOKEN + 2];
    getrandom::fill(&mut chance).map_err(LanError::Entropy)?;
    let [i, d, token @ ..] = chance;
    // ICMP has no ports; the kernel wants 0 there.
    let mut to = at.addr();
    to.set_port(0);
    let family = if to.is_ipv4() { Family::V4 } else { Family::V6 };
    let request = icmp::echo_request(family, u16::from_be_bytes([i, d]), 1, &token);

    let socket = open(to)?;
    let start = Instant::now();
    socket.send(&request).await.map_err(LanError::Unreachable)?;
    let echo = async {
        let mut buffer = [0; 1500];
        loop {
            match socket.recv(&mut buffer).await {
                Ok(octets) if icmp::is_reply(family, buffer.get(..octets).unwrap_or_default(), &token) => return Ok(()),
                // Somebody else's echo: a raw socket sees them all.
                Ok(_) => {}
                Err(error) => return Err(LanError::Unreachable(error)),
            }
        }
    };
    match timeout_at(start + timeout, echo).await {
        Ok(echo) => echo.map(|()| start.elapsed()),
        Err(_) => Err(LanError::NoEcho(timeout)),
    }
}

/// An ICMP socket that talks to this address only. The UDP type around it adds no UDP: to read and write it is a socket
/// like any other.
fn open(to: SocketAddr) -> Result<UdpSocket, LanError> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(LanError::NoRuntime);
    }
    let (domain, protocol) = match to {
        SocketAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        SocketAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let socket = Socket::new(domain, Type::DGRAM, Some(protocol))
        .or_else(|_| Socket::new(domain, Type::RAW, Some(protocol)))
        .map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => LanError::PingForbidden(error),
            _ => LanError::Socket(error),
        })?;
    socket.set_nonblocking(true).map_err(LanError::Socket)?;
    socket.connect(&to.into()).map_err(LanError::Unreachable)?;
    UdpSocket::from_std(socket.into()).map_err(LanError::Socket)
}
