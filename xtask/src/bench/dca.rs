//! Figures of the whole program, beside net-snmp on the same targets in the same run. `docs/benchmarks.md` keeps them.

use super::cost::watch;
use crate::office::{self, program};
use crate::shell::{self, has};
use anyhow::{Context, bail};
use std::process::{Command, Stdio};
use std::time::Instant;

pub(crate) fn run(printers: usize) -> anyhow::Result<()> {
    shell::run("cargo build --quiet --release --locked -p dca -p dca-sim")?;
    size_and_start()?;
    sweep()?;
    read_all(printers)
}

fn size_and_start() -> anyhow::Result<()> {
    let dca = program("release", "dca");
    let stripped = std::env::temp_dir().join(format!("dca-stripped-{}", std::process::id()));
    let status = Command::new("strip").arg("-o").arg(&stripped).arg(&dca).status().context("cannot start strip")?;
    if !status.success() {
        bail!("strip: {status}");
    }
    let size = std::fs::metadata(&stripped)?.len();
    let mut starts = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        Command::new(&stripped).arg("--version").stdout(Stdio::null()).status()?;
        starts.push(start.elapsed());
    }
    std::fs::remove_file(&stripped)?;
    starts.sort();
    let median = starts.get(starts.len() / 2).copied().unwrap_or_default();
    println!("dca stripped                 {:.1} MiB", size as f64 / (1 << 20) as f64);
    println!("dca --version, median of 21  {:.1} ms", median.as_secs_f64() * 1e3);
    Ok(())
}

/// All 64 can be found: those with SNMPv3 alone by their user, and those that sleep once they are awake. A sleeping device takes
/// two to four seconds for its first answer, so the first sweep is one with the usual time-out of four seconds.
fn sweep() -> anyhow::Result<()> {
    let office = office::open("release", "127.1.0.1", 64)?;
    let scope = format!("127.1.0.0/20:{}", office.port);
    println!("\nsweep of 4,096 addresses, 64 answer");
    let sweeps = [("usual time-out", "4"), ("time-out 1 s", "1"), ("time-out 1 s", "1"), ("time-out 1 s", "1")];
    for (what, timeout) in sweeps {
        let dca = Command::new(program("release", "dca"))
            .args(["scan", "--all", "--json", "--timeout", timeout, "--retries", "0"])
            .args(["-c", "public", "--user", "monitor", "--auth", "sha256", "--priv", "aes128", &scope])
            .env("DCA_AUTH_PASS", "sim-auth-passphrase")
            .env("DCA_PRIV_PASS", "sim-priv-passphrase")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let run = watch(dca)?;
        let found = run.output.matches("\"is_printer\"").count();
        println!("  dca scan, {what:<14}  {run}, found {found}");
    }
    Ok(())
}

fn read_all(printers: usize) -> anyhow::Result<()> {
    let office = office::open("release", "127.2.0.1", printers)?;
    println!("\n{printers} simulated devices read in full");
    let targets = std::env::temp_dir().join(format!("dca-bench-{}.txt", std::process::id()));
    let list: String = office.addresses.iter().map(|address| format!("{address}:{}\n", office.port)).collect();
    std::fs::write(&targets, &list)?;
    let dca = Command::new(program("release", "dca"))
        .args(["read", "--json", &format!("@{}", targets.display())])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let run = watch(dca)?;
    println!("  dca read          {run}, read {}", run.output.matches("\"read_at\"").count());

    if has("snmpbulkwalk") {
        // A device that knows no v2c costs this loop one time-out of a second.
        let walk = "snmpbulkwalk -v2c -c public -t1 -r0 -On";
        let line = format!("while read target; do {walk} $target .1.3.6.1 || true; done < {}", targets.display());
        let shell = Command::new("sh")
            .args(["-c", &line])
            .env("MIBS", "")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let run = watch(shell)?;
        println!("  snmpbulkwalk loop {run}, {} rows", run.output.lines().count());
    }
    std::fs::remove_file(&targets)?;
    Ok(())
}
