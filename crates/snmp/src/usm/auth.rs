//! Signing and verifying whole datagrams (RFC 3414 §6 and §7, RFC 7860 §4).
//!
//! The digest is a truncated HMAC over the message in which the digest's own octets are zero.

use super::LocalizedKey;
use crate::credentials::AuthProtocol;
use core::fmt;
use core::ops::Range;
use hmac::{Hmac, KeyInit};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

/// An authentication key with both HMAC pads already hashed: made once per user and engine.
#[derive(Clone)]
pub struct AuthKey(Box<Mac>);

/// The digest does not match, or has the wrong length for the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the digest is wrong")]
pub struct BadDigest;

impl AuthKey {
    /// Prepares a key that was localized with the same protocol.
    pub fn new(protocol: AuthProtocol, key: &LocalizedKey) -> Self {
        let key = key.octets();
        Self(Box::new(match protocol {
            AuthProtocol::Md5 => Mac::Md5(keyed(key)),
            AuthProtocol::Sha1 => Mac::Sha1(keyed(key)),
            AuthProtocol::Sha224 => Mac::Sha224(keyed(key)),
            AuthProtocol::Sha256 => Mac::Sha256(keyed(key)),
            AuthProtocol::Sha384 => Mac::Sha384(keyed(key)),
            AuthProtocol::Sha512 => Mac::Sha512(keyed(key)),
        }))
    }

    /// The protocol it signs with.
    pub fn protocol(&self) -> AuthProtocol {
        match &*self.0 {
            Mac::Md5(_) => AuthProtocol::Md5,
            Mac::Sha1(_) => AuthProtocol::Sha1,
            Mac::Sha224(_) => AuthProtocol::Sha224,
            Mac::Sha256(_) => AuthProtocol::Sha256,
            Mac::Sha384(_) => AuthProtocol::Sha384,
            Mac::Sha512(_) => AuthProtocol::Sha512,
        }
    }

    /// Signs a whole message: the octets at `auth`, as [`Encoded3`](crate::message::Encoded3) names them, are replaced
    /// by the digest. A range that is not [`AuthProtocol::digest_length`] long or lies outside is left alone.
    pub fn sign(&self, message: &mut [u8], auth: Range<usize>) {
        if let Some(digest) = self.digest(message, &auth)
            && let Some(room) = message.get_mut(auth)
        {
            room.copy_from_slice(digest.octets());
        }
    }

    /// Verifies a whole message whose digest lies at `auth`, in time that does not depend on where it differs.
    pub fn verify(&self, message: &[u8], auth: Range<usize>) -> Result<(), BadDigest> {
        let expected = self.digest(message, &auth).ok_or(BadDigest)?;
        let found = message.get(auth).ok_or(BadDigest)?;
        if bool::from(expected.octets().ct_eq(found)) { Ok(()) } else { Err(BadDigest) }
    }

    /// `None` if the range is not one of a digest in this message.
    fn digest(&self, message: &[u8], auth: &Range<usize>) -> Option<Truncated> {
        let length = self.protocol().digest_length();
        let zeros = ZEROS.get(..length)?;
        if auth.len() != length {
            return None;
        }
        let parts = [message.get(..auth.start)?, zeros, message.get(auth.end..)?];
        let mut digest = Truncated { octets: ZEROS, length };
        let octets = digest.octets.get_mut(..length)?;
        match &*self.0 {
            Mac::Md5(mac) => fill(mac, parts, octets),
            Mac::Sha1(mac) => fill(mac, parts, octets),
            Mac::Sha224(mac) => fill(mac, parts, octets),
            Mac::Sha256(mac) => fill(mac, parts, octets),
            Mac::Sha384(mac) => fill(mac, parts, octets),
            Mac::Sha512(mac) => fill(mac, parts, octets),
        }
        Some(digest)
    }
}

impl AuthProtocol {
    /// Octets of the digest in a message: the hash, truncated (RFC 3414 §6.3.1 and §7.3.1, RFC 7860 §4.2.1).
    pub const fn digest_length(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 => 12,
            Self::Sha224 => 16,
            Self::Sha256 => 24,
            Self::Sha384 => 32,
            Self::Sha512 => 48,
        }
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthKey({:?}, ..)", self.protocol())
    }
}

