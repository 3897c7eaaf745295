//! The product at work on a machine without a printer.

use crate::office::{self, program, programs};
use crate::shell;
use anyhow::{Context, bail};
use dca_e2e::{Agent, Office, Portal};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How often the agent checks in here, in seconds; in life it is 300.
const PERIOD_S: u32 = 5;
/// The longest that the first readings may take, and after how long no more of them are awaited.
const PATIENCE: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_secs(4);

pub(crate) fn run(devices: usize, once: bool) -> anyhow::Result<()> {
    shell::run("cargo build --quiet --locked -p dca -p dca-sim -p explorer")?;
    let stopped = stopped()?;
    let office = office::open("debug", "127.77.0.1", devices)?;
    let port = office.port;
    println!("\nA simulated office of {devices} devices answers on 127.77.0.1 and up, UDP port {port}.");

    let scope = format!("127.77.0.0/24:{port}");
    show(&["scan", &scope])?;
    let Some(first) = office.addresses.first() else { bail!("the office is empty") };
    show(&["read", &format!("{first}:{port}")])?;

    let folder = tempfile::tempdir()?;
    println!("\nA portal of its own, and an agent that reports to it:");
    let portal = Portal::start(&programs("debug"), &folder.path().join("portal"), PERIOD_S)?;
    let mut agent = enrolled(&office, &portal, &folder.path().join("agent"))?;
    println!("\n  {}", portal.admin(&["link"])?.trim());
    println!(
        "  Open it once in a browser: agents, devices, supplies, each reading with its age. The certificate is the"
    );
    println!("  portal's own, so the browser asks first.\n");
    if watch(&portal, &mut agent, &stopped)? {
        what_next(&scope);
        if !once {
            println!("\nPress Ctrl-C to close the office, the agent and the portal.");
            let _ = stopped.recv();
        }
    }
    agent.stop(Duration::from_secs(5))
}

fn enrolled(office: &Office, portal: &Portal, folder: &std::path::Path) -> anyhow::Result<Agent> {
    let targets: Vec<String> = office.addresses.iter().map(|at| format!("{at}:{}", office.port)).collect();
    let mut agent = Agent::new(&programs("debug"), folder, &targets)?;
    let code = portal.code("Demo customer", "Head office")?;
    println!("\n$ dca enroll {} {code}", portal.url());
    print!("{}", agent.enroll(&portal.url(), &code)?);
    println!("\n$ dca run");
    agent.start()?;
    Ok(agent)
}

/// Counts the readings that arrive until no more come; false if it was stopped before.
fn watch(portal: &Portal, agent: &mut Agent, stopped: &Receiver<()>) -> anyhow::Result<bool> {
    let start = Instant::now();
    let (mut arrived, mut last) = (0, start);
    while start.elapsed() < PATIENCE {
        match stopped.recv_timeout(Duration::from_millis(200)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return Ok(false),
        }
        agent.check()?;
        let readings = portal.readings()?;
        if readings > arrived {
            println!("  {:>4.1} s  {readings} readings have arrived", start.elapsed().as_secs_f32());
            (arrived, last) = (readings, Instant::now());
        } else if arrived > 0 && last.elapsed() > QUIET {
            return Ok(true);
        }
    }
    if arrived == 0 {
        bail!("no reading arrived within a minute");
    }
    Ok(true)
}

fn what_next(scope: &str) {
    let dca = program("debug", "dca");
    let dca = dca.display();
    println!("\nWhat to type next, in another terminal:");
    println!("  {dca} scan {scope}");
    println!("  {dca} scan 192.168.10.0/24          your own network instead of this one");
    println!("  {dca} read --sources ADDRESS        every figure, and where it comes from");
    println!("  {dca} help                          all commands");
}

fn show(arguments: &[&str]) -> anyhow::Result<()> {
    println!("\n$ dca {}", arguments.join(" "));
    let status = Command::new(program("debug", "dca")).args(arguments).stdin(Stdio::null()).status()?;
    // 1 tells that a device did not answer in full, which a real office has too.
    match status.code() {
        Some(0 | 1) => Ok(()),
        _ => bail!("dca {}: {status}", arguments.join(" ")),
    }
}

/// Says so when somebody presses Ctrl-C, or asks this program to end.
fn stopped() -> anyhow::Result<Receiver<()>> {
    let (tell, told) = channel();
    ctrlc::set_handler(move || {
        let _ = tell.send(());
    })
    .context("signals cannot be handled")?;
    Ok(told)
}
