//! The overview: what needs a person, a few figures, the customers, what happened.

use super::devices::{Device, event};
use super::parts::{Age, Event, Shell};
use super::strip::is_low;
use super::words::Words;
use super::{Page, Trouble, rendered};
use crate::store::sql;
use askama::Template;
use axum::response::Response;
use std::collections::BTreeMap;

const HOUR_MS: i64 = 3_600_000;
/// Rows of what needs a person.
const NEEDS: usize = 12;
const AT_ONCE: i64 = 2_000;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    w: &'a Words,
    shell: Shell,
    trouble: Option<String>,
    devices: String,
    within: String,
    low: String,
    levels: String,
    alerts: String,
    agents: String,
    speaking: String,
    needs: Vec<Need>,
    customers: Vec<Customer>,
    events: Vec<Event>,
}

struct Need {
    rank: u8,
    class: &'static str,
    icon: &'static str,
    title: String,
    name: String,
    link: String,
    text: String,
    age: Age,
}

struct Customer {
    name: String,
    devices: String,
    sites: String,
}

/// `GET /`.
pub(super) async fn overview(page: &Page) -> Result<Response, Trouble> {
    let Page { portal, words: w, now } = page;
    let tree = portal.tree();
    let (mut devices, mut within, mut low, mut levels, mut alerts) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    let mut needs: Vec<Need> = Vec::new();
    let mut by_customer: BTreeMap<String, (u64, Vec<String>)> = BTreeMap::new();
    let mut last = 0;
    loop {
        let rows = portal.store.rows(sql::DEVICES, &[last.into(), AT_ONCE.into()]).await?;
        for row in &rows {
            let device = Device::read(row)?;
            last = device.id;
            let summary = &device.summary;
            let (customer, site) = tree.names(device.site);
            devices += 1;
            within += u64::from(now.saturating_sub(summary.read_at) < HOUR_MS);
            alerts += summary.alerts.len() as u64;
            levels += u64::from(summary.supplies.iter().any(|supply| supply.percent.is_some()));
            let short: Vec<String> = summary.supplies.iter().filter(|it| is_low(it)).map(|it| w.supply(it)).collect();
            low += short.len() as u64;
            let (count, sites) = by_customer.entry(customer.clone()).or_default();
            *count += 1;
            if !sites.contains(&site) {
                sites.push(site.clone());
            }
            let need = |rank, class, icon, title: String, at| Need {
                rank,
                class,
                icon,
                title,
                name: device.name(),
                link: format!("/devices/{}", device.id),
                text: format!("{customer} · {site}"),
                age: Age::of(at, *now, false, w),
            };
            if let Some(alert) = summary.alerts.iter().find(|alert| alert.severity.starts_with("critical")) {
                let text = if alert.description.trim().is_empty() { w.warning } else { alert.description.as_str() };
                needs.push(need(1, "err", "st-err", text.to_owned(), summary.alerts_at));
            } else if !short.is_empty() {
                let empty = summary.supplies.iter().any(|it| it.state == "empty");
                let (rank, class, icon) = if empty { (2, "err", "st-err") } else { (3, "warn", "st-warn") };
                let word = if empty { w.empty } else { w.low };
                needs.push(need(rank, class, icon, format!("{} {word}", short.join(", ")), summary.supplies_at));
            }
            // A large fleet keeps only the worst.
            if needs.len() > 40 * NEEDS {
                needs.sort_by_key(|need| need.rank);
                needs.truncate(NEEDS);
            }
        }
        if rows.len() < AT_ONCE as usize {
            break;
        }
    }
    let all = portal.agents.all();
    for agent in all.iter().filter(|agent| portal.is_silent(agent, *now)) {
        let known = agent.known();
        let (customer, site) = tree.names(known.site);
        needs.push(Need {
            rank: 0,
            class: "off",
            icon: "st-off",
            title: format!("{} “{}”: {}", w.agent, known.host, w.silent),
            name: String::new(),
            link: String::new(),
            text: format!("{customer} · {site} · {}", w.queue_note),
            age: Age::of(known.last_seen.unwrap_or(0), *now, true, w),
        });
    }
    needs.sort_by_key(|need| need.rank);
    needs.truncate(NEEDS);
    let silent = all.iter().filter(|agent| portal.is_silent(agent, *now)).count();
    let events = portal.store.rows(sql::EVENTS, &[8.into()]).await?;
    let mut customers: Vec<Customer> = by_customer
        .into_iter()
        .map(|(name, (count, sites))| Customer { name, devices: w.number(count), sites: sites.join(", ") })
        .collect();
    customers.truncate(50);
    rendered(&Overview {
        w,
        shell: Shell::of(portal, "overview", *now, w),
        trouble: portal.store.trouble(),
        devices: w.number(devices),
        within: w.number(within),
        low: w.number(low),
        levels: w.number(levels),
        alerts: w.number(alerts),
        agents: w.number(all.len() as u64),
        speaking: w.number((all.len() - silent) as u64),
        needs,
        customers,
        events: events.iter().map(|row| event(row, *now, w)).collect::<Result<_, _>>()?,
    })
}
