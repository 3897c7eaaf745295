//! The README is the crate's front page without its hidden lines, and what the page says of dependencies holds.

use std::process::Command;

/// `UPDATE_EXPECT=1 cargo test -p dca-snmp --test front_page` renews it.
#[test]
fn the_readme_is_the_front_page() {
    let mut readme = String::from("# dca-snmp\n\n");
    let mut in_code = false;
    for line in include_str!("../src/lib.rs").lines().map_while(|line| line.strip_prefix("//!")) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        in_code ^= line.starts_with("```");
        match line {
            hidden if in_code && (hidden == "#" || hidden.starts_with("# ")) => continue,
            heading if !in_code && heading.starts_with('#') => readme.push('#'),
            _ => {}
        }
        // Links into the documentation lead nowhere from a file.
        readme.push_str(&line.replace("[`", "`").replace("`]", "`"));
        readme.push('\n');
    }
    expect_test::expect_file!["../README.md"].assert_eq(&readme);
}

/// What a program that uses this crate compiles with it: nothing asynchronous, no other parser.
#[test]
fn what_the_crate_needs_is_small() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "-p",
            "dca-snmp",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"dca-snmp") && names.contains(&"sha2"), "{tree}");
    for banned in
        ["nom", "asn1-rs", "tokio", "snmp-parser", "async-std", "socket2", "mio", "libc", "ring", "openssl-sys"]
    {
        let found = names.contains(&banned) && !(banned == "libc" && cfg!(target_arch = "aarch64"));
        assert!(!found, "{banned} is in the tree:\n{tree}");
    }
}

/// Types of other crates stay inside: no `pub` item's line names one.
#[test]
fn no_foreign_type_is_public() {
    let foreign = ["SmallVec", "smallvec::", "Zeroizing<", "zeroize::", "aes::", "sha2::", "hmac::", "digest::"];
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for line in text.lines().map(str::trim_start) {
                let public = ["pub fn", "pub const fn", "pub type", "pub trait", "pub use"];
                let field = line.strip_prefix("pub ").is_some_and(|rest| rest.contains(": ") && !rest.contains('('));
                if public.iter().any(|start| line.starts_with(start)) || field {
                    seen += 1;
                    assert!(!foreign.iter().any(|name| line.contains(name)), "{}: {line}", path.display());
                }
            }
        }
    }
    assert!(seen > 200, "{seen} public lines");
}
