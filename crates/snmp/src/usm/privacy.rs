//! Encrypting scoped PDUs: DES-CBC (RFC 3414 §8), AES-128-CFB (RFC 3826), and AES with longer keys used the same way.
//!
//! ```text
//! DES   key = key[0..8]    IV = key[8..16] xor salt              plaintext filled up to whole blocks of 8
//! AES   key = key[0..n]    IV = boots (4) | time (4) | salt      plaintext of any length
//! ```

use super::LocalizedKey;
use crate::credentials::PrivProtocol;
use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use core::fmt;
use des::Des;

/// A privacy key bound to one engine.
#[derive(Clone)]
pub struct PrivacyKey {
    protocol: PrivProtocol,
    key: LocalizedKey,
}

/// The octets cannot have been encrypted with this protocol: the salt is not of 8 octets, or DES in broken blocks.
/// A wrong key shows only in the plaintext.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the scoped PDU cannot be decrypted")]
pub struct BadPrivacy;

impl PrivacyKey {
    /// A key for this protocol; `None` if it has fewer octets than [`PrivProtocol::key_length`].
    pub fn new(protocol: PrivProtocol, key: LocalizedKey) -> Option<Self> {
        (key.octets().len() >= protocol.key_length()).then_some(Self { protocol, key })
    }

    /// The protocol it encrypts with.
    pub fn protocol(&self) -> PrivProtocol {
        self.protocol
    }

    /// The length to which a plaintext must be filled up before it is encrypted.
    pub fn padded(&self, length: usize) -> usize {
        match self.protocol {
            PrivProtocol::Des => length.next_multiple_of(DES_BLOCK),
            _ => length,
        }
    }

    /// Encrypts in place. `boots` and `time` are those of the message's authoritative engine; `salt` is never used
    /// twice with a key and goes into msgPrivacyParameters big-endian.
    pub fn encrypt(&self, text: &mut [u8], boots: u32, time: u32, salt: u64) -> Result<(), BadPrivacy> {
        let salt = salt.to_be_bytes();
        match self.protocol {
            PrivProtocol::Des => self.des::<cbc::Encryptor<Des>>(salt).and_then(|mut cipher| {
                blocks(text)?.for_each(|block| cipher.encrypt_block(block.into()));
                Ok(())
            }),
            PrivProtocol::Aes128 => {
                self.aes::<cfb_mode::Encryptor<Aes128>>(boots, time, salt).map(|aes| aes.encrypt(text))
            }
            PrivProtocol::Aes192(_) => {
                self.aes::<cfb_mode::Encryptor<Aes192>>(boots, time, salt).map(|aes| aes.encrypt(text))
            }
            PrivProtocol::Aes256(_) => {
                self.aes::<cfb_mode::Encryptor<Aes256>>(boots, time, salt).map(|aes| aes.encrypt(text))
            }
        }
    }

    /// Decrypts in place; `salt` is msgPrivacyParameters as it came.
    pub fn decrypt(&self, text: &mut [u8], boots: u32, time: u32, salt: &[u8]) -> Result<(), BadPrivacy> {
        let salt = salt.try_into().map_err(|_| BadPrivacy)?;
        match self.protocol {
            PrivProtocol::Des => self.des::<cbc::Decryptor<Des>>(salt).and_then(|mut cipher| {
                blocks(text)?.for_each(|block| cipher.decrypt_block(block.into()));
                Ok(())
            }),
            PrivProtocol::Aes128 => {
                self.aes::<cfb_mode::Decryptor<Aes128>>(boots, time, salt).map(|aes| aes.decrypt(text))
            }
            PrivProtocol::Aes192(_) => {
                self.aes::<cfb_mode::Decryptor<Aes192>>(boots, time, salt).map(|aes| aes.decrypt(text))
            }
            PrivProtocol::Aes256(_) => {
                self.aes::<cfb_mode::Decryptor<Aes256>>(boots, time, salt).map(|aes| aes.decrypt(text))
            }
        }
    }

    fn des<C: KeyIvInit>(&self, salt: [u8; 8]) -> Result<C, BadPrivacy> {
        let (key, pre_iv) = self.key.octets().split_at_checked(DES_BLOCK).ok_or(BadPrivacy)?;
        let mut iv = salt;
        iv.iter_mut().zip(pre_iv).for_each(|(octet, pre)| *octet ^= pre);
        C::new_from_slices(key, &iv).map_err(|_| BadPrivacy)
    }

    fn aes<C: KeyIvInit>(&self, boots: u32, time: u32, salt: [u8; 8]) -> Result<C, BadPrivacy> {
        let key = self.key.octets().get(..self.protocol.key_length()).ok_or(BadPrivacy)?;
        let iv = u128::from(boots) << 96 | u128::from(time) << 64 | u128::from(u64::from_be_bytes(salt));
        C::new_from_slices(key, &iv.to_be_bytes()).map_err(|_| BadPrivacy)
    }
}

