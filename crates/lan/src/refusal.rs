//! ICMP refusals of what was sent: "port unreachable" from a device without SNMP, "host unreachable" from a router or from
//! this host's own neighbour discovery.
//!
//! On Linux an unconnected socket hears them through its error queue (ip(7), `IP_RECVERR`), each with the address that was
//! sent to. The price: an error that waits also fails the next call on the socket, whomever that is about, so a
//! failed send is repeated after the queue has been read. The option also makes Linux own up to a datagram that it dropped
//! because its table of neighbours was full (ENOBUFS), so that the driver can wait. Elsewhere nothing is heard, and such
//! a device looks silent.

use std::io;
use std::net::SocketAddr;

/// A datagram that did not arrive.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Where it was sent to.
    pub(crate) to: SocketAddr,
    /// What was said about it.
    pub(crate) why: String,
}

pub(crate) use system::{heard, listen, take};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use super::{Refusal, io};
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
    use std::io::IoSliceMut;
    use std::net::SocketAddr;
    use std::os::fd::AsRawFd;
    use tokio::io::Interest;
    use tokio::net::UdpSocket;

    /// From linux/errqueue.h.
    const ORIGINS: [u8; 2] = [2, 3]; // SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6

    /// Asks the system to keep refusals for this socket.
    pub(crate) fn listen(socket: &socket2::Socket, v6: bool) -> io::Result<()> {
        match v6 {
            true => setsockopt(socket, sockopt::Ipv6RecvErr, &true)?,
            false => setsockopt(socket, sockopt::Ipv4RecvErr, &true)?,
        }
        Ok(())
    }

    /// The next refusal, if the runtime knows that something waits; like `try_recv_from`, it is what makes the socket's
    /// readiness go away.
    pub(crate) fn heard(socket: &UdpSocket) -> Option<Refusal> {
        loop {
            match socket.try_io(Interest::ERROR, || read(socket)) {
                Ok(Some(refusal)) => return Some(refusal),
                Ok(None) => {}
                Err(_) => return None,
            }
        }
    }

    /// The next refusal, asking the system at once.
    pub(crate) fn take(socket: &UdpSocket) -> Option<Refusal> {
        loop {
            match read(socket) {
                Ok(Some(refusal)) => return Some(refusal),
                Ok(None) => {}
                Err(_) => return None,
            }
        }
    }

    /// One entry of the error queue; `None` for one that refuses nothing.
    fn read(socket: &UdpSocket) -> io::Result<Option<Refusal>> {
        // The start of what was sent comes back as data; it is not needed.
        let mut data = [0; 8];
        let mut control = nix::cmsg_space!([u8; 128]);
        let mut vector = [IoSliceMut::new(&mut data)];
        let message = recvmsg::<SockaddrStorage>(
            socket.as_raw_fd(),
            &mut vector,
            Some(&mut control),
            MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT,
        )?;
        let error = message.cmsgs()?.find_map(|part| match part {
            ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => Some(error),
            _ => None,
        });
        let (Some(error), Some(address)) = (error, message.address) else { return Ok(None) };
        let v4 = address.as_sockaddr_in().map(|at| SocketAddr::from((at.ip(), at.port())));
        let v6 = address.as_sockaddr_in6().map(|at| SocketAddr::V6((*at).into()));
        let Some(to) = v4.or(v6).filter(|_| ORIGINS.contains(&error.ee_origin)) else { return Ok(None) };
        let error = i32::try_from(error.ee_errno).map(io::Error::from_raw_os_error).map_err(io::Error::other)?;
        Ok(meaning(&error).map(|why| Refusal { to, why }))
    }

    fn meaning(error: &io::Error) -> Option<String> {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Some("nothing listens on this port".to_owned()),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::PermissionDenied => {
                Some(error.to_string())
            }
            // "Fragmentation needed" and the like: the kernel draws its consequence, the retry goes through.
            _ => None,
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use super::{Refusal, io};
    use tokio::net::UdpSocket;

    pub(crate) fn listen(_: &socket2::Socket, _: bool) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn heard(_: &UdpSocket) -> Option<Refusal> {
        None
    }

    pub(crate) fn take(_: &UdpSocket) -> Option<Refusal> {
        None
    }
}
