//! The profiles that come with the crate: what `build.rs` found in `profiles/`.

/// File name and text.
pub(super) const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/profiles.rs"));
