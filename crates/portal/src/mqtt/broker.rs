//! A broker instead of the portal's own endpoint: the portal is one of its clients and publishes hints there. It knows that the
//! broker has a hint, and not whether the agent has: a broker does not say.

use super::Pushed;
use crate::config::BrokerAt;
use bytes::{Bytes, BytesMut};
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v3::{Codec, Connect, ConnectAckReason, Packet};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::collections::VecDeque;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::codec::{Decoder, Encoder};

/// Hints that may wait for the broker.
const QUEUE: usize = 1_000;
/// Hints on their way to it: what brokers take of a client at a time.
const IN_FLIGHT: usize = 16;
/// What it may send us: acknowledgements and answers to pings.
const PACKET: u32 = 4 << 10;
/// For a connection, for the word that it has a hint, and for an answer to a ping.
const PATIENCE: Duration = Duration::from_secs(10);
const PING: Duration = Duration::from_secs(30);
/// Between two connections, from and to.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// A hint on its way.
#[derive(Debug)]
struct Hint {
    topic: String,
    payload: Vec<u8>,
    taken: oneshot::Sender<()>,
}

/// The portal's connection to a broker.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(super) at: BrokerAt,
    hints: mpsc::Sender<Hint>,
    waiting: Mutex<Option<mpsc::Receiver<Hint>>>,
}

/// Why a connection to the broker is over.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrokerError {
    #[error("{path}: {error}")]
    Trust { path: String, error: rustls::pki_types::pem::Error },
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("it refuses this portal ({0:?}): user and password_file under [broker]")]
    Refused(ConnectAckReason),
    #[error("it does not answer")]
    Silent,
    #[error("it does not speak MQTT 3.1.1")]
    Strange,
    #[error("it closed the connection")]
    Closed,
}

impl Broker {
    pub(crate) fn new(at: BrokerAt) -> Self {
        let (hints, waiting) = mpsc::channel(QUEUE);
        Self { at, hints, waiting: Mutex::new(Some(waiting)) }
    }

    /// Hands over a hint and waits for the broker's word that it has it.
    pub(super) async fn push(&self, topic: String, payload: Vec<u8>) -> Pushed {
        let (taken, answer) = oneshot::channel();
        if self.hints.try_send(Hint { topic, payload, taken }).is_err() {
            return Pushed::Unknown;
        }
        match timeout(PATIENCE, answer).await {
            Ok(Ok(())) => Pushed::Queued,
            _ => Pushed::Unknown,
        }
    }

    /// Stays connected until this is dropped. Who calls it first has the only right to.
    pub(crate) async fn run(self: Arc<Self>) {
        let taken = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut waiting) = taken else { return };
        let [first, longest] = AGAIN;
        let mut pause = first;
        loop {
            let begun = tokio::time::Instant::now();
            let error = match self.serve(&mut waiting).await {
                Ok(()) => return,
                Err(error) => error,
            };
            tracing::warn!(%error, broker = self.at.url, "the broker is not connected: agents learn with their next check-in");
            if begun.elapsed() > longest {
                pause = first;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// One connection, until it ends. Ok if nobody has hints any more.
    async fn serve(&self, waiting: &mut mpsc::Receiver<Hint>) -> Result<(), BrokerError> {
        let mut line = soon(self.connect()).await?;
        tracing::info!(broker = self.at.url, "connected to the broker");
        let mut flight: VecDeque<(NonZeroU16, Hint)> = VecDeque::new();
        let (mut last, mut ping) = (0_u16, tokio::time::interval(PING));
        let mut answered = true;
        ping.tick().await;
        loop {
            tokio::select! {
                packet = line.receive() => match packet? {
                    Packet::PublishAck { packet_id } => {
                        let place = flight.iter().position(|(id, _)| *id == packet_id);
                        if let Some((_, hint)) = place.and_then(|place| flight.remove(place)) {
                            let _ = hint.taken.send(());
                        }
                    }
                    Packet::PingResponse => answered = true,
                    _ => {}
                },
                hint = waiting.recv(), if flight.len() < IN_FLIGHT => {
                    let Some(hint) = hint else { return Ok(()) };
                    // Whoever asked has given up: it is too late to say so.
                    if hint.taken.is_closed() {
                        continue;
                    }
                    last = last.checked_add(1).unwrap_or(1);
                    let Some(id) = NonZeroU16::new(last) else { continue };
                    soon(line.send(publish(id, &hint))).await?;
                    flight.push_back((id, hint));
                }
                _ = ping.tick() => {
                    if !std::mem::take(&mut answered) {
                        return Err(BrokerError::Silent);
                    }
                    soon(line.send(Packet::PingRequest)).await?;
                }
            }
        }
    }

    async fn connect(&self) -> Result<Line, BrokerError> {
        let BrokerAt { host, port, trust, user, password, .. } = &self.at;
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        stream.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match trust {
            Some(trust) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| BrokerError::Strange)?;
                let connector = tokio_rustls::TlsConnector::from(Arc::new(tls(trust)?));
                Box::new(connector.connect(name, stream).await?)
            }
            None => Box::new(stream),
        };
        let mut line = Line { stream, codec: Codec::new(PACKET), buffer: BytesMut::new() };
        let connect = Connect {
            clean_session: true,
            keep_alive: u16::try_from(2 * PING.as_secs()).unwrap_or(u16::MAX),
            username: user.clone().map(Into::into),
            password: password.as_ref().map(|password| Bytes::copy_from_slice(password.as_bytes())),
            ..Connect::default()
        };
        let id = format!("explorer-{}", uuid::Uuid::now_v7().simple());
        line.send(connect.client_id(id).into()).await?;
        match line.receive().await? {
            Packet::ConnectAck(ack) if ack.return_code == ConnectAckReason::ConnectionAccepted => Ok(line),
            Packet::ConnectAck(ack) => Err(BrokerError::Refused(ack.return_code)),
            _ => Err(BrokerError::Strange),
        }
    }
}

/// What the broker has to do in time.
async fn soon<T>(what: impl Future<Output = Result<T, BrokerError>>) -> Result<T, BrokerError> {
    timeout(PATIENCE, what).await.unwrap_or(Err(BrokerError::Silent))
}

/// Whom to believe to be the broker, or the hub.
pub(super) fn tls(trust: &std::path::Path) -> Result<ClientConfig, BrokerError> {
    let bad = |error| BrokerError::Trust { path: trust.display().to_string(), error };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(trust).map_err(bad)? {
        roots.add(certificate.map_err(bad)?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn publish(id: NonZeroU16, hint: &Hint) -> Packet {
    Packet::Publish(Box::new(Publish {
        dup: false,
        retain: false,
        qos: QoS::AtLeastOnce,
        topic: hint.topic.clone().into(),
        packet_id: Some(id),
        payload: Bytes::copy_from_slice(&hint.payload),
        properties: None,
    }))
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

struct Line {
    stream: Box<dyn Stream>,
    codec: Codec,
    buffer: BytesMut,
}

impl Line {
    /// The next packet. Nothing is lost if it is given up half-way.
    async fn receive(&mut self) -> Result<Packet, BrokerError> {
        loop {
            if let Some((packet, _)) = self.codec.decode(&mut self.buffer).map_err(|_| BrokerError::Strange)? {
                return Ok(packet);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(BrokerError::Closed);
            }
        }
    }

    async fn send(&mut self, packet: Packet) -> Result<(), BrokerError> {
        let mut octets = BytesMut::new();
        self.codec.encode(packet, &mut octets).map_err(|_| BrokerError::Strange)?;
        self.stream.write_all(&octets).await?;
        Ok(self.stream.flush().await?)
    }
}
