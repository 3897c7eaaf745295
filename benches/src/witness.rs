//! Peers that are C libraries, through small programs compiled when they are needed.

use crate::run::output;
use std::path::{Path, PathBuf};

/// Compiles `witness/NAME.c`. The error says what is missing.
pub(crate) fn compile(name: &str, library: &str, package: &str) -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("witness").join(name).with_extension("c");
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let program = here.with_file_name(format!("bench-{name}"));
    let mut words = vec!["gcc", "-std=gnu99", "-O2", "-Wall", "-o"];
    let (to, from) = (program.display().to_string(), source.display().to_string());
    words.extend([to.as_str(), from.as_str()]);
    words.extend(library.split_whitespace());
    let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    match output(&words, &[]) {
        Ok(_) => Ok(program),
        Err(_) => Err(format!("{name} needs gcc and {package}")),
    }
}
