//! A vendor's rows: type and text from the file, `{names}` filled in from the device's life.

use super::Rows;
use super::printer::{panel, shown};
use super::system::ticks;
use crate::life::Moment;
use crate::model::{DeviceError, Model};
use crate::scheme::{Private, Row};
use dca_snmp::{Oid, Value};

/// A row that is ready to be filled in.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    oid: Oid,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Integer(Template),
    Counter32(Template),
    Counter64(Template),
    Gauge32(Template),
    Ticks(Template),
    Text(Template),
    Hex(Vec<u8>),
    Object(Oid),
    Address(std::net::Ipv4Addr),
    /// (id, value) in `id 01 04 vvvvvvvv`.
    Wide(Vec<(u8, Template)>),
    /// (id, value) in `id length value`.
    Short(Vec<(u8, Template)>),
}

pub(crate) fn prepare(subtrees: &[Private]) -> Result<Vec<Prepared>, DeviceError> {
    let mut prepared = Vec::new();
    for subtree in subtrees {
        for row in &subtree.rows {
            let dotted = format!("{}.{}", subtree.root, row.at);
            let wrong = |expected| DeviceError::Value { key: "private.rows".into(), text: dotted.clone(), expected };
            let oid = dotted.parse().map_err(|_| wrong("`root` and `at` that make an OID"))?;
            let kind = kind_of(row).ok_or_else(|| wrong("exactly one key with type and value that fit each other"))?;
            prepared.push(Prepared { oid, kind });
        }
    }
    Ok(prepared)
}

impl Prepared {
    /// True if it says the same at all times.
    pub(crate) fn is_fixed(&self) -> bool {
        self.templates().all(|template| template.0.iter().all(|part| part.is_fixed()))
    }

    pub(crate) fn put(&self, rows: &mut Rows, model: &Model, moment: &Moment<'_>) {
        if let Some(value) = self.value(model, moment) {
            rows.put(self.oid.as_ref(), [], value);
        }
    }

    pub(crate) fn check(&self, model: &Model, moment: &Moment<'_>) -> Result<(), DeviceError> {
        let expected = "a number for a number's type, and names in braces that the device has";
        let wrong = || DeviceError::Value { key: "private.rows".into(), text: self.oid.to_string(), expected };
        self.value(model, moment).map(|_| ()).ok_or_else(wrong)
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let (one, many) = match &self.kind {
            Kind::Integer(t)
            | Kind::Counter32(t)
            | Kind::Counter64(t)
            | Kind::Gauge32(t)
            | Kind::Ticks(t)
            | Kind::Text(t) => (Some(t), None),
            Kind::Wide(records) | Kind::Short(records) => (None, Some(records)),
            Kind::Hex(_) | Kind::Object(_) | Kind::Address(_) => (None, None),
        };
        one.into_iter().chain(many.into_iter().flatten().map(|(_, template)| template))
    }

    fn value(&self, model: &Model, moment: &Moment<'_>) -> Option<Value> {
        let number = |template: &Template| template.fill(model, moment)?.parse::<i64>().ok();
        Some(match &self.kind {
            Kind::Integer(template) => Value::Integer(number(template)?),
            Kind::Counter32(template) => Value::Counter32(number(template)? as u32),
            Kind::Counter64(template) => Value::Counter64(number(template)? as u64),
            Kind::Gauge32(template) => Value::Gauge32(u32::try_from(number(template)?).ok()?),
            Kind::Ticks(template) => Value::TimeTicks(number(template)? as u32),
            Kind::Text(template) => Value::OctetString(template.fill(model, moment)?.into_bytes()),
            Kind::Hex(octets) => Value::OctetString(octets.clone()),
            Kind::Object(oid) => Value::ObjectIdentifier(oid.clone()),
            Kind::Address(address) => Value::IpAddress(*address),
            Kind::Wide(records) => {
                let mut octets = Vec::new();
                for (id, template) in records {
                    octets.extend([*id, 1, 4]);
                    octets.extend(u32::try_from(number(template)?).ok()?.to_be_bytes());
                }
                octets.push(0xff);
                Value::OctetString(octets)
            }
            Kind::Short(records) => {
                let mut octets = Vec::new();
                for (id, template) in records {
                    let value = u32::try_from(number(template)?).ok()?;
                    let width = if value < 1 << 8 {
                        1
                    } else if value < 1 << 16 {
                        2
                    } else {
                        4
                    };
                    octets.extend([*id, width]);
                    octets.extend(value.to_be_bytes().into_iter().skip(4 - usize::from(width)));
                }
                octets.push(0xff);
                Value::OctetString(octets)
            }
        })
    }
}

