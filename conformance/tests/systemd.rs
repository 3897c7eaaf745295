//! The unit that installs `dca run` as a service, judged by systemd itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use dca_conformance::{dca, witness};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn unit() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd/dca.service");
    std::fs::read_to_string(path).unwrap()
}

/// What `systemd-analyze` says of a unit.
fn analyze(program: &Path, words: &[&str], unit: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dca.service");
    std::fs::write(&path, unit).unwrap();
    Command::new(program).args(words).arg(&path).output().unwrap()
}

/// The unit as installed, with the program where it was built.
fn installed() -> Option<(PathBuf, String)> {
    let program = witness("systemd-analyze")?;
    Some((program, unit().replace("/usr/bin/dca", &dca().display().to_string())))
}

#[test]
fn systemd_understands_every_line() {
    let Some((program, unit)) = installed() else { return };
    let check = |unit: &str| {
        let said = analyze(&program, &["verify", "--man=no"], unit);
        (said.status.success(), String::from_utf8(said.stderr).unwrap())
    };
    assert_eq!(check(&unit), (true, String::new()));
    let (_, said) = check(&unit.replace("ProtectSystem=", "ProtectSytem="));
    assert!(said.contains("ProtectSytem"), "a line that it does not understand is told: {said}");
}

#[test]
fn the_service_is_given_next_to_nothing() {
    let Some((program, unit)) = installed() else { return };
    // Of 10.0, in tenths: 0 to 2.0 is what systemd calls OK, without a network at all it would be 0.
    let check = |most: &str, unit: &str| {
        let said = analyze(&program, &["security", "--offline=true", "--no-pager", "--threshold", most], unit);
        (said.status.success(), String::from_utf8(said.stdout).unwrap())
    };
    let (good, said) = check("15", &unit);
    assert!(good, "{said}");
    let (good, _) = check("15", &unit.replace("ProtectSystem=strict", "").replace("CapabilityBoundingSet=", "#"));
    assert!(!good, "the threshold means something");
    let capable: Vec<&str> = said.lines().filter(|line| line.starts_with('✗') && line.contains("CAP_")).collect();
    assert!(capable.is_empty(), "{capable:?}");
}
