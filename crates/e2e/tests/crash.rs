//! Agent and portal are killed at random moments, as power cuts do, while readings flow: what the agent had written down is
//! in the portal's database, once.
//!
//! A short form runs with the other tests; `cargo xtask soak e2e` runs thousands (`DCA_CRASH_POINTS`, `DCA_CRASH_SEED`).

mod common;

use common::{House, Ready, number, targets};
use dca_e2e::until;
use std::path::Path;
use std::time::{Duration, Instant};

/// A start may take so long.
const START: Duration = Duration::from_secs(2);
/// Readings of one device come every minute, so that there is always something on its way.
const DEVICES: usize = 120;

/// What was seen.
#[derive(Debug, Default)]
struct Seen {
    agent_kills: u32,
    portal_kills: u32,
    /// From the start of the program to its READY=1, and to a listening port.
    slowest_agent: Duration,
    slowest_portal: Duration,
    agent_over: u32,
    most_octets: u64,
}

#[test]
fn nothing_is_lost_or_twice_though_both_are_killed() -> anyhow::Result<()> {
    let points: u32 = std::env::var("DCA_CRASH_POINTS").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let seed = std::env::var("DCA_CRASH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0xdca1);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut house = House::with_devices("127.88.8.1", DEVICES, 30)?;
    quick(&house)?;
    let ready = Ready::new(house.folder.path())?;
    let mut seen = Seen::default();
    start(&mut house, &ready, &mut seen)?;
    house.until_read(1)?;
    for point in 0..points {
        std::thread::sleep(Duration::from_millis(random.u64(50..3_000)));
        let kind = random.u32(..20);
        let (agent, portal) = (kind < 15, kind >= 14);
        if portal {
            house.portal.kill()?;
            seen.portal_kills += 1;
        }
        if agent {
            house.agent.check()?;
            house.agent.kill()?;
            seen.agent_kills += 1;
            seen.most_octets = seen.most_octets.max(octets(&house.agent.state())?);
            start(&mut house, &ready, &mut seen)?;
        }
        if portal {
            // For a while it is away, sometimes.
            std::thread::sleep(Duration::from_millis(if random.bool() { 0 } else { random.u64(..2_000) }));
            let began = Instant::now();
            house.portal.restart()?;
            seen.slowest_portal = seen.slowest_portal.max(began.elapsed());
        }
        if point % 100 == 99 {
            println!("{} points: {seen:?}, {} readings", point + 1, house.portal.stored()?);
        }
    }
    // An agent that has lost its portal waits up to a quarter of an hour; one that starts tries at once.
    house.agent.kill()?;
    start(&mut house, &ready, &mut seen)?;
    settle(&mut house)?;
    let readings = house.portal.stored()?;
    println!("{points} points: {seen:?}, {readings} readings arrived");
    assert!(seen.slowest_portal < Duration::from_secs(30));
    Ok(())
}

/// What waits arrives; then all that the agent ever numbered is in the database, each number once.
fn settle(house: &mut House) -> anyhow::Result<()> {
    // Nothing new is read, so that an end can be seen.
    house.office.close();
    until(Duration::from_secs(240), "an empty spool", || {
        house.agent.check()?;
        let is = |status: &serde_json::Value, word: &str, what: serde_json::Value| status.get(word) == Some(&what);
        Ok(house
            .agent
            .status()?
            .filter(|status| is(status, "portal", "well".into()) && is(status, "waiting", 0.into())))
    })?;
    house.agent.stop(Duration::from_secs(5))?;
    let lane = |what: &str| {
        number(
            &house.agent.state().join("spool.db"),
            &format!("SELECT sum({what}) FROM lane WHERE stream = 'readings'"),
        )
    };
    let (numbered, dropped) = (lane("last_seq")?, lane("dropped")?);
    let acked = house.count("SELECT sum(acked) FROM stream WHERE stream = 'readings'")?;
    let there = house.portal.stored()?;
    assert_eq!((numbered, dropped), (acked, 0), "left: numbered and dropped by the agent; right: acknowledged");
    assert_eq!(there, acked, "left: readings in the database, each once; right: acknowledged");
    Ok(())
}

/// Starts the agent and waits until it is ready.
fn start(house: &mut House, ready: &Ready, seen: &mut Seen) -> anyhow::Result<()> {
    let took = ready.start(&mut house.agent)?;
    seen.slowest_agent = seen.slowest_agent.max(took);
    seen.agent_over += u32::from(took > START);
    Ok(())
}

/// Readings every minute, which only the portal may ask for.
fn quick(house: &House) -> anyhow::Result<()> {
    let file = house.folder.path().join("quick.toml");
    let text = format!(
        "[schedule]\nhot_minutes = 1\n[snmp]\ntimeout = 1.0\n[[range]]\ntargets = {:?}\ntry = [{{ community = \"public\" }}]\n",
        targets(&house.office)
    );
    std::fs::write(&file, text)?;
    house.portal.admin(&["configure", &house.agent_id()?, &file.display().to_string()])?;
    Ok(())
}

fn octets(folder: &Path) -> anyhow::Result<u64> {
    let mut octets = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("spool.db") {
            octets += entry.metadata()?.len();
        }
    }
    Ok(octets)
}
