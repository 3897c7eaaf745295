//! Development commands: `cargo xtask COMMAND`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "these commands talk to the person who typed them")]

mod bench;
mod check;
mod demo;
mod fuzz;
mod office;
mod process;
mod shell;
mod soak;
mod test;
mod witness;

use clap::{Parser, Subcommand};

/// Development commands of the Data Collector Agent.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show agent and portal at work on a simulated office, until Ctrl-C
    Demo {
        /// How many devices the office has
        #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u8).range(1..=200))]
        devices: u8,
        /// End as soon as the readings have arrived
        #[arg(long)]
        once: bool,
    },
    /// All that CI runs: the checks, every test, the witnesses, the score on recorded walks
    Test,
    /// The quick half of `test`: formatting, clippy, docs, dependency rules
    Check,
    /// Figures beside named peers, measured in the same run (docs/benchmarks.md)
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// Long runs: crash points of the spool, an hour of the agent
    Soak {
        #[command(subcommand)]
        what: soak::Soak,
    },
    /// Run the fuzz targets and count their executions (needs cargo-fuzz)
    Fuzz {
        /// The targets; all if none is named
        targets: Vec<String>,
        /// Seconds for each target
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Executions of each target instead
        #[arg(long, conflicts_with = "seconds")]
        executions: Option<u64>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Demo { devices, once } => demo::run(devices.into(), once),
        Command::Test => test::run(),
        Command::Check => check::run(),
        Command::Bench { what } => bench::run(what),
        Command::Soak { what } => soak::run(what),
        Command::Fuzz { targets, seconds, executions } => {
            fuzz::run(&targets, &executions.map_or(fuzz::Effort::Seconds(seconds), fuzz::Effort::Executions))
        }
    }
}
