//! What the supervisor needs of an MQTT client, and no more: so that the client behind it can be exchanged.

use super::credentials::Credentials;
use crate::dial::Stream;
use std::future::Future;

/// How a session begins.
pub(super) struct Opening {
    pub(super) client_id: String,
    pub(super) credentials: Credentials,
    pub(super) filters: Vec<String>,
    /// What the broker publishes when the connection is lost: topic and payload.
    pub(super) will: (String, Vec<u8>),
}

/// A message that came.
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
}

/// Why there is no session, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SessionError {
    #[error("the broker refuses this agent ({0})")]
    Refused(String),
    #[error("the connection broke ({0})")]
    Broken(String),
}

/// One session of MQTT 3.1.1 over one stream, subscribed with QoS 1. It is over with its first error.
pub(super) trait Session: Sized + Send {
    /// Connects and subscribes; done when the broker has agreed to both.
    fn open(stream: Stream, opening: Opening) -> impl Future<Output = Result<Self, SessionError>> + Send;
    /// The next message. May be dropped and called again.
    fn next(&mut self) -> impl Future<Output = Result<Message, SessionError>> + Send;
    /// Publishes with QoS 1; it is under way when this is done, and sent while `next` waits.
    fn publish(&mut self, topic: String, payload: Vec<u8>) -> impl Future<Output = Result<(), SessionError>> + Send;
}
