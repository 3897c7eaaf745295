//! Reads recorded walks as `dca read --walk FILE --json` would: keeps what a device would have been asked for, and
//! prints an array of readings.
//!
//! ```text
//! cargo run -p dca-printer --example read_walk -- FILE...
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example speaks to its user")]

use dca_printer::{Profiles, Reading, Rows};

fn main() -> std::process::ExitCode {
    let files: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "read" && !word.starts_with("--")).collect();
    let profiles = Profiles::builtin();
    let mut readings: Vec<Reading> = Vec::new();
    for file in files {
        match std::fs::read_to_string(&file) {
            Ok(text) => readings.push(read(&profiles, &text)),
            Err(error) => {
                eprintln!("{file}: {error}");
                return std::process::ExitCode::FAILURE;
            }
        }
    }
    match serde_json::to_string_pretty(&readings) {
        Ok(json) => println!("{json}"),
        Err(error) => eprintln!("{error}"),
    }
    std::process::ExitCode::SUCCESS
}

fn read(profiles: &Profiles, text: &str) -> Reading {
    let recorded: Rows = dca_snmp::recording::parse(text).rows.into_iter().collect();
    let profile = profiles.pick(&recorded);
    let asked = profile.plan().keep(&profiles.discovery(), &recorded);
    profile.read(&asked)
}
