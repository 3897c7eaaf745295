//! Signals, and what systemd hears (sd_notify(3)); without it, nobody does.

use super::load;
use dca_agent::config::Config;
use dca_agent::service::{Sign, Watcher};
use sd_notify::NotifyState;
use std::path::{Path, PathBuf};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// The service manager hears of the service twice in its watchdog's time.
pub(super) fn watcher() -> Watcher {
    Watcher::new(sd_notify::watchdog_enabled().map(|limit| limit / 2), |sign| match sign {
        Sign::Ready => tell(&[NotifyState::Ready]),
        Sign::Alive(how) => tell(&[NotifyState::Watchdog, NotifyState::Status(&how)]),
    })
}

/// Turns signals into what they ask for.
pub(super) async fn listen(file: PathBuf, stop: watch::Sender<bool>, reload: mpsc::Sender<Config>) {
    let (Ok(mut terminate), Ok(mut hang_up)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return tracing::error!("signals cannot be heard");
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
            _ = hang_up.recv() => if let Some(config) = reread(&file) {
                let _ = reload.send(config).await;
            },
        }
    }
    tell(&[NotifyState::Stopping]);
    let _ = stop.send(true);
    // The sender stays: a channel without one would be a second reason to end.
    std::future::pending::<()>().await;
}

/// Another `dca.toml`, if it can be used. That it is in force, the service says itself.
fn reread(file: &Path) -> Option<Config> {
    // Without the time a newer systemd takes a reload for failed.
    match NotifyState::monotonic_usec_now() {
        Ok(time) => tell(&[NotifyState::Reloading, time]),
        Err(error) => tracing::debug!(%error, "no clock"),
    }
    let read = load(file);
    if let Err(error) = &read {
        tracing::error!(%error, "what was in force stays in force");
        tell(&[NotifyState::Ready, NotifyState::Status(&format!("dca.toml is not in force: {error}"))]);
    }
    read.ok()
}

fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::debug!(%error, "the service manager does not hear");
    }
}
