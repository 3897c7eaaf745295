//! The driver against an agent that others wrote: net-snmp's snmpd on loopback.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may panic and say why it skips"
)]

mod common;

use dca_fence::Allowed;
use dca_lan::{Settings, Snmp};
use dca_snmp::{
    AuthProtocol, Binding, Credentials, Failure, KeyExtension, PrivProtocol, Request, User, Value, VarBind,
};
use dca_snmp::{UsmReport, Walk, WalkEnd, oid};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const DESCRIPTION: &str = "Test device of the driver";
const PASSWORD: &[u8] = b"correct horse";

/// A snmpd with its own settings and state, ended when dropped.
struct Snmpd {
    process: Child,
    at: Allowed,
    _folder: tempfile::TempDir,
}

impl Snmpd {
    /// `None`, loudly, if there is no snmpd here; in CI there must be one.
    async fn start() -> Option<Self> {
        let Some(program) =
            ["/usr/sbin/snmpd", "/usr/local/sbin/snmpd"].into_iter().find(|path| std::fs::exists(path).unwrap())
        else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "net-snmp's snmpd is not installed");
            println!("SKIPPED: net-snmp's snmpd is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let free = std::net::SocketAddr::from(([127, 0, 0, 1], dca_loopback::free_port()));
        let settings = folder.path().join("snmpd.conf");
        let password = str::from_utf8(PASSWORD).unwrap();
        let text = format!(
            "agentaddress udp:{free}\nsysDescr {DESCRIPTION}\nrocommunity office 127.0.0.1\nrouser plain noauth\n\
             rouser signed auth\nrouser sealed priv\ncreateUser plain\ncreateUser signed SHA \"{password}\"\n\
             createUser sealed SHA-256 \"{password}\" AES \"{password}\"\n"
        );
        std::fs::write(&settings, text).unwrap();
        let process = Command::new(program)
            .args(["-f", "-Lf", "/dev/null", "-C", "-c"])
            .arg(&settings)
            .env("SNMP_PERSISTENT_DIR", folder.path())
            .env("SNMPCONFPATH", folder.path())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let snmpd = Self { process, at: common::allow(free), _folder: folder };
        let quick = Settings { timeout: Duration::from_millis(200), ..Settings::default() };
        let snmp = Snmp::bind(quick).unwrap();
        let start = Instant::now();
        while let Err(failure) = snmp.ask(system(), snmpd.at, &Credentials::v2c("office")).await {
            assert!(start.elapsed() < Duration::from_secs(10), "snmpd does not start: {failure}");
            sleep(Duration::from_millis(50)).await;
        }
        Some(snmpd)
    }
}

impl Drop for Snmpd {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// sysDescr.0, and an object that nobody has.
fn system() -> Request {
    Request::get([oid!("1.3.6.1.2.1.1.1.0"), oid!("1.3.6.1.4.1.99999.1.0")])
}

fn everybody() -> Vec<(&'static str, Credentials)> {
    let user = |name| User::new(name).unwrap();
    let signed = user("signed").auth(AuthProtocol::Sha1, PASSWORD).unwrap();
    let sealed = user("sealed").auth(AuthProtocol::Sha256, PASSWORD).unwrap();
    vec![
        ("v1", Credentials::v1("office")),
        ("v2c", Credentials::v2c("office")),
        ("noAuthNoPriv", Credentials::V3(user("plain"))),
        ("authNoPriv", Credentials::V3(signed)),
        ("authPriv", Credentials::V3(sealed.privacy(PrivProtocol::Aes128, PASSWORD).unwrap())),
    ]
}

#[tokio::test]
async fn gets_and_walks_in_every_version() {
    let Some(snmpd) = Snmpd::start().await else { return };
    let snmp = Snmp::bind(Settings::default()).unwrap();
    let mut walks: Vec<(&str, Vec<VarBind>)> = Vec::new();
    for (version, who) in everybody() {
        let answer = snmp.ask(system(), snmpd.at, &who).await.unwrap_or_else(|failure| panic!("{version}: {failure}"));
        assert_eq!(answer.varbinds[0].value(), Some(&Value::OctetString(DESCRIPTION.into())), "{version}");
        assert_eq!(answer.varbinds[1].binding, Binding::NoSuchObject, "{version}");

        let walked = snmp.walk(Walk::new(oid!("1.3.6.1.2.1.1")), snmpd.at, &who).await;
        assert!(matches!(walked.end, WalkEnd::Complete), "{version}: {:?}", walked.end);
        assert!(walked.varbinds.len() > 10, "{version}: {} rows", walked.varbinds.len());
        assert!(walked.varbinds.iter().all(|row| row.oid.starts_with(oid!("1.3.6.1.2.1.1"))), "{version}");
        walks.push((version, walked.varbinds.to_varbinds()));
    }
    // The same rows whatever the version; sysUpTime moves.
    for (version, rows) in &walks {
        let still = |rows: &[VarBind]| {
            rows.iter().filter(|row| row.oid != oid!("1.3.6.1.2.1.1.3.0")).cloned().collect::<Vec<_>>()
        };
        assert_eq!(still(rows), still(&walks[0].1), "{version}");
    }
}

#[tokio::test]
async fn what_is_wrong_has_its_own_failure() {
    let Some(snmpd) = Snmpd::start().await else { return };
    let quick = Settings { timeout: Duration::from_millis(300), retries: 1, ..Settings::default() };
    let snmp = Snmp::bind(quick).unwrap();
    let user = |name, password: &[u8]| User::new(name).unwrap().auth(AuthProtocol::Sha256, password).unwrap();
    let aes = PrivProtocol::Aes256(KeyExtension::Either);
    let wrong = [
        (Credentials::v2c("wrong"), None),
        (Credentials::V3(user("nobody", PASSWORD)), Some(UsmReport::UnknownUserName)),
        (Credentials::V3(user("sealed", b"wrong password")), Some(UsmReport::WrongDigest)),
        (Credentials::V3(user("plain", PASSWORD)), Some(UsmReport::UnsupportedSecLevel)),
        // net-snmp decrypts it to garbage, and drops that without a word.
        (Credentials::V3(user("sealed", PASSWORD).privacy(aes, PASSWORD).unwrap()), None),
    ];
    for (who, report) in wrong {
        match (snmp.ask(system(), snmpd.at, &who).await, report) {
            (Err(Failure::NoAnswer { tries: 2, .. }), None) => {}
            (Err(Failure::Usm(got)), Some(wanted)) if got == wanted => {}
            (other, wanted) => panic!("{who:?}: {other:?}, wanted {wanted:?}"),
        }
    }
}
