//! An agent as small as can be: a key, a certificate, and tonic's client stubs over rustls.

use crate::place::Place;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dca_wire::SCHEMA;
use dca_wire::grpc::agent_client::AgentClient;
use dca_wire::grpc::enrollment_client::EnrollmentClient;
use dca_wire::grpc::ingest_client::IngestClient;
use dca_wire::v1::*;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use tonic::{Request, Status};

pub(crate) type Channel = Client<Dial, tonic::body::Body>;

/// Where a portal is and whom its clients trust.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    pub(crate) root: CertificateDer<'static>,
}

/// TLS to one address, with or without a certificate.
#[derive(Clone)]
pub(crate) struct Dial {
    address: SocketAddr,
    config: Arc<ClientConfig>,
}

impl tonic::codegen::Service<tonic::codegen::http::Uri> for Dial {
    type Response = hyper_util::rt::TokioIo<Stream>;
    type Error = std::io::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = std::io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: tonic::codegen::http::Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let stream = tokio::net::TcpStream::connect(this.address).await?;
            let name = ServerName::from(this.address.ip());
            let stream = tokio_rustls::TlsConnector::from(this.config).connect(name, stream).await?;
            Ok(hyper_util::rt::TokioIo::new(Stream(stream)))
        })
    }
}

/// What hyper wants to know of a stream.
pub(crate) struct Stream(tokio_rustls::client::TlsStream<tokio::net::TcpStream>);

impl hyper_util::client::legacy::connect::Connection for Stream {
    fn connected(&self) -> hyper_util::client::legacy::connect::Connected {
        hyper_util::client::legacy::connect::Connected::new().negotiated_h2()
    }
}

impl tokio::io::AsyncRead for Stream {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl tokio::io::AsyncWrite for Stream {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        octets: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::pin::Pin::new(&mut self.0).poll_write(cx, octets)
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A key and, once enrolled, a name and a certificate.
pub(crate) struct Agent {
    pub(crate) key: KeyPair,
    pub(crate) id: String,
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) command_key: Vec<u8>,
    pub(crate) boot: u8,
}

impl Agent {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        Self { key, id: String::new(), chain: Vec::new(), command_key: Vec::new(), boot: 1 }
    }

    pub(crate) async fn enrolled(place: &Place) -> Self {
        let mut agent = Self::new();
        agent.enrol(place, &place.code().await).await.unwrap();
        agent
    }

    pub(crate) fn csr(&self) -> Vec<u8> {
        CertificateParams::default().serialize_request(&self.key).unwrap().der().to_vec()
    }

    pub(crate) fn caller(&self) -> Option<Caller> {
        Some(Caller {
            agent_id: self.id.clone(),
            boot_id: vec![self.boot; 16],
            request_id: vec![2; 16],
            sent_at_ms: 0,
            schema: SCHEMA,
        })
    }

    pub(crate) async fn enrol(&mut self, place: &Way, code: &str) -> Result<ActivateAnswer, Status> {
        let request = ActivateRequest {
            caller: self.caller(),
            activation_code: code.split('.').next().unwrap().to_owned(),
            csr: self.csr(),
            host: Some(HostFacts { host_name: "office-pc".to_owned(), os: "linux".to_owned(), ..HostFacts::default() }),
            fleet_hint: String::new(),
        };
        let answer =
            EnrollmentClient::with_origin(channel(place, None), origin(place)).activate(request).await?.into_inner();
        self.id = answer.agent_id.clone();
        self.chain = answer.certificate_chain.clone();
        self.command_key = answer.command_key.clone();
        Ok(answer)
    }

    pub(crate) fn channel(&self, place: &Way) -> Channel {
        channel(place, Some(self))
    }

    pub(crate) async fn check_in(&self, place: &Way, request: CheckInRequest) -> Result<CheckInAnswer, Status> {
        let request = CheckInRequest { caller: self.caller(), agent_version: "4.0.0".to_owned(), ..request };
        let mut client = AgentClient::with_origin(self.channel(place), origin(place));
        client.check_in(request).await.map(tonic::Response::into_inner)
    }

