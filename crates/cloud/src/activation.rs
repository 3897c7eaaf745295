//! The code that a person types to enrol an agent: `XXXX-XXXX-XXXX-XXXX`, optionally followed by a dot and whom to trust.
//!
//! The first part is 80 random bits in Crockford's base 32, for the portal. The second is the beginning of the SHA-256 of
//! the public key of the portal's own CA, 32 hexadecimal digits: with it, an agent trusts a portal without a public
//! certificate from the first octet on, and nobody else.

use crate::trust::Authority;
use zeroize::Zeroizing;

/// A code, taken apart. Secret.
pub struct ActivationCode {
    code: Zeroizing<String>,
    authority: Option<Authority>,
}

/// The text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an activation code is four groups of four letters or digits, such as 7K2M-9QXA-T0CD-4WZE, \
     sometimes followed by a dot and 32 hexadecimal digits"
)]
pub struct BadCode;

impl ActivationCode {
    /// The code in `text`, as people type it: in any case, hyphens and blanks anywhere in the first part, I and L for 1, O
    /// for 0.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, BadCode> {
        let (code, authority) = match text.trim().split_once('.') {
            Some((code, authority)) => (code, Some(authority.parse().map_err(|_| BadCode)?)),
            None => (text, None),
        };
        let mut plain = Zeroizing::new(String::with_capacity(GROUPS * (GROUP + 1)));
        let mut digits = 0;
        for letter in code.chars().filter(|letter| *letter != '-' && !letter.is_whitespace()) {
            if digits == GROUPS * GROUP {
                return Err(BadCode);
            }
            if digits > 0 && digits % GROUP == 0 {
                plain.push('-');
            }
            plain.push(digit(letter)?);
            digits += 1;
        }
        if digits == GROUPS * GROUP { Ok(Self { code: plain, authority }) } else { Err(BadCode) }
    }

    /// What goes to the portal: groups of four, in upper case.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whom to trust, where the code says so.
    pub fn authority(&self) -> Option<Authority> {
        self.authority
    }
}

impl std::fmt::Debug for ActivationCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActivationCode").field("authority", &self.authority).finish_non_exhaustive()
    }
}

fn digit(letter: char) -> Result<char, BadCode> {
    match letter.to_ascii_uppercase() {
        'I' | 'L' => Ok('1'),
        'O' => Ok('0'),
        'U' => Err(BadCode),
        letter if letter.is_ascii_alphanumeric() => Ok(letter),
        _ => Err(BadCode),
    }
}

const GROUPS: usize = 4;
const GROUP: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, bool)>) {
        let parsed = ActivationCode::parse(text).ok();
        let found = parsed.as_ref().map(|parsed| (parsed.code(), parsed.authority().is_some()));
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        check("7K2M-9QXA-T0CD-4WZE", Some(("7K2M-9QXA-T0CD-4WZE", false)));
        check(" 7k2m9qxa tocd 4wze\n", Some(("7K2M-9QXA-T0CD-4WZE", false)));
        check("ILOM-9QXA-T0CD-4WZE", Some(("110M-9QXA-T0CD-4WZE", false)));
        check("7K2M-9QXA-T0CD-4WZE.00112233445566778899aabbccddeeff", Some(("7K2M-9QXA-T0CD-4WZE", true)));
        for bad in ["", "7K2M-9QXA-T0CD-4WZ", "7K2M-9QXA-T0CD-4WZEE", "7K2M-9QXA-T0CD-4WZU", "7K2M-9QXA-T0CD-4WZÉ"] {
            check(bad, None);
        }
        check("7K2M-9QXA-T0CD-4WZE.", None);
        check("7K2M-9QXA-T0CD-4WZE.0011", None);
        check("7K2M-9QXA-T0CD-4WZE.0011223344556677 899aabbccddeeff", None);
    }

    #[test]
    fn a_code_is_not_printed() {
        let code = ActivationCode::parse("7K2M-9QXA-T0CD-4WZE").unwrap();
        assert!(!format!("{code:?}").contains("7K2M"));
    }
}
