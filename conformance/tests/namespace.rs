//! The agent listens nowhere and sends to nobody but the configured printers, its DNS server and its portal: `dca run`, a
//! whole life of it, in a network of its own, of which tcpdump sees every packet that leaves, and strace every call.
//!
//! ```text
//! agent's network                     everybody else's
//! dca run (strace) ── own ═══ rest ──── printers, DNS, portal, decoys
//! ss, again and again          └ tcpdump
//! ```

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dca_conformance::namespace::Namespace;
use dca_conformance::{Running, witness};
use dca_e2e::{Program, Programs, until};
use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(120);
const AGENT: &str = "10.77.0.2";
/// The router, which everything unknown goes to.
const ROUTER: &str = "10.77.0.1";
/// Two that are configured by address and one by name.
const PRINTERS: [&str; 3] = ["10.77.1.1", "10.77.1.2", "10.77.1.20"];
/// Where the one with a name moves to.
const MOVED: &str = "10.77.1.21";
/// Configured, and nobody is there, or no printer.
const SILENT: &str = "10.77.1.3";
const OTHER: &str = "10.77.1.5";
/// Printers just like the others: one excluded from the range, one beside it, one far away.
const DECOYS: [&str; 3] = ["10.77.1.4", "10.77.1.6", "10.77.9.9"];
const DNS: &str = "10.77.4.1";
const PORTAL: &str = "10.77.3.1";
/// On loopback of the other network.
const SIMULATED: u16 = 16_100;

/// Set for the process that plays DNS and carries questions to the simulated printers: the file that says where the one with a
/// name is.
const PLAYS: &str = "DCA_TEST_PLAYS_THE_NETWORK";

