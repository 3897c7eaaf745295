//! The portal's own certificate authority: it certifies agents, and the portal itself where nobody else does.

use crate::keys::{KeyError, Keys, random, write_new};
use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData,
    SerialNumber, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::IpAddr;
use std::time::Duration;
use zeroize::Zeroizing;

const DAY_MS: i64 = 86_400_000;
/// How long an agent's certificate is good; it is renewed at two thirds.
pub(crate) const AGENT_LIFE_MS: i64 = 30 * DAY_MS;
/// The portal's own.
const SERVER_LIFE_MS: i64 = 397 * DAY_MS;
const CA_LIFE_MS: i64 = 20 * 365 * DAY_MS;
/// Clocks of agents may be behind.
const BEFORE_MS: i64 = DAY_MS;

/// A certificate authority with its key.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// What was certified.
#[derive(Debug)]
pub(crate) struct Issued {
    /// In DER.
    pub(crate) certificate: Vec<u8>,
    /// The key it is for: its SubjectPublicKeyInfo in DER.
    pub(crate) key: Vec<u8>,
    pub(crate) ends_ms: i64,
}

/// A certificate with its key, for the portal's own port.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl From<rcgen::Error> for KeyError {
    fn from(_: rcgen::Error) -> Self {
        Self::Crypto
    }
}

impl Ca {
    /// The authority whose key lies in the keys folder; made at the first start.
    ///
    /// # Errors
    /// If its files cannot be read or made.
    pub fn open(keys: &Keys, now_ms: i64) -> Result<Self, KeyError> {
        let pem = keys.file("ca.key", || {
            Ok(Zeroizing::new(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?.serialize_pem().into_bytes()))
        })?;
        let unreadable = |name: &str| KeyError::Unreadable(keys.folder().join(name));
        let text = std::str::from_utf8(&pem).map_err(|_| unreadable("ca.key"))?;
        let pair = KeyPair::from_pem(text).map_err(|_| unreadable("ca.key"))?;
        let pem = keys.file("ca.pem", || {
            let mut params = params("eXplorer CA", now_ms, CA_LIFE_MS)?;
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            Ok(Zeroizing::new(params.self_signed(&pair)?.pem().into_bytes()))
        })?;
        let certificate = CertificateDer::from_pem_slice(&pem).map_err(|_| unreadable("ca.pem"))?;
        let issuer = Issuer::from_ca_cert_der(&certificate, pair).map_err(|_| unreadable("ca.pem"))?;
        Ok(Self { issuer, certificate })
    }

    /// Its certificate, in DER.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The first 16 octets of SHA-256 of its public key in hex: what follows the activation code, so that an agent knows this
    /// portal before it trusts it.
    pub fn fingerprint(&self) -> String {
        let digest = digest(&SHA256, &self.issuer.key().subject_public_key_info());
        digest.as_ref().iter().take(16).map(|octet| format!("{octet:02x}")).collect()
    }

    /// Certifies an agent's request. Nothing of the request but its key goes into the certificate.
    pub(crate) fn issue(&self, csr: &[u8], agent: &str, now_ms: i64) -> Result<Issued, KeyError> {
        // Its signature is verified: who asks has the key.
        let request = CertificateSigningRequestParams::from_der(&csr.into())?;
        if PublicKeyData::algorithm(&request.public_key) != &PKCS_ECDSA_P256_SHA256 {
            return Err(KeyError::Crypto);
        }
        let mut params = params(agent, now_ms, AGENT_LIFE_MS)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&request.public_key, &self.issuer)?;
        Ok(Issued {
            certificate: certificate.der().to_vec(),
            key: request.public_key.subject_public_key_info(),
            ends_ms: now_ms.saturating_add(AGENT_LIFE_MS),
        })
    }

    /// The portal's certificate for `names`, as long as nobody else's is configured. Kept from start to start until a month
    /// before its end, or until the names change.
    pub(crate) fn own(&self, keys: &Keys, names: &[String], now_ms: i64) -> Result<Own, KeyError> {
        let stamp_path = keys.folder().join("server.names");
        let stamp = std::fs::read_to_string(&stamp_path).unwrap_or_default();
        let mut lines = stamp.lines();
        let ends: i64 = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
        let fresh = ends > now_ms.saturating_add(30 * DAY_MS) && lines.eq(names.iter().map(String::as_str));
        if !fresh {
            let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            let mut params = params(names.first().map_or("eXplorer", String::as_str), now_ms, SERVER_LIFE_MS)?;
            params.subject_alt_names = CertificateParams::new(names)?.subject_alt_names;
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            let certificate = params.signed_by(&pair, &self.issuer)?;
            let stamp = format!("{}\n{}\n", now_ms.saturating_add(SERVER_LIFE_MS), names.join("\n"));
            let files: [(&str, &[u8]); 3] = [
                ("server.key", pair.serialized_der()),
                ("server.der", certificate.der()),
                ("server.names", stamp.as_bytes()),
            ];
            for (name, octets) in files {
                let path = keys.folder().join(name);
                write_new(&path, octets).map_err(|error| KeyError::File { path, error })?;
            }
        }
        let read = |name: &str| {
            let path = keys.folder().join(name);
            std::fs::read(&path).map_err(|error| KeyError::File { path, error })
        };
        Ok(Own {
            chain: vec![read("server.der")?.into(), self.certificate.clone()],
            key: PrivatePkcs8KeyDer::from(read("server.key")?).into(),
        })
    }
}

impl std::fmt::Debug for Ca {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ca").finish_non_exhaustive()
    }
}

/// The names in a URL's authority or a list: a host name or an address, without port.
pub(crate) fn is_name(text: &str) -> bool {
    let labels = |label: &str| {
        !label.is_empty() && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
    };
    text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(labels))
}

fn params(common_name: &str, now_ms: i64, life_ms: i64) -> Result<CertificateParams, KeyError> {
    let at = |ms: i64| date_time_ymd(1970, 1, 1) + Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    let mut params = CertificateParams::default();
    params.not_before = at(now_ms.saturating_sub(BEFORE_MS));
    params.not_after = at(now_ms.saturating_add(life_ms));
    // Positive, as RFC 5280 section 4.1.2.2 asks.
    let mut serial: [u8; 16] = random()?;
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = name;
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
