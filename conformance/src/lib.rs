//! Starting and ending the witnesses: programs that nobody here wrote, against which the tests of this package run.
//!
//! A missing witness is a failure under `CI=true`; else the test prints that it skipped and counts as passed.
#![allow(clippy::print_stderr, reason = "a skipped test must be seen")]
#![allow(clippy::panic, clippy::expect_used, reason = "helpers of tests fail as the tests do")]

pub mod agents;
pub mod ca;
pub mod namespace;
pub mod proxies;
pub mod snmpsim;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program by its name, or `None`, loudly, where it is not installed.
pub fn witness(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skip(&format!("{name} is not installed"));
    }
    found
}

/// The folder of recorded data beside the repository, or `None`, loudly.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DCA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let found = root.join(folder);
    if found.is_dir() {
        return Some(found);
    }
    skip(&format!("no recorded data at {} (set DCA_SHARED)", found.display()));
    None
}

/// Says that a test is skipped, and why.
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and {why}");
    eprintln!("SKIPPED: 1 test, {why}");
}

/// The `dca` that was built with these tests. `cargo xtask test` builds it first; by hand: `cargo build -p dca`.
pub fn dca() -> PathBuf {
    let test = std::env::current_exe().expect("the running test");
    let folder = test.parent().and_then(Path::parent).expect("target/debug/deps/test");
    let dca = folder.join("dca");
    assert!(dca.is_file(), "{} is missing: cargo build -p dca", dca.display());
    dca
}

/// A running program that ends with this value.
pub struct Running(Child);

impl Running {
    /// Starts it with its output thrown away.
    pub fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}")))
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// True once it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until somebody takes connections on a port of 127.0.0.1.
pub fn wait_until_taken(port: u16, by: &mut Running, at_most: Duration) {
    let end = Instant::now() + at_most;
    while Instant::now() < end {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        assert!(!by.has_ended(), "what was to listen on port {port} has ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nobody listens on port {port} after {at_most:?}");
}

/// DER as the text of a PEM file.
pub fn pem(label: &str, der: &[u8]) -> String {
    // GnuTLS reads no longer lines.
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Sends a datagram until one comes back.
pub fn wait_until_answered(port: u16, question: &[u8], at_most: Duration) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port of loopback");
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a time-out");
    let end = Instant::now() + at_most;
    while Instant::now() < end {
        let _ = socket.send_to(question, ("127.0.0.1", port));
        if socket.recv_from(&mut [0; 65_507]).is_ok() {
            return;
        }
    }
    panic!("nobody answers on port {port} after {at_most:?}");
}