#[test]
fn it_listens_nowhere_and_sends_to_nobody_else() -> anyhow::Result<()> {
    let (Some(strace), Some(tcpdump), Some(ss)) = (witness("strace"), witness("tcpdump"), witness("ss")) else {
        return Ok(());
    };
    let (Some(own), Some(others)) = (Namespace::open()?, Namespace::open()?) else { return Ok(()) };
    plug(&own, &others)?;
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let programs = Programs::beside_this_test()?;

    let mut simulated = others.command(programs.find("dca-sim")?);
    let devices = (PRINTERS.len() + DECOYS.len() + 1).to_string();
    simulated.args([
        "--base",
        "127.1.0.1",
        "--port",
        &SIMULATED.to_string(),
        "--kind",
        "mono-laser",
        "--devices",
        &devices,
    ]);
    let _simulated = Running::start(&mut simulated);
    let mut plays = others.command(std::env::current_exe()?);
    let plotter = at("plotter");
    fs::write(&plotter, "not known yet")?;
    let _plays = Running::start(plays.env(PLAYS, &plotter).args(["--ignored", "--exact", "the_network"]));
    let portal = Portal::start(&programs, &others, &at("portal"))?;

    // All that leaves, as somebody at the other end of the cable sees it.
    let seen = at("packets");
    let mut capture = others.command(tcpdump);
    capture.args(["-i", "rest", "-Q", "in", "-nn", "-q", "-t", "-l", "--immediate-mode"]);
    let mut capture = Program::start(&mut capture, &seen)?;
    until(PATIENCE, "tcpdump", || Ok(fs::read_to_string(&seen)?.contains("listening on").then_some(())))?;

    let resolver = at("resolv.conf");
    fs::write(&resolver, format!("nameserver {DNS}\noptions timeout:2\n"))?;
    fs::write(at("community"), "public")?;
    let (state, config, calls) = (at("state"), at("dca.toml"), at("calls"));
    fs::create_dir(&state)?;
    fs::write(
        &config,
        format!(
            "state_dir = {state:?}\n[portal]\nproxy = \"none\"\nspread = 1\n[snmp]\ntimeout = 1.0\n[[range]]\n\
             targets = [\"10.77.1.1-5\", \"!{}\", \"plotter.office.test\"]\n\
             try = [{{ community = {{ file = \"community\" }} }}]\n",
            DECOYS[0]
        ),
    )?;
    let dca = programs.find("dca")?;
    let code = portal.admin(&["enroll-code", "--customer", "Customer", "--site", "Site"])?;
    let mut enroll = asking(&own, &resolver, &dca);
    enroll.args(["enroll", "https://portal.office.test:8443", code.split_whitespace().last().unwrap()]);
    let enrolled = enroll.args(["--proxy", "none", "--state"]).arg(&state).output()?;
    assert!(enrolled.status.success(), "{}", String::from_utf8_lossy(&enrolled.stderr));

    let mut run = asking(&own, &resolver, &strace);
    run.args(["-f", "-s", "0", "-e", "trace=listen,accept,accept4,bind", "-o"]).arg(&calls).arg(&dca);
    let mut run = Program::start(run.arg("run").arg("-c").arg(&config), &at("dca.log"))?;
    let sockets = Sockets::watch(&own, &ss);
    let log = || fs::read_to_string(at("dca.log")).unwrap_or_default();
    let status = || -> anyhow::Result<serde_json::Value> {
        let output = Command::new(&dca).args(["status", "--json", "-c"]).arg(&config).output()?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    };
    let mut alive = || -> anyhow::Result<()> {
        anyhow::ensure!(run.ended()?.is_none(), "dca run has ended:\n{}", log());
        Ok(())
    };
    // A name that is not known when it starts is looked up again by itself.
    until(PATIENCE, "the other printers in the portal", || {
        alive()?;
        Ok((portal.readings()? >= PRINTERS.len() as u64 - 1).then_some(()))
    })?;
    assert!(log().contains("a host name cannot be used"), "{}", log());
    assert!(!fs::read_to_string(&seen)?.contains(&format!("{}.161:", PRINTERS[2])));
    fs::write(&plotter, PRINTERS[2])?;
    until(PATIENCE, "questions to the printer with a name", || {
        alive()?;
        Ok(fs::read_to_string(&seen)?.contains(&format!("{}.161:", PRINTERS[2])).then_some(()))
    })?;
    until(PATIENCE, "all printers in the portal", || {
        alive()?;
        Ok((portal.readings()? >= PRINTERS.len() as u64).then_some(()))
    })?;
    let agents = portal.admin(&["agents"])?;
    let agent = agents.lines().nth(1).and_then(|line| line.split_whitespace().next()).unwrap();
    // All at once: an agent is woken a dozen times in a row, and then once in five seconds.
    let orders = |all: Vec<Vec<&str>>| -> Vec<bool> {
        thread::scope(|scope| {
            let order = |words: Vec<&str>| portal.admin(&[&["command", agent, "--within", "60"], &words[..]].concat());
            let under_way: Vec<_> = all.into_iter().map(|words| scope.spawn(move || order(words).is_ok())).collect();
            under_way.into_iter().map(|order| order.join().unwrap()).collect()
        })
    };
    // What the portal may ask for.
    let done = orders(vec![vec!["read"], vec!["scan"], vec!["ping", PRINTERS[0]], vec!["ping", SILENT]]);
    assert_eq!(done, [true, true, true, false], "{}", log());
    // What it may not, and what somebody who took it over would try first.
    let forbidden = DECOYS.iter().chain(&[PORTAL, DNS, ROUTER, "127.0.0.1", "192.0.2.1"]);
    let done = orders(forbidden.map(|address| vec!["ping", address]).collect());
    assert!(!done.contains(&true), "{done:?}");
    fs::write(at("wide.toml"), "[[range]]\ntargets = [\"10.77.0.0/16\"]\ntry = [{ community = \"public\" }]\n")?;
    portal.admin(&["configure", agent, at("wide.toml").to_str().unwrap()])?;
    let before = portal.readings()?;
    orders(vec![vec!["scan"], vec!["read"]]);
    until(PATIENCE, "readings under a configuration that is too wide", || {
        alive()?;
        Ok((portal.readings()? > before).then_some(()))
    })?;
    // The printer that is configured by name moves: it is asked where it is now, and nobody where it was.
    fs::write(&plotter, MOVED)?;
    let (there, here) = (format!("{}.161:", PRINTERS[2]), format!("{MOVED}.161:"));
    until(PATIENCE, "questions to the printer that moved", || {
        alive()?;
        orders(vec![vec!["scan"]]);
        Ok(fs::read_to_string(&seen)?.contains(&here).then_some(()))
    })?;
    let before = fs::read_to_string(&seen)?.len();
    assert_eq!(orders(vec![vec!["read"], vec!["scan"]]), [true, true], "{}", log());
    let since = fs::read_to_string(&seen)?.split_off(before);
    assert!(since.contains(&here) && !since.contains(&there), "{since}\n{}", log());
    // Strangers who speak first are not answered.
    for port in sockets.udp_ports() {
        others.run(&format!("bash -c echo>/dev/udp/{AGENT}/{port}")).unwrap_or_default();
    }
    thread::sleep(Duration::from_secs(1));
    let process = status()?["process"].as_u64().unwrap();
    assert!(Command::new("kill").args(["-TERM", &process.to_string()]).status()?.success());
    let ended = until(Duration::from_secs(20), "the end of dca run", || run.ended())?;
    assert!(ended.success(), "{ended}:\n{}", log());

    sockets.none_listened();
    let calls = fs::read_to_string(&calls)?;
    for call in calls.lines() {
        let name = call.split_whitespace().nth(1).unwrap_or_default();
        assert!(!name.starts_with("listen(") && !name.starts_with("accept"), "{call}");
        // A port of the system's choice, as everybody who sends has one.
        assert!(!name.starts_with("bind(") || !call.contains("_port=") || call.contains("_port=htons(0)"), "{call}");
    }
    // The same eyes see what it would look like if it were otherwise.
    own.run(&format!("bash -c echo>/dev/udp/{}/161", DECOYS[2])).unwrap_or_default();
    until(PATIENCE, "a packet to a decoy", || {
        Ok(fs::read_to_string(&seen)?.contains(&format!("{}.161:", DECOYS[2])).then_some(()))
    })?;
    capture.stop(Duration::from_secs(10))?;
    let packets = fs::read_to_string(&seen)?;
    assert!(packets.contains("\n0 packets dropped by kernel"), "{packets}");
    let (mut sent, (may, must)) = (destinations(&packets), allowed());
    assert!(sent.remove(&Packet::new("udp", DECOYS[2], 161)), "{packets}");
    sent.remove(&Packet::new("arp", DECOYS[2], 0));
    let elsewhere: Vec<&Packet> = sent.difference(&may).collect();
    assert!(elsewhere.is_empty(), "it sends elsewhere: {elsewhere:?}\n{packets}");
    let missing: Vec<&Packet> = must.difference(&sent).collect();
    assert!(missing.is_empty(), "it never sent to {missing:?}\n{}", log());
    Ok(())
}

