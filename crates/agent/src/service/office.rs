//! The dealings with the portal: checking in when it is time, reporting when there is something, and what follows.

use super::clock::{Machine, Moved, Sampled};
use super::desk::Desk;
use super::fleet::{Done, Want};
use super::given::Plan;
use super::orders::Orders;
use super::portal::Portal;
use super::report::{Budget, Sent, send_all};
use super::status::Status;
use super::watcher::{self, Sign, Watcher};
use super::{Hint, place, stopped};
use crate::config::Config;
use crate::vault::Vault;
use dca_cloud::rhythm::{Answer, State};
use dca_cloud::{CloudError, Rhythm, WORTH_TELLING, chance};
use dca_wire::v1::health::Level;
use dca_wire::v1::order_result::Outcome;
use dca_wire::v1::{CheckInAnswer, CheckInRequest, Clock, Copied, SignedConfig, StreamSummary};
use prost::Message;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// How long records gather before they are reported.
const GATHER: Duration = Duration::from_secs(2);
/// How often the spool is tended and the clock looked at.
const TEND: Duration = Duration::from_secs(60);
/// Records older than this are dropped and counted.
const OLDEST_MS: i64 = 90 * 86_400_000;
/// What the vault knows the portal's configuration as.
const GIVEN: &str = "config";
/// How long a last report may take at the end.
const LAST: Duration = Duration::from_secs(2);

pub(super) struct Office<P> {
    pub(super) portal: Arc<P>,
    pub(super) desk: Desk,
    pub(super) orders: Orders,
    pub(super) rhythm: Rhythm,
    pub(super) boot_id: [u8; 16],
    pub(super) config: Config,
    pub(super) vault: Vault,
    pub(super) state: PathBuf,
    pub(super) wants: mpsc::Sender<Want>,
    pub(super) status: Status,
    pub(super) started: Instant,
    pub(super) watcher: Watcher,
    pub(super) machine: Machine,
    /// The portal has answered since the clock was last set.
    pub(super) sure: bool,
    /// The portal said last that another machine speaks as this agent.
    pub(super) copied: bool,
}

/// What a call comes to; `None` if the service is told to stop before. A call may be cut off at any moment, as a power cut does: what
/// was not heard of is said again.
async fn unless_stopped<T>(stop: &mut watch::Receiver<bool>, call: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = stopped(stop) => None,
        answer = call => Some(answer),
    }
}

/// What reaches the office from elsewhere.
pub(super) struct Post {
    pub(super) hints: mpsc::Receiver<Hint>,
    pub(super) finished: mpsc::Receiver<()>,
    pub(super) diagnose: mpsc::Receiver<(Vec<u8>, oneshot::Sender<Done>)>,
    pub(super) reload: mpsc::Receiver<Config>,
}

