//! The agent's outbox: what was read waits here until the portal has it.
//!
//! ```text
//! push ──► writer ──► one transaction for all that wait ──► SQLite (WAL, synchronous = FULL)
//!                                                             │ batch ──► the portal ──► acknowledge
//!                                 no room: thinned, counted ──┴─► gaps ──► told as records of their own
//! ```
//!
//! Octets are opaque. The caller says to which stream a record belongs, of what [`Class`] it is, which device it is about and
//! when it happened. Records of a stream keep their order; streams do not wait for each other.
//!
//! **What holds.** A record whose [`Spool::push`] answered [`Stored::Disk`] is there after any crash, until the portal
//! acknowledged it or room had to be made; room is made in a fixed order (see [`Bounds`]) and every drop is counted in a
//! [`Gap`]. Number and epoch of a record never change, so that the portal recognises what is sent twice. Files never take
//! more than the bound.
//!
//! **On disk.** One file beside its write-ahead log, both locked, so that two agents cannot share them:
//!
//! ```text
//! lane    a stream in an epoch: how far it was numbered and acknowledged, what waits
//! record  id = lane << 48 | seq, class, day, device, time, CRC-32 of the octets, octets (zstd if that is shorter)
//! aside   what the portal refused: until when it waits, how often it was tried; five times: dead
//! gap     what was dropped and has not been told yet
//! orders  which orders were carried out, and with what result
//! ```

mod aside;
mod bounds;
mod error;
mod examine;
mod gaps;
mod handle;
mod item;
mod lanes;
mod memory;
mod orders;
mod recovery;
mod salvage;
mod schema;
mod store;
mod thin;
mod writer;

pub use aside::Refused;
pub use bounds::Bounds;
pub use error::SpoolError;
pub use examine::Examined;
pub use gaps::Gap;
pub use handle::Spool;
pub use item::{Batch, Class, Entry, Item, Stored};
pub use orders::Seen;
pub use recovery::{Damage, Recovery};
pub use store::{Acknowledged, Size, Summary};
