//! A fleet after an outage: how many check-ins come in the busiest second. No network; a second takes no time.
//!
//! `cargo run --release -p dca-cloud --example herd -- [AGENTS] [OUTAGE_MINUTES]`

use dca_cloud::AgentId;
use dca_cloud::rhythm::herd::{Herd, after_outage};
use std::io::Write;

fn main() -> std::io::Result<()> {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    let (agents, minutes) = (numbers.next().unwrap_or(100_000), numbers.next().unwrap_or(30));
    let names = (0..agents).filter_map(|number| AgentId::parse(&format!("agent-{number}")).ok());
    let Herd { peak, mean, steady_peak } = after_outage(names, minutes * 60, 1);
    let ratio = peak as f64 / mean;
    let word = if ratio <= 1.5 { "met" } else { "short" };
    writeln!(
        std::io::stdout(),
        "{agents} agents after {minutes} min: peak {peak} check-ins/s, mean {mean:.0}/s over 300 s, ratio {ratio:.2}, \
         target 1.50, {word}; steady peak {steady_peak}/s"
    )
}
