//! A simulated office: printers on loopback addresses, in a process of their own.

use crate::program::Programs;
use anyhow::{Context, bail};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A running office; it ends when this is dropped.
#[derive(Debug)]
pub struct Office {
    process: Child,
    /// The UDP port that every device listens on.
    pub port: u16,
    /// The devices' addresses, in order.
    pub addresses: Vec<String>,
}

impl Office {
    /// Starts `devices` simulated devices from `base` on and waits until they answer.
    ///
    /// # Errors
    /// If the program is missing or ends.
    pub fn open(programs: &Programs, base: &str, devices: usize) -> anyhow::Result<Self> {
        let port = dca_loopback::free_port();
        let mut process = programs
            .command("dca-sim")?
            .args(["--port", &port.to_string(), "--base", base, "--devices", &devices.to_string()])
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

impl Office {
    /// Switches every device off.
    pub fn close(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.close();
    }
}
