//! net-snmp's tools ask a [`Responder`] over loopback: every version, every hash and cipher.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may use sockets and the clock, and its helpers fail as it does"
)]

use dca_snmp::responder::{Responder, ResponderSettings};
use dca_snmp::{AuthProtocol, KeyExtension, Oid, PrivProtocol, User, UsmReport, Value};
use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const AUTH: [(&str, AuthProtocol); 6] = [
    ("MD5", AuthProtocol::Md5),
    ("SHA", AuthProtocol::Sha1),
    ("SHA-224", AuthProtocol::Sha224),
    ("SHA-256", AuthProtocol::Sha256),
    ("SHA-384", AuthProtocol::Sha384),
    ("SHA-512", AuthProtocol::Sha512),
];

const PRIVACY: [(&str, PrivProtocol); 6] = [
    ("DES", PrivProtocol::Des),
    ("AES", PrivProtocol::Aes128),
    ("AES-192", PrivProtocol::Aes192(KeyExtension::Blumenthal)),
    ("AES-256", PrivProtocol::Aes256(KeyExtension::Blumenthal)),
    ("AES-192-C", PrivProtocol::Aes192(KeyExtension::Reeder)),
    ("AES-256-C", PrivProtocol::Aes256(KeyExtension::Reeder)),
];

/// Everything under this root, in order, as net-snmp prints it numerically and without MIB files.
const ROOT: &str = "1.3.6.1.4.1.99999";
const PRINTED: [&str; 9] = [
    ".1.3.6.1.4.1.99999.1.1.0 = INTEGER: -5",
    ".1.3.6.1.4.1.99999.1.2.0 = STRING: \"Office printer\"",
    ".1.3.6.1.4.1.99999.1.3.0 = OID: .1.3.6.1.4.1.99999.4294967295",
    ".1.3.6.1.4.1.99999.1.4.0 = IpAddress: 192.0.2.1",
    ".1.3.6.1.4.1.99999.1.5.0 = Counter32: 4294967295",
    ".1.3.6.1.4.1.99999.1.6.0 = Gauge32: 3000000000",
    ".1.3.6.1.4.1.99999.1.7.0 = Timeticks: (100) 0:00:01.00",
    ".1.3.6.1.4.1.99999.1.8.0 = Counter64: 18446744073709551615",
    ".1.3.6.1.4.1.99999.1.9.0 = Hex-STRING: 00 FF 80 ",
];

#[test]
fn communities() {
    if !installed() {
        return;
    }
    let agent = Agent::start(objects(), ResponderSettings::default());
    for version in ["-v1", "-v2c"] {
        let ask = |tool: &str, community: &str, rest: &[&str]| {
            agent.ask(tool, &[&[version, "-c", community, agent.address.as_str()], rest].concat())
        };
        let (v1, name) = (version == "-v1", format!("{ROOT}.1.2.0"));
        assert_eq!(ask("snmpget", "public", &[&name]).lines, [PRINTED[1]]);
        assert_eq!(ask("snmpgetnext", "public", &[&format!("{ROOT}.1.2"), &name]).lines, [PRINTED[1], PRINTED[2]]);
        let mut expected = PRINTED.map(str::trim_end).to_vec();
        expected.retain(|line| !v1 || !line.contains("Counter64"));
        assert_eq!(ask("snmpwalk", "public", &[ROOT]).lines, expected, "{version}");

        let missing = ask("snmpget", "public", &[&name, &format!("{ROOT}.1.2.1"), &format!("{ROOT}.7.0")]);
        if v1 {
            // The first is refused by its index, dropped and asked without; then the second.
            assert_eq!(missing.lines, [PRINTED[1]]);
            assert_eq!(missing.errors.matches("noSuchName").count(), 2, "{}", missing.errors);
            assert!(missing.errors.contains(&format!("Failed object: .{ROOT}.1.2.1")), "{}", missing.errors);
            let counter64 = ask("snmpget", "public", &[&format!("{ROOT}.1.8.0")]);
            assert!(counter64.errors.contains("noSuchName"), "{}", counter64.errors);
        } else {
            assert!(missing.lines[1].contains("No Such Instance"), "{:?}", missing.lines);
            assert!(missing.lines[2].contains("No Such Object"), "{:?}", missing.lines);
            let end = ask("snmpgetnext", "public", &["1.3.6.1.6"]);
            assert!(end.lines[0].contains("No more variables left"), "{:?}", end.lines);
        }
        let set = ask("snmpset", "public", &[&name, "s", "changed"]);
        assert!(set.errors.contains(if v1 { "readOnly" } else { "noAccess" }), "{}", set.errors);
        assert!(ask("snmpget", "other", &[&name]).errors.contains("Timeout"));
    }
}

