//! The real program as a user runs it: against simulated devices on loopback, recorded walks and bad input.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests")]

use dca_sim::{Device, Fleet};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn dca(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dca"));
    command.args(arguments).stdin(Stdio::null()).env_remove("DCA_AUTH_PASS").env_remove("DCA_PRIV_PASS");
    command.output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

/// Runs `work` while these devices answer on loopback, each on an address of its own.
fn with_devices(devices: Vec<Device>, work: impl FnOnce(&[SocketAddr]) + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let at = |n: usize| SocketAddr::from(([127, 9, 0, n as u8 + 1], 0));
        let fleet =
            Fleet::on_loopback(devices.into_iter().enumerate().map(|(n, device)| (at(n), device))).await.unwrap();
        let addresses = fleet.addresses().to_vec();
        tokio::task::spawn_blocking(move || work(&addresses)).await.unwrap();
    });
}

fn builtin(names: &[&str]) -> Vec<Device> {
    names.iter().map(|name| Device::builtin(name).unwrap()).collect()
}

/// A device that serves these rows, written as `.snmprec`.
fn rows(text: &str) -> Device {
    let recording = dca_agent::recording::parse(text);
    assert_eq!(recording.problems, []);
    Device::from_rows(recording.rows)
}

/// The shared recordings; `None` says loudly that they are missing.
fn walks() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let folder = PathBuf::from(std::env::var("DCA_SHARED").unwrap_or_else(|_| default.to_owned())).join("walks");
    if folder.is_dir() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", folder.display());
    eprintln!("SKIPPED: {} is missing", folder.display());
    None
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(recordings(&path));
        } else if path.extension().is_some_and(|extension| extension == "snmprec") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn scan_finds_printers_and_tells_them_from_others() {
    with_devices(builtin(&["mono-laser", "switch", "v1-only", "color-mfp"]), |at| {
        let port = at[0].port();
        let block = format!("127.9.0.0/28:{port}");
        let output = dca(&["scan", &block, "--timeout", "0.6", "--json", "--all"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let printers: Vec<bool> = found.as_array().unwrap().iter().map(|one| one["is_printer"] == true).collect();
        assert_eq!(printers, [true, false, true, true]);
        for device in found.as_array().unwrap() {
            let keys: Vec<&String> = device.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["address", "identity", "is_printer", "why"]);
        }
        let table = text(&dca(&["scan", &block, "--timeout", "0.6"]).stdout);
        assert_eq!(table.lines().count(), 4, "{table}");
        assert!(table.starts_with("ADDRESS") && table.contains("127.9.0.1"), "{table}");
        assert!(!table.contains('\u{1b}'), "colour in a pipe: {table}");
    });
}

#[test]
fn scan_and_read_agree() {
    with_devices(builtin(&["mono-laser", "color-mfp", "ricoh-mfp", "sharp-mfp", "hp-color", "third-device"]), |at| {
        let targets: Vec<String> = at.iter().map(ToString::to_string).collect();
        let mut arguments = vec!["scan", "--csv"];
        arguments.extend(targets.iter().map(String::as_str));
        let csv = text(&dca(&arguments).stdout);
        arguments.splice(0..2, ["read", "--json"]);
        let reads: Value = serde_json::from_slice(&dca(&arguments).stdout).unwrap();
        assert_eq!(reads.as_array().unwrap().len(), at.len());
        for (line, read) in csv.lines().skip(1).zip(reads.as_array().unwrap()) {
            let serial = read["identity"]["serial"]["value"].as_str().unwrap();
            assert!(line.contains(serial), "{line}: {serial}");
            // Counters move between the two runs, by a few pages at most.
            let total = read["total"]["value"].as_u64().unwrap();
            let near = (total.saturating_sub(50)..=total).any(|total| line.contains(&format!(",{total},")));
            assert!(near, "{line}: {total}");
        }
    });
}

#[test]
fn the_exit_code_says_how_it_went() {
    with_devices(builtin(&["mono-laser"]), |at| {
        let (there, silent) = (at[0].to_string(), format!("127.9.0.99:{}", at[0].port()));
        let code = |arguments: &[&str]| dca(arguments).status.code();
        assert_eq!(code(&["read", &there, "--json"]), Some(0));
        assert_eq!(code(&["read", &there, &silent, "--timeout", "0.3"]), Some(1));
        assert_eq!(code(&["read", &silent, "--timeout", "0.3"]), Some(2));
        assert_eq!(code(&["scan", &format!("127.9.0.0/29:{}", at[0].port()), "--timeout", "0.3"]), Some(0));
        assert_eq!(code(&["walk", &silent, "--timeout", "0.3"]), Some(2));
        assert_eq!(code(&["read", &there, "-c", "wrong", "--timeout", "0.3"]), Some(2));
    });
}

#[test]
fn several_credentials_are_tried_and_each_failure_has_its_message() {
    with_devices(builtin(&["v3-only", "mono-laser"]), |at| {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let (v3, v2c) = (at[0].to_string(), at[1].to_string());
        let (auth, privacy) = (file("auth", "sim-auth-passphrase\n"), file("priv", "sim-priv-passphrase\n"));
        let wrong = file("wrong", "not the passphrase\n");
        let name = "monitor";
        let ask = |name: &str, auth: &str, privacy: &str, more: &[&str]| {
            let mut arguments = vec!["read", &v3, "--json", "--timeout", "1", "--user", name, "--auth", "sha256"];
            arguments.extend(["--auth-pass-file", auth, "--priv", "aes128", "--priv-pass-file", privacy]);
            arguments.extend(more);
            let output = dca(&arguments);
            (output.status.code(), text(&output.stderr))
        };
        assert_eq!(ask(name, &auth, &privacy, &[]).0, Some(0));
        for (result, expected) in [
            (ask("nobody", &auth, &privacy, &[]), "does not know this user"),
            (ask(name, &wrong, &privacy, &[]), "authentication password"),
            (ask(name, &auth, &wrong, &[]), "privacy password"),
            (ask(name, &auth, &privacy, &["--context", "nowhere"]), "does not know this context"),
        ] {
            assert_eq!(result.0, Some(2), "{}", result.1);
            assert!(result.1.contains(expected), "{} / {expected}", result.1);
        }
        let range = |ip: &str, list: &str| format!("[[range]]\ntargets = [\"{ip}\"]\ntry = [{list}]\n");
        let user = format!(
            "{{ user = \"{name}\", auth = \"sha256\", auth_pass = \"sim-auth-passphrase\", priv = \"aes128\", \
             priv_pass_file = \"priv\" }}"
        );
        let both = range("127.9.0.1", &user) + &range("127.9.0.2", "{ community = \"x\" }, { community = \"public\" }");
        let credentials = file("credentials.toml", &both);
        let output = dca(&["read", &v3, &v2c, "--json", "--credentials", &credentials]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let silent = dca(&["read", "127.9.0.77:9", "--timeout", "0.3"]);
        assert!(text(&silent.stderr).contains("127.9.0.77:9: "), "{}", text(&silent.stderr));
    });
}

#[test]
fn bad_input_is_named_and_exits_64() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let ranges = file("ranges.txt", "192.0.2.1\n192.0.2.0/99\n");
    let credentials = file("creds.toml", "[[range]]\ntry = [{ community = \"hunter2\", auth = \"md5\" }]\n");
    let profile = file("acme.toml", "match = 5\n");
    let walk = file("walk.snmprec", "nonsense\n");
    let config = file("dca.toml", "[snmp]\ntimeout = 2.0\n");
    let good = file("good.snmprec", "1.3.6.1.2.1.1.1.0|4|Acme Printer\n");
    for (arguments, expected) in [
        (vec!["scan", "10.0.0.300"], "10.0.0.300"),
        (vec!["scan", &format!("@{ranges}")], "ranges.txt, line 2: expected a prefix"),
        (vec!["scan", "@/no/such"], "/no/such: cannot be read"),
        (vec!["read", "192.0.2.1", "--credentials", &credentials], "creds.toml, line 2: auth, priv and context"),
        (vec!["read", "192.0.2.1", "--user", "u", "--auth", "md5"], "DCA_AUTH_PASS"),
        (vec!["read", "--walk", &good, "--profile", &profile], "acme.toml"),
        (vec!["read", "--walk", &walk], "walk.snmprec, line 1: expected a recorded walk"),
        (vec!["read", "--walk", "/no/such"], "/no/such: cannot be read"),
        (vec!["config", "check", "-c", &config], "dca.toml: expected at least one [[range]]"),
        (vec!["walk", "192.0.2.1", "1.2.x"], "1.2.x"),
        (vec!["walk", "192.0.2.0/24"], "expected one device"),
        (vec!["scan"], "TARGET"),
        (vec!["run"], "dca.toml: cannot be read"),
        (vec!["scan", "192.0.2.1", "--timeout", "0"], "0.05 to 60"),
        (vec!["scan", "192.0.2.1", "-1", "-2"], "cannot be used with"),
    ] {
        let output = dca(&arguments);
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {complaint}");
        assert!(complaint.contains(expected) && !complaint.contains("hunter2"), "{arguments:?}: {complaint}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_broken_line_of_a_walk_is_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let walk = folder.path().join("w.snmprec");
    std::fs::write(&walk, "1.3.6.1.2.1.1.1.0|4|Acme Printer\nbroken\n1.3.6.1.2.1.43.10.2.1.4.1.1|65|77\n").unwrap();
    let walk = walk.display().to_string();
    let output = dca(&["read", "--walk", &walk, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("w.snmprec, line 2: "), "{}", text(&output.stderr));
    let reads: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(reads[0]["total"]["value"], 77);
    assert_eq!(reads[0]["address"], walk.as_str());
    assert!(reads[0]["read_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn every_recorded_walk_reads_and_the_verdicts_are_right() {
    let Some(folder) = walks() else { return };
    let files = recordings(&folder);
    assert!(files.len() > 50, "{}", files.len());
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let mut arguments = vec!["read", "--json", "--walk"];
    arguments.extend(names.iter().map(String::as_str));
    let output = dca(&arguments);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let reads: Value = serde_json::from_slice(&output.stdout).unwrap();
    let wrong: Vec<&str> = reads
        .as_array()
        .unwrap()
        .iter()
        .filter(|read| {
            let address = read["address"].as_str().unwrap();
            // Fragments are pieces of walks: some hold no evidence either way.
            !address.contains("/_fragments/") && (read["is_printer"] == true) == address.contains("/_not-printers/")
        })
        .map(|read| read["address"].as_str().unwrap())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_walk_file_and_the_same_device_give_the_same_reading() {
    let Some(folder) = walks() else { return };
    let files: Vec<PathBuf> =
        recordings(&folder).into_iter().filter(|file| !file.display().to_string().contains("/_")).collect();
    let devices = files.iter().map(|file| rows(&std::fs::read_to_string(file).unwrap())).collect();
    with_devices(devices, move |at| {
        for version in ["-1", "-2"] {
            let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            let targets: Vec<String> = at.iter().map(ToString::to_string).collect();
            let run = |first: &[&str], rest: &[String]| -> Vec<Value> {
                let arguments: Vec<&str> = first.iter().copied().chain(rest.iter().map(String::as_str)).collect();
                let output = dca(&arguments);
                assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
                serde_json::from_slice(&output.stdout).unwrap()
            };
            let from_files = run(&["read", "--json", "--walk"], &names);
            let from_devices = run(&["read", "--json", version, "--timeout", "10"], &targets);
            assert_eq!(from_files.len(), from_devices.len());
            for (mut file, mut device) in from_files.into_iter().zip(from_devices) {
                let name = file["address"].take();
                device["address"].take();
                file["read_at"].take();
                device["read_at"].take();
                assert_eq!(file, device, "{version} {name}");
            }
        }
    });
}

#[test]
fn a_device_steers_neither_terminal_nor_spreadsheet() {
    let evil = "1.3.6.1.2.1.1.1.0|4|Acme Printer\n1.3.6.1.2.1.1.5.0|4x|1b5d303b6f776e6564071b5b324a\n\
                1.3.6.1.2.1.1.6.0|4|=cmd|' /C calc'!A0\n1.3.6.1.2.1.43.10.2.1.4.1.1|65|5\n\
                1.3.6.1.2.1.43.16.5.1.2.1.1|4x|1b5b33316d52656164790d0a6e657874\n";
    with_devices(vec![rows(evil)], |at| {
        let target = at[0].to_string();
        for arguments in [
            vec!["scan", &target],
            vec!["scan", "--json", &target],
            vec!["scan", "--csv", &target],
            vec!["read", &target],
            vec!["read", "--sources", &target],
            vec!["read", "--csv", &target],
            vec!["read", "--json", &target],
            vec!["walk", &target],
            vec!["walk", "--format", "snmpwalk", &target],
        ] {
            let output = dca(&arguments);
            for stream in [&output.stdout, &output.stderr] {
                let stream = text(stream);
                let bad = stream.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\r'));
                assert_eq!(bad, None, "{arguments:?}: {stream:?}");
            }
            if arguments.contains(&"--csv") {
                let csv = text(&output.stdout);
                assert!(!csv.contains(",=") && !csv.contains("\n="), "{csv}");
            }
        }
        assert!(text(&dca(&["scan", "--csv", &target]).stdout).contains("'=cmd|"));
    });
}

#[test]
fn a_recording_is_redacted_and_can_be_read() {
    with_devices(builtin(&["mono-laser"]), |at| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("printer.snmprec").display().to_string();
        let target = at[0].to_string();
        let output = dca(&["record", &target, "-o", &file]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let reads: Value = serde_json::from_slice(&dca(&["read", &target, "--json"]).stdout).unwrap();
        let recorded = std::fs::read_to_string(&file).unwrap();
        let identity = &reads[0]["identity"];
        for secret in ["serial", "hostname", "location"] {
            let secret = identity[secret]["value"].as_str().unwrap();
            assert!(!recorded.contains(secret), "{secret}");
        }
        let mac = identity["mac"]["value"].as_str().unwrap().replace(':', "");
        assert!(!recorded.to_lowercase().contains(&mac), "{mac}");
        assert!(!recorded.lines().any(|line| line.starts_with("1.3.6.1.2.1.1.4.")), "sysContact is never asked");
        let again: Value = serde_json::from_slice(&dca(&["read", "--walk", &file, "--json"]).stdout).unwrap();
        assert_eq!(again[0]["identity"]["model"], identity["model"]);
        assert_eq!(again[0]["supplies"].as_array().unwrap().len(), reads[0]["supplies"].as_array().unwrap().len());
    });
}

#[test]
fn a_walk_prints_what_the_device_has() {
    with_devices(vec![rows("1.3.6.1.2.1.1.1.0|4|Acme\n1.3.6.1.2.1.43.10.2.1.4.1.1|65|5\n")], |at| {
        let target = at[0].to_string();
        assert_eq!(
            text(&dca(&["walk", &target]).stdout),
            "1.3.6.1.2.1.1.1.0|4|Acme\n1.3.6.1.2.1.43.10.2.1.4.1.1|65|5\n"
        );
        let walk = text(&dca(&["walk", &target, ".1.3.6.1.2.1.43", "--format", "snmpwalk", "-1"]).stdout);
        assert_eq!(walk, ".1.3.6.1.2.1.43.10.2.1.4.1.1 = Counter32: 5\n");
        let nothing = dca(&["walk", &target, "1.3.6.1.5"]);
        assert_eq!((nothing.status.code(), nothing.stdout.len()), (Some(1), 0));
    });
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let Some(folder) = walks() else { return };
    let names: Vec<String> = recordings(&folder).iter().map(|file| file.display().to_string()).collect();
    let mut child = Command::new(env!("CARGO_BIN_EXE_dca"))
        .args(["read", "--json", "--walk"])
        .args(&names)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!text(&output.stderr).contains("panic"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_users_own_profiles_are_found_and_checked() {
    let settings = tempfile::tempdir().unwrap();
    let folder = settings.path().join("dca/profiles");
    std::fs::create_dir_all(&folder).unwrap();
    let profile = "extends = \"printer-mib\"\nvendor = \"Acme\"\nrecordings = []\n[[match]]\nwords = \"Acme\"\n\
                   [[meter]]\noid = \"1.3.6.1.4.1.99999.3.1.0\"\nis = \"scan images\"\nconfidence = \"B\"\nsource = \"a panel\"\n";
    std::fs::write(folder.join("acme.toml"), profile).unwrap();
    let walk = folder.join("acme.snmprec");
    std::fs::write(&walk, "1.3.6.1.2.1.1.1.0|4|Acme Printer\n1.3.6.1.4.1.99999.3.1.0|65|12\n").unwrap();
    let dca = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dca"));
        command.args(arguments).env("XDG_CONFIG_HOME", settings.path()).output().unwrap()
    };
    let read = dca(&["read", "--walk", &walk.display().to_string(), "--json"]);
    let reads: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!((&reads[0]["profile"], &reads[0]["meters"][0]["value"]), (&Value::from("acme"), &Value::from(12)));
    let place = folder.display().to_string();
    let check = dca(&["profile", "check", &place]);
    assert_eq!(check.status.code(), Some(0));
    assert!(text(&check.stdout).contains("1 OID, all of them in "), "{}", text(&check.stdout));
    std::fs::write(&walk, "1.3.6.1.2.1.1.1.0|4|Acme Printer\n").unwrap();
    let check = dca(&["profile", "check", &place]);
    assert_eq!(check.status.code(), Some(1));
    assert!(text(&check.stdout).contains("  1.3.6.1.4.1.99999.3.1.0 (meter)"), "{}", text(&check.stdout));
}
