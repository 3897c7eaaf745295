//! The smallest useful agent on the library crates alone: finds the printers of a range, reads them, prints what a bill
//! needs. `cargo run --example agent [RANGE] [COMMUNITY]`, for example `192.168.10.0/24`; without a range it reads a simulated
//! office.
//!
//! The fence decides which addresses there are to ask, the printer crate which questions to ask and what the answers
//! mean, the lan crate moves the datagrams. `dca-agent` adds what a product needs: several credentials, v3, progress, reports.

use dca_fence::{Allowed, Fence};
use dca_lan::{Settings, Snmp};
use dca_printer::{Profiles, Reading, Rows, verdict};
use dca_sim::{Fleet, office};
use dca_snmp::{Credentials, Request, VarBind, Walk};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (range, community) = (arguments.next(), arguments.next());
    run(&mut io::stdout(), range, community.as_deref().unwrap_or("public")).await
}

pub(crate) async fn run(out: &mut impl Write, range: Option<String>, community: &str) -> anyhow::Result<()> {
    let devices = if range.is_none() { office(12, 1) } else { Vec::new() };
    let fleet = Fleet::on_loopback(devices.into_iter().map(|(ip, device)| (SocketAddr::new(ip, 0), device))).await?;
    let port = fleet.addresses().first().map_or(161, SocketAddr::port);
    let range = range.unwrap_or_else(|| format!("127.1.0.1-127.1.0.254:{port}"));

    let fence = Fence::parse([range.as_str()])?;
    let snmp = Snmp::bind(Settings { timeout: Duration::from_secs(1), ..Settings::default() })?;
    let agent = Arc::new(Agent { snmp, who: Credentials::v2c(community), profiles: Profiles::builtin() });

    let mut devices = JoinSet::new();
    for at in fence.targets().filter_map(|at| fence.admit(at)) {
        let agent = Arc::clone(&agent);
        devices.spawn(async move { (at, agent.read(at).await) });
    }
    while let Some(device) = devices.join_next().await {
        if let (at, Some(reading)) = device? {
            let model = reading.identity.model.map(|model| model.value).unwrap_or_default();
            let total = reading.total.map(|total| format!("{} {}", total.value, total.unit)).unwrap_or_default();
            writeln!(out, "{at}  {model:?}  {total}")?;
            for supply in reading.supplies {
                writeln!(out, "    {:?}: {}", supply.description, supply.state)?;
            }
        }
    }
    Ok(())
}

struct Agent {
    snmp: Snmp,
    who: Credentials,
    profiles: Profiles,
}

impl Agent {
    /// Everything a device says, if there is one and it is a printer.
    async fn read(&self, at: Allowed) -> Option<Reading> {
        let discovery = self.snmp.ask(Request::get(self.profiles.discovery()), at, &self.who).await.ok()?;
        let mut rows = Rows::new();
        rows.extend(found(discovery.varbinds));
        if !verdict(&rows).is_printer {
            return None;
        }
        let profile = self.profiles.pick(&rows);
        let plan = profile.plan();
        if let Ok(answer) = self.snmp.ask(Request::get(plan.gets), at, &self.who).await {
            rows.extend(found(answer.varbinds));
        }
        rows.extend(found(self.snmp.walk(Walk::of(plan.walks), at, &self.who).await.varbinds.to_varbinds()));
        Some(profile.read(&rows))
    }
}

/// The rows that have a value; a name without one is simply not known.
fn found(varbinds: Vec<VarBind>) -> impl Iterator<Item = (dca_snmp::Oid, dca_snmp::Value)> {
    varbinds.into_iter().filter_map(|row| Some((row.oid.clone(), row.value()?.clone())))
}