#[test]
fn bulk_walks_fit_the_message() {
    if !installed() {
        return;
    }
    let rows = (1..=300).map(|row| {
        let text = format!("row {row} {}", "x".repeat(row as usize % 90));
        (format!("{ROOT}.2.{row}").parse().unwrap(), Value::OctetString(text.into_bytes()))
    });
    let mib: BTreeMap<Oid, Value> = rows.collect();
    let expected: Vec<String> =
        mib.iter().map(|(oid, value)| format!(".{oid} = STRING: \"{}\"", show(value))).collect();
    for max_message in [0, 1472, 65_507] {
        let agent = Agent::start(mib.clone(), ResponderSettings { max_message, ..ResponderSettings::default() });
        for repetitions in ["-Cr1", "-Cr25", "-Cr2000"] {
            let answer =
                agent.ask("snmpbulkwalk", &["-v2c", "-c", "public", repetitions, agent.address.as_str(), ROOT]);
            assert!(answer.lines == expected, "{max_message} {repetitions}: {} {}", answer.lines.len(), answer.errors);
        }
    }
    // 40 of the rows are more than 484 octets.
    let agent = Agent::start(mib, ResponderSettings { max_message: 0, ..ResponderSettings::default() });
    let names: Vec<String> = (50..90).map(|row| format!("{ROOT}.2.{row}")).collect();
    for version in ["-v1", "-v2c"] {
        let ask = [version, "-c", "public", agent.address.as_str()].into_iter().chain(names.iter().map(String::as_str));
        let answer = agent.ask("snmpget", &ask.collect::<Vec<_>>());
        assert!(answer.lines.is_empty() && answer.errors.contains("tooBig"), "{version} {}", answer.errors);
    }
}

#[test]
fn every_hash_and_cipher() {
    if !installed() {
        return;
    }
    let mut users = vec![User::new("nobody").unwrap()];
    for (auth_name, auth) in AUTH {
        let signer = User::new(auth_name).unwrap().auth(auth, b"first password").unwrap();
        users.push(signer);
        for (privacy_name, privacy) in PRIVACY {
            let user = User::new(&format!("{auth_name}+{privacy_name}")).unwrap();
            users.push(user.auth(auth, b"first password").unwrap().privacy(privacy, b"second password").unwrap());
        }
    }
    let settings = ResponderSettings { users, contexts: vec![b"tray".to_vec()], ..ResponderSettings::default() };
    let agent = Agent::start(objects(), settings);
    let expected = PRINTED.map(str::trim_end);
    let check = |security: &[&str]| {
        let walk = agent.ask("snmpbulkwalk", &[security, &["-n", "tray", agent.address.as_str(), ROOT]].concat());
        assert_eq!(walk.lines, expected, "{security:?}: {}", walk.errors);
        let name = format!("{ROOT}.1.2.0");
        let get = agent.ask("snmpget", &[security, &[agent.address.as_str(), &name]].concat());
        assert_eq!(get.lines, [PRINTED[1]], "{security:?}: {}", get.errors);
    };
    check(&["-v3", "-u", "nobody", "-l", "noAuthNoPriv"]);
    for (auth, _) in AUTH {
        let signed = ["-v3", "-u", auth, "-l", "authNoPriv", "-a", auth, "-A", "first password"];
        check(&signed);
        for (privacy, _) in PRIVACY {
            let user = format!("{auth}+{privacy}");
            let mut sealed = signed.to_vec();
            (sealed[2], sealed[4]) = (&user, "authPriv");
            sealed.extend(["-x", privacy, "-X", "second password"]);
            check(&sealed);
        }
    }
}

