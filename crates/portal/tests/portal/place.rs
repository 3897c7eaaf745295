//! A portal that listens, on a clock that the test turns.

use dca_portal::{Clock, Config, Portal, Server};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) struct Place {
    pub(crate) portal: Arc<Portal>,
    pub(crate) clock: Clock,
    pub(crate) address: SocketAddr,
    config: Config,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    _folder: Arc<tempfile::TempDir>,
}

impl Place {
    pub(crate) async fn open() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let config = Config::local(folder.path());
        Self::with(config, machine_now(), folder).await
    }

    async fn with(config: Config, clock: Clock, folder: Arc<tempfile::TempDir>) -> Self {
        let portal = Portal::open(config.clone(), clock.clone()).await.unwrap();
        let server = Server::bind(portal.clone()).await.unwrap();
        let address = server.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.run(async move { drop(stopped.await) }));
        Self { portal, clock, address, config, stop: Some(stop), serving: Some(serving), _folder: folder }
    }

    /// Stops it and starts it on the same folder.
    pub(crate) async fn restart(mut self) -> Self {
        drop(self.stop.take());
        self.serving.take().unwrap().await.unwrap();
        Self::with(self.config.clone(), self.clock.clone(), self._folder.clone()).await
    }

    pub(crate) async fn code(&self) -> String {
        let site = self.portal.site("Dealer", "Customer", "Site", "test").await.unwrap();
        self.portal.code(&site, 3_600_000, "test").await.unwrap()
    }
}

/// Certificates are checked against the machine's clock by TLS, so the portal's begins there.
fn machine_now() -> Clock {
    Clock::manual(Clock::system().now_ms())
}
