//! One TCP conversation with a device: bounded in time and in octets, whatever the other side does.
//!
//! A device that answers in part, late, twice or not at all is no error here: [`Heard`] says what came and why no more
//! was waited for.

use crate::LanError;
use dca_fence::Allowed;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// How much one conversation may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until one answer is whole.
    pub answer: Duration,
    /// An answer that cannot tell its own end is taken for whole when nothing more came for so long.
    pub quiet: Duration,
    /// For the conversation in all.
    pub whole: Duration,
    /// Octets received, in all.
    pub octets: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(3),
            quiet: Duration::from_millis(800),
            whole: Duration::from_secs(20),
            octets: 64 << 10,
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// As received.
    pub octets: Vec<u8>,
    /// Why no more was waited for.
    pub ended: Ended,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is whole by its own form.
    Whole,
    /// Nothing more came for a while.
    Quiet,
    /// The device closed the connection.
    Closed,
    /// The time for it was over; with no octets: the device is silent.
    Late,
    /// More octets than are taken.
    TooLong,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Conversation {
    stream: TcpStream,
    patience: Patience,
    end: Instant,
    left: usize,
}

impl Conversation {
    pub(crate) async fn open(at: Allowed, patience: Patience) -> Result<Self, LanError> {
        let start = Instant::now();
        let stream = match timeout_at(start + patience.connect, TcpStream::connect(at.addr())).await {
            Ok(stream) => stream.map_err(LanError::Unreachable)?,
            Err(_) => return Err(LanError::Unreachable(io::ErrorKind::TimedOut.into())),
        };
        Ok(Self { stream, patience, end: start + patience.whole, left: patience.octets })
    }

    pub(crate) async fn send(&mut self, octets: &[u8]) -> Result<(), LanError> {
        let end = self.end.min(Instant::now() + self.patience.answer);
        match timeout_at(end, self.stream.write_all(octets)).await {
            Ok(sent) => sent.map_err(LanError::Unreachable),
            Err(_) => Err(LanError::Unreachable(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Listens until `is_whole`, which sees each octet once and in order, says so.
    pub(crate) async fn hear(&mut self, mut is_whole: impl FnMut(&[u8]) -> bool) -> Heard {
        let end = self.end.min(Instant::now() + self.patience.answer);
        let mut octets = Vec::new();
        let mut space = [0; 2048];
        loop {
            let quiet = Instant::now() + self.patience.quiet;
            let until = if octets.is_empty() { end } else { end.min(quiet) };
            let got = match timeout_at(until, self.stream.read(&mut space)).await {
                Err(_) if until < end => return Heard { octets, ended: Ended::Quiet },
                Err(_) => return Heard { octets, ended: Ended::Late },
                Ok(Err(_) | Ok(0)) => return Heard { octets, ended: Ended::Closed },
                Ok(Ok(got)) => got,
            };
            let new = space.get(..got.min(self.left)).unwrap_or_default();
            self.left -= new.len();
            octets.extend_from_slice(new);
            if is_whole(new) {
                return Heard { octets, ended: Ended::Whole };
            }
            if new.len() < got || self.left == 0 {
                return Heard { octets, ended: Ended::TooLong };
            }
        }
    }

    /// True if something came that nobody asked for.
    pub(crate) fn has_unasked(&self) -> bool {
        let mut space = [0; 256];
        // Line ends behind an answer are part of it.
        matches!(self.stream.try_read(&mut space), Ok(got) if space.iter().take(got).any(|octet| !octet.is_ascii_whitespace()))
    }
}
