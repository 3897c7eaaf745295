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
    /// Whom its clients trust.
    pub(crate) root: rustls::pki_types::CertificateDer<'static>,
    config: Config,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    _folder: Arc<tempfile::TempDir>,
}

impl Place {
    /// `None`, loudly, where what it runs on is not installed.
    pub(crate) async fn open() -> Option<Self> {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut config = Config::local(folder.path());
        // A port that was free a moment ago: the portal tells agents which it is.
        config.mqtt = Some(std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
        if crate::server::wanted() {
            config.database = crate::server::database()?;
        }
        Some(Self::with(config, machine_now(), folder).await)
    }

    async fn with(config: Config, clock: Clock, folder: Arc<tempfile::TempDir>) -> Self {
        let portal = Portal::open(config.clone(), clock.clone()).await.unwrap();
        let server = Server::bind(portal.clone()).await.unwrap();
        let address = server.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.run(async move { drop(stopped.await) }));
        let root = portal.ca().certificate().clone();
        Self { portal, clock, address, root, config, stop: Some(stop), serving: Some(serving), _folder: folder }
    }

    /// The same, but clients go elsewhere.
    #[allow(dead_code, reason = "for examples/load.rs")]
    pub(crate) fn elsewhere(&self, address: SocketAddr, root: rustls::pki_types::CertificateDer<'static>) -> Self {
        Self {
            portal: self.portal.clone(),
            clock: self.clock.clone(),
            address,
            root,
            config: self.config.clone(),
            stop: None,
            serving: None,
            _folder: self._folder.clone(),
        }
    }

    /// Stops it and starts it on the same folder.
    pub(crate) async fn restart(mut self) -> Self {
        drop(self.stop.take());
        self.serving.take().unwrap().await.unwrap();
        Self::with(self.config.clone(), self.clock.clone(), self._folder.clone()).await
    }

    /// Stops it and starts it on another database.
    pub(crate) async fn restart_on(mut self, url: &str) -> Self {
        self.config.database = url.to_owned();
        self.restart().await
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
