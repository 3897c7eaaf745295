//! Who may look: whoever opened the link that was printed at the start. A link is good once and for half an hour; with it
//! comes a session that ends after an hour without a look, and after a day in any case. People with names, passwords and
//! rights are not here yet.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

const LINK_MS: i64 = 30 * 60_000;
const IDLE_MS: i64 = 60 * 60_000;
const SESSION_MS: i64 = 24 * 60 * 60_000;
/// Open links and sessions at once.
const MOST: usize = 1_000;

/// Open links and sessions. Of a secret only its hash is kept.
#[derive(Debug, Default)]
pub(crate) struct Links(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    /// Until when.
    links: HashMap<Vec<u8>, i64>,
    sessions: HashMap<Vec<u8>, Session>,
}

#[derive(Debug)]
struct Session {
    used: i64,
    begun: i64,
}

impl Links {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new link's secret. `None` if the machine gives no randomness.
    pub(crate) fn offer(&self, now_ms: i64) -> Option<String> {
        let secret = draw()?;
        self.accept(hash(&secret), now_ms);
        Some(secret)
    }

    /// A link whose secret another process drew.
    pub(crate) fn accept(&self, hash: Vec<u8>, now_ms: i64) {
        let mut open = self.open();
        open.links.retain(|_, until| *until > now_ms);
        if open.links.len() < MOST {
            open.links.insert(hash, now_ms.saturating_add(LINK_MS));
        }
    }

    /// Takes a link; the answer is the secret of a session.
    pub(crate) fn take(&self, secret: &str, now_ms: i64) -> Option<String> {
        let mut open = self.open();
        let until = open.links.remove(&hash(secret))?;
        open.sessions.retain(|_, session| session.is_open(now_ms));
        if until <= now_ms || open.sessions.len() >= MOST {
            return None;
        }
        let session = draw()?;
        open.sessions.insert(hash(&session), Session { used: now_ms, begun: now_ms });
        Some(session)
    }

    /// Whether a session is open; it stays so for another hour.
    pub(crate) fn is_open(&self, secret: &str, now_ms: i64) -> bool {
        let mut open = self.open();
        let Some(session) = open.sessions.get_mut(&hash(secret)) else { return false };
        let is_open = session.is_open(now_ms);
        session.used = now_ms;
        is_open
    }
}

impl Session {
    fn is_open(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.used) < IDLE_MS && now_ms.saturating_sub(self.begun) < SESSION_MS
    }
}

/// 256 random bits, as they stand in a link.
pub(crate) fn draw() -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(crate::keys::random::<32>().ok()?))
}

/// What is kept of a secret.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_once_and_for_half_an_hour() {
        let links = Links::default();
        let link = links.offer(0).unwrap();
        assert_eq!(links.take("another", 1), None);
        let session = links.take(&link, 1).unwrap();
        assert_eq!(links.take(&link, 2), None);
        let late = links.offer(0).unwrap();
        assert_eq!(links.take(&late, LINK_MS), None);
        assert!(links.is_open(&session, IDLE_MS));
        assert!(!links.is_open(&link, 3));
        assert!(!links.is_open(&session, 2 * IDLE_MS));
    }

    #[test]
    fn a_session_ends_after_a_day() {
        let links = Links::default();
        let session = links.take(&links.offer(0).unwrap(), 0).unwrap();
        let steps: Vec<bool> = (0..30).map(|hour| links.is_open(&session, hour * 3_500_000)).collect();
        assert!(steps[20] && !steps[25]);
    }
}
