//! An office: many devices of all kinds, none like another.

use crate::chance::Chance;
use crate::device::Device;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Devices on consecutive loopback addresses from 127.1.0.1 on. The first ones are one of each built-in kind; all have
/// their own serial, name, hardware address, age and supplies, and have been running for up to six weeks.
///
/// ```
/// let office = dca_sim::office(20, 7);
/// assert_eq!(office.len(), 20);
/// assert!(office.iter().all(|(at, _)| at.is_loopback()));
/// ```
pub fn office(count: usize, seed: u64) -> Vec<(IpAddr, Device)> {
    office_from(Ipv4Addr::new(127, 1, 0, 1), count, seed)
}

/// An [`office`] on consecutive addresses from another one on. Addresses that end in 0 or 255 are left out.
pub fn office_from(base: Ipv4Addr, count: usize, seed: u64) -> Vec<(IpAddr, Device)> {
    let chance = Chance(seed);
    let kinds: Vec<Device> = Device::kinds().filter_map(Device::builtin).collect();
    let addresses = (u32::from(base)..).map(Ipv4Addr::from).filter(|at| !matches!(at.octets(), [.., 0 | 255]));
    addresses
        .zip(0..count)
        .filter_map(|(at, n)| {
            let kind = kinds.get(n % kinds.len().max(1))?;
            // Never 0, which is the device as its file has it.
            let individual = chance.bits("individual", n as u64) | 1;
            Some((IpAddr::V4(at), kind.sibling(individual).running_for(since(chance, n as u64))))
        })
        .collect()
}

/// From some hour of a working day, zero to 40 days ago.
fn since(chance: Chance, n: u64) -> Duration {
    let day = chance.bits("days", n) % 40;
    // Devices start on a Monday; Saturday and Sunday are made a Friday.
    let day = day - (day % 7).saturating_sub(4);
    Duration::from_secs(day * 86_400) + Duration::from_secs_f64(chance.between(0.0, 8.0, "hours", n) * 3_600.0)
}
