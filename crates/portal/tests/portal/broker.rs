//! Mosquitto as the broker of a portal: hints go there, each agent hears its own.

use crate::agent::Agent;
use crate::mqtt::pem;
use crate::place::Place;
use dca_portal::{BrokerAt, BrokerKind, Pushed};
use dca_wire::AgentId;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Mosquitto with TLS for all: the portal by password, agents by their certificates, each with its own topics.
struct Mosquitto {
    program: &'static str,
    process: Child,
    config: PathBuf,
    port: u16,
}

impl Mosquitto {
    /// `None`, loudly, where it is not installed.
    fn prepare(folder: &Path, clients: &[u8]) -> Option<Self> {
        let found = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].into_iter().find(|path| Path::new(path).exists());
        let Some(program) = found else {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and mosquitto is not installed");
            eprintln!("SKIPPED: 1 test, mosquitto is not installed");
            return None;
        };
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let names = vec!["127.0.0.1".to_owned()];
        let own = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        pem(folder, "broker.pem", "CERTIFICATE", own.der());
        pem(folder, "broker.key", "PRIVATE KEY", key.serialized_der());
        pem(folder, "clients.pem", "CERTIFICATE", clients);
        std::fs::write(folder.join("acl"), "user portal\ntopic write devices/#\npattern read devices/%u/#\n").unwrap();
        let made = Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(folder.join("users"))
            .args(["portal", "secret"])
            .status();
        assert!(made.unwrap().success());
        let (port, agents) = (dca_loopback::free_port(), dca_loopback::free_port());
        let at = folder.display();
        let tls =
            format!("cafile {at}/clients.pem\ncertfile {at}/broker.pem\nkeyfile {at}/broker.key\nacl_file {at}/acl\n");
        let text = format!(
            "per_listener_settings true\npersistence false\nlog_dest none\nuser root\n\
             listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {at}/users\n{tls}\
             listener {agents} 127.0.0.1\nrequire_certificate true\nuse_identity_as_username true\n{tls}"
        );
        let config = folder.join("mosquitto.conf");
        std::fs::write(&config, text).unwrap();
        std::fs::write(folder.join("agents.port"), agents.to_string()).unwrap();
        let process = start(program, &config);
        Some(Self { program, process, config, port })
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    fn again(&mut self) {
        self.process = start(self.program, &self.config);
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.end();
    }
}

fn start(program: &str, config: &Path) -> Child {
    Command::new(program).arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Pushes until it ends so.
async fn until(place: &Place, id: &AgentId, wanted: Pushed) {
    for _ in 0..200 {
        if place.portal.wake(id, "test").await == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no push was {wanted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_go_by_way_of_mosquitto() {
    let folder = tempfile::tempdir().unwrap();
    // Its keys come first: the broker trusts the agents' certificates by them.
    let Some(place) = Place::open().await else { return };
    let Some(mut broker) = Mosquitto::prepare(folder.path(), place.portal.ca().certificate()) else { return };
    let at = BrokerAt {
        url: format!("mqtts://127.0.0.1:{}", broker.port),
        kind: BrokerKind::Mqtt,
        host: "127.0.0.1".to_owned(),
        port: broker.port,
        trust: Some(folder.path().join("broker.pem")),
        user: Some("portal".to_owned()),
        password: Some("secret".to_owned().into()),
        agents: vec!["mqtts://127.0.0.1:1".to_owned()],
    };
    let place = place.restart_with_broker(at).await;
    let mut agent = Agent::new();
    let answer = agent.enrol(&place, &place.code().await).await.unwrap();
    assert_eq!(answer.endpoints.unwrap().mqtt, ["mqtts://127.0.0.1:1"], "agents are sent to the broker");
    let foreign = Agent::enrolled(&place).await;
    pem(folder.path(), "agent.pem", "CERTIFICATE", &agent.chain[0]);
    pem(folder.path(), "agent.key", "PRIVATE KEY", agent.key.serialized_der());
    let port = std::fs::read_to_string(folder.path().join("agents.port")).unwrap();
    // Asks for everybody's topics and hears its own.
    let sub = Command::new("mosquitto_sub")
        .args(["-h", "127.0.0.1", "-p", &port, "-V", "mqttv311", "-q", "1", "-i", &agent.id, "-t", "devices/#"])
        .args(["-C", "3", "-F", "%t", "-W", "30", "--cafile"])
        .arg(folder.path().join("broker.pem"))
        .arg("--cert")
        .arg(folder.path().join("agent.pem"))
        .arg("--key")
        .arg(folder.path().join("agent.key"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (own, other) = (AgentId::parse(&agent.id).unwrap(), AgentId::parse(&foreign.id).unwrap());
    until(&place, &other, Pushed::Queued).await;
    let output = tokio::task::spawn_blocking(|| sub.wait_with_output());
    tokio::pin!(output);
    let output = loop {
        tokio::select! {
            output = &mut output => break output.unwrap().unwrap(),
            pushed = place.portal.wake(&own, "test") => {
                assert_eq!(pushed, Pushed::Queued);
                assert_eq!(place.portal.wake(&other, "test").await, Pushed::Queued);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    let heard = String::from_utf8(output.stdout).unwrap();
    let prefix = format!("devices/{}/messages/devicebound/", agent.id);
    assert_eq!(heard.lines().filter(|topic| topic.starts_with(&prefix)).count(), 3, "{heard}");
    assert_eq!(heard.lines().count(), 3, "{heard}");

    // Gone, and back.
    broker.end();
    until(&place, &own, Pushed::Unknown).await;
    broker.again();
    until(&place, &own, Pushed::Queued).await;
}
