//! One question to many devices.
//!
//! Most addresses of a sweep do not answer, so what is kept of each question on its way is little: the question and who asks
//! are shared by all, and only an address that answers gets more than that.

use crate::credentials::Credentials;
use crate::request::{Operation, Request};
use std::sync::Arc;
use std::time::Duration;

/// A question for many devices, and who asks it. See [`Manager::survey`](crate::Manager::survey).
#[derive(Debug, Clone)]
pub struct Survey {
    /// What is asked.
    pub ask: Request,
    /// Who asks: one user, or communities that take turns until one of them is answered.
    pub who: Arc<[Credentials]>,
    /// Between one turn and the next.
    pub stagger: Duration,
}

impl Survey {
    /// Asked by one.
    pub fn new(ask: Request, who: &Credentials) -> Self {
        Self { ask, who: Arc::new([who.clone()]), stagger: Duration::ZERO }
    }

    /// Why it cannot be asked.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        match *self.who {
            [] => Some("nobody asks"),
            [_] => None,
            ref many if many.iter().any(|who| matches!(who, Credentials::V3(_))) => Some("only communities take turns"),
            _ => None,
        }
    }

    /// True if a question of it can be kept small.
    pub(crate) fn is_plain(&self) -> bool {
        self.ask.operation == Operation::Get && !self.ask.oids.is_empty()
    }

    /// Whose turn the try at this place is.
    pub(crate) fn turn(&self, place: usize) -> Option<&Credentials> {
        self.who.get(place % self.who.len().max(1))
    }

    /// How many take turns.
    pub(crate) fn in_turn(&self) -> u32 {
        u32::try_from(self.who.len()).unwrap_or(u32::MAX).max(1)
    }
}
