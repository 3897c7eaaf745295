//! The User-based Security Model (RFC 3414, RFC 3826, RFC 7860).
//!
//! ```text
//! passphrase ── MasterKey ── per engine: LocalizedKey ── AuthKey      signs and verifies whole datagrams
//!   once        (Ku)           (Kul)                 └── PrivacyKey   encrypts and decrypts scoped PDUs
//! ```
//!
//! [`LocalizedUser`] holds both for one user and one engine and is what a manager or a responder works with.
//! [`EngineClock`] and [`RemoteClock`] are the two sides of the time window. Nothing here draws random numbers or reads
//! a clock.

mod auth;
mod engine;
mod keys;
mod localized;
mod privacy;
mod report;

pub use auth::{AuthKey, BadDigest};
pub use engine::{EngineClock, MAX_BOOTS, RemoteClock, TIME_WINDOW};
pub use keys::{LocalizedKey, MasterKey};
pub use localized::{Header, LocalizedUser, OpenError};
pub use privacy::{BadPrivacy, PrivacyKey, Salts};
