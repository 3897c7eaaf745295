//! Programs and their processes.

use anyhow::{Context, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The folder into which cargo put the programs, and how they are started.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
    /// A program that starts the others, with its arguments.
    through: Vec<String>,
}

impl Programs {
    /// The programs in this folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), through: Vec::new() }
    }

    /// The same, each started by another program (`nsenter ...`), which gets program and arguments behind its own.
    #[must_use]
    pub fn through(mut self, words: &[&str]) -> Self {
        self.through = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// The programs that were built with the running test.
    ///
    /// # Errors
    /// If the running program is no test of cargo.
    pub fn beside_this_test() -> anyhow::Result<Self> {
        let test = std::env::current_exe()?;
        let folder = test.parent().and_then(Path::parent).context("a test lies in target/PROFILE/deps")?;
        Ok(Self::in_folder(folder))
    }

    /// Where a program is.
    ///
    /// # Errors
    /// If it was not built.
    pub fn find(&self, name: &str) -> anyhow::Result<PathBuf> {
        let program = self.folder.join(name);
        if !program.is_file() {
            bail!("{} is missing: cargo build -p {name}", program.display());
        }
        Ok(program)
    }

    /// A call of a program, with nothing to read.
    ///
    /// # Errors
    /// If it was not built.
    pub fn command(&self, name: &str) -> anyhow::Result<Command> {
        let program = self.find(name)?;
        let mut command = match self.through.as_slice() {
            [] => Command::new(program),
            [other, words @ ..] => {
                let mut command = Command::new(other);
                command.args(words).arg(program);
                command
            }
        };
        command.stdin(Stdio::null());
        Ok(command)
    }
}

/// A running program; it is killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    process: Child,
}

impl Program {
    /// Starts it. What it says goes to the end of the file `log`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        let process = command.stdout(log.try_clone()?).stderr(log).spawn();
        Ok(Self { process: process.with_context(|| format!("cannot start {command:?}"))? })
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it has ended, and how.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }

    /// Ends it as a power cut would: nothing of it runs on.
    ///
    /// # Errors
    /// If the system does not let us.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Sends it a signal, such as `HUP`.
    ///
    /// # Errors
    /// If it is not there.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status()?;
        if !sent.success() {
            bail!("process {} cannot be sent {name}", self.id());
        }
        Ok(())
    }

    /// Asks it to end (SIGTERM) and waits until it did.
    ///
    /// # Errors
    /// If it takes longer than `patience`.
    pub fn stop(&mut self, patience: Duration) -> anyhow::Result<ExitStatus> {
        self.signal("TERM")?;
        until(patience, "the end of a program", || self.ended())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Looks until there is something to see.
///
/// # Errors
/// If there is nothing after `patience`, or looking fails.
pub fn until<T>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(seen) = look()? {
            return Ok(seen);
        }
        if Instant::now() > end {
            bail!("no sign of {what} after {patience:?}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
