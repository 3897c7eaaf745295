//! Who the agent is: a P-256 key that never leaves it, and the certificate that the portal's own CA gave for it.

use crate::certificate::{BadCertificate, key_hash, validity};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dca_wire::AgentId;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SigningKey};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// A certificate that ends within so many milliseconds has run out: a handshake takes time.
const MARGIN_MS: i64 = 60_000;

/// A P-256 key pair. Secret; wiped when it is dropped.
pub struct Key(KeyPair);

/// The key and its certificate. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    agent: AgentId,
    key: Key,
    key_id: String,
    chain: Vec<CertificateDer<'static>>,
    valid_from_ms: i64,
    valid_until_ms: i64,
}

/// A key or certificate that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The octets are no P-256 key, or none can be made.
    #[error("no P-256 key: {0}")]
    Key(String),
    /// The certificate cannot be read.
    #[error("the agent's certificate: {0}")]
    Certificate(#[from] BadCertificate),
    /// There is none.
    #[error("no certificate for the agent")]
    NoCertificate,
    /// It is for another key.
    #[error("the agent's certificate is for another key")]
    AnotherKey,
}

impl Key {
    /// A new one.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn generate() -> Result<Self, IdentityError> {
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map(Self).map_err(bad_key)
    }

    /// One that was kept, in PKCS #8 DER.
    ///
    /// # Errors
    /// If the octets are no P-256 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, IdentityError> {
        let der = PrivatePkcs8KeyDer::from(der);
        KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ECDSA_P256_SHA256).map(Self).map_err(bad_key)
    }

    /// In PKCS #8 DER, to be kept sealed.
    pub fn pkcs8(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize_der())
    }

    /// A certificate request, PKCS #10 in DER. The portal chooses the name that the certificate carries.
    ///
    /// # Errors
    /// If signing fails.
    pub fn request(&self) -> Result<Vec<u8>, IdentityError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "dca");
        let request = params.serialize_request(&self.0).map_err(bad_key)?;
        Ok(request.der().to_vec())
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.subject_public_key_info()).into()
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Identity {
    /// The identity of `agent`, whose certificate is the first of `chain`.
    ///
    /// # Errors
    /// If the certificate cannot be read or is for another key.
    pub fn new(agent: AgentId, key: Key, chain: Vec<CertificateDer<'static>>) -> Result<Self, IdentityError> {
        let own = chain.first().ok_or(IdentityError::NoCertificate)?;
        let hash = key.hash();
        if key_hash(own)? != hash {
            return Err(IdentityError::AnotherKey);
        }
        let (valid_from_ms, valid_until_ms) = validity(own)?;
        let key_id = hash.iter().take(8).map(|octet| format!("{octet:02x}")).collect();
        Ok(Self(Arc::new(Inner { agent, key, key_id, chain, valid_from_ms, valid_until_ms })))
    }

    /// Whose it is.
    pub fn agent(&self) -> &AgentId {
        &self.0.agent
    }

    /// The key, to be kept sealed or to ask for a new certificate.
    pub fn key(&self) -> &Key {
        &self.0.key
    }

    /// The beginning of the SHA-256 of the public key, 16 hexadecimal digits.
    pub fn key_id(&self) -> &str {
        &self.0.key_id
    }

    /// Its certificate and those above it, X.509 in DER.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.chain
    }

    /// When to ask for a new certificate: after two thirds of its life. Milliseconds since 1970.
    pub fn renew_at_ms(&self) -> i64 {
        let life = self.0.valid_until_ms.saturating_sub(self.0.valid_from_ms);
        self.0.valid_from_ms.saturating_add(life / 3 * 2)
    }

    /// Until when the certificate is valid. Milliseconds since 1970.
    pub fn valid_until_ms(&self) -> i64 {
        self.0.valid_until_ms
    }

    /// Whether TLS shows the certificate at this time of the portal's clock. One that has run out ends the handshake, and then
    /// not even its renewal could be asked for; without one, the signature of each call proves who asks.
    pub(crate) fn is_shown(&self, now_ms: i64) -> bool {
        now_ms < self.0.valid_until_ms.saturating_sub(MARGIN_MS)
    }

    /// What proves a request where TLS is broken open on the way and no client certificate arrives: metadata
    /// `dca-signature` of one call. The signature is ECDSA with P-256 and SHA-256, in ASN.1 DER, then base64url.
    ///
    /// # Errors
    /// If signing fails.
    pub fn signature(&self, path: &str, sent_at_ms: i64, nonce: &str) -> Result<String, IdentityError> {
        let Inner { agent, key_id, key, .. } = &*self.0;
        let text = format!("dca1\n{agent}\n{key_id}\n{sent_at_ms}\n{nonce}\n{path}");
        let signature = key.0.sign(text.as_bytes()).map_err(bad_key)?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        Ok(format!("1.{agent}.{key_id}.{sent_at_ms}.{nonce}.{signature}"))
    }

    /// The key as rustls takes it.
    pub(crate) fn tls_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.0.key.0.serialize_der()).into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("agent", &self.0.agent).field("key_id", &self.0.key_id).finish_non_exhaustive()
    }
}

