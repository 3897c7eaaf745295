//! The product at work on a machine without a printer.

use crate::office::{Office, program};
use crate::shell;
use anyhow::bail;
use std::process::{Command, Stdio};

pub(crate) fn run(devices: usize, stay: bool) -> anyhow::Result<()> {
    shell::run("cargo build --quiet --locked -p dca -p dca-sim")?;
    let office = Office::open("debug", "127.77.0.1", devices)?;
    let port = office.port;
    println!("\nA simulated office of {devices} devices answers on 127.77.0.1 and up, UDP port {port}.");

    let scope = format!("127.77.0.0/24:{port}");
    show(&["scan", &scope])?;
    let Some(first) = office.addresses.first() else { bail!("the office is empty") };
    show(&["read", &format!("{first}:{port}")])?;

    let dca = program("debug", "dca");
    let dca = dca.display();
    println!("\nWhat to type next:");
    println!("  {dca} scan 192.168.10.0/24          your own network instead of this one");
    println!("  {dca} read --sources ADDRESS        every figure, and where it comes from");
    println!("  {dca} help                          all commands");
    if stay {
        println!("\nThe office stays open for {dca} scan {scope}");
        println!("Press Enter to close it.");
        std::io::stdin().read_line(&mut String::new())?;
    } else {
        println!("  cargo xtask demo --stay            keeps this office open to play with");
    }
    Ok(())
}

fn show(arguments: &[&str]) -> anyhow::Result<()> {
    println!("\n$ dca {}", arguments.join(" "));
    let status = Command::new(program("debug", "dca")).args(arguments).stdin(Stdio::null()).status()?;
    // 1 tells that a device did not answer in full, which a real office has too.
    match status.code() {
        Some(0 | 1) => Ok(()),
        _ => bail!("dca {}: {status}", arguments.join(" ")),
    }
}
