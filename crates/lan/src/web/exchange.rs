//! One connection and the requests on it.

use super::WebFailure;
use super::tls::{self, Pin};
use dca_fence::Allowed;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{self, HeaderName};
use hyper::rt::{Read, Write};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Octets of a response's head, and how many headers it may have.
const MOST_HEAD: usize = 32 << 10;
const MOST_HEADERS: usize = 64;
/// Characters of a device's own text in a failure.
const MOST_TEXT: usize = 80;

/// What a request brought.
pub(super) enum Answer {
    Body(Vec<u8>),
    /// A redirect: its Location.
    Moved(String),
    /// Status 426: TLS is wanted.
    UpgradeRequired,
}

/// An open connection; it closes when this is dropped.
#[derive(Debug)]
pub(super) struct Line {
    sender: SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
    host: String,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Line {
    /// Connects; with TLS it also tells the device's certificate.
    pub(super) async fn open(
        at: Allowed,
        secure: bool,
        pinned: Option<Pin>,
    ) -> Result<(Self, Option<Pin>), WebFailure> {
        let stream = TcpStream::connect(at.addr()).await.map_err(WebFailure::Connect)?;
        let host = at.addr().to_string();
        if !secure {
            return Ok((Self::over(TokioIo::new(stream), host).await?, None));
        }
        let (stream, pin) = tls::connect(at, stream, pinned).await?;
        Ok((Self::over(TokioIo::new(stream), host).await?, Some(pin)))
    }

    async fn over(stream: impl Read + Write + Unpin + Send + 'static, host: String) -> Result<Self, WebFailure> {
        let mut builder = Builder::new();
        // Embedded servers are sloppy about headers, none of which is needed but Location and Content-Encoding.
        builder.max_buf_size(MOST_HEAD).max_headers(MOST_HEADERS).ignore_invalid_headers_in_responses(true);
        builder.allow_spaces_after_header_name_in_responses(true);
        let (sender, connection) = builder.handshake(stream).await.map_err(http)?;
        let task = tokio::spawn(async move {
            // How it ended is told to whoever waits for an answer.
            let _ = connection.await;
        });
        Ok(Self { sender, task, host })
    }

    pub(super) fn is_open(&self) -> bool {
        self.sender.is_ready()
    }

    /// A GET, or a POST of an IPP request.
    pub(super) async fn ask(&mut self, path: &str, ipp: Option<Vec<u8>>, most: usize) -> Result<Answer, WebFailure> {
        let request = Request::builder()
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::USER_AGENT, "dca")
            .header(header::ACCEPT_ENCODING, "identity");
        let request = match ipp {
            None => request.method("GET").body(Full::default()),
            Some(body) => request
                .method("POST")
                .header(header::CONTENT_TYPE, "application/ipp")
                .header(header::ACCEPT, "application/ipp")
                .body(Full::from(body)),
        };
        let request = request.map_err(|error| WebFailure::Http(error.to_string()))?;
        self.sender.ready().await.map_err(http)?;
        let response = self.sender.send_request(request).await.map_err(http)?;
        let text = |name: HeaderName| {
            let value = response.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        match response.status() {
            StatusCode::OK => {
                let encoded =
                    text(header::CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity"));
                match encoded {
                    Some(encoding) => Err(WebFailure::Encoded(shown(&encoding))),
                    None => body(response, most).await.map(Answer::Body),
                }
            }
            StatusCode::UPGRADE_REQUIRED => Ok(Answer::UpgradeRequired),
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => Ok(Answer::Moved(text(header::LOCATION).unwrap_or_default())),
            status => Err(WebFailure::Status(status.as_u16())),
        }
    }
}

/// The body, up to a number of octets. It stops taking as soon as there are more, whatever length was announced.
async fn body(response: Response<Incoming>, most: usize) -> Result<Vec<u8>, WebFailure> {
    let mut incoming = response.into_body();
    let mut octets = Vec::new();
    while let Some(frame) = incoming.frame().await {
        if let Ok(data) = frame.map_err(http)?.into_data() {
            if octets.len() + data.len() > most {
                return Err(WebFailure::TooLarge(most));
            }
            octets.extend_from_slice(&data);
        }
    }
    Ok(octets)
}

fn http(error: hyper::Error) -> WebFailure {
    WebFailure::Http(error.to_string())
}

/// A device's text in a sentence of ours: short, in quotes, control characters escaped.
pub(super) fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(MOST_TEXT).collect::<String>())
}