fn bad_key(error: rcgen::Error) -> IdentityError {
    IdentityError::Key(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::{FromDer, X509CertificationRequest};

    fn agent() -> AgentId {
        AgentId::parse("a-1").unwrap()
    }

    fn certificate(key: &Key) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 1, 31);
        params.self_signed(&key.0).unwrap().der().clone()
    }

    #[test]
    fn a_key_is_kept_and_found_again() {
        let key = Key::generate().unwrap();
        let again = Key::from_pkcs8(&key.pkcs8()).unwrap();
        assert_eq!(key.hash(), again.hash());
        assert!(Key::from_pkcs8(b"nothing").is_err());
        let request = key.request().unwrap();
        let (_, request) = X509CertificationRequest::from_der(&request).unwrap();
        assert_eq!(<[u8; 32]>::from(Sha256::digest(request.certification_request_info.subject_pki.raw)), key.hash());
    }

    #[test]
    fn an_identity_is_renewed_after_two_thirds_of_its_life() {
        let key = Key::generate().unwrap();
        let chain = vec![certificate(&key)];
        let identity = Identity::new(agent(), key, chain).unwrap();
        let day = 86_400_000;
        assert_eq!(identity.valid_until_ms() - identity.renew_at_ms(), 10 * day);
        assert_eq!(identity.key_id().len(), 16);
        assert_eq!(
            format!("{identity:?}"),
            format!("Identity {{ agent: {:?}, key_id: {:?}, .. }}", agent(), identity.key_id())
        );
    }

    #[test]
    fn a_certificate_for_another_key_is_refused() {
        let (key, other) = (Key::generate().unwrap(), Key::generate().unwrap());
        let chain = vec![certificate(&other)];
        assert_eq!(Identity::new(agent(), key, chain).unwrap_err(), IdentityError::AnotherKey);
        assert_eq!(Identity::new(agent(), other, vec![]).unwrap_err(), IdentityError::NoCertificate);
    }

    #[test]
    fn a_signature_is_as_the_contract_says() {
        let key = Key::generate().unwrap();
        let public = key.0.subject_public_key_info();
        let chain = vec![certificate(&key)];
        let identity = Identity::new(agent(), key, chain).unwrap();
        let text = identity.signature("/dca.v1.Agent/CheckIn", 1_700_000_000_000, "n0").unwrap();
        let parts: Vec<&str> = text.split('.').collect();
        let [version, id, key_id, sent, nonce, signature] = parts[..] else { panic!("{text}") };
        assert_eq!((version, id, key_id, sent, nonce), ("1", "a-1", identity.key_id(), "1700000000000", "n0"));
        let signed = format!("dca1\na-1\n{key_id}\n1700000000000\nn0\n/dca.v1.Agent/CheckIn");
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        // The public key is the last 65 octets of the SubjectPublicKeyInfo: an uncompressed point.
        let point = &public[public.len() - 65..];
        let algorithm = &rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        let verifier = algorithm
            .all
            .iter()
            .find(|algorithm| algorithm.verify_signature(point, signed.as_bytes(), &signature).is_ok());
        assert!(verifier.is_some());
    }
}
