//! A device's web server on loopback: LEDM pages and IPP beside its SNMP agent, over HTTP or HTTPS.
//!
//! What it serves is what the device's rows say at one moment, so that several sources of one device can be compared.

mod ipp;
mod ledm;

use crate::device::Device;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a [`Site`] serves, by path.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    by_path: BTreeMap<String, Vec<u8>>,
    ipp: Option<Vec<u8>>,
    /// Scheme and port to which everything is redirected.
    moved: Option<String>,
}

impl Pages {
    /// The LEDM pages of a device that has been running for so long.
    #[must_use]
    pub fn ledm(mut self, device: &Device, running: Duration) -> Self {
        self.by_path.extend(ledm::pages(device, running));
        self
    }

    /// The answer to Get-Printer-Attributes of a device that has been running for so long.
    #[must_use]
    pub fn ipp(mut self, device: &Device, running: Duration) -> Self {
        self.ipp = ipp::attributes(device, running);
        self
    }

    /// A page of any content, in place of one that is there.
    #[must_use]
    pub fn with(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.by_path.insert(path.to_owned(), content.into());
        self
    }

    /// Everything is redirected to this scheme, host and port, the path kept.
    #[must_use]
    pub fn moved(mut self, to: &str) -> Self {
        self.moved = Some(to.to_owned());
        self
    }
}

/// A running web server. Dropping it ends it.
#[derive(Debug)]
pub struct Site {
    at: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

/// Octets of a request's body that are taken.
const MOST_OCTETS: usize = 64 << 10;

impl Site {
    /// Opens a web server; port 0 picks a free one. `secure` makes a self-signed certificate of its own, another one for
    /// each site. Fails for an address that is not loopback. Must be called within a tokio runtime.
    pub async fn open(at: SocketAddr, secure: bool, pages: Pages) -> io::Result<Self> {
        if !at.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{at} is not a loopback address")));
        }
        let acceptor = if secure { Some(acceptor().map_err(io::Error::other)?) } else { None };
        let listener = TcpListener::bind(at).await?;
        let at = listener.local_addr()?;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (pages, log) = (Arc::new(pages), Arc::clone(&heard));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (pages, log, acceptor) = (Arc::clone(&pages), Arc::clone(&log), acceptor.clone());
                tokio::spawn(serve(stream, acceptor, pages, log));
            }
        });
        Ok(Self { at, heard, task })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.at
    }

    /// The requests so far: method and path.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// TLS with a certificate that nobody vouches for.
fn acceptor() -> anyhow::Result<TlsAcceptor> {
    let own = rcgen::generate_simple_self_signed(["printer".to_owned()])?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(stream: TcpStream, acceptor: Option<TlsAcceptor>, pages: Arc<Pages>, log: Arc<Mutex<Vec<String>>>) {
    let service = service_fn(|request| answer(request, Arc::clone(&pages), Arc::clone(&log)));
    let server = hyper::server::conn::http1::Builder::new();
    // A client that goes away is no trouble here.
    match acceptor {
        None => drop(server.serve_connection(TokioIo::new(stream), service).await),
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                drop(server.serve_connection(TokioIo::new(stream), service).await);
            }
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    pages: Arc<Pages>,
    log: Arc<Mutex<Vec<String>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    log.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{method} {path}"));
    let (status, kind, content) = if pages.moved.is_some() {
        (StatusCode::FOUND, "text/html", Vec::new())
    } else if method == Method::POST {
        let read = Limited::new(request.into_body(), MOST_OCTETS).collect().await.is_ok();
        match &pages.ipp {
            Some(content) if read && path == ipp::PATH => (StatusCode::OK, "application/ipp", content.clone()),
            _ => (StatusCode::NOT_FOUND, "text/html", Vec::new()),
        }
    } else {
        match pages.by_path.get(&path) {
            Some(content) => (StatusCode::OK, "text/xml", content.clone()),
            None => (StatusCode::NOT_FOUND, "text/html", b"<html>Not found</html>".to_vec()),
        }
    };
    let mut response = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
    if let Some(to) = &pages.moved {
        response = response.header(header::LOCATION, format!("{to}{path}"));
    }
    Ok(response.body(Full::from(content)).unwrap_or_default())
}
