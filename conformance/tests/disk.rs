//! A disk that is full under the portal: a file system of a few MiB, in a mount namespace of its own, that something else fills
//! up. The portal says so and acknowledges nothing; the agent keeps what it reads; once there is room again all of it arrives,
//! once, though nobody restarted anything.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use anyhow::Context;
use dca_conformance::{Running, skip, witness};
use dca_e2e::{Agent, Office, Portal, Programs, until};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(150);
const DEVICES: usize = 6;
/// MiB. An empty database with its log needs less than one.
const ROOM: &str = "size=6m";

/// A small file system on a folder, which only programs that are started through it see.
struct Disk {
    holder: Running,
    folder: PathBuf,
}

impl Disk {
    /// `None`, loudly, where the system does not permit it.
    fn mount(folder: &Path) -> anyhow::Result<Option<Self>> {
        let (Some(_), Some(_)) = (witness("unshare"), witness("nsenter")) else { return Ok(None) };
        if !Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status()?.success() {
            skip("mount namespaces are not permitted here: that takes root, or CAP_SYS_ADMIN in a container");
            return Ok(None);
        }
        fs::create_dir_all(folder)?;
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "sh",
            "-c",
            "mount -t tmpfs -o \"$1\" none \"$0\" && touch \"$0/here\" && exec sleep 3600",
        ]);
        let disk = Self { holder: Running::start(command.arg(folder).arg(ROOM)), folder: folder.to_owned() };
        until(Duration::from_secs(10), "a file system", || Ok(disk.at("here").exists().then_some(())))?;
        Ok(Some(disk))
    }

    /// A file on it, as this process finds it.
    fn at(&self, name: &str) -> PathBuf {
        let inside = self.folder.strip_prefix("/").unwrap_or(&self.folder);
        Path::new("/proc").join(self.holder.id().to_string()).join("root").join(inside).join(name)
    }

    /// Fills it to the last octet.
    fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = fs::File::options().create(true).append(true).open(self.at("ballast"))?;
        while std::io::Write::write(&mut ballast, &[0; 512]).is_ok_and(|written| written > 0) {}
        Ok(())
    }
}

#[test]
fn a_portal_without_room_acknowledges_nothing_and_recovers_by_itself() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let Some(disk) = Disk::mount(&folder.path().join("portal/state"))? else { return Ok(()) };
    let programs = Programs::beside_this_test()?;
    let inside = programs.clone().through(&["nsenter", "--mount", "--target", &disk.holder.id().to_string(), "--"]);

    let office = Office::open(&programs, "127.88.12.1", DEVICES)?;
    let portal = Portal::start(&inside, &folder.path().join("portal"), 30)?;
    let targets: Vec<String> = office.addresses.iter().map(|at| format!("{at}:{}", office.port)).collect();
    let mut agent = Agent::new(&programs, &folder.path().join("agent"), &targets)?;
    agent.enroll(&portal.url(), &portal.code("Customer", "Site")?)?;
    // A reading of each device every minute.
    let config = folder.path().join("quick.toml");
    let plan = "[schedule]\nhot_minutes = 1\n[snmp]\ntimeout = 1.0\n";
    fs::write(&config, format!("{plan}[[range]]\ntargets = {targets:?}\ntry = [{{ community = \"public\" }}]\n"))?;
    let agents = portal.admin(&["agents"])?;
    let id = agents.lines().nth(1).and_then(|line| line.split_whitespace().next()).context("an agent")?;
    portal.admin(&["configure", id, &config.display().to_string()])?;
    agent.start()?;
    until(PATIENCE, "readings", || Ok((portal.readings()? > 0).then_some(())))?;

    disk.fill()?;
    let said = until(PATIENCE, "the portal's word that its disk is full", || {
        agent.check()?;
        disk.fill()?;
        let (status, said) = portal.ready()?;
        Ok((status == 503).then_some(said))
    })?;
    assert!(said.contains("the database takes nothing") && said.contains("full"), "{said}");
    let why = portal.code("Customer", "Site").unwrap_err().to_string();
    assert!(why.contains("full"), "who gives an order is told as well: {why}");
    let kept = until(PATIENCE, "readings that wait", || Ok(waiting(&agent)?.filter(|waiting| *waiting > 0)))?;
    let committed = portal.readings()?;

    fs::remove_file(disk.at("ballast"))?;
    until(PATIENCE, "an empty spool", || {
        agent.check()?;
        Ok(waiting(&agent)?.filter(|waiting| *waiting == 0))
    })?;
    agent.stop(Duration::from_secs(5))?;
    assert_eq!(portal.ready()?.0, 200);
    let read = number(
        &agent.state().join("spool.db"),
        "SELECT coalesce(sum(last_seq), 0) FROM lane WHERE stream = 'readings'",
    )?;
    let there = portal.stored()?;
    assert_eq!(there, read, "left: readings in the portal; right: readings of the agent");
    assert!(portal.readings()? > committed && kept > 0);
    Ok(())
}

/// Records that wait in the agent's spool.
fn waiting(agent: &Agent) -> anyhow::Result<Option<u64>> {
    agent.status()?.map(|status| status["waiting"].as_u64().context("no number of records")).transpose()
}

/// A number out of a database, of which a copy is looked at: its log can only be read where it is mapped.
fn number(database: &Path, query: &str) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("copy.db");
    for end in ["", "-wal"] {
        let from = PathBuf::from(format!("{}{end}", database.display()));
        if from.exists() {
            fs::copy(from, format!("{}{end}", copy.display()))?;
        }
    }
    Ok(rusqlite::Connection::open(copy)?.query_row(query, [], |row| row.get(0))?)
}
