//! The print queue of a device, RFC 1179 on TCP 515: is it alive, what does its queue say; and, as a call of its own, one
//! job for it.
//!
//! ```text
//! 03 queue LF             short state ──► text, until the device closes        §5.3
//! 04 queue LF             long state                                           §5.4
//! 02 queue LF ──► 00      a job: control file and data file, each acknowledged §5.2, §6.2, §6.3
//! ```
//!
//! The queue answers with a text that only people understand; meters it has none. The RFC wants a source port of 721 to
//! 731, which takes privileges and which devices do not check: the system picks one here.

use crate::LanError;
use crate::tcp::{Conversation, Heard, Patience};
use dca_fence::Allowed;
use std::fmt;
use std::time::Duration;

/// The usual port.
pub const PORT: u16 = 515;

/// How much is asked about a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// A line per job.
    Short,
    /// All that the device tells.
    Long,
}

/// A queue's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue(String);

impl Queue {
    /// `None` unless the name is 1 to 64 visible ASCII characters: anything else could not be told from the next operand.
    pub fn named(name: &str) -> Option<Self> {
        let fits = (1..=64).contains(&name.len()) && name.bytes().all(|octet| octet.is_ascii_graphic());
        fits.then(|| Self(name.to_owned()))
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Asks for the queue's state. What comes back is text in whatever words the device has for it; no text at all still
/// says that something listens.
///
/// # Errors
/// Where there is no connection.
pub async fn state(at: Allowed, queue: &Queue, detail: Detail, patience: Patience) -> Result<Heard, LanError> {
    let command = match detail {
        Detail::Short => 3,
        Detail::Long => 4,
    };
    let mut conversation = Conversation::open(at, patience).await?;
    conversation.send(&line(command, &queue.0)).await?;
    Ok(conversation.hear(|_| false).await)
}

/// One job: what is sent, and what the device is told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Shown on the device's panel, if it shows any: visible ASCII, others become `_`.
    pub name: String,
    /// Printed as it is.
    pub octets: Vec<u8>,
}

/// Why a job did not arrive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// No connection, or it broke.
    #[error(transparent)]
    Lan(#[from] LanError),
    /// The device said no.
    #[error("the device refuses {what} (it answers {code:#04x})")]
    Refused {
        /// What it was asked to take.
        what: &'static str,
        /// Its octet.
        code: u8,
    },
    /// The device said nothing.
    #[error("the device does not acknowledge {0}")]
    Silent(&'static str),
}

/// Sends a job: **this prints, or does what the octets make the device do**. Nothing else in this crate changes anything.
///
/// # Errors
/// Where the device did not acknowledge all of it. It may have printed a part then.
pub async fn send(at: Allowed, queue: &Queue, job: &Job) -> Result<(), JobError> {
    // A slow device takes its time over a large job, in which nothing is received.
    let whole = Duration::from_secs(60) + Duration::from_millis(job.octets.len() as u64 / 16);
    let patience = Patience { answer: whole, whole, octets: 64, ..Patience::default() };
    let mut conversation = Conversation::open(at, patience).await?;
    let (control, name) = (control_file(&job.name), "A001dca");
    conversation.send(&line(2, &queue.0)).await?;
    acknowledged(&mut conversation, "a job for this queue").await?;
    for (command, letter, what, file) in
        [(2, "cf", "the control file", control.as_slice()), (3, "df", "the data file", &job.octets)]
    {
        conversation.send(&line(command, &format!("{} {letter}{name}", file.len()))).await?;
        acknowledged(&mut conversation, what).await?;
        conversation.send(file).await?;
        conversation.send(&[0]).await?;
        acknowledged(&mut conversation, what).await?;
    }
    Ok(())
}

async fn acknowledged(conversation: &mut Conversation, what: &'static str) -> Result<(), JobError> {
    let heard = conversation.hear(|_| true).await;
    match heard.octets.first() {
        Some(0) => Ok(()),
        Some(code) => Err(JobError::Refused { what, code: *code }),
        None => Err(JobError::Silent(what)),
    }
}

fn line(command: u8, operands: &str) -> Vec<u8> {
    [&[command], operands.as_bytes(), b"\n"].concat()
}

/// RFC 1179 §7: host, user, name, print the data file as it is, remove it after that.
fn control_file(name: &str) -> Vec<u8> {
    let visible = |letter: char| if letter.is_ascii_graphic() || letter == ' ' { letter } else { '_' };
    let name: String = name.chars().map(visible).take(99).collect();
    format!("Hdca\nPdca\nJ{name}\nldfA001dca\nUdfA001dca\nN{name}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_has_a_name_that_is_one_operand() {
        assert!(Queue::named("lp").is_some());
        for bad in ["", "l p", "l\n", "ä", &"x".repeat(65)] {
            assert!(Queue::named(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_name_cannot_add_lines_to_the_control_file() {
        let file = control_file("a\nUdfX\r\u{9b}é");
        assert_eq!(file, b"Hdca\nPdca\nJa_UdfX___\nldfA001dca\nUdfA001dca\nNa_UdfX___\n");
    }
}
