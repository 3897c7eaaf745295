//! The fuzz targets under libFuzzer. The stable toolchain does, with the compiler's unstable flags opened for cargo-fuzz.

use crate::shell::{has, root, run_with};
use anyhow::{Context, bail};

pub(crate) fn run(seconds: u32) -> anyhow::Result<()> {
    if !has("cargo-fuzz") {
        bail!("cargo-fuzz is missing: cargo install cargo-fuzz --locked");
    }
    let targets = root().join("fuzz/fuzz_targets");
    let mut names: Vec<String> = std::fs::read_dir(&targets)
        .with_context(|| format!("cannot list {}", targets.display()))?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    for name in names {
        run_with(
            &format!(
                "cargo fuzz run {name} -- -max_total_time={seconds} -timeout=10 -rss_limit_mb=2048 -print_final_stats=1"
            ),
            &[("RUSTC_BOOTSTRAP", "1")],
        )?;
    }
    Ok(())
}
