//! The one way out: a stream of octets to a host and port, whatever proxy lies between.
//!
//! gRPC, MQTT, downloads and SSH all go through [`Dialer::dial`], so what works for one works for all, and a customer's
//! firewall needs one rule.
//!
//! ```text
//! direct             TCP
//! http://proxy       TCP ─ CONNECT                    (Basic, if there is a password)
//! https://proxy      TCP ─ TLS to the proxy ─ CONNECT
//! socks5://proxy     TCP ─ SOCKS5                     (user and password, if there are any)
//! ```

mod connect;
mod error;
mod proxy;
mod socks;
mod tcp;

pub use error::DialError;
pub use proxy::{BadProxy, Proxy};

use crate::clock::Clock;
use crate::trust::{HTTP_1, Trust, TrustError};
use proxy::{Kind, Via};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The longest from the first packet to a stream that can be used, TLS included.
const PATIENCE: Duration = Duration::from_secs(15);

/// Octets both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Duplex for T {}

/// A stream to somewhere, through whatever it took.
pub type Stream = Box<dyn Duplex>;

/// Opens streams. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Dialer {
    proxy: Arc<Proxy>,
    proxy_tls: Arc<ClientConfig>,
}

impl Dialer {
    /// One that goes through `proxy`, and believes a proxy that speaks TLS as the system and the extra authorities of
    /// `trust` do.
    ///
    /// # Errors
    /// If what is trusted cannot be set up.
    pub fn new(proxy: Proxy, trust: &Trust, clock: &Arc<Clock>) -> Result<Self, TrustError> {
        // Without a proxy that speaks TLS, a system without authorities is no obstacle.
        let tls = match trust.for_proxy().client(None, clock, HTTP_1) {
            Err(TrustError::Platform(_)) => Trust::only(Vec::new()).client(None, clock, HTTP_1)?,
            other => other?,
        };
        Ok(Self { proxy: Arc::new(proxy), proxy_tls: Arc::new(tls) })
    }

    /// What lies between here and `host`, for a person: "directly" or "through http://proxy:3128". No password.
    pub fn way(&self, host: &str) -> String {
        match self.proxy.for_host(host) {
            None => "directly".to_owned(),
            Some(via) => format!("through {via}"),
        }
    }

    /// No proxy lies between.
    pub(crate) fn is_direct(&self, host: &str) -> bool {
        self.proxy.for_host(host).is_none()
    }

    /// A stream to `host` (a name, or an address without brackets).
    ///
    /// # Errors
    /// If it cannot be had within 15 seconds.
    pub async fn dial(&self, host: &str, port: u16) -> Result<Stream, DialError> {
        let via = self.proxy.for_host(host);
        let dialling = async {
            match &via {
                None => tcp::connect(host, port).await.map(|tcp| Box::new(tcp) as Stream),
                Some(via) => self.dial_through(via, host, port).await,
            }
        };
        let at = via.as_ref().map_or_else(|| host.to_owned(), ToString::to_string);
        timeout(PATIENCE, dialling).await.unwrap_or(Err(DialError::Silent { at }))
    }

    /// The same with TLS inside, towards `host`.
    ///
    /// # Errors
    /// If it cannot be had within 15 seconds.
    pub async fn dial_tls(
        &self,
        host: &str,
        port: u16,
        tls: &Arc<ClientConfig>,
    ) -> Result<TlsStream<Stream>, DialError> {
        let dialling = async {
            let stream = self.dial(host, port).await?;
            secure(stream, host, tls).await
        };
        timeout(PATIENCE, dialling).await.unwrap_or_else(|_| Err(DialError::Silent { at: host.to_owned() }))
    }

    async fn dial_through(&self, via: &Via, host: &str, port: u16) -> Result<Stream, DialError> {
        let tcp = tcp::connect(via.host(), via.port()).await?;
        match via.kind() {
            Kind::Http => connect::tunnel(tcp, via, host, port).await,
            Kind::Https => {
                let tls = secure(Box::new(tcp), via.host(), &self.proxy_tls).await?;
                connect::tunnel(tls, via, host, port).await
            }
            Kind::Socks5 => socks::tunnel(tcp, via, host, port).await,
        }
    }
}

async fn secure(stream: Stream, host: &str, tls: &Arc<ClientConfig>) -> Result<TlsStream<Stream>, DialError> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| DialError::NoName { host: host.to_owned(), why: "no host name".to_owned() })?;
    let connecting = TlsConnector::from(Arc::clone(tls)).connect(name, stream);
    connecting.await.map_err(|error| DialError::tls(host, &error))
}
