//! A certification authority for tests.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// An authority with its key.
pub struct Ca {
    /// Its certificate, in DER.
    pub certificate: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

/// What it certified: a certificate, and its key in PKCS #8, both in DER.
pub struct Own {
    /// The certificate.
    pub certificate: Vec<u8>,
    /// The key.
    pub key: Vec<u8>,
}

impl Ca {
    /// A new one of this name.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().to_vec();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// For a server of this name.
    pub fn server(&self, name: &str) -> Own {
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a host name");
        self.certify(params, KeyPair::generate().expect("a key"))
    }

    /// For a client of this name, whose P-256 key is given in PKCS #8.
    pub fn client(&self, name: &str, key: &[u8]) -> Own {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        self.certify(params, KeyPair::try_from(key).expect("a key"))
    }

    fn certify(&self, params: CertificateParams, key: KeyPair) -> Own {
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").der().to_vec();
        Own { certificate, key: key.serialize_der() }
    }
}
