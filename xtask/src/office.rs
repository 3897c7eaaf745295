//! A simulated office as a process of its own, so that what talks to it is the real program over real sockets.

use crate::shell::{root, target_folder};
use anyhow::{Context, bail};
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A running office; it ends when this is dropped.
pub(crate) struct Office {
    process: Child,
    /// The UDP port that every device listens on.
    pub(crate) port: u16,
    /// The devices' addresses, in order.
    pub(crate) addresses: Vec<String>,
}

impl Office {
    /// Starts `devices` simulated devices from `base` on and waits until they answer.
    pub(crate) fn open(profile: &str, base: &str, devices: usize) -> anyhow::Result<Self> {
        let port = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut process = Command::new(program(profile, "dca-sim"))
            .args(["--port", &port.to_string(), "--base", base, "--devices", &devices.to_string()])
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start dca-sim")?;
        let output = process.stdout.take().context("dca-sim has no output")?;
        let mut office = Self { process, port, addresses: Vec::with_capacity(devices) };
        for line in BufReader::new(output).lines() {
            let line = line?;
            let first = line.split_whitespace().next().unwrap_or_default();
            if let Some(address) = first.strip_suffix(&format!(":{port}")) {
                office.addresses.push(address.to_owned());
            }
            if office.addresses.len() == devices {
                return Ok(office);
            }
        }
        bail!("dca-sim ended before its devices answered")
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where cargo put a program.
pub(crate) fn program(profile: &str, name: &str) -> PathBuf {
    target_folder().join(profile).join(name)
}
