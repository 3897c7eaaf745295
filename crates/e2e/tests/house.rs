//! An office, an agent and a portal as real programs: what is read arrives, once, whatever is switched off meanwhile.

use anyhow::Context;
use dca_e2e::{Agent, Office, Portal, Programs, until};
use rusqlite::{Connection, OpenFlags};
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);
const DEVICES: usize = 16;

struct House {
    office: Office,
    portal: Portal,
    agent: Agent,
    _folder: TempDir,
}

impl House {
    /// With devices from `base` on, an enrolled agent that is not running yet, and a check-in every `period_s` seconds.
    fn build(base: &str, period_s: u32) -> anyhow::Result<Self> {
        let programs = Programs::beside_this_test()?;
        let folder = tempfile::tempdir()?;
        let office = Office::open(&programs, base, DEVICES)?;
        let portal = Portal::start(&programs, &folder.path().join("portal"), period_s)?;
        let targets: Vec<String> = office.addresses.iter().map(|at| format!("{at}:{}", office.port)).collect();
        let agent = Agent::new(&programs, &folder.path().join("agent"), &targets)?;
        agent.enroll(&portal.url(), &portal.code("Customer", "Site")?)?;
        Ok(Self { office, portal, agent, _folder: folder })
    }

    /// The one agent, as the portal calls it.
    fn agent_id(&self) -> anyhow::Result<String> {
        let agents = self.portal.admin(&["agents"])?;
        let agent = agents.lines().nth(1).and_then(|line| line.split_whitespace().next());
        Ok(agent.context("the portal knows no agent")?.to_owned())
    }

    /// A number out of the portal's database.
    fn count(&self, query: &str) -> anyhow::Result<u64> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database = Connection::open_with_flags(self.portal.database(), flags)?;
        database.busy_timeout(Duration::from_secs(5))?;
        Ok(database.query_row(query, [], |row| row.get(0))?)
    }

    /// Waits until readings of so many devices have arrived.
    fn until_read(&mut self, devices: u64) -> anyhow::Result<()> {
        until(PATIENCE, &format!("readings of {devices} devices"), || {
            self.agent.check()?;
            Ok((self.count("SELECT count(DISTINCT device) FROM reading_hot")? >= devices).then_some(()))
        })
    }

    /// Waits until nothing more waits in the agent's spool, then compares what was sent with what is there.
    fn nothing_is_lost_or_twice(&mut self) -> anyhow::Result<()> {
        until(PATIENCE, "an empty spool", || {
            self.agent.check()?;
            Ok(self.agent.status()?.filter(|status| status["waiting"] == 0))
        })?;
        self.agent.stop(Duration::from_secs(5))?;
        let sent = self.count("SELECT sum(acked) FROM stream WHERE stream = 'readings'")?;
        let there = self.count("SELECT count(*) FROM reading_hot")?;
        assert_eq!(there, sent, "left: readings in the portal; right: readings that it acknowledged");
        Ok(())
    }
}

#[test]
fn what_is_read_arrives_once_though_agent_and_portal_are_cut_off() -> anyhow::Result<()> {
    let mut house = House::build("127.88.1.1", 2)?;
    house.agent.start()?;
    house.until_read(3)?;
    house.portal.kill()?;
    std::thread::sleep(Duration::from_secs(2));
    house.agent.kill()?;
    house.agent.start()?;
    std::thread::sleep(Duration::from_secs(2));
    house.portal.restart()?;
    // The others are no printers, or answer only to whom this agent is not.
    house.until_read(DEVICES as u64 * 2 / 3)?;
    house.nothing_is_lost_or_twice()
}

#[test]
fn an_order_is_carried_out_and_one_against_the_fence_is_refused() -> anyhow::Result<()> {
    let mut house = House::build("127.88.2.1", 2)?;
    house.agent.start()?;
    house.until_read(1)?;
    let agent = &house.agent_id()?;
    let read = house.portal.admin(&["command", agent, "--within", "60", "read"])?;
    assert!(read.starts_with("done"), "{read}");
    let outside = house.portal.admin(&["command", agent, "--within", "60", "ping", "192.0.2.1"]);
    assert!(outside.is_err(), "{outside:?}");
    house.agent.stop(Duration::from_secs(5))?;
    drop(house.office);
    Ok(())
}

#[test]
fn push_brings_an_order_long_before_the_next_check_in() -> anyhow::Result<()> {
    let mut house = House::build("127.88.4.1", 300)?;
    house.agent.start()?;
    house.until_read(1)?;
    let agent = &house.agent_id()?;
    // One check-in may happen to fall into these seconds; three in a row do not.
    for _ in 0..3 {
        let read = house.portal.admin(&["command", agent, "--within", "20", "read"])?;
        assert!(read.starts_with("done"), "{read}");
    }
    house.agent.stop(Duration::from_secs(5))
}

#[test]
fn a_wrong_code_is_refused_and_the_right_one_is_good_once() -> anyhow::Result<()> {
    let programs = Programs::beside_this_test()?;
    let folder = tempfile::tempdir()?;
    let portal = Portal::start(&programs, &folder.path().join("portal"), 2)?;
    let agent = |name: &str| Agent::new(&programs, &folder.path().join(name), &["127.88.3.1:16100".to_owned()]);
    let code = portal.code("Customer", "Site")?;
    let wrong = format!("{}{}", if code.starts_with('7') { '8' } else { '7' }, &code[1..]);
    let error = agent("wrong")?.enroll(&portal.url(), &wrong).unwrap_err().to_string();
    assert!(error.contains("code"), "{error}");
    agent("first")?.enroll(&portal.url(), &code)?;
    let error = agent("second")?.enroll(&portal.url(), &code).unwrap_err().to_string();
    assert!(error.contains("code"), "{error}");
    Ok(())
}
