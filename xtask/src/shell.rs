//! Running other programs.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// True on a CI machine, where nothing may be skipped.
pub(crate) fn ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Where cargo builds to.
pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// True if the program can be found.
pub(crate) fn has(program: &str) -> bool {
    let sbin = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(sbin).any(|folder| folder.join(program).is_file())
}

/// Runs a command line in the root and fails if it fails. Words are split at blanks.
pub(crate) fn run(line: &str) -> anyhow::Result<()> {
    run_with(line, &[])
}

/// As [`run`], with environment variables.
pub(crate) fn run_with(line: &str, env: &[(&str, &str)]) -> anyhow::Result<()> {
    println!("\n$ {line}");
    let start = Instant::now();
    start_with(line, env)?;
    println!("  ({:.1} s)", start.elapsed().as_secs_f32());
    Ok(())
}

/// As [`run`], without a word on standard output, which belongs to the result.
pub(crate) fn run_silently(line: &str) -> anyhow::Result<()> {
    start_with(line, &[])
}

fn start_with(line: &str, env: &[(&str, &str)]) -> anyhow::Result<()> {
    let mut words = line.split_whitespace();
    let program = words.next().context("empty command line")?;
    let status = Command::new(program)
        .args(words)
        .envs(env.iter().copied())
        .current_dir(root())
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    if !status.success() {
        bail!("failed ({status}): {line}");
    }
    Ok(())
}
