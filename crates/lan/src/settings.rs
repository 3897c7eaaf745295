//! What can be chosen about asking.

use std::time::Duration;

/// How [`Snmp`](crate::Snmp) asks. Plain values; `..Settings::default()` for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long one datagram is waited for.
    pub timeout: Duration,
    /// How often it is sent again after that.
    pub retries: u32,
    /// Most packets a second, over all devices, retries included; `None` for as fast as the socket takes them.
    pub rate: Option<u32>,
    /// Most requests in flight to one device. Printers answer one at a time; more only fills their queue.
    pub in_flight_per_device: usize,
    /// Octets of the largest message, sent or wished for (484 to 65,507).
    pub max_message: usize,
    /// Most questions taken in at once, over all devices. Callers beyond it wait their turn, their time-out does not run.
    pub in_flight: usize,
    /// Octets of receive buffer asked of the system; [`Snmp::receive_buffer`](crate::Snmp::receive_buffer) says what it
    /// granted.
    pub receive_buffer: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(2),
            retries: 1,
            rate: None,
            in_flight_per_device: 1,
            max_message: 1472,
            in_flight: 4096,
            receive_buffer: 4 << 20,
        }
    }
}
