//! Reading a printer that is known already: which of its rows to ask again, how deep, and what made it worth while.
//!
//! ```text
//! first full reading ─► Learnt ─► questions(depth) ─► rows ─► Learnt::read ─► Reading of that depth
//!                          ▲                            └───► Mark ─► causes ─► a deeper one, or a full one
//!                          └────────── learnt again when a label, a code or the serial number changed
//! ```
//!
//! Nothing here knows when: how often each depth is due is for the caller, who has a clock.

mod gates;
mod learnt;

pub use gates::{Cause, Mark};
pub use learnt::{Learnt, Questions, Shared};

/// How deep a device is asked, from one datagram to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// Who it is: one GET, for addresses that nobody knows yet.
    Identity,
    /// Status, the billed page counts, whether something has happened, and whether it is still the same device: one GET of
    /// known instances.
    Hot,
    /// And how much is left: supplies, trays, bins, covers, the panel.
    Warm,
    /// And everything else that it was seen to have.
    Cold,
    /// Everything that it might have, as if it had never been read.
    Full,
}

/// What a [`Depth::Warm`] poll asks beyond levels. Deeper ones ask both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extra {
    /// prtAlertTable, and what the vendor notes of troubles that last.
    pub alerts: bool,
    /// Every meter and count, with the labels and codes that say what they are.
    pub meters: bool,
}
