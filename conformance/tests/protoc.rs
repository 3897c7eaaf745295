//! The reference implementation of protocol buffers reads our `.proto` files and our encoded samples, knows every field in
//! them, and encodes them to the same octets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#![allow(clippy::disallowed_types, reason = "a test may use files")]

use dca_conformance::witness;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn samples_mean_to_protoc_what_they_mean_to_us() {
    let Some(protoc) = witness("protoc") else { return };
    let wire = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wire");
    let mut seen = 0;
    for version in entries(&wire.join("samples")).into_iter().filter(|path| path.is_dir()) {
        for sample in entries(&version) {
            let name = sample.file_stem().unwrap().to_str().unwrap();
            let hex: String = std::fs::read_to_string(&sample).unwrap().split_whitespace().collect();
            let octets: Vec<u8> =
                (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
            let text = run(&protoc, &wire, &format!("--decode=dca.v1.{name}"), &octets);
            let shown = String::from_utf8(text.clone()).unwrap();
            let unknown =
                shown.lines().find(|line| line.trim_start().starts_with(|first: char| first.is_ascii_digit()));
            assert_eq!(unknown, None, "a field of {name} that protoc does not know");
            assert!(!shown.is_empty(), "{name}");
            assert_eq!(run(&protoc, &wire, &format!("--encode=dca.v1.{name}"), &text), octets, "{name}");
            seen += 1;
        }
    }
    assert!(seen > 0);
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn run(protoc: &Path, wire: &Path, what: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(protoc)
        .arg(format!("--proto_path={}", wire.join("proto").display()))
        .arg(what)
        .args(entries(&wire.join("proto/dca/v1")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "protoc {what}: {}", output.status);
    output.stdout
}
