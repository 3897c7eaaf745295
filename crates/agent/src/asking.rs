//! How patiently and how fast devices are asked.

use std::time::Duration;

/// How patiently and how fast devices are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// After this long without an answer a device counts as silent, repeated questions included. What it answers to
    /// an earlier one of them counts, so asking again costs a slow device nothing.
    pub timeout: Duration,
    /// How often a question is sent again within that time.
    pub retries: u32,
    /// Packets a second over all devices, at most.
    pub rate: Option<u32>,
    /// Questions stay within 484 octets, a pause lies between two to one device, and at most 50 packets a second are sent.
    pub polite: bool,
}

/// Four seconds: some printers take two or three to wake their network card.
impl Default for Asking {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(4), retries: 1, rate: None, polite: false }
    }
}

/// Addresses that are asked at the same time. With it, a range of so many silent addresses takes one time-out.
pub(crate) const AT_ONCE: usize = 4096;

/// More would cost memory, about a kilobyte each, and nobody asks for such a pace.
const MOST_AT_ONCE: usize = 32_768;

/// Packets a second in polite mode.
const POLITE_RATE: u32 = 50;
/// Octets of a datagram in polite mode: what every SNMP engine must take (RFC 3412 §6).
pub(crate) const POLITE_OCTETS: usize = 484;
/// Between two questions to one device in polite mode.
pub(crate) const POLITE_PAUSE: Duration = Duration::from_millis(250);
/// Columns read side by side in polite mode.
pub(crate) const POLITE_COLUMNS: usize = 6;

impl Asking {
    /// How long the first try waits, so that all tries together take at most the time-out: each further one waits twice
    /// as long as the one before, and up to a quarter more by chance.
    pub(crate) fn first_try(self) -> Duration {
        let tries = (1..=self.retries).map(|retry| 1.25 * f64::from(1_u32 << retry.min(6)));
        self.timeout.div_f64(1.0 + tries.sum::<f64>())
    }

    /// Addresses that are asked at the same time: more than usual where fewer would not keep a fast pace, since each silent
    /// one is waited for until the time-out.
    pub(crate) fn at_once(self) -> usize {
        let pace = self.packets().map_or(0.0, |rate| f64::from(rate) * self.timeout.as_secs_f64());
        (1.25 * pace).clamp(AT_ONCE as f64, MOST_AT_ONCE as f64) as usize
    }

    /// The limit of packets a second.
    pub(crate) fn packets(self) -> Option<u32> {
        let polite = self.polite.then_some(POLITE_RATE);
        [self.rate, polite].into_iter().flatten().min()
    }

    /// How long after the one before it the next credentials are tried.
    pub(crate) fn stagger(self) -> Duration {
        (self.timeout / 10).min(Duration::from_millis(100))
    }
}

/// A time-out from a number of seconds.
pub fn seconds(seconds: f64) -> Result<Duration, String> {
    if (0.05..=60.0).contains(&seconds) {
        return Ok(Duration::from_secs_f64(seconds));
    }
    Err(format!("expected 0.05 to 60 seconds, found {seconds}"))
}

/// A number of retries.
pub fn retries(retries: u32) -> Result<u32, String> {
    if retries <= 10 { Ok(retries) } else { Err(format!("expected 0 to 10, found {retries}")) }
}

/// Packets a second.
pub fn rate(rate: u32) -> Result<u32, String> {
    if rate > 0 { Ok(rate) } else { Err("expected at least 1 packet a second".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tries_fit_into_the_timeout() {
        let first = |retries| Asking { timeout: Duration::from_secs(7), retries, ..Asking::default() }.first_try();
        assert_eq!(first(0), Duration::from_secs(7));
        assert_eq!(first(1), Duration::from_secs(2));
    }

    #[test]
    fn a_pace_is_not_held_up_by_silent_addresses() {
        let at_once = |rate| Asking { timeout: Duration::from_secs(2), rate, ..Asking::default() }.at_once();
        assert_eq!([None, Some(100), Some(5_000), Some(1_000_000)].map(at_once), [4_096, 4_096, 12_500, 32_768]);
    }

    #[test]
    fn limits() {
        assert_eq!(seconds(0.5), Ok(Duration::from_millis(500)));
        for bad in [0.0, -1.0, 61.0, f64::NAN, f64::INFINITY] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
        assert!(retries(11).is_err() && rate(0).is_err());
    }
}
