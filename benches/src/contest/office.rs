//! Printers read in full, all at once, through one socket.
//!
//! `read WHO COUNT RANGE:PORT ...`: both ask the same: one GET of [`NAMES`] and the subtrees [`TABLES`] whole, of each
//! printer, one question at a time. How many names and rows go into a datagram is each library's own doing: ours learns what
//! fits, async-snmp takes its default of 25 rows and, told so, all names in one GET.

use super::{async_client, block_on};
use crate::own::{Traffic, processor};
use anyhow::{Context, bail};
use async_snmp::Auth;
use async_snmp::transport::UdpTransport;
use dca_fence::{Allowed, Fence};
use dca_lan::{Settings, Snmp};
use dca_snmp::{Credentials, Oid, Request, Walk, WalkEnd};
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Instant;
use tokio::task::JoinSet;

/// Who it is, what it is doing, and its total.
const NAMES: [&str; 12] = [
    "1.3.6.1.2.1.1.1.0",
    "1.3.6.1.2.1.1.2.0",
    "1.3.6.1.2.1.1.3.0",
    "1.3.6.1.2.1.1.5.0",
    "1.3.6.1.2.1.1.6.0",
    "1.3.6.1.2.1.25.3.2.1.3.1",
    "1.3.6.1.2.1.25.3.2.1.5.1",
    "1.3.6.1.2.1.25.3.5.1.1.1",
    "1.3.6.1.2.1.25.3.5.1.2.1",
    "1.3.6.1.2.1.43.5.1.1.17.1",
    "1.3.6.1.2.1.43.10.2.1.4.1.1",
    "1.3.6.1.2.1.43.16.5.1.2.1.1",
];

/// The Printer-MIB: general, covers, inputs, outputs, markers, supplies, colorants, console, alerts.
const TABLES: [&str; 9] = [
    "1.3.6.1.2.1.43.5.1",
    "1.3.6.1.2.1.43.6.1",
    "1.3.6.1.2.1.43.8.2",
    "1.3.6.1.2.1.43.9.2",
    "1.3.6.1.2.1.43.10.2",
    "1.3.6.1.2.1.43.11.1",
    "1.3.6.1.2.1.43.12.1",
    "1.3.6.1.2.1.43.16.5",
    "1.3.6.1.2.1.43.18.1",
];

pub(crate) fn read(who: &str, rounds: u64, rest: &[String]) -> anyhow::Result<()> {
    let fence = Fence::parse(rest.iter().map(String::as_str))?;
    let printers: Vec<Allowed> = fence.targets().filter_map(|at| fence.admit(at)).collect();
    let (start, before, traffic) = (Instant::now(), processor()?, Traffic::read()?);
    let (mut rows, mut whole) = (0, 0);
    for _ in 0..rounds {
        let read: Vec<Option<usize>> = match who {
            "dca-lan" => block_on(ours(&printers))?,
            "async-snmp" => block_on(async_snmp(&printers))?,
            _ => bail!("{who} reads nothing here"),
        };
        whole += read.iter().flatten().count();
        rows += read.iter().flatten().sum::<usize>();
    }
    let (took, busy) = (start.elapsed(), processor()?.saturating_sub(before));
    let (datagrams, octets) = Traffic::read()?.since(&traffic);
    let asked = (printers.len() as u64 * rounds) as f64;
    println!(
        "ms={} cpu={} lost={} rows={} datagrams={} octets={}",
        took.as_secs_f64() * 1e3,
        busy.as_secs_f64() * 1e3,
        asked - whole as f64,
        rows as f64 / asked,
        datagrams as f64 / asked,
        octets as f64 / asked,
    );
    Ok(())
}

async fn ours(printers: &[Allowed]) -> anyhow::Result<Vec<Option<usize>>> {
    let snmp = Snmp::bind(Settings::default())?;
    let (names, tables) = (oids::<Oid>(&NAMES)?, oids::<Oid>(&TABLES)?);
    let mut reading = JoinSet::new();
    for &at in printers {
        let (snmp, names, tables) = (snmp.clone(), names.clone(), tables.clone());
        reading.spawn(async move {
            let who = Credentials::v2c("public");
            let answer = snmp.ask(Request::get(names), at, &who).await.ok()?;
            let walked = snmp.walk(Walk::of(tables), at, &who).await;
            (walked.end == WalkEnd::Complete).then_some(answer.varbinds.len() + walked.varbinds.len())
        });
    }
    Ok(reading.join_all().await)
}

async fn async_snmp(printers: &[Allowed]) -> anyhow::Result<Vec<Option<usize>>> {
    let transport = UdpTransport::builder().bind("0.0.0.0:0").recv_buffer_size(4 << 20).build().await?;
    let (names, tables) = (oids::<async_snmp::Oid>(&NAMES)?, oids::<async_snmp::Oid>(&TABLES)?);
    let mut reading = JoinSet::new();
    for at in printers {
        let (at, transport, names, tables): (SocketAddr, _, _, _) =
            (at.addr(), transport.clone(), names.clone(), tables.clone());
        reading.spawn(async move {
            let client = async_client(at, Auth::v2c("public")).max_oids_per_request(names.len());
            let client = client.build_with(&transport).await.ok()?;
            let mut rows = client.get_many(&names).await.ok()?.varbinds.len();
            for table in tables {
                rows += client.walk(table).ok()?.collect().await.ok()?.len();
            }
            Some(rows)
        });
    }
    Ok(reading.join_all().await)
}

fn oids<O: FromStr>(texts: &[&str]) -> anyhow::Result<Vec<O>> {
    texts.iter().map(|text| text.parse().ok().with_context(|| format!("{text} is no OID"))).collect()
}