impl<P: Portal> Office<P> {
    pub(super) async fn run(mut self, mut post: Post, mut stop: watch::Receiver<bool>) {
        let mut tend = tokio::time::interval(TEND);
        tend.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut beat = tokio::time::interval(self.watcher.every);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut clock = Sampled::new(&self.machine, Instant::now().into_std());
        let mut budget = Budget(None);
        let mut report_at: Option<Instant> = None;
        let news = Arc::clone(&self.desk.news);
        self.orders.bury_cut_off().await;
        self.watcher.tell(Sign::Ready);
        loop {
            let next = Instant::from_std(self.rhythm.next());
            let report = async {
                match report_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stopped(&mut stop) => break,
                () = tokio::time::sleep_until(next) => {
                    let Some(granted) = unless_stopped(&mut stop, self.check_in()).await else { break };
                    if let Some(granted) = granted {
                        budget = granted;
                        report_at = Some(Instant::now());
                    }
                    self.write_status().await;
                }
                () = report => {
                    report_at = None;
                    let Some(()) = unless_stopped(&mut stop, self.report(&mut budget)).await else { break };
                }
                () = news.notified() => {
                    // While the portal does not answer, the next check-in will tell.
                    if self.rhythm.state() == State::Well && self.status.answered_ms.is_some() {
                        report_at.get_or_insert_with(|| Instant::now() + GATHER);
                    }
                }
                _ = beat.tick() => self.beat().await,
                _ = tend.tick() => {
                    self.tend(&mut clock).await;
                    self.write_status().await;
                }
                Some(hint) = post.hints.recv() => match hint {
                    Hint::Wake { .. } => self.rhythm.woken(Instant::now().into_std()),
                    Hint::Order(order) => self.orders.take(vec![order]).await,
                },
                Some(()) = post.finished.recv() => self.rhythm.woken(Instant::now().into_std()),
                Some((id, reply)) = post.diagnose.recv() => self.diagnose(id, reply).await,
                Some(config) = post.reload.recv() => self.reload(config).await,
            }
        }
        self.desk.notice("stopped", "the agent was told to stop").await;
        if self.rhythm.state() == State::Well && self.status.answered_ms.is_some() {
            let _ = tokio::time::timeout(LAST, self.report(&mut budget)).await;
        }
        self.status.portal = "stopped".to_owned();
        self.write_status().await;
    }

    /// A sign of life: of this loop, and of the one that answers it.
    async fn beat(&mut self) {
        self.count().await;
        self.watcher.tell(Sign::Alive(watcher::line(&self.status)));
    }

    async fn count(&mut self) {
        let (reply, wait) = oneshot::channel();
        if self.wants.send(Want::Count(reply)).await.is_ok() {
            self.status.devices = wait.await.unwrap_or(self.status.devices);
        }
    }

    /// The answer is what may be reported, if the portal answered.
    async fn check_in(&mut self) -> Option<Budget> {
        let (done, results) = self.orders.results().await;
        let key_uses = self.desk.spool(|spool| spool.add("key_uses", 1)).await.unwrap_or(0);
        let spool = self.desk.spool(|spool| spool.summary()).await.unwrap_or_default();
        self.note_skew();
        let request = CheckInRequest {
            caller: Some(self.portal.caller(self.boot_id)),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            config_revision: self.status.revision,
            spool: spool.into_iter().map(summary).collect(),
            health: self.desk.health(),
            update: None,
            results,
            clock: Some(Clock {
                skew_ms: self.portal.skew_ms(),
                uptime_s: self.machine.uptime_ms().map_or(0, |ms| ms.max(0).unsigned_abs() / 1000),
                agent_uptime_s: self.started.elapsed().as_secs(),
            }),
            key_uses,
        };
        let answer = self.portal.check_in(request).await;
        let now = Instant::now().into_std();
        match answer {
            Ok(answer) => {
                let courtesy = answer.courtesy.unwrap_or_default();
                let heard = Answer {
                    server_time_ms: courtesy.server_time_ms,
                    retry_after_s: courtesy.retry_after_s,
                    next_poll_s: answer.next_poll_s,
                    jitter_s: answer.jitter_s,
                };
                self.rhythm.answered(heard, now, chance());
                self.desk.let_go();
                self.sure = true;
                (self.status.answered_ms, self.status.trouble) = (Some(self.machine.wall_ms()), None);
                Some(self.obey(answer, done).await)
            }
            Err(error) => {
                self.failed(&error);
                None
            }
        }
    }

    fn failed(&mut self, error: &CloudError) {
        tracing::warn!(%error, "the portal did not answer");
        self.rhythm.failed(error.failure(), Instant::now().into_std(), chance());
        self.status.trouble = Some(error.to_string());
    }

