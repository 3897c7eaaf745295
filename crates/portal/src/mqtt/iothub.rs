//! Azure IoT Hub instead of the portal's own endpoint. Agents connect to the hub by its device protocol. The portal calls them by
//! its service interface over HTTPS: a direct method, which an agent hears only while it is connected, and which it answers.
//!
//! ```text
//! POST /twins/{agent}/methods    wakes an agent
//! PUT  /devices/{agent}          enters an agent, whose certificate is of an authority that the hub knows: the portal's CA
//! ```
//!
//! A hub asks for a shared access signature: HMAC-SHA256 with the policy's key over the host and the time at which it ends.

use super::Pushed;
use super::broker::{BrokerError, tls};
use crate::config::BrokerAt;
use aws_lc_rs::hmac;
use axum::body::{Body, to_bytes};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dca_wire::AgentId;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// The version of the service interface.
const API: &str = "api-version=2021-04-12";
/// The agent is connected or it is not: it is not waited for. Its answer takes five seconds at most, the least that can be said.
const WAKE: &str = r#"{"methodName":"wake","connectTimeoutInSeconds":0,"responseTimeoutInSeconds":5,"payload":{}}"#;
/// How long a signature is good for, in seconds. Clocks may differ.
const GOOD_S: i64 = 3_600;
/// For one call with all that belongs to it.
const PATIENCE: Duration = Duration::from_secs(15);
/// Calls at a time: a hub slows down who calls too often.
const AT_ONCE: usize = 16;
/// Octets of an answer.
const ANSWER: usize = 64 << 10;

/// A hub, seen from the portal.
#[derive(Debug)]
pub(crate) struct IotHub {
    pub(super) at: BrokerAt,
    key: hmac::Key,
    tls: OnceLock<Arc<ClientConfig>>,
    room: Semaphore,
}

/// Why a call did not come about.
#[derive(Debug, thiserror::Error)]
enum HubError {
    #[error(transparent)]
    Trust(#[from] BrokerError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("{0}")]
    Request(#[from] hyper::http::Error),
    #[error("an answer beyond {ANSWER} octets, or half of one")]
    Answer,
    #[error("{0:?} is no host")]
    Host(String),
    #[error("it does not answer")]
    Silent,
}

/// What the hub says.
struct Answer {
    status: StatusCode,
    text: String,
}

impl Answer {
    /// Whether it names this error: by number in the text, and by name.
    fn names(&self, number: &str, name: &str) -> bool {
        self.text.contains(number) || self.text.contains(name)
    }
}

impl IotHub {
    pub(super) fn new(at: BrokerAt) -> Self {
        let key = at.password.as_ref().and_then(|key| BASE64_STANDARD.decode(key.as_bytes()).ok()).unwrap_or_default();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &zeroize::Zeroizing::new(key));
        Self { at, key, tls: OnceLock::new(), room: Semaphore::new(AT_ONCE) }
    }

    /// Calls an agent. One that the hub does not know is entered, so that it can connect.
    pub(super) async fn wake(&self, agent: &AgentId, now_ms: i64) -> Pushed {
        match self.call(Method::POST, &format!("/twins/{agent}/methods?{API}"), WAKE.to_owned(), now_ms).await {
            Ok(answer) if answer.status == StatusCode::OK => return Pushed::Delivered,
            Ok(answer) if answer.names("404001", "DeviceNotFound") => self.enter(agent, now_ms).await,
            Ok(answer) if answer.names("404103", "DeviceNotOnline") => {}
            Ok(answer) => self.complain(agent, &answer.status),
            Err(error) => self.complain(agent, &error),
        }
        Pushed::Unknown
    }

    /// Enters an agent at the hub. That it is there already is well.
    pub(super) async fn enter(&self, agent: &AgentId, now_ms: i64) {
        let device = format!(
            r#"{{"deviceId":"{agent}","status":"enabled","authentication":{{"type":"certificateAuthority"}}}}"#
        );
        match self.call(Method::PUT, &format!("/devices/{agent}?{API}"), device, now_ms).await {
            Ok(answer) if answer.status.is_success() || answer.status == StatusCode::CONFLICT => {}
            Ok(answer) => self.complain(agent, &answer.status),
            Err(error) => self.complain(agent, &error),
        }
    }

    fn complain(&self, agent: &AgentId, why: &dyn std::fmt::Display) {
        let hint = "401 and 403: user and password_file under [broker], and what the policy permits";
        tracing::warn!(%agent, %why, hub = self.at.host, hint, "the hub does not help: agents learn with their next check-in");
    }

    async fn call(&self, method: Method, path: &str, body: String, now_ms: i64) -> Result<Answer, HubError> {
        let call = async {
            let _place = self.room.acquire().await;
            self.exchange(method, path, body, now_ms).await
        };
        tokio::time::timeout(PATIENCE, call).await.unwrap_or(Err(HubError::Silent))
    }

    async fn exchange(&self, method: Method, path: &str, body: String, now_ms: i64) -> Result<Answer, HubError> {
        let host = &self.at.host;
        let name = ServerName::try_from(host.clone()).map_err(|_| HubError::Host(host.clone()))?;
        let stream = TcpStream::connect((host.as_str(), self.at.port)).await?;
        let stream = TlsConnector::from(self.tls()?).connect(name, stream).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // Ends with this call.
        let mut tasks = JoinSet::new();
        tasks.spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, host)
            .header(AUTHORIZATION, self.signature(now_ms / 1_000 + GOOD_S))
            .header(CONTENT_TYPE, "application/json")
            .body(body)?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let octets = to_bytes(Body::new(response.into_body()), ANSWER).await.map_err(|_| HubError::Answer)?;
        Ok(Answer { status, text: String::from_utf8_lossy(&octets).into_owned() })
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, HubError> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let made = Arc::new(tls(self.at.trust.as_deref().unwrap_or(Path::new("")))?);
        Ok(self.tls.get_or_init(|| made).clone())
    }

    /// A shared access signature that ends at this second since 1970.
    fn signature(&self, until_s: i64) -> String {
        let host = &self.at.host;
        let tag = hmac::sign(&self.key, format!("{host}\n{until_s}").as_bytes());
        let tag = BASE64_STANDARD.encode(tag).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let policy = self.at.user.as_deref().unwrap_or_default();
        format!("SharedAccessSignature sr={host}&sig={tag}&se={until_s}&skn={policy}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BrokerKind;

    #[test]
    fn a_signature_as_python_makes_it() {
        let hub = IotHub::new(BrokerAt {
            url: String::new(),
            kind: BrokerKind::IotHub,
            host: "office.azure-devices.net".to_owned(),
            port: 443,
            trust: None,
            user: Some("explorer".to_owned()),
            password: Some("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned().into()),
            agents: Vec::new(),
        });
        // hmac.new(key, b"office.azure-devices.net\n1800003607", "sha256"), base64.b64encode, urllib.parse.quote
        let expected = "SharedAccessSignature sr=office.azure-devices.net&sig=6%2FXKJsxUIKBHpkEhO2SZpYXCakaMwg%2BlNtFJF7%2FYtgg%3D&se=1800003607&skn=explorer";
        assert_eq!(hub.signature(1800003607), expected);
        assert!(!format!("{hub:?}").contains("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="));
    }
}
