//! Whom the agent believes to be the portal, and how TLS is set up for it.
//!
//! As a rule these are the authorities that the operating system trusts, so that what a customer's IT department installed
//! there is right for the agent as well. A CA file adds one: where a proxy opens TLS, its own. A portal without a public
//! certificate is known by its own CA alone, and then by nothing else. TLS 1.2 or better, in every case.

mod authority;
mod shown;
mod verify;

pub use authority::{Authority, BadAuthority};
pub use verify::{Distrust, Untrusted};

use crate::certificate::BadCertificate;
use crate::clock::Clock;
use crate::identity::Identity;
use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, UnixTime};
use shown::Shown;
use std::sync::Arc;
use std::time::Duration;
use verify::Verifier;

/// Whom to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    base: Base,
    /// Further authorities, which the customer named. They stand above the pins.
    extra: Vec<CertificateDer<'static>>,
    /// SHA-256 of public keys of which the portal must own one; none: not asked for.
    pins: Vec<[u8; 32]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Base {
    Platform,
    Authority(Authority),
    Only(Vec<CertificateDer<'static>>),
}

/// What is trusted cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// One of the certificates cannot be read.
    #[error("an authority's certificate cannot be used: {0}")]
    Certificate(String),
    /// The system names no authority.
    #[error(
        "the authorities that this system trusts cannot be read: {0}; on Debian install ca-certificates, or name one with --ca FILE"
    )]
    Platform(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// What is spoken inside.
pub(crate) const HTTP_2: &[u8] = b"h2";
pub(crate) const HTTP_1: &[u8] = b"http/1.1";

impl Trust {
    /// The authorities that the operating system trusts.
    pub fn platform() -> Self {
        Self::new(Base::Platform)
    }

    /// Only a chain that ends at this authority, whose certificate the portal shows with its own.
    pub fn authority(authority: Authority) -> Self {
        Self::new(Base::Authority(authority))
    }

    /// Only chains that end at one of these certificates.
    pub fn only(certificates: Vec<CertificateDer<'static>>) -> Self {
        Self::new(Base::Only(certificates))
    }

    fn new(base: Base) -> Self {
        Self { base, extra: Vec::new(), pins: Vec::new() }
    }

    /// Also chains that end at one of these certificates.
    #[must_use]
    pub fn with_extra(mut self, certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        self.extra.extend(certificates);
        self
    }

    /// The portal's certificate must be for one of these keys (SHA-256 of the SubjectPublicKeyInfo). One whose chain ends
    /// at an extra authority need not: whoever has named one knows that TLS is broken open there.
    #[must_use]
    pub fn with_pins(mut self, pins: impl IntoIterator<Item = [u8; 32]>) -> Self {
        self.pins.extend(pins);
        self
    }

    /// Whom to trust as a proxy: it is not the portal, so neither the portal's CA nor its pins say anything of it.
    pub(crate) fn for_proxy(&self) -> Self {
        Self::platform().with_extra(self.extra.iter().cloned())
    }

    /// TLS towards who is trusted. The certificate of `identity` is shown while it is good.
    ///
    /// # Errors
    /// If an authority or the own identity cannot be used.
    pub(crate) fn client(
        &self,
        identity: Option<&Identity>,
        clock: &Arc<Clock>,
        protocol: &[u8],
    ) -> Result<ClientConfig, TrustError> {
        let provider = provider();
        let verifier = Verifier::new(self, &provider)?;
        let time = Arc::new(Corrected(Arc::clone(clock)));
        let shown = identity.map(|own| Shown::new(own, clock, &provider)).transpose().map_err(tls)?;
        let config = ClientConfig::builder_with_details(provider, time)
            .with_safe_default_protocol_versions()
            .map_err(tls)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match shown {
            Some(shown) => config.with_client_cert_resolver(Arc::new(shown)),
            None => config.with_no_client_auth(),
        };
        if !protocol.is_empty() {
            config.alpn_protocols = vec![protocol.to_vec()];
        }
        Ok(config)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn tls(error: rustls::Error) -> TrustError {
    TrustError::Tls(error.to_string())
}

impl From<BadCertificate> for TrustError {
    fn from(error: BadCertificate) -> Self {
        Self::Certificate(error.to_string())
    }
}

/// The portal's time, so that a wrong clock does not make good certificates bad.
#[derive(Debug)]
struct Corrected(Arc<Clock>);

impl rustls::time_provider::TimeProvider for Corrected {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now_ms() / 1_000).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