    async fn obey(&mut self, answer: CheckInAnswer, told: Vec<Vec<u8>>) -> Budget {
        // A result was heard if the portal does not send its order again.
        let again: Vec<Vec<u8>> = answer.orders.iter().filter_map(order_id).collect();
        let heard: Vec<Vec<u8>> = told.into_iter().filter(|id| !again.contains(id)).collect();
        if !heard.is_empty()
            && let Err(error) = self.desk.spool(move |spool| spool.mark_told(heard, true)).await
        {
            tracing::error!(%error, "results of orders will be told again");
        }
        self.compare(answer.copied.as_ref()).await;
        if let Some(given) = answer.config {
            self.follow(given).await;
        }
        self.orders.take(answer.orders).await;
        if answer.drain {
            self.portal.drain();
        }
        Budget(Some(answer.upload_budget).filter(|octets| *octets > 0))
    }

    /// Takes in whether another machine speaks as this agent.
    async fn compare(&mut self, copied: Option<&Copied>) {
        let Some(copied) = copied else {
            self.copied = false;
            return self.desk.well("identity");
        };
        let Copied { other, .. } = copied;
        let text = format!(
            "another machine speaks as this agent, from {other:?}: on the one that is the copy, stop the service and enrol \
             it anew, dca enroll URL CODE --again"
        );
        self.desk.unwell("identity", Level::Broken, &text);
        if !std::mem::replace(&mut self.copied, true) {
            // Both number their records alike: from here on in an epoch of their own.
            place::renew(&self.desk, "clone_seen", &text).await;
        }
    }

    /// Puts a configuration of the portal in force, or says why not.
    async fn follow(&mut self, given: SignedConfig) {
        let revision = given.revision;
        if revision <= self.status.revision {
            return tracing::warn!(revision, "an older configuration is left alone");
        }
        match self.put_in_force(&given).await {
            Ok(left_out) => {
                if let Err(error) = self.vault.keep(GIVEN, &given.encode_to_vec()) {
                    self.desk.unwell("config", Level::Limited, &format!("it is lost at the next start: {error}"));
                }
                let but = if left_out.is_empty() { String::new() } else { format!(" without {}", left_out.join("; ")) };
                self.desk.notice("config_applied", format!("revision {revision}{but}")).await;
            }
            Err(why) => self.desk.notice("config_refused", format!("revision {revision}: {why}")).await,
        }
    }

    /// The answer is what was left out of it.
    async fn put_in_force(&mut self, given: &SignedConfig) -> Result<Vec<String>, String> {
        let plan = Plan::given(given, &self.orders.command_key, &self.config)?;
        let left_out = plan.left_out.clone();
        self.settle(plan).await?;
        self.status.revision = given.revision;
        Ok(left_out)
    }

    async fn settle(&self, plan: Plan) -> Result<(), String> {
        let (reply, wait) = oneshot::channel();
        self.wants.send(Want::Follow(Box::new(plan), reply)).await.map_err(|_| "the agent is stopping".to_owned())?;
        wait.await.unwrap_or_else(|_| Err("the agent is stopping".to_owned()))
    }

    /// Another `dca.toml`: its ranges, unless the portal gave some.
    async fn reload(&mut self, config: Config) {
        self.config = config;
        let kept = given(&self.vault);
        let settled = match kept {
            Some(given) if self.status.revision > 0 => self.put_in_force(&given).await.map(drop),
            _ => self.settle(Plan::local(&self.config)).await,
        };
        match settled {
            Ok(()) => self.desk.notice("config_applied", "dca.toml was read again").await,
            Err(why) => self.desk.notice("config_refused", why).await,
        }
        self.watcher.tell(Sign::Ready);
    }

    async fn report(&mut self, budget: &mut Budget) {
        // A long outage leaves more to send than a watchdog's patience lasts: each report that goes through is a sign.
        let (watcher, line) = (self.watcher.clone(), watcher::line(&self.status));
        let went = move || watcher.tell(Sign::Alive(line.clone()));
        match send_all(&*self.portal, &self.desk, self.boot_id, budget, &went).await {
            Sent::All => {}
            Sent::Failed(error) => self.failed(&error),
        }
    }

