//! Crash points on the whole path: spool, `dca run` that sends, `explorer serve` that stores and acknowledges, its database.
//!
//! Readings are put into the agent's spool as fast as they go; then the agent, the portal or both are killed while they are
//! sent, the portal's files are torn as a power cut would, or one of the two may not let its files grow. After each point what
//! the agent no longer has must be acknowledged in the portal's database; now and then all is sent, and each reading must be
//! there, once.
//!
//! A short form runs with the other tests; `cargo xtask soak path` runs 10,000 points (`DCA_CRASH_POINTS`, `DCA_CRASH_SEED`).
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a test")]

#[path = "../common/mod.rs"]
mod common;
mod readings;
mod run;
mod torn;

use run::{Run, Seen};

/// Runs side by side, each with a portal and an agent of its own, if there are many points.
const SIDE_BY_SIDE: u32 = 3;

#[test]
fn nothing_is_lost_or_twice_wherever_it_is_cut_off() -> anyhow::Result<()> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let points: u32 = number("DCA_CRASH_POINTS").and_then(|points| points.try_into().ok()).unwrap_or(40);
    let seed = number("DCA_CRASH_SEED").unwrap_or(0xdca2);
    let runs = if points < 500 { 1 } else { SIDE_BY_SIDE };
    let seen = std::thread::scope(|scope| {
        let one = |run: u32| {
            move || {
                let seen = Run::new(seed + u64::from(run)).and_then(|run| run.points(points.div_ceil(runs)));
                seen.inspect_err(|error| println!("run {run} ended: {error:#}"))
            }
        };
        let started: Vec<_> = (0..runs).map(|run| scope.spawn(one(run))).collect();
        let ended = started.into_iter().map(|run| run.join().unwrap_or_else(|_| anyhow::bail!("a run ended early")));
        ended.sum::<anyhow::Result<Seen>>()
    })?;
    println!("{seen}");
    assert!(points < 500 || (seen.between > 0 && seen.torn > 0), "every kind was met: {seen}");
    Ok(())
}
