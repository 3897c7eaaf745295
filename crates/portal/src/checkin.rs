//! The check-in: answered from memory. Nothing is read or written in the usual case, in which nothing happened.

use crate::Portal;
use crate::agents::{Agent, Boot, Known};
use crate::audit::Entry;
use crate::authenticate::Peer;
use crate::store::{Batch, sql};
use dca_wire::v1::{Caller, CheckInAnswer, CheckInRequest, Copied, Courtesy};
use std::net::IpAddr;
use std::sync::Arc;
use tonic::Status as Refusal;

/// The agents' own period, which goes without saying.
const USUAL_PERIOD_S: u32 = 300;
/// How often a copied agent is written down.
const CLONE_EVERY_MS: i64 = 3_600_000;
/// For so many check-ins after two took turns both are told.
const COPIED_PERIODS: i64 = 3;

impl Portal {
    /// `Agent.CheckIn`.
    pub(crate) async fn check_in(
        &self,
        peer: &Peer,
        agent: &Arc<Agent>,
        request: CheckInRequest,
    ) -> Result<CheckInAnswer, Refusal> {
        self.seen(peer, agent, request.caller.as_ref()).await;
        self.results(agent, &request.results).await?;
        let reported = i64::try_from(request.config_revision).unwrap_or(i64::MAX);
        {
            let mut known = agent.known();
            known.version = request.agent_version.chars().filter(|it| !it.is_control()).take(100).collect();
            known.reported_revision = reported;
            known.health = request.health;
            known.spool = request.spool;
        }
        let copied =
            copied(&agent.known(), self.clock.now_ms(), i64::from(self.config.period_s) * 1000 * COPIED_PERIODS);
        let revision = self.config_revision(agent);
        let config = if revision == 0 || revision == reported { None } else { Some(self.signed_config(agent).await?) };
        let period = self.config.period_s;
        self.metrics.check_ins.inc();
        Ok(CheckInAnswer {
            courtesy: self.courtesy(),
            next_poll_s: if period == USUAL_PERIOD_S { 0 } else { period },
            jitter_s: 0,
            config,
            orders: self.orders(agent, self.clock.now_ms()),
            upload_budget: 0,
            drain: self.is_draining(),
            copied,
        })
    }

    /// The agent spoke: when, and whether it is one and the same.
    pub(crate) async fn seen(&self, peer: &Peer, agent: &Arc<Agent>, caller: Option<&Caller>) {
        let now = self.clock.now_ms();
        let copied = {
            let mut known = agent.known();
            known.last_seen = Some(now);
            let boot = caller.map(|caller| caller.boot_id.as_slice()).unwrap_or_default();
            let returns = turn(&mut known.boots, boot, peer.address);
            if returns {
                known.copied_ms = Some(now);
            }
            let tell = returns && now.saturating_sub(known.clone_told_ms) > CLONE_EVERY_MS;
            if tell {
                known.clone_told_ms = now;
            }
            tell
        };
        if copied {
            let text = format!("two machines speak as this agent; the last call came from {}", peer.address);
            let id = self.ingest.next_event();
            let mut batch = Batch::new();
            batch.row(
                &sql::EVENTS_ADD,
                vec![
                    id.into(),
                    agent.dealer.into(),
                    agent.id.as_str().into(),
                    None::<i64>.into(),
                    now.into(),
                    "clone_seen".into(),
                    text.as_str().into(),
                ],
            );
            batch.audit(Entry {
                dealer: agent.dealer,
                actor: "portal".to_owned(),
                action: "agent.copied",
                object: agent.id.clone(),
                detail: text,
            });
            if let Err(error) = self.store.commit(batch).await {
                tracing::error!(%error, "a copied agent was not written down");
            }
            tracing::warn!(agent = agent.id, "two machines speak as this agent");
        }
    }

    /// What every answer carries.
    pub(crate) fn courtesy(&self) -> Option<Courtesy> {
        Some(Courtesy { server_time_ms: self.clock.now_ms(), retry_after_s: 0 })
    }
}

/// What an agent is told whose identity speaks from two machines.
fn copied(known: &Known, now: i64, told_for: i64) -> Option<Copied> {
    let seen_ms = known.copied_ms.filter(|seen| now.saturating_sub(*seen) <= told_for)?;
    let other = known.boots.get(1).map(|boot| boot.address.to_string()).unwrap_or_default();
    Some(Copied { seen_ms, other })
}

/// Notes which boot spoke. True if it spoke before another did: a boot that is over does not come back, a copy does.
fn turn(boots: &mut Vec<Boot>, id: &[u8], address: IpAddr) -> bool {
    const REMEMBERED: usize = 4;
    if let Some(newest) = boots.first_mut()
        && newest.id == id
    {
        newest.address = address;
        return false;
    }
    let before = boots.iter().position(|known| known.id == id);
    if let Some(place) = before {
        boots.remove(place);
    }
    boots.insert(0, Boot { id: id.to_vec(), address });
    boots.truncate(REMEMBERED);
    before.is_some()
}

#[cfg(test)]
mod tests {
    use super::turn;
    use std::net::IpAddr;

    #[test]
    fn a_boot_that_comes_back_is_a_copy() {
        let check = |boots: &str| {
            let mut known = Vec::new();
            boots.bytes().map(|boot| turn(&mut known, &[boot], IpAddr::from([192, 0, 2, boot]))).collect::<Vec<_>>()
        };
        assert_eq!(check("aab"), [false, false, false], "a restart");
        assert_eq!(check("aba"), [false, false, true]);
        assert_eq!(check("abcde"), [false; 5], "restart after restart");
        assert_eq!(check("ababb"), [false, false, true, true, false]);
    }
}
