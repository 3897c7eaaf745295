//! Our manager, through the real driver and a real socket, against net-snmp's agent.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test may use files, sockets and the clock")]

use dca_conformance::{Running, wait_until_answered, witness};
use dca_fence::{Allowed, Fence};
use dca_lan::{Settings, Snmp};
use dca_loopback::free_port;
use dca_snmp::{
    AuthProtocol, Credentials, Failure, KeyExtension, Oid, PrivProtocol, Request, User, UsmReport, Value, ValueRef,
    Walk, WalkEnd,
};
use std::fmt::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::time::Duration;

const AUTH: [(&str, AuthProtocol); 6] = [
    ("MD5", AuthProtocol::Md5),
    ("SHA", AuthProtocol::Sha1),
    ("SHA-224", AuthProtocol::Sha224),
    ("SHA-256", AuthProtocol::Sha256),
    ("SHA-384", AuthProtocol::Sha384),
    ("SHA-512", AuthProtocol::Sha512),
];

/// net-snmp's name and what our user says: the extension is found by trying both.
const PRIVACY: [(&str, PrivProtocol); 6] = [
    ("DES", PrivProtocol::Des),
    ("AES", PrivProtocol::Aes128),
    ("AES-192", PrivProtocol::Aes192(KeyExtension::Either)),
    ("AES-256", PrivProtocol::Aes256(KeyExtension::Either)),
    ("AES-192-C", PrivProtocol::Aes192(KeyExtension::Either)),
    ("AES-256-C", PrivProtocol::Aes256(KeyExtension::Either)),
];

const AUTH_PASSWORD: &str = "first password";
const PRIVACY_PASSWORD: &str = "second password";
const ROOT: &str = "1.3.6.1.4.1.99999";
const ROWS: u32 = 120;

/// v2c Get of sysUpTime.0 with the community public: asked until the agent has started.
const ARE_YOU_THERE: &[u8] =
    b"\x30\x29\x02\x01\x01\x04\x06public\xa0\x1c\x02\x04\x01\x00\x00\x00\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00";

struct Agent {
    at: Allowed,
    port: u16,
    folder: tempfile::TempDir,
    running: Option<Running>,
}

impl Agent {
    fn start() -> Option<Self> {
        witness("snmpd")?;
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let mut agent = Self { at: allowed(([127, 0, 0, 1], port).into()), port, folder, running: None };
        agent.boot(3);
        Some(agent)
    }

    /// Starts it, or starts it again, as if it had been started so many times.
    fn boot(&mut self, boots: u32) {
        self.running = None;
        let config = self.folder.path().join("snmpd.conf");
        let persistent = self.folder.path().join(format!("boots-{boots}"));
        std::fs::create_dir_all(&persistent).unwrap();
        std::fs::write(&config, config_text()).unwrap();
        std::fs::write(persistent.join("snmpd.conf"), format!("engineBoots {boots}\n")).unwrap();
        let mut command = Command::new(witness("snmpd").unwrap());
        command.env("MIBS", "").env("SNMP_PERSISTENT_DIR", &persistent).args(["-f", "-Ln", "-C", "-c"]).arg(&config);
        self.running = Some(Running::start(command.arg(format!("udp:127.0.0.1:{}", self.port))));
        wait_until_answered(self.port, ARE_YOU_THERE, Duration::from_secs(20));
    }
}

fn config_text() -> String {
    let mut text = String::from("rocommunity public\nexactEngineID 0x80001f8804636f6e666f726d\n");
    let mut user = |name: &str, keys: &str, level: &str| {
        writeln!(text, "createUser {name} {keys}\nrouser {name} {level}").unwrap();
    };
    user("nobody", "", "noauth");
    for (auth, _) in AUTH {
        user(auth, &format!("{auth} \"{AUTH_PASSWORD}\""), "auth");
        for (privacy, _) in PRIVACY {
            let keys = format!("{auth} \"{AUTH_PASSWORD}\" {privacy} \"{PRIVACY_PASSWORD}\"");
            user(&format!("{auth}+{privacy}"), &keys, "priv");
        }
    }
    for row in 1..=ROWS {
        writeln!(text, "override {ROOT}.1.{row} integer {row}").unwrap();
    }
    text
}

fn allowed(at: SocketAddr) -> Allowed {
    Fence::parse([at.to_string().as_str()]).unwrap().admit(at).unwrap()
}

fn quick() -> Settings {
    Settings { timeout: Duration::from_millis(500), retries: 1, ..Settings::default() }
}

fn signer(auth: (&str, AuthProtocol)) -> User {
    User::new(auth.0).unwrap().auth(auth.1, AUTH_PASSWORD.as_bytes()).unwrap()
}

fn sealer(auth: (&str, AuthProtocol), privacy: (&str, PrivProtocol)) -> User {
    let user = User::new(&format!("{}+{}", auth.0, privacy.0)).unwrap();
    let user = user.auth(auth.1, AUTH_PASSWORD.as_bytes()).unwrap();
    user.privacy(privacy.1, PRIVACY_PASSWORD.as_bytes()).unwrap()
}

fn oid(text: &str) -> Oid {
    text.parse().unwrap()
}

