//! `serve` and `demo`.

use dca_portal::{Clock, Config, Portal, Server};
use std::path::Path;

/// How long an activation code of the demo is good.
const HOUR_MS: i64 = 3_600_000;

pub(crate) async fn serve(config: &Path) -> anyhow::Result<()> {
    run(crate::load(config)?, false).await
}

pub(crate) async fn demo() -> anyhow::Result<()> {
    let state = std::env::temp_dir().join(format!("explorer-demo-{}", std::process::id()));
    let outcome = run(Config::local(&state), true).await;
    let _ = std::fs::remove_dir_all(&state);
    outcome
}

async fn run(config: Config, demo: bool) -> anyhow::Result<()> {
    let portal = Portal::open(config, Clock::system()).await?;
    let server = Server::bind(portal.clone()).await?;
    tracing::info!("listening on {}, agents reach it at {}", server.address()?, portal.public());
    if demo {
        let site = portal.site("Dealer", "Customer", "Site", "demo").await?;
        println!("dca enroll {} {}", portal.public(), portal.code(&site, HOUR_MS, "demo").await?);
    }
    if let Some(link) = portal.link() {
        println!("{link}");
    }
    server.run(stopped()).await;
    Ok(())
}

/// Ctrl-C, or what a service manager sends.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
