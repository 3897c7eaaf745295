//! A day's visit to an office of simulated devices on a network that loses every twentieth datagram: find the printers,
//! read each in full, print what needs somebody's attention. `cargo run --release --example simulated_office`

use dca_fence::{Allowed, Fence};
use dca_lan::{Settings, Snmp};
use dca_printer::{Profiles, Reading, Rows, verdict};
use dca_sim::{Fault, Fleet, office};
use dca_snmp::{Credentials, Oid, Request, Value, VarBind, Walk};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    run(&mut io::stdout(), 60).await
}

pub(crate) async fn run(out: &mut impl Write, count: usize) -> anyhow::Result<()> {
    let fault = Fault { loss: 0.05, delay: Duration::from_millis(5), ..Fault::default() };
    let devices = office(count, 7).into_iter().map(|(ip, device)| (SocketAddr::new(ip, 0), device));
    let fleet = Fleet::with_fault(devices, fault, 7).await?;
    let port = fleet.addresses().first().map_or(161, SocketAddr::port);

    let fence = Fence::parse([format!("127.1.0.0/24:{port}").as_str()])?;
    let settings = Settings { timeout: Duration::from_millis(300), retries: 2, ..Settings::default() };
    let agent = Arc::new((Snmp::bind(settings)?, Profiles::builtin()));
    let start = Instant::now();

    let mut asked = JoinSet::new();
    for at in fence.targets().filter_map(|at| fence.admit(at)) {
        let agent = Arc::clone(&agent);
        asked.spawn(async move { (at, read(&agent.0, &agent.1, at).await) });
    }
    let mut readings = BTreeMap::new();
    while let Some(outcome) = asked.join_next().await {
        if let (at, Some(reading)) = outcome? {
            readings.insert(at, reading);
        }
    }

    for (at, reading) in &readings {
        let model = reading.identity.model.as_ref().map_or("?", |model| model.value.as_str());
        let total = reading.total.as_ref().map_or_else(|| "-".to_owned(), |total| total.value.to_string());
        let low = reading.supplies.iter().filter(|supply| matches!(supply.state.as_str(), "low" | "empty" | "full"));
        let low: Vec<String> = low.map(|supply| format!("{} {}", supply.description, supply.state)).collect();
        let errors = reading.status.errors.as_deref().unwrap_or_default().join(", ");
        writeln!(
            out,
            "{:<12} {total:>8} pages  {:<28} {} {errors}",
            at.addr().ip(),
            format!("{model:?}"),
            low.join(", ")
        )?;
    }
    let counters = agent.0.counters();
    writeln!(
        out,
        "{} printers among {} devices and {} addresses, read in full in {:.1?}: {} datagrams out, {} in",
        readings.len(),
        count,
        fence.count(),
        start.elapsed(),
        counters.sent,
        counters.received
    )?;
    Ok(())
}

/// Everything a device says, if it is there, knows the community and is a printer.
async fn read(snmp: &Snmp, profiles: &Profiles, at: Allowed) -> Option<Reading> {
    let mut who = Credentials::v2c("public");
    let mut discovery = snmp.ask(Request::get(profiles.discovery()), at, &who).await;
    if discovery.is_err() {
        // Some old ones know version 1 alone.
        who = Credentials::v1("public");
        discovery = snmp.ask(Request::get(profiles.discovery()), at, &who).await;
    }
    let mut rows = Rows::new();
    rows.extend(found(discovery.ok()?.varbinds));
    if !verdict(&rows).is_printer {
        return None;
    }
    let profile = profiles.pick(&rows);
    let plan = profile.plan();
    if let Ok(answer) = snmp.ask(Request::get(plan.gets), at, &who).await {
        rows.extend(found(answer.varbinds));
    }
    rows.extend(found(snmp.walk(Walk::of(plan.walks), at, &who).await.varbinds.to_varbinds()));
    Some(profile.read(&rows))
}

/// The rows that have a value; a name without one is simply not known.
fn found(varbinds: Vec<VarBind>) -> impl Iterator<Item = (Oid, Value)> {
    varbinds.into_iter().filter_map(|row| Some((row.oid.clone(), row.value()?.clone())))
}
