//! The secrets that lie outside the database: a folder that only the portal reads. Whoever steals the database alone has
//! neither the dealers' command keys nor a code that is worth trying.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hmac, rand};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The keys of one portal.
pub struct Keys {
    folder: PathBuf,
    seal: RandomizedNonceKey,
    codes: hmac::Key,
}

/// A key that cannot be read, made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The folder or a file in it.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{0} holds no key of this portal")]
    Unreadable(PathBuf),
    /// What was sealed was sealed by another key.
    #[error("sealed by another key: is this the keys folder of this database?")]
    Sealed,
    /// The machine gives no randomness, or a key is refused.
    #[error("cryptography failed")]
    Crypto,
}

impl From<aws_lc_rs::error::Unspecified> for KeyError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Crypto
    }
}

impl Keys {
    /// The keys in `folder`; made if there are none.
    ///
    /// # Errors
    /// If the folder cannot be read or written.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        make_folder(folder).map_err(|error| KeyError::File { path: folder.to_owned(), error })?;
        let path = folder.join("portal.key");
        let secret = read_or(folder, "portal.key", || {
            let mut secret = Zeroizing::new(vec![0; 64]);
            rand::fill(&mut secret)?;
            Ok(secret)
        })?;
        let (Some(seal), Some(codes), 64) = (secret.get(..32), secret.get(32..), secret.len()) else {
            return Err(KeyError::Unreadable(path));
        };
        Ok(Self {
            seal: RandomizedNonceKey::new(&AES_256_GCM, seal)?,
            codes: hmac::Key::new(hmac::HMAC_SHA256, codes),
            folder: folder.to_owned(),
        })
    }

    /// A file in the folder; made by `make` if it is not there.
    ///
    /// # Errors
    /// If it cannot be read, made or written.
    pub(crate) fn file(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, KeyError>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        read_or(&self.folder, name, make)
    }

    /// Where the files are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// For the database. `about` is what it belongs to: it opens nowhere else.
    pub(crate) fn seal(&self, about: &str, secret: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut sealed = secret.to_vec();
        let nonce = self.seal.seal_in_place_append_tag(Aad::from(about), &mut sealed)?;
        sealed.extend_from_slice(nonce.as_ref());
        Ok(sealed)
    }

    /// What [`Keys::seal`] made.
    pub(crate) fn unseal(&self, about: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let at = sealed.len().checked_sub(NONCE_LEN).ok_or(KeyError::Sealed)?;
        let (body, nonce) = sealed.split_at_checked(at).ok_or(KeyError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let mut secret = Zeroizing::new(body.to_vec());
        let length = self.seal.open_in_place(nonce, Aad::from(about), &mut secret).map_err(|_| KeyError::Sealed)?.len();
        secret.truncate(length);
        Ok(secret)
    }

    /// What is kept of an activation code.
    pub(crate) fn digest(&self, code: &str) -> Vec<u8> {
        hmac::sign(&self.codes, code.as_bytes()).as_ref().to_vec()
    }

    /// Whether a code is the one that is kept, in a time that does not depend on it.
    pub(crate) fn digest_matches(&self, code: &str, digest: &[u8]) -> bool {
        hmac::verify(&self.codes, code.as_bytes(), digest).is_ok()
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Random octets.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut octets = [0; N];
    rand::fill(&mut octets)?;
    Ok(octets)
}

fn read_or(
    folder: &Path,
    name: &str,
    make: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, KeyError>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(octets) => return Ok(Zeroizing::new(octets)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(KeyError::File { path, error }),
    }
    let octets = make()?;
    write_new(&path, &octets).map_err(|error| KeyError::File { path, error })?;
    Ok(octets)
}

/// Writes beside and renames, so that a half file is never read as a key.
pub(crate) fn write_new(path: &Path, octets: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let _ = std::fs::remove_file(&beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(octets)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_opens_only_where_it_belongs() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Keys::open(folder.path()).unwrap().seal("dealer 2", b"secret").unwrap();
        let again = Keys::open(folder.path()).unwrap();
        assert_eq!(again.unseal("dealer 2", &sealed).unwrap().as_slice(), b"secret");
        assert!(again.unseal("dealer 3", &sealed).is_err());
        let other = tempfile::tempdir().unwrap();
        assert!(Keys::open(other.path()).unwrap().unseal("dealer 2", &sealed).is_err());
        assert!(again.unseal("dealer 2", b"short").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_them() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Keys::open(folder.path()).unwrap();
        let mode = std::fs::metadata(folder.path().join("portal.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}
