//! Agents that nobody here wrote, each serving the same rows to the same users.

use crate::{Running, wait_until_answered, witness};
use dca_loopback::free_port;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// net-snmp's agent.
    Snmpd,
    /// snmpsim, on pysnmp 4.
    Snmpsim,
    /// The responder of pysnmp 7.
    Pysnmp,
}

/// One of them at work; it ends with this value.
pub struct Agent {
    /// Which.
    pub kind: Kind,
    /// Its UDP port on 127.0.0.1.
    pub port: u16,
    _running: Running,
    _folder: tempfile::TempDir,
}

/// A user that every agent knows; passwords are [`AUTH_PASSWORD`] and [`PRIV_PASSWORD`].
#[derive(Debug, Clone, Copy)]
pub struct User {
    /// Its name.
    pub name: &'static str,
    auth: Option<Hash>,
    privacy: Option<Cipher>,
}

#[derive(Debug, Clone, Copy)]
enum Hash {
    Sha256,
    Sha512,
}

#[derive(Debug, Clone, Copy)]
enum Cipher {
    Aes128,
    /// With the key extension of Blumenthal's draft.
    Aes256,
}

/// noAuthNoPriv, SHA-256, SHA-256 with AES-128, SHA-512 with AES-256.
pub const USERS: [User; 4] = [
    User { name: "nobody", auth: None, privacy: None },
    User { name: "signer", auth: Some(Hash::Sha256), privacy: None },
    User { name: "reader", auth: Some(Hash::Sha256), privacy: Some(Cipher::Aes128) },
    User { name: "strong", auth: Some(Hash::Sha512), privacy: Some(Cipher::Aes256) },
];
/// Their authentication password.
pub const AUTH_PASSWORD: &str = "first password";
/// Their privacy password.
pub const PRIV_PASSWORD: &str = "second password";
/// The community of v1 and v2c.
pub const COMMUNITY: &str = "public";

/// v2c Get of 1.3.6.1.4.1.99999.1.1.0 with the community public.
const ARE_YOU_THERE: &[u8] =
    b"\x30\x2c\x02\x01\x01\x04\x06public\xa0\x1f\x02\x04\x01\x00\x00\x00\x02\x01\x00\x02\x01\x00\x30\x11\x30\x0f\x06\x0b\x2b\x06\x01\x04\x01\x86\x8d\x1f\x01\x01\x00\x05\x00";

impl Agent {
    /// Starts it with the rows of a .snmprec text below 1.3.6.1.4.1.99999, of which 1.1.0 must be one, and waits until it
    /// answers. `None`, loudly, where it is not installed.
    pub fn start(kind: Kind, rows: &str) -> Option<Self> {
        let program = match kind {
            Kind::Snmpd => witness("snmpd").filter(|_| witness("python3").is_some())?,
            Kind::Snmpsim => witness("snmpsimd")?,
            Kind::Pysnmp => pysnmp()?,
        };
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder in it");
        let file = data.join(format!("{COMMUNITY}.snmprec"));
        std::fs::write(&file, rows).expect("a file in it");
        let port = free_port();
        let mut command = Command::new(program);
        match kind {
            Kind::Snmpd => snmpd(&mut command, folder.path(), &file, port),
            Kind::Snmpsim => snmpsim(&mut command, &data, port),
            Kind::Pysnmp => pysnmp_agent(&mut command, &file, port),
        }
        let running = Running::start(&mut command);
        wait_until_answered(port, ARE_YOU_THERE, Duration::from_secs(60));
        Some(Self { kind, port, _running: running, _folder: folder })
    }

    /// The context that holds the rows for v3.
    pub fn context(&self) -> &'static str {
        match self.kind {
            Kind::Snmpd | Kind::Pysnmp => "",
            // The name of the recording.
            Kind::Snmpsim => COMMUNITY,
        }
    }
}

