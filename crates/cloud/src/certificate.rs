//! What is looked up in a certificate. Whether it is to be trusted is decided elsewhere.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Most octets of a file with certificates, and most certificates in it.
const FILE: usize = 1 << 20;
const CERTIFICATES: usize = 64;

/// Something that was to be a certificate and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCertificate(&'static str);

/// SHA-256 of the SubjectPublicKeyInfo: what stays when a certificate is renewed for the same key.
pub(crate) fn key_hash(certificate: &CertificateDer<'_>) -> Result<[u8; 32], BadCertificate> {
    Ok(Sha256::digest(parse(certificate)?.public_key().raw).into())
}

/// From and until when it is valid, in milliseconds since 1970.
pub(crate) fn validity(certificate: &CertificateDer<'_>) -> Result<(i64, i64), BadCertificate> {
    let certificate = parse(certificate)?;
    let milliseconds = |seconds: i64| seconds.saturating_mul(1_000);
    let validity = certificate.validity();
    Ok((milliseconds(validity.not_before.timestamp()), milliseconds(validity.not_after.timestamp())))
}

/// Who signed it, for a person. The text is a stranger's: it is cut and holds no control characters.
pub(crate) fn issuer(certificate: &CertificateDer<'_>) -> String {
    parse(certificate).map_or_else(|_| "unreadable".to_owned(), |it| clean(&it.issuer().to_string(), 120))
}

/// The certificates in the text of a PEM file.
///
/// # Errors
/// If there is none, or it is no such file.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BadCertificate> {
    if pem.len() > FILE {
        return Err(BadCertificate("more than 1 MiB"));
    }
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .take(CERTIFICATES)
        .collect::<Result<_, _>>()
        .map_err(|_| BadCertificate("no PEM file with certificates"))?;
    if found.is_empty() {
        return Err(BadCertificate("no certificate in it: expected a PEM file with -----BEGIN CERTIFICATE-----"));
    }
    found.iter().try_for_each(|certificate| parse(certificate).map(drop))?;
    Ok(found)
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, BadCertificate> {
    let (rest, parsed) =
        X509Certificate::from_der(certificate).map_err(|_| BadCertificate("not an X.509 certificate"))?;
    if rest.is_empty() { Ok(parsed) } else { Err(BadCertificate("octets after an X.509 certificate")) }
}

/// A stranger's text, cut and without control characters.
pub(crate) fn clean(text: &str, most: usize) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;

    #[test]
    fn files_without_certificates_are_refused() {
        for bad in ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(certificates(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_certificate_is_looked_into() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["portal.example".to_owned()]).unwrap();
        let made = params.self_signed(&key).unwrap();
        let base64 = base64::prelude::BASE64_STANDARD.encode(made.der());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
        let found = certificates(pem.as_bytes()).unwrap();
        assert_eq!(found, [made.der().clone()]);
        assert_eq!(
            key_hash(made.der()).unwrap(),
            <[u8; 32]>::from(Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&key)))
        );
        let (from, until) = validity(made.der()).unwrap();
        assert!(from < until);
    }
}
