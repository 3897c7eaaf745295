//! What a process takes, as Linux tells it.

use std::fs;
use std::time::Duration;

/// Ticks of `/proc/PID/stat` a second: USER_HZ, which is 100 on every architecture that this runs on.
const TICKS: u64 = 100;

/// Memory in KiB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    /// What it has of the machine's memory.
    pub(crate) resident_kib: u64,
    /// The part that is in no file: heap and stacks.
    pub(crate) own_kib: u64,
    /// The most that was resident.
    pub(crate) peak_kib: u64,
}

/// The memory of a process, if it is there.
pub(crate) fn memory(process: u32) -> Option<Memory> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    Some(Memory { resident_kib: of("VmRSS")?, own_kib: of("RssAnon")?, peak_kib: of("VmHWM")? })
}

/// The processor time that a process has used, in its own code and the kernel's.
pub(crate) fn processor_time(process: u32) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in brackets, which may hold anything.
    let (_, fields) = text.rsplit_once(')')?;
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).map(|field| field.parse().unwrap_or(0)).sum();
    Some(Duration::from_millis(ticks * 1000 / TICKS))
}
