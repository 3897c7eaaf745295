//! Everything that an agent sends to its portal comes through every kind of proxy, and nothing goes beside it: tinyproxy,
//! squid and danted as real processes, and a portal behind doors that write down where each caller comes from.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dca_cloud::{
    Access, ActivationCode, AgentId, CertificateDer, Clock, Dialer, Hint, Identity, Key, Link, Place, Proxy, Push,
    PushSettings, Settings, Trust,
};
use dca_conformance::ca::Ca;
use dca_conformance::proxies::{self, OUT, PASSWORD, USER};
use dca_conformance::{dca, witness};
use dca_portal::{Config, Portal, Server};
use dca_wire::mqtt::Dialect;
use dca_wire::v1::{ActivateRequest, CheckInRequest, HostFacts};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);
const DIRECT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A port that leads to the portal and writes down from where each caller comes.
struct Door {
    port: u16,
    callers: Arc<Mutex<Vec<IpAddr>>>,
}

impl Door {
    async fn open(to: SocketAddr) -> Self {
        let listener = TcpListener::bind((DIRECT, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let callers = Arc::<Mutex<Vec<IpAddr>>>::default();
        let seen = Arc::clone(&callers);
        tokio::spawn(async move {
            while let Ok((mut caller, from)) = listener.accept().await {
                seen.lock().unwrap().push(from.ip());
                tokio::spawn(async move {
                    let mut portal = TcpStream::connect(to).await.unwrap();
                    drop(tokio::io::copy_bidirectional(&mut caller, &mut portal).await);
                });
            }
        });
        Self { port, callers }
    }

    /// Who came since the last look.
    fn callers(&self) -> Vec<IpAddr> {
        std::mem::take(&mut self.callers.lock().unwrap())
    }
}

/// A portal with its doors.
struct House {
    portal: Arc<Portal>,
    /// gRPC, pages and MQTT in WebSockets.
    web: Door,
    mqtts: Door,
    /// Whom to believe: the portal's CA, and the one of a proxy that speaks TLS.
    trust: Trust,
    proxy_ca: Ca,
    _folder: TempDir,
}

impl House {
    async fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::local(folder.path());
        config.mqtt = Some(SocketAddr::new(DIRECT, dca_loopback::free_port()));
        let portal = Portal::open(config.clone(), dca_portal::Clock::system()).await.unwrap();
        let server = Server::bind(portal.clone()).await.unwrap();
        let (web, mqtts) = (Door::open(server.address().unwrap()).await, Door::open(config.mqtt.unwrap()).await);
        tokio::spawn(server.run(std::future::pending()));
        let proxy_ca = Ca::new("Proxy CA");
        let trust = Trust::only(vec![portal.ca().certificate().clone()])
            .with_extra([CertificateDer::from(proxy_ca.certificate.clone())]);
        Self { portal, web, mqtts, trust, proxy_ca, _folder: folder }
    }

    async fn code(&self) -> String {
        let site = self.portal.site("Dealer", "Customer", "Site", "test").await.unwrap();
        self.portal.code(&site, 3_600_000, "test").await.unwrap()
    }

    fn link(&self, proxy: Proxy, identity: Option<&Identity>) -> Link {
        let portal = Place::portal(&format!("localhost:{}", self.web.port)).unwrap();
        let (trust, clock) = (self.trust.clone(), Arc::new(Clock::default()));
        Link::new(Settings { portal, trust, proxy, identity: identity.cloned(), clock }).unwrap()
    }

    /// gRPC: enrolment and a check-in.
    async fn enrolled(&self, proxy: impl Fn() -> Proxy) -> Identity {
        let (key, link) = (Key::generate().unwrap(), self.link(proxy(), None));
        let code = ActivationCode::parse(&self.code().await).unwrap();
        let request = ActivateRequest {
            caller: Some(link.caller([7; 16])),
            activation_code: code.code().to_owned(),
            csr: key.request().unwrap(),
            host: Some(HostFacts::default()),
            fleet_hint: String::new(),
        };
        let answer = link.activate(request).await.unwrap();
        let chain = answer.certificate_chain.into_iter().map(CertificateDer::from).collect();
        let identity = Identity::new(AgentId::parse(&answer.agent_id).unwrap(), key, chain).unwrap();
        let link = self.link(proxy(), Some(&identity));
        let request = CheckInRequest { caller: Some(link.caller([7; 16])), ..CheckInRequest::default() };
        link.check_in(request).await.unwrap();
        identity
    }

    /// What `dca enroll` says, on a machine that trusts nobody but `ca`.
    async fn enroll(&self, proxy: &str, ca: Option<&Ca>) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let (portal, code, none) =
            (format!("https://localhost:{}", self.web.port), self.code().await, folder.path().join("none"));
        let mut command = Command::new(dca());
        command.args(["enroll", &portal, &code, "--proxy", proxy, "--state"]).arg(folder.path());
        command.env("SSL_CERT_FILE", &none).env("SSL_CERT_DIR", &none);
        if let Some(ca) = ca {
            let file = folder.path().join("ca.pem");
            std::fs::write(&file, dca_conformance::pem("CERTIFICATE", &ca.certificate)).unwrap();
            command.arg("--ca").arg(file);
        }
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
    }

