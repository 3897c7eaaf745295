//! The fuzz targets under libFuzzer. The stable toolchain does, with the compiler's unstable flags opened for cargo-fuzz.

use crate::shell::{has, root};
use anyhow::{Context, bail};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// How long each target runs.
pub(crate) enum Effort {
    Seconds(u32),
    Executions(u64),
}

/// What became of one target.
struct Total {
    name: String,
    executions: u64,
    sound: bool,
}

/// Runs the targets, all of them if none is named, one after another, and prints how often each was executed.
pub(crate) fn run(only: &[String], effort: &Effort) -> anyhow::Result<()> {
    if !has("cargo-fuzz") {
        bail!("cargo-fuzz is missing: cargo install cargo-fuzz --locked");
    }
    let known = targets()?;
    if let Some(unknown) = only.iter().find(|name| !known.contains(name)) {
        bail!("no fuzz target {unknown}; there are {}", known.join(", "));
    }
    let names = known.into_iter().filter(|name| only.is_empty() || only.contains(name));
    let totals = names.map(|name| fuzz(name, effort)).collect::<anyhow::Result<Vec<Total>>>()?;
    println!("\n{:<10} {:>15}", "target", "executions");
    for total in &totals {
        let Total { name, executions, sound } = total;
        println!("{name:<10} {executions:>15}{}", if *sound { "" } else { "  BROKEN, see above" });
    }
    println!("{:<10} {:>15}", "all", totals.iter().map(|total| total.executions).sum::<u64>());
    match totals.iter().filter(|total| !total.sound).count() {
        0 => Ok(()),
        broken => bail!("{broken} fuzz targets found something: fix it and keep the input as corpus/TARGET/found-WHAT"),
    }
}

fn targets() -> anyhow::Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

fn fuzz(name: String, effort: &Effort) -> anyhow::Result<Total> {
    let bound = match effort {
        Effort::Seconds(seconds) => format!("-max_total_time={seconds}"),
        Effort::Executions(executions) => format!("-runs={executions}"),
    };
    // The crates forbid `unsafe`: what the sanitizers look for is not there, and without them it runs twice as often.
    let mut words = vec!["fuzz", "run", "--sanitizer", "none", &name, "--", &bound];
    words.extend(["-max_len=1500", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    println!("\n$ RUSTC_BOOTSTRAP=1 cargo {}", words.join(" "));
    let mut child = Command::new("cargo")
        .args(&words)
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(root())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let mut executions = 0;
    let output = child.stderr.take().context("no output to read")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        eprintln!("{line}");
        // After a find it prints no statistics: "#123 NEW ..." is the latest count.
        let told = line.strip_prefix("stat::number_of_executed_units:").or_else(|| line.strip_prefix('#'));
        let number = told.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse().ok());
        executions = executions.max(number.unwrap_or(0));
    }
    Ok(Total { name, executions, sound: child.wait()?.success() })
}
