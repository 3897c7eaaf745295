//! Walks a subtree and prints its rows. `cargo run --example walk [TARGET [OID]]`; without a target a simulated printer is
//! walked.

use dca_examples::{allowed, builtin, simulated};
use dca_lan::{Settings, Snmp};
use dca_snmp::{Credentials, Oid, Walk, WalkEnd, oid};
use std::io::{self, Write};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run(&mut io::stdout(), &arguments).await
}

pub(crate) async fn run(out: &mut impl Write, arguments: &[String]) -> anyhow::Result<()> {
    let (_device, at) = match arguments.first() {
        Some(target) => (None, allowed(target)?),
        None => simulated(builtin("color-mfp")?).await.map(|(fleet, at)| (Some(fleet), at))?,
    };
    let root: Oid = match arguments.get(1) {
        Some(text) => text.parse()?,
        None => oid!("1.3.6.1.2.1.43.10").to_oid(), // prtMarker
    };

    let snmp = Snmp::bind(Settings::default())?;
    let walked = snmp.walk(Walk::new(root), at, &Credentials::v2c("public")).await;

    for row in walked.varbinds.iter() {
        // Debug escapes what a device might send to harm a terminal.
        writeln!(out, "{} = {:?}", row.oid, row.binding)?;
    }
    writeln!(out, "{} rows in {} datagrams, {:.1?}", walked.varbinds.len(), walked.sent, walked.took)?;
    match walked.end {
        WalkEnd::Complete => {}
        WalkEnd::Failed { at, why } => writeln!(out, "it ended after {at}: {why}")?,
        other => writeln!(out, "it ended early: {other:?}")?,
    }
    for quirk in walked.quirks.iter() {
        writeln!(out, "forgiven: {}", quirk.text())?;
    }
    Ok(())
}
