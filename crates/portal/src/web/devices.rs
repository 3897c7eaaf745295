//! The list of devices, and one device.

use super::lasting::{Lasting, lasting};
use super::parts::{Age, Event, Pill, Shell};
use super::strip::{Strip, class, is_low};
use super::words::Words;
use super::{Page, Trouble, rendered};
use crate::Portal;
use crate::history::DAY_MS;
use crate::store::{Row, StoreError, sql};
use crate::summary::Summary;
use askama::Template;
use axum::response::Response;
use dca_wire::v1::{Confidence, Fact, Identity, Meter, Reading, Source, Supply, record::What};
use serde::Deserialize;

/// Devices on a page.
const ROWS: usize = 25;
/// Months on the page of a device.
const MONTHS: i64 = 24;
/// Devices that are looked at for one page, when only some are wanted.
const LOOKED_AT: i64 = 2_000;

/// What the list is asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    q: String,
    after: Option<i64>,
    low: Option<u8>,
}

/// A device as a row of the database has it.
pub(super) struct Device {
    pub(super) id: i64,
    vendor: Option<String>,
    model: Option<String>,
    serial: Option<String>,
    hostname: Option<String>,
    address: Option<String>,
    location: Option<String>,
    pub(super) site: i64,
    agent: String,
    pub(super) summary: Summary,
}

impl Device {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.int(0)?,
            vendor: row.maybe_text(1)?,
            model: row.maybe_text(2)?,
            serial: row.maybe_text(3)?,
            hostname: row.maybe_text(4)?,
            address: row.maybe_text(5)?,
            location: row.maybe_text(6)?,
            site: row.int(7)?,
            agent: row.text(8)?,
            summary: row.maybe_blob(9)?.map_or_else(Summary::default, |octets| Summary::read(&octets)),
        })
    }

    /// What people call it.
    pub(super) fn name(&self) -> String {
        let model = self.model.as_deref().or(self.hostname.as_deref()).or(self.address.as_deref()).unwrap_or("?");
        match &self.vendor {
            // Many models begin with their vendor.
            Some(vendor) if !model.to_lowercase().starts_with(&vendor.to_lowercase()) => format!("{vendor} {model}"),
            _ => model.to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "devices.html")]
struct List<'a> {
    w: &'a Words,
    shell: Shell,
    query: String,
    only_low: bool,
    rows: Vec<ListRow>,
    next: String,
}

struct ListRow {
    id: i64,
    name: String,
    serial: String,
    state: Pill,
    strip: Strip,
    place: String,
    customer: String,
    total: Option<String>,
    age: Age,
}

/// `GET /devices`.
pub(super) async fn list(page: &Page, query: Query) -> Result<Response, Trouble> {
    let Page { portal, words: w, now } = page;
    let text: String = query.q.trim().chars().take(100).collect();
    let tree = portal.tree();
    let only_low = query.low.is_some();
    let mut last = query.after.unwrap_or(0);
    let (mut rows, mut more) = (Vec::new(), false);
    // Places stand in the tree, not beside the device; what is looked for is compared here.
    'all: loop {
        let found = portal.store.rows(sql::DEVICES, &[last.into(), LOOKED_AT.into()]).await?;
        for row in &found {
            let device = Device::read(row)?;
            let (customer, site) = tree.names(device.site);
            if !matches(&device, &customer, &site, &text) || only_low && !device.summary.supplies.iter().any(is_low) {
                last = device.id;
                continue;
            }
            if rows.len() == ROWS {
                more = true;
                break 'all;
            }
            last = device.id;
            rows.push(list_row(portal, &device, customer, site, w, *now));
        }
        if found.len() < LOOKED_AT as usize {
            break;
        }
    }
    let next = if more {
        let low = if only_low { "&low=1" } else { "" };
        format!("/devices?q={}&after={last}{low}", askama::filters::urlencode(&text).map_err(|_| Trouble::Failed)?)
    } else {
        String::new()
    };
    rendered(&List { w, shell: Shell::of(portal, "devices", *now, w), query: text, only_low, rows, next })
}

fn matches(device: &Device, customer: &str, site: &str, text: &str) -> bool {
    let wanted = text.to_lowercase();
    let facts = [&device.vendor, &device.model, &device.serial, &device.hostname, &device.address, &device.location];
    let facts = facts.into_iter().filter_map(|fact| fact.as_deref()).chain([customer, site]);
    wanted.split_whitespace().all(|word| facts.clone().any(|fact| fact.to_lowercase().contains(word)))
}

fn list_row(portal: &Portal, device: &Device, customer: String, site: String, w: &Words, now: i64) -> ListRow {
    let summary = &device.summary;
    ListRow {
        id: device.id,
        name: device.name(),
        serial: device.serial.clone().or_else(|| device.address.clone()).unwrap_or_default(),
        state: Pill::of_device(summary, now, w),
        strip: Strip::of(&summary.supplies, w),
        place: device.location.clone().unwrap_or(site),
        customer,
        total: summary.total.map(|total| w.count(total, &summary.total_unit)),
        age: Age::of(summary.read_at, now, is_behind_silence(portal, &device.agent, now), w),
    }
}

