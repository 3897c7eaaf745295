//! The figures of docs/benchmarks.md.

mod cost;
mod dca;

use crate::office::program;
use crate::shell;
use anyhow::{Context, bail};
use clap::Subcommand;
use std::process::Command;

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// The SNMP crates beside other SNMP and crypto libraries: `--only 1,2,9`, `--json`, `--runs N`
    #[command(disable_help_flag = true)]
    Snmp {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// The whole program beside net-snmp's tools: size, start, sweep, reading in full
    Dca {
        /// How many simulated devices are read in full
        #[arg(long, default_value_t = 1000)]
        devices: usize,
    },
    /// Datagrams and octets of discovery, first reading, hot poll and a day, beside what others walk
    Plan,
    /// The spool beside the disk's own limit: durable records a second, start of a full one
    Spool,
    /// The portal beside bare tonic, a row per value in PostgreSQL, and mosquitto: `--only 4a,5b`, `--json`, `--runs N`
    #[command(disable_help_flag = true)]
    Portal {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// A fleet after an outage of the portal: check-ins in the busiest second, simulated
    Herd {
        /// How many agents
        #[arg(long, default_value_t = 100_000)]
        agents: u64,
        /// How long the portal is away, in minutes
        #[arg(long, default_value_t = 30)]
        minutes: u64,
    },
    /// Forecasts and alarms of the ledger over 90 simulated days whose truth is known, beside a straight line
    Ledger {
        /// How many devices are simulated
        #[arg(long, default_value_t = 400)]
        devices: usize,
    },
}

pub(crate) fn run(what: Bench) -> anyhow::Result<()> {
    match what {
        Bench::Snmp { options } => snmp(&options),
        Bench::Dca { devices } => dca::run(devices),
        // It counts and does not time: no need to optimise.
        Bench::Plan => shell::run_silently("cargo run --quiet --locked -p dca-agent --example plan_cost"),
        Bench::Spool => shell::run_silently("cargo run --quiet --release --locked -p dca-spool --example durable"),
        Bench::Portal { options } => portal(&options),
        Bench::Herd { agents, minutes } => shell::run_silently(&format!(
            "cargo run --quiet --release --locked -p dca-cloud --example herd -- {agents} {minutes}"
        )),
        Bench::Ledger { devices } => shell::run_silently(&format!(
            "cargo run --quiet --release --locked -p dca-ledger --example ninety_days -- {devices}"
        )),
    }
}

fn snmp(options: &[String]) -> anyhow::Result<()> {
    shell::run_silently("cargo build --quiet --release --locked -p dca-benches -p dca-sim")?;
    figures("bench-snmp", options)
}

fn portal(options: &[String]) -> anyhow::Result<()> {
    shell::run_silently("cargo build --quiet --release --locked -p dca-portal --example load")?;
    figures("examples/load", options)
}

/// Runs a program that prints figures.
fn figures(name: &str, options: &[String]) -> anyhow::Result<()> {
    let status = Command::new(program("release", name)).args(options).status().with_context(|| name.to_owned())?;
    if !status.success() {
        bail!("{name}: {status}");
    }
    Ok(())
}
