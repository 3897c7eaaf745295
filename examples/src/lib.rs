//! What the examples share: simulated devices on loopback, for when none is at hand.

use dca_fence::{Allowed, Fence};
use dca_sim::{Device, Fleet};
use std::net::SocketAddr;

/// Switches a simulated device on. It runs as long as the `Fleet` is kept.
pub async fn simulated(device: Device) -> anyhow::Result<(Fleet, Allowed)> {
    let fleet = Fleet::on_loopback([(SocketAddr::from(([127, 0, 0, 1], 0)), device)]).await?;
    let at = fleet.addresses().first().copied().ok_or_else(|| anyhow::anyhow!("no device"))?;
    Ok((fleet, allowed(&at.to_string())?))
}

/// One of the kinds of devices that the simulator knows.
pub fn builtin(kind: &str) -> anyhow::Result<Device> {
    Device::builtin(kind)
        .ok_or_else(|| anyhow::anyhow!("{kind:?} is none of {:?}", Device::kinds().collect::<Vec<_>>()))
}

/// The permission for an address that was typed: what is typed is the fence.
pub fn allowed(target: &str) -> anyhow::Result<Allowed> {
    let fence = Fence::parse([target])?;
    let at = fence.targets().next().and_then(|at| fence.admit(at));
    at.ok_or_else(|| anyhow::anyhow!("{target} is not an address that may be asked"))
}
