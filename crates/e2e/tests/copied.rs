//! A machine that was cloned: its state folder is in use twice. Both are told, and nothing that either read is lost.

mod common;

use anyhow::Context;
use common::{House, PATIENCE, numbered, settle, targets};
use dca_e2e::{Agent, Programs, until};
use std::time::Duration;

/// What `dca status` says about who it is.
fn identity(agent: &Agent) -> anyhow::Result<Option<String>> {
    let status = agent.status()?.unwrap_or_default();
    let health = status.get("health").and_then(|health| health.as_array()).cloned().unwrap_or_default();
    Ok(health.iter().filter_map(|line| line.as_str()).find(|line| line.starts_with("identity")).map(str::to_owned))
}

#[test]
fn two_machines_with_one_identity_are_told_and_lose_nothing() -> anyhow::Result<()> {
    // The shortest period that an agent keeps.
    let mut house = House::build("127.88.6.1", 30)?;
    house.agent.start()?;
    house.until_read(2)?;
    house.agent.stop(Duration::from_secs(5))?;
    let folder = house.folder.path().join("copy");
    let mut copy = Agent::new(&Programs::beside_this_test()?, &folder, &targets(&house.office))?;
    copy_folder(&house.agent.state(), &copy.state())?;
    let shared = numbered(&copy)?;

    house.agent.start()?;
    copy.start()?;
    for agent in [&house.agent, &copy] {
        let told = until(3 * PATIENCE, "what the portal has seen", || identity(agent))?;
        assert!(told.contains("127.0.0.1") && told.contains("dca enroll URL CODE --again"), "{told}");
        let log = std::fs::read_to_string(agent.log())?;
        assert!(log.contains("clone_seen"), "{log}");
    }
    assert!(std::fs::read_to_string(copy.log())?.contains("spool_copied"), "the copy knows that it is elsewhere");
    assert_eq!(house.count("SELECT count(*) FROM audit WHERE action = 'agent.copied'")?, 1, "once an hour");
    assert_eq!(house.count("SELECT count(*) FROM event WHERE kind = 'clone_seen'")?.min(1), 1);
    assert!(house.portal.admin(&["verify-audit"])?.contains("the chain holds"));

    // The copy is enrolled anew: two agents.
    copy.stop(Duration::from_secs(5))?;
    let code = house.portal.code("Customer", "Site")?;
    copy.enroll_again(&house.portal.url(), &code)?;
    copy.start()?;
    until(PATIENCE, "a second agent", || {
        let agents = house.portal.admin(&["agents"])?;
        Ok((agents.lines().count() == 3).then_some(()))
    })?;
    until(PATIENCE, "nothing to say of it any more", || {
        let status = copy.status()?.context("no status")?;
        let is_well = status.get("portal").is_some_and(|portal| portal == "well");
        Ok((is_well && identity(&copy)?.is_none()).then_some(()))
    })?;
    settle(&mut copy)?;
    settle(&mut house.agent)?;
    let read = numbered(&house.agent)? + numbered(&copy)? - shared;
    assert!(read > shared, "each read something of its own");
    let there = house.portal.stored()?;
    assert_eq!(there, read, "left: readings in the portal; right: readings of both");
    Ok(())
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