#[test]
fn reports() {
    if !installed() {
        return;
    }
    let user = User::new("keeper").unwrap().auth(AuthProtocol::Sha1, b"first password").unwrap();
    let user = user.privacy(PrivProtocol::Aes128, b"second password").unwrap();
    let agent = Agent::start(objects(), ResponderSettings { users: vec![user], ..ResponderSettings::default() });
    let ask = |changes: &[(&str, &str)]| {
        let mut options = BTreeMap::from([
            ("-u", "keeper"),
            ("-l", "authPriv"),
            ("-a", "SHA"),
            ("-A", "first password"),
            ("-x", "AES"),
            ("-X", "second password"),
        ]);
        options.extend(changes.iter().copied());
        let name = format!("{ROOT}.1.2.0");
        let mut words = vec!["-v3"];
        words.extend(options.iter().flat_map(|(option, value)| [*option, *value]));
        words.extend([agent.address.as_str(), &name]);
        agent.ask("snmpget", &words)
    };
    assert_eq!(ask(&[]).lines, [PRINTED[1]]);
    for (changes, expected) in [
        (&[("-u", "stranger")][..], "Unknown user name"),
        (&[("-A", "wrong password")], "Authentication failure"),
        (&[("-a", "MD5")], "Authentication failure"),
        (&[("-X", "wrong password")], "Decryption error"),
        (&[("-x", "DES")], "Decryption error"),
        (&[("-l", "authNoPriv")], "Unsupported security level"),
        (&[("-n", "nowhere")], "Bad context specified"),
    ] {
        let answer = ask(changes);
        let said = format!("{}\n{}", answer.lines.join("\n"), answer.errors);
        assert!(said.contains(expected), "{changes:?}: {said}");
    }
    // Told a time that is far off, net-snmp takes the right one from the notInTimeWindows report and asks again.
    for clock in ["1,100000", "77,0"] {
        let answer = ask(&[("-e", "0x8000000005726573706f6e646572"), ("-Z", clock)]);
        assert_eq!(answer.lines, [PRINTED[1]], "{clock}: {}", answer.errors);
    }
    let responder = agent.finish();
    assert_eq!(responder.reported(UsmReport::NotInTimeWindow), 2);
    assert_eq!(responder.reported(UsmReport::UnknownUserName), 1);
    assert_eq!(responder.reported(UsmReport::WrongDigest), 2);
    assert_eq!(responder.reported(UsmReport::DecryptionError), 2);
}

/// The least that snmptable must know of a table.
const TABLE_MIB: &str = "\
TEST-MIB DEFINITIONS ::= BEGIN
enterprises OBJECT IDENTIFIER ::= { iso org(3) dod(6) internet(1) private(4) 1 }
supplyTable OBJECT-TYPE SYNTAX SEQUENCE OF SupplyEntry
    ACCESS not-accessible STATUS mandatory DESCRIPTION \"\" ::= { enterprises 99999 3 }
supplyEntry OBJECT-TYPE SYNTAX SupplyEntry
    ACCESS not-accessible STATUS mandatory DESCRIPTION \"\" INDEX { supplyDevice, supplyIndex } ::= { supplyTable 1 }
SupplyEntry ::= SEQUENCE { supplyDevice INTEGER, supplyIndex INTEGER, supplyName OCTET STRING, supplyUsed Counter }
supplyDevice OBJECT-TYPE SYNTAX INTEGER ACCESS not-accessible STATUS mandatory DESCRIPTION \"\" ::= { supplyEntry 1 }
supplyIndex OBJECT-TYPE SYNTAX INTEGER ACCESS not-accessible STATUS mandatory DESCRIPTION \"\" ::= { supplyEntry 2 }
supplyName OBJECT-TYPE SYNTAX OCTET STRING ACCESS read-only STATUS mandatory DESCRIPTION \"\" ::= { supplyEntry 3 }
supplyUsed OBJECT-TYPE SYNTAX Counter ACCESS read-only STATUS mandatory DESCRIPTION \"\" ::= { supplyEntry 4 }
END
";

