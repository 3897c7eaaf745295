//! Messages with a secret in them do not print it.

use crate::v1::{ActivateRequest, SignedConfig};
use std::fmt;

impl fmt::Debug for ActivateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caller, activation_code: _, csr, host, fleet_hint } = self;
        f.debug_struct("ActivateRequest")
            .field("caller", caller)
            .field("activation_code", &format_args!("..."))
            .field("csr", &format_args!("{} octets", csr.len()))
            .field("host", host)
            .field("fleet_hint", fleet_hint)
            .finish()
    }
}

impl fmt::Debug for SignedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { revision, blob, signature: _ } = self;
        f.debug_struct("SignedConfig")
            .field("revision", revision)
            .field("blob", &format_args!("{} octets", blob.len()))
            .finish_non_exhaustive()
    }
}
