//! One question to every address of a range, through one socket. `cargo run --release --example get_many [RANGE]`;
//! without a range 300 simulated devices are asked among 510 addresses, and the silent ones cost their time-outs together.

use dca_fence::Fence;
use dca_lan::{Settings, Snmp};
use dca_sim::{Fleet, office};
use dca_snmp::{Counter, Credentials, OidRef, Request, oid};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const SYS_DESCR: OidRef<'static> = oid!("1.3.6.1.2.1.1.1.0");
const PAGES: OidRef<'static> = oid!("1.3.6.1.2.1.43.10.2.1.4.1.1"); // prtMarkerLifeCount

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    run(&mut io::stdout(), std::env::args().nth(1)).await
}

pub(crate) async fn run(out: &mut impl Write, range: Option<String>) -> anyhow::Result<()> {
    let devices = if range.is_none() { office(300, 1) } else { Vec::new() };
    let fleet = Fleet::on_loopback(devices.into_iter().map(|(ip, device)| (SocketAddr::new(ip, 0), device))).await?;
    let port = fleet.addresses().first().map_or(161, SocketAddr::port);
    let range = range.unwrap_or_else(|| format!("127.1.0.1-127.1.1.254:{port}"));

    let fence = Fence::parse([range.as_str()])?;
    let settings = Settings { timeout: Duration::from_millis(500), retries: 2, ..Settings::default() };
    let snmp = Snmp::bind(settings)?;
    let (who, start) = (Credentials::v2c("public"), Instant::now());

    let mut asked = JoinSet::new();
    for at in fence.targets().filter_map(|at| fence.admit(at)) {
        let (snmp, who) = (snmp.clone(), who.clone());
        asked.spawn(async move { (at, snmp.ask(Request::get([SYS_DESCR, PAGES]), at, &who).await) });
    }
    let mut answers = BTreeMap::new();
    while let Some(outcome) = asked.join_next().await {
        if let (at, Ok(answer)) = outcome? {
            answers.insert(at, answer);
        }
    }

    for (at, answer) in answers.iter().take(20) {
        let pages = answer.find::<Counter>(PAGES)?.map(|pages| pages.0.to_string());
        let name: String = answer.find::<String>(SYS_DESCR)?.unwrap_or_default().chars().take(60).collect();
        writeln!(out, "{at}  {:>8}  {name:?}", pages.as_deref().unwrap_or("-"))?;
    }
    if answers.len() > 20 {
        writeln!(out, "and {} more", answers.len() - 20)?;
    }
    let counters = snmp.counters();
    writeln!(
        out,
        "{} of {} addresses answered in {:.2?}: {} datagrams sent, {} received",
        answers.len(),
        fence.count(),
        start.elapsed(),
        counters.sent,
        counters.received
    )?;
    Ok(())
}
