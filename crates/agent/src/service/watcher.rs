//! Whoever keeps the service running, and what it is told: systemd, or nobody.

use super::status::Status;
use std::sync::Arc;
use std::time::Duration;

/// How often it hears of the service, if it does not say.
const EVERY: Duration = Duration::from_secs(20);

/// What the service tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// The state folder is open and the service runs; after another `dca.toml`, it is settled.
    Ready,
    /// Its loops turn. One line says how it is.
    Alive(String),
}

/// Whoever watches. What is told comes from the service's own loops: when they hang, nothing is told.
#[derive(Clone)]
pub struct Watcher {
    pub(super) every: Duration,
    tell: Arc<dyn Fn(Sign) + Send + Sync>,
}

impl Watcher {
    /// One that hears a sign of life `every` so often, and calls `tell`.
    pub fn new(every: Option<Duration>, tell: impl Fn(Sign) + Send + Sync + 'static) -> Self {
        Self { every: every.unwrap_or(EVERY), tell: Arc::new(tell) }
    }

    pub(super) fn tell(&self, sign: Sign) {
        (self.tell)(sign);
    }
}

/// Nobody.
impl Default for Watcher {
    fn default() -> Self {
        Self::new(None, |_| ())
    }
}

/// How it is, in a line.
pub(super) fn line(status: &Status) -> String {
    let Status { portal, devices, waiting, health, .. } = status;
    let mut line = format!("portal {}, {devices} devices, {waiting} records wait", portal.replace('_', " "));
    health.iter().for_each(|sentence| line.push_str(&format!("; {sentence}")));
    line.chars().filter(|letter| !letter.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        let mut status = Status { portal: "backing_off".into(), devices: 3, waiting: 7, ..Status::default() };
        assert_eq!(line(&status), "portal backing off, 3 devices, 7 records wait");
        status.health = vec![format!("config: 1\nREADY=1 {}", "x".repeat(1_000))];
        assert!(line(&status).len() <= 300 && !line(&status).contains('\n'));
    }
}