fn plug(own: &Namespace, others: &Namespace) -> anyhow::Result<()> {
    for network in [own, others] {
        // The kernel's own greetings. Where it cannot be switched off, they fail the test.
        let _ = network.run("sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
    }
    own.plug("own", others, "rest")?;
    own.run(&format!("ip address add {AGENT}/16 dev own"))?;
    own.run(&format!("ip route add default via {ROUTER}"))?;
    others.run(&format!("ip address add {ROUTER}/16 dev rest"))?;
    for address in PRINTERS.iter().chain(&DECOYS).chain(&[OTHER, MOVED, DNS, PORTAL]) {
        others.run(&format!("ip address add {address}/16 dev rest"))?;
    }
    Ok(())
}

/// A program in the agent's network, with the DNS server that is there.
fn asking(own: &Namespace, resolver: &Path, program: &Path) -> Command {
    let mut command = own.command("unshare");
    command.args(["--mount", "sh", "-c", "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\""]);
    command.arg(resolver).arg(program);
    command
}

/// eXplorer in the others' network.
struct Portal<'a> {
    others: &'a Namespace,
    explorer: std::path::PathBuf,
    config: std::path::PathBuf,
    _program: Program,
}

impl<'a> Portal<'a> {
    fn start(programs: &Programs, others: &'a Namespace, folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir(folder)?;
        let (explorer, config) = (programs.find("explorer")?, folder.join("explorer.toml"));
        let text = format!(
            "listen = \"{PORTAL}:8443\"\nmetrics = \"127.0.0.1:9464\"\npublic = \"https://portal.office.test:8443\"\nperiod = 30\n\
             state = {:?}\n",
            folder.join("state")
        );
        fs::write(&config, text)?;
        let mut command = others.command(&explorer);
        let mut program = Program::start(command.arg("serve").arg("-c").arg(&config), &folder.join("log"))?;
        until(PATIENCE, "a listening portal", || {
            anyhow::ensure!(program.ended()?.is_none(), "{}", fs::read_to_string(folder.join("log"))?);
            Ok(others.run(&format!("bash -c echo>/dev/tcp/{PORTAL}/8443")).ok())
        })?;
        Ok(Self { others, explorer, config, _program: program })
    }

