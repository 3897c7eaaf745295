//! `dca run`: the service of an agent that is a member of a portal, and the renewal of what makes it one.

use super::{Controls, Machine, Member, ServiceError, Watcher};
use crate::config::Config;
use crate::membership::Membership;
use crate::vault::Vault;
use dca_cloud::rhythm::Start;
use dca_cloud::{AgentId, Clock, Hint, Key, Link, Push, chance, machine_ms, request_id};
use dca_wire::v1::RenewRequest;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

/// Hints that may wait; one is as good as ten.
const HINTS: usize = 16;
/// How often it is looked whether the certificate is due. A machine that sleeps does not miss the day.
const LOOK: Duration = Duration::from_secs(3600);

/// Runs the agent whose state is in `config.state_dir` until `stop` is true. What comes by `reload` is another `dca.toml`.
///
/// # Errors
/// If it is not enrolled, or the state folder cannot be used; see [`super::run`].
pub async fn run_enrolled(
    mut config: Config,
    mut stop: watch::Receiver<bool>,
    mut reload: mpsc::Receiver<Config>,
    watcher: Watcher,
) -> Result<(), ServiceError> {
    let mut start = None;
    let clock = Arc::new(Clock::default());
    let mut stopping = false;
    while !stopping {
        let vault = Vault::open(&config.state_dir, config.credentials.as_deref())?;
        let membership = Membership::load(&vault)?.ok_or(ServiceError::NotEnrolled)?;
        let proxy = || crate::proxy(config.proxy.as_deref());
        let link = Link::new(membership.link_settings(proxy()?, Arc::clone(&clock)))?;
        let boot_id = request_id(machine_ms());
        let (hints, hinted) = mpsc::channel::<Hint>(HINTS);
        let push = membership.push_settings(proxy()?, &clock, boot_id)?;
        let push = push.map(|settings| Push::start(settings, hints.clone())).transpose()?;

        let (end, ended) = watch::channel(false);
        let (pass_on, passed_on) = mpsc::channel(1);
        let (watcher, machine) = (watcher.clone(), Machine::default());
        let controls = Controls { stop: ended, reload: passed_on, hints: hinted, watcher, machine };
        let member = Member {
            agent: membership.identity().agent().clone(),
            command_key: membership.command_key().to_vec(),
            start: start.unwrap_or_else(|| first(&config, membership.identity().agent())),
        };
        let running = super::run(config.clone(), member, link.clone(), boot_id, controls);
        tokio::pin!(running);
        let renewed = renewed(&membership, &link, &vault, boot_id);
        tokio::pin!(renewed);
        loop {
            tokio::select! {
                ended = &mut running => return ended,
                // Nobody left who could tell is as good as told.
                _ = stop.wait_for(|stop| *stop) => {
                    stopping = true;
                    break;
                }
                () = &mut renewed => break,
                Some(next) = reload.recv() => {
                    config = next.clone();
                    let _ = pass_on.send(next).await;
                }
            }
        }
        let _ = end.send(true);
        running.await?;
        drop((push, hints));
        start = Some(Start::AtOnce);
    }
    Ok(())
}

/// Somebody waits for the first check-in after an enrolment; after any other start it is spread.
fn first(config: &Config, agent: &AgentId) -> Start {
    match super::Status::read(&config.state_dir) {
        Ok(last) if last.agent_id == agent.as_str() => Start::Within(config.spread),
        _ => Start::AtOnce,
    }
}

/// Returns when there is a new certificate in the vault: at two thirds of the life of the present one.
async fn renewed(membership: &Membership, link: &Link, vault: &Vault, boot_id: [u8; 16]) {
    loop {
        if link.clock().now_ms() >= membership.identity().renew_at_ms() {
            match renew(membership, link, vault, boot_id).await {
                Ok(()) => return,
                Err(why) => tracing::warn!("the certificate is not renewed yet: {why}"),
            }
        }
        // Not everybody who was enrolled on the same day at the same minute.
        sleep(LOOK / 2 + LOOK.mul_f64((chance() % 1000) as f64 / 1000.0)).await;
    }
}

async fn renew(membership: &Membership, link: &Link, vault: &Vault, boot_id: [u8; 16]) -> Result<(), String> {
    let key = Key::generate().map_err(|error| error.to_string())?;
    let csr = key.request().map_err(|error| error.to_string())?;
    let request = RenewRequest { caller: Some(link.caller(boot_id)), csr };
    let answer = link.renew(request).await.map_err(|error| error.to_string())?;
    let renewed = membership.renewed(key, answer).map_err(|error| error.to_string())?;
    renewed.keep(vault).map_err(|error| error.to_string())?;
    tracing::info!("a new certificate, good until {} (ms since 1970)", renewed.identity().valid_until_ms());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RawConfig;
    use crate::service::Status;

    #[test]
    fn who_has_just_enrolled_checks_in_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("state_dir = {:?}\n[permit]\nranges = [\"192.0.2.1\"]\n", folder.path());
        let config = RawConfig::parse(&folder.path().join("dca.toml"), &text).unwrap().resolve(None).unwrap();
        let (before, after) = (AgentId::parse("a-1").unwrap(), AgentId::parse("a-2").unwrap());
        assert_eq!(first(&config, &before), Start::AtOnce, "nothing was written yet");
        Status { agent_id: before.as_str().to_owned(), ..Status::default() }.write(folder.path()).unwrap();
        assert_eq!(first(&config, &before), Start::Within(config.spread), "a restart");
        assert_eq!(first(&config, &after), Start::AtOnce, "enrolled again");
    }
}
