//! An office, an agent and a portal as real programs: what is read arrives, once, whatever is switched off meanwhile.

mod common;

use common::{DEVICES, House};
use dca_e2e::{Agent, Portal, Programs};
use std::time::Duration;

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
