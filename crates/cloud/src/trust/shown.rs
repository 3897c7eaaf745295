//! The client certificate, as long as it is good.

use crate::clock::Clock;
use crate::identity::Identity;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls::{Error, SignatureScheme};
use std::sync::Arc;

/// Decides at each handshake.
#[derive(Debug)]
pub(super) struct Shown {
    identity: Identity,
    clock: Arc<Clock>,
    own: Arc<CertifiedKey>,
}

impl Shown {
    pub(super) fn new(identity: &Identity, clock: &Arc<Clock>, provider: &CryptoProvider) -> Result<Self, Error> {
        let own = CertifiedKey::from_der(identity.chain().to_vec(), identity.tls_key(), provider)?;
        Ok(Self { identity: identity.clone(), clock: Arc::clone(clock), own: Arc::new(own) })
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.has_certs().then(|| Arc::clone(&self.own))
    }

    fn has_certs(&self) -> bool {
        self.identity.is_shown(self.clock.now_ms())
    }
}
