//! Chance from a seed: AES-256 over a counter, so that ids cannot be foretold by who has seen some of them.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use core::fmt;

/// Request ids from here to `i32::MAX` fill exactly four octets.
const FIRST_ID: u32 = 0x0100_0000;

pub(super) struct Chance {
    cipher: Aes256,
    block: u128,
}

impl Chance {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { cipher: Aes256::new(&seed.into()), block: 0 }
    }

    pub(super) fn number(&mut self) -> u64 {
        let mut block = self.block.to_be_bytes().into();
        self.block = self.block.wrapping_add(1);
        self.cipher.encrypt_block(&mut block);
        block.iter().take(8).fold(0, |number, octet| number << 8 | u64::from(*octet))
    }

    /// A request id or msgID.
    pub(super) fn id(&mut self) -> i32 {
        let span = u64::from(i32::MAX as u32 - FIRST_ID + 1);
        (FIRST_ID + (self.number() % span) as u32) as i32
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance(..)")
    }
}
