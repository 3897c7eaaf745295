//! `run`: the agent as a service.
//!
//! ```text
//!              ┌──────── fleet ────────┐              ┌────────── office ──────────┐
//! printers ◄──►│ sweeps, visits, memory │──► desk ──►  │ spool ──► report            │◄──► portal
//!              └──────────▲────────────┘   (records)  │ check-in ──► config, orders │
//!                         └──────────── wants ────────└────────────────────────────┘
//! ```
//!
//! Nothing listens. What is read is on the disk before anybody hears of it, and stays there until the portal has it. What
//! the portal may make the agent touch is inside the customer's `[permit]`.

mod clock;
mod desk;
mod enrolled;
mod fleet;
mod given;
mod ground;
mod office;
mod orders;
mod place;
mod portal;
mod report;
mod status;
mod watcher;

pub use clock::Machine;
pub use dca_cloud::Hint;
pub use enrolled::run_enrolled;
pub use portal::Portal;
pub use status::Status;
pub use watcher::{Sign, Watcher};

use crate::config::Config;
use crate::input::InputError;
use crate::membership::MembershipError;
use crate::poll::Memory;
use crate::vault::{Vault, VaultError};
use dca_cloud::rhythm::Start;
use dca_cloud::{AgentId, Rhythm, TrustError, chance};
use dca_spool::{Bounds, Spool, SpoolError};
use desk::Desk;
use fleet::Fleet;
use given::Plan;
use office::{Office, Post};
use orders::Orders;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// How long the end may take, so that all of it is over within 5 s: what is open has to be closed as well.
const END: Duration = Duration::from_secs(3);

/// Who the agent is to its portal.
#[derive(Debug, Clone)]
pub struct Member {
    /// Given at enrolment.
    pub agent: AgentId,
    /// Ed25519 public key that signs orders and configurations.
    pub command_key: Vec<u8>,
    /// How the first check-in comes.
    pub start: Start,
}

/// What ends or changes a running service.
pub struct Controls {
    /// True: end.
    pub stop: watch::Receiver<bool>,
    /// Another `dca.toml`.
    pub reload: mpsc::Receiver<Config>,
    /// What push brings.
    pub hints: mpsc::Receiver<Hint>,
    /// Who keeps it running.
    pub watcher: Watcher,
    /// What times it.
    pub machine: Machine,
}

/// The service cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The state folder cannot be used.
    #[error(transparent)]
    State(#[from] VaultError),
    /// The spool cannot be opened.
    #[error("the spool: {0}")]
    Spool(#[from] SpoolError),
    /// What is known of devices cannot be used, or the proxy.
    #[error(transparent)]
    Input(#[from] InputError),
    /// It belongs to no portal.
    #[error("this agent is not enrolled: dca enroll URL CODE, with the code that the portal shows")]
    NotEnrolled,
    /// Which portal it belongs to cannot be read.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// Trust in the portal cannot be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A part of it ended that was not told to.
    #[error("the service ended early ({0}); please report it")]
    Ended(String),
}

/// Runs until told to stop. `boot_id` is the one that `portal`'s calls carry, drawn for this start.
///
/// # Errors
/// If the state folder cannot be used. Nothing that happens later ends it, but for a mistake of its own: then it is better
/// started again.
pub async fn run<P: Portal>(
    config: Config,
    member: Member,
    portal: P,
    boot_id: [u8; 16],
    controls: Controls,
) -> Result<(), ServiceError> {
    let Controls { stop, reload, hints, watcher, machine } = controls;
    let portal = Arc::new(portal);
    let state = config.state_dir.clone();
    let vault = Vault::open(&state, config.credentials.as_deref())?;
    let (spool, recovery) = {
        let (path, opened_ms) = (state.join("spool.db"), machine.wall_ms());
        tokio::task::spawn_blocking(move || Spool::open(&path, Bounds::default(), chance(), opened_ms))
            .await
            .unwrap_or(Err(SpoolError::Closed))?
    };
    let memory = Memory::open(&state.join("memory"), &config.profiles)?;
    memory.problems.iter().for_each(|problem| tracing::warn!("{problem}"));
    let clock = Arc::clone(&portal);
    let desk = Desk::new(spool, move || clock.now_ms());

    // What was in force before is, if it is still allowed.
    let kept = office::given(&vault);
    let plan = kept.as_ref().map(|given| (given.revision, Plan::given(given, &member.command_key, &config)));
    let (revision, plan) = match plan {
        Some((revision, Ok(plan))) => (revision, plan),
        Some((_, Err(why))) => {
            desk.notice("config_refused", format!("the one that was in force before: {why}")).await;
            (0, Plan::local(&config))
        }
        None => (0, Plan::local(&config)),
    };
    desk.notice("started", format!("version {}", env!("CARGO_PKG_VERSION"))).await;
    // A file that is new since the last start was set aside or never there: its numbers are new as well.
    if place::moved(&state) && !recovery.fresh && recovery.damage.is_none() {
        let text = "the state folder was copied or restored: if the machine that it comes from still runs, enrol this one anew";
        place::renew(&desk, "spool_copied", text).await;
    }
    if let Some(damage) = recovery.damage {
        let lost = damage.lost.map_or("an unknown number".to_owned(), |lost| lost.to_string());
        let text = format!("{}; {} records were salvaged, {lost} lost", damage.why, damage.salvaged);
        desk.notice("spool_damaged", text).await;
    }

    let (wants, wanted) = mpsc::channel(64);
    let (finished, finish) = mpsc::channel(1);
    let (diagnose, diagnosed) = mpsc::channel(4);
    let permitted: BTreeSet<_> = config.permit.orders.clone();
    let orders = Orders {
        desk: desk.clone(),
        agent_id: member.agent.to_string(),
        command_key: member.command_key,
        permitted,
        wants: wants.clone(),
        diagnose,
        finished,
    };
    let now = Instant::now();
    let status = Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        agent_id: member.agent.to_string(),
        process: std::process::id(),
        started_ms: machine.wall_ms(),
        revision,
        ..Status::default()
    };
    let pins = config.pins.clone().unwrap_or_else(|| state.join("pins"));
    let fleet = Fleet::new(desk.clone(), config.permit.clone(), config.profiles.clone(), plan, memory, pins);
    let rhythm = Rhythm::new(&member.agent, member.start, now.into_std(), chance());
    let office = Office {
        portal,
        desk,
        orders,
        rhythm,
        boot_id,
        config,
        vault,
        state,
        wants,
        status,
        started: now,
        watcher,
        machine,
        sure: false,
        copied: false,
    };
    let post = Post { hints, finished: finish, diagnose: diagnosed, reload };

    let mut fleet = tokio::spawn(fleet.run(wanted, stop.clone()));
    let mut office = tokio::spawn(office.run(post, stop.clone()));
    let mut stop = stop;
    let early = tokio::select! {
        biased;
        () = stopped(&mut stop) => None,
        ended = &mut office => Some(("office", ended)),
        ended = &mut fleet => Some(("fleet", ended)),
    };
    if let Some((part, ended)) = early {
        office.abort();
        fleet.abort();
        let why = ended.err().map_or_else(|| "nobody told it to".to_owned(), |error| error.to_string());
        return Err(ServiceError::Ended(format!("{part}: {why}")));
    }
    if tokio::time::timeout(END, &mut office).await.is_err() {
        tracing::warn!("the last report is cut short");
        office.abort();
    }
    if tokio::time::timeout(Duration::from_millis(500), fleet).await.is_err() {
        tracing::warn!("visits are cut short");
    }
    Ok(())
}

/// Until the service is told to stop, or nobody is left who could.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
