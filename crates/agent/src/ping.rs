//! `ping`: is the device there at all.

use dca_fence::Allowed;
use dca_lan::LanError;
use std::time::Duration;

/// Sends one ICMP echo request and waits for its reply.
pub async fn ping(at: Allowed, timeout: Duration) -> Result<Duration, LanError> {
    dca_lan::ping(at, timeout).await
}
