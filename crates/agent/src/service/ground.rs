//! Where a plan is carried out: the addresses of its ranges and host names, inside what the customer permits.

use crate::also::Also;
use crate::config::Permit;
use crate::input::InputError;
use crate::network::Network;
use crate::scope::{Resolved, Scope, Targets};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Until a name that could not be found is looked up again; each time twice as long, up to an hour.
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_hours(1);

/// Where the plan's ranges are, and sockets to ask there.
pub(super) struct Ground {
    pub(super) scope: Arc<Scope>,
    pub(super) names: Vec<Resolved>,
    pub(super) network: Arc<Network>,
}

/// Names being looked up anew.
pub(super) struct Look {
    pub(super) place: tokio::task::JoinHandle<Result<Place, String>>,
    /// Whether a sweep follows in any case.
    pub(super) sweeps: bool,
}

/// When names that could not be found are looked up again: an agent may start before its name server does.
#[derive(Debug, Default)]
pub(super) struct Again {
    at: Option<Instant>,
    wait: Duration,
}

impl Again {
    /// Takes in whether one is still lacking.
    pub(super) fn note(&mut self, lacking: bool) {
        *self = match lacking {
            false => Self::default(),
            true => {
                let wait = (self.wait * 2).clamp(FIRST, LONGEST);
                Self { at: Some(Instant::now() + wait), wait }
            }
        };
    }

    pub(super) fn at(&self) -> Option<Instant> {
        self.at
    }
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
    let mut scope = scope.within(&outer);
    scope.unresolved.append(&mut outer.unresolved);
    for (host, why) in &scope.unresolved {
        tracing::warn!(host, why, "a host name cannot be used");
    }
    Ok((scope, names))
}
