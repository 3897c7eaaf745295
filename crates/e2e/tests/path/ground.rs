//! The database that the portal stands on, and what it holds.

use anyhow::Context;
use dca_e2e::{Portal, Programs};
use dca_loopback::postgres::{Cluster, Running};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

/// How far streams are acknowledged, by name and epoch.
pub(crate) type Acked = BTreeMap<(String, i64), i64>;

/// Asks for that in a portal's database.
pub(crate) const STORED: &str = "SELECT stream, epoch, acked FROM stream";
const NAME: &str = "path";

/// What it is.
pub(crate) enum Ground {
    Sqlite,
    /// A server as Debian sets it up, with fsync; `None` while it is down.
    Postgres {
        running: Option<Running>,
        cluster: Cluster,
    },
}

impl Ground {
    pub(crate) fn postgres() -> Self {
        let cluster = Cluster::make();
        Self::Postgres { running: Some(cluster.start(&[])), cluster }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// A portal on it.
    pub(crate) fn portal(&self, programs: &Programs, folder: &Path) -> anyhow::Result<Portal> {
        match self {
            Self::Sqlite => Portal::start(programs, folder, 30),
            Self::Postgres { cluster, .. } => Portal::start_on(programs, folder, 30, &cluster.database(NAME)),
        }
    }

    /// Ends PostgreSQL as a crash does.
    pub(crate) fn end(&mut self) {
        if let Self::Postgres { running, .. } = self {
            running.take().iter_mut().for_each(Running::stop);
        }
    }

    /// Starts it again.
    pub(crate) fn begin(&mut self) {
        if let Self::Postgres { running, cluster } = self {
            *running = Some(cluster.start(&[]));
        }
    }

    /// How far the portal has stored each stream.
    pub(crate) fn stored(&self, portal: &Portal) -> anyhow::Result<Acked> {
        let Self::Postgres { cluster, .. } = self else { return acknowledged(&portal.database(), STORED) };
        let mut acked = Acked::new();
        for line in cluster.ask(NAME, STORED).lines() {
            let mut columns = line.split('|');
            let mut next = || columns.next().context("three columns");
            acked.insert((next()?.to_owned(), next()?.parse()?), next()?.parse()?);
        }
        Ok(acked)
    }
}

/// How far each stream is acknowledged in a file of SQLite.
pub(crate) fn acknowledged(database: &Path, query: &str) -> anyhow::Result<Acked> {
    let database = Connection::open(database)?;
    let mut query = database.prepare(query)?;
    let rows = query.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
