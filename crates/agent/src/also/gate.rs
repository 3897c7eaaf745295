//! The limit of packets a second holds for conversations over TCP as well: each is let in as so many packets.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Packets that one question over a connection of its own takes: opening, question, answer in two segments, closing, and
/// what acknowledges them.
const PACKETS: u32 = 12;

/// Lets conversations in one after the other.
#[derive(Debug, Default)]
pub(super) struct Gate {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Gate {
    /// At most `rate` packets a second; `None` for no limit.
    pub(super) fn new(rate: Option<u32>) -> Self {
        let one = rate.and_then(|rate| Duration::from_secs(1).checked_div(rate)).unwrap_or_default();
        Self { interval: one * PACKETS, next: Mutex::default() }
    }

    /// Waits until one more question may go.
    pub(super) async fn pass(&self) {
        if self.interval.is_zero() {
            return;
        }
        let turn = {
            let mut next = self.next.lock().await;
            let turn = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            *next = Some(turn + self.interval);
            turn
        };
        sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn conversations_take_their_share_of_the_rate() {
        let start = Instant::now();
        let gate = Gate::new(Some(120));
        for _ in 0..11 {
            gate.pass().await;
        }
        // Eleven conversations are ten intervals, and ten questions a second 120 packets.
        assert_eq!(start.elapsed().as_millis(), 1000);
        Gate::new(None).pass().await;
        assert_eq!(start.elapsed().as_millis(), 1000);
    }
}
