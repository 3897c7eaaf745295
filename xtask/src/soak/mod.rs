//! Long runs of tests of which `cargo xtask test` runs a short form.

mod agent;

use crate::shell;
use clap::Subcommand;

#[derive(Clone, Copy, Subcommand)]
pub(crate) enum Soak {
    /// Kill the spool's process, cut its power and fill its disk at many points: nothing is lost, nothing arrives twice
    Spool {
        /// How many points; five eighths are kills
        #[arg(long, default_value_t = 10_000)]
        points: u32,
    },
    /// Cut off the whole path, agent to portal's database, at many points: nothing is lost, nothing is there twice
    Path {
        /// How many points
        #[arg(long, default_value_t = 10_000)]
        points: u32,
        /// With the portal's data in PostgreSQL, which is ended as well, instead of SQLite, whose files are torn
        #[arg(long)]
        postgres: bool,
    },
    /// Kill agent and portal at many points while readings flow: what was written down is in the database, once
    E2e {
        /// How many points
        #[arg(long, default_value_t = 1_000)]
        points: u32,
    },
    /// Run the agent beside many simulated printers: its memory and processor time (docs/benchmarks.md)
    Agent {
        /// How long
        #[arg(long, default_value_t = 60)]
        minutes: u64,
        /// How many devices the office has
        #[arg(long, default_value_t = 1000)]
        devices: usize,
    },
}

pub(crate) fn run(what: Soak) -> anyhow::Result<()> {
    match what {
        Soak::Spool { points } => {
            // The test does half as many power cuts as kills, and a tenth as many full disks.
            let kills = points * 5 / 8;
            let line = "cargo test --release --locked -p dca-spool --test crash -- --nocapture";
            shell::run_with(line, &[("DCA_CRASH_POINTS", &kills.to_string())])
        }
        Soak::Path { points, postgres } => {
            whole(if postgres { "path -- nor_on_postgresql" } else { "path -- nothing_is_lost" }, points)
        }
        Soak::E2e { points } => whole("crash --", points),
        Soak::Agent { minutes, devices } => agent::run(minutes, devices),
    }
}

/// A test program of the whole system and which of its tests, with its programs in release builds.
fn whole(test: &str, points: u32) -> anyhow::Result<()> {
    shell::run("cargo build --quiet --release --locked -p dca -p dca-sim -p explorer")?;
    let line = format!("cargo test --release --locked -p dca-e2e --test {test} --nocapture");
    shell::run_with(&line, &[("DCA_CRASH_POINTS", &points.to_string())])
}
