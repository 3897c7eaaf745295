//! What each fuzz target does with its input. A broken promise is a panic.
#![forbid(unsafe_code)]

mod dice;
mod manager;
mod message;
mod opinion;
mod replies;
mod text;
mod usm;
mod walk;
mod window;
mod wire;

pub use manager::manager;
pub use message::message;
pub use opinion::opinion;
pub use replies::{ipp, ledm, zebra};
pub use text::{profile, text};
pub use usm::usm;
pub use walk::walk;
pub use window::window;
pub use wire::{wire, wire_number};

/// The targets by name.
pub const TARGETS: [(&str, fn(&[u8])); 12] = [
    ("message", message),
    ("opinion", opinion),
    ("window", window),
    ("usm", usm),
    ("walk", walk),
    ("manager", manager),
    ("profile", profile),
    ("text", text),
    ("wire", wire),
    ("zebra", zebra),
    ("ledm", ledm),
    ("ipp", ipp),
];