impl PrivProtocol {
    /// Octets of key material it takes; for DES key and pre-IV.
    pub const fn key_length(self) -> usize {
        match self {
            Self::Des | Self::Aes128 => 16,
            Self::Aes192(_) => 24,
            Self::Aes256(_) => 32,
        }
    }
}

impl fmt::Debug for PrivacyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivacyKey({:?}, ..)", self.protocol)
    }
}

/// Salts that do not repeat within 2^64 messages (RFC 3414 §8.1.1.1, RFC 3826 §3.1.2.1).
#[derive(Debug, Clone)]
pub struct Salts(u64);

impl Salts {
    /// Starts at a number that the caller drew at random, so that a restart does not repeat the salts before it.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next salt.
    pub fn draw(&mut self) -> u64 {
        let salt = self.0;
        self.0 = self.0.wrapping_add(1);
        salt
    }
}

const DES_BLOCK: usize = 8;

fn blocks(text: &mut [u8]) -> Result<impl Iterator<Item = &mut [u8; DES_BLOCK]>, BadPrivacy> {
    match text.as_chunks_mut() {
        (blocks, []) => Ok(blocks.iter_mut()),
        _ => Err(BadPrivacy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::KeyExtension::Blumenthal;

    const ALL: [PrivProtocol; 4] =
        [PrivProtocol::Des, PrivProtocol::Aes128, PrivProtocol::Aes192(Blumenthal), PrivProtocol::Aes256(Blumenthal)];

    fn key(protocol: PrivProtocol) -> PrivacyKey {
        let octets: Vec<u8> = (1..33).collect();
        PrivacyKey::new(protocol, LocalizedKey::from_octets(&octets)).unwrap()
    }

    #[test]
    fn there_and_back() {
        for protocol in ALL {
            let key = key(protocol);
            for length in [0, 1, 7, 8, 9, 16, 100, 1400] {
                let length = key.padded(length);
                let text: Vec<u8> = (0..length).map(|at| at as u8).collect();
                let mut octets = text.clone();
                key.encrypt(&mut octets, 3, 77, 0x0102_0304_0506_0708).unwrap();
                assert!(length < 8 || octets != text, "{protocol:?} {length}");
                key.decrypt(&mut octets, 3, 77, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
                assert_eq!(octets, text, "{protocol:?} {length}");
            }
        }
    }

    #[test]
    fn the_iv_is_what_the_rfcs_say() {
        // The first block of CFB is plaintext xor E(IV), that of CBC E(plaintext xor IV).
        use cbc::cipher::{BlockCipherEncrypt, KeyInit};
        let (boots, time, salt) = (0x0a0b_0c0d, 0x0102_0304, 0x1122_3344_5566_7788);
        let mut text = [0; 16];
        key(PrivProtocol::Aes128).encrypt(&mut text, boots, time, salt).unwrap();
        let mut iv = [10, 11, 12, 13, 1, 2, 3, 4, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88].into();
        let octets: [u8; 16] = core::array::from_fn(|at| at as u8 + 1);
        Aes128::new(&octets.into()).encrypt_block(&mut iv);
        assert_eq!(text, *iv);

        let mut text = [0; 8];
        key(PrivProtocol::Des).encrypt(&mut text, boots, time, salt).unwrap();
        let salt = salt.to_be_bytes();
        let mut iv = core::array::from_fn::<u8, 8, _>(|at| (at as u8 + 9) ^ salt[at]).into();
        Des::new(&[1, 2, 3, 4, 5, 6, 7, 8].into()).encrypt_block(&mut iv);
        assert_eq!(text, *iv);
    }

    #[test]
    fn what_cannot_be_ciphertext() {
        for protocol in ALL {
            for salt in [&[][..], &[0; 7], &[0; 9]] {
                assert_eq!(key(protocol).decrypt(&mut [0; 16], 0, 0, salt), Err(BadPrivacy), "{protocol:?}");
            }
            let short = vec![0; protocol.key_length() - 1];
            assert!(PrivacyKey::new(protocol, LocalizedKey::from_octets(&short)).is_none());
        }
        assert_eq!(key(PrivProtocol::Des).decrypt(&mut [0; 15], 0, 0, &[0; 8]), Err(BadPrivacy));
    }

    #[test]
    fn salts_do_not_repeat_even_past_the_end() {
        let mut salts = Salts::new(u64::MAX - 1);
        let drawn: std::collections::BTreeSet<u64> = (0..1000).map(|_| salts.draw()).collect();
        assert_eq!(drawn.len(), 1000);
    }
}