fn is_behind_silence(portal: &Portal, agent: &str, now: i64) -> bool {
    portal.agents.find(agent).is_none_or(|agent| portal.is_silent(&agent, now))
}

#[derive(Template)]
#[template(path = "device.html")]
struct One<'a> {
    w: &'a Words,
    shell: Shell,
    name: String,
    customer: String,
    place: String,
    serial_or_address: String,
    state: Pill,
    age: Age,
    unreadable: usize,
    is_forecast: bool,
    supplies: Vec<SupplyRow>,
    supplies_age: Age,
    said_at: Option<String>,
    said: Vec<Said>,
    recent: Vec<Recent>,
    months: Vec<Month>,
    total: Option<String>,
    meters: Vec<Named>,
    alerts: Vec<AlertRow>,
    alerts_none: &'static str,
    events: Vec<Event>,
    facts: Vec<FactRow>,
    read_by: String,
}

struct SupplyRow {
    name: String,
    note: String,
    label: String,
    percent: Option<String>,
    class: &'static str,
    level: String,
    known: bool,
    lasting: Option<Lasting>,
}

struct Said {
    name: String,
    source: String,
    value: String,
    trust: &'static str,
    trust_class: &'static str,
}

struct Recent {
    at: String,
    depth: String,
    total: Option<String>,
}

struct Month {
    name: String,
    total: String,
    at: String,
}

struct Named {
    name: String,
    value: String,
}

struct AlertRow {
    class: &'static str,
    icon: &'static str,
    text: String,
    code: String,
}

struct FactRow {
    name: &'static str,
    value: Option<String>,
    absent: &'static str,
}

/// `GET /devices/{id}`.
pub(super) async fn one(page: &Page, id: i64) -> Result<Response, Trouble> {
    let Page { portal, words: w, now } = page;
    let row = portal.store.row(sql::DEVICE_ONE, &[id.into()]).await?.ok_or(Trouble::Gone)?;
    let device = Device::read(&row)?;
    let history = &portal.ingest.history;
    let newest = history.newest(&portal.store, id).await?;
    let (records, unreadable) = history.read(&portal.store, id, now - DAY_MS, now + DAY_MS).await?;
    let mut recent: Vec<Recent> = records
        .into_iter()
        .filter_map(|(at, record)| match record.what {
            Some(What::Reading(reading)) => Some(Recent {
                at: w.moment(at),
                depth: w.depth(&reading.depth).to_owned(),
                total: reading.total.map(|total| w.count(total.value, &total.unit)),
            }),
            _ => None,
        })
        .collect();
    recent.reverse();
    recent.truncate(48);
    let events = portal.store.rows(sql::EVENTS_OF_DEVICE, &[id.into(), 20.into()]).await?;
    let events: Vec<Event> = events.iter().map(|row| event(row, *now, w)).collect::<Result<_, _>>()?;
    let (customer, site) = portal.tree().names(device.site);
    let summary = &device.summary;
    let mut lasting = lasting(portal, id, summary, *now, w).await?;
    let reading = newest.as_ref().map(|(_, reading)| reading);
    let read_by = portal.agents.find(&device.agent).map(|agent| agent.known().host.clone());
    rendered(&One {
        w,
        shell: Shell::of(portal, "devices", *now, w),
        name: device.name(),
        customer,
        place: device.location.clone().unwrap_or(site),
        serial_or_address: device.serial.clone().or_else(|| device.address.clone()).unwrap_or_default(),
        state: Pill::of_device(summary, *now, w),
        age: Age::of(summary.read_at, *now, is_behind_silence(portal, &device.agent, *now), w),
        unreadable,
        is_forecast: !lasting.is_empty(),
        supplies: summary.supplies.iter().map(|it| supply_row(it, lasting.remove(&it.index), w)).collect(),
        supplies_age: Age::of(summary.supplies_at, *now, false, w),
        said_at: newest.as_ref().map(|(at, _)| w.moment(*at)),
        said: reading.map_or_else(Vec::new, |reading| said(reading, w)),
        recent,
        months: months(portal, id, w).await?,
        total: summary.total.map(|total| w.count(total, &summary.total_unit)),
        meters: reading.map_or_else(Vec::new, |reading| meters(reading, w)),
        alerts: summary.alerts.iter().map(alert_row).collect(),
        alerts_none: if summary.alerts_at == 0 { w.unknown } else { w.no_alerts },
        events,
        facts: facts(&device, reading, w),
        read_by: read_by.filter(|host| !host.is_empty()).unwrap_or_else(|| device.agent.clone()),
    })
}

/// The last total of each month, newest first.
async fn months(portal: &Portal, id: i64, w: &Words) -> Result<Vec<Month>, StoreError> {
    let rows = portal.store.rows(sql::MONTHS_OF_DEVICE, &[id.into(), MONTHS.into()]).await?;
    rows.iter()
        .map(|row| {
            let month = row.int(0)?;
            let total = w.count(u64::try_from(row.int(2)?).unwrap_or(0), &row.text(3)?);
            Ok(Month { name: format!("{}-{:02}", month / 12, month % 12 + 1), total, at: w.moment(row.int(1)?) })
        })
        .collect()
}

