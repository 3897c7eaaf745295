//! The servers: the portal, and tonic alone behind the same TLS.

use crate::process::{Questions, say};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dca_portal::{Clock, Config, Portal, Pushed, Server};
use dca_wire::AgentId;
use dca_wire::grpc::agent_server::{self, AgentServer};
use dca_wire::v1::*;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tonic::{Request, Response, Status, Streaming};

pub(crate) fn config(folder: &Path, database: &str) -> Config {
    let mut config = Config::local(folder);
    if database != "sqlite" {
        config.database = database.to_owned();
    }
    config
}

/// The portal as `explorer serve` runs it.
pub(crate) async fn portal(folder: &Path, database: &str) {
    let portal = Portal::open(config(folder, database), Clock::system()).await.unwrap();
    let server = Server::bind(portal.clone()).await.unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.run(std::future::pending()));
    say(&format!("{address} {}", STANDARD.encode(portal.ca().certificate())));
    let mut questions = Questions::open();
    loop {
        let words = questions.next().await;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["push", agents, each] => {
                let (agents, each) = (agents.parse().unwrap(), each.parse().unwrap());
                let (delivered, seconds) = push(&portal, agents, each).await;
                say(&format!("{delivered} {seconds}"));
            }
            ["compact"] => say(&portal.compact().await.unwrap().to_string()),
            other => panic!("{other:?}"),
        }
    }
}

/// Hints to the first agents, so many to each, each awaited until the agent has it.
async fn push(portal: &Arc<Portal>, agents: usize, each: usize) -> (u64, f64) {
    /// For one agent at a time: its window.
    const AT_ONCE: usize = 16;
    let begun = Instant::now();
    let delivered = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for agent in portal.agents().all().iter().take(agents) {
        for _ in 0..AT_ONCE {
            let (portal, delivered, id) = (portal.clone(), delivered.clone(), AgentId::parse(&agent.id).unwrap());
            tasks.push(tokio::spawn(async move {
                for _ in 0..each / AT_ONCE {
                    if portal.wake(&id, "bench").await == Pushed::Delivered {
                        delivered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    (delivered.load(Ordering::Relaxed), begun.elapsed().as_secs_f64())
}

/// Answers a check-in and does nothing else.
#[derive(Clone)]
struct Bare;

#[tonic::async_trait]
impl agent_server::Agent for Bare {
    async fn check_in(&self, _: Request<CheckInRequest>) -> Result<Response<CheckInAnswer>, Status> {
        let courtesy = Some(Courtesy { server_time_ms: 1, retry_after_s: 0 });
        Ok(Response::new(CheckInAnswer { courtesy, ..CheckInAnswer::default() }))
    }

    async fn put_diagnostics(
        &self,
        _: Request<Streaming<DiagnosticsChunk>>,
    ) -> Result<Response<DiagnosticsAnswer>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// A certificate for loopback, and its key.
pub(crate) fn loopback_certificate() -> (rcgen::Certificate, rcgen::KeyPair) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    (parameters.self_signed(&key).unwrap(), key)
}

/// tonic alone behind TLS that asks for the agents' certificates, as the portal's does.
pub(crate) async fn bare(clients: &str) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (certificate, key) = loopback_certificate();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(STANDARD.decode(clients).unwrap())).unwrap();
    let clients =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build().unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialized_der().to_vec()).into(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let router = tonic::service::Routes::new(AgentServer::new(Bare)).into_axum_router();
    say(&format!("{} {}", listener.local_addr().unwrap(), STANDARD.encode(certificate.der())));
    // Ends with whoever started it.
    let _questions = Questions::open();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let _ = stream.set_nodelay(true);
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service =
                hyper::service::service_fn(move |request| tonic::codegen::Service::call(&mut router.clone(), request));
            let builder = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
            let _ = builder.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
        });
    }
}
