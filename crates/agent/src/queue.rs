//! `lpr`: the print queue of a device (RFC 1179). Its state is a question; a job is the one thing in this crate that
//! makes a device do something, so it takes the word of a person.

use crate::input::{self, InputError};
use crate::network::address;
use crate::report::clean;
use dca_fence::Allowed;
use dca_lan::lpr::{self, Job};
use dca_lan::{Ended, Patience};
use std::path::Path;
use std::time::Duration;

pub use dca_lan::lpr::{Detail, PORT as QUEUE_PORT, Queue};

/// Lines of a queue's state that are shown.
const MOST_LINES: usize = 500;

/// What a device says of its queue, in its own words, line by line and safe to print; or why it says nothing.
pub async fn queue_state(at: Allowed, queue: &Queue, detail: Detail, timeout: Duration) -> Result<Vec<String>, String> {
    let patience = Patience { connect: timeout, answer: timeout, ..Patience::default() };
    let heard = lpr::state(at, queue, detail, patience).await.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&heard.octets);
    let lines = text.lines().map(clean::terminal).filter(|line| !line.trim().is_empty());
    let lines: Vec<String> = lines.take(MOST_LINES).collect();
    match (lines.is_empty(), heard.ended) {
        (false, _) => Ok(lines),
        (true, Ended::Closed) => Ok(vec!["the queue listens and says nothing".into()]),
        (true, _) => Err("something listens, but it does not answer".into()),
    }
}

/// A job that nobody has agreed to yet.
#[derive(Debug)]
pub struct Proposal {
    at: Allowed,
    queue: Queue,
    job: Job,
}

/// A job that somebody has agreed to.
#[derive(Debug)]
pub struct Agreed(Proposal);

impl Proposal {
    /// To send a file to a queue.
    pub fn of_file(at: Allowed, queue: Queue, file: &Path) -> Result<Self, InputError> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { at, queue, job: Job { name, octets: input::octets(file)? } })
    }

    /// What would be done, one sentence.
    pub fn text(&self) -> String {
        let Self { at, queue, job } = self;
        format!(
            "sends {} ({} octets) as a job to queue {queue} of {}: it prints it, and obeys the commands that are in it",
            clean::terminal(&job.name),
            job.octets.len(),
            address(*at),
        )
    }

    /// Somebody has read [`text`](Self::text) and said yes.
    pub fn agreed(self) -> Agreed {
        Agreed(self)
    }
}

/// Sends it; why it did not arrive, otherwise.
pub async fn send_job(Agreed(Proposal { at, queue, job }): &Agreed) -> Result<(), String> {
    lpr::send(*at, queue, job).await.map_err(|error| error.to_string())
}