    fn admin(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(&self.explorer);
        let output = command.arg("admin").arg("-c").arg(&self.config).args(arguments).stdin(Stdio::null()).output()?;
        anyhow::ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Readings that arrived since it was started.
    fn readings(&self) -> anyhow::Result<u64> {
        let get = "exec 3<>/dev/tcp/127.0.0.1/9464; printf 'GET /metrics HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3";
        let output = self.others.command("bash").args(["-c", get]).output()?;
        let text = String::from_utf8(output.stdout)?;
        let number = text.lines().find_map(|line| line.strip_prefix("explorer_readings_total "));
        Ok(number.map_or(Ok(0), |number| number.trim().parse())?)
    }
}

/// Looks at the agent's sockets again and again.
struct Sockets {
    looks: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
}

impl Sockets {
    fn watch(own: &Namespace, ss: &Path) -> Self {
        let (looks, stop) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let mut command = own.command(ss);
        command.args(["--no-header", "--listening", "--numeric", "--tcp", "--udp", "--raw"]);
        let (kept, stopped) = (Arc::clone(&looks), Arc::clone(&stop));
        thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let output = command.output().unwrap();
                kept.lock().unwrap().push(String::from_utf8(output.stdout).unwrap());
                thread::sleep(Duration::from_millis(100));
            }
        });
        Self { looks, stop }
    }

    /// Those of UDP that were open at the last look.
    fn udp_ports(&self) -> Vec<u16> {
        let looks = self.looks.lock().unwrap();
        let lines = looks.last().map(|look| look.lines().collect::<Vec<_>>()).unwrap_or_default();
        let ports = lines.into_iter().filter(|line| line.starts_with("udp"));
        ports.filter_map(|line| line.split_whitespace().nth(4)?.rsplit(':').next()?.parse().ok()).collect()
    }

    fn none_listened(self) {
        self.stop.store(true, Ordering::Relaxed);
        let looks = self.looks.lock().unwrap();
        assert!(looks.len() > 20, "{} looks", looks.len());
        let tcp: BTreeSet<&str> =
            looks.iter().flat_map(|look| look.lines()).filter(|line| line.starts_with("tcp")).collect();
        assert!(tcp.is_empty(), "it listens: {tcp:?}");
    }
}

/// Whom a packet was for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Packet {
    what: &'static str,
    to: String,
    port: u16,
}

impl Packet {
    fn new(what: &'static str, to: &str, port: u16) -> Self {
        Self { what, to: to.to_owned(), port }
    }
}