pub(super) fn event(row: &Row, now: i64, w: &Words) -> Result<Event, StoreError> {
    Ok(Event { kind: w.event(&row.text(1)?), text: row.text(2)?, age: Age::of(row.int(0)?, now, false, w) })
}

fn supply_row(supply: &Supply, lasting: Option<Lasting>, w: &Words) -> SupplyRow {
    let name = w.supply(supply);
    let mut notes: Vec<String> = Vec::new();
    if let Some(part) = &supply.part_number {
        notes.push(format!("{} {part}", w.part_number));
    }
    if let Some(pages) = supply.pages_left {
        notes.push(format!("{} {}", w.number(pages), w.pages_left));
    }
    match supply.state.as_str() {
        "empty" => notes.push(w.empty.to_owned()),
        "full" | "nearly_full" => notes.push(w.full.to_owned()),
        _ if is_low(supply) => notes.push(w.low.to_owned()),
        _ => {}
    }
    let level = supply.percent.map_or_else(|| w.level(&supply.state), |percent| w.percent(percent));
    SupplyRow {
        label: format!("{name} {level}"),
        percent: supply.percent.map(|percent| format!("{:.0}", percent.clamp(0.0, 100.0))),
        class: class(supply).map_or("k", |(_, class)| class),
        known: supply.percent.is_some(),
        note: notes.join(" · "),
        name,
        level,
        lasting,
    }
}

fn said(reading: &Reading, w: &Words) -> Vec<Said> {
    let mut rows: Vec<Said> = Vec::new();
    let mut push = |name: String, value: String, source: Option<&Source>, confidence: i32| {
        let (trust, trust_class) = match Confidence::try_from(confidence) {
            Ok(Confidence::A) => ("A", "a"),
            Ok(Confidence::B) => ("B", "b"),
            Ok(Confidence::C) => ("C", "c"),
            Ok(Confidence::D) => ("D", "d"),
            _ => ("", ""),
        };
        rows.push(Said { name, source: source.map_or_else(String::new, place_of), value, trust, trust_class });
    };
    for meter in reading.total.iter().chain(others(reading)) {
        push(w.meter(meter), w.count(meter.value, &meter.unit), meter.source.as_ref(), meter.confidence);
    }
    for supply in &reading.supplies {
        let value = match (supply.level, supply.capacity) {
            (Some(level), Some(capacity)) => format!("{level} {} {capacity}", w.of),
            (Some(level), None) => level.to_string(),
            (None, _) => w.level(&supply.state),
        };
        push(w.supply(supply), value, supply.source.as_ref(), supply.confidence);
    }
    rows
}

fn place_of(source: &Source) -> String {
    let parts = [&source.oid, &source.url, &source.command, &source.tag, &source.label];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · ")
}

fn meters(reading: &Reading, w: &Words) -> Vec<Named> {
    let row = |meter: &Meter| Named { name: w.meter(meter), value: w.count(meter.value, &meter.unit) };
    others(reading).map(row).collect()
}

/// The meters beside the total: one of them may be the total itself.
fn others(reading: &Reading) -> impl Iterator<Item = &Meter> {
    let total = reading.total.as_ref();
    let place = |meter: &Meter| meter.source.as_ref().map(place_of);
    let same = move |total: &Meter, meter: &Meter| (total.value, place(total)) == (meter.value, place(meter));
    reading.meters.iter().filter(move |meter| total.is_none_or(|total| !same(total, meter)))
}

fn alert_row(alert: &dca_wire::v1::Alert) -> AlertRow {
    let (class, icon) = if alert.severity.starts_with("critical") { ("err", "st-err") } else { ("warn", "st-warn") };
    let named = [Some(alert.description.clone()), alert.code_name.clone(), alert.group.clone()];
    let text =
        named.into_iter().flatten().find(|text| !text.trim().is_empty()).unwrap_or_else(|| alert.severity.clone());
    AlertRow { class, icon, text, code: alert.code.map(|code| code.to_string()).unwrap_or_default() }
}

fn facts(device: &Device, reading: Option<&Reading>, w: &Words) -> Vec<FactRow> {
    let identity = reading.and_then(|reading| reading.identity.clone()).unwrap_or_default();
    let Identity { firmware, mac, asset, .. } = identity;
    let value = |fact: Option<Fact>| fact.map(|fact| fact.value).filter(|value| !value.is_empty());
    let row = |name, value: Option<String>, absent| FactRow { name, value, absent };
    vec![
        row(w.vendor, device.vendor.clone(), w.not_reported),
        row(w.model, device.model.clone(), w.not_reported),
        row(w.serial, device.serial.clone(), w.not_reported),
        row(w.address, device.address.clone(), w.unknown),
        row(w.hostname, device.hostname.clone(), w.not_reported),
        row(w.mac, value(mac), w.not_reported),
        row(w.firmware, value(firmware), w.not_reported),
        row(w.asset, value(asset), w.none_set),
        row(w.location, device.location.clone(), w.none_set),
    ]
}
