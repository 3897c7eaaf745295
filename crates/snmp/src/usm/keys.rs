//! From a passphrase to keys (RFC 3414 §2.6 and §A.2), and keys made long enough for AES-192 and AES-256.
//!
//! The first step hashes a mebibyte and is done once per passphrase and hash; binding the result to an engine is two
//! blocks of a hash. Reeder's extension repeats the first step for every engine.

use crate::credentials::{AuthProtocol, KeyExtension};
use core::fmt;
use hmac::digest::Digest;
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// Ku: the key that a passphrase gives under one hash (RFC 3414 §A.2), not yet bound to an engine. Cheap to clone,
/// wiped with the last clone.
#[derive(Clone)]
pub struct MasterKey(Arc<Zeroizing<Vec<u8>>>);

/// Kul: a key bound to one engine (RFC 3414 §2.6), wiped when dropped.
#[derive(Clone)]
pub struct LocalizedKey(Zeroizing<Vec<u8>>);

impl MasterKey {
    /// Password to key: the hash over 1,048,576 octets of the repeated passphrase.
    ///
    /// RFC 3414 defines no key for an empty passphrase; here it gives the hash of nothing, and
    /// [`User`](crate::User) refuses it.
    pub fn derive(protocol: AuthProtocol, passphrase: &[u8]) -> Self {
        Self(Arc::new(password_to_key(protocol, passphrase)))
    }

    /// Binds the key to an engine: the hash over key, engine id, key. `protocol` is the one the key was derived with.
    pub fn localize(&self, protocol: AuthProtocol, engine_id: &[u8]) -> LocalizedKey {
        LocalizedKey(localize(protocol, &self.0, engine_id))
    }
}

