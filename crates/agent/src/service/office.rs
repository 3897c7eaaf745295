//! The dealings with the portal: checking in when it is time, reporting when there is something, and what follows.

use super::clock::Sampled;
use super::desk::Desk;
use super::fleet::{Done, Want};
use super::given::Plan;
use super::orders::Orders;
use super::portal::Portal;
use super::report::{Budget, Sent, send_all};
use super::status::Status;
use super::{Hint, stopped};
use crate::config::Config;
use crate::vault::Vault;
use dca_cloud::rhythm::{Answer, State};
use dca_cloud::{CloudError, Rhythm, WORTH_TELLING, chance, machine_ms};
use dca_wire::v1::health::Level;
use dca_wire::v1::order_result::Outcome;
use dca_wire::v1::{CheckInAnswer, CheckInRequest, Clock, SignedConfig, StreamSummary};
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
        let mut clock = Sampled::new(machine_ms(), Instant::now().into_std());
        let mut budget = Budget(None);
        let mut report_at: Option<Instant> = None;
        let news = Arc::clone(&self.desk.news);
        self.orders.bury_cut_off().await;
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
                    if let Some(granted) = self.check_in().await {
                        budget = granted;
                        report_at = Some(Instant::now());
                    }
                    self.write_status().await;
                }
                () = report => {
                    report_at = None;
                    self.report(&mut budget).await;
                }
                () = news.notified() => {
                    // While the portal does not answer, the next check-in will tell.
                    if self.rhythm.state() == State::Well && self.status.answered_ms.is_some() {
                        report_at.get_or_insert_with(|| Instant::now() + GATHER);
                    }
                }
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
                uptime_s: machine_uptime(),
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
                (self.status.answered_ms, self.status.trouble) = (Some(machine_ms()), None);
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
        if let Some(given) = answer.config {
            self.follow(given).await;
        }
        self.orders.take(answer.orders).await;
        if answer.drain {
            self.portal.drain();
        }
        Budget(Some(answer.upload_budget).filter(|octets| *octets > 0))
    }

    /// Puts a configuration of the portal in force, or says why not.
    async fn follow(&mut self, given: SignedConfig) {
        let revision = given.revision;
        if revision <= self.status.revision {
            return tracing::warn!(revision, "an older configuration is left alone");
        }
        match self.put_in_force(&given).await {
            Ok(()) => {
                if let Err(error) = self.vault.keep(GIVEN, &given.encode_to_vec()) {
                    self.desk.unwell("config", Level::Limited, &format!("it is lost at the next start: {error}"));
                }
                self.desk.notice("config_applied", format!("revision {revision}")).await;
            }
            Err(why) => self.desk.notice("config_refused", format!("revision {revision}: {why}")).await,
        }
    }

    async fn put_in_force(&mut self, given: &SignedConfig) -> Result<(), String> {
        let plan = Plan::given(given, &self.orders.command_key, &self.config)?;
        self.settle(plan).await?;
        self.status.revision = given.revision;
        Ok(())
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
            Some(given) if self.status.revision > 0 => self.put_in_force(&given).await,
            _ => self.settle(Plan::local(&self.config)).await,
        };
        match settled {
            Ok(()) => self.desk.notice("config_applied", "dca.toml was read again").await,
            Err(why) => self.desk.notice("config_refused", why).await,
        }
    }

    async fn report(&mut self, budget: &mut Budget) {
        match send_all(&*self.portal, &self.desk, self.boot_id, budget).await {
            Sent::All => {}
            Sent::Failed(error) => self.failed(&error),
        }
    }

    async fn tend(&mut self, clock: &mut Sampled) {
        let jumped = clock.jumped(machine_ms(), Instant::now().into_std());
        if let Some(by) = jumped {
            let text = format!("the clock moved by {} s: it was set, or the machine slept", by / 1000);
            self.desk.notice("clock_jumped", text).await;
            self.rhythm.woken(Instant::now().into_std());
        }
        let now = self.desk.now_ms();
        // A clock that just jumped is not what records are thrown away by.
        let expire = jumped.is_none();
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
        let sent = self.portal.put_diagnostics(self.portal.caller(self.boot_id), id, bundle).await;
        let done = match sent {
            Ok(answer) => Done::new(Outcome::Done, format!("{} octets", answer.octets)),
            Err(error) => Done::new(Outcome::Failed, error.to_string()),
        };
        let _ = reply.send(done);
    }

    async fn write_status(&mut self) {
        let (reply, wait) = oneshot::channel();
        if self.wants.send(Want::Count(reply)).await.is_ok() {
            self.status.devices = wait.await.unwrap_or(self.status.devices);
        }
        let spool = self.desk.spool(|spool| Ok((spool.summary()?, spool.size()?))).await;
        if let Ok((summary, size)) = spool {
            self.status.waiting = summary.iter().map(|stream| stream.records).sum();
            self.status.dropped = summary.iter().map(|stream| stream.dropped).sum();
            self.status.spool = (size.octets, size.bound);
        }
        self.status.skew_ms = self.portal.skew_ms();
        self.status.written_ms = machine_ms();
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

/// Seconds since the machine started; 0 where it does not say.
fn machine_uptime() -> u64 {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds: f64 = text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0);
    seconds as u64
}
