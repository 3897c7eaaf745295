//! The one port: TLS, and behind it gRPC for agents and pages for people; and the loopback port for metrics and health.

mod grpc;
mod health;
mod tls;

use crate::authenticate::{Certified, Peer};
use crate::keys::KeyError;
use crate::store::{Claim, StoreError};
use crate::{Portal, mqtt, web};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tonic::codegen::Service;

/// Connections at once.
const CONNECTIONS: usize = 200_000;
/// For a handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// Proxies and address translators forget a silent connection.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// For connections to end by themselves when the portal stops.
const GRACE: Duration = Duration::from_secs(4);

/// Why the portal does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The port.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
    /// The certificate or its key.
    #[error("certificate: {0}")]
    Certificate(String),
    /// The keys folder.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database, which one portal serves at a time.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rustls::Error> for ServerError {
    fn from(error: rustls::Error) -> Self {
        Self::Certificate(error.to_string())
    }
}

/// A portal that listens.
#[derive(Debug)]
pub struct Server {
    portal: Arc<Portal>,
    claim: Claim,
    listener: TcpListener,
    health: Option<TcpListener>,
    mqtt: Option<(TcpListener, Acceptor)>,
    acceptor: Acceptor,
}

struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

impl Server {
    /// Claims the database and takes the ports.
    ///
    /// # Errors
    /// If they are taken, or the certificate is not good.
    pub async fn bind(portal: Arc<Portal>) -> Result<Self, ServerError> {
        let claim = portal.store.claim().await?;
        let config = tls::config(&portal)?;
        let listener = listen(portal.config.listen).await?;
        if portal.config.listen.port() == 0 {
            // The system chose the port.
            let address =
                listener.local_addr().map_err(|error| ServerError::Listen { address: portal.config.listen, error })?;
            let _ = portal.public.set(format!("https://{address}"));
        }
        let health = match portal.config.metrics {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let mqtt = match portal.config.mqtt {
            Some(address) => {
                let mut config = config.as_ref().clone();
                config.alpn_protocols = vec![b"mqtt".to_vec()];
                Some((listen(address).await?, Acceptor(Arc::new(config).into())))
            }
            None => None,
        };
        Ok(Self { portal, claim, listener, health, mqtt, acceptor: Acceptor(config.into()) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` comes, then lets calls end that are under way, and writes what is only in memory.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { portal, claim, listener, health, mqtt, acceptor } = self;
        let router = grpc::routes(&portal)
            .merge(web::routes(&portal))
            .merge(if portal.carrier.is_none() { mqtt::routes(&portal) } else { axum::Router::new() })
            .fallback_service(web::nowhere());
        let (closing, closed) = watch::channel(());
        let duties = tokio::spawn(portal.clone().duties());
        let broker = portal.carrier.as_ref().and_then(mqtt::Carrier::broker).map(|broker| tokio::spawn(broker.run()));
        let health = health.map(|listener| tokio::spawn(health::run(portal.clone(), listener)));
        let mqtt = mqtt.map(|(listener, acceptor)| tokio::spawn(plain_mqtt(portal.clone(), listener, acceptor.0)));
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let lost = claim.lost();
        tokio::pin!(stop, lost);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                () = &mut lost => {
                    tracing::error!("another explorer has taken over this database: this one ends");
                    break;
                }
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, address)) = accepted else {
                // Out of file descriptors, most likely: others have to end first.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let Ok(place) = room.clone().try_acquire_owned() else { continue };
            let connection = Connection {
                portal: portal.clone(),
                router: router.clone(),
                closing: closing.subscribe(),
                acceptor: acceptor.0.clone(),
                address,
            };
            tokio::spawn(async move {
                connection.serve(stream).await;
                drop(place);
            });
        }
        portal.draining.store(true, std::sync::atomic::Ordering::Relaxed);
        drop(closed);
        let _ = closing.send(());
        // Each connection holds a receiver until it has ended.
        let _ = tokio::time::timeout(GRACE, closing.closed()).await;
        duties.abort();
        health.into_iter().chain(mqtt).chain(broker).for_each(|task| task.abort());
        if let Err(error) = portal.save_seen(true).await {
            tracing::error!(%error, "when agents were last seen was not written");
        }
    }
}

struct Connection {
    portal: Arc<Portal>,
    router: axum::Router,
    closing: watch::Receiver<()>,
    acceptor: TlsAcceptor,
    address: SocketAddr,
}

impl Connection {
    async fn serve(mut self, stream: TcpStream) {
        let Some((stream, peer)) = handshake(&self.acceptor, stream, self.address).await else { return };
        let router = self.router;
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer.clone());
            router.clone().call(request)
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE)
            .max_concurrent_streams(32)
            .max_header_list_size(16 << 10);
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        self.portal.metrics.connections.inc();
        tokio::pin!(connection);
        tokio::select! {
            outcome = connection.as_mut() => drop(outcome),
            _ = self.closing.changed() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
        self.portal.metrics.connections.dec();
    }
}

/// MQTT in TLS alone.
async fn plain_mqtt(portal: Arc<Portal>, listener: TcpListener, acceptor: TlsAcceptor) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(place) = room.clone().try_acquire_owned() else { continue };
        let (portal, acceptor) = (portal.clone(), acceptor.clone());
        tokio::spawn(async move {
            if let Some((stream, peer)) = handshake(&acceptor, stream, address).await {
                mqtt::serve(portal, peer, mqtt::Pipe::Stream(Box::new(stream))).await;
            }
            drop(place);
        });
    }
}

/// TLS, and who is at the other end.
async fn handshake(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    address: SocketAddr,
) -> Option<(tokio_rustls::server::TlsStream<TcpStream>, Peer)> {
    let _ = stream.set_nodelay(true);
    let stream = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await.ok()?.ok()?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let certified = shown.and_then(|der| Certified::parse(der)).map(Arc::new);
    Some((stream, Peer { address: address.ip().to_canonical(), certified }))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|error| ServerError::Listen { address, error })
}