impl MasterKey {
    /// True for clones of one derivation: says nothing of keys that were derived apart.
    pub(crate) fn is_clone_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl LocalizedKey {
    /// A key that was localized elsewhere.
    pub fn from_octets(octets: &[u8]) -> Self {
        Self(Zeroizing::new(octets.to_vec()))
    }

    /// At least `length` octets of key material: unchanged if it is long enough, else extended. `protocol` and
    /// `engine_id` are those the key was localized with. [`KeyExtension::Either`] stands for Blumenthal here, the
    /// first that is tried.
    pub fn extend(
        mut self,
        protocol: AuthProtocol,
        engine_id: &[u8],
        length: usize,
        extension: KeyExtension,
    ) -> LocalizedKey {
        let digest = protocol.key_length();
        while self.0.len() < length {
            let more = match extension {
                KeyExtension::Blumenthal | KeyExtension::Either => hash(protocol, &[&self.0]),
                KeyExtension::Reeder => {
                    // The passphrase of each round is the last round's localized key.
                    let last = self.0.get(self.0.len().saturating_sub(digest)..).unwrap_or_default();
                    localize(protocol, &password_to_key(protocol, last), engine_id)
                }
            };
            // A Vec that grows in place may leave its old octets behind in freed memory.
            let mut longer = Zeroizing::new(Vec::with_capacity(self.0.len() + more.len()));
            longer.extend_from_slice(&self.0);
            longer.extend_from_slice(&more);
            self.0 = longer;
        }
        self
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl fmt::Debug for LocalizedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalizedKey(..)")
    }
}

impl AuthProtocol {
    /// Octets of a key, which is as long as the hash.
    pub const fn key_length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

fn localize(protocol: AuthProtocol, key: &[u8], engine_id: &[u8]) -> Zeroizing<Vec<u8>> {
    hash(protocol, &[key, engine_id, key])
}

fn hash(protocol: AuthProtocol, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    fn with<D: Digest>(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        let mut hash = D::new();
        parts.iter().for_each(|part| hash.update(part));
        wiped(hash)
    }
    match protocol {
        AuthProtocol::Md5 => with::<Md5>(parts),
        AuthProtocol::Sha1 => with::<Sha1>(parts),
        AuthProtocol::Sha224 => with::<Sha224>(parts),
        AuthProtocol::Sha256 => with::<Sha256>(parts),
        AuthProtocol::Sha384 => with::<Sha384>(parts),
        AuthProtocol::Sha512 => with::<Sha512>(parts),
    }
}

fn password_to_key(protocol: AuthProtocol, passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
    match protocol {
        AuthProtocol::Md5 => repeated::<Md5>(passphrase),
        AuthProtocol::Sha1 => repeated::<Sha1>(passphrase),
        AuthProtocol::Sha224 => repeated::<Sha224>(passphrase),
        AuthProtocol::Sha256 => repeated::<Sha256>(passphrase),
        AuthProtocol::Sha384 => repeated::<Sha384>(passphrase),
        AuthProtocol::Sha512 => repeated::<Sha512>(passphrase),
    }
}

/// Hashes [`EXPANDED`] octets of the repeated passphrase. The passphrase 64 times over starts and ends on its own
/// border and on the border of a hash block, so the hash reads whole blocks and no octet is picked one by one.
fn repeated<D: Digest>(passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
    const EXPANDED: usize = 1 << 20;
    let mut hash = D::new();
    if !passphrase.is_empty() {
        let times = EXPANDED.div_ceil(passphrase.len()).min(64);
        let block = Zeroizing::new(passphrase.repeat(times));
        let mut left = EXPANDED;
        while left > 0 {
            let part = block.get(..left).unwrap_or(&block);
            hash.update(part);
            left -= part.len();
        }
    }
    wiped(hash)
}

fn wiped<D: Digest>(hash: D) -> Zeroizing<Vec<u8>> {
    let mut output = hash.finalize();
    let key = Zeroizing::new(output.to_vec());
    output.as_mut_slice().zeroize();
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGINE: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn localized(protocol: AuthProtocol, passphrase: &str) -> LocalizedKey {
        MasterKey::derive(protocol, passphrase.as_bytes()).localize(protocol, &ENGINE)
    }

    #[test]
    fn the_keys_of_rfc_3414() {
        for (section, protocol, passphrase, ku, kul) in [
            (
                "A.3.1",
                AuthProtocol::Md5,
                "maplesyrup",
                "9faf3283884e92834ebc9847d8edd963",
                "526f5eed9fcce26f8964c2930787d82b",
            ),
            (
                "A.3.2",
                AuthProtocol::Sha1,
                "maplesyrup",
                "9fb5cc0381497b3793528939ff788d5d79145211",
                "6695febc9288e36282235fc7151f128497b38f3f",
            ),
            (
                "A.5.1",
                AuthProtocol::Md5,
                "newsyrup",
                "01add273107c4e596b4b00f82b1d42a7",
                "87021d7bd9d101ba05ea6e3bf9d9bd4a",
            ),
            (
                "A.5.2",
                AuthProtocol::Sha1,
                "newsyrup",
                "3a51a6d736aa347b83dc4a87e3e55ee4d698ac71",
                "78e2dcce79d59403b58c1bbaa5bff46391f1cd25",
            ),
        ] {
            assert_eq!(hex(&MasterKey::derive(protocol, passphrase.as_bytes()).0), ku, "{section}");
            assert_eq!(hex(localized(protocol, passphrase).octets()), kul, "{section}");
        }
    }

    #[test]
    fn blocks_hash_the_same_octets_as_one_by_one() {
        fn slowly<D: Digest>(passphrase: &[u8]) -> Vec<u8> {
            let octets: Vec<u8> = passphrase.iter().copied().cycle().take(1 << 20).collect();
            D::digest(octets).to_vec()
        }
        // 8 is the shortest allowed; 13 and 1000 do not divide 2^20; the last is longer than what is hashed.
        for length in [8, 13, 64, 1000, (1 << 20) + 1] {
            let passphrase: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let key = MasterKey::derive(AuthProtocol::Sha512, &passphrase);
            assert_eq!(**key.0, slowly::<Sha512>(&passphrase), "{length}");
            let key = MasterKey::derive(AuthProtocol::Md5, &passphrase);
            assert_eq!(**key.0, slowly::<Md5>(&passphrase), "{length}");
        }
        assert_eq!(hex(&MasterKey::derive(AuthProtocol::Md5, &[]).0), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn a_key_grows_only_if_it_is_short() {
        use KeyExtension::{Blumenthal, Either, Reeder};
        let sha1 = localized(AuthProtocol::Sha1, "maplesyrup");
        let longer = |extension| sha1.clone().extend(AuthProtocol::Sha1, &ENGINE, 32, extension);
        assert_eq!(
            hex(longer(Blumenthal).octets()),
            "6695febc9288e36282235fc7151f128497b38f3f505e07eb9af25568fa1f5dbe1bf2e6a0e36ea40a"
        );
        // draft-reeder-snmpv3-usm-3desede-00 appendix B.2
        assert_eq!(
            hex(longer(Reeder).octets()),
            "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9cd2d5065547743fb5"
        );
        assert_eq!(longer(Either).octets(), longer(Blumenthal).octets());
        for extension in [Blumenthal, Reeder] {
            let enough = sha1.clone().extend(AuthProtocol::Sha1, &ENGINE, 16, extension);
            assert_eq!(enough.octets(), sha1.octets());
        }
    }
}