/// What tcpdump saw, each kind once. A line that says something unforeseen is a failure.
fn destinations(lines: &str) -> BTreeSet<Packet> {
    let own = |line: &&str| line.starts_with("IP") || line.starts_with("ARP");
    // Of the kernel: who asks for the agent's address is answered, and a late answer of a printer finds its port closed.
    let kernel = |line: &&str| line.starts_with("ARP, Reply") || line.contains(" unreachable");
    let packet = |line: &str| -> Option<Packet> {
        if let Some(rest) = line.strip_prefix("ARP, Request who-has ") {
            return Some(Packet::new("arp", rest.split([' ', ',']).next()?, 0));
        }
        let (to, what) = line.strip_prefix("IP ")?.split_once(" > ")?.1.split_once(": ")?;
        if what.starts_with("ICMP echo request") {
            return Some(Packet::new("icmp", to, 0));
        }
        let (to, port) = to.rsplit_once('.')?;
        let what = if what.starts_with("UDP") { "udp" } else { Some("tcp").filter(|tcp| what.starts_with(tcp))? };
        Some(Packet::new(what, to, port.parse().ok()?))
    };
    let lines = lines.lines().filter(own).filter(|line| !kernel(line));
    lines.map(|line| packet(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

/// What the agent may send, and of that what it must have sent for this test to mean something.
fn allowed() -> (BTreeSet<Packet>, BTreeSet<Packet>) {
    let mut must: BTreeSet<Packet> =
        PRINTERS.iter().chain(&[OTHER, MOVED]).map(|at| Packet::new("udp", at, 161)).collect();
    must.extend([Packet::new("udp", DNS, 53), Packet::new("tcp", PORTAL, 8443), Packet::new("icmp", PRINTERS[0], 0)]);
    // Where nobody is, the question who that is remains the only packet.
    must.insert(Packet::new("arp", SILENT, 0));
    let mut may = must.clone();
    for at in PRINTERS.iter().chain(&[SILENT, OTHER, MOVED]) {
        may.extend([Packet::new("udp", at, 161), Packet::new("icmp", at, 0), Packet::new("arp", at, 0)]);
    }
    // The kernel looks for the stranger who spoke first as well. Anything else for him, or past him, would be seen.
    may.extend([DNS, PORTAL, ROUTER].map(|at| Packet::new("arp", at, 0)));
    (may, must)
}

/// Not a test: the part of the others' network that answers for printers and names, in a process of its own.
#[test]
#[ignore = "part of the test above, which starts it"]
fn the_network() {
    let Some(plotter) = std::env::var_os(PLAYS) else { return };
    for (address, number) in PRINTERS.iter().chain(&DECOYS).chain(&[MOVED]).zip(1..) {
        let printer = UdpSocket::bind((*address, 161)).unwrap();
        let simulated = SocketAddr::from(([127, 1, 0, number], SIMULATED));
        thread::spawn(move || carry(&printer, simulated));
    }
    let names = UdpSocket::bind((DNS, 53)).unwrap();
    let mut question = [0; 512];
    // It ends with the test; where that was killed, by itself.
    names.set_read_timeout(Some(Duration::from_secs(600))).unwrap();
    while let Ok((length, from)) = names.recv_from(&mut question) {
        let plotter = fs::read_to_string(&plotter).unwrap();
        if let Some(answer) = name(&question[..length], &plotter) {
            names.send_to(&answer, from).unwrap();
        }
    }
}

/// Questions to a simulated printer, which answers on loopback alone.
fn carry(printer: &UdpSocket, simulated: SocketAddr) {
    let mut datagram = [0; 65_535];
    while let Ok((length, from)) = printer.recv_from(&mut datagram) {
        let inside = UdpSocket::bind("127.0.0.1:0").unwrap();
        inside.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        inside.send_to(&datagram[..length], simulated).unwrap();
        if let Ok(length) = inside.recv(&mut datagram) {
            printer.send_to(&datagram[..length], from).unwrap();
        }
    }
}

/// The answer to a question of DNS (RFC 1035 section 4.1): an address for two names, none for all others.
fn name(question: &[u8], plotter: &str) -> Option<Vec<u8>> {
    let mut labels = Vec::new();
    let mut at = 12;
    while let Some(length) = question.get(at).copied().map(usize::from).filter(|length| *length > 0) {
        labels.push(String::from_utf8_lossy(question.get(at + 1..at + 1 + length)?).to_lowercase());
        at += 1 + length;
    }
    let end = at + 5;
    let address: Option<Ipv4Addr> = match labels.join(".").as_str() {
        "portal.office.test" => PORTAL.parse().ok(),
        "plotter.office.test" => plotter.parse().ok(),
        _ => None,
    };
    let address = address.filter(|_| question.get(at + 1..end) == Some(&[0, 1, 0, 1]));
    let known = labels.ends_with(&["office".to_owned(), "test".to_owned()]);
    let mut answer = question.get(..2)?.to_vec();
    answer.extend([0x81, if known { 0x80 } else { 0x83 }, 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
    answer.extend(question.get(12..end)?);
    if let Some(address) = address {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}
