//! How the service is, in a file that `dca status` reads.

use crate::input::{self, InputError};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// The service writes every minute; this is three of them.
const STALE_MS: i64 = 180_000;
/// In the state folder.
const NAME: &str = "status.json";

/// How the service is. Times are milliseconds since 1970 by this machine's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its version.
    pub version: String,
    /// Who it is to the portal.
    pub agent_id: String,
    /// Its process.
    pub process: u32,
    /// When it started.
    pub started_ms: i64,
    /// When this was written.
    pub written_ms: i64,
    /// well, backing_off, dormant; or stopped, when the service was told to end.
    pub portal: String,
    /// When the portal last answered.
    pub answered_ms: Option<i64>,
    /// What the portal, or the way to it, said last that is not well.
    pub trouble: Option<String>,
    /// Portal's clock less this machine's.
    pub skew_ms: i64,
    /// The portal's configuration that is in force; 0: the local one.
    pub revision: u64,
    /// Devices that are known.
    pub devices: usize,
    /// Records that wait to be reported.
    pub waiting: u64,
    /// Records that were dropped since the spool was made, each counted and told.
    pub dropped: u64,
    /// Octets that the spool takes, and its bound.
    pub spool: (u64, u64),
    /// What is not well, one sentence each.
    pub health: Vec<String>,
}

impl Status {
    /// Reads what the service wrote last into its state folder.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn read(state: &Path) -> Result<Self, InputError> {
        let path = state.join(NAME);
        let text = input::text(&path)?;
        serde_json::from_str(&text).map_err(|error| InputError::file(&path, error.to_string()))
    }

    /// Replaces the file as a whole.
    pub(super) fn write(&self, state: &Path) -> io::Result<()> {
        let path = state.join(NAME);
        let beside = path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let mut file: File = options.open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(self).unwrap_or_default())?;
        drop(file);
        fs::rename(&beside, &path)
    }

    /// True if nothing is wrong as far as the service knows.
    pub fn is_well(&self) -> bool {
        self.health.is_empty() && self.portal == "well"
    }

    /// True if a service that was not told to end has written nothing for minutes: it does not run any more.
    pub fn is_stale(&self, now_ms: i64) -> bool {
        self.portal != "stopped" && now_ms.saturating_sub(self.written_ms) > STALE_MS
    }
}
