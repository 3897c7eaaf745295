//! What a vendor's tables add to the rows of prtMarkerSuppliesTable: order number, serial number, pages left, and how much
//! is left where the standard level only says "some".

use super::file::{Detail, File, Join, Number};
use crate::reading::{Reading, Supply};
use crate::rows::Rows;
use crate::standard::text::{Decoder, date_and_time};
use crate::standard::{color, supplies, table};
use dca_snmp::{Oid, OidRef, Value, oid};

const SUPPLIES: OidRef<'static> = oid!("1.3.6.1.2.1.43.11.1.1");
/// Rows of one vendor table that are looked at.
const MAX_ROWS: usize = 256;
/// Texts that stand for "not known".
const NOTHING: &[&str] = &["unknown", "n/a", "none", "-", "null"];

/// The columns that an entry needs.
pub(super) fn columns(detail: &Detail) -> impl Iterator<Item = Oid> {
    let optional = [&detail.part_number, &detail.serial, &detail.installed, &detail.percent, &detail.pages_left];
    let when = detail.pages_when.as_ref().map(|when| &when.column);
    let state = detail.state.as_ref().map(|state| &state.column);
    let all = [detail.join.column()].into_iter().chain(optional.into_iter().flatten()).chain(when).chain(state);
    all.map(|column| column.0.clone())
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    for detail in &file.supplies.detail {
        for (index, supply) in joined(detail, rows, &reading.supplies) {
            let cell = |column: &super::file::OidText| beside(rows, &column.0, &index);
            let part_number = detail.part_number.as_ref().and_then(cell).and_then(text);
            let serial = detail.serial.as_ref().and_then(cell).and_then(text);
            let installed = detail.installed.as_ref().and_then(cell).and_then(date_and_time);
            let state = detail.state.as_ref().and_then(|state| {
                let code = cell(&state.column).and_then(table::number)?;
                state.meaning.get(&Number(code))
            });
            let pages = detail.pages_left.as_ref().and_then(cell).and_then(table::number);
            let pages = pages.and_then(|pages| u64::try_from(pages).ok()).filter(|_| {
                let code =
                    |when: &super::file::PagesWhen| cell(&when.column).and_then(table::number) == Some(when.code);
                detail.pages_when.as_ref().is_none_or(code)
            });
            if let Some(supply) = reading.supplies.get_mut(supply) {
                if let Some(column) = &detail.percent
                    && let Some(left @ 0..=100) = cell(column).and_then(table::number)
                    && (supply.level, supply.class.as_str()) == (None, "consumed")
                {
                    let at = column.0.join(index.iter().copied()).ok();
                    supply.source = at.as_ref().map(table::source).unwrap_or_default();
                    supply.percent = Some(left as f64);
                    supply.state = supplies::state(Some(left), supply.percent, false, false).to_owned();
                    supply.confidence = supply.confidence.max(detail.confidence.0);
                }
                supply.part_number = part_number.or(supply.part_number.take());
                supply.serial = serial.or(supply.serial.take());
                supply.installed = installed.or(supply.installed.take());
                supply.pages_left = pages.or(supply.pages_left);
                supplies::worsen(supply, state.map(|state| state.word()));
            }
        }
    }
}

/// The index of each vendor row, with the place of the supply it is about.
fn joined(detail: &Detail, rows: &Rows, supplies: &[Supply]) -> Vec<(Vec<u32>, usize)> {
    let column = &detail.join.column().0;
    let depth = column.as_ref().len();
    let all = rows.under(column.as_ref()).take(MAX_ROWS);
    all.filter_map(|(oid, value)| {
        let index: Vec<u32> = oid.arcs().skip(depth).collect();
        let place = match &detail.join {
            Join::Reference { .. } => referenced(value.as_oid()?, supplies),
            Join::Description { .. } => described(&Decoder::default().text(value.as_octets()?), supplies),
            Join::Color { .. } => colored(&Decoder::default().text(value.as_octets()?), supplies),
            Join::SameRow { .. } => numbered(*index.first()?, supplies),
        };
        Some((index, place?))
    })
    .collect()
}

/// A reference is any cell of the row: its last arcs are the supply's index.
fn referenced(cell: OidRef<'_>, supplies: &[Supply]) -> Option<usize> {
    let index = cell.index_under(SUPPLIES)?.skip(1).map(|arc| arc.to_string()).collect::<Vec<_>>().join(".");
    supplies.iter().position(|supply| supply.index == index)
}

/// The supply whose row has this number, if there is but one.
fn numbered(row: u32, supplies: &[Supply]) -> Option<usize> {
    let row = row.to_string();
    only(supplies, |supply| supply.index.rsplit('.').next() == Some(&row))
}

/// Only a text that one supply alone has names it.
fn described(text: &str, supplies: &[Supply]) -> Option<usize> {
    only(supplies, |supply| !text.is_empty() && supply.description == text)
}

/// The one toner or ink of the colour that the text names.
fn colored(text: &str, supplies: &[Supply]) -> Option<usize> {
    let color = color::named_in(text)?;
    only(supplies, |supply| supplies::is_inked(&supply.kind) && supply.color.as_ref() == Some(&color))
}

/// The place of the only supply that fits.
pub(super) fn only(supplies: &[Supply], fits: impl Fn(&Supply) -> bool) -> Option<usize> {
    let mut fitting = supplies.iter().enumerate().filter(|(_, supply)| fits(supply));
    let (place, _) = fitting.next()?;
    fitting.next().is_none().then_some(place)
}

/// A text that says something.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = Decoder::default().text(value.as_octets()?);
    let says = !text.is_empty() && !NOTHING.contains(&text.to_ascii_lowercase().as_str());
    says.then_some(text)
}

pub(super) fn beside<'a>(rows: &'a Rows, column: &Oid, index: &[u32]) -> Option<&'a Value> {
    rows.get(column.join(index.iter().copied()).ok()?.as_ref())
}
