//! paho-mqtt as a witness of the MQTT endpoint: what `witness.py` says that holds.

use crate::agent::Agent;
use crate::mqtt::pem;
use crate::place::Place;
use dca_wire::AgentId;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The Python that has paho-mqtt, which `cargo xtask test` installs; `None`, loudly, where it is missing.
fn python() -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let python = test.ancestors().nth(3).unwrap().join("pysnmp/bin/python");
    let has = Command::new(&python).args(["-c", "import paho.mqtt"]).stderr(Stdio::null()).status();
    if has.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and paho-mqtt is not installed");
    eprintln!("SKIPPED: 1 test, paho-mqtt is not installed at {}: cargo xtask test does it", python.display());
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paho_connects_listens_and_is_held_to_the_rules() {
    let Some(python) = python() else { return };
    let Some(place) = Place::open().await else { return };
    let agent = Agent::enrolled(&place).await;
    let folder = tempfile::tempdir().unwrap();
    pem(folder.path(), "ca.pem", "CERTIFICATE", place.portal.ca().certificate());
    pem(folder.path(), "agent.pem", "CERTIFICATE", &agent.chain[0]);
    pem(folder.path(), "agent.key", "PRIVATE KEY", agent.key.serialized_der());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/portal/witness.py");
    let mut command = Command::new(python);
    command.arg(script).arg(place.address.port().to_string()).arg(&agent.id).arg(folder.path());
    command.arg(agent.signature("/mqtt", place.clock.now_ms(), "paho"));
    let paho = command.stdout(Stdio::piped()).spawn().unwrap();
    let id = AgentId::parse(&agent.id).unwrap();
    // Hints as long as it listens.
    let portal = place.portal.clone();
    let hints = tokio::spawn(async move {
        loop {
            portal.wake(&id, "test").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let output = tokio::task::spawn_blocking(|| paho.wait_with_output()).await.unwrap().unwrap();
    hints.abort();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.lines().count(), 11, "{said}");
}