    /// A check-in that proves itself by a signature alone.
    pub(crate) async fn check_in_signed(&self, place: &Way, signature: &str) -> Result<CheckInAnswer, Status> {
        let mut request = Request::new(CheckInRequest { caller: self.caller(), ..CheckInRequest::default() });
        request.metadata_mut().insert("dca-signature", signature.parse().unwrap());
        let mut client = AgentClient::with_origin(channel(place, None), origin(place));
        client.check_in(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) fn signature(&self, path: &str, sent_at: i64, nonce: &str) -> String {
        let spki = self.key.subject_public_key_info();
        let key_id: String = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &spki).as_ref()[..8]
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        let id = &self.id;
        let message = format!("dca1\n{id}\n{key_id}\n{sent_at}\n{nonce}\n{path}");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, self.key.serialized_der()).unwrap();
        let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("1.{id}.{key_id}.{sent_at}.{nonce}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) async fn report(
        &self,
        place: &Way,
        epoch: u64,
        records: &[(u64, Record)],
    ) -> Result<ReportAnswer, Status> {
        use prost::Message;
        let octets: Vec<(u64, Vec<u8>)> = records.iter().map(|(seq, record)| (*seq, record.encode_to_vec())).collect();
        self.report_octets(place, epoch, &octets).await
    }

    pub(crate) async fn report_octets(
        &self,
        place: &Way,
        epoch: u64,
        records: &[(u64, Vec<u8>)],
    ) -> Result<ReportAnswer, Status> {
        let packed = dca_wire::pack(records.iter().map(|(seq, octets)| (*seq, octets.as_slice()))).unwrap();
        let (plain, crc, _) = packed;
        let request = ReportRequest {
            caller: self.caller(),
            stream: "readings".to_owned(),
            epoch,
            first_seq: records[0].0,
            compression: report_request::Compression::Zstd.into(),
            body: zstd::bulk::compress(&plain, 3).unwrap().into(),
            plain_length: plain.len() as u32,
            crc,
        };
        let mut client = IngestClient::with_origin(self.channel(place), origin(place));
        client.report(request).await.map(tonic::Response::into_inner)
    }
}

pub(crate) fn origin(place: &Way) -> tonic::codegen::http::Uri {
    format!("https://{}", place.address).parse().unwrap()
}

pub(crate) fn channel(place: &Way, agent: Option<&Agent>) -> Channel {
    let dial = Dial { address: place.address, config: Arc::new(tls(place, agent, b"h2")) };
    Client::builder(TokioExecutor::new()).http2_only(true).build(dial)
}

/// Trusts the portal's CA and nothing else.
pub(crate) fn tls(place: &Way, agent: Option<&Agent>, protocol: &[u8]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(place.root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match agent {
        Some(agent) => {
            let chain = agent.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
            let key = PrivatePkcs8KeyDer::from(agent.key.serialized_der().to_vec());
            builder.with_client_auth_cert(chain, key.into()).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    config
}

/// What an office printer says.
pub(crate) fn reading(place: &Place, name: &str, serial: Option<&str>, total: u64) -> Record {
    let fact = |value: &str| Some(Fact { value: value.to_owned(), ..Fact::default() });
    let meter = |value: u64, color: &str| Meter {
        service: "print".to_owned(),
        color: color.to_owned(),
        unit: "impressions".to_owned(),
        value,
        source: Some(Source { oid: Some("1.3.6.1.2.1.43.10.2.1.4.1.1".to_owned()), ..Source::default() }),
        confidence: Confidence::A.into(),
        ..Meter::default()
    };
    let reading = Reading {
        device_id: name.to_owned(),
        address: "192.0.2.10:161".to_owned(),
        is_printer: true,
        profile: "sharp".to_owned(),
        identity: Some(Identity {
            vendor: fact("Sharp"),
            model: fact("MX-3071"),
            serial: serial.and_then(fact),
            ..Identity::default()
        }),
        total: Some(meter(total, "total")),
        meters: vec![meter(total / 2, "mono")],
        supplies: vec![Supply {
            index: "1.1".to_owned(),
            r#type: "toner".to_owned(),
            color: Some("cyan".to_owned()),
            percent: Some(7.0),
            state: "unknown".to_owned(),
            ..Supply::default()
        }],
        status: Some(dca_wire::v1::Status {
            printer: Some("idle".to_owned()),
            device: Some("running".to_owned()),
            errors: None,
        }),
        complete: true,
        depth: "full".to_owned(),
        ..Reading::default()
    };
    Record { at_ms: place.clock.now_ms(), what: Some(record::What::Reading(reading)) }
}
