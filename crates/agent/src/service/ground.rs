//! Where a plan is carried out: the addresses of its ranges and host names, inside what the customer permits.

use crate::also::Also;
use crate::config::Permit;
use crate::input::InputError;
use crate::network::Network;
use crate::scope::{Resolved, Scope, Targets};
use std::sync::Arc;

/// Where the plan's ranges are, and sockets to ask there.
pub(super) struct Ground {
    pub(super) scope: Arc<Scope>,
    pub(super) names: Vec<Resolved>,
    pub(super) network: Arc<Network>,
}

/// A scope, and where the host names were that it and the permit stand on.
pub(super) type Place = (Scope, Vec<Resolved>);

/// Where the ranges are, inside what is permitted. Names that cannot be found are where they were `before`.
pub(super) async fn place(
    permit: Permit,
    targets: Targets,
    also: Vec<Also>,
    before: Vec<Resolved>,
) -> Result<Place, String> {
    let told = |error: InputError| error.to_string();
    let mut outer = permit.ranges.resolve_again(&before).await.map_err(told)?;
    outer.also(&permit.also);
    let mut scope = targets.resolve_again(&before).await.map_err(told)?;
    scope.also(&also);
    let names = [outer.resolved.clone(), scope.resolved.clone()].concat();
    let scope = scope.within(&outer);
    for (host, why) in &scope.unresolved {
        tracing::warn!(host, why, "a host name cannot be used");
    }
    Ok((scope, names))
}