/// The longest digest of RFC 7860, and what stands in a digest's place while it is made.
const ZEROS: [u8; 48] = [0; 48];

#[derive(Clone)]
enum Mac {
    Md5(Hmac<Md5>),
    Sha1(Hmac<Sha1>),
    Sha224(Hmac<Sha224>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

struct Truncated {
    octets: [u8; 48],
    length: usize,
}

impl Truncated {
    fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

fn keyed<M: KeyInit>(key: &[u8]) -> M {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length (RFC 2104 §2)")]
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn fill<M: hmac::Mac + Clone>(mac: &M, parts: [&[u8]; 3], digest: &mut [u8]) {
    let mut mac = mac.clone();
    parts.iter().for_each(|part| mac.update(part));
    let whole = mac.finalize().into_bytes();
    digest.iter_mut().zip(whole.iter()).for_each(|(to, from)| *to = *from);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [AuthProtocol; 6] = [
        AuthProtocol::Md5,
        AuthProtocol::Sha1,
        AuthProtocol::Sha224,
        AuthProtocol::Sha256,
        AuthProtocol::Sha384,
        AuthProtocol::Sha512,
    ];

    #[test]
    fn hmac_vectors() {
        // RFC 2202 and RFC 4231, test case 2: key "Jefe". The data is cut in two by an empty run of zeros elsewhere, so
        // here the message itself is what HMAC sees: no digest inside.
        for (protocol, expected) in [
            (AuthProtocol::Md5, "750c783e6ab0b503eaa86e31"),
            (AuthProtocol::Sha1, "effcdf6ae5eb2fa2d27416d5"),
            (AuthProtocol::Sha224, "a30e01098bc6dbbf45690f3a7e9e6d0f"),
            (AuthProtocol::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d273983"),
            (AuthProtocol::Sha384, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"),
            (
                AuthProtocol::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd",
            ),
        ] {
            let key = AuthKey::new(protocol, &LocalizedKey::from_octets(b"Jefe"));
            let mut digest = vec![0; protocol.digest_length()];
            let data = [b"what do ya want ".as_slice(), b"for nothing?", b""];
            match &*key.0 {
                Mac::Md5(mac) => fill(mac, data, &mut digest),
                Mac::Sha1(mac) => fill(mac, data, &mut digest),
                Mac::Sha224(mac) => fill(mac, data, &mut digest),
                Mac::Sha256(mac) => fill(mac, data, &mut digest),
                Mac::Sha384(mac) => fill(mac, data, &mut digest),
                Mac::Sha512(mac) => fill(mac, data, &mut digest),
            }
            let hex: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
            assert_eq!(hex, expected, "{protocol:?}");
        }
    }

    #[test]
    fn every_octet_is_under_the_digest() {
        for protocol in ALL {
            let key = AuthKey::new(protocol, &LocalizedKey::from_octets(b"a key of some octets"));
            let auth = 10..10 + protocol.digest_length();
            // What stands in the digest's place beforehand does not matter.
            let mut message: Vec<u8> = (0..100).collect();
            key.sign(&mut message, auth.clone());
            assert_eq!(key.verify(&message, auth.clone()), Ok(()), "{protocol:?}");
            for at in 0..message.len() {
                message[at] ^= 1;
                assert_eq!(key.verify(&message, auth.clone()), Err(BadDigest), "{protocol:?} octet {at}");
                message[at] ^= 1;
            }
        }
    }

    #[test]
    fn a_digest_of_another_length_is_wrong() {
        for protocol in ALL {
            let key = AuthKey::new(protocol, &LocalizedKey::from_octets(b"key"));
            let mut message = vec![7; 60];
            let length = protocol.digest_length();
            for auth in [0..0, 0..length - 1, 0..length + 1, 61 - length..61, usize::MAX - length..usize::MAX] {
                key.sign(&mut message, auth.clone());
                assert_eq!(message, [7; 60], "{protocol:?} {auth:?}");
                assert_eq!(key.verify(&message, auth.clone()), Err(BadDigest), "{protocol:?} {auth:?}");
            }
        }
    }
}
