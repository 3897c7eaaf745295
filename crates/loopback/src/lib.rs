//! Servers of tests on loopback: ports for those that are told theirs before they listen, and again after a restart; PostgreSQL.
//!
//! A socket bound to port 0 and dropped gives a port that the kernel may lend to anyone a moment later: to the next
//! test, or to the near end of any connection. These are of the range that the kernel does not lend
//! (`ip_local_port_range`: from 32768 on Linux, from 49152 elsewhere), and a process gives each of them once.

pub mod postgres;

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// Where the range begins, and how many ports it has.
const FROM: u16 = 0x4000;
const COUNT: u16 = 0x4000;

/// How far apart processes begin that were started one after the other.
const STRIDE: u32 = 97;

/// A port of 127.0.0.1 that nobody uses, by TCP or UDP, and that nobody else is given.
///
/// # Panics
/// If all ports of the range are taken.
#[must_use]
#[allow(clippy::panic, reason = "a helper of tests fails as they do")]
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let begin = std::process::id().wrapping_mul(STRIDE);
    for _ in 0..COUNT {
        let step = u32::from(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = FROM + (begin.wrapping_add(step) % u32::from(COUNT)) as u16;
        if is_free(port) {
            return port;
        }
    }
    panic!("every port from {FROM} on is taken");
}

fn is_free(port: u16) -> bool {
    let here = (Ipv4Addr::LOCALHOST, port);
    TcpListener::bind(here).is_ok() && UdpSocket::bind(here).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{COUNT, FROM, free_port};
    use std::collections::HashSet;
    use std::net::TcpListener;

    #[test]
    fn each_is_given_once() {
        let ports: HashSet<u16> = (0..500).map(|_| free_port()).collect();
        assert_eq!(ports.len(), 500);
        assert!(ports.iter().all(|port| (FROM..FROM + COUNT).contains(port)));
    }

    #[test]
    fn one_that_is_taken_is_passed_over() {
        let taken: Vec<TcpListener> = (0..20).map(|_| TcpListener::bind(("127.0.0.1", free_port())).unwrap()).collect();
        let free = free_port();
        assert!(taken.iter().all(|listener| listener.local_addr().unwrap().port() != free));
    }
}
