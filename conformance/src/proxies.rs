//! Proxies that nobody here wrote, each on a loopback port of its own choice: tinyproxy, squid, and dante's danted.
//!
//! Each goes out from [`OUT`], so that whoever is called can tell a caller that came through it from one that went beside it.

use crate::ca::Own;
use crate::{Running, pem, wait_until_taken};
use dca_loopback::free_port;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Where callers come from who came through a proxy.
pub const OUT: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
/// Whom a proxy with a password lets through.
pub const USER: &str = "office";
/// The password.
pub const PASSWORD: &str = "only-for-tests";
/// As `crypt` keeps it, made with `openssl passwd -6 -salt conformance`.
const CRYPT: &str =
    "$6$conformance$EXX4/cKkpu6nzL/D4nfRUvoJDlW0MWsjndFyRCjUlNA.UDloZ9728bNu49iO9hxY2t7X8KYYoRXdtV5o.i4q90";

/// What a proxy speaks to its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// CONNECT of HTTP.
    Http,
    /// The same inside TLS.
    Https,
    /// SOCKS5.
    Socks5,
}

/// A running proxy; it ends with this value.
pub struct Proxy {
    spoken: Spoken,
    port: u16,
    log: PathBuf,
    _running: Running,
    _folder: TempDir,
}

impl Proxy {
    /// tinyproxy, which asks for the password if `asks`.
    ///
    /// # Errors
    /// If the system does not give a folder and a port.
    pub fn tinyproxy(program: &Path, asks: bool) -> io::Result<Self> {
        let (folder, port) = (tempfile::tempdir()?, free_port());
        let log = folder.path().join("log");
        let basic = if asks { format!("BasicAuth {USER} {PASSWORD}\n") } else { String::new() };
        let config = format!(
            "Listen 127.0.0.1\nPort {port}\nBind {OUT}\nTimeout 60\nMaxClients 50\nLogFile \"{}\"\nLogLevel Connect\n{basic}",
            log.display()
        );
        let mut command = Command::new(program);
        command.arg("-d").arg("-c").arg(written(&folder, "tinyproxy.conf", &config)?);
        Ok(Self::start(command, Spoken::Http, port, log, folder))
    }

    /// squid, which speaks TLS with the certificate of `own`, and asks for the password if `asks`.
    ///
    /// # Errors
    /// As [`Proxy::tinyproxy`].
    pub fn squid(program: &Path, own: Option<&Own>, asks: bool) -> io::Result<Self> {
        let (folder, port) = (tempfile::tempdir()?, free_port());
        let log = folder.path().join("access.log");
        let place = folder.path().display();
        let listen = match own {
            Some(Own { certificate, key }) => {
                written(&folder, "own.pem", &pem("CERTIFICATE", certificate))?;
                written(&folder, "own.key", &pem("PRIVATE KEY", key))?;
                format!("https_port 127.0.0.1:{port} tls-cert={place}/own.pem tls-key={place}/own.key")
            }
            None => format!("http_port 127.0.0.1:{port}"),
        };
        let rule = if asks {
            let users = written(&folder, "users", &format!("{USER}:{CRYPT}\n"))?;
            format!(
                "auth_param basic program /usr/lib/squid/basic_ncsa_auth {}\nauth_param basic realm office\n\
                 acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n",
                users.display()
            )
        } else {
            "http_access allow all\n".to_owned()
        };
        // Nobody is asked for names that /etc/hosts does not know.
        let config = format!(
            "{listen}\n{rule}tcp_outgoing_address {OUT}\naccess_log stdio:{}\ncache_log {place}/cache.log\npid_filename none\n\
             cache deny all\ncoredump_dir {place}\nnetdb_filename none\npinger_enable off\nshutdown_lifetime 0 seconds\n\
             dns_nameservers 127.0.0.1\nvisible_hostname localhost\n",
            log.display()
        );
        let config = written(&folder, "squid.conf", &config)?;
        if is_root()? {
            // It does not stay root, and must then be able to write.
            let (user, group) = account("proxy")?;
            for file in fs::read_dir(folder.path())?.map(|file| Ok(file?.path())).collect::<io::Result<Vec<_>>>()? {
                chown(file, Some(user), Some(group))?;
            }
            chown(folder.path(), Some(user), Some(group))?;
        }
        let mut command = Command::new(program);
        command.arg("-N").arg("-f").arg(config);
        let spoken = if own.is_some() { Spoken::Https } else { Spoken::Http };
        Ok(Self::start(command, spoken, port, log, folder))
    }

