//! TLS towards printers: certificates are self-signed, so what counts is that a device shows the same one as before.
//!
//! On first use the certificate is taken as it is, its hash is told to the caller, and from then on another one is a
//! failure. The handshake's signature is checked in any case, so a device has to own the key of what it shows. Names and
//! dates are not looked at: printers have wrong clocks and change their addresses.
//!
//! rustls speaks TLS 1.2 and 1.3 with forward secrecy. What it does not speak are the SSL 3.0, TLS 1.0 and 1.1 of devices
//! before about 2012, key exchange by RSA alone, RC4 and 3DES, RSA keys below 2,048 bits, SHA-1 signatures and X.509 v1
//! certificates: such a device is read over plain HTTP, or not at all.

use super::WebFailure;
use dca_fence::Allowed;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A device's certificate: the SHA-256 of its DER form, as browsers show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

impl Pin {
    fn of(certificate: &CertificateDer<'_>) -> Self {
        Self(Sha256::digest(certificate.as_ref()).into())
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

/// The text is no SHA-256 in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct PinError;

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(PinError);
        }
        let mut octets = [0; 32];
        for (at, octet) in octets.iter_mut().enumerate() {
            let pair = text.get(2 * at..2 * at + 2).ok_or(PinError)?;
            *octet = u8::from_str_radix(pair, 16).map_err(|_| PinError)?;
        }
        Ok(Self(octets))
    }
}

/// Sets up TLS and tells the certificate.
pub(super) async fn connect(
    at: Allowed,
    stream: TcpStream,
    pinned: Option<Pin>,
) -> Result<(TlsStream<TcpStream>, Pin), WebFailure> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(FirstUse { pinned, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| WebFailure::Tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let name = ServerName::IpAddress(at.addr().ip().into());
    let mut shown = None;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = connecting.await.map_err(|error| failure(&error))?;
    if let Some(first) = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()) {
        shown = Some(Pin::of(first));
    }
    let pin = shown.ok_or_else(|| WebFailure::Tls("the device shows no certificate".to_owned()))?;
    Ok((stream, pin))
}

/// What a changed certificate is told by.
#[derive(Debug)]
struct Changed {
    expected: Pin,
    found: Pin,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for Changed {}

fn failure(error: &std::io::Error) -> WebFailure {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    if let Some(Error::InvalidCertificate(CertificateError::Other(other))) = cause
        && let Some(Changed { expected, found }) = other.0.downcast_ref::<Changed>()
    {
        return WebFailure::PinChanged { expected: *expected, found: *found };
    }
    WebFailure::Tls(cause.map_or_else(|| error.to_string(), ToString::to_string))
}

/// Takes any certificate on first use, and then only that one.
#[derive(Debug)]
struct FirstUse {
    pinned: Option<Pin>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for FirstUse {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = Pin::of(certificate);
        match self.pinned {
            Some(expected) if expected != found => {
                let changed = rustls::OtherError(Arc::new(Changed { expected, found }));
                Err(Error::InvalidCertificate(CertificateError::Other(changed)))
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_it_is_written() {
        let pin = Pin::of(&CertificateDer::from_slice(b"certificate"));
        assert_eq!(pin.to_string().parse(), Ok(pin));
        for bad in ["", "00", &"zz".repeat(32), &"é".repeat(32)] {
            assert_eq!(bad.parse::<Pin>(), Err(PinError), "{bad}");
        }
    }
}
