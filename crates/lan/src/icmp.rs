//! ICMP echo (RFC 792; RFC 4443 §4.1, §4.2).
//!
//! ```text
//!  0        1        2                 4                 6                 8
//!  ┌────────┬────────┬─────────────────┬─────────────────┬─────────────────┬──────────────
//!  │ type   │ code 0 │ checksum        │ identifier      │ sequence        │ token
//!  └────────┴────────┴─────────────────┴─────────────────┴─────────────────┴──────────────
//! ```
//!
//! The token is random: an echo is ours if it brings the token back. The identifier is not looked at, an unprivileged
//! socket's kernel puts its own there.

/// Octets of the random token.
pub(crate) const TOKEN: usize = 16;

const HEADER: usize = 8;

/// The address family an echo travels in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    fn request(self) -> u8 {
        match self {
            Self::V4 => 8,
            Self::V6 => 128,
        }
    }

    fn reply(self) -> u8 {
        match self {
            Self::V4 => 0,
            Self::V6 => 129,
        }
    }
}

/// An echo request. The checksum of ICMPv6 covers addresses that only the kernel knows, so the kernel fills it in.
pub(crate) fn echo_request(family: Family, identifier: u16, sequence: u16, token: &[u8; TOKEN]) -> Vec<u8> {
    let [i, d] = identifier.to_be_bytes();
    let [s, q] = sequence.to_be_bytes();
    let mut message = vec![family.request(), 0, 0, 0, i, d, s, q];
    message.extend_from_slice(token);
    if family == Family::V4 {
        let sum = checksum(&message).to_be_bytes();
        for (octet, sum) in message.iter_mut().skip(2).zip(sum) {
            *octet = sum;
        }
    }
    message
}

/// True if these octets, as a socket gave them, are the reply that carries this token. A raw IPv4 socket gives the IP
/// header too.
pub(crate) fn is_reply(family: Family, received: &[u8], token: &[u8; TOKEN]) -> bool {
    let message = match (family, received.first()) {
        (Family::V4, Some(first)) if first >> 4 == 4 => received.get(usize::from(first & 0x0f) * 4..),
        _ => Some(received),
    };
    let Some([kind, 0, _, _, _, _, _, _, ..]) = message else { return false };
    *kind == family.reply() && message.and_then(|message| message.get(HEADER..)) == Some(token)
}

/// The Internet checksum (RFC 1071).
fn checksum(octets: &[u8]) -> u16 {
    let word =
        |pair: &[u8]| pair.iter().fold(0u32, |word, octet| word << 8 | u32::from(*octet)) << (8 * (2 - pair.len()));
    let sum: u32 = octets.chunks(2).map(word).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !(((folded & 0xffff) + (folded >> 16)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_of_rfc_1071() {
        // §3: the words sum up to ddf2.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[0xff]), !0xff00, "an odd octet is padded with zero");
    }

    #[test]
    fn a_request_sums_up_to_zero() {
        let request = echo_request(Family::V4, 0xbeef, 7, b"0123456789abcdef");
        assert_eq!((request[0], request.len(), checksum(&request)), (8, 24, 0));
        assert_eq!(echo_request(Family::V6, 1, 1, b"0123456789abcdef")[..4], [128, 0, 0, 0]);
    }

    #[test]
    fn a_reply_is_known_by_its_token() {
        let token = b"0123456789abcdef";
        let mut reply = echo_request(Family::V4, 1, 1, token);
        assert!(!is_reply(Family::V4, &reply, token), "our own request, seen on loopback");
        reply[0] = 0;
        assert!(is_reply(Family::V4, &reply, token));
        assert!(!is_reply(Family::V4, &reply, b"0123456789abcdeX"));
        assert!(!is_reply(Family::V4, &reply[..20], token), "cut");
        assert!(!is_reply(Family::V4, &[], token));
        let mut with_header = vec![0; 24];
        with_header[0] = 0x46;
        with_header.extend_from_slice(&reply);
        assert!(is_reply(Family::V4, &with_header, token), "IP header with an option");
        assert!(!is_reply(Family::V4, &[0x4f, 0], token));
        reply[0] = 129;
        assert!(is_reply(Family::V6, &reply, token));
    }
}
