//! A driver with nothing to do, or waiting for an answer, uses no processor time. Alone in its program, because it
//! measures the whole process.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use dca_lan::{Settings, Snmp};
use dca_snmp::{Credentials, Request, oid};
use std::time::Duration;
use tokio::time::{sleep, timeout};

#[tokio::test]
async fn no_thread_is_busy() {
    let (device, answering) = (common::Silent::at("127.0.0.1"), common::Answering::at("127.0.0.1"));
    let snmp = Snmp::bind(Settings { timeout: Duration::from_secs(5), ..Settings::default() }).unwrap();
    let who = Credentials::v2c("public");
    // An answer or a refusal that was taken leaves no readiness behind that would spin.
    snmp.ask(Request::get([oid!("1.3.6.1.2.1.1.5.0")]), answering.allowed(), &who).await.unwrap();
    let nobody = common::Silent::at("127.0.0.1").allowed();
    snmp.ask(Request::get([oid!("1.3.6.1.2.1.1.5.0")]), nobody, &who).await.unwrap_err();

    let before = on_cpu();
    sleep(Duration::from_millis(500)).await;
    let waiting = snmp.ask(Request::get([oid!("1.3.6.1.2.1.1.5.0")]), device.allowed(), &who);
    assert!(timeout(Duration::from_millis(500), waiting).await.is_err());
    let used = on_cpu() - before;
    assert!(used < Duration::from_millis(50), "{used:?} of processor time in a second of waiting");
}

/// Time this process has spent running, all threads: the first field of each task's `schedstat`, in ns.
fn on_cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let nanos = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    Duration::from_nanos(nanos.map(|text| text.split(' ').next().unwrap().parse::<u64>().unwrap()).sum())
}