/// Text with names in braces.
#[derive(Debug, Clone)]
struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Literal(String),
    Name(String),
}

impl Part {
    fn is_fixed(&self) -> bool {
        match self {
            Self::Literal(_) => true,
            Self::Name(name) => {
                matches!(
                    name.as_str(),
                    "vendor" | "model" | "serial" | "name" | "mac" | "firmware" | "location" | "asset"
                )
            }
        }
    }
}

impl Template {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}')?;
            parts.push(Part::Literal(before.into()));
            parts.push(Part::Name(name.into()));
            rest = behind;
        }
        parts.push(Part::Literal(rest.into()));
        Some(Self(parts))
    }

    fn fill(&self, model: &Model, moment: &Moment<'_>) -> Option<String> {
        self.0
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Some(text.clone()),
                Part::Name(name) => look_up(name, model, moment),
            })
            .collect()
    }
}

fn look_up(name: &str, model: &Model, moment: &Moment<'_>) -> Option<String> {
    let device = &model.sheet.device;
    Some(match name {
        "vendor" => device.vendor.clone(),
        "model" => device.model.clone(),
        "serial" => model.person.serial.clone(),
        "name" => model.person.name.clone(),
        "mac" => model.person.mac.map(|octet| format!("{octet:02X}")).join(":"),
        "firmware" => device.firmware.clone(),
        "location" => device.location.clone(),
        "asset" => device.asset.clone(),
        "panel" => panel(moment),
        "seconds" => moment.life.at.as_secs().to_string(),
        "ticks" => ticks(moment.life.at).to_string(),
        _ => match *name.split('.').collect::<Vec<_>>().as_slice() {
            ["supply", n, what] => {
                let at = n.parse::<usize>().ok()?.checked_sub(1)?;
                let (supply, wear) = (model.sheet.supplies.get(at)?, moment.life.supply(at)?);
                match what {
                    "level" => shown(supply, &wear).to_string(),
                    "percent" => ((wear.left() * 100.0).ceil() as i64).to_string(),
                    "tens" => ((wear.left() * 10.0).ceil() as i64 * 10).to_string(),
                    "hundredths" => ((wear.left() * 10_000.0) as i64).to_string(),
                    "pages" => ((wear.left() * wear.lasts) as i64).to_string(),
                    "replaced" => ((wear.used / wear.cycle) as i64).to_string(),
                    _ => return None,
                }
            }
            _ => moment.life.meter(name)?.to_string(),
        },
    })
}

/// The one kind a row has; `None` for none, several, or text that does not fit.
fn kind_of(row: &Row) -> Option<Kind> {
    let template = |text: &Option<String>| text.as_deref().map(Template::parse);
    let kinds = [
        template(&row.integer).map(|t| Some(Kind::Integer(t?))),
        template(&row.counter32).map(|t| Some(Kind::Counter32(t?))),
        template(&row.counter64).map(|t| Some(Kind::Counter64(t?))),
        template(&row.gauge32).map(|t| Some(Kind::Gauge32(t?))),
        template(&row.ticks).map(|t| Some(Kind::Ticks(t?))),
        template(&row.text).map(|t| Some(Kind::Text(t?))),
        row.hex.as_deref().map(|hex| Some(Kind::Hex(octets(hex)?))),
        row.object.as_deref().map(|oid| Some(Kind::Object(oid.parse().ok()?))),
        row.address.as_deref().map(|address| Some(Kind::Address(address.parse().ok()?))),
        row.wide_records.as_deref().map(|list| Some(Kind::Wide(records(list)?))),
        row.short_records.as_deref().map(|list| Some(Kind::Short(records(list)?))),
    ];
    let mut given = kinds.into_iter().flatten();
    let kind = given.next()??;
    given.next().is_none().then_some(kind)
}

fn records(list: &[(String, String)]) -> Option<Vec<(u8, Template)>> {
    list.iter().map(|(id, value)| Some((u8::from_str_radix(id, 16).ok()?, Template::parse(value)?))).collect()
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        hex.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}
