//! The one test command.

use crate::office::program;
use crate::shell::{self, ci, root, run_with};
use crate::{check, witness};
use anyhow::bail;
use std::path::PathBuf;

pub(crate) fn run() -> anyhow::Result<()> {
    let mut skipped = witness::prepare()?;
    check::run()?;
    skipped += check::windows()?;
    // The binary first: tests of other packages start it.
    shell::run("cargo build --locked --workspace --bins --examples")?;
    // The same cases in each run, so that a change is judged by what it changed. A plain `cargo test` takes others.
    let seed = std::env::var("PROPTEST_RNG_SEED").unwrap_or_else(|_| "4".into());
    run_with("cargo test --locked --workspace", &[("PROPTEST_RNG_SEED", &seed)])?;
    skipped += score()?;
    match skipped {
        0 => println!("\nAll tests passed, nothing was skipped."),
        count => println!("\nAll tests that could run passed. SKIPPED: {count} (see above)."),
    }
    Ok(())
}

/// Recorded printers with expected results, kept beside the repository for their licences' sake.
fn score() -> anyhow::Result<usize> {
    let shared = std::env::var_os("DCA_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let (script, walks) = (shared.join("tools/score.py"), shared.join("walks"));
    if !script.exists() || !walks.exists() {
        if ci() {
            bail!("CI=true and there are no recorded walks at {} (set DCA_SHARED)", shared.display());
        }
        println!("\nSKIPPED: the score on recorded walks (none at {}; set DCA_SHARED)", shared.display());
        return Ok(1);
    }
    let (script, walks) = (script.display(), walks.display());
    let dca = program("debug", "dca");
    run_with(
        &format!("python3 {script} {} {walks} {walks}/expected", dca.display()),
        &[("MIN_RIGHT", "99"), ("MAX_WRONG", "0")],
    )?;
    Ok(0)
}
