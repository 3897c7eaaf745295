//! The agent's push against Mosquitto, a broker of which nobody here wrote a line: TLS with passwords, WebSockets with client
//! certificates, rights for each agent's own topics; and what is not encrypted, which the agent does not speak.
//!
//! Mosquitto's WebSocket listeners listen on all interfaces, whatever is configured. So all of it happens in a network of its
//! own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dca_cloud::{
    Access, AgentId, CertificateDer, Clock, Dialer, Hint, Identity, Key, Place, Proxy, Push, PushSettings, PushState,
    Trust,
};
use dca_conformance::ca::Ca;
use dca_conformance::namespace::Namespace;
use dca_conformance::{Running, pem, wait_until_taken, witness};
use dca_wire::mqtt::{Bag, Dialect, Topics};
use dca_wire::v1::{Push as Message, Wake, push::What};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;
use zeroize::Zeroizing;

const PATIENCE: Duration = Duration::from_secs(30);
const TLS: u16 = 8883;
const WSS: u16 = 8443;
/// Without TLS.
const PLAIN: u16 = 1883;
const WS: u16 = 8080;

/// Set for the process in the network of its own.
const INSIDE: &str = "DCA_TEST_INSIDE";

#[test]
fn push_works_with_mosquitto() -> std::io::Result<()> {
    if [witness("mosquitto"), witness("mosquitto_pub")].contains(&None) {
        return Ok(());
    }
    let Some(network) = Namespace::open()? else { return Ok(()) };
    let mut inside = network.command(std::env::current_exe()?);
    let output = inside.env(INSIDE, "1").args(["--ignored", "--exact", "inside", "--nocapture"]).output()?;
    let text = [&output.stdout[..], &output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
    Ok(())
}

/// A broker with what its clients need.
struct Broker {
    ca: Ca,
    folder: TempDir,
    running: Option<Running>,
}

impl Broker {
    fn new() -> Self {
        let (ca, folder) = (Ca::new("Broker CA"), tempfile::tempdir().unwrap());
        let (own, at) = (ca.server("localhost"), folder.path().display());
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("ca.pem", &pem("CERTIFICATE", &ca.certificate));
        write("own.pem", &pem("CERTIFICATE", &own.certificate));
        write("own.key", &pem("PRIVATE KEY", &own.key));
        write("acl", "pattern readwrite devices/%u/#\nuser portal\ntopic readwrite #\n");
        write("users", "");
        for user in ["portal", "agent-1", "agent-2"] {
            let mut made = Command::new("mosquitto_passwd");
            made.arg("-b").arg(folder.path().join("users")).args([user, &format!("password of {user}")]);
            assert!(made.status().unwrap().success());
        }
        let rights = format!("allow_anonymous false\nacl_file {at}/acl\n");
        let names = format!("{rights}password_file {at}/users\n");
        let tls = format!("certfile {at}/own.pem\nkeyfile {at}/own.key\ncafile {at}/ca.pem\n");
        write(
            "mosquitto.conf",
            &format!(
                "user root\nper_listener_settings true\nlog_dest file {at}/log\n\
                 listener {TLS} 127.0.0.1\n{tls}{names}\
                 listener {WSS} 127.0.0.1\nprotocol websockets\n{tls}require_certificate true\nuse_identity_as_username true\n{rights}\
                 listener {PLAIN} 127.0.0.1\n{names}\
                 listener {WS} 127.0.0.1\nprotocol websockets\n{names}"
            ),
        );
        let mut broker = Self { ca, folder, running: None };
        broker.start();
        broker
    }

    fn start(&mut self) {
        let mut command = Command::new(witness("mosquitto").unwrap());
        let mut running = Running::start(command.arg("-c").arg(self.folder.path().join("mosquitto.conf")));
        for port in [TLS, WSS, PLAIN, WS] {
            wait_until_taken(port, &mut running, PATIENCE);
        }
        self.running = Some(running);
    }

    /// The portal's side of it, by somebody else's program.
    fn portal(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args([
            "-h",
            "localhost",
            "-p",
            &TLS.to_string(),
            "-u",
            "portal",
            "-P",
            "password of portal",
            "-q",
            "1",
        ]);
        command.arg("--cafile").arg(self.folder.path().join("ca.pem")).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    fn wake(&self, agent: &str, reason: &str) {
        let topics = Topics::new(Dialect::Generic, AgentId::parse(agent).unwrap());
        let push = Message { what: Some(What::Wake(Wake { reason: reason.to_owned() })) };
        let file = self.folder.path().join("message");
        fs::write(&file, dca_wire::encode(&push).unwrap()).unwrap();
        let topic = topics.to_agent(&Bag::message("1", "Push"));
        let sent = self.portal("mosquitto_pub", &["-t", &topic, "-f", file.to_str().unwrap()]).status();
        assert!(sent.unwrap().success());
    }

    /// Collects so many messages of agents.
    fn events(&self, number: usize) -> Child {
        let mut sub = self.portal("mosquitto_sub", &["-t", "devices/+/messages/events/#", "-F", "%t", "-W", "30"]);
        let sub = sub.args(["-C", &number.to_string()]).spawn().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        sub
    }

    fn start_push(&self, ca: &Ca, name: &str, place: &str, access: Access) -> (Push, mpsc::Receiver<Hint>) {
        let key = Key::generate().unwrap();
        let certificate = CertificateDer::from(ca.client(name, &key.pkcs8()).certificate);
        let (trust, clock) = (Trust::only(vec![self.ca.certificate.clone().into()]), Arc::<Clock>::default());
        let settings = PushSettings {
            places: vec![place.parse().unwrap()],
            dialect: Dialect::Generic,
            access,
            identity: Identity::new(AgentId::parse(name).unwrap(), key, vec![certificate]).unwrap(),
            dialer: Dialer::new(Proxy::none(), &trust, &clock).unwrap(),
            trust,
            clock,
            boot_id: [7; 16],
            version: "4".to_owned(),
            spread: Duration::from_millis(500),
        };
        let (hints, hinted) = mpsc::channel(8);
        (Push::start(settings, hints).unwrap(), hinted)
    }

    /// It is connected, and what is for it arrives, and for nobody else.
    async fn hears(&self, push: &Push, hinted: &mut mpsc::Receiver<Hint>, name: &str, other: &str) {
        let mut state = push.state();
        timeout(PATIENCE, state.wait_for(|state| matches!(state, PushState::Connected { .. }))).await.unwrap().unwrap();
        self.wake(other, "not mine");
        self.wake(name, "mine");
        let hint = timeout(PATIENCE, hinted.recv()).await.unwrap().unwrap();
        assert_eq!(hint, Hint::Wake { reason: "mine".to_owned() });
    }

    /// It is told why not.
    async fn refuses(&self, (push, _hinted): (Push, mpsc::Receiver<Hint>), expected: &str) {
        let mut state = push.state();
        let lost = timeout(PATIENCE, state.wait_for(|state| matches!(state, PushState::Lost { .. }))).await.unwrap();
        let lost = format!("{:?}", *lost.unwrap());
        assert!(lost.contains(expected), "{lost}");
    }
}

fn password(of: &str) -> Access {
    Access::Password(Zeroizing::new(format!("password of {of}")))
}

/// Not a test of its own: what happens in the network of the one above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "part of the test above, which starts it"]
async fn inside() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    let mut broker = Broker::new();
    let (mqtts, wss) = (format!("mqtts://localhost:{TLS}"), format!("wss://localhost:{WSS}/mqtt"));

    // Who it is, it says when it comes; that it is gone, the broker says for it.
    let events = broker.events(2);
    let (push, mut hinted) = broker.start_push(&broker.ca, "agent-1", &mqtts, password("agent-1"));
    broker.hears(&push, &mut hinted, "agent-1", "agent-2").await;
    drop(push);
    let events = String::from_utf8(events.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(events.matches("devices/agent-1/messages/events/").count(), 2, "{events}");

    let (push, mut hinted) = broker.start_push(&broker.ca, "agent-2", &wss, Access::Certificate);
    broker.hears(&push, &mut hinted, "agent-2", "agent-1").await;
    // The broker is gone, and comes back.
    broker.running = None;
    let mut state = push.state();
    timeout(PATIENCE, state.wait_for(|state| matches!(state, PushState::Lost { .. }))).await.unwrap().unwrap();
    broker.start();
    broker.hears(&push, &mut hinted, "agent-2", "agent-1").await;
    drop(push);

    let start = |place: &str, access| broker.start_push(&broker.ca, "agent-1", place, access);
    broker.refuses(start(&mqtts, password("agent-2")), "the broker refuses this agent").await;
    let stranger = broker.start_push(&Ca::new("Somebody"), "agent-1", &wss, Access::Certificate);
    broker.refuses(stranger, "").await;
    // Without TLS nothing is said, and there is no way to ask for it.
    let password = || password("agent-1");
    broker.refuses(start(&format!("mqtts://localhost:{PLAIN}"), password()), "does not speak TLS").await;
    broker.refuses(start(&format!("wss://localhost:{WS}"), password()), "does not speak TLS").await;
    assert!(format!("mqtt://localhost:{PLAIN}").parse::<Place>().is_err());
    assert!(format!("ws://localhost:{WS}").parse::<Place>().is_err());
    outsider(&broker, broker.folder.path());
}

/// The rights hold for who comes with another program as well.
fn outsider(broker: &Broker, folder: &Path) {
    let mut sub = Command::new("mosquitto_sub");
    sub.args(["-h", "localhost", "-p", &TLS.to_string(), "-u", "agent-1", "-P", "password of agent-1", "-q", "1"]);
    sub.arg("--cafile").arg(folder.join("ca.pem")).args(["-t", "devices/agent-2/#", "-t", "devices/agent-1/#"]);
    let sub = sub.args(["-F", "%t", "-C", "1", "-W", "10"]).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    broker.wake("agent-2", "not yours");
    broker.wake("agent-1", "yours");
    let heard = String::from_utf8(sub.wait_with_output().unwrap().stdout).unwrap();
    assert!(heard.starts_with("devices/agent-1/"), "{heard}");
}
