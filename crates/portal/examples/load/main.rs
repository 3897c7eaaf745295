//! What the portal carries on this machine, beside named peers in the same run: `cargo xtask bench portal`.
//!
//! Servers, peers and those who play agents are processes of their own, on the same cores; ours and the peer take turns.
//!
//! ```text
//! figures ── a line per question ──► portal | bare | calls | mqtt | publisher (this program in other roles)
//!    └──► lines: ours, peer, ratio, met or short       PostgreSQL, mosquitto (Debian's)
//! ```
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[path = "../../tests/portal/agent.rs"]
mod agent;
mod calls;
mod figures;
mod fleet;
#[path = "../../../../benches/src/line.rs"]
mod line;
mod mqtt;
#[path = "../../tests/portal/place.rs"]
mod place;
mod process;
mod reports;
mod serve;
#[path = "../../tests/portal/server.rs"]
mod server;

use clap::Parser;
use std::path::Path;

/// The portal beside its peers, one line per figure.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench portal")]
struct Arguments {
    /// Only these figures, for example 4a,5b
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// How often ours and the peer take turns; medians are shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    runs: u16,
    /// Seconds of each turn
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

/// As in `explorer`, for ours and the peers of this program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["role", "portal", folder, database] => serve::portal(Path::new(folder), database).await,
        ["role", "bare", clients] => serve::bare(clients).await,
        ["role", "calls", agents] => calls::run(Path::new(agents)).await,
        ["role", "mqtt", agents] => mqtt::run(Path::new(agents)).await,
        ["role", "publisher", address, agents] => mqtt::publisher(address, Path::new(agents)).await,
        _ => {
            let Arguments { only, json, runs, seconds } = Arguments::parse();
            let wanted = |figure: &str| only.is_empty() || only.iter().any(|it| it == figure);
            let mut all = Vec::new();
            let mut tell = |line: line::Line| {
                if !json {
                    println!("{line}");
                }
                all.push(line);
            };
            figures::all(&wanted, usize::from(runs), seconds, &mut tell).await;
            if json {
                println!("{}", serde_json::to_string_pretty(&all).unwrap());
            }
        }
    }
}
