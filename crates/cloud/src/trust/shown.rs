//! The certificate that the agent shows, as long as it is valid.
//!
//! A server ends the handshake with who shows one that has run out. Without one the agent still proves itself, by the
//! signature of each call, and so gets a new one: a machine that was off for a summer comes back by itself.

use super::tls;
use crate::clock::Clock;
use crate::identity::Identity;
use crate::trust::TrustError;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Shown {
    certified: Arc<CertifiedKey>,
    valid_until_ms: i64,
    clock: Arc<Clock>,
}

impl Shown {
    pub(super) fn new(own: &Identity, clock: &Arc<Clock>, provider: &CryptoProvider) -> Result<Self, TrustError> {
        let certified = CertifiedKey::from_der(own.chain().to_vec(), own.tls_key(), provider).map_err(tls)?;
        let valid_until_ms = own.valid_until_ms();
        Ok(Self { certified: Arc::new(certified), valid_until_ms, clock: Arc::clone(clock) })
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.has_certs().then(|| Arc::clone(&self.certified))
    }

    fn has_certs(&self) -> bool {
        self.clock.now_ms() < self.valid_until_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Key;
    use crate::machine_ms;
    use dca_wire::AgentId;
    use std::time::Duration;

    #[test]
    fn one_that_has_run_out_is_not_shown() {
        let key = Key::generate().unwrap();
        let pair = rcgen::KeyPair::try_from(key.pkcs8().as_slice()).unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(2100, 1, 1);
        let chain = vec![params.self_signed(&pair).unwrap().der().clone()];
        let own = Identity::new(AgentId::parse("a-1").unwrap(), key, chain).unwrap();
        let clock = Arc::new(Clock::default());
        let shown = Shown::new(&own, &clock, &super::super::provider()).unwrap();
        assert!(shown.resolve(&[], &[]).is_some());
        clock.measured(machine_ms(), Duration::ZERO, own.valid_until_ms() + 1_000);
        assert!(shown.resolve(&[], &[]).is_none());
    }
}
