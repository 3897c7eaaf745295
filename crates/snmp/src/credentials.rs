//! Who asks: a community (v1, v2c) or a user of the USM (v3).
//!
//! Secrets here cannot be printed, compared or serialised, and are wiped when dropped. A passphrase is turned into its
//! key once, when the credentials are made; the passphrase itself is not kept.

use crate::message::Version;
use crate::usm::MasterKey;
use core::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a request is signed with. Cheap to clone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// SNMPv1 with a community (RFC 1157).
    V1(Community),
    /// SNMPv2c with a community (RFC 1901).
    V2c(Community),
    /// SNMPv3 with a user (RFC 3414).
    V3(User),
}

impl Credentials {
    /// SNMPv1 with this community.
    pub fn v1(community: impl Into<Community>) -> Self {
        Self::V1(community.into())
    }

    /// SNMPv2c with this community.
    pub fn v2c(community: impl Into<Community>) -> Self {
        Self::V2c(community.into())
    }

    /// The protocol version they ask with.
    pub fn version(&self) -> Version {
        match self {
            Self::V1(_) => Version::V1,
            Self::V2c(_) => Version::V2c,
            Self::V3(_) => Version::V3,
        }
    }

    /// The same for a context other than the default one (RFC 3411 §3.3.1): the `contextName` of v3, and behind an `@` in a
    /// community, as agents with several contexts take it.
    ///
    /// ```
    /// let dca_snmp::Credentials::V2c(name) = dca_snmp::Credentials::v2c("public").in_context("inside") else { return };
    /// assert_eq!(name.octets(), b"public@inside");
    /// ```
    #[must_use]
    pub fn in_context(&self, name: &str) -> Self {
        match self {
            Self::V1(community) => Self::V1(community.in_context(name)),
            Self::V2c(community) => Self::V2c(community.in_context(name)),
            Self::V3(user) => Self::V3(user.clone().context(name)),
        }
    }
}

/// A community name: the password of SNMPv1 and v2c.
#[derive(Clone)]
pub struct Community(Arc<Zeroizing<Vec<u8>>>);

impl Community {
    /// The octets that go into a message.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    fn in_context(&self, name: &str) -> Self {
        Self(Arc::new(Zeroizing::new([self.octets(), b"@", name.as_bytes()].concat())))
    }
}

impl From<&str> for Community {
    fn from(name: &str) -> Self {
        Self::from(name.as_bytes())
    }
}

impl From<&[u8]> for Community {
    fn from(name: &[u8]) -> Self {
        Self(Arc::new(Zeroizing::new(name.to_vec())))
    }
}

impl fmt::Debug for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Community(..)")
    }
}

/// A user of the USM with the keys its security level needs.
#[derive(Debug, Clone)]
pub struct User {
    pub(crate) name: Arc<[u8]>,
    pub(crate) auth: Option<Auth>,
    pub(crate) privacy: Option<Privacy>,
    pub(crate) context: Arc<[u8]>,
}

/// Authentication: protocol and the key that the passphrase gives.
#[derive(Debug, Clone)]
pub(crate) struct Auth {
    pub(crate) protocol: AuthProtocol,
    pub(crate) key: MasterKey,
}

/// Privacy: protocol and the key that the passphrase gives under the authentication protocol's hash.
#[derive(Debug, Clone)]
pub(crate) struct Privacy {
    pub(crate) protocol: PrivProtocol,
    pub(crate) key: MasterKey,
}

/// Authentication protocols (RFC 3414 §6 and §7, RFC 7860).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the RFCs")]
pub enum AuthProtocol {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// Privacy protocols (RFC 3414 §8, RFC 3826, and the widely used drafts for longer AES keys).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrivProtocol {
    /// DES-CBC.
    Des,
    /// AES-128-CFB.
    Aes128,
    /// AES-192-CFB.
    Aes192(KeyExtension),
    /// AES-256-CFB.
    Aes256(KeyExtension),
}

/// How a digest that is shorter than the cipher's key is made longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyExtension {
    /// Try Blumenthal, then Reeder, and remember per engine which one it was.
    #[default]
    Either,
    /// draft-blumenthal-aes-usm-04: hash the key so far (net-snmp's AES-192, AES-256).
    Blumenthal,
    /// draft-reeder-snmpv3-usm-3desede-00: password-to-key over the key so far (net-snmp's AES-192-C; Cisco).
    Reeder,
}

/// Why a user cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// RFC 3414 §11.2.
    #[error("the passphrase is shorter than 8 octets")]
    ShortPassphrase,
    /// The user name is empty or longer than 32 octets (RFC 3414 §5).
    #[error("a user name has 1 to 32 octets")]
    BadUserName,
    /// Privacy without authentication (RFC 3414 §1.4.2).
    #[error("privacy needs authentication")]
    PrivacyWithoutAuth,
}

impl User {
    /// A user without keys (noAuthNoPriv).
    pub fn new(name: &str) -> Result<Self, CredentialsError> {
        if name.is_empty() || name.len() > 32 {
            return Err(CredentialsError::BadUserName);
        }
        Ok(Self { name: name.as_bytes().into(), auth: None, privacy: None, context: Arc::from([]) })
    }

    /// Adds authentication. Derives the key from the passphrase: about a millisecond.
    pub fn auth(mut self, protocol: AuthProtocol, passphrase: &[u8]) -> Result<Self, CredentialsError> {
        self.auth = Some(Auth { protocol, key: master_key(protocol, passphrase)? });
        Ok(self)
    }

    /// Adds privacy. The passphrase is hashed with the authentication protocol, which must be set first.
    pub fn privacy(mut self, protocol: PrivProtocol, passphrase: &[u8]) -> Result<Self, CredentialsError> {
        let auth = self.auth.as_ref().ok_or(CredentialsError::PrivacyWithoutAuth)?;
        self.privacy = Some(Privacy { protocol, key: master_key(auth.protocol, passphrase)? });
        Ok(self)
    }

    /// Asks in a context other than the default one (RFC 3411 §3.3.1).
    pub fn context(mut self, name: &str) -> Self {
        self.context = name.as_bytes().into();
        self
    }
}

fn master_key(protocol: AuthProtocol, passphrase: &[u8]) -> Result<MasterKey, CredentialsError> {
    if passphrase.len() < 8 {
        return Err(CredentialsError::ShortPassphrase);
    }
    Ok(MasterKey::derive(protocol, passphrase))
}
