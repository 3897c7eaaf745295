//! The list of agents.

use super::parts::{Age, Pill, Shell};
use super::words::Words;
use super::{Page, Trouble, rendered};
use crate::agents::Status;
use askama::Template;
use axum::response::Response;

/// Agents on the page.
const ROWS: usize = 200;

#[derive(Template)]
#[template(path = "agents.html")]
struct List<'a> {
    w: &'a Words,
    shell: Shell,
    rows: Vec<Row>,
    /// Those that are not on the page.
    others: usize,
}

struct Row {
    id: String,
    host: String,
    state: Pill,
    health: Vec<String>,
    customer: String,
    site: String,
    version: String,
    waits: Option<String>,
    age: Age,
}

/// `GET /agents`.
pub(super) fn list(page: &Page) -> Result<Response, Trouble> {
    let Page { portal, words: w, now } = page;
    let tree = portal.tree();
    let mut agents = portal.agents.all();
    // Those that need somebody first.
    agents.sort_by_key(|agent| !portal.is_silent(agent, *now));
    let others = agents.len().saturating_sub(ROWS);
    let rows = agents.iter().take(ROWS).map(|agent| {
        let silent = portal.is_silent(agent, *now);
        let known = agent.known();
        let (customer, site) = tree.names(known.site);
        let state = match known.status {
            Status::Deactivated => Pill::new("err", "lock", w.deactivated),
            Status::Retired => Pill::new("off", "st-off", w.retired),
            Status::Active if silent => Pill::new("off", "st-off", w.silent),
            Status::Active => Pill::new("ok", "st-ok", w.well),
        };
        let ill = known.health.iter().filter(|health| health.level != dca_wire::v1::health::Level::Well as i32);
        Row {
            id: agent.id.clone(),
            host: known.host.clone(),
            state,
            health: ill.take(4).map(|health| format!("{}: {}", health.part, health.text)).collect(),
            customer,
            site,
            version: known.version.clone(),
            waits: (!known.spool.is_empty()).then(|| w.records(known.spool.iter().map(|stream| stream.records).sum())),
            age: Age::of(known.last_seen.unwrap_or(0), *now, silent, w),
        }
    });
    rendered(&List { w, shell: Shell::of(portal, "agents", *now, w), rows: rows.collect(), others })
}