/// The Python that has pysnmp, which `cargo xtask test` installs; `None`, loudly, where it is missing.
fn pysnmp() -> Option<PathBuf> {
    let test = std::env::current_exe().expect("the running test");
    let target = test.ancestors().nth(3).expect("target/debug/deps/test");
    let python = target.join("pysnmp/bin/python");
    if !python.is_file() {
        crate::skip(&format!("pysnmp is not installed at {}: cargo xtask test does it", python.display()));
        return None;
    }
    Some(python)
}

fn own(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("witness").join(file)
}

fn snmpd(command: &mut Command, folder: &Path, rows: &Path, port: u16) {
    let mut text = format!("rocommunity {COMMUNITY}\n");
    writeln!(
        text,
        "pass_persist .1.3.6.1.4.1.99999 /usr/bin/env python3 {} {}",
        own("snmpd_rows.py").display(),
        rows.display()
    )
    .expect("text");
    for User { name, auth, privacy } in USERS {
        let auth = auth.map(|hash| match hash {
            Hash::Sha256 => format!("SHA-256 \"{AUTH_PASSWORD}\""),
            Hash::Sha512 => format!("SHA-512 \"{AUTH_PASSWORD}\""),
        });
        let privacy = privacy.map(|cipher| match cipher {
            Cipher::Aes128 => format!("AES \"{PRIV_PASSWORD}\""),
            Cipher::Aes256 => format!("AES-256 \"{PRIV_PASSWORD}\""),
        });
        let level = if privacy.is_some() {
            "priv"
        } else if auth.is_some() {
            "auth"
        } else {
            "noauth"
        };
        let (auth, privacy) = (auth.unwrap_or_default(), privacy.unwrap_or_default());
        writeln!(text, "createUser {name} {auth} {privacy}\nrouser {name} {level}").expect("text");
    }
    let config = folder.join("snmpd.conf");
    std::fs::write(&config, text).expect("a file");
    command.env("MIBS", "").env("SNMP_PERSISTENT_DIR", folder).args(["-f", "-Ln", "-C", "-c"]).arg(config);
    command.arg(format!("udp:127.0.0.1:{port}"));
}

fn snmpsim(command: &mut Command, data: &Path, port: u16) {
    crate::snmpsim::on(command, data, port).expect("open folders");
    for User { name, auth, privacy } in USERS {
        command.arg(format!("--v3-user={name}"));
        if let Some(hash) = auth {
            let hash = match hash {
                Hash::Sha256 => "SHA256",
                Hash::Sha512 => "SHA512",
            };
            command.args([format!("--v3-auth-proto={hash}"), format!("--v3-auth-key={AUTH_PASSWORD}")]);
        }
        if let Some(cipher) = privacy {
            let cipher = match cipher {
                Cipher::Aes128 => "AES128",
                Cipher::Aes256 => "AES256BLMT",
            };
            command.args([format!("--v3-priv-proto={cipher}"), format!("--v3-priv-key={PRIV_PASSWORD}")]);
        }
    }
}

fn pysnmp_agent(command: &mut Command, rows: &Path, port: u16) {
    command.arg(own("pysnmp_agent.py")).arg(port.to_string()).arg(rows);
    for User { name, auth, privacy } in USERS {
        let (auth, auth_password) = match auth {
            Some(Hash::Sha256) => ("USM_AUTH_HMAC192_SHA256", AUTH_PASSWORD),
            Some(Hash::Sha512) => ("USM_AUTH_HMAC384_SHA512", AUTH_PASSWORD),
            None => ("", ""),
        };
        let (cipher, password) = match privacy {
            Some(Cipher::Aes128) => ("USM_PRIV_CFB128_AES", PRIV_PASSWORD),
            Some(Cipher::Aes256) => ("USM_PRIV_CFB256_AES_BLUMENTHAL", PRIV_PASSWORD),
            None => ("", ""),
        };
        command.arg([name, auth, auth_password, cipher, password].join(","));
    }
}
