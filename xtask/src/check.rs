//! Formatting, lints, docs and dependency rules.

use crate::shell::{self, ci, has, run_with};

/// What the agent for Windows is compiled for. Nothing of it runs here.
const WINDOWS: &str = "x86_64-pc-windows-gnu";

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

/// Lints of what is behind `cfg(windows)`. The answer is how much was skipped: its C compiler is a witness as the others, its
/// standard library is no package of Debian's, and a machine without a way to Rust's own server goes without.
pub(crate) fn windows() -> anyhow::Result<usize> {
    let add = format!("rustup target add {WINDOWS}");
    if !has("x86_64-w64-mingw32-gcc") || !has("rustup") || shell::run(&add).is_err() {
        println!("\nSKIPPED: the service for Windows (to compile it: gcc-mingw-w64-x86-64 and {add})");
        return Ok(1);
    }
    shell::run(&format!("cargo clippy --locked --target {WINDOWS} -p dca -- -D warnings"))?;
    Ok(0)
}
