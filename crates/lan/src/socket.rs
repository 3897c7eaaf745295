//! The two UDP sockets, one for each address family, and what their errors mean.

use crate::LanError;
use crate::refusal::{self, Refusal};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// An IPv4 and an IPv6 socket; a host without one of the families has only the other.
pub(crate) struct Sockets {
    v4: Option<UdpSocket>,
    v6: Option<UdpSocket>,
}

/// What became of a datagram that was to be sent.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The system took it.
    Yes,
    /// The send buffer is full: wait until the socket is writable.
    Blocked,
    /// The system is short of buffers or of neighbour entries: wait a little.
    Busy,
    /// It will not go there.
    Refused(String),
}

impl Sockets {
    /// Binds to a free port of each family.
    pub(crate) fn bind(receive_buffer: usize) -> Result<Self, LanError> {
        let v4 = open(Domain::IPV4, (Ipv4Addr::UNSPECIFIED, 0).into(), receive_buffer);
        let v6 = open(Domain::IPV6, (Ipv6Addr::UNSPECIFIED, 0).into(), receive_buffer);
        match (v4, v6) {
            (Err(why), Err(_)) => Err(LanError::Socket(why)),
            (v4, v6) => Ok(Self { v4: v4.ok(), v6: v6.ok() }),
        }
    }

    /// Octets of receive buffer that the system granted to each socket, the smaller one. Linux counts its own
    /// book-keeping in and reports twice what was asked.
    pub(crate) fn receive_buffer(&self) -> usize {
        self.each().filter_map(|socket| SockRef::from(socket).recv_buffer_size().ok()).min().unwrap_or(0)
    }

    /// The sockets there are.
    pub(crate) fn each(&self) -> impl Iterator<Item = &UdpSocket> {
        self.v4.iter().chain(&self.v6)
    }

    /// Hands a datagram to the system without waiting. Refusals of earlier ones that come to light are added to the list.
    pub(crate) fn send(&self, bytes: &[u8], to: SocketAddr, refusals: &mut Vec<Refusal>) -> Sent {
        let Some(socket) = self.towards(to) else {
            return Sent::Refused(format!("this host has no {}", if to.is_ipv4() { "IPv4" } else { "IPv6" }));
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match socket.try_send_to(bytes, to) {
                Ok(_) => return Sent::Yes,
                Err(error) => error,
            };
            match error.kind() {
                io::ErrorKind::WouldBlock => return Sent::Blocked,
                io::ErrorKind::Interrupted => {}
                _ if is_shortage(&error) => return Sent::Busy,
                // It may be the refusal of an earlier datagram, and then this one was not sent.
                _ if tries < 4 => refusals.extend(std::iter::from_fn(|| refusal::take(socket))),
                _ => return Sent::Refused(error.to_string()),
            }
        }
    }

    /// Waits until a datagram towards `to` can be sent.
    pub(crate) async fn writable(&self, to: SocketAddr) {
        if let Some(socket) = self.towards(to) {
            // An error shows again, and is treated, when sending.
            drop(socket.writable().await);
        }
    }

    /// The IPv4 socket, if there is one.
    pub(crate) fn v4(&self) -> Option<&UdpSocket> {
        self.v4.as_ref()
    }

    /// The IPv6 socket, if there is one.
    pub(crate) fn v6(&self) -> Option<&UdpSocket> {
        self.v6.as_ref()
    }

    fn towards(&self, to: SocketAddr) -> Option<&UdpSocket> {
        if to.is_ipv4() { self.v4.as_ref() } else { self.v6.as_ref() }
    }
}

/// An ICMP refusal of an earlier datagram: Windows reports it on the next call, without saying whose it was.
pub(crate) fn is_echo_of_another(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused)
}

/// ENOBUFS (105 on Linux, 55 on BSD and macOS, WSAENOBUFS 10055) and ENOMEM: Linux gives the first also when the table of
/// neighbours is full, as it gets when thousands of silent addresses of the own network are asked.
fn is_shortage(error: &io::Error) -> bool {
    const ENOBUFS: i32 = if cfg!(windows) {
        10055
    } else if cfg!(any(target_os = "linux", target_os = "android")) {
        105
    } else {
        55
    };
    error.kind() == io::ErrorKind::OutOfMemory || error.raw_os_error() == Some(ENOBUFS)
}

/// Waits until something can be received, a refusal too; without a socket for ever.
pub(crate) async fn readable(socket: Option<&UdpSocket>) {
    match socket {
        Some(socket) => drop(socket.ready(Interest::READABLE | Interest::ERROR).await),
        None => std::future::pending().await,
    }
}

fn open(domain: Domain, at: SocketAddr, receive_buffer: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(true)?;
    }
    // A smaller buffer than asked for is no reason not to work; the caller can ask what was granted.
    let _ = socket.set_recv_buffer_size(receive_buffer);
    // Nor is a system that tells no refusals: devices without SNMP look silent then.
    let _ = refusal::listen(&socket, domain == Domain::IPV6);
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    UdpSocket::from_std(socket.into())
}
