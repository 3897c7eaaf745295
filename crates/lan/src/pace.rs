//! Packets per second, as a pure state: the virtual scheduling form of the leaky bucket (ITU-T I.371, GCRA).
//!
//! Each packet moves a theoretical time on by one interval; a packet may go while that time is at most `burst` ahead.
//! The burst covers the grain of the timer, so that the rate is reached without waking for each packet.

use std::time::{Duration, Instant};

/// When the next packet may go.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    burst: Duration,
    due: Option<Instant>,
}

/// Timers of the runtime have a grain of a millisecond; this is a few of them.
const BURST: Duration = Duration::from_millis(5);

impl Pace {
    /// At most `rate` packets a second; `None` or 0 for no limit.
    pub(crate) fn new(rate: Option<u32>) -> Self {
        let interval = rate.and_then(|rate| Duration::from_secs(1).checked_div(rate)).unwrap_or_default();
        Self { interval, burst: if interval < BURST { BURST } else { Duration::ZERO }, due: None }
    }

    /// Whether a packet may go, or when one may.
    pub(crate) fn ready(&self, now: Instant) -> Result<(), Instant> {
        match self.due {
            Some(due) if !self.interval.is_zero() && due > now + self.burst => Err(due - self.burst),
            _ => Ok(()),
        }
    }

    /// Counts a packet that goes.
    pub(crate) fn take(&mut self, now: Instant) {
        self.due = Some(self.due.unwrap_or(now).max(now) + self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many packets go in the first `span` when one is always waiting and the timer wakes late by up to a grain.
    fn sent(rate: Option<u32>, span: Duration, grain: Duration) -> u32 {
        let start = Instant::now();
        let (mut pace, mut now, mut sent) = (Pace::new(rate), start, 0);
        while now - start < span && sent < 1_000_000 {
            match pace.ready(now) {
                Ok(()) => {
                    pace.take(now);
                    sent += 1;
                }
                Err(at) => now = at + grain,
            }
        }
        sent
    }

    #[test]
    fn the_rate_is_reached_and_not_passed() {
        let second = Duration::from_secs(1);
        for rate in [1, 10, 150, 1000, 5000, 50_000] {
            let most = rate + rate / 200 + 1;
            let exact = sent(Some(rate), second, Duration::ZERO);
            assert!((rate..=most).contains(&exact), "{exact} at {rate}/s");
            let late = sent(Some(rate), second, Duration::from_millis(1));
            assert!((rate * 8 / 10..=most).contains(&late), "{late} at {rate}/s with a coarse timer");
        }
        assert_eq!(sent(None, second, Duration::ZERO), 1_000_000, "no limit");
    }

    #[test]
    fn silence_saves_up_no_more_than_the_burst() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(1000));
        pace.take(start);
        let later = start + Duration::from_secs(60);
        let burst = (0..100)
            .take_while(|_| {
                pace.ready(later).is_ok_and(|()| {
                    pace.take(later);
                    true
                })
            })
            .count();
        assert!((5..=7).contains(&burst), "{burst}");
    }
}
