//! 12: a thousand simulated printers read in full by one process.

use crate::line::{Line, Target};
use crate::process::Daemon;
use crate::run::{Contestant, number, side_by_side};
use anyhow::Context;
use dca_loopback::free_port;
use std::process::Command;

/// 4 times 250 addresses of the simulator, which leaves out those that end in 0 or 255.
const PRINTERS: usize = 1_000;
const FIRST: &str = "127.3.0.1";
const RANGES: [&str; 4] = ["127.3.0.1-254", "127.3.1.1-254", "127.3.2.1-254", "127.3.3.1-238"];

pub(crate) fn read(runs: usize, tell: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let sim = std::env::current_exe()?.with_file_name("dca-sim");
    let port = free_port();
    let mut command = Command::new(sim);
    command.args([
        "--kind",
        "color-mfp",
        "--base",
        FIRST,
        "--devices",
        &PRINTERS.to_string(),
        "--port",
        &port.to_string(),
    ]);
    let _office = Daemon::start_and_hear(command, |line| line.starts_with("127.3.3.238:")).context("dca-sim")?;

    let ranges: Vec<String> = RANGES.iter().map(|range| format!("{range}:{port}")).collect();
    let contestants = ["dca-lan", "async-snmp"].map(|name| Contestant::here(name, "read").with(&ranges));
    let all = side_by_side(runs, 1, &contestants);
    let [us, peer] = all.as_slice() else { return Ok(()) };
    let what = "1,000 simulated printers read in full";
    for (unit, name, target) in [
        ("ms", "ms", Target::TimesAtMost(0.5)),
        ("ms CPU", "cpu", Target::TimesAtMost(0.5)),
        ("lost", "lost", Target::Exactly(0.0)),
        ("rows a printer", "rows", Target::None),
        ("datagrams a printer", "datagrams", Target::None),
        ("octets a printer", "octets", Target::None),
    ] {
        tell(Line::beside(12, what, unit, &number(us, name), ("async-snmp", &number(peer, name)), target));
    }
    Ok(())
}
