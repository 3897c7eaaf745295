//! An hour of the agent beside a thousand simulated printers, with a portal that takes what it reads.

use crate::office::{self, program, programs};
use crate::process::{memory, processor_time};
use crate::shell;
use anyhow::{Context, bail};
use dca_e2e::{Agent, Portal};
use std::time::{Duration, Instant};

/// Check-ins as in life.
const PERIOD_S: u32 = 300;
/// What the agent may take.
const MEANT_KIB: u64 = 40 << 10;
const LOOK: Duration = Duration::from_secs(5);
const TELL: Duration = Duration::from_secs(60);

pub(crate) fn run(minutes: u64, devices: usize) -> anyhow::Result<()> {
    shell::run("cargo build --quiet --release --locked -p dca -p dca-sim -p explorer")?;
    let size = std::fs::metadata(program("release", "dca"))?.len();
    let office = office::open("release", "127.3.0.1", devices)?;
    let folder = tempfile::tempdir()?;
    let portal = Portal::start(&programs("release"), &folder.path().join("portal"), PERIOD_S)?;
    let targets: Vec<String> = office.addresses.iter().map(|at| format!("{at}:{}", office.port)).collect();
    let mut agent = Agent::new(&programs("release"), &folder.path().join("agent"), &targets)?;
    agent.enroll(&portal.url(), &portal.code("Customer", "Site")?)?;
    agent.start()?;
    let process = agent.id().context("the agent does not run")?;
    println!("minute   resident    of it own   peak        processor   readings in the portal, waiting");
    let (start, mut told, mut spent) = (Instant::now(), Instant::now(), Duration::ZERO);
    while start.elapsed() < Duration::from_secs(60 * minutes) {
        std::thread::sleep(LOOK);
        agent.check()?;
        if told.elapsed() < TELL {
            continue;
        }
        let (took, taken) = (told.elapsed(), processor_time(process).context("no processor time")?);
        let now = memory(process).context("no memory")?;
        let status = agent.status()?.unwrap_or_default();
        println!(
            "{:>6}   {:>6.1} MiB  {:>6.1} MiB  {:>6.1} MiB  {:>6.2} %    {:>8}, {}",
            start.elapsed().as_secs() / 60,
            mib(now.resident_kib),
            mib(now.own_kib),
            mib(now.peak_kib),
            share(taken - spent, took),
            portal.readings()?,
            said(&status, "waiting"),
        );
        (told, spent) = (Instant::now(), taken);
    }
    let peak = memory(process).context("no memory")?.peak_kib;
    let status = agent.status()?.context("no status")?;
    println!("\n{devices} devices, of which {} are known, {minutes} minutes", said(&status, "devices"));
    println!("peak memory      {:.1} MiB, meant: at most {:.0} MiB", mib(peak), mib(MEANT_KIB));
    println!("processor        {:.2} % of one core", share(spent, start.elapsed()));
    println!("program          {:.1} MiB, with its symbols", mib(size >> 10));
    println!("readings         {} in the portal, {} records wait", portal.readings()?, said(&status, "waiting"));
    println!("not well         {}", said(&status, "health"));
    agent.stop(Duration::from_secs(5))?;
    if peak > MEANT_KIB {
        bail!("the agent took more memory than it is meant to");
    }
    Ok(())
}

/// A word of `dca status --json`.
fn said(status: &serde_json::Value, word: &str) -> String {
    status.get(word).map(ToString::to_string).unwrap_or_default()
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn share(spent: Duration, took: Duration) -> f64 {
    100.0 * spent.as_secs_f64() / took.as_secs_f64()
}
