//! `dca run` and `dca status`: signals and the service manager on one side, the library on the other.

use crate::terminal::{complain, many, print};
use anyhow::Result;
use dca_agent::config::{self, Config};
use dca_agent::service::{Status, run_enrolled};
use dca_agent::{InputError, Success};
use sd_notify::NotifyState;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};

/// How often the service manager hears of us, if it wants to; its own limit is longer.
const ALIVE: Duration = Duration::from_secs(10);

pub(crate) async fn run(file: &Path) -> Result<Success> {
    let config = load(file)?;
    let (stop, stopped) = watch::channel(false);
    let (reload, reloaded) = mpsc::channel(1);
    let signals = tokio::spawn(listen(file.to_owned(), stop, reload));
    let alive = tokio::spawn(alive());
    tracing::info!("reading {}", file.display());
    let ended = run_enrolled(config, stopped, reloaded).await;
    alive.abort();
    signals.abort();
    Ok(ended.map(|()| Success::All)?)
}

fn load(file: &Path) -> Result<Config, InputError> {
    config::check(file, std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from))
}

/// Tells the service manager, if there is one.
fn tell(what: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[what]) {
        tracing::debug!(%error, "the service manager does not hear");
    }
}

async fn alive() {
    tell(NotifyState::Ready);
    loop {
        tokio::time::sleep(ALIVE).await;
        tell(NotifyState::Watchdog);
    }
}

/// Turns signals into what they ask for.
#[cfg(unix)]
async fn listen(file: PathBuf, stop: watch::Sender<bool>, reload: mpsc::Sender<Config>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return tracing::error!("signals cannot be heard");
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
            _ = hang_up.recv() => match load(&file) {
                Ok(config) => drop(reload.send(config).await),
                Err(error) => tracing::error!(%error, "what was in force stays in force"),
            },
        }
    }
    tell(NotifyState::Stopping);
    let _ = stop.send(true);
    // The sender stays: a channel without one would be a second reason to end.
    std::future::pending::<()>().await;
}

#[cfg(not(unix))]
async fn listen(_: PathBuf, stop: watch::Sender<bool>, reload: mpsc::Sender<Config>) {
    let _ = tokio::signal::ctrl_c().await;
    let _ = stop.send(true);
    std::future::pending::<()>().await;
    drop(reload);
}

pub(crate) fn status(file: &Path, json: bool) -> Result<Success> {
    let config = load(file)?;
    let status = Status::read(&config.state_dir)?;
    let stale = status.is_stale(now_ms());
    if json {
        print(&format!("{}\n", serde_json::to_string_pretty(&status)?))?;
    } else {
        print(&text(&status))?;
    }
    if stale {
        complain("the service has written nothing for minutes: does dca run still run?");
    }
    Ok(if status.is_well() && !stale { Success::All } else { Success::Some })
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

fn text(status: &Status) -> String {
    let now = now_ms();
    let ago = |ms: i64| format!("{} s ago", (now - ms).max(0) / 1000);
    let (used, bound) = status.spool;
    let mut lines = vec![
        format!("agent     {} (dca {}, process {})", status.agent_id, status.version, status.process),
        format!("as of     {}", ago(status.written_ms)),
        format!(
            "portal    {}, {}",
            status.portal.replace('_', " "),
            status.answered_ms.map_or("has not answered yet".to_owned(), |at| format!("answered {}", ago(at)))
        ),
        format!("devices   {}", status.devices),
        format!(
            "waiting   {}; {} dropped; {} of {} MiB",
            many(status.waiting, "record"),
            status.dropped,
            used >> 20,
            bound >> 20
        ),
    ];
    lines.extend(status.trouble.iter().map(|why| format!("trouble   {why}")));
    lines.extend(status.health.iter().map(|why| format!("not well  {why}")));
    lines.push(String::new());
    lines.join("\n")
}
