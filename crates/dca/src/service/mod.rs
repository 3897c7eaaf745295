//! `dca run` and `dca status`: signals and the service manager on one side, the library on the other.

mod status;
#[cfg(unix)]
mod systemd;
#[cfg(windows)]
pub(crate) mod windows;

pub(crate) use status::status;

#[cfg(unix)]
use systemd::{listen, watcher};
#[cfg(windows)]
use windows::{listen, watcher};

use anyhow::Result;
use dca_agent::config::{self, Config};
use dca_agent::service::run_enrolled;
use dca_agent::{InputError, Success};
use std::path::Path;
use tokio::sync::{mpsc, watch};

pub(crate) async fn run(file: &Path) -> Result<Success> {
    let config = load(file)?;
    let (stop, stopped) = watch::channel(false);
    let (reload, reloaded) = mpsc::channel(1);
    let signals = tokio::spawn(listen(file.to_owned(), stop, reload));
    tracing::info!("reading {}", file.display());
    let ended = run_enrolled(config, stopped, reloaded, watcher()).await;
    signals.abort();
    Ok(ended.map(|()| Success::All)?)
}

fn load(file: &Path) -> Result<Config, InputError> {
    config::check(file, crate::run::credentials())
}
