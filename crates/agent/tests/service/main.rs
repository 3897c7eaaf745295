//! The service with a simulated printer on one side and a portal of this folder on the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test"
)]

mod fake;
mod office;
mod outages;
mod watched;
mod ways;

use aws_lc_rs::signature::KeyPair;
use dca_agent::config::{Config, RawConfig};
use dca_agent::service::{Controls, Hint, Member, Sign, Watcher, run};
use dca_cloud::AgentId;
use dca_cloud::rhythm::Start;
use dca_sim::{Device, Fleet};
use fake::{AGENT, Fake, key};
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

fn config(state: &Path, text: &str) -> Config {
    let text = format!("state_dir = {state:?}\n{text}");
    RawConfig::parse(&state.join("dca.toml"), &text).unwrap().resolve(None).unwrap()
}

struct Running {
    stop: watch::Sender<bool>,
    hints: mpsc::Sender<Hint>,
    _reload: mpsc::Sender<Config>,
    task: tokio::task::JoinHandle<()>,
    /// What it tells its watcher.
    signs: mpsc::UnboundedReceiver<Sign>,
}

fn start(config: Config, portal: &Fake) -> Running {
    start_watched(config, portal, Duration::from_secs(10))
}

/// With a sign of life every so often.
fn start_watched(config: Config, portal: &Fake, every: Duration) -> Running {
    let (stop, stopped) = watch::channel(false);
    let (hints, hinted) = mpsc::channel(8);
    let (reload, reloaded) = mpsc::channel(1);
    let (told, signs) = mpsc::unbounded_channel();
    let watcher = Watcher::new(Some(every), move |sign| drop(told.send(sign)));
    let command_key = key().public_key().as_ref().to_vec();
    let member = Member { agent: AgentId::parse(AGENT).unwrap(), command_key, start: Start::AtOnce };
    let controls = Controls { stop: stopped, reload: reloaded, hints: hinted, watcher, machine: portal.machine() };
    let portal = portal.clone();
    let task = tokio::spawn(async move { run(config, member, portal, [3; 16], controls).await.unwrap() });
    Running { stop, hints, _reload: reload, task, signs }
}

impl Running {
    async fn end(self) -> Duration {
        let start = Instant::now();
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
        start.elapsed()
    }
}

/// Waits until it holds; a service that never gets there fails the test. These tests run side by side, some of them for days of
/// their own time, on whatever machine there is.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(300), "not in 300 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn printer(place: &str) -> (Fleet, String) {
    let at = format!("{place}:0").parse().unwrap();
    let fleet = Fleet::on_loopback([(at, Device::builtin("mono-laser").unwrap())]).await.unwrap();
    let address = fleet.addresses()[0].to_string();
    (fleet, address)
}

fn range(address: &str) -> String {
    format!("[[range]]\ntargets = [\"{address}\"]\ntry = [{{ community = {{ file = \"community\" }} }}]\n")
}

/// A state folder, and the disk with it: whoever writes for days of its own time in seconds has it alone, because the clocks of the
/// others would not stand meanwhile.
struct State<Disk> {
    _disk: Disk,
    folder: tempfile::TempDir,
}

impl<Disk> std::ops::Deref for State<Disk> {
    type Target = tempfile::TempDir;

    fn deref(&self) -> &tempfile::TempDir {
        &self.folder
    }
}

static DISK: RwLock<()> = RwLock::new(());

fn state() -> State<RwLockReadGuard<'static, ()>> {
    state_on(DISK.read().unwrap_or_else(PoisonError::into_inner))
}

fn state_alone() -> State<RwLockWriteGuard<'static, ()>> {
    state_on(DISK.write().unwrap_or_else(PoisonError::into_inner))
}

fn state_on<Disk>(disk: Disk) -> State<Disk> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("community"), "public").unwrap();
    State { _disk: disk, folder }
}
