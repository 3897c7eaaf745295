//! What a run of a program costs: time, peak memory, datagrams.

use crate::process;
use anyhow::Context;
use std::process::Child;
use std::time::{Duration, Instant};

/// What a run cost.
pub(super) struct Cost {
    pub(super) took: Duration,
    pub(super) peak_kib: u64,
    /// UDP datagrams sent on this machine meanwhile: questions and answers.
    pub(super) datagrams: u64,
    pub(super) output: String,
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let peak = self.peak_kib as f64 / 1024.0;
        write!(f, "{:>7.2} s, peak {peak:>5.1} MiB, {:>7} datagrams", self.took.as_secs_f64(), self.datagrams)
    }
}

/// Waits for a process and samples its peak memory.
pub(super) fn watch(mut child: Child) -> anyhow::Result<Cost> {
    let (start, before) = (Instant::now(), udp_sent()?);
    let mut output = child.stdout.take().context("no output to read")?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut output, &mut text).map(|_| text)
    });
    let mut peak_kib = 0;
    while child.try_wait()?.is_none() {
        peak_kib = process::memory(child.id()).map_or(peak_kib, |memory| memory.peak_kib);
        std::thread::sleep(Duration::from_millis(2));
    }
    let took = start.elapsed();
    let output = reader.join().map_err(|_| anyhow::anyhow!("the reader panicked"))??;
    Ok(Cost { took, peak_kib, datagrams: udp_sent()? - before, output })
}

fn udp_sent() -> anyhow::Result<u64> {
    let text = std::fs::read_to_string("/proc/net/snmp")?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let (names, values) = (lines.next().context("no Udp line")?, lines.next().context("no Udp line")?);
    let at = names.split(' ').position(|name| name == "OutDatagrams").context("no OutDatagrams")?;
    Ok(values.split(' ').nth(at).context("no OutDatagrams")?.parse()?)
}
