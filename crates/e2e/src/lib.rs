//! The whole system as its users have it: real programs, each a process of its own, on loopback.
//!
//! ```text
//! Office (dca-sim) ◄─SNMP─ Agent (dca run) ─gRPC─► Portal (explorer serve)
//! ```
//!
//! What starts here ends when its value is dropped. The programs must have been built: `cargo xtask test` and
//! `cargo xtask demo` do that first.

mod agent;
mod office;
mod portal;
mod program;
pub mod wal;

pub use agent::Agent;
pub use office::Office;
pub use portal::Portal;
pub use program::{Program, Programs, until};
