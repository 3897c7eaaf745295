//! Looks at the chain that the portal shows.

use super::{Authority, Base, Trust, TrustError, tls};
use crate::certificate::{issuer, key_hash};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use std::fmt;
use std::sync::Arc;

/// Why the other end is not believed to be the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Distrust {
    /// Signed by nobody who is trusted.
    Stranger,
    /// For another name.
    Name,
    /// No longer valid, or not yet, by the corrected clock.
    Time {
        /// What that says, in seconds since 1970.
        now_s: u64,
    },
    /// Trusted, but with none of the keys that are known to be the portal's.
    Pins,
    /// Something else.
    Other(String),
}

/// A chain that is not trusted, and who signed it. It travels inside rustls' error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untrusted {
    /// Why.
    pub why: Distrust,
    /// Who signed the certificate, by its own account.
    pub issuer: String,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Distrust::Stranger => f.write_str("signed by an authority that is not trusted here"),
            Distrust::Name => f.write_str("the certificate is for another name"),
            Distrust::Time { now_s } => {
                let now = i64::try_from(*now_s).ok().and_then(|now_s| jiff::Timestamp::from_second(now_s).ok());
                write!(f, "the certificate is not valid at {}", now.unwrap_or_default())
            }
            Distrust::Pins => f.write_str("not one of the portal's keys"),
            Distrust::Other(why) => f.write_str(why),
        }?;
        write!(f, " (issued by {})", self.issuer)
    }
}

impl std::error::Error for Untrusted {}

/// The verifier of a [`Trust`].
#[derive(Debug)]
pub(super) struct Verifier {
    base: Ends,
    /// What ends at an authority that the customer named.
    extra: Option<Arc<WebPkiServerVerifier>>,
    pins: Vec<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

/// Where a chain has to end.
#[derive(Debug)]
enum Ends {
    At(Arc<dyn ServerCertVerifier>),
    AtShown(Authority),
    /// There are no authorities but those that the customer has named, if any.
    Nowhere,
}

impl Verifier {
    pub(super) fn new(trust: &Trust, provider: &Arc<CryptoProvider>) -> Result<Self, TrustError> {
        let base = match &trust.base {
            Base::Authority(authority) => Ends::AtShown(*authority),
            Base::Only(certificates) if certificates.is_empty() => Ends::Nowhere,
            Base::Only(certificates) => Ends::At(at(certificates, provider)?),
            Base::Platform => match rustls_platform_verifier::Verifier::new(Arc::clone(provider)) {
                Ok(verifier) => Ends::At(Arc::new(verifier)),
                Err(_) if !trust.extra.is_empty() => Ends::Nowhere,
                Err(error) => return Err(TrustError::Platform(error.to_string())),
            },
        };
        let extra = if trust.extra.is_empty() { None } else { Some(at(&trust.extra, provider)?) };
        Ok(Self { base, extra, pins: trust.pins.clone(), provider: Arc::clone(provider) })
    }

    /// Only the key that signs the handshake counts: anybody can show the certificates of others above his own.
    fn pinned(&self, own: &CertificateDer<'_>) -> Result<(), Error> {
        let known = || key_hash(own).is_ok_and(|hash| self.pins.contains(&hash));
        if self.pins.is_empty() || known() { Ok(()) } else { Err(distrust(Distrust::Pins, "")) }
    }
}

fn at(
    certificates: &[CertificateDer<'_>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TrustError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.clone().into_owned()).map_err(|error| TrustError::Certificate(error.to_string()))?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| tls(Error::General(error.to_string())))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let by_base = match &self.base {
            Ends::At(verifier) => verifier.verify_server_cert(own, above, name, ocsp, now),
            Ends::AtShown(authority) => {
                let named = |shown: &&CertificateDer<'_>| Authority::of(shown).is_ok_and(|found| found == *authority);
                let anchor =
                    above.iter().find(named).and_then(|shown| at(std::slice::from_ref(shown), &self.provider).ok());
                match anchor {
                    Some(verifier) => verifier.verify_server_cert(own, above, name, ocsp, now),
                    None => Err(CertificateError::UnknownIssuer.into()),
                }
            }
            Ends::Nowhere => Err(CertificateError::UnknownIssuer.into()),
        };
        let by_base = by_base.and_then(|verified| self.pinned(own).map(|()| verified));
        let verified = by_base.or_else(|error| match &self.extra {
            Some(verifier) => verifier.verify_server_cert(own, above, name, ocsp, now),
            None => Err(error),
        });
        verified.map_err(|error| distrust(reason(&error, now), &issuer(own)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn reason(error: &Error, now: UnixTime) -> Distrust {
    use CertificateError::*;
    let Error::InvalidCertificate(error) = error else { return Distrust::Other(error.to_string()) };
    match error {
        UnknownIssuer => Distrust::Stranger,
        NotValidForName | NotValidForNameContext { .. } => Distrust::Name,
        Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => {
            Distrust::Time { now_s: now.as_secs() }
        }
        Other(OtherError(other)) => match other.downcast_ref::<Untrusted>() {
            Some(untrusted) => untrusted.why.clone(),
            None => Distrust::Other(error.to_string()),
        },
        _ => Distrust::Other(error.to_string()),
    }
}

fn distrust(why: Distrust, issuer: &str) -> Error {
    let untrusted = Untrusted { why, issuer: issuer.to_owned() };
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(untrusted))))
}
