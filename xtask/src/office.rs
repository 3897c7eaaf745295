//! The programs that were built, and the simulated office for them.

use crate::shell::target_folder;
use dca_e2e::{Office, Programs};
use std::path::PathBuf;

/// Where cargo put a program.
pub(crate) fn program(profile: &str, name: &str) -> PathBuf {
    target_folder().join(profile).join(name)
}

/// All programs of a profile.
pub(crate) fn programs(profile: &str) -> Programs {
    Programs::in_folder(target_folder().join(profile))
}

/// Starts `devices` simulated devices from `base` on and waits until they answer.
pub(crate) fn open(profile: &str, base: &str, devices: usize) -> anyhow::Result<Office> {
    Office::open(&programs(profile), base, devices)
}
