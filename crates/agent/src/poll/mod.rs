//! Polling known printers: when each is asked, how deep, what was learnt of it, and where it is when it does not answer.
//!
//! ```text
//!             ┌────────────── Rhythm ──────────────┐
//! Memory ──► Planner ──► Job ──► visit ──► Visit ──► Planner, Memory ──► what is reported
//!   ▲ who, where, credentials, rows         │
//!   └── moved, replaced, silent ────────────┘
//! ```
//!
//! [`Planner`], [`judge`] and [`Memory`]'s rules are pure: times are arguments. [`visit`] asks one [`Device`], whatever
//! carries the questions, so that a day of polling is a test. A service is a loop over [`Planner::next`] and
//! [`Network::visit`](crate::Network::visit).

mod index;
mod kept;
mod memory;
mod planner;
mod signature;
mod stock;
mod store;
mod visit;
mod whereabouts;

pub use crate::interview::{Device, Part};
pub use dca_printer::{Care, Cause, Depth, Extra};
pub use memory::{Known, Memory, News, Seen, Sighting};
pub use planner::{Job, Planner, Rhythm, Went};
pub use signature::Signature;
pub(crate) use stock::{Notebook, with_echo};
pub use visit::{Lesson, Met, Visit, learn, visit};
pub use whereabouts::{ENOUGH, Evidence, Whereabouts, judge};
