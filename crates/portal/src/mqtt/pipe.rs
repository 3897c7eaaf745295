//! Octets of MQTT, in a WebSocket or in TLS alone. One WebSocket message may hold half a packet or three.

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// For the other side to take what is written.
const PATIENCE: Duration = Duration::from_secs(10);

/// A stream of octets.
pub(crate) enum Pipe {
    Socket(Box<WebSocket>),
    Stream(Box<TlsStream<TcpStream>>),
}

impl Pipe {
    /// More octets at the end of `buffer`. False at the end of the stream. Nothing is lost if it is given up half-way.
    pub(super) async fn receive(&mut self, buffer: &mut bytes::BytesMut) -> bool {
        match self {
            Self::Socket(socket) => loop {
                match socket.recv().await {
                    Some(Ok(Message::Binary(octets))) => {
                        buffer.extend_from_slice(&octets);
                        return true;
                    }
                    // Answered by the library.
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    _ => return false,
                }
            },
            Self::Stream(stream) => {
                buffer.reserve(2 << 10);
                matches!(stream.read_buf(buffer).await, Ok(1..))
            }
        }
    }

    /// Writes all of it. False if the other side does not take it.
    pub(super) async fn send(&mut self, octets: Bytes) -> bool {
        let sent = async {
            match self {
                Self::Socket(socket) => socket.send(Message::Binary(octets)).await.is_ok(),
                Self::Stream(stream) => stream.write_all(&octets).await.is_ok() && stream.flush().await.is_ok(),
            }
        };
        tokio::time::timeout(PATIENCE, sent).await.unwrap_or(false)
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) {
        let closed = async {
            match &mut self {
                Self::Socket(socket) => drop(socket.send(Message::Close(None)).await),
                Self::Stream(stream) => drop(stream.shutdown().await),
            }
        };
        let _ = tokio::time::timeout(PATIENCE, closed).await;
    }
}
