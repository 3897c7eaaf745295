//! eXplorer on a loopback port, with all it keeps in one folder.

use crate::program::{Program, Programs, until};
use anyhow::{Context, bail};
use dca_loopback::free_port;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A running portal.
#[derive(Debug)]
pub struct Portal {
    programs: Programs,
    folder: PathBuf,
    port: u16,
    metrics: u16,
    program: Option<Program>,
}

impl Portal {
    /// Starts a portal that keeps everything in `folder` and asks its agents to check in every `period_s` seconds.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start(programs: &Programs, folder: &Path, period_s: u32) -> anyhow::Result<Self> {
        Self::begin(programs, folder, period_s, "")
    }

    /// The same with this database, a URL.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start_on(programs: &Programs, folder: &Path, period_s: u32, database: &str) -> anyhow::Result<Self> {
        Self::begin(programs, folder, period_s, &format!("database = {database:?}\n"))
    }

    fn begin(programs: &Programs, folder: &Path, period_s: u32, more: &str) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let (port, metrics) = (free_port(), free_port());
        let config = format!(
            "listen = \"127.0.0.1:{port}\"\nmetrics = \"127.0.0.1:{metrics}\"\npublic = \"https://127.0.0.1:{port}\"\n\
             state = {:?}\nperiod = {period_s}\n{more}",
            folder.join("state")
        );
        fs::write(folder.join("explorer.toml"), config)?;
        let mut portal = Self { programs: programs.clone(), folder: folder.to_owned(), port, metrics, program: None };
        portal.restart()?;
        Ok(portal)
    }

    /// Starts it again after [`Portal::kill`].
    ///
    /// # Errors
    /// If it does not come up.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        let mut command = self.programs.command("explorer")?;
        command.arg("serve").arg("-c").arg(self.config());
        let mut program = Program::start(&mut command, &self.log())?;
        until(Duration::from_secs(30), "a listening portal", || {
            if let Some(status) = program.ended()? {
                bail!("explorer ended ({status}):\n{}", fs::read_to_string(self.log())?);
            }
            Ok(TcpStream::connect(("127.0.0.1", self.port)).ok())
        })?;
        self.program = Some(program);
        Ok(())
    }

    /// Ends it as a power cut would.
    ///
    /// # Errors
    /// If the system does not let us.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        match self.program.take() {
            Some(mut program) => program.kill(),
            None => Ok(()),
        }
    }

    /// From its next start on another program starts it, which gets program and arguments behind its own; none if empty.
    pub fn through(&mut self, words: &[&str]) {
        self.programs = self.programs.clone().through(words);
    }

    /// `https://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// What `explorer admin` with these arguments prints.
    ///
    /// # Errors
    /// If it fails.
    pub fn admin(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = self.programs.command("explorer")?;
        let output = command.arg("admin").arg("-c").arg(self.config()).args(arguments).output()?;
        if !output.status.success() {
            bail!("explorer admin {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// A fresh activation code for an agent of the site.
    ///
    /// # Errors
    /// If the portal gives none.
    pub fn code(&self, customer: &str, site: &str) -> anyhow::Result<String> {
        let line = self.admin(&["enroll-code", "--customer", customer, "--site", site])?;
        Ok(line.split_whitespace().last().context("an empty line instead of a code")?.to_owned())
    }

    /// How many readings it has committed since it was started, as its metrics say.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn readings(&self) -> anyhow::Result<u64> {
        let answer = self.observe("/metrics")?;
        let line = answer.lines().find_map(|line| line.strip_prefix("explorer_readings_total "));
        Ok(line.context("no explorer_readings_total among the metrics")?.trim().parse()?)
    }

    /// Readings in its database, each of which was read and is there once.
    ///
    /// # Errors
    /// If one cannot be read, or is there twice.
    pub fn stored(&self) -> anyhow::Result<u64> {
        let said = self.admin(&["verify-readings"])?;
        if !said.contains(" 0 are there twice, 0 cannot be read") {
            bail!("{said}");
        }
        Ok(said.split_whitespace().next().context("no number of readings")?.parse()?)
    }

    /// Whether it is ready: the HTTP status, and what it says of it.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn ready(&self) -> anyhow::Result<(u16, String)> {
        let answer = self.observe("/readyz")?;
        let status = answer.split_whitespace().nth(1).context("no status line")?.parse()?;
        Ok((status, answer.lines().last().unwrap_or_default().to_owned()))
    }

    /// An answer of the port for those who watch over it.
    fn observe(&self, path: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.metrics))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut answer = String::new();
        stream.take(1 << 20).read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// The database, if it is not another one.
    pub fn database(&self) -> PathBuf {
        self.folder.join("state/explorer.db")
    }

    /// What it said.
    pub fn log(&self) -> PathBuf {
        self.folder.join("explorer.log")
    }

    fn config(&self) -> PathBuf {
        self.folder.join("explorer.toml")
    }
}
