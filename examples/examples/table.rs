//! Two tables of a printer in one question: supplies and paper trays, rows by index, cells with types.
//! `cargo run --example table [TARGET]`; without a target a simulated printer is asked.

use dca_examples::{allowed, builtin, simulated};
use dca_lan::{Settings, Snmp};
use dca_snmp::{Columns, Credentials, OidRef, oid};
use std::io::{self, Write};

// prtMarkerSuppliesTable and prtInputTable (RFC 3805 §6).
const SUPPLIES: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1");
const SUPPLY: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.6");
const CAPACITY: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.8");
const LEVEL: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1.9");
const INPUTS: OidRef<'static> = oid!("1.3.6.1.2.1.43.8.2.1");
const INPUT: OidRef<'static> = oid!("1.3.6.1.2.1.43.8.2.1.13");
const SHEETS: OidRef<'static> = oid!("1.3.6.1.2.1.43.8.2.1.10");

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    run(&mut io::stdout(), std::env::args().nth(1)).await
}

pub(crate) async fn run(out: &mut impl Write, target: Option<String>) -> anyhow::Result<()> {
    let (_device, at) = match target {
        Some(target) => (None, allowed(&target)?),
        None => simulated(builtin("color-mfp")?).await.map(|(fleet, at)| (Some(fleet), at))?,
    };
    let snmp = Snmp::bind(Settings::default())?;
    let columns = Columns::of([SUPPLY, CAPACITY, LEVEL, INPUT, SHEETS]);
    let table = snmp.table(columns, at, &Credentials::v2c("public")).await;

    for row in table.rows_of(SUPPLIES) {
        // -1 to -3 are words, not numbers: other, unknown, some (RFC 3805 §2.2.5.1).
        let known = |cell: Option<i64>| cell.filter(|level| *level >= 0);
        let (level, capacity) = (known(row.find(LEVEL)?), known(row.find(CAPACITY)?));
        let left = match (level, capacity) {
            (Some(level), Some(capacity)) if capacity > 0 => format!("{} %", level * 100 / capacity),
            _ => "unknown".to_owned(),
        };
        writeln!(out, "supply {:<6} {:<28} {left}", dotted(&row.index), text(row.find(SUPPLY)?))?;
    }
    for row in table.rows_of(INPUTS) {
        let sheets = row.find::<i64>(SHEETS)?.filter(|sheets| *sheets >= 0);
        let sheets = sheets.map_or_else(|| "unknown".to_owned(), |sheets| format!("{sheets} sheets"));
        writeln!(out, "tray   {:<6} {:<28} {sheets}", dotted(&row.index), text(row.find(INPUT)?))?;
    }
    writeln!(out, "{} rows in {} datagrams, {:?}", table.rows.len(), table.sent, table.end)?;
    Ok(())
}

fn dotted(index: &[u32]) -> String {
    index.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

/// A device's text, fit for a terminal.
fn text(cell: Option<String>) -> String {
    cell.unwrap_or_default().chars().filter(|char| !char.is_control()).collect()
}
