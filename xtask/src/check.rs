//! Formatting, lints, docs and dependency rules.

use crate::shell::{self, ci, has, run_with};

pub(crate) fn run() -> anyhow::Result<()> {
    shell::run("cargo fmt --all --check")?;
    shell::run("cargo clippy --workspace --all-targets --locked -- -D warnings")?;
    // As the README builds them: alone, a crate has only the features that it asks for.
    shell::run("cargo check --locked -p dca")?;
    shell::run("cargo check --locked -p explorer")?;
    run_with("cargo doc --workspace --no-deps --locked", &[("RUSTDOCFLAGS", "-D warnings")])?;
    if !has("cargo-deny") {
        if !ci() {
            println!("\nSKIPPED: dependency rules (to run them: cargo install cargo-deny --locked)");
            return Ok(());
        }
        shell::run("cargo install cargo-deny --locked")?;
    }
    shell::run("cargo deny --log-level error check bans licenses sources")
}
