//! Long runs of tests of which `cargo xtask test` runs a short form.

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
}

pub(crate) fn run(what: Soak) -> anyhow::Result<()> {
    match what {
        Soak::Spool { points } => {
            // The test does half as many power cuts as kills, and a tenth as many full disks.
            let kills = points * 5 / 8;
            let line = "cargo test --release --locked -p dca-spool --test crash -- --nocapture";
            shell::run_with(line, &[("DCA_CRASH_POINTS", &kills.to_string())])
        }
    }
}
