//! `read`: everything a printer says.

use crate::interview::{Depth, Interview};
use crate::network::{Network, Run, address};
use crate::progress::Progress;
use crate::scope::Scope;
use dca_fence::Allowed;
use dca_printer::Reading;
use serde::Serialize;
use std::future::Future;

/// A reading with where and when.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// Address and port; for a recorded walk the file's path as given.
    pub address: String,
    /// RFC 3339, UTC, whole seconds.
    pub read_at: String,
    /// What was read.
    #[serde(flatten)]
    pub reading: Reading,
    /// Why it is, or is not, taken for a printer.
    #[serde(skip)]
    pub why: String,
    /// False if the device went silent before all was asked.
    #[serde(skip)]
    pub complete: bool,
}

impl Network {
    /// Reads every device of the scope in full.
    ///
    /// Of blocks and ranges only printers are kept unless `all` is set; a device that was named on its own is kept
    /// whatever it is.
    pub async fn read(
        &self,
        scope: &Scope,
        all: bool,
        progress: &mut dyn Progress,
        stop: impl Future<Output = ()>,
    ) -> Run<Read> {
        let mut run = self.sweep(scope, Depth::Full, progress, stop, read).await;
        let is_named = |read: &Read| read.address.parse().is_ok_and(|at| scope.is_named(at));
        run.answered.retain(|read| all || read.reading.is_printer || is_named(read));
        run
    }
}

fn read(at: Allowed, interview: Interview) -> Read {
    let Interview { verdict, reading, complete, .. } = interview;
    Read { address: address(at), read_at: now(), why: verdict.why, complete, reading }
}

/// The time of day, as readings carry it.
pub(crate) fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
