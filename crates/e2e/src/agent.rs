//! `dca` as a service, with all it keeps in one folder.

use crate::program::{Program, Programs};
use anyhow::{Context, bail};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An agent, running or not.
#[derive(Debug)]
pub struct Agent {
    programs: Programs,
    folder: PathBuf,
    program: Option<Program>,
}

impl Agent {
    /// An agent that may touch `targets`, as in `dca.toml`, and keeps everything in `folder`.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn new(programs: &Programs, folder: &Path, targets: &[String]) -> anyhow::Result<Self> {
        let state = folder.join("state");
        fs::create_dir_all(&state)?;
        // On loopback nobody answers later than this.
        let config = format!(
            "state_dir = {state:?}\n[portal]\nproxy = \"none\"\nspread = 1\n[snmp]\ntimeout = 1.0\n[[range]]\nname = \"Office\"\n\
             targets = {targets:?}\ntry = [{{ community = {{ file = \"community\" }} }}]\n"
        );
        fs::write(folder.join("community"), "public")?;
        fs::write(folder.join("dca.toml"), config)?;
        Ok(Self { programs: programs.clone(), folder: folder.to_owned(), program: None })
    }

    /// Makes it a member of the portal.
    ///
    /// # Errors
    /// If the portal says no.
    pub fn enroll(&self, url: &str, code: &str) -> anyhow::Result<String> {
        self.enrolled(&["enroll", url, code])
    }

    /// Makes it another member of the portal: what it was is forgotten.
    ///
    /// # Errors
    /// If the portal says no.
    pub fn enroll_again(&self, url: &str, code: &str) -> anyhow::Result<String> {
        self.enrolled(&["enroll", "--again", url, code])
    }

    fn enrolled(&self, words: &[&str]) -> anyhow::Result<String> {
        let mut command = self.programs.command("dca")?;
        let output = command.args(words).args(["--proxy", "none", "--state"]).arg(self.state()).output()?;
        if !output.status.success() {
            bail!("dca enroll: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts the service.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.start_with(&[])
    }

    /// Starts the service with variables that a service manager sets.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_with(&mut self, environment: &[(&str, &OsStr)]) -> anyhow::Result<()> {
        let mut command = self.programs.command("dca")?;
        command.arg("run").arg("-c").arg(self.folder.join("dca.toml")).envs(environment.iter().copied());
        self.program = Some(Program::start(&mut command, &self.log())?);
        Ok(())
    }

    /// From its next start on another program starts it, which gets program and arguments behind its own; none if empty.
    pub fn through(&mut self, words: &[&str]) {
        self.programs = self.programs.clone().through(words);
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

    /// Asks it to end, as a service manager does.
    ///
    /// # Errors
    /// If it takes longer than `patience`, or fails.
    pub fn stop(&mut self, patience: Duration) -> anyhow::Result<()> {
        let Some(mut program) = self.program.take() else { return Ok(()) };
        let status = program.stop(patience)?;
        if !status.success() {
            bail!("dca run ended with {status}:\n{}", fs::read_to_string(self.log())?);
        }
        Ok(())
    }

    /// Fails if the service is not running.
    ///
    /// # Errors
    /// With what it said.
    pub fn check(&mut self) -> anyhow::Result<()> {
        match self.program.as_mut().map(Program::ended) {
            Some(Ok(None)) => Ok(()),
            _ => bail!("dca run has ended:\n{}", fs::read_to_string(self.log())?),
        }
    }

    /// Its process, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.program.as_ref().map(Program::id)
    }

    /// What `dca status --json` says; nothing before the service has said something.
    ///
    /// # Errors
    /// If it says something that is no JSON.
    pub fn status(&self) -> anyhow::Result<Option<serde_json::Value>> {
        let mut command = self.programs.command("dca")?;
        let output = command.args(["status", "--json", "-c"]).arg(self.folder.join("dca.toml")).output()?;
        if output.stdout.is_empty() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&output.stdout)?))
    }

    /// Its configuration.
    pub fn config(&self) -> PathBuf {
        self.folder.join("dca.toml")
    }

    /// Sends it a signal, such as `HUP`.
    ///
    /// # Errors
    /// If it does not run.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        self.program.as_ref().context("dca run does not run")?.signal(name)
    }

    /// What it keeps.
    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// What it said.
    pub fn log(&self) -> PathBuf {
        self.folder.join("dca.log")
    }
}
