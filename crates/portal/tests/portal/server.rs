//! PostgreSQL for the tests of this process: one server, one database per test. It ends with the process.

use dca_loopback::postgres::Cluster;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

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
fn database_of(settings: &'static [&str]) -> Option<String> {
    static SERVER: OnceLock<Cluster> = OnceLock::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    if !Cluster::is_installed() {
        return None;
    }
    let cluster = SERVER.get_or_init(|| start(settings));
    Some(cluster.database(&format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed))))
}

fn start(settings: &'static [&str]) -> Cluster {
    // It is killed when the thread that started it ends, so that thread stays as long as the process.
    let (started, ready) = channel();
    let cluster = Cluster::make();
    std::thread::spawn(move || {
        let mut running = cluster.start(settings);
        started.send(cluster).unwrap();
        running.wait();
    });
    ready.recv().unwrap()
}
