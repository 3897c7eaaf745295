//! The manager asks net-snmp's snmpd over loopback: every version, hash and cipher, and an agent that is restarted.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may use sockets and the clock, and its helpers fail as it does"
)]

use dca_snmp::{
    AuthProtocol, Columns, Credentials, Failure, KeyExtension, Limits, Manager, Outcome, PrivProtocol, Request, User,
    UsmReport, Walk, WalkEnd, oid,
};
use std::fmt::Write;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SNMPD: &str = "/usr/sbin/snmpd";
const AUTH: [(&str, AuthProtocol); 6] = [
    ("MD5", AuthProtocol::Md5),
    ("SHA", AuthProtocol::Sha1),
    ("SHA-224", AuthProtocol::Sha224),
    ("SHA-256", AuthProtocol::Sha256),
    ("SHA-384", AuthProtocol::Sha384),
    ("SHA-512", AuthProtocol::Sha512),
];
/// As snmpd names them, and as we ask: of longer keys we leave the extension open.
const PRIVACY: [(&str, PrivProtocol); 6] = [
    ("DES", PrivProtocol::Des),
    ("AES", PrivProtocol::Aes128),
    ("AES-192", PrivProtocol::Aes192(KeyExtension::Either)),
    ("AES-256", PrivProtocol::Aes256(KeyExtension::Either)),
    ("AES-192-C", PrivProtocol::Aes192(KeyExtension::Either)),
    ("AES-256-C", PrivProtocol::Aes256(KeyExtension::Either)),
];

#[test]
fn snmpd_is_walked_and_restarted() {
    if !Path::new(SNMPD).exists() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{SNMPD} is missing");
        eprintln!("SKIPPED: {SNMPD} is not installed");
        return;
    }
    let mut users = Vec::new();
    let mut conf = String::from("rocommunity public 127.0.0.1\nsysDescr manager test\n");
    for (auth, protocol) in AUTH {
        let name = format!("u{}", auth.replace('-', ""));
        writeln!(conf, "createUser {name} {auth} maplesyrup\nrouser {name} auth").unwrap();
        users.push(User::new(&name).unwrap().auth(protocol, b"maplesyrup").unwrap());
        for (privacy, cipher) in PRIVACY {
            let name = format!("u{}{}", auth.replace('-', ""), privacy.replace('-', ""));
            writeln!(conf, "createUser {name} {auth} maplesyrup {privacy} pancakes!\nrouser {name} priv").unwrap();
            let user = User::new(&name).unwrap().auth(protocol, b"maplesyrup").unwrap();
            users.push(user.privacy(cipher, b"pancakes!").unwrap());
        }
    }
    let mut agent = Agent::start(&conf);
    let mut asker = Asker::new();
    asker.until_up(agent.address);
    for who in [Credentials::v1("public"), Credentials::v2c("public")] {
        asker.check(agent.address, &who);
    }
    for user in &users {
        asker.check(agent.address, &Credentials::V3(user.clone()));
    }
    let stranger = Credentials::V3(User::new("stranger").unwrap());
    assert_eq!(asker.get(agent.address, &stranger).unwrap_err(), Failure::Usm(UsmReport::UnknownUserName));
    let wrong = User::new("uSHA").unwrap().auth(AuthProtocol::Sha1, b"another one").unwrap();
    let wrong = asker.get(agent.address, &Credentials::V3(wrong));
    assert_eq!(wrong.unwrap_err(), Failure::Usm(UsmReport::WrongDigest));

    agent.restart();
    asker.until_up(agent.address);
    // Its boots have gone up and its time back: told once, then known.
    let secure = Credentials::V3(users[1].clone());
    let sent = [(); 2].map(|()| asker.get(agent.address, &secure).unwrap());
    assert!((2..=3).contains(&sent[0]) && sent[1] == 1, "{sent:?}");
}

struct Asker {
    manager: Manager,
    socket: UdpSocket,
}

impl Asker {
    fn new() -> Self {
        let limits = Limits { timeout: Duration::from_millis(300), retries: 3, ..Limits::default() };
        Self { manager: Manager::new(limits, [5; 32]), socket: UdpSocket::bind("127.0.0.1:0").unwrap() }
    }

