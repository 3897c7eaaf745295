//! How a call to the portal ends, other than well.

use crate::certificate::clean;
use crate::dial::DialError;
use crate::rhythm::Failure;
use std::error::Error;
use std::time::Duration;
use tonic::{Code, Status};

/// How a call to the portal ended. Each is a sentence for a person; what to do about it is the kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloudError {
    /// No answer of the portal: try again, each time later.
    #[error("the portal cannot be reached: {why}")]
    Unreachable {
        /// What is in the way.
        why: String,
    },
    /// The portal does not want this agent, or not this code.
    #[error("the portal refuses: {why}")]
    Refused {
        /// In the portal's words.
        why: String,
    },
    /// It has too much to do.
    #[error("the portal asks to come back in {} s", retry_after.as_secs())]
    Later {
        /// After how long.
        retry_after: Duration,
    },
    /// It, or this agent, does not keep to the contract. Trying the same again does not help; a newer version may.
    #[error("agent and portal do not understand each other ({why}): one of them may need an update")]
    Contract {
        /// What was wrong.
        why: String,
    },
}

/// Seconds to wait, beside a status `RESOURCE_EXHAUSTED` or `UNAVAILABLE`.
const RETRY_AFTER: &str = "retry-after";
/// The portal's clock, beside a refusal: milliseconds since 1970.
const TIME: &str = "dca-time";
/// What tonic makes of an answer that is no gRPC: somebody between here and the portal gave it.
const NOT_GRPC: &str = "grpc-status header missing";
/// Most letters of what a stranger says.
const WORDS: usize = 300;

impl CloudError {
    /// What it means to the [`Rhythm`](crate::Rhythm).
    pub fn failure(&self) -> Failure {
        match self {
            Self::Unreachable { .. } | Self::Contract { .. } => Failure::Unreachable,
            Self::Refused { .. } => Failure::Refused,
            Self::Later { retry_after } => Failure::Later(*retry_after),
        }
    }

    pub(crate) fn from_status(status: &Status) -> Self {
        let why = || clean(status.message(), WORDS);
        if let Some(error) = status.source().and_then(dial_error) {
            return Self::Unreachable { why: error.to_string() };
        }
        if status.message().starts_with(NOT_GRPC) {
            return Self::Unreachable { why: format!("something on the way answers in its place ({})", why()) };
        }
        if let Some(seconds) = number(status, RETRY_AFTER)
            && matches!(status.code(), Code::ResourceExhausted | Code::Unavailable)
        {
            return Self::Later { retry_after: Duration::from_secs(seconds.unsigned_abs()).min(crate::rhythm::HOUR) };
        }
        match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => Self::Refused { why: why() },
            Code::ResourceExhausted => Self::Later { retry_after: Duration::from_secs(60) },
            Code::Unavailable => Self::Unreachable { why: why() },
            Code::DeadlineExceeded | Code::Cancelled => {
                Self::Unreachable { why: "it does not answer in time".to_owned() }
            }
            // What the transport says carries its cause; what the portal says does not.
            _ if status.source().is_some() => Self::Unreachable { why: why() },
            code => Self::Contract { why: format!("{code:?}: {}", why()) },
        }
    }
}

/// The portal's clock, where a refusal tells it.
pub(crate) fn told_time(status: &Status) -> Option<i64> {
    number(status, TIME)
}

/// The connection broke under a call, and was not refused: on a new one it may go well.
pub(crate) fn is_stale(status: &Status) -> bool {
    status.source().is_some_and(|cause| dial_error(cause).is_none())
}

/// The connection was not made, because the own certificate is not taken.
pub(crate) fn refuses_certificate(status: &Status) -> bool {
    status.source().and_then(dial_error).is_some_and(|error| matches!(error, DialError::OwnCertificate { .. }))
}

fn number(status: &Status, key: &str) -> Option<i64> {
    status.metadata().get(key)?.to_str().ok()?.parse().ok()
}

fn dial_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a DialError> {
    let mut cause = Some(cause);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: Status, expected: CloudError) {
        assert_eq!(CloudError::from_status(&status), expected);
    }

    #[test]
    fn what_a_status_means() {
        check(
            Status::unauthenticated("unknown\u{1b}[2J agent"),
            CloudError::Refused { why: "unknown[2J agent".to_owned() },
        );
        check(Status::unavailable("gone"), CloudError::Unreachable { why: "gone".to_owned() });
        check(Status::invalid_argument("x"), CloudError::Contract { why: "InvalidArgument: x".to_owned() });
        let page = "grpc-status header missing, mapped from HTTP status code 403";
        let found = CloudError::from_status(&Status::permission_denied(page));
        assert_eq!(found.failure(), Failure::Unreachable, "a proxy's page is no refusal");
        let mut later = Status::resource_exhausted("busy");
        later.metadata_mut().insert(RETRY_AFTER, "90".parse().unwrap());
        check(later.clone(), CloudError::Later { retry_after: Duration::from_secs(90) });
        later.metadata_mut().insert(RETRY_AFTER, "999999".parse().unwrap());
        check(later, CloudError::Later { retry_after: crate::rhythm::HOUR });
    }

    #[test]
    fn what_dialling_says_is_found_again() {
        let dial = DialError::Silent { at: "portal.example:443".to_owned() };
        let status = Status::from_error(Box::new(dial.clone()));
        check(status, CloudError::Unreachable { why: dial.to_string() });
    }
}
