//! A portal that listens, on a clock that the test turns.

use crate::agent::Way;
use dca_portal::{Clock, Config, Portal, Server};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) struct Place {
    pub(crate) portal: Arc<Portal>,
    pub(crate) clock: Clock,
    way: Way,
    config: Config,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    _folder: Arc<tempfile::TempDir>,
}

/// Its agents need no more than this.
impl std::ops::Deref for Place {
    type Target = Way;

    fn deref(&self) -> &Way {
        &self.way
    }
}

impl Place {
    /// `None`, loudly, where what it runs on is not installed.
    pub(crate) async fn open() -> Option<Self> {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut config = Config::local(folder.path());
        // Said beforehand: the portal tells agents which port it is.
        config.mqtt = Some(([127, 0, 0, 1], dca_loopback::free_port()).into());
        if crate::server::wanted() {
            config.database = crate::server::database()?;
        }
        Some(Self::with(config, machine_now(), folder).await)
    }

    /// On this database.
    pub(crate) async fn on(url: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let config = Config { database: url.to_owned(), ..Config::local(folder.path()) };
        Self::with(config, machine_now(), folder).await
    }

    async fn with(config: Config, clock: Clock, folder: Arc<tempfile::TempDir>) -> Self {
        let portal = Portal::open(config.clone(), clock.clone()).await.unwrap();
        let server = Server::bind(portal.clone()).await.unwrap();
        let address = server.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.run(async move { drop(stopped.await) }));
        let root = portal.ca().certificate().clone();
        Self {
            portal,
            clock,
            way: Way { address, root },
            config,
            stop: Some(stop),
            serving: Some(serving),
            _folder: folder,
        }
    }

    /// Stops it and starts it on the same folder.
    pub(crate) async fn restart(mut self) -> Self {
        self.stop().await;
        Self::with(self.config.clone(), self.clock.clone(), self._folder.clone()).await
    }

    /// Stops it and starts it on another database.
    pub(crate) async fn restart_on(mut self, url: &str) -> Self {
        self.config.database = url.to_owned();
        self.restart().await
    }

    /// Stops it and starts it with a broker instead of its own endpoint.
    pub(crate) async fn restart_with_broker(mut self, at: dca_portal::BrokerAt) -> Self {
        (self.config.mqtt, self.config.broker) = (None, Some(at));
        self.restart().await
    }

    /// Ends what serves; the database stays.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        self.serving.take().unwrap().await.unwrap();
    }

    /// Where MQTT is spoken without a WebSocket.
    pub(crate) fn mqtt(&self) -> SocketAddr {
        self.config.mqtt.unwrap()
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
