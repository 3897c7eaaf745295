//! A recording read from its file and the same recording read over UDP from snmpsim give the same JSON, address and
//! time aside.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test may use files, sockets and the clock")]

use dca_conformance::snmpsim::{AUTH_PASSWORD, PRIV_PASSWORD, Snmpsim, USER};
use dca_conformance::{dca, shared, witness};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_file_and_a_device_read_the_same() {
    let (Some(program), Some(walks)) = (witness("snmpsimd"), shared("walks")) else { return };
    let files = recordings(&walks);
    assert!(files.len() > 50, "only {} recordings in {}", files.len(), walks.display());
    let snmpsim = Snmpsim::serve(&program, &files).unwrap();
    let target = format!("127.0.0.1:{}", snmpsim.port);
    let mut differ = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let wanted = reading(Command::new(dca()).args(["read", "--json", "--walk"]).arg(file));
        let name = format!("w{at}");
        let community = ["--community", &name];
        let user = ["--user", USER, "--auth", "sha256", "--priv", "aes128", "--context", &name];
        for (version, who) in [("-1", &community[..]), ("-2", &community), ("-3", &user)] {
            let mut command = Command::new(dca());
            command.args(["read", "--json", "--timeout", "20", version]).args(who).arg(&target);
            command.env("DCA_AUTH_PASS", AUTH_PASSWORD).env("DCA_PRIV_PASS", PRIV_PASSWORD);
            let mut read = reading(&mut command);
            // v1 has no exception values, so a missing name costs a question and may leave a word about it.
            if read != wanted {
                read["file"] = Value::from(file.display().to_string());
                differ.push(format!("{} {version}\n  file: {wanted}\n  UDP:  {read}", file.display()));
            }
        }
    }
    assert!(differ.is_empty(), "{} readings differ:\n{}", differ.len(), differ.join("\n"));
}

/// The only reading in the output, without address and time.
fn reading(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let mut readings: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{command:?}: {error}\n{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    let Some(reading) = readings.as_array_mut().and_then(|all| all.first_mut()).and_then(Value::as_object_mut) else {
        panic!("{command:?}: no reading\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    };
    reading.remove("address");
    reading.remove("read_at");
    reading.clone().into()
}

/// Every recorded printer.
fn recordings(walks: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in std::fs::read_dir(walks).unwrap().map(|entry| entry.unwrap().path()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if folder.is_dir() && !name.starts_with('_') && name != "expected" {
            let inside = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            files.extend(inside.filter(|file| file.extension().is_some_and(|end| end == "snmprec")));
        }
    }
    files.sort();
    files
}
