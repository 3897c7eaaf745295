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
mod office;
mod orders;
mod portal;
mod report;
mod status;

pub use dca_cloud::Hint;
pub use enrolled::run_enrolled;
pub use portal::Portal;
pub use status::Status;

use crate::config::Config;
use crate::input::InputError;
use crate::membership::MembershipError;
use crate::poll::Memory;
use crate::vault::{Vault, VaultError};
use dca_cloud::rhythm::Start;
use dca_cloud::{AgentId, Rhythm, TrustError, chance, machine_ms};
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

/// How long the end may take.
const END: Duration = Duration::from_secs(4);

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
}

/// Runs until told to stop. `boot_id` is the one that `portal`'s calls carry, drawn for this start.
///
/// # Errors
/// If the state folder cannot be used. Nothing that happens later ends it.
pub async fn run<P: Portal>(
    config: Config,
    member: Member,
    portal: P,
    boot_id: [u8; 16],
    controls: Controls,
) -> Result<(), ServiceError> {
    let portal = Arc::new(portal);
    let state = config.state_dir.clone();
    let vault = Vault::open(&state)?;
    let (spool, recovery) = {
        let path = state.join("spool.db");
        tokio::task::spawn_blocking(move || Spool::open(&path, Bounds::default(), chance(), machine_ms()))
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
        started_ms: machine_ms(),
        revision,
        ..Status::default()
    };
    let fleet = Fleet::new(desk.clone(), config.permit.clone(), config.profiles.clone(), plan, memory);
    let rhythm = Rhythm::new(&member.agent, member.start, now.into_std(), chance());
    let office = Office { portal, desk, orders, rhythm, boot_id, config, vault, state, wants, status, started: now };
    let Controls { stop, reload, hints } = controls;
    let post = Post { hints, finished: finish, diagnose: diagnosed, reload };

    let fleet = tokio::spawn(fleet.run(wanted, stop.clone()));
    let mut office = tokio::spawn(office.run(post, stop.clone()));
    let mut stop = stop;
    tokio::select! {
        ended = &mut office => log(ended),
        () = stopped(&mut stop) => {
            if tokio::time::timeout(END, &mut office).await.is_err() {
                tracing::warn!("the last report is cut short");
                office.abort();
            }
        }
    }
    if tokio::time::timeout(Duration::from_millis(500), fleet).await.is_err() {
        tracing::warn!("visits are cut short");
    }
    Ok(())
}

fn log(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the service ended early; please report it");
    }
}

/// Until the service is told to stop, or nobody is left who could.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
