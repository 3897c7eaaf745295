//! 9 to 11: one question to each of thousands of addresses on loopback, through one socket.

use crate::line::{Line, Measured, Target};
use crate::process::{Daemon, find};
use crate::run::{Contestant, Numbers, number, side_by_side};
use crate::witness;
use dca_loopback::free_port;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Rounds over the 4,096 addresses in one run.
const ROUNDS: u64 = 5;
/// Packets a second of the paced sweep.
const RATE: f64 = 5_000.0;
/// How long a silent address is waited for, in seconds.
const PATIENCE: f64 = 1.0;
/// Every so manieth address of the /16 answers: 500 of them.
const STEP: u32 = 131;

/// The other side: a program in C on all of 127.0.0.0/8.
struct Agents {
    port: u16,
    _process: Daemon,
}

impl Agents {
    /// Answers on every `step`th address.
    fn start(program: &Path, step: u32) -> anyhow::Result<Self> {
        let port = free_port();
        let mut command = Command::new(program);
        command.args([port.to_string(), step.to_string()]);
        Ok(Self { port, _process: Daemon::start_and_hear(command, |line| line == "ready")? })
    }

    fn block(&self, block: &str) -> String {
        format!("{block}:{}", self.port)
    }
}

pub(crate) fn all(runs: usize, wanted: &dyn Fn(u8) -> bool, tell: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let program = match witness::compile("responder", "", "nothing else") {
        Ok(program) => program,
        Err(why) => {
            for figure in (9..=11).filter(|figure| wanted(*figure)) {
                tell(Line::alone(figure, "many addresses", "", &Err(why.clone()), Target::None));
            }
            return Ok(());
        }
    };
    if wanted(9) {
        everyone_answers(runs, &Agents::start(&program, 1)?, tell);
    }
    if wanted(10) {
        few_answer(runs, &Agents::start(&program, 64)?, tell);
    }
    if wanted(11) {
        paced(runs, &Agents::start(&program, STEP)?, tell)?;
    }
    Ok(())
}

fn everyone_answers(runs: usize, agents: &Agents, tell: &mut dyn FnMut(Line)) {
    let windows = [64, 256, 1_024, 4_096];
    let asker = witness::compile("asker", "", "nothing else");
    let all: Vec<[Numbers; 3]> = windows
        .iter()
        .filter_map(|window| {
            let block = agents.block("127.1.0.0-127.1.15.255");
            let bare = Contestant::program("bare C", asker.clone(), "ask").with([&block, &window.to_string(), "0"]);
            let [ours, peer] = contestants(&block, *window, 0);
            side_by_side(runs, ROUNDS, &[ours, peer, bare]).try_into().ok()
        })
        .collect();
    let best = all.iter().map(|[_, peer, _]| number(peer, "rate"));
    let best: Measured = best.reduce(|a, b| Ok(a?.max(b?))).unwrap_or(Err("no run".into()));
    for (window, [ours, peer, bare]) in windows.iter().zip(&all) {
        let what = format!("GET to 4,096 addresses, {window} in flight");
        let peer_best = ("async-snmp", &best);
        let rate = number(ours, "rate");
        let line = Line::beside(9, &what, "/s", &rate, peer_best, Target::TimesAtLeast(2.5));
        tell(match number(peer, "rate") {
            Ok(rate) => line.note(format!("its best; at {window} in flight {rate:.0}/s")),
            Err(_) => line,
        });
        let bare = number(bare, "rate");
        let line = Line::beside(9, &what, "/s", &rate, ("bare C", &bare), Target::None);
        tell(line.note("sendmmsg and recvmmsg, nothing decoded: what this other side can answer"));
        let (lost, theirs) = (number(ours, "lost"), number(peer, "lost"));
        let asked = 4_096 * ROUNDS;
        let line = Line::beside(9, &what, "lost", &lost, ("async-snmp", &theirs), Target::Exactly(0.0));
        tell(line.note(format!("of {asked}, worst run")));
    }
}

