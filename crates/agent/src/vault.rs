//! Secrets at rest: one sealed file each in the state folder.
//!
//! ```text
//! "DCA1" or "DCA2" | salt 16 | nonce 12 | AES-256-GCM of the secret, with its name as associated data | tag 16
//! ```
//!
//! The key comes from the machine's id and the salt, by HKDF with SHA-256. That keeps a copied file or a backup from being
//! read elsewhere; it is no protection from somebody who can read as this user on this machine, for whom the file's mode
//! (0600) is all there is. Where the service manager lays a key of the vault's own ready (`vault-key` in
//! `$CREDENTIALS_DIRECTORY`, which systemd can keep in a TPM), that key goes in as well: "DCA2". What was sealed without it
//! is sealed anew when it is next read.

use crate::whole;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What the vault's own key is called among the credentials. No secret of a configuration may be named so.
pub const KEY: &str = "vault-key";

/// Sealed for this machine; for this machine and with the vault's own key.
const MACHINE: &[u8; 4] = b"DCA1";
const KEYED: &[u8; 4] = b"DCA2";
/// Octets of the vault's own key, at least and at most.
const KEY_OCTETS: std::ops::RangeInclusive<usize> = 16..=4096;
const SALT: usize = 16;
const NONCE: usize = 12;
/// Most octets of a sealed file.
const OCTETS: u64 = 1 << 20;

/// The sealed files of one folder.
#[derive(Clone)]
pub struct Vault {
    folder: PathBuf,
    machine: Vec<u8>,
    own: Option<Zeroizing<Vec<u8>>>,
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
    /// It is sealed with the vault's own key, which is not there.
    #[error("{}: sealed with a key that is not there: run this with CREDENTIALS_DIRECTORY set to the folder of {KEY}", path.display())]
    Keyless {
        /// Which file.
        path: PathBuf,
    },
    /// The vault's own key is too short to be one, or too long.
    #[error("{}: expected a key of {} to {} octets", path.display(), KEY_OCTETS.start(), KEY_OCTETS.end())]
    Key {
        /// Which file.
        path: PathBuf,
    },
    /// The system gives no random numbers, or the name is none.
    #[error("a secret cannot be sealed")]
    Unsealable,
}

impl Vault {
    /// The vault in `folder`, which is made if it is not there. Its own key, if it has one, is among the `credentials`.
    ///
    /// # Errors
    /// If it cannot be made, or its key cannot be read.
    pub fn open(folder: &Path, credentials: Option<&Path>) -> Result<Self, VaultError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|why| VaultError::File { path: folder.to_owned(), why })?;
        let own = credentials.map(|credentials| own_key(&credentials.join(KEY))).transpose()?.flatten();
        Ok(Self { folder: folder.to_owned(), machine: machine_id(), own })
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
        let own = self.own.as_deref();
        self.key(&salt, own.map(Vec::as_slice))?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name.as_bytes()), &mut *sealed)
            .map_err(|_| VaultError::Unsealable)?;
        let mark = if own.is_some() { KEYED } else { MACHINE };
        let octets = [&mark[..], &salt, &nonce, &sealed].concat();
        whole::replace(&path, &octets).map_err(|why| VaultError::File { path, why })
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
        let keyed = octets.starts_with(KEYED);
        if keyed && self.own.is_none() {
            return Err(VaultError::Keyless { path });
        }
        let Some(secret) = self.unseal(name, &octets) else { return Err(VaultError::Sealed { path }) };
        if !keyed && self.own.is_some() {
            self.keep(name, &secret)?;
        }
        Ok(Some(secret))
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
        let (mark, rest) = octets.split_first_chunk::<4>()?;
        let own = match mark {
            MACHINE => None,
            KEYED => Some(self.own.as_deref()?.as_slice()),
            _ => return None,
        };
        let (salt, rest) = rest.split_first_chunk::<SALT>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
        let mut secret = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length =
            self.key(salt, own).ok()?.open_in_place(nonce, Aad::from(name.as_bytes()), &mut secret).ok()?.len();
        secret.truncate(length);
        Some(secret)
    }

    fn key(&self, salt: &[u8; SALT], own: Option<&[u8]>) -> Result<LessSafeKey, VaultError> {
        let unsealable = |_| VaultError::Unsealable;
        // The length of the first part stands before it, so that the border between the two is not free.
        let material = Zeroizing::new(match own {
            Some(own) => [&(self.machine.len() as u64).to_be_bytes()[..], &self.machine, own].concat(),
            None => self.machine.clone(),
        });
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&material);
        let mut key = Zeroizing::new([0; 32]);
        extracted.expand(&[&b"dca vault"[..]], &AES_256_GCM).and_then(|okm| okm.fill(&mut *key)).map_err(unsealable)?;
        UnboundKey::new(&AES_256_GCM, &*key).map(LessSafeKey::new).map_err(unsealable)
    }

    fn path(&self, name: &str) -> Result<PathBuf, VaultError> {
        let plain = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-');
        if plain { Ok(self.folder.join(format!("{name}.sealed"))) } else { Err(VaultError::Unsealable) }
    }
}