    /// MQTT: a wake arrives.
    async fn woken(&self, proxy: Proxy, identity: &Identity, place: String) {
        let clock = Arc::new(Clock::default());
        let settings = PushSettings {
            places: vec![place.parse().unwrap()],
            dialect: Dialect::Generic,
            access: Access::Signature,
            identity: identity.clone(),
            trust: self.trust.clone(),
            dialer: Dialer::new(proxy, &self.trust, &clock).unwrap(),
            clock,
            boot_id: [7; 16],
            version: "4".to_owned(),
            spread: Duration::from_secs(1),
        };
        let (hints, mut hinted) = mpsc::channel(1);
        let push = Push::start(settings, hints).unwrap();
        let state = push.state();
        let hint = timeout(PATIENCE, async {
            loop {
                self.portal.wake(identity.agent(), &place).await;
                if let Ok(Some(hint)) = timeout(Duration::from_millis(300), hinted.recv()).await {
                    return hint;
                }
            }
        });
        let hint = hint.await.unwrap_or_else(|_| panic!("no wake over {place}: {:?}", *state.borrow()));
        assert_eq!(hint, Hint::Wake { reason: place });
    }

    /// HTTPS: a page.
    async fn page(&self, proxy: Proxy) -> String {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.portal.ca().certificate().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = Arc::new(tls.with_root_certificates(roots).with_no_client_auth());
        let dialer = Dialer::new(proxy, &self.trust, &Arc::default()).unwrap();
        let mut stream = dialer.dial_tls("localhost", self.web.port, &tls).await.unwrap();
        stream.write_all(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut page = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut page)).await.unwrap().unwrap();
        String::from_utf8(page).unwrap()
    }

    /// All four, each of which reaches the portal from `from` alone.
    async fn check(&self, name: &str, from: IpAddr, proxy: impl Fn() -> Proxy) {
        let all_from = |door: &Door, what: &str| {
            let callers = door.callers();
            assert!(!callers.is_empty() && callers.iter().all(|at| *at == from), "{name}, {what}: {callers:?}");
        };
        let identity = self.enrolled(&proxy).await;
        all_from(&self.web, "gRPC");
        self.woken(proxy(), &identity, format!("wss://localhost:{}/mqtt", self.web.port)).await;
        all_from(&self.web, "wss");
        self.woken(proxy(), &identity, format!("mqtts://localhost:{}", self.mqtts.port)).await;
        all_from(&self.mqtts, "mqtts");
        let page = self.page(proxy()).await;
        assert!(page.starts_with("HTTP/1.1 404") && page.contains("eXplorer"), "{name}: {page}");
        all_from(&self.web, "HTTPS");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_protocol_passes_every_proxy_and_none_passes_by() {
    let (Some(tinyproxy), Some(squid), Some(danted)) = (witness("tinyproxy"), witness("squid"), witness("danted"))
    else {
        return;
    };
    let house = House::build().await;
    house.check("none", DIRECT, Proxy::none).await;
    let output = house.enroll("none", None).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!house.web.callers().is_empty());
    let own = house.proxy_ca.server("localhost");
    let open = [
        ("CONNECT, tinyproxy", proxies::Proxy::tinyproxy(&tinyproxy, false).unwrap()),
        ("CONNECT, squid", proxies::Proxy::squid(&squid, None, false).unwrap()),
        ("TLS, squid", proxies::Proxy::squid(&squid, Some(&own), false).unwrap()),
        ("SOCKS5, danted", proxies::Proxy::dante(&danted, false).unwrap().unwrap()),
    ];
    for (name, proxy) in &open {
        house.check(name, OUT, || Proxy::at(&proxy.url(None), "").unwrap()).await;
        assert!(proxy.has_connected_to(house.web.port) && proxy.has_connected_to(house.mqtts.port), "{name}");
    }
    let mut locked = vec![
        ("CONNECT with Basic, tinyproxy", proxies::Proxy::tinyproxy(&tinyproxy, true).unwrap()),
        ("CONNECT with Basic, squid", proxies::Proxy::squid(&squid, None, true).unwrap()),
        ("TLS with Basic, squid", proxies::Proxy::squid(&squid, Some(&own), true).unwrap()),
    ];
    match proxies::Proxy::dante(&danted, true).unwrap() {
        Some(proxy) => locked.push(("SOCKS5 with a password, danted", proxy)),
        None => dca_conformance::skip("only root can give danted a user of its own"),
    }
    for (name, proxy) in &locked {
        house.check(name, OUT, || Proxy::at(&proxy.url(Some((USER, PASSWORD))), "").unwrap()).await;
        assert!(proxy.has_connected_to(house.web.port) && proxy.has_connected_to(house.mqtts.port), "{name}");
        a_password_is_asked_for(&house, name, proxy).await;
    }
}

/// Without the right password nothing arrives, and a person is told what to do: by the library, and by `dca`.
async fn a_password_is_asked_for(house: &House, name: &str, proxy: &proxies::Proxy) {
    let (wrong, none) = (proxy.url(Some((USER, "S3cret"))), proxy.url(None));
    for (url, expected) in [
        (&wrong, "wants a password and does not take the one it was given: correct it"),
        (&none, "wants a password: name it as "),
    ] {
        let link = house.link(Proxy::at(url, "").unwrap(), None);
        let error = link.activate(ActivateRequest::default()).await.unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(&none) && !error.contains("S3cret"), "{name}: {error}");
    }
    let output = house.enroll(&wrong, Some(&house.proxy_ca)).await;
    let text = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("correct it where the proxy is named") && !text.contains("S3cret"), "{name}: {text}");
    assert!(!output.status.success() && house.web.callers().is_empty(), "{name}");
    let output = house.enroll(&proxy.url(Some((USER, PASSWORD))), Some(&house.proxy_ca)).await;
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(house.web.callers().iter().all(|at| *at == OUT), "{name}");
}
