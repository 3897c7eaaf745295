//! The session by rumqttc-v4-next, over a stream that is already open: see docs/decisions/014.

use super::mqtt::{Message, Opening, Session, SessionError};
use crate::dial::Stream;
use dca_wire::mqtt::{IN_FLIGHT, KEEP_ALIVE};
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Packet, PublishOptions, QoS, SubscribeFilter,
};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// CONNECT and SUBSCRIBE together.
const PATIENCE: Duration = Duration::from_secs(20);
/// A packet with its topic; IoT Hub takes 256 KiB.
const PACKET: usize = 256 << 10;

pub(super) struct RumqttSession {
    client: AsyncClient,
    events: EventLoop,
    /// What came before the broker had agreed to the subscription: a kept session begins with what was queued.
    early: std::collections::VecDeque<Message>,
}

impl Session for RumqttSession {
    async fn open(stream: Stream, opening: Opening) -> Result<Self, SessionError> {
        let filters = opening.filters.clone();
        let (client, events) = AsyncClient::builder(options(stream, opening))
            .capacity(usize::from(IN_FLIGHT))
            .try_build()
            .map_err(|error| SessionError::Broken(error.to_string()))?;
        let mut session = Self { client, events, early: std::collections::VecDeque::new() };
        timeout(PATIENCE, session.subscribe(filters))
            .await
            .unwrap_or_else(|_| Err(SessionError::Broken("it does not answer in time".to_owned())))?;
        Ok(session)
    }

    async fn next(&mut self) -> Result<Message, SessionError> {
        if let Some(message) = self.early.pop_front() {
            return Ok(message);
        }
        loop {
            if let Packet::Publish(publish) = self.packet().await? {
                return Ok(message(publish));
            }
        }
    }

    async fn publish(&mut self, topic: String, payload: Vec<u8>) -> Result<(), SessionError> {
        let options = PublishOptions::new(QoS::AtLeastOnce);
        // Never waits: who publishes is also who moves the queue on.
        self.client.try_publish(topic, payload, options).map_err(|error| SessionError::Broken(error.to_string()))
    }
}

impl RumqttSession {
    async fn subscribe(&mut self, filters: Vec<String>) -> Result<(), SessionError> {
        loop {
            match self.packet().await? {
                Packet::ConnAck(_) => {
                    let filters = filters.iter().map(|filter| SubscribeFilter::new(filter.clone(), QoS::AtLeastOnce));
                    let asked = self.client.try_subscribe_many(filters);
                    asked.map_err(|error| SessionError::Broken(error.to_string()))?;
                }
                Packet::SubAck(answer) => {
                    let granted =
                        |code: &rumqttc::SubscribeReasonCode| matches!(code, rumqttc::SubscribeReasonCode::Success(_));
                    let all = answer.return_codes.iter().all(granted);
                    return if all { Ok(()) } else { Err(SessionError::Refused("its own topics".to_owned())) };
                }
                Packet::Publish(publish) if self.early.len() < usize::from(IN_FLIGHT) => {
                    self.early.push_back(message(publish));
                }
                _ => {}
            }
        }
    }

    /// The next packet that came in.
    async fn packet(&mut self) -> Result<Packet, SessionError> {
        loop {
            match self.events.poll().await {
                Ok(Event::Incoming(packet)) => return Ok(packet),
                Ok(Event::Outgoing(_)) => {}
                Err(ConnectionError::ConnectionRefused(code)) => {
                    return Err(SessionError::Refused(format!("{code:?}")));
                }
                Err(error) => return Err(SessionError::Broken(error.to_string())),
            }
        }
    }
}

fn options(stream: Stream, opening: Opening) -> MqttOptions {
    let Opening { client_id, credentials, will: (topic, payload), .. } = opening;
    // Where to connect to is decided: the name is only there because the client wants one.
    let mut options = MqttOptions::new(client_id, ("portal", 8883));
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_session(false)
        .set_inflight(IN_FLIGHT)
        .set_max_packet_size(PACKET, PACKET)
        .set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, false));
    if credentials.password.is_empty() {
        options.set_username(credentials.user);
    } else {
        options.set_credentials(credentials.user, credentials.password.to_string());
    }
    let stream = Arc::new(Mutex::new(Some(Exclusive(Mutex::new(stream)))));
    options.set_socket_connector(move |_, _| {
        // A second connection is the supervisor's to make.
        let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        std::future::ready(stream.ok_or_else(|| io::Error::other("used up")))
    });
    options
}

fn message(publish: rumqttc::Publish) -> Message {
    Message { topic: String::from_utf8_lossy(&publish.topic).into_owned(), payload: publish.payload.to_vec() }
}

/// A stream that is `Sync`, as the client wants it, because nobody can look at it but who may change it: the lock is never
/// taken.
struct Exclusive(Mutex<Stream>);

impl Exclusive {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut Stream> {
        Pin::new(self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AsyncRead for Exclusive {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, into)
    }
}

impl AsyncWrite for Exclusive {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }
}
