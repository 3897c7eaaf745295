//! A PostgreSQL server of a test: as a user without rights, on a port of its own, ended with the thread that started it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as they do")]

use crate::free_port;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The files of a server, and its port.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    root: bool,
}

impl Cluster {
    /// Whether PostgreSQL is installed. If not, a test is skipped, and this says so.
    ///
    /// # Panics
    /// If it is not, and `CI=true`: there nothing is skipped.
    #[must_use]
    #[allow(clippy::print_stderr, reason = "a test that is skipped is seen")]
    pub fn is_installed() -> bool {
        let installed = programs().is_some();
        if !installed {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and PostgreSQL is not installed");
            eprintln!("SKIPPED: 1 test, PostgreSQL is not installed");
        }
        installed
    }

    /// A new one.
    ///
    /// # Panics
    /// If PostgreSQL is not installed, or its files cannot be made.
    #[must_use]
    pub fn make() -> Self {
        let programs = programs().unwrap();
        let folder = tempfile::tempdir().unwrap().keep();
        let data = folder.join("data");
        std::fs::create_dir(&data).unwrap();
        // PostgreSQL refuses to run as root.
        let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        if root {
            let owned = Command::new("chown").arg("-R").arg("postgres:postgres").arg(&folder).status();
            assert!(owned.unwrap().success());
        }
        let mut command = as_user(root, &programs.join("initdb"));
        command.args(["-A", "trust", "-U", "postgres", "-N", "-D"]).arg(&data).stdout(Stdio::null());
        assert!(command.status().unwrap().success());
        Self { programs, folder, port: free_port(), root }
    }

    /// Starts the server with these settings (`fsync=off`); it ends with this thread.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(&self, settings: &[&str]) -> Running {
        let mut server = as_user(self.root, &self.programs.join("postgres"));
        server.arg("-D").arg(self.folder.join("data")).args(["-p", &self.port.to_string()]).stderr(Stdio::null());
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories="].iter().chain(settings) {
            server.args(["-c", setting]);
        }
        let running = Running(server.spawn().unwrap());
        for _ in 0..200 {
            if self.client("pg_isready").arg("-q").status().is_ok_and(|status| status.success()) {
                return running;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("PostgreSQL does not start");
    }

    /// The URL of a new database of the running server.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn database(&self, name: &str) -> String {
        assert!(self.client("createdb").args(["-U", "postgres", name]).status().unwrap().success());
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// What a statement answers, a line for each row, with `|` between columns.
    ///
    /// # Panics
    /// If it cannot be asked.
    pub fn ask(&self, database: &str, statement: &str) -> String {
        let mut client = self.client("psql");
        let answer = client.args(["-U", "postgres", "-XAtq", "-d", database, "-c", statement]).output().unwrap();
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8_lossy(&answer.stdout).into_owned()
    }

    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(self.programs.join(program));
        client.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        client
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.folder.join("data/postmaster.pid").exists() {
            // The server still runs.
            return;
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A server that runs.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Ends it as a crash does: nothing is written that was not, and the sessions of its clients end with it.
    ///
    /// # Panics
    /// If it does not end.
    pub fn stop(&mut self) {
        let asked = Command::new("kill").args(["-QUIT", &self.0.id().to_string()]).status();
        assert!(asked.unwrap().success());
        self.0.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self) {
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.stop();
        }
    }
}

/// Where the newest version has its programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.sort();
    found.into_iter().rfind(|folder| folder.join("postgres").is_file())
}

/// The program as a user without rights, to be killed with its parent.
fn as_user(root: bool, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if root {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}
