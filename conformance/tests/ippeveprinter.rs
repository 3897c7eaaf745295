//! IPP against ippeveprinter, the reference printer of the CUPS project, and against what ipptool says of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dca_conformance::{Running, witness};
use dca_fence::Fence;
use dca_lan::{Web, WebSettings};
use dca_printer::ipp;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A printer and the message bus that it insists on; a bus of its own, on which nobody else is.
struct Printer {
    at: SocketAddr,
    _printer: Running,
    _bus: Running,
    _folder: tempfile::TempDir,
}

fn printer() -> Option<Printer> {
    let (bus, printer) = (witness("dbus-daemon")?, witness("ippeveprinter")?);
    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix:path={}", folder.path().join("bus").display());
    let bus = Running::start(Command::new(bus).args(["--session", "--nofork", "--nopidfile", "--address", &address]));
    wait(|| folder.path().join("bus").exists());
    let at = SocketAddr::from(([127, 0, 0, 1], dca_loopback::free_port()));
    let spool = folder.path().join("spool");
    std::fs::create_dir(&spool).unwrap();
    let printer = Running::start(
        Command::new(printer)
            // Off: nothing is announced to the network.
            .args([
                "-r",
                "off",
                "-n",
                "localhost",
                "-p",
                &at.port().to_string(),
                "-M",
                "Acme",
                "-m",
                "Jet 100",
                "-f",
                "application/pdf",
            ])
            .arg("-d")
            .arg(&spool)
            .arg("-K")
            .arg(&spool)
            .arg("Test")
            .env("DBUS_SYSTEM_BUS_ADDRESS", &address),
    );
    wait(|| TcpStream::connect(at).is_ok());
    Some(Printer { at, _printer: printer, _bus: bus, _folder: folder })
}

fn wait(until: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !until() {
        assert!(Instant::now() < end, "the witness does not come up");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
async fn a_printer_that_nobody_here_wrote_is_read() {
    let Some(printer) = printer() else { return };
    let fence = Fence::parse([printer.at.to_string().as_str()]).unwrap();
    let at = fence.admit(printer.at).unwrap();
    let question = ipp::question("127.0.0.1", printer.at.port()).unwrap();
    let mut readings = Vec::new();
    for secure in [false, true] {
        let mut web = Web::new(at, secure, BTreeMap::new(), WebSettings::default());
        let answer = web.printer_attributes(ipp::PATH, question.clone(), |_| None).await.unwrap();
        assert_eq!(web.pins().len(), usize::from(secure));
        readings.push(ipp::read(&answer));
    }
    let reading = readings.pop().unwrap();
    assert_eq!(readings[0], reading, "with and without TLS");
    assert!(reading.is_printer && reading.doubts.is_empty(), "{:?}", reading.doubts);
    assert_eq!(reading.identity.model.as_ref().unwrap().value, "Acme Jet 100");
    assert_eq!(reading.status.printer.as_deref(), Some("idle"));
    let Some(told) = witness("ipptool").map(|tool| by_ipptool(&tool, printer.at)) else { return };
    let read: Vec<_> = reading
        .supplies
        .iter()
        .map(|supply| (supply.description.clone(), supply.level.unwrap(), supply.percent))
        .collect();
    assert_eq!(read.len(), told.len());
    for ((description, level, percent), (name, by_tool)) in read.into_iter().zip(told) {
        assert_eq!((description, level, percent), (name, by_tool, Some(by_tool as f64)));
    }
}

/// Supplies by name and level.
fn by_ipptool(tool: &Path, at: SocketAddr) -> Vec<(String, i64)> {
    let output = Command::new(tool)
        .args(["-tv", &format!("ipp://{at}/ipp/print"), "get-printer-attributes.test"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |name: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{name} (")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).split_once(" = ").unwrap().1.to_owned()
    };
    let levels: Vec<i64> = line("printer-supply")
        .split("level=")
        .skip(1)
        .map(|part| part.split(';').next().unwrap().parse().unwrap())
        .collect();
    line("printer-supply-description").split(',').map(str::to_owned).zip(levels).collect()
}
