//! `explorer`: the portal that Data Collector Agents report to.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this program talks to the person who typed it")]

mod admin;
mod args;
mod serve;

use anyhow::bail;
use clap::Parser;
use dca_portal::{Config, ConfigError};
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

/// Reports are large blocks among many small ones, of many threads: the system's allocator spends a fifth of the portal's time on
/// them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    let level = if arguments.verbose { tracing::Level::DEBUG } else { tracing::Level::INFO };
    // <https://no-color.org>
    let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(ansi)
        .with_max_level(level)
        .with_target(false)
        .init();
    let outcome = match arguments.command {
        args::Command::Serve { config } => serve::serve(&config).await,
        args::Command::Demo => serve::demo().await,
        args::Command::Admin { config, task } => admin::run(&config, task).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("explorer: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// The configuration in a file, or what is wrong with it.
fn load(path: &Path) -> anyhow::Result<Config> {
    match Config::load(path) {
        Ok(config) => Ok(config),
        Err(error @ ConfigError::File { .. }) => {
            bail!("{error}. Name another file with -c, or write this one: public = \"https://HOST:8443\" is enough")
        }
        Err(error) => bail!("{}: {error}", path.display()),
    }
}

/// An error with its causes, each said once: many repeat what is below them.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    #[test]
    fn a_cause_is_said_once() {
        let error: anyhow::Error = Err::<(), _>(anyhow!("no such file")).context("a.toml: no such file").unwrap_err();
        assert_eq!(super::told(&error), "a.toml: no such file");
        let error = Err::<(), _>(anyhow!("no such file")).context("a.toml").unwrap_err();
        assert_eq!(super::told(&error), "a.toml: no such file");
    }
}