fn few_answer(runs: usize, agents: &Agents, tell: &mut dyn FnMut(Line)) {
    let contestants = contestants(&agents.block("127.1.0.0-127.1.15.255"), 4_096, 0);
    let all = side_by_side(runs, 1, &contestants);
    let [us, peer] = all.as_slice() else { return };
    let what = "sweep of 4,096, 64 alive, 1 s";
    let pair = |name| (number(us, name), number(peer, name));
    let (found, theirs) = pair("found");
    tell(Line::beside(10, what, "found", &found, ("async-snmp", &theirs), Target::Exactly(64.0)));
    let (ms, theirs) = pair("ms");
    tell(Line::beside(10, what, "ms", &ms, ("async-snmp", &theirs), Target::AtMost(1_100.0)));
    let (peak, theirs) = pair("peak");
    tell(Line::beside(10, what, "MB peak", &peak, ("async-snmp", &theirs), Target::AtMost(8.0)));
    let (cpu, theirs) = pair("cpu");
    tell(Line::beside(10, what, "ms CPU", &cpu, ("async-snmp", &theirs), Target::TimesAtMost(0.5)));
}

fn paced(runs: usize, agents: &Agents, tell: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let [ours, _] = contestants(&agents.block("127.9.0.0-127.9.255.255"), 8_192, RATE as u32);
    let numbers = side_by_side(runs, 1, &[ours]).pop().unwrap_or(Err("no run".into()));
    let addresses = 0x7f09_0000..=0x7f09_ffff_u32;
    let alive = addresses.clone().filter(|at| at % STEP == STEP / 2).count() as f64;
    let other = onesixtyone(runs, agents.port, addresses);
    let what = "sweep of a /16 at 5,000 packets/s";
    let seconds = number(&numbers, "ms").map(|ms| ms / 1e3);
    let (found, theirs) = (number(&numbers, "found"), other.as_ref().map(|(found, _)| *found).map_err(Clone::clone));
    tell(Line::beside(11, what, "found", &found, ("onesixtyone", &theirs), Target::Exactly(alive)));
    tell(Line::alone(11, what, "MB peak", &number(&numbers, "peak"), Target::AtMost(24.0)));
    let off = seconds.clone().map(|seconds| (65_536.0 / (seconds - PATIENCE) / RATE - 1.0).abs() * 100.0);
    tell(Line::alone(11, what, "% off the pace", &off, Target::AtMost(5.0)));
    let theirs = other.map(|(_, seconds)| seconds);
    let line = Line::beside(11, what, "s", &seconds, ("onesixtyone", &theirs), Target::None);
    tell(line.note("onesixtyone without a pause between packets, and its 5 s of waiting at the end"));
    Ok(())
}

fn contestants(block: &str, window: u32, rate: u32) -> [Contestant; 2] {
    ["dca-lan", "async-snmp"]
        .map(|name| Contestant::here(name, "ask").with([block, &window.to_string(), &rate.to_string()]))
}

/// How many it finds and how long it takes, as the median run.
fn onesixtyone(runs: usize, port: u16, addresses: impl Iterator<Item = u32>) -> Result<(f64, f64), String> {
    let program: PathBuf = find("onesixtyone").ok_or("onesixtyone is not installed")?;
    let run = || -> anyhow::Result<(f64, f64)> {
        let folder = tempfile::tempdir()?;
        let list = folder.path().join("addresses");
        let addresses: Vec<String> = addresses.map(|at| std::net::Ipv4Addr::from(at).to_string()).collect();
        std::fs::write(&list, addresses.join("\n"))?;
        let mut samples = Vec::new();
        for _ in 0..runs {
            let start = Instant::now();
            let mut command = Command::new(&program);
            command.args(["-w", "0", "-p", &port.to_string(), "-i"]).arg(&list).arg("public");
            let output = command.stdin(Stdio::null()).output()?;
            let found = String::from_utf8_lossy(&output.stdout).matches("[public]").count();
            samples.push((start.elapsed().as_secs_f64(), found as f64));
        }
        samples.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (seconds, found) = samples.get(samples.len() / 2).copied().unwrap_or_default();
        Ok((found, seconds))
    };
    run().map_err(|error| format!("onesixtyone: {error:#}"))
}
