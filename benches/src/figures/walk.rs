//! 7 and 8: 4,000 rows walked from net-snmp's snmpd.

use crate::contest::{PASSWORD, ROOT, ROWS, USER};
use crate::line::{Line, Target};
use crate::process::{Daemon, find};
use crate::run::{Contestant, number, side_by_side};
use anyhow::ensure;
use dca_loopback::free_port;
use std::fmt::Write;
use std::process::Command;
use std::time::Duration;

/// Walks in one run of a contestant.
const WALKS: u64 = 5;

pub(crate) fn walk(runs: usize, wanted: &dyn Fn(u8) -> bool, tell: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    let Some(snmpd) = find("snmpd") else {
        let missing = Err("snmpd is not installed".to_owned());
        tell(Line::alone(7, "walk 4,000 rows", "ms", &missing, Target::None));
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let at = format!("127.0.0.1:{}", free_port());
    std::fs::write(folder.path().join("snmpd.conf"), settings()?)?;
    let mut command = Command::new(snmpd);
    command.args(["-f", "-Lf", "/dev/null", "-C", "-c", "snmpd.conf", &format!("udp:{at}")]).current_dir(folder.path());
    command.env("SNMP_PERSISTENT_DIR", folder.path()).env("SNMPCONFPATH", folder.path()).env("MIBS", "");
    let _snmpd = Daemon::start(command)?;
    let ready = Contestant::here("snmp2 (sync)", "walk").with([at.as_str(), "v2c", "25"]);
    let answers = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        side_by_side(1, 1, std::slice::from_ref(&ready)).iter().all(Result::is_ok)
    });
    ensure!(answers, "snmpd does not answer");

    if wanted(7) {
        bounded(runs, &at, tell);
    }
    if wanted(8) {
        by_default(runs, &at, tell);
    }
    Ok(())
}

/// Max-repetitions 25 for all.
fn bounded(runs: usize, at: &str, tell: &mut dyn FnMut(Line)) {
    let contestants = ["dca-lan", "snmp2", "async-snmp", "snmp2 (sync)"]
        .map(|name| Contestant::here(name, "walk-again").with([at, "v2c", "25"]));
    let [ours, snmp2, async_snmp, sync] = &contestants;
    let cost = |contestant: &Contestant| contestant.instructions(1, 4).map(|instructions| instructions / 1e6);
    let us = cost(ours);
    let targets = [(snmp2, Target::TimesAtMost(0.5)), (async_snmp, Target::TimesAtMost(0.2)), (sync, Target::None)];
    for (peer, target) in targets {
        tell(Line::beside(7, "walk 4,000 rows, max-repetitions 25", "Minstr", &us, (peer.name, &cost(peer)), target));
    }
    let times: Vec<_> = side_by_side(runs, WALKS, &contestants).iter().map(|numbers| number(numbers, "ms")).collect();
    let [us, rest @ ..] = times.as_slice() else { return };
    for ((peer, theirs), target) in
        contestants.iter().skip(1).zip(rest).zip([Target::TimesAtMost(1.0), Target::None, Target::None])
    {
        tell(Line::beside(7, "walk 4,000 rows, max-repetitions 25", "ms", us, (peer.name, theirs), target));
    }
}

/// A new session for each walk, and what each library does by itself; snmp2 leaves the repetitions to its caller: 25.
fn by_default(runs: usize, at: &str, tell: &mut dyn FnMut(Line)) {
    for version in ["v2c", "v3"] {
        let contestants =
            ["dca-lan", "async-snmp", "snmp2"].map(|name| Contestant::here(name, "walk").with([at, version, "0"]));
        let times: Vec<_> =
            side_by_side(runs, WALKS, &contestants).iter().map(|numbers| number(numbers, "ms")).collect();
        let [us, peer, snmp2] = times.as_slice() else { return };
        let what = format!("walk 4,000 rows, defaults, {version}");
        tell(Line::beside(8, &what, "ms", us, ("async-snmp", peer), Target::TimesAtMost(0.8)));
        tell(Line::beside(8, &what, "ms", us, ("snmp2", snmp2), Target::TimesAtMost(0.9)));
    }
}

/// 20 columns of 200 rows, numbers and texts in turn.
fn settings() -> anyhow::Result<String> {
    let mut text = format!(
        "rocommunity public 127.0.0.1\nrouser {USER} priv\ncreateUser {USER} SHA-256 \"{PASSWORD}\" AES \"{PASSWORD}\"\n\
         sysName bench\n"
    );
    let columns = 20;
    for column in 1..=columns {
        for row in 1..=ROWS / columns {
            let value = match column % 3 {
                0 => format!("octet_str \"Tray {row}, plain paper\""),
                1 => format!("counter {}", row * 7_919),
                _ => format!("integer {}", row - 3),
            };
            writeln!(text, "override .{ROOT}.{column}.{row} {value}")?;
        }
    }
    Ok(text)
}
