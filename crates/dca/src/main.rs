//! The Data Collector Agent: finds printers and reads them. All it knows is in `dca-agent`; here are arguments, logging,
//! signals and exit codes.

mod args;
mod run;
mod service;
mod terminal;

use anyhow::Result;
use clap::Parser;
use dca_agent::{InputError, Success};
use std::process::ExitCode;
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; everything else is bad usage. A closed pipe is no reason to fail.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(BAD_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    // A service tells its journal what it does.
    log(cli.verbose + u8::from(matches!(cli.command, args::Command::Run { .. })));
    #[cfg(windows)]
    if matches!(cli.command, args::Command::Run { .. }) && service::windows::dispatched() {
        return ExitCode::SUCCESS;
    }
    match start(cli) {
        Ok(Success::All) => ExitCode::SUCCESS,
        Ok(Success::Some) => ExitCode::from(SOME_FAILED),
        Ok(Success::Nothing) => ExitCode::from(NOTHING_ANSWERED),
        Err(error) if terminal::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&format!("{error:#}"));
            // What was handed in, or this system: either way nothing was asked.
            ExitCode::from(if error.is::<InputError>() { BAD_USAGE } else { SOME_FAILED })
        }
    }
}

const SOME_FAILED: u8 = 1;
const NOTHING_ANSWERED: u8 = 2;
const BAD_USAGE: u8 = 64;

fn start(cli: args::Cli) -> Result<Success> {
    // Waiting for the network is nearly all there is to do: one thread is enough, and idle when nothing arrives.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let success = runtime.block_on(run::run(cli));
    // A name being resolved does not keep the program from ending.
    runtime.shutdown_background();
    success
}

fn log(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(terminal::stderr_color())
        .init();
}
