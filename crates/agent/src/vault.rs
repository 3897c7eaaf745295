//! Secrets at rest: one sealed file each in the state folder.
//!
//! ```text
//! "DCA1" | salt 16 | nonce 12 | AES-256-GCM of the secret, with its name as associated data | tag 16
//! ```
//!
//! The key comes from the machine's id and the salt, by HKDF with SHA-256. That keeps a copied file or a backup from being
//! read elsewhere; it is no protection from somebody who can read as this user on this machine, for whom the file's mode
//! (0600) is all there is. A file is replaced as a whole: written beside, synced, renamed.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const MARK: &[u8; 4] = b"DCA1";
const SALT: usize = 16;
const NONCE: usize = 12;
/// Most octets of a sealed file.
const OCTETS: u64 = 1 << 20;

/// The sealed files of one folder.
#[derive(Debug, Clone)]
pub struct Vault {
    folder: PathBuf,
    machine: Vec<u8>,
}

/// A secret that cannot be kept or found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The file system says no.
    #[error("{}: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What it says.
        why: io::Error,
    },
    /// It is there and cannot be opened: damaged, or sealed on another machine.
    #[error("{}: sealed on another machine, or damaged; if this machine was cloned or restored, enrol it again", path.display())]
    Sealed {
        /// Which file.
        path: PathBuf,
    },
    /// The system gives no random numbers, or the name is none.
    #[error("a secret cannot be sealed")]
    Unsealable,
}

impl Vault {
    /// The vault in `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, VaultError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|why| VaultError::File { path: folder.to_owned(), why })?;
        Ok(Self { folder: folder.to_owned(), machine: machine_id() })
    }

    /// Keeps `secret` under `name`, instead of what was there.
    ///
    /// # Errors
    /// If it cannot be sealed or written.
    pub fn keep(&self, name: &str, secret: &[u8]) -> Result<(), VaultError> {
        let path = self.path(name)?;
        let mut salt = [0; SALT];
        let mut nonce = [0; NONCE];
        for octets in [&mut salt[..], &mut nonce[..]] {
            aws_lc_rs::rand::fill(octets).map_err(|_| VaultError::Unsealable)?;
        }
        let mut sealed = Zeroizing::new(secret.to_vec());
        self.key(&salt)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name.as_bytes()), &mut *sealed)
            .map_err(|_| VaultError::Unsealable)?;
        let octets = [&MARK[..], &salt, &nonce, &sealed].concat();
        write(&self.folder, &path, &octets).map_err(|why| VaultError::File { path, why })
    }

    /// What is kept under `name`, if anything.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn find(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let path = self.path(name)?;
        let octets = match read(&path) {
            Ok(octets) => octets,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(VaultError::File { path, why }),
        };
        match self.unseal(name, &octets) {
            Some(secret) => Ok(Some(secret)),
            None => Err(VaultError::Sealed { path }),
        }
    }

    /// Forgets what is kept under `name`.
    ///
    /// # Errors
    /// If it is there and cannot be removed.
    pub fn forget(&self, name: &str) -> Result<(), VaultError> {
        let path = self.path(name)?;
        match fs::remove_file(&path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(VaultError::File { path, why }),
            _ => Ok(()),
        }
    }

    fn unseal(&self, name: &str, octets: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (salt, rest) = octets.strip_prefix(MARK)?.split_first_chunk::<SALT>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        let mut secret = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.key(salt).ok()?.open_in_place(nonce, Aad::from(name.as_bytes()), &mut secret).ok()?.len();
        secret.truncate(length);
        Some(secret)
    }

    fn key(&self, salt: &[u8; SALT]) -> Result<LessSafeKey, VaultError> {
        let unsealable = |_| VaultError::Unsealable;
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&self.machine);
        let mut key = Zeroizing::new([0; 32]);
        extracted.expand(&[&b"dca vault"[..]], &AES_256_GCM).and_then(|okm| okm.fill(&mut *key)).map_err(unsealable)?;
        UnboundKey::new(&AES_256_GCM, &*key).map(LessSafeKey::new).map_err(unsealable)
    }

    fn path(&self, name: &str) -> Result<PathBuf, VaultError> {
        let plain = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-');
        if plain { Ok(self.folder.join(format!("{name}.sealed"))) } else { Err(VaultError::Unsealable) }
    }
}

fn write(folder: &Path, path: &Path, octets: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The name, too, must be there after a power cut.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut octets = Vec::new();
    File::open(path)?.take(OCTETS).read_to_end(&mut octets)?;
    Ok(octets)
}

/// What this machine is known by to itself. Where it has no id, only the salt is left, and the file's mode.
fn machine_id() -> Vec<u8> {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .into_iter()
        .find_map(|file| fs::read(file).ok().filter(|id| !id.is_empty()))
        .unwrap_or_else(|| b"no machine id".to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_kept_and_found_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(&folder.path().join("state")).unwrap();
        assert!(vault.find("identity").unwrap().is_none());
        for secret in [&b"first"[..], b"", &[0x55; 9_000]] {
            vault.keep("identity", secret).unwrap();
            assert_eq!(vault.find("identity").unwrap().unwrap().as_slice(), secret);
        }
        let file = fs::read(folder.path().join("state/identity.sealed")).unwrap();
        assert!(!file.windows(16).any(|window| window == [0x55; 16]), "it is sealed");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join("state/identity.sealed")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        vault.forget("identity").unwrap();
        vault.forget("identity").unwrap();
        assert!(vault.find("identity").unwrap().is_none());
    }

    #[test]
    fn what_was_changed_or_moved_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path()).unwrap();
        vault.keep("identity", b"secret").unwrap();
        let path = folder.path().join("identity.sealed");
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(matches!(vault.find("identity"), Err(VaultError::Sealed { .. })), "octet {at}");
        }
        fs::write(&path, &good[..20]).unwrap();
        assert!(matches!(vault.find("identity"), Err(VaultError::Sealed { .. })));
        fs::write(folder.path().join("other.sealed"), &good).unwrap();
        assert!(matches!(vault.find("other"), Err(VaultError::Sealed { .. })), "sealed under another name");
        let elsewhere = Vault { machine: b"another machine".to_vec(), ..vault };
        fs::write(&path, &good).unwrap();
        assert!(matches!(elsewhere.find("identity"), Err(VaultError::Sealed { .. })));
        assert!(elsewhere.keep("../identity", b"").is_err());
    }
}
