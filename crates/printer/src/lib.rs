//! What a printer is: which questions to ask it, and what its answers mean.
//!
//! Rows of OIDs and values go in, a [`Reading`] comes out. No socket, no clock, and no vendor's name in Rust: what is
//! known of a vendor is a TOML file in `profiles/`.
//!
//! ```text
//! discovery ──► rows ──► verdict, Profiles::pick ──► Profile::plan ──► rows ──► Profile::read ──► Reading
//! ```

mod dialect;
mod profile;
mod reading;
mod rows;
mod standard;

pub use profile::{Plan, Profile, ProfileError, Profiles};
pub use reading::{
    Alert, Confidence, Count, Cover, Fact, Identity, Input, Maintenance, Meter, Output, Reading, Source, Status,
    Supply, Total, Verdict,
};
pub use rows::Rows;
pub use standard::{Hints, brand, denied, discovery, identity, read, subtrees, verdict};
