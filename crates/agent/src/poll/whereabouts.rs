//! Why a printer does not answer. A printer that is off for the night is no fault; one that has lost its community is.
//!
//! ```text
//! answers as itself                    here, or moved (its serial number answers elsewhere)
//! another serial number answers        replaced
//! answers, but refuses us              wrong credentials
//! silent in fewer than three polls     missed: nothing is concluded
//! silent, but the host lives           SNMP off, or a community that it drops
//! silent, and it has slept before      asleep
//! silent, nothing else is known        gone
//! ```

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Polls in a row, each with two time-outs, before anything is concluded from silence.
pub const ENOUGH: u8 = 3;

/// Where a device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Whereabouts {
    /// It answers at its address.
    Here,
    /// It answers, at another address than before.
    Moved {
        /// Where it was.
        from: SocketAddr,
    },
    /// Another device answers at its address, and it was not found elsewhere.
    Replaced {
        /// What answers there.
        by: String,
    },
    /// It was silent, fewer than three polls in a row.
    Missed {
        /// So many.
        polls: u8,
    },
    /// Silent, as it was before when it slept.
    Asleep {
        /// Polls in a row.
        polls: u8,
    },
    /// The host is there and SNMP is silent: switched off, filtered, or another community.
    SnmpOff {
        /// How it was told that the host is there.
        how: String,
    },
    /// It answers, and does not let us in.
    WrongCredentials {
        /// What it said.
        why: String,
    },
    /// No sign of life.
    Gone {
        /// Polls in a row.
        polls: u8,
        /// True if an ICMP echo was tried; without, "SNMP off" is not excluded.
        pinged: bool,
    },
}

/// What is known when a device did not answer as expected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Polls in a row without an answer, each with two time-outs.
    pub polls: u8,
    /// What it said when it refused us.
    pub refused: Option<String>,
    /// What the network said of its SNMP port: ICMP "port unreachable" comes from a living host.
    pub port_closed: bool,
    /// Whether it answered an ICMP echo, if one was sent.
    pub echo: Option<bool>,
    /// It was silent before and came back without having been restarted.
    pub has_slept: bool,
    /// What answers at its address instead.
    pub other: Option<String>,
}

/// What follows from the evidence.
pub fn judge(evidence: &Evidence) -> Whereabouts {
    let Evidence { polls, refused, port_closed, echo, has_slept, other } = evidence;
    let polls = *polls;
    if let Some(other) = other {
        return Whereabouts::Replaced { by: other.clone() };
    }
    if let Some(why) = refused {
        return Whereabouts::WrongCredentials { why: why.clone() };
    }
    match () {
        () if polls == 0 => Whereabouts::Here,
        () if polls < ENOUGH => Whereabouts::Missed { polls },
        () if *echo == Some(true) => Whereabouts::SnmpOff { how: "it answers a ping".into() },
        () if *port_closed => Whereabouts::SnmpOff { how: "its host says that the port is closed".into() },
        () if *has_slept => Whereabouts::Asleep { polls },
        () => Whereabouts::Gone { polls, pinged: echo.is_some() },
    }
}

impl Whereabouts {
    /// True if it is worth an ICMP echo to know more.
    pub fn wants_echo(evidence: &Evidence) -> bool {
        evidence.echo.is_none() && matches!(judge(evidence), Self::Gone { .. } | Self::Asleep { .. })
    }
}

/// One sentence without a subject.
impl std::fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Here => f.write_str("answers"),
            Self::Moved { from } => write!(f, "moved from {from}"),
            Self::Replaced { by } => write!(f, "replaced: {by} answers at its address"),
            Self::Missed { polls: 1 } => f.write_str("silent once: nothing is concluded yet"),
            Self::Missed { polls } => write!(f, "silent {polls} times: nothing is concluded yet"),
            Self::Asleep { polls } => write!(f, "silent {polls} times, probably asleep as before"),
            Self::SnmpOff { how } => {
                write!(f, "silent, but {how}: SNMP is off or filtered, or it has another community")
            }
            Self::WrongCredentials { why } => write!(f, "does not let us in: {why}"),
            Self::Gone { polls, pinged: true } => write!(f, "gone: silent {polls} times, no echo either"),
            Self::Gone { polls, pinged: false } => write!(f, "gone, or SNMP is off: silent {polls} times"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_case_has_its_evidence() {
        let silent = |polls: u8| Evidence { polls, ..Evidence::default() };
        let check = |evidence: Evidence, expected: Whereabouts| assert_eq!(judge(&evidence), expected, "{evidence:?}");
        check(silent(0), Whereabouts::Here);
        check(silent(2), Whereabouts::Missed { polls: 2 });
        // Even a host that answers pings is not judged by two polls: it may be starting.
        check(Evidence { echo: Some(true), ..silent(2) }, Whereabouts::Missed { polls: 2 });
        check(silent(3), Whereabouts::Gone { polls: 3, pinged: false });
        check(Evidence { echo: Some(false), ..silent(4) }, Whereabouts::Gone { polls: 4, pinged: true });
        check(Evidence { has_slept: true, echo: Some(false), ..silent(9) }, Whereabouts::Asleep { polls: 9 });
        let off = |evidence: Evidence| assert!(matches!(judge(&evidence), Whereabouts::SnmpOff { .. }), "{evidence:?}");
        off(Evidence { echo: Some(true), has_slept: true, ..silent(3) });
        off(Evidence { port_closed: true, ..silent(3) });
        let why = || "the device refuses our digest".to_owned();
        check(Evidence { refused: Some(why()), ..silent(1) }, Whereabouts::WrongCredentials { why: why() });
        let by = || "serial B2".to_owned();
        check(Evidence { other: Some(by()), ..silent(3) }, Whereabouts::Replaced { by: by() });
    }
}
