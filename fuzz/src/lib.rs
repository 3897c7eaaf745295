//! What each fuzz target does with its input. A broken promise is a panic.
#![forbid(unsafe_code)]

mod message;
mod text;
mod usm;
mod walk;
mod wire;

pub use message::message;
pub use text::{profile, text};
pub use usm::usm;
pub use walk::walk;
pub use wire::{wire, wire_number};

/// The targets by name.
pub const TARGETS: [(&str, fn(&[u8])); 6] =
    [("message", message), ("usm", usm), ("walk", walk), ("profile", profile), ("text", text), ("wire", wire)];
