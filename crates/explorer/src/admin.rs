//! `admin`: works on the database, beside a portal that may be running; that takes the changes in within a second.

use crate::args::{Order, Task};
use anyhow::{Context, bail};
use dca_portal::store::sql;
use dca_portal::tenancy::ROOT;
use dca_portal::wire::AgentId;
use dca_portal::wire::v1::{Diagnose, Ping, Read, Scan, Walk, order::What};
use dca_portal::{At, Clock, DamagedDay, Portal, Status, Verified};
use std::path::Path;
use std::time::Duration;

const HOUR_MS: i64 = 3_600_000;

pub(crate) async fn run(config_path: &Path, task: Task) -> anyhow::Result<()> {
    let portal = Portal::open(crate::load(config_path)?, Clock::system()).await?;
    let actor = actor();
    match task {
        Task::Init { dealer } => {
            portal.dealer(&dealer, &actor).await?;
            println!("{} is ready; its CA is {}", portal.config().public, portal.ca().fingerprint());
        }
        Task::EnrollCode { dealer, customer, site, hours } => {
            let dealer = dealer_of(&portal, dealer)?;
            for place in [format!("{dealer}/{customer}"), format!("{dealer}/{customer}/{site}")] {
                if portal.tree().by_names(&place).is_none() {
                    eprintln!("new: {place}");
                }
            }
            let site = portal.site(&dealer, &customer, &site, &actor).await?;
            let code = portal.code(&site, i64::from(hours) * HOUR_MS, &actor).await?;
            println!("dca enroll {} {code}", portal.config().public);
        }
        Task::Agents => agents(&portal),
        Task::Command { agent, order, within, no_wait } => {
            command(&portal, &agent, order, within, no_wait, &actor).await?
        }
        Task::Reactivate { agent } => {
            let agent = find(&portal, &agent)?;
            portal.set_status(agent.as_str(), Status::Active, &actor).await?;
            println!("{agent} is active");
        }
        Task::Configure { place, file } => {
            let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let at = match find(&portal, &place) {
                Ok(agent) => At::Agent(agent.to_string()),
                Err(_) => At::Node(portal.tree().by_names(&place).with_context(|| {
                    format!(
                        "{place} is neither an agent nor a place: names from the dealer down, \"Dealer/Customer/Site\""
                    )
                })?),
            };
            println!("revision {}", portal.configure(&at, &text, &actor).await?);
        }
        Task::Link => {
            if !portal.store().is_served().await? {
                bail!("no portal is running on this database: `explorer serve` prints a link when it starts");
            }
            println!("{}", portal.link_elsewhere().await?.context("no randomness")?);
        }
        Task::MigrateTo { url } => {
            let (rows, running) = portal.migrate_to(&url).await?;
            println!("{rows} rows moved");
            let next =
                if running { "restart explorer; until then agents keep what they have" } else { "start explorer" };
            println!("now set database = \"{url}\" in {} and {next}", config_path.display());
        }
        Task::VerifyReadings => verify_readings(&portal).await?,
        Task::VerifyAudit => println!("{} lines, the chain holds", dca_portal::audit::verify(portal.store()).await?),
    }
    Ok(())
}

async fn verify_readings(portal: &Portal) -> anyhow::Result<()> {
    let Verified { devices, readings, repeated, unreadable, damaged } = portal.verify_readings().await?;
    println!(
        "{readings} readings of {devices} devices can be read, {repeated} are there twice, {unreadable} cannot be read"
    );
    for DamagedDay { device, date } in damaged {
        println!("damaged: {date} of {}/devices/{device}", portal.config().public);
    }
    if unreadable > 0 {
        bail!("the pages show the others; what cannot be read is lost unless a copy of the database has it");
    }
    Ok(())
}

fn agents(portal: &Portal) {
    let now = portal.store().now_ms();
    if portal.agents().count() == 0 {
        println!("no agent has enrolled; `explorer admin enroll-code` makes a code for one");
        return;
    }
    println!("{:<38} {:<12} {:<24} {:<24} LAST SEEN", "AGENT", "STATUS", "CUSTOMER", "SITE");
    for agent in portal.agents().all() {
        let known = agent.known();
        let (customer, site) = portal.tree().names(known.site);
        let seen = known
            .last_seen
            .map_or_else(|| "never".to_owned(), |seen| format!("{} min ago", now.saturating_sub(seen).max(0) / 60_000));
        println!("{:<38} {:<12} {customer:<24} {site:<24} {seen}", agent.id, known.status.word());
    }
    eprintln!("(a running portal writes down every 15 minutes when it saw an agent; its pages know better)");
}

async fn command(
    portal: &Portal,
    agent: &str,
    order: Order,
    within: u32,
    no_wait: bool,
    actor: &str,
) -> anyhow::Result<()> {
    let agent = find(portal, agent)?;
    let what = match order {
        Order::Scan => What::Scan(Scan {}),
        Order::Read { devices } => What::Read(Read { device_ids: devices }),
        Order::Ping { address } => What::Ping(Ping { address }),
        Order::Walk { device, oid, rows } => What::Walk(Walk { device_id: device, oid, most_rows: rows }),
        Order::Diagnose => What::Diagnose(Diagnose {}),
    };
    let id = portal.order(&agent, what, i64::from(within) * 1_000, actor).await?;
    let served = portal.store().is_served().await?;
    if no_wait || !served {
        println!(
            "given{}",
            if served { "" } else { "; no portal is running: the agent gets it once `explorer serve` runs" }
        );
        return Ok(());
    }
    for _ in 0..u64::from(within) * 2 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let row = portal.store().row(sql::COMMAND, &[id.as_slice().into()]).await?.context("the order is gone")?;
        let state = row.text(2)?;
        if state != "pending" {
            println!("{state}: {}", row.maybe_text(3)?.unwrap_or_default());
            print!("{}", row.maybe_text(4)?.unwrap_or_default());
            return if state == "done" { Ok(()) } else { bail!("the order was not done") };
        }
    }
    bail!("the agent did not answer in time")
}

/// The dealer that is meant: as named, or the only one there is.
fn dealer_of(portal: &Portal, named: Option<String>) -> anyhow::Result<String> {
    let tree = portal.tree();
    let known: Vec<&str> = tree.below(ROOT).into_iter().map(|node| node.name.as_str()).collect();
    match (named, known.as_slice()) {
        (None, []) => Ok("Dealer".to_owned()),
        (None, [one]) => Ok((*one).to_owned()),
        (None, several) => bail!("say for which dealer, with --dealer: {}", several.join(", ")),
        // A name that was typed wrong shall not become a dealer.
        (Some(name), [_, ..]) if !known.contains(&name.as_str()) => bail!(
            "there is no dealer {name}, but {}; `explorer admin init --dealer \"{name}\"` makes one",
            known.join(", ")
        ),
        (Some(name), _) => Ok(name),
    }
}

/// The one agent whose name begins so.
fn find(portal: &Portal, beginning: &str) -> anyhow::Result<AgentId> {
    let all = portal.agents().all();
    let mut found = all.iter().filter(|agent| agent.id.starts_with(beginning));
    match (found.next(), found.next()) {
        (Some(agent), None) => Ok(AgentId::parse(&agent.id)?),
        (None, _) => bail!("no agent's name begins with {beginning}; `explorer admin agents` lists them"),
        _ => bail!("more than one agent's name begins with {beginning}: write more of it"),
    }
}

fn actor() -> String {
    let user = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "somebody".to_owned());
    format!("{user} (explorer admin)")
}
