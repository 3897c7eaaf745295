//! What is asked and what comes back.

use crate::ber::Fault;
use crate::message::ErrorStatus;
use crate::oid::Oid;
use crate::quirk::Quirks;
use crate::value::VarBind;
use core::time::Duration;
use std::sync::Arc;

/// A question to one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// How to ask.
    pub operation: Operation,
    /// The names asked for, in order.
    pub oids: Arc<[Oid]>,
}

/// The operations a manager asks with. There is no Set: this crate only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Exactly these instances (RFC 3416 §4.2.1).
    Get,
    /// The instance after each name (§4.2.2).
    GetNext,
    /// Many instances after each name (§4.2.3). Towards a v1 device a GetNext is sent instead.
    GetBulk {
        /// The first names that are asked for once only.
        non_repeaters: u32,
        /// How many successors of each remaining name.
        max_repetitions: u32,
    },
}

impl Request {
    /// Get these instances.
    pub fn get(oids: impl IntoIterator<Item = impl Into<Oid>>) -> Self {
        Self { operation: Operation::Get, oids: oids.into_iter().map(Into::into).collect() }
    }

    /// Get what follows these names.
    pub fn get_next(oids: impl IntoIterator<Item = impl Into<Oid>>) -> Self {
        Self { operation: Operation::GetNext, oids: oids.into_iter().map(Into::into).collect() }
    }

    /// Get many successors of these names.
    pub fn get_bulk(max_repetitions: u32, oids: impl IntoIterator<Item = impl Into<Oid>>) -> Self {
        let operation = Operation::GetBulk { non_repeaters: 0, max_repetitions };
        Self { operation, oids: oids.into_iter().map(Into::into).collect() }
    }
}

/// What a device answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The bindings. For a Get one for each name asked, in that order, whatever had to be split or asked again; a name
    /// that a v1 agent refused is `NoSuchObject` here, as v2c would say it.
    pub varbinds: Vec<VarBind>,
    /// What was forgiven.
    pub quirks: Quirks,
    /// From the first transmission to the answer.
    pub took: Duration,
    /// How many datagrams were sent for it, retries, splits and discovery included.
    pub sent: u32,
    /// Which of several credentials was answered, counted from 0; see `Manager::submit_as_any`.
    pub who: usize,
}

/// Why there is no answer. Retries, discovery and resynchronisation have been tried by then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Nothing came back: the device is off, elsewhere, filtered, or drops what it does not authorise.
    #[error("no answer after {tries} tries in {:.1} s", waited.as_secs_f32())]
    NoAnswer {
        /// Datagrams sent.
        tries: u32,
        /// From the first one on.
        waited: Duration,
    },
    /// A v3 engine named itself in this exchange, and nothing came back to the question: agents drop without a word what
    /// deciphers to nonsense, and many an unknown context. An engine known from before may have gone since: then silence is
    /// [`Failure::NoAnswer`], and the next question finds out.
    #[error("the device answers SNMPv3 and drops our questions: wrong privacy password or context")]
    Dropped {
        /// Datagrams sent, the engine's discovery included.
        tries: u32,
        /// From the first one on.
        waited: Duration,
    },
    /// The network or the host refused the datagram (ICMP unreachable, no route), as the driver heard it.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The v3 engine reported an error (RFC 3414 §3.2).
    #[error("{0}")]
    Usm(UsmReport),
    /// An answer came whose digest is wrong: the password differs, or somebody interferes.
    #[error("the answer's digest is wrong: the authentication password or protocol differs")]
    BadDigest,
    /// The answer cannot be decrypted: the privacy password, protocol or key extension differs.
    #[error("the answer cannot be decrypted: the privacy password or protocol differs")]
    BadPrivacy,
    /// The device answered with an error.
    #[error("the device answered {status} for binding {index}")]
    Agent {
        /// What it said.
        status: ErrorStatus,
        /// Which binding, counted from 1; 0 for none.
        index: u32,
    },
    /// The device answers, but not in SNMP that can be understood.
    #[error("the answer cannot be understood: {0}")]
    Garbled(Fault),
    /// The question was taken back.
    #[error("cancelled")]
    Cancelled,
    /// The question cannot be sent: no name, or larger than a datagram.
    #[error("the request cannot be sent: {0}")]
    BadRequest(&'static str),
}

/// The six reports of RFC 3414 §3.2 (usmStats, 1.3.6.1.6.3.15.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum UsmReport {
    /// usmStatsUnsupportedSecLevels.
    #[error("the device does not support this security level for the user")]
    UnsupportedSecLevel,
    /// usmStatsNotInTimeWindows, and resynchronising did not help.
    #[error("the device keeps refusing our time window")]
    NotInTimeWindow,
    /// usmStatsUnknownUserNames.
    #[error("the device does not know this user")]
    UnknownUserName,
    /// usmStatsUnknownEngineIDs, and discovery did not help.
    #[error("the device keeps refusing its own engine id")]
    UnknownEngineId,
    /// usmStatsWrongDigests.
    #[error("the device refuses our digest: wrong authentication password or protocol")]
    WrongDigest,
    /// usmStatsDecryptionErrors.
    #[error("the device cannot decrypt our request: wrong privacy password, protocol or key extension")]
    DecryptionError,
    /// snmpUnknownContexts (RFC 3413 §3.2; 1.3.6.1.6.3.12.1.5).
    #[error("the device does not know this context")]
    UnknownContext,
}

impl Failure {
    /// True if asking again later may help without anything being changed.
    pub fn is_retryable(&self) -> bool {
        self.is_silence() || matches!(self, Self::Unreachable(_) | Self::Garbled(_))
    }

    /// True if nothing came back to the question.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::NoAnswer { .. } | Self::Dropped { .. })
    }
}
