//! What a printer is: which questions to ask it, and what its answers mean.
//!
//! Rows of OIDs and values go in, a [`Reading`] comes out. No socket, no clock, and no vendor's name in Rust: what is
//! known of a vendor is a TOML file in `profiles/`.
//!
//! ```text
//! discovery ──► rows ──► verdict, Profiles::pick ──► Profile::plan ──► rows ──► Profile::read ──► Reading
//! ```
//!
//! Replies that are not SNMP (a recorded answer of a raw port, a page, octet strings cut out of a walk) are decoded by
//! their [`Form`], to the same words.

pub mod dialect;
mod fuse;
pub mod ipp;
mod poll;
mod profile;
mod reading;
mod replies;
mod rows;
mod standard;

pub use dialect::ledm;
pub use fuse::fuse;
pub use poll::{Cause, Depth, Extra, Learnt, Mark, Questions, Shared};
pub use profile::{Care, Plan, Profile, ProfileError, Profiles};
pub use reading::{
    Alert, Confidence, Count, Cover, Detail, Fact, Identity, Input, Maintenance, Meter, Output, Reading, Removed,
    Source, Status, Supply, Total, Verdict,
};
pub use replies::{Decoded, Form, Undecodable};
pub use rows::Rows;
pub use standard::{Hints, brand, columns, denied, discovery, identity, instances, read, understands, verdict};