    fn run(&mut self) -> Outcome {
        let mut buffer = [0; 65_535];
        loop {
            while let Some(transmit) = self.manager.poll_transmit() {
                self.socket.send_to(&transmit.bytes, transmit.to).unwrap();
            }
            self.manager.handle_timeout(Instant::now());
            if let Some((_, outcome)) = self.manager.poll_done() {
                return outcome;
            }
            // Without a deadline there is something to send.
            let Some(due) = self.manager.poll_timeout() else { continue };
            let wait = due.saturating_duration_since(Instant::now());
            self.socket.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).unwrap();
            if let Ok((octets, from)) = self.socket.recv_from(&mut buffer) {
                self.manager.handle_datagram(&buffer[..octets], from, Instant::now());
            }
        }
    }

    /// How many datagrams a Get took.
    fn get(&mut self, to: SocketAddr, who: &Credentials) -> Result<u32, Failure> {
        let request = Request::get([oid!("1.3.6.1.2.1.1.1.0"), oid!("1.3.6.1.2.1.1.99.0")]);
        self.manager.submit(request, to, who, Instant::now());
        let Outcome::Answer(answer) = self.run() else { panic!("not an answer") };
        let response = answer?;
        assert_eq!(response.varbinds[0].value().and_then(|value| value.as_octets()), Some(&b"manager test"[..]));
        assert_eq!(response.varbinds[1].value(), None);
        Ok(response.sent)
    }

    fn check(&mut self, to: SocketAddr, who: &Credentials) {
        self.get(to, who).unwrap_or_else(|failure| panic!("{who:?}: {failure}"));
        self.manager.walk(Walk::new(oid!("1.3.6.1.2.1.1")), to, who, Instant::now());
        let Outcome::Walked(walked) = self.run() else { panic!("not a walk") };
        assert_eq!(walked.end, WalkEnd::Complete, "{who:?}");
        assert!(walked.varbinds.len() > 20 && walked.varbinds.iter().is_sorted_by(|a, b| a.oid < b.oid), "{who:?}");

        // sysORTable side by side is what the walk has of it, in fewer datagrams.
        let columns = [oid!("1.3.6.1.2.1.1.9.1.2"), oid!("1.3.6.1.2.1.1.9.1.3"), oid!("1.3.6.1.2.1.1.9.1.4")];
        self.manager.table(Columns::of(columns), to, who, Instant::now());
        let Outcome::Table(table) = self.run() else { panic!("not a table") };
        assert_eq!(table.end, WalkEnd::Complete, "{who:?}");
        let mut cells: Vec<_> = table.rows.iter().flat_map(|row| row.cells.clone()).collect();
        cells.sort_by(|a, b| a.oid.cmp(&b.oid));
        let or_entry = oid!("1.3.6.1.2.1.1.9.1");
        let rows: Vec<_> =
            walked.varbinds.to_varbinds().into_iter().filter(|row| row.oid.starts_with(or_entry)).collect();
        assert_eq!(cells, rows, "{who:?}");
        assert!(table.rows.len() > 5 && table.sent as usize <= table.rows.len() + 1, "{who:?}: {}", table.sent);
    }

    fn until_up(&mut self, to: SocketAddr) {
        let mut probe = Self::new();
        probe.manager = Manager::new(Limits { timeout: Duration::from_millis(100), ..Limits::default() }, [9; 32]);
        assert!((0..100).any(|_| probe.get(to, &Credentials::v2c("public")).is_ok()), "snmpd does not start");
    }
}

struct Agent {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Agent {
    fn start(conf: &str) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], dca_loopback::free_port()));
        let folder = std::env::temp_dir().join(format!("dca-manager-snmpd-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("agent.conf"), conf).unwrap();
        Self { child: spawn(&folder, address), folder, address }
    }

    fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(&self.folder, self.address);
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn spawn(folder: &Path, address: SocketAddr) -> Child {
    let mut command = Command::new(SNMPD);
    command.args(["-f", "-Lf", "/dev/null"]);
    command.args(["-C", "-c"]).arg(folder.join("agent.conf")).arg(format!("udp:{address}"));
    command.env("SNMP_PERSISTENT_DIR", folder).env("MIBS", "");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}
