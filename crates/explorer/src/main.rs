//! `explorer`: the portal that Data Collector Agents report to.
#![allow(clippy::print_stdout, reason = "this program talks to the person who typed it")]

mod admin;
mod args;
mod serve;

use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    let level = if arguments.verbose { tracing::Level::DEBUG } else { tracing::Level::INFO };
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).with_target(false).init();
    let outcome = match arguments.command {
        args::Command::Serve { config } => serve::serve(&config).await,
        args::Command::Demo => serve::demo().await,
        args::Command::Admin { config, task } => admin::run(&config, task).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
