//! Crash points on the whole path: spool, `dca run` that sends, `explorer serve` that stores and acknowledges, its database.
//!
//! Readings are put into the agent's spool as fast as they go; then the agent, the portal or both are killed while they are
//! sent, the portal's files are torn as a power cut would or PostgreSQL is ended under it, or one of the two may not let its files
//! grow. After each point what the agent no longer has must be acknowledged in the portal's database; now and then all is sent,
//! and each reading must be there, once.
//!
//! A short form runs with the other tests; `cargo xtask soak path` runs 10,000 points (`DCA_CRASH_POINTS`, `DCA_CRASH_SEED`).
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a test")]

#[path = "../common/mod.rs"]
mod common;
mod ground;
mod readings;
mod run;
mod seen;
mod torn;

use dca_loopback::postgres::Cluster;
use ground::Ground;
use run::Run;
use seen::Seen;

/// So many points are many: then there are several runs side by side, each with a portal and an agent of its own.
const MANY: u32 = 500;
const SIDE_BY_SIDE: u32 = 3;

#[test]
fn nothing_is_lost_or_twice_wherever_it_is_cut_off() -> anyhow::Result<()> {
    points(40, || Ground::Sqlite)
}

#[test]
fn nor_on_postgresql() -> anyhow::Result<()> {
    if !Cluster::is_installed() {
        return Ok(());
    }
    points(20, Ground::postgres)
}

/// Runs as many points as the environment says, or so many.
fn points(usually: u32, ground: impl Fn() -> Ground + Sync) -> anyhow::Result<()> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let points = number("DCA_CRASH_POINTS").and_then(|points| points.try_into().ok()).unwrap_or(usually);
    let seed = number("DCA_CRASH_SEED").unwrap_or(0xdca2);
    let runs = if points < MANY { 1 } else { SIDE_BY_SIDE };
    let seen = std::thread::scope(|scope| {
        let one = |run: u32| {
            let ground = &ground;
            move || {
                let seen = Run::new(seed + u64::from(run), ground()).and_then(|run| run.points(points.div_ceil(runs)));
                seen.inspect_err(|error| println!("run {run} ended: {error:#}"))
            }
        };
        let started: Vec<_> = (0..runs).map(|run| scope.spawn(one(run))).collect();
        let ended = started.into_iter().map(|run| run.join().unwrap_or_else(|_| anyhow::bail!("a run ended early")));
        ended.sum::<anyhow::Result<Seen>>()
    })?;
    println!("{seen}");
    assert!(points < MANY || seen.all_kinds(), "every kind was met: {seen}");
    Ok(())
}
