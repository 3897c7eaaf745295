//! Sweeps a range and measures it: time, devices found, peak memory.
//!
//! ```text
//! cargo run --release -p dca-lan --example few_answer -- 127.1.0.0-127.1.15.255:16100 64 silent    (in another terminal)
//! cargo run --release -p dca-lan --example sweep -- 127.1.0.0-127.1.15.255:16100
//! ```

#![allow(clippy::print_stdout, reason = "a program")]

use dca_fence::Fence;
use dca_lan::{Settings, Snmp};
use dca_snmp::{Credentials, Request, oid};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let targets: Vec<String> = std::env::args().skip(1).collect();
    let fence = Fence::parse(targets.iter().map(String::as_str))?;
    let settings = Settings { timeout: Duration::from_secs(1), retries: 0, ..Settings::default() };
    let snmp = Snmp::bind(settings)?;
    let public = Credentials::v2c("public");
    let start = Instant::now();

    let mut asked = JoinSet::new();
    for at in fence.targets().filter_map(|at| fence.admit(at)) {
        let (snmp, public) = (snmp.clone(), public.clone());
        asked.spawn(async move { snmp.ask(Request::get([oid!("1.3.6.1.2.1.1.2.0")]), at, &public).await.is_ok() });
    }
    let mut found = 0;
    while let Some(answered) = asked.join_next().await {
        found += usize::from(answered?);
    }

    println!("asked           {}", fence.count());
    println!("found           {found}");
    println!("time            {:.3} s", start.elapsed().as_secs_f64());
    println!("peak memory     {}", peak_memory().unwrap_or_else(|| "unknown".to_owned()));
    println!("receive buffer  {} octets", snmp.receive_buffer());
    println!("{:#?}", snmp.counters());
    Ok(())
}

/// VmHWM, where there is a /proc.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().to_owned())
}