#[test]
fn tables() {
    if !installed() {
        return;
    }
    let mibs = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mibs");
    std::fs::create_dir_all(&mibs).unwrap();
    std::fs::write(mibs.join("TEST-MIB.txt"), TABLE_MIB).unwrap();
    let mut mib: BTreeMap<Oid, Value> = (1..=40)
        .flat_map(|row| {
            let name = |column| format!("{ROOT}.3.1.{column}.1.{row}").parse().unwrap();
            let text = Value::OctetString(format!("Toner {row}").into_bytes());
            [(name(3), text), (name(4), Value::Counter32(row * 1000))]
        })
        .collect();
    mib.remove(&format!("{ROOT}.3.1.4.1.7").parse().unwrap());
    let user = User::new("keeper").unwrap().auth(AuthProtocol::Sha256, b"first password").unwrap();
    let user = user.privacy(PrivProtocol::Aes128, b"second password").unwrap();
    let agent = Agent::start(mib, ResponderSettings { users: vec![user], ..ResponderSettings::default() });
    let v3 = ["-v3", "-l", "authPriv", "-u", "keeper", "-a", "SHA-256", "-A", "first password", "-x", "AES", "-X"];
    for way in [&["-v1", "-c", "public"][..], &["-v2c", "-c", "public"], &[&v3[..], &["second password"]].concat()] {
        let format = ["-M", mibs.to_str().unwrap(), "-m", "TEST-MIB", "-Ci", "-Cf", ";"];
        let answer =
            agent.ask("snmptable", &[way, &format, &[agent.address.as_str(), "TEST-MIB::supplyTable"]].concat());
        let told = format!("{way:?} {:?} {}", answer.lines, answer.errors);
        let (head, rows) = answer.lines.split_at_checked(3).unwrap_or_else(|| panic!("{told}"));
        assert_eq!(head, ["SNMP table: TEST-MIB::supplyTable", "", "index;supplyName;supplyUsed"], "{told}");
        assert_eq!(rows.len(), 40, "{told}");
        for (row, number) in rows.iter().zip(1..) {
            let used = if number == 7 { "?".to_owned() } else { (number * 1000).to_string() };
            assert_eq!(*row, format!("1.{number};\"Toner {number}\";{used}"), "{told}");
        }
    }
}

fn objects() -> BTreeMap<Oid, Value> {
    let values = [
        Value::Integer(-5),
        Value::OctetString(b"Office printer".to_vec()),
        Value::ObjectIdentifier("1.3.6.1.4.1.99999.4294967295".parse().unwrap()),
        Value::IpAddress([192, 0, 2, 1].into()),
        Value::Counter32(u32::MAX),
        Value::Gauge32(3_000_000_000),
        Value::TimeTicks(100),
        Value::Counter64(u64::MAX),
        Value::OctetString(vec![0, 255, 128]),
    ];
    let name = |at| format!("{ROOT}.1.{at}.0").parse().unwrap();
    values.into_iter().zip(1..).map(|(value, at)| (name(at), value)).collect()
}

fn show(value: &Value) -> String {
    String::from_utf8(value.as_octets().unwrap().to_vec()).unwrap()
}

/// A responder on a port of its own until it is dropped.
struct Agent {
    address: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Responder>>,
}

/// What a tool printed.
struct Printed {
    lines: Vec<String>,
    errors: String,
}

impl Agent {
    fn start(mut mib: BTreeMap<Oid, Value>, settings: ResponderSettings) -> Self {
        // A walk that meets another subtree ends without a remark.
        mib.insert("1.3.6.1.4.1.100000.1.0".parse().unwrap(), Value::Null);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = format!("udp:{}", socket.local_addr().unwrap());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut responder = Responder::new(settings, [7; 32]);
            let mut buffer = [0; 65_536];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                if let Some(answer) = responder.handle(&buffer[..length], &mib, Instant::now()) {
                    socket.send_to(&answer, from).unwrap();
                }
            }
            responder
        });
        Self { address, stop, thread: Some(thread) }
    }

    /// Ends it and gives back its responder, for a look at the counters.
    fn finish(mut self) -> Responder {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }

    /// Runs a tool: one second for each question, no retries, no configuration files, and no MIB but for a table.
    fn ask(&self, tool: &str, words: &[&str]) -> Printed {
        let numbers: &[&str] = if tool == "snmptable" { &[] } else { &["-m", "", "-On"] };
        let output = Command::new(tool)
            .args(numbers)
            .args(["-t", "1", "-r", "0"])
            .args(words)
            .env("SNMPCONFPATH", "/nonexistent")
            .env("MIBS", "")
            .output()
            .unwrap();
        let lines = String::from_utf8_lossy(&output.stdout).lines().map(|line| line.trim_end().to_owned()).collect();
        Printed { lines, errors: String::from_utf8_lossy(&output.stderr).into_owned() }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the responder's thread panicked");
        }
    }
}

/// Whether net-snmp's tools are there. Without them the tests are skipped, except in CI.
fn installed() -> bool {
    let missing = |tool: &&str| Command::new(tool).arg("--version").output().is_err();
    let tools = ["snmpget", "snmpgetnext", "snmpwalk", "snmpbulkwalk", "snmptable", "snmpset"];
    let Some(tool) = tools.iter().copied().find(|tool| missing(tool)) else { return true };
    assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "{tool} is not installed");
    eprintln!("SKIPPED: {tool} is not installed (Debian package `snmp`)");
    false
}
