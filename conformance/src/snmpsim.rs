//! snmpsim serving recordings: the community, or the v3 context, names the recording.

use crate::{Running, wait_until_answered};
use dca_loopback::free_port;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A running snmpsim; it ends with this value.
pub struct Snmpsim {
    /// Its UDP port on 127.0.0.1.
    pub port: u16,
    _running: Running,
    _folder: tempfile::TempDir,
}

/// Its v3 user, who signs by SHA-256 with [`AUTH_PASSWORD`] and encrypts by AES-128 with [`PRIV_PASSWORD`].
pub const USER: &str = "reader";
/// The user's authentication password.
pub const AUTH_PASSWORD: &str = "first password";
/// The user's privacy password.
pub const PRIV_PASSWORD: &str = "second password";

/// v2c Get of sysUpTime.0 with the community `w0`.
const ARE_YOU_THERE: &[u8] =
    b"\x30\x25\x02\x01\x01\x04\x02w0\xa0\x1c\x02\x04\x01\x00\x00\x00\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00";

impl Snmpsim {
    /// Serves the recordings as `w0`, `w1` and so on, and waits until it answers.
    pub fn serve(program: &Path, walks: &[PathBuf]) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data)?;
        for (at, walk) in walks.iter().enumerate() {
            std::fs::copy(walk, data.join(format!("w{at}.snmprec")))?;
        }
        let port = free_port();
        let mut command = Command::new(program);
        on(&mut command, &data, port)?;
        command.arg(format!("--v3-user={USER}"));
        command.args(["--v3-auth-proto=SHA256", &format!("--v3-auth-key={AUTH_PASSWORD}")]);
        command.args(["--v3-priv-proto=AES128", &format!("--v3-priv-key={PRIV_PASSWORD}")]);
        let running = Running::start(&mut command);
        wait_until_answered(port, ARE_YOU_THERE, Duration::from_secs(60));
        Ok(Self { port, _running: running, _folder: folder })
    }
}

/// To serve the recordings of a folder on a port of 127.0.0.1.
pub(crate) fn on(command: &mut Command, data: &Path, port: u16) -> std::io::Result<()> {
    // As root it turns into nobody, who must be able to read the one and write the other.
    let cache = data.with_file_name("cache");
    std::fs::create_dir_all(&cache)?;
    for open in data.parent().into_iter().chain([data, cache.as_path()]) {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o777))?;
    }
    command.arg(format!("--data-dir={}", data.display())).arg(format!("--cache-dir={}", cache.display()));
    command.arg(format!("--agent-udpv4-endpoint=127.0.0.1:{port}"));
    if std::fs::metadata("/proc/self")?.uid() == 0 {
        command.args(["--process-user=nobody", "--process-group=nogroup"]);
    }
    Ok(())
}