    async fn tend(&mut self, clock: &mut Sampled) {
        for moved in clock.moved(&self.machine, Instant::now().into_std()) {
            // The portal's clock is known as so much more than this one, which is not true any more until it answers.
            if let Moved::Set(by) = moved
                && self.status.answered_ms.is_some()
            {
                self.desk.hold(by);
            }
            self.sure = false;
            self.desk.notice("clock_jumped", moved.to_string()).await;
            self.rhythm.woken(Instant::now().into_std());
        }
        let now = self.desk.now_ms();
        // Nothing is thrown away for its age by a clock that nobody confirmed.
        let expire = self.sure;
        let tended = self
            .desk
            .spool(move |spool| {
                spool.tend(now)?;
                if expire { spool.expire(now - OLDEST_MS).map(drop) } else { Ok(()) }
            })
            .await;
        match tended {
            Ok(()) => {}
            Err(error) => self.desk.unwell("spool", Level::Limited, &error.to_string()),
        }
    }

    fn note_skew(&self) {
        let skew = self.portal.skew_ms();
        if Duration::from_millis(skew.unsigned_abs()) > WORTH_TELLING {
            let text = format!("this machine's clock is {} s off: set it, or switch on NTP", skew / 1000);
            self.desk.unwell("clock", Level::Limited, &text);
        } else {
            self.desk.well("clock");
        }
    }

    async fn diagnose(&mut self, id: Vec<u8>, reply: oneshot::Sender<Done>) {
        self.write_status().await;
        let bundle = serde_json::to_vec_pretty(&self.status).unwrap_or_default();
        let (portal, caller) = (Arc::clone(&self.portal), self.portal.caller(self.boot_id));
        // It may take minutes, in which the rest goes on.
        tokio::spawn(async move {
            let done = match portal.put_diagnostics(caller, id, bundle).await {
                Ok(answer) => Done::new(Outcome::Done, format!("{} octets", answer.octets)),
                Err(error) => Done::new(Outcome::Failed, error.to_string()),
            };
            let _ = reply.send(done);
        });
    }

    async fn write_status(&mut self) {
        self.count().await;
        let spool = self.desk.spool(|spool| Ok((spool.summary()?, spool.size()?))).await;
        if let Ok((summary, size)) = spool {
            self.status.waiting = summary.iter().map(|stream| stream.records).sum();
            self.status.dropped = summary.iter().map(|stream| stream.dropped).sum();
            self.status.spool = (size.octets, size.bound);
        }
        self.status.skew_ms = self.portal.skew_ms();
        self.status.written_ms = self.machine.wall_ms();
        self.status.health =
            self.desk.health().into_iter().map(|health| format!("{}: {}", health.part, health.text)).collect();
        if self.status.portal != "stopped" {
            self.status.portal = match self.rhythm.state() {
                State::Well => "well",
                State::BackingOff { .. } => "backing_off",
                State::Dormant => "dormant",
            }
            .to_owned();
        }
        let (status, state) = (self.status.clone(), self.state.clone());
        let written = tokio::task::spawn_blocking(move || status.write(&state)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "the status file cannot be written");
        }
    }
}

/// The configuration of the portal that was in force last.
pub(super) fn given(vault: &Vault) -> Option<SignedConfig> {
    let kept = vault.find(GIVEN).inspect_err(|error| tracing::error!(%error, "the portal's configuration")).ok()??;
    SignedConfig::decode(kept.as_slice()).ok()
}

fn order_id(signed: &dca_wire::v1::SignedOrder) -> Option<Vec<u8>> {
    Some(dca_wire::decode::<dca_wire::v1::Order>(&signed.order).ok()?.id)
}

fn summary(stream: dca_spool::Summary) -> StreamSummary {
    let dca_spool::Summary { stream, records, octets, oldest_ms, dead, dropped } = stream;
    StreamSummary { stream, records, octets, oldest_ms: oldest_ms.unwrap_or(0), dead, dropped }
}
