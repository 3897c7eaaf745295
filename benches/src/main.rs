//! The SNMP crates beside named peers: `cargo xtask bench snmp`. docs/benchmarks.md keeps the figures.
//!
//! Every contestant's run is a process of its own, so that its time, memory and instructions are its alone; the runs of all
//! contestants of a figure alternate, so that a busy moment of the machine hits all of them.
//!
//! ```text
//! figures ── which contestants, which targets ──► run ── bench-snmp one WHAT WHO COUNT ──► contest
//!    └──► lines: ours, peer, ratio, met or short      └─ programs in C (witness) ── name=number ──► medians
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints figures")]

mod contest;
mod figures;
mod line;
mod own;
mod process;
mod run;
mod witness;

use clap::Parser;

/// The SNMP crates beside their peers, one line per figure.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench snmp")]
struct Arguments {
    /// Only these figures, for example 1,2,9
    #[arg(long, value_delimiter = ',')]
    only: Vec<u8>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// How often each contestant runs; medians are shown
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1000))]
    runs: u16,
}

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [one, rest @ ..] = words.as_slice()
        && one == "one"
    {
        return contest::one(rest);
    }
    let arguments = Arguments::parse();
    let wanted = |figure: u8| arguments.only.is_empty() || arguments.only.contains(&figure);
    let mut all = Vec::new();
    figures::all(usize::from(arguments.runs), &wanted, &mut |line: line::Line| {
        if !arguments.json {
            println!("{line}");
        }
        all.push(line);
    })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    }
    Ok(())
}