async fn check_walk(snmp: &Snmp, at: Allowed, who: &Credentials, name: &str) {
    let walked = snmp.walk(Walk::new(oid(&format!("{ROOT}.1"))), at, who).await;
    assert_eq!(walked.end, WalkEnd::Complete, "{name}");
    assert!(walked.quirks.is_empty(), "{name}: {:?}", walked.quirks);
    let rows: Vec<_> =
        walked.varbinds.iter().map(|row| (row.oid.to_string(), row.value().map(ValueRef::to_value))).collect();
    let wanted: Vec<_> = (1..=ROWS).map(|row| (format!("{ROOT}.1.{row}"), Some(Value::Integer(row.into())))).collect();
    assert_eq!(rows, wanted, "{name}");
}

#[tokio::test]
async fn walked_on_every_version_with_every_hash_and_cipher() {
    let Some(agent) = Agent::start() else { return };
    let snmp = Snmp::bind(Settings::default()).unwrap();
    check_walk(&snmp, agent.at, &Credentials::v1("public"), "v1").await;
    check_walk(&snmp, agent.at, &Credentials::v2c("public"), "v2c").await;
    check_walk(&snmp, agent.at, &Credentials::V3(User::new("nobody").unwrap()), "noAuthNoPriv").await;
    for auth in AUTH {
        check_walk(&snmp, agent.at, &Credentials::V3(signer(auth)), auth.0).await;
        for privacy in PRIVACY {
            let name = format!("{} with {}", auth.0, privacy.0);
            check_walk(&snmp, agent.at, &Credentials::V3(sealer(auth, privacy)), &name).await;
        }
    }
}

#[tokio::test]
async fn a_restart_between_two_requests_is_invisible() {
    let Some(mut agent) = Agent::start() else { return };
    let snmp = Snmp::bind(Settings::default()).unwrap();
    let users =
        [signer(AUTH[3]), sealer(AUTH[1], PRIVACY[1]), sealer(AUTH[0], PRIVACY[0]), sealer(AUTH[5], PRIVACY[5])];
    let users = users.map(Credentials::V3);
    let sys_object = Request::get([oid(&format!("{ROOT}.1.7"))]);
    for boots in [3, 9, 10] {
        if boots > 3 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            agent.boot(boots);
        }
        for who in &users {
            let answer = snmp.ask(sys_object.clone(), agent.at, who).await.unwrap();
            assert_eq!(answer.varbinds.first().unwrap().value(), Some(&Value::Integer(7)), "boots {boots}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let Some(agent) = Agent::start() else { return };
    let snmp = Snmp::bind(quick()).unwrap();
    let ask = async |at: Allowed, who: Credentials| {
        snmp.ask(Request::get([oid("1.3.6.1.2.1.1.3.0")]), at, &who).await.map(|answer| answer.varbinds)
    };
    let named = |name: &str, auth: &str, privacy: &str| {
        let user = User::new(name).unwrap().auth(AuthProtocol::Sha1, auth.as_bytes()).unwrap();
        Credentials::V3(user.privacy(PrivProtocol::Aes128, privacy.as_bytes()).unwrap())
    };
    let usm = |report| Err(Failure::Usm(report));
    assert!(ask(agent.at, named("SHA+AES", AUTH_PASSWORD, PRIVACY_PASSWORD)).await.is_ok());
    assert_eq!(
        ask(agent.at, named("stranger", AUTH_PASSWORD, PRIVACY_PASSWORD)).await,
        usm(UsmReport::UnknownUserName)
    );
    assert_eq!(ask(agent.at, named("SHA+AES", "wrong password", PRIVACY_PASSWORD)).await, usm(UsmReport::WrongDigest));
    assert_eq!(ask(agent.at, named("SHA", AUTH_PASSWORD, PRIVACY_PASSWORD)).await, usm(UsmReport::UnsupportedSecLevel));
    // With the wrong key the ciphers give garbage, and net-snmp drops what it cannot parse without a report. It drops an
    // unknown context as well: its own snmpget says "Timeout" to both. That it is there and speaks v3 is known by then.
    for (what, who) in [
        ("privacy password", named("SHA+AES", AUTH_PASSWORD, "wrong password")),
        ("context", Credentials::V3(signer(AUTH[1]).context("elsewhere"))),
    ] {
        let fresh = Snmp::bind(quick()).unwrap();
        let outcome = fresh.ask(Request::get([oid("1.3.6.1.2.1.1.3.0")]), agent.at, &who).await;
        assert!(matches!(outcome, Err(Failure::Dropped { tries: 3.., .. })), "{what}: {outcome:?}");
    }
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    for (what, at, who) in [
        ("community", agent.at, Credentials::v2c("private")),
        ("silent host", allowed(silent.local_addr().unwrap()), Credentials::v2c("public")),
    ] {
        let outcome = ask(at, who).await;
        assert!(matches!(outcome, Err(Failure::NoAnswer { tries: 2.., .. })), "{what}: {outcome:?}");
    }
    let closed = ask(allowed(([127, 0, 0, 1], free_port()).into()), Credentials::v2c("public")).await;
    assert!(matches!(closed, Err(Failure::Unreachable(_))), "{closed:?}");
}
