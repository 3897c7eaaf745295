//! The short name of an authority, as it stands in an activation code.

use crate::certificate::{BadCertificate, key_hash};
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::str::FromStr;

const OCTETS: usize = 16;

/// The first 16 octets of the SHA-256 of an authority's SubjectPublicKeyInfo. To find another key with the same ones takes
/// 2^128 attempts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Authority([u8; OCTETS]);

/// The text is no such name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 hexadecimal digits")]
pub struct BadAuthority;

impl Authority {
    /// The name of the authority with this certificate.
    ///
    /// # Errors
    /// If the certificate cannot be read.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, BadCertificate> {
        let hash = key_hash(certificate)?;
        let mut first = [0; OCTETS];
        first.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Ok(Self(first))
    }
}

impl FromStr for Authority {
    type Err = BadAuthority;

    fn from_str(text: &str) -> Result<Self, BadAuthority> {
        if text.len() != 2 * OCTETS || !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            return Err(BadAuthority);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| BadAuthority)?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let text = "00112233445566778899aabbccddeeff";
        assert_eq!(text.parse::<Authority>().unwrap().to_string(), text);
        for bad in ["", "0011", "+0112233445566778899aabbccddeeff", "zz112233445566778899aabbccddeeff"] {
            assert_eq!(bad.parse::<Authority>(), Err(BadAuthority), "{bad}");
        }
    }
}
