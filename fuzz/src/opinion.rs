//! A datagram, and what another decoder makes of it.

#[path = "../../crates/snmp/tests/support/agree.rs"]
mod agree;

/// What snmp-parser accepts and is right about means the same here.
pub fn opinion(octets: &[u8]) {
    agree::compare(octets);
}
