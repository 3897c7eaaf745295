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
