//! A portal of its own CA, small enough to be read: TLS and gRPC on loopback.
#![allow(dead_code, reason = "not every test uses all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use dca_cloud::{AgentId, CertificateDer, Identity, Key};
use dca_wire::grpc::agent_server::{Agent, AgentServer};
use dca_wire::v1::*;
use futures_util::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic::{Request, Response, Status, Streaming};

/// A certification authority.
pub(crate) struct Ca {
    pub(crate) certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn server(&self, name: &str) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().der().clone(), key)
    }

    pub(crate) fn identity(&self, agent: &str) -> Identity {
        self.identity_until(agent, i64::MAX)
    }

    /// One whose certificate runs out at `until_ms`, or in some thousand years.
    pub(crate) fn identity_until(&self, agent: &str, until_ms: i64) -> Identity {
        let key = Key::generate().unwrap();
        let pair = KeyPair::try_from(&key.pkcs8()[..]).unwrap();
        let mut params = CertificateParams::default();
        if until_ms < i64::MAX {
            params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_millis(until_ms as u64);
        }
        params.distinguished_name.push(DnType::CommonName, agent);
        let certificate = params.signed_by(&pair, &self.issuer).unwrap().der().clone();
        Identity::new(AgentId::parse(agent).unwrap(), key, vec![certificate]).unwrap()
    }

    /// TLS of a client that believes this authority and shows no certificate.
    pub(crate) fn client(&self) -> Arc<rustls::ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_root_certificates(roots).with_no_client_auth())
    }

    /// TLS of a server on `localhost`, which shows this authority as well and takes clients' certificates of it.
    pub(crate) fn tls(&self, protocols: &[&[u8]]) -> (ServerConfig, CertificateDer<'static>) {
        self.tls_of(rustls::ALL_VERSIONS, protocols)
    }

    /// The same with these versions of TLS and no others.
    pub(crate) fn tls_of(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
        protocols: &[&[u8]],
    ) -> (ServerConfig, CertificateDer<'static>) {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let (own, key) = self.server("localhost");
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let chain = vec![own.clone(), self.certificate.clone()];
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(clients.allow_unauthenticated().build().unwrap())
            .with_single_cert(chain, key.serialize_der().try_into().unwrap())
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        (config, own)
    }
}

/// What the portal has seen of a call.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) caller: Caller,
    pub(crate) signature: Option<String>,
    pub(crate) certificate: bool,
    pub(crate) connection: usize,
}

pub(crate) type Answer = Box<dyn Fn(&MetadataMap) -> Result<CheckInAnswer, Status> + Send + Sync>;

pub(crate) struct Portal {
    pub(crate) port: u16,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Portal {
    /// One that answers check-ins with `answer`, and gives up each connection after `calls` of them.
    pub(crate) async fn start(ca: &Ca, calls: usize, answer: Answer) -> Self {
        Self::start_with(ca.tls(&[b"h2"]), calls, answer).await
    }

    /// The same with TLS of the caller's, beside the certificate that it shows.
    pub(crate) async fn start_with(
        (tls, certificate): (ServerConfig, CertificateDer<'static>),
        calls: usize,
        answer: Answer,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let alive_from = Arc::new(AtomicUsize::new(0));
        let service = Service { answer, seen: Arc::clone(&seen), calls, alive_from: Arc::clone(&alive_from) };
        let incoming = futures_util::stream::unfold((listener, 0), move |(listener, number)| {
            let (acceptor, alive_from) = (acceptor.clone(), Arc::clone(&alive_from));
            async move {
                loop {
                    let (tcp, _) = listener.accept().await.ok()?;
                    if let Ok(stream) = acceptor.accept(tcp).await {
                        return Some((
                            Ok::<_, std::io::Error>(Conn(stream, number, alive_from)),
                            (listener, number + 1),
                        ));
                    }
                }
            }
        });
        let serving = Server::builder().add_service(AgentServer::new(service)).serve_with_incoming(incoming.boxed());
        let task = tokio::spawn(async move { drop(serving.await) });
        Self { port, certificate, seen, task }
    }
}

struct Service {
    answer: Answer,
    seen: Arc<Mutex<Vec<Seen>>>,
    calls: usize,
    /// Connections with a lower number are dead.
    alive_from: Arc<AtomicUsize>,
}

#[tonic::async_trait]
impl Agent for Service {
    async fn check_in(&self, request: Request<CheckInRequest>) -> Result<Response<CheckInAnswer>, Status> {
        let (certificate, connection) = *request.extensions().get::<(bool, usize)>().unwrap();
        let signature = request.metadata().get("dca-signature").map(|value| value.to_str().unwrap().to_owned());
        let answer = (self.answer)(request.metadata());
        let caller = request.into_inner().caller.unwrap();
        let mut seen = self.seen.lock().unwrap();
        seen.push(Seen { caller, signature, certificate, connection });
        if seen.iter().filter(|seen| seen.connection == connection).count() > self.calls {
            // It ends without a word.
            self.alive_from.store(connection + 1, Ordering::Relaxed);
        }
        answer.map(Response::new)
    }

    async fn put_diagnostics(
        &self,
        request: Request<Streaming<DiagnosticsChunk>>,
    ) -> Result<Response<DiagnosticsAnswer>, Status> {
        let mut chunks = request.into_inner();
        let mut octets = 0;
        while let Some(chunk) = chunks.message().await? {
            octets += chunk.data.len() as u64;
        }
        Ok(Response::new(DiagnosticsAnswer { courtesy: Some(Courtesy::default()), octets }))
    }
}

/// A connection, its number, and whether its client has shown a certificate.
struct Conn(TlsStream<TcpStream>, usize, Arc<AtomicUsize>);

impl Connected for Conn {
    type ConnectInfo = (bool, usize);
    fn connect_info(&self) -> Self::ConnectInfo {
        (self.0.get_ref().1.peer_certificates().is_some(), self.1)
    }
}

impl AsyncRead for Conn {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Conn {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        if self.1 < self.2.load(Ordering::Relaxed) {
            return Poll::Ready(Err(std::io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.0).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
