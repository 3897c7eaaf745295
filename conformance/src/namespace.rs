//! Networks of their own, in which a program sees nothing but what the test put there: Linux network namespaces.
//!
//! Nothing of them stays: a namespace goes with the process that holds it, and its cable with it.

use crate::{Running, skip, witness};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A network of its own: the loopback interface, and what is plugged in. It ends with this value.
pub struct Namespace {
    holder: Running,
}

impl Namespace {
    /// A new one; `None`, loudly, where the system does not permit it.
    ///
    /// # Errors
    /// If a program that ought to work does not.
    pub fn open() -> io::Result<Option<Self>> {
        let (Some(_), Some(_), Some(_)) = (witness("ip"), witness("unshare"), witness("nsenter")) else {
            return Ok(None);
        };
        if !Command::new("unshare").args(["--net", "--mount", "true"]).stderr(Stdio::null()).status()?.success() {
            skip("network namespaces are not permitted here: that takes root, or CAP_SYS_ADMIN in a container");
            return Ok(None);
        }
        let own = fs::read_link("/proc/self/ns/net")?;
        let namespace = Self { holder: Running::start(Command::new("unshare").args(["--net", "sleep", "3600"])) };
        let end = Instant::now() + Duration::from_secs(10);
        // Until then the process is still where this one is.
        while fs::read_link(format!("/proc/{}/ns/net", namespace.id()))? == own {
            if Instant::now() > end {
                return Err(io::Error::other("unshare does not get there"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        namespace.run("ip link set lo up")?;
        Ok(Some(namespace))
    }

    /// The process that holds it.
    pub fn id(&self) -> u32 {
        self.holder.id()
    }

    /// A program in it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &self.id().to_string(), "--"]).arg(program).stdin(Stdio::null());
        command
    }

    /// Runs a command line in it, and gives what it prints. Words are split at blanks.
    ///
    /// # Errors
    /// If it fails, with what it said.
    pub fn run(&self, line: &str) -> io::Result<String> {
        let mut words = line.split_whitespace();
        let output = self.command(words.next().unwrap_or_default()).args(words).output()?;
        if !output.status.success() {
            return Err(io::Error::other(format!("{line}: {}", String::from_utf8_lossy(&output.stderr))));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// A cable from here, where it is `here`, to `there` in another one.
    ///
    /// # Errors
    /// If the system does not give it.
    pub fn plug(&self, here: &str, other: &Self, there: &str) -> io::Result<()> {
        self.run(&format!("ip link add dev {here} type veth peer name {there} netns {}", other.id()))?;
        self.run(&format!("ip link set dev {here} up"))?;
        other.run(&format!("ip link set dev {there} up"))?;
        Ok(())
    }
}
