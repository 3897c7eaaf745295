//! The agent's way to the portal: outbound only, over whatever proxy lies between.
//!
//! ```text
//! Rhythm (when) ──► Link (gRPC: check in, report) ──► dial (proxy) ──► trust (TLS) ──► portal
//! ```
//!
//! Check-in is the truth and push a hint: who loses the second loses seconds, nothing else. Nothing here listens, knows a
//! printer or keeps anything on disk.

mod activation;
mod certificate;
mod clock;
mod dial;
pub mod doctor;
mod error;
mod identity;
mod link;
mod place;
mod push;
pub mod rhythm;
mod signed;
mod trust;

pub use activation::{ActivationCode, BadCode};
pub use certificate::{BadCertificate, certificates};
pub use clock::{Clock, WORTH_TELLING, machine_ms};
pub use dca_wire::AgentId;
pub use dial::{BadProxy, DialError, Dialer, Duplex, Proxy, Stream};
pub use error::CloudError;
pub use identity::{Identity, IdentityError, Key};
pub use link::{Link, Settings};
pub use place::{BadPlace, Place, Scheme};
pub use push::{Access, DeviceKey, Hint, Push, PushSettings, PushState};
pub use rhythm::Rhythm;
pub use rustls::pki_types::CertificateDer;
pub use trust::{Authority, BadAuthority, Distrust, Trust, TrustError, Untrusted};

/// A UUIDv7 (RFC 9562 section 5.7) of the given time in milliseconds since 1970.
pub fn request_id(now_ms: i64) -> [u8; 16] {
    let mut id = chance_octets();
    let time = now_ms.max(0).to_be_bytes();
    id.iter_mut().zip(time.iter().skip(2)).for_each(|(to, from)| *to = *from);
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut id;
    *version = *version & 0x0f | 0x70;
    *variant = *variant & 0x3f | 0x80;
    id
}

/// A number drawn at random, for a [`Rhythm`].
pub fn chance() -> rhythm::Chance {
    chance_octets().iter().take(8).fold(0, |number, octet| number << 8 | u64::from(*octet))
}

/// Where the system gives no random numbers, the clock's last digits have to do: nothing secret is made of them.
fn chance_octets() -> [u8; 16] {
    let mut octets = [0; 16];
    if getrandom::fill(&mut octets).is_err() {
        octets = (machine_ms() as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes();
    }
    octets
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_request_id_is_a_uuid_of_version_7() {
        let id = super::request_id(0x0123_4567_89ab);
        assert_eq!(id[..6], [0x01, 0x23, 0x45, 0x67, 0x89, 0xab]);
        assert_eq!((id[6] >> 4, id[8] >> 6), (7, 2));
        assert_ne!(id, super::request_id(0x0123_4567_89ab));
    }
}
