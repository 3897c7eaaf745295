//! PostgreSQL for the tests of this process: one server on a loopback port, as a user without rights, one database per test. It
//! ends with the process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Whether these tests run on PostgreSQL.
pub(crate) fn wanted() -> bool {
    env!("CARGO_CRATE_NAME") == "postgres"
}

/// The URL of a new database. `None`, loudly, where PostgreSQL is not installed.
pub(crate) fn database() -> Option<String> {
    database_of(&["fsync=off", "max_connections=300"])
}

/// The same of a server as Debian sets it up.
#[allow(dead_code, reason = "for examples/load")]
pub(crate) fn lasting_database() -> Option<String> {
    database_of(&[])
}

/// One server serves all of a process: the first to ask sets it up.
fn database_of(settings: &[&str]) -> Option<String> {
    static SERVER: OnceLock<Option<u16>> = OnceLock::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Some(port) = *SERVER.get_or_init(|| start(settings)) else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and PostgreSQL is not installed");
        eprintln!("SKIPPED: 1 test, PostgreSQL is not installed");
        return None;
    };
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    Some(create(&programs()?, port, &name))
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.sort();
    found.into_iter().rfind(|folder| folder.join("postgres").is_file())
}

fn start(settings: &[&str]) -> Option<u16> {
    let cluster = Cluster::make()?;
    let mut server = cluster.command(settings);
    // It is killed when the thread that started it ends, so that thread stays as long as the process.
    let (started, ready) = std::sync::mpsc::channel();
    let folder = cluster.folder.clone();
    std::thread::spawn(move || {
        let mut child = server.spawn().unwrap();
        started.send(()).unwrap();
        let _ = child.wait();
        let _ = std::fs::remove_dir_all(folder);
    });
    ready.recv().unwrap();
    cluster.wait();
    Some(cluster.port)
}

/// The files of a server, and its port.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    root: bool,
}

impl Cluster {
    /// `None` where PostgreSQL is not installed.
    pub(crate) fn make() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().unwrap().keep();
        let port = dca_loopback::free_port();
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
        Some(Self { programs, folder, port, root })
    }

    fn command(&self, settings: &[&str]) -> Command {
        let mut server = as_user(self.root, &self.programs.join("postgres"));
        server.arg("-D").arg(self.folder.join("data")).args(["-p", &self.port.to_string()]).stderr(Stdio::null());
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories="].iter().chain(settings) {
            server.args(["-c", setting]);
        }
        server
    }

    fn wait(&self) {
        let question = self.programs.join("pg_isready");
        for _ in 0..200 {
            let ready = Command::new(&question).args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]).status();
            if ready.is_ok_and(|status| status.success()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("PostgreSQL does not start");
    }

    /// Starts the server; it ends with this thread.
    pub(crate) fn start(&self) -> Running {
        let running = Running(self.command(&["fsync=off"]).spawn().unwrap());
        self.wait();
        running
    }

    /// A new database of a running server.
    pub(crate) fn database(&self, name: &str) -> String {
        create(&self.programs, self.port, name)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.folder.join("data/postmaster.pid").exists() {
            // Whoever runs it takes it away.
            return;
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A server of a test of its own.
pub(crate) struct Running(std::process::Child);

impl Running {
    /// Ends it, and the sessions of its clients with it.
    pub(crate) fn stop(&mut self) {
        let asked = Command::new("kill").args(["-QUIT", &self.0.id().to_string()]).status();
        assert!(asked.unwrap().success());
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.stop();
        }
    }
}

fn create(programs: &Path, port: u16, name: &str) -> String {
    let made = Command::new(programs.join("createdb"))
        .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port.to_string(), name])
        .status();
    assert!(made.unwrap().success());
    format!("postgres://postgres@127.0.0.1:{port}/{name}")
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
