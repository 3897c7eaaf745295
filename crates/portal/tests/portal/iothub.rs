//! Azure IoT Hub's service interface as far as a portal can tell: who asks is checked by its signature, an agent that is not entered is not
//! found, one that is not connected is not online.

use super::agent::Agent;
use super::place::Place;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dca_portal::wire::AgentId;
use dca_portal::{BrokerAt, BrokerKind, Pushed};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const KEY: &[u8] = b"the key of the policy";
const POLICY: &str = "explorer";

/// Agents that are entered, and whether they are connected; what was asked, a line each.
#[derive(Default)]
struct Book {
    agents: HashMap<String, bool>,
    asked: Vec<String>,
    /// Answers that it has no room for.
    throttled: usize,
}

struct Hub {
    port: u16,
    book: Arc<Mutex<Book>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hub {
    async fn start(folder: &Path) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        super::mqtt::pem(folder, "hub.pem", "CERTIFICATE", own.der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], key.serialized_der().to_vec().try_into().unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let book = Arc::<Mutex<Book>>::default();
        let shared = book.clone();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = Vec::new();
                while whole(&request).is_none() && stream.read_buf(&mut request).await.is_ok_and(|octets| octets > 0) {}
                let Some((head, body)) = whole(&request) else { continue };
                let (status, text) = answer(&head, &body, &mut shared.lock().unwrap());
                let length = text.len();
                let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n\r\n{text}");
                drop(stream.write_all(answer.as_bytes()).await);
                drop(stream.shutdown().await);
            }
        });
        Self { port, book, task }
    }

    fn at(&self, folder: &Path, key: &[u8]) -> BrokerAt {
        BrokerAt {
            url: format!("iothub://localhost:{}", self.port),
            kind: BrokerKind::IotHub,
            host: "localhost".to_owned(),
            port: self.port,
            trust: Some(folder.join("hub.pem")),
            user: Some(POLICY.to_owned()),
            password: Some(BASE64_STANDARD.encode(key).into()),
            agents: vec!["wss://localhost/$iothub/websocket".to_owned()],
        }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.book.lock().unwrap().asked)
    }
}

/// Head and body of a request, once it is there.
fn whole(request: &[u8]) -> Option<(String, String)> {
    let text = str::from_utf8(request).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
    (body.len() >= length).then(|| (head.to_owned(), body.to_owned()))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}

fn answer(head: &str, body: &str, book: &mut Book) -> (u16, String) {
    let line = head.lines().next().unwrap();
    let (method, target) = line.strip_suffix(" HTTP/1.1").unwrap().split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap();
    assert_eq!((query, header(head, "host")), ("api-version=2021-04-12", Some("localhost")));
    if !is_signed(header(head, "authorization").unwrap()) {
        book.asked.push("unsigned".to_owned());
        return (401, r#"{"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized"}"#.to_owned());
    }
    book.asked.push(format!("{method} {path} {body}"));
    if book.throttled > 0 {
        book.throttled -= 1;
        return (429, r#"{"Message":"ErrorCode:ThrottlingException"}"#.to_owned());
    }
    let words: Vec<&str> = path.split('/').skip(1).collect();
    match (method, words.as_slice()) {
        ("PUT", ["devices", agent]) if book.agents.contains_key(*agent) => (409, "{}".to_owned()),
        ("PUT", ["devices", agent]) => {
            book.agents.insert((*agent).to_owned(), false);
            (200, body.to_owned())
        }
        ("POST", ["twins", agent, "methods"]) => match book.agents.get(*agent) {
            None => (404, r#"{"Message":"ErrorCode:DeviceNotFound;"}"#.to_owned()),
            Some(false) => (404, r#"{"Message":"{\"errorCode\":404103,\"message\":\"offline\"}"}"#.to_owned()),
            Some(true) => (200, r#"{"status":200,"payload":{}}"#.to_owned()),
        },
        _ => (400, String::new()),
    }
}

/// `SharedAccessSignature sr=..&sig=..&se=..&skn=..`, good for this hub and not run out.
fn is_signed(authorization: &str) -> bool {
    let fields = authorization.strip_prefix("SharedAccessSignature ").unwrap();
    let fields: HashMap<&str, &str> = fields.split('&').map(|field| field.split_once('=').unwrap()).collect();
    let tag = fields["sig"].replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let tag = BASE64_STANDARD.decode(tag).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let signed = format!("{}\n{}", fields["sr"], fields["se"]);
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, KEY), signed.as_bytes(), &tag).is_ok()
        && (fields["sr"], fields["skn"]) == ("localhost", POLICY)
        && (now..now + 7_200).contains(&fields["se"].parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_are_entered_at_a_hub_and_called_through_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(place) = Place::open().await else { return };
    let hub = Hub::start(folder.path()).await;
    let place = place.restart_with_broker(hub.at(folder.path(), KEY)).await;
    let mut agent = Agent::new();
    let endpoints = agent.enrol(&place, &place.code().await).await.unwrap().endpoints.unwrap();
    assert_eq!((endpoints.mqtt_dialect.as_str(), endpoints.mqtt.len()), ("iothub", 1), "agents are sent to the hub");
    let id = AgentId::parse(&agent.id).unwrap();
    for _ in 0..500 {
        if hub.book.lock().unwrap().agents.contains_key(&agent.id) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let entered = hub.asked();
    let authority = r#""authentication":{"type":"certificateAuthority"}"#;
    assert!(entered.len() == 1 && entered[0].starts_with("PUT") && entered[0].contains(authority), "{entered:?}");

    assert_eq!(place.portal.wake(&id, "test").await, Pushed::Unknown, "it is not connected");
    hub.book.lock().unwrap().agents.insert(agent.id.clone(), true);
    assert_eq!(place.portal.wake(&id, "test").await, Pushed::Delivered);
    assert!(hub.asked().iter().all(|line| line.contains(r#""methodName":"wake""#)));
    hub.book.lock().unwrap().throttled = 1;
    assert_eq!(place.portal.wake(&id, "test").await, Pushed::Unknown, "too many calls");
    hub.asked();

    // Somebody took it out of the hub: it is entered again, and called when it has come back.
    hub.book.lock().unwrap().agents.clear();
    assert_eq!(place.portal.wake(&id, "test").await, Pushed::Unknown);
    let asked = hub.asked();
    assert!(asked.len() == 2 && asked[1].starts_with("PUT"), "{asked:?}");
    assert!(hub.book.lock().unwrap().agents.contains_key(&agent.id));

    // With a key that is not the policy's, agents learn with their next check-in.
    let place = place.restart_with_broker(hub.at(folder.path(), b"another key")).await;
    assert_eq!(place.portal.wake(&id, "test").await, Pushed::Unknown);
    assert_eq!(hub.asked(), ["unsigned"]);
    drop(hub);
    assert_eq!(place.portal.wake(&id, "test").await, Pushed::Unknown, "the hub is gone");
}
