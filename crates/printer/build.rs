//! Lists the files in `profiles/`, so that a new profile needs no Rust.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let variable = |name| env::var(name).map_err(io::Error::other);
    let (source, target) = (variable("CARGO_MANIFEST_DIR")?, variable("OUT_DIR")?);
    let folder = Path::new(&source).join("profiles");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        // brands.toml is a table of names, read elsewhere.
        if name.ends_with(".toml") && name != "brands.toml" {
            files.push((name, path));
        }
    }
    files.sort();
    let mut list = String::from("&[\n");
    for (name, path) in files {
        let _ =
            writeln!(list, "    ({:?}, include_str!({:?})),", format!("profiles/{name}"), path.display().to_string());
    }
    list.push(']');
    fs::write(Path::new(&target).join("profiles.rs"), list)
}
