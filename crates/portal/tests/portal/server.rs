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
    static SERVER: OnceLock<Option<u16>> = OnceLock::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Some(port) = *SERVER.get_or_init(start) else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI=true and PostgreSQL is not installed");
        eprintln!("SKIPPED: 1 test, PostgreSQL is not installed");
        return None;
    };
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let made = Command::new(programs().unwrap().join("createdb"))
        .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port.to_string(), &name])
        .status();
    assert!(made.unwrap().success());
    Some(format!("postgres://postgres@127.0.0.1:{port}/{name}"))
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.sort();
    found.into_iter().rfind(|folder| folder.join("postgres").is_file())
}

fn start() -> Option<u16> {
    let programs = programs()?;
    let folder = tempfile::tempdir().unwrap().keep();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let data = folder.join("data");
    std::fs::create_dir(&data).unwrap();
    // PostgreSQL refuses to run as root.
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if root {
        let owned = Command::new("chown").arg("-R").arg("postgres:postgres").arg(&folder).status();
        assert!(owned.unwrap().success());
    }
    let command = |program: &str| as_user(root, &programs.join(program));
    let made =
        command("initdb").args(["-A", "trust", "-U", "postgres", "-N", "-D"]).arg(&data).stdout(Stdio::null()).status();
    assert!(made.unwrap().success());
    let mut server = command("postgres");
    server.arg("-D").arg(&data).args(["-p", &port.to_string()]).stderr(Stdio::null());
    for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=300"] {
        server.args(["-c", setting]);
    }
    // It is killed when the thread that started it ends, so that thread stays as long as the process.
    let (started, ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut child = server.spawn().unwrap();
        started.send(()).unwrap();
        let _ = child.wait();
        let _ = std::fs::remove_dir_all(folder);
    });
    ready.recv().unwrap();
    let question = programs.join("pg_isready");
    for _ in 0..200 {
        let ready = Command::new(&question).args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status();
        if ready.is_ok_and(|status| status.success()) {
            return Some(port);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("PostgreSQL does not start");
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
