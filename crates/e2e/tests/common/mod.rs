//! The whole system on loopback, and what its database holds.
#![allow(dead_code, reason = "each test uses a part of it")]

use anyhow::Context;
use dca_e2e::{Agent, Office, Portal, Programs, until};
use rusqlite::{Connection, OpenFlags};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const DEVICES: usize = 16;

/// A portal, an agent that is enrolled there and an office for it to read.
pub(crate) struct House {
    pub(crate) office: Office,
    pub(crate) portal: Portal,
    pub(crate) agent: Agent,
    pub(crate) folder: TempDir,
}

impl House {
    /// With devices from `base` on, an enrolled agent that is not running yet, and a check-in every `period_s` seconds.
    pub(crate) fn build(base: &str, period_s: u32) -> anyhow::Result<Self> {
        Self::with_devices(base, DEVICES, period_s)
    }

    pub(crate) fn with_devices(base: &str, devices: usize, period_s: u32) -> anyhow::Result<Self> {
        let programs = Programs::beside_this_test()?;
        let folder = tempfile::tempdir()?;
        let office = Office::open(&programs, base, devices)?;
        let portal = Portal::start(&programs, &folder.path().join("portal"), period_s)?;
        let agent = Agent::new(&programs, &folder.path().join("agent"), &targets(&office))?;
        agent.enroll(&portal.url(), &portal.code("Customer", "Site")?)?;
        Ok(Self { office, portal, agent, folder })
    }

    /// The one agent, as the portal calls it.
    pub(crate) fn agent_id(&self) -> anyhow::Result<String> {
        let agents = self.portal.admin(&["agents"])?;
        let agent = agents.lines().nth(1).and_then(|line| line.split_whitespace().next());
        Ok(agent.context("the portal knows no agent")?.to_owned())
    }

    /// A number out of the portal's database.
    pub(crate) fn count(&self, query: &str) -> anyhow::Result<u64> {
        number(&self.portal.database(), query)
    }

    /// Waits until readings of so many devices have arrived.
    pub(crate) fn until_read(&mut self, devices: u64) -> anyhow::Result<()> {
        until(PATIENCE, &format!("readings of {devices} devices"), || {
            self.agent.check()?;
            Ok((self.count("SELECT count(DISTINCT device) FROM reading_hot")? >= devices).then_some(()))
        })
    }

    /// Waits until nothing more waits in the agent's spool, then compares what was sent with what is there.
    pub(crate) fn nothing_is_lost_or_twice(&mut self) -> anyhow::Result<()> {
        settle(&mut self.agent)?;
        let sent = self.count("SELECT sum(acked) FROM stream WHERE stream = 'readings'")?;
        let there = self.portal.stored()?;
        assert_eq!(there, sent, "left: readings in the portal; right: readings that it acknowledged");
        Ok(())
    }
}

/// Hears when an agent is ready, as systemd does. Whatever else it says is read as well: who says much to somebody who does not
/// listen has to wait.
pub(crate) struct Ready {
    path: PathBuf,
    heard: Receiver<()>,
}

impl Ready {
    pub(crate) fn new(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("notify");
        let socket = UnixDatagram::bind(&path)?;
        let (ready, heard) = channel();
        std::thread::spawn(move || {
            let mut octets = [0; 1024];
            while let Ok(length) = socket.recv(&mut octets) {
                let is_ready = octets.get(..length).is_some_and(|said| said.starts_with(b"READY=1"));
                if is_ready && ready.send(()).is_err() {
                    break;
                }
            }
        });
        Ok(Self { path, heard })
    }

    /// Starts an agent and waits until it is ready; the answer is how long that took.
    pub(crate) fn start(&self, agent: &mut Agent) -> anyhow::Result<Duration> {
        // What the one before still said.
        while self.heard.try_recv().is_ok() {}
        let began = Instant::now();
        agent.start_with(&[("NOTIFY_SOCKET", self.path.as_os_str())])?;
        self.heard.recv_timeout(Duration::from_secs(30)).context("the agent is not ready")?;
        Ok(began.elapsed())
    }
}

/// Waits until nothing more waits in an agent's spool, and stops it.
pub(crate) fn settle(agent: &mut Agent) -> anyhow::Result<()> {
    until(PATIENCE, "an empty spool", || {
        agent.check()?;
        Ok(agent.status()?.filter(|status| status["waiting"] == 0))
    })?;
    agent.stop(Duration::from_secs(5))
}

/// Readings that an agent has numbered since its spool was made.
pub(crate) fn numbered(agent: &Agent) -> anyhow::Result<u64> {
    number(&agent.state().join("spool.db"), "SELECT coalesce(sum(last_seq), 0) FROM lane WHERE stream = 'readings'")
}

/// The devices of an office, as `dca.toml` names them.
pub(crate) fn targets(office: &Office) -> Vec<String> {
    office.addresses.iter().map(|at| format!("{at}:{}", office.port)).collect()
}

/// A number out of a database that nobody else has open.
pub(crate) fn number(database: &Path, query: &str) -> anyhow::Result<u64> {
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    database.busy_timeout(Duration::from_secs(5))?;
    Ok(database.query_row(query, [], |row| row.get(0))?)
}
