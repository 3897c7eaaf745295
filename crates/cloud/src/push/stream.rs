//! The stream that MQTT runs over: TLS, or a WebSocket inside TLS (RFC 6455; MQTT 3.1.1 section 6).

use crate::dial::{DialError, Dialer, Stream};
use crate::place::{Place, Scheme};
use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

/// IoT Hub takes 256 KiB, and so does nobody else take more.
const MESSAGE: usize = 256 << 10;
const BUFFER: usize = 4 << 10;
const PROTOCOL: &str = "mqtt";
const HEADER: &str = "sec-websocket-protocol";
/// For the WebSocket's handshake, once TLS stands.
const PATIENCE: Duration = Duration::from_secs(10);

/// A stream for MQTT to `place`.
pub(crate) async fn open(dialer: &Dialer, place: &Place, tls: &Arc<ClientConfig>) -> Result<Stream, DialError> {
    let stream = dialer.dial_tls(place.host(), place.port(), tls).await?;
    match place.scheme() {
        Scheme::Wss => {
            let silent = |_| Err(DialError::Silent { at: place.authority() });
            timeout(PATIENCE, websocket(Box::new(stream), place)).await.unwrap_or_else(silent)
        }
        _ => Ok(Box::new(stream)),
    }
}

async fn websocket(stream: Stream, place: &Place) -> Result<Stream, DialError> {
    let no = |why: String| DialError::NoWebSocket { at: place.to_string(), why };
    let path = if place.path() == "/" { dca_wire::mqtt::WEBSOCKET_PATHS[0] } else { place.path() };
    let url = format!("wss://{}{path}", place.authority());
    let mut request = url.into_client_request().map_err(|error| no(error.to_string()))?;
    request.headers_mut().insert(HEADER, HeaderValue::from_static(PROTOCOL));
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE));
    let (socket, answer) =
        client_async_with_config(request, stream, Some(config)).await.map_err(|error| match error {
            Error::Http(answer) => no(format!("HTTP status {}", answer.status())),
            other => no(other.to_string()),
        })?;
    if answer.headers().get(HEADER).is_none_or(|value| value != PROTOCOL) {
        return Err(no("it speaks WebSocket, but not MQTT".to_owned()));
    }
    let (sink, messages) = socket.split();
    // What is no data ends nothing: pings are answered below, by the library.
    let octets = messages.filter_map(|message| {
        std::future::ready(match message {
            Ok(Message::Binary(octets)) => Some(Ok(octets)),
            Ok(Message::Close(_)) => Some(Err(io::ErrorKind::ConnectionAborted.into())),
            Ok(_) => None,
            Err(error) => Some(Err(io::Error::other(error))),
        })
    });
    let sink = sink
        .sink_map_err(io::Error::other)
        .with(|octets: Bytes| std::future::ready(Ok::<_, io::Error>(Message::Binary(octets))));
    Ok(Box::new(tokio::io::join(StreamReader::new(octets), SinkWriter::new(CopyToBytes::new(sink)))))
}