    /// danted, which asks for the password if `asks`: of a user of the system, as it sees it. `None` where that takes root.
    ///
    /// # Errors
    /// As [`Proxy::tinyproxy`].
    pub fn dante(program: &Path, asks: bool) -> io::Result<Option<Self>> {
        let (folder, port) = (tempfile::tempdir()?, free_port());
        let log = folder.path().join("log");
        let method = if asks { "username" } else { "none" };
        let privileged = if is_root()? { "user.privileged: root\nuser.unprivileged: nobody\n" } else { "" };
        let config = format!(
            "logoutput: {}\ninternal: 127.0.0.1 port = {port}\nexternal: {OUT}\nclientmethod: none\nsocksmethod: {method}\n\
             {privileged}client pass {{\n from: 0.0.0.0/0 to: 0.0.0.0/0\n}}\n\
             socks pass {{\n from: 0.0.0.0/0 to: 0.0.0.0/0\n protocol: tcp\n log: connect\n}}\n",
            log.display()
        );
        let config = written(&folder, "danted.conf", &config)?;
        let mut command = Command::new(program);
        if asks {
            if !is_root()? {
                return Ok(None);
            }
            // A user of this process alone: the system's own files stay as they are.
            let users = fs::read_to_string("/etc/passwd")? + &format!("{USER}:x:65500:65500::/:/bin/false\n");
            let secrets = fs::read_to_string("/etc/shadow")? + &format!("{USER}:{CRYPT}:20000:0:99999:7:::\n");
            written(&folder, "passwd", &users)?;
            written(&folder, "shadow", &secrets)?;
            command = Command::new("unshare");
            command.args(["--mount", "sh", "-c"]);
            command.arg("mount --bind passwd /etc/passwd && mount --bind shadow /etc/shadow && exec \"$0\" \"$@\"");
            command.arg(program).current_dir(folder.path());
        }
        command.arg("-f").arg(config).arg("-p").arg(folder.path().join("pid"));
        Ok(Some(Self::start(command, Spoken::Socks5, port, log, folder)))
    }

    fn start(mut command: Command, spoken: Spoken, port: u16, log: PathBuf, folder: TempDir) -> Self {
        let mut running = Running::start(&mut command);
        wait_until_taken(port, &mut running, Duration::from_secs(30));
        Self { spoken, port, log, _running: running, _folder: folder }
    }

    /// How it is named; with user and password if there are any.
    pub fn url(&self, user: Option<(&str, &str)>) -> String {
        let scheme = match self.spoken {
            Spoken::Http => "http",
            Spoken::Https => "https",
            Spoken::Socks5 => "socks5",
        };
        let user = user.map(|(user, password)| format!("{user}:{}@", password));
        format!("{scheme}://{}localhost:{}", user.unwrap_or_default(), self.port)
    }

    /// Whether its log names a port that it connected to.
    pub fn has_connected_to(&self, port: u16) -> bool {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        [format!(":{port}"), format!(".{port}")].iter().any(|port| log.contains(port))
    }
}

fn written(folder: &TempDir, name: &str, text: &str) -> io::Result<PathBuf> {
    let path = folder.path().join(name);
    fs::write(&path, text)?;
    Ok(path)
}

fn is_root() -> io::Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// User and group of an account of the system.
fn account(name: &str) -> io::Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let numbers = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next() == Some(name);
        let mut number = || fields.by_ref().find_map(|field| field.parse().ok());
        if found { Some((number()?, number()?)) } else { None }
    });
    numbers.ok_or_else(|| io::Error::other(format!("no user {name}")))
}
