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

/// The oldest compiler is the one that the page names; the one at hand, which compiled this, is no older.
#[test]
fn the_oldest_compiler_is_stated() {
    let oldest = env!("CARGO_PKG_RUST_VERSION");
    assert!(include_str!("../README.md").contains(&format!("Needs Rust {oldest}.")), "{oldest}");
    let output = Command::new("rustc").arg("--version").output().expect("rustc runs");
    let at_hand = String::from_utf8(output.stdout).unwrap();
    let minor = |version: &str| version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    assert!(minor(&at_hand) >= minor(oldest), "{at_hand} is older than {oldest}");
}
