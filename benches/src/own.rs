//! What this process itself has used.

use anyhow::Context;
use std::fs::read_to_string;
use std::time::Duration;

/// Processor time of the main thread, system calls included: all of it, for contestants that run on one thread.
pub(crate) fn processor() -> anyhow::Result<Duration> {
    let text = read_to_string("/proc/self/schedstat").context("processor time is read from Linux's /proc")?;
    Ok(Duration::from_nanos(text.split_whitespace().next().context("no schedstat")?.parse()?))
}

/// The most memory that was resident at any time.
pub(crate) fn peak_kib() -> anyhow::Result<u64> {
    let text = read_to_string("/proc/self/status").context("peak memory is read from Linux's /proc")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.split_whitespace().next().context("no VmHWM")?.parse()?)
}

/// UDP datagrams and their octets that this machine has sent: with both sides on loopback, questions and answers.
pub(crate) struct Traffic {
    datagrams: u64,
    octets: u64,
}

impl Traffic {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let datagrams = counter("/proc/net/snmp", "Udp:", "OutDatagrams")?;
        Ok(Self { datagrams, octets: counter("/proc/net/netstat", "IpExt:", "OutOctets")? })
    }

    /// The difference. Headers of IP and UDP are taken off the octets.
    pub(crate) fn since(&self, before: &Self) -> (u64, u64) {
        let datagrams = self.datagrams.saturating_sub(before.datagrams);
        (datagrams, self.octets.saturating_sub(before.octets).saturating_sub(28 * datagrams))
    }
}

/// A number of a file with two lines for each group: names, then values.
fn counter(file: &str, group: &str, name: &str) -> anyhow::Result<u64> {
    let text = read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(group)).map(str::split_whitespace);
    let (mut names, mut values) = lines.next().zip(lines.next()).with_context(|| format!("{file}: no {group}"))?;
    let at = names.position(|known| known == name).with_context(|| format!("{file}: no {name}"))?;
    Ok(values.nth(at).with_context(|| format!("{file}: no {name}"))?.parse()?)
}