/// Prints none of it.
impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn own_key(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
    match read(path) {
        Ok(key) if KEY_OCTETS.contains(&key.len()) => Ok(Some(Zeroizing::new(key))),
        Ok(_) => Err(VaultError::Key { path: path.to_owned() }),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(VaultError::File { path: path.to_owned(), why }),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut octets = Vec::new();
    File::open(path)?.take(OCTETS).read_to_end(&mut octets)?;
    Ok(octets)
}

/// What this machine is known by to itself. Where it has no id, only the salt is left, and the file's mode.
#[cfg(not(windows))]
fn machine_id() -> Vec<u8> {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .into_iter()
        .find_map(|file| fs::read(file).ok().filter(|id| !id.is_empty()))
        .unwrap_or_else(|| b"no machine id".to_vec())
}

/// What Windows was given when it was set up.
#[cfg(windows)]
fn machine_id() -> Vec<u8> {
    let given = windows_registry::LOCAL_MACHINE
        .open("SOFTWARE\\Microsoft\\Cryptography")
        .and_then(|key| key.get_string("MachineGuid"));
    given.map_or_else(|_| b"no machine id".to_vec(), String::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_kept_and_found_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(&folder.path().join("state"), None).unwrap();
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
        let vault = Vault::open(folder.path(), None).unwrap();
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

    #[test]
    fn a_key_of_its_own_is_needed_once_it_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let (state, credentials) = (folder.path().join("state"), folder.path().join("credentials"));
        fs::create_dir(&credentials).unwrap();
        let open = || Vault::open(&state, Some(&credentials));
        open().unwrap().keep("identity", b"secret").unwrap();
        fs::write(credentials.join(KEY), [7; 32]).unwrap();
        // What was sealed without it is read, and sealed anew.
        assert_eq!(open().unwrap().find("identity").unwrap().unwrap().as_slice(), b"secret");
        assert_eq!(open().unwrap().find("identity").unwrap().unwrap().as_slice(), b"secret");
        let keyless = Vault::open(&state, None).unwrap().find("identity").unwrap_err();
        assert!(keyless.to_string().contains("CREDENTIALS_DIRECTORY"), "{keyless}");
        fs::write(credentials.join(KEY), [8; 32]).unwrap();
        assert!(matches!(open().unwrap().find("identity"), Err(VaultError::Sealed { .. })), "another key");
        fs::write(credentials.join(KEY), [8; 3]).unwrap();
        assert!(matches!(open(), Err(VaultError::Key { .. })), "no key at all");
        let shown =
            format!("{:?}", Vault { own: Some(Zeroizing::new(vec![77; 32])), ..Vault::open(&state, None).unwrap() });
        assert!(!shown.contains("77"), "{shown}");
    }
}
