//! `dca read --also zebra` and `dca lpr` as a user runs them: label printers are asked on their raw port, and nobody else
//! is; a queue is asked freely, and gets a job only from somebody who has said yes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use dca_sim::{Device, Fleet, Job};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dca"));
    command.args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn dca(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs `work` on a label printer and a laser printer, with the raw port and the queue's port of both, and gives what
/// they have printed.
fn with_printers(work: impl FnOnce(&[SocketAddr], u16, u16) + Send + 'static) -> Vec<Job> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let devices = ["label", "mono-laser"].map(|kind| Device::builtin(kind).unwrap());
        let at = |n: usize| SocketAddr::from(([127, 9, 8, n as u8 + 1], 0));
        let devices = devices.into_iter().enumerate().map(|(n, device)| (at(n), device));
        let mut fleet = Fleet::on_loopback(devices).await.unwrap();
        let (raw, queue) = (fleet.open_raw_ports(0).unwrap(), fleet.open_queues(0).unwrap());
        let addresses = fleet.addresses().to_vec();
        tokio::task::spawn_blocking(move || work(&addresses, raw, queue)).await.unwrap();
        fleet.printed()
    })
}

fn commands(reading: &Value) -> Vec<&str> {
    let figures = ["meters", "alerts", "details"].into_iter().filter_map(|part| reading[part].as_array()).flatten();
    let facts = reading["identity"].as_object().unwrap().values();
    figures.chain(facts).filter_map(|one| one["source"]["command"].as_str()).collect()
}

#[test]
fn only_a_label_printer_is_asked_on_its_raw_port() {
    let printed = with_printers(|at, port, _| {
        let (label, laser, also) = (at[0].to_string(), at[1].to_string(), format!("zebra:{port}"));
        let reads = dca(&["read", "--json", "--also", &also, &label, &laser]);
        let (label, laser) = (&reads[0], &reads[1]);
        assert_eq!(commands(laser), Vec::<&str>::new());
        let told = commands(label);
        for command in ["~HQOD", "~HI", "~HM", "getvar odometer.total_label_count"] {
            assert!(told.contains(&command), "{command}: {told:?}");
        }
        let meters = label["meters"].as_array().unwrap();
        let length = |command: &str| {
            let lifetime = meters.iter().filter(|one| one["persistence"] == "lifetime" && one["unit"] == "centimeters");
            let mut told = lifetime.filter(|one| one["source"]["command"] == command);
            told.next().unwrap()["value"].as_u64().unwrap()
        };
        // One is told in whole inches, the other in both units.
        assert!(length("~HQOD").abs_diff(length("getvar odometer.total_print_length")) <= 3);
        assert!(!label["doubts"].to_string().contains("TCP"), "{}", label["doubts"]);
    });
    assert_eq!(printed, [], "a query was printed");
}

#[test]
fn nothing_is_asked_there_unless_it_is_switched_on_and_open() {
    let printed = with_printers(|at, port, _| {
        let label = at[0].to_string();
        for arguments in [
            &["read", "--json", &label][..],
            // The usual port is open only where the target names none.
            &["read", "--json", "--also", "zebra", &label],
            &["read", "--json", "--also", &format!("zebra:{port}"), &label, &format!("!{}:{port}", at[0].ip())],
        ] {
            let reads = dca(arguments);
            assert_eq!(commands(&reads[0]), Vec::<&str>::new(), "{arguments:?}");
            assert!(!reads[0]["doubts"].to_string().contains("TCP"), "{arguments:?}: {}", reads[0]["doubts"]);
        }
    });
    assert_eq!(printed, []);
}

#[test]
fn a_queue_tells_its_state_and_takes_a_job_only_from_who_agreed() {
    let printed = with_printers(|at, _, port| {
        let target = format!("{}:{port}", at[1].ip());
        let state = run(&["lpr", "state", &target, "--long"]);
        let text = String::from_utf8_lossy(&state.stdout).into_owned();
        assert_eq!(state.status.code(), Some(0));
        assert!(text.contains("ready") || text.contains("attention"), "{text}");
        let silent = run(&["lpr", "state", "127.9.8.99:9", "--timeout", "1"]);
        assert_eq!(silent.status.code(), Some(2));

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("label.txt");
        std::fs::write(&file, "a page").unwrap();
        let send = |more: &[&str]| run(&[&["lpr", "send", &target, file.to_str().unwrap()], more].concat());
        let asked = send(&[]);
        let told = String::from_utf8_lossy(&asked.stderr).into_owned();
        assert_eq!(asked.status.code(), Some(64), "{told}");
        assert!(told.contains("label.txt (6 octets)") && told.contains(&target) && told.contains("--yes"), "{told}");
        let sent = send(&["--yes", "--queue", "raw"]);
        assert_eq!(sent.status.code(), Some(0), "{}", String::from_utf8_lossy(&sent.stderr));
    });
    let jobs: Vec<_> = printed.iter().map(|job| (job.queue.as_str(), job.octets.as_slice())).collect();
    assert_eq!(jobs, [("raw", &b"a page"[..])], "only the job that somebody agreed to");
}
