//! A vendor's own table of supplies, for devices that leave prtMarkerSuppliesTable empty.

use super::detail::{beside, text};
use super::file::{File, Grade, Note, Number, OidText, Worse};
use crate::reading::{Reading, Supply};
use crate::rows::Rows;
use crate::standard::table::{column, dotted, number, share_of, source, tenth};
use crate::standard::{color, serials, supplies};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Rows of one table that are read.
const MAX_ROWS: usize = 64;

/// Columns of a table of what is consumed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupplyTable {
    /// What is left.
    pub(crate) level: OidText,
    /// How much a new one holds, in the same unit; without it the level is a percentage.
    capacity: Option<OidText>,
    description: Option<OidText>,
    /// What all rows are, such as `toner`. Without it the description's words tell.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// A column of codes that say what a row is.
    types: Option<TypeCodes>,
    /// The colour by the last arc of the index, where the description has no word for it.
    #[serde(default)]
    colors: BTreeMap<Number, String>,
    /// Levels that are no levels but say how little is left.
    #[serde(default)]
    states: BTreeMap<Number, Worse>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    _why: Option<Note>,
}

/// A column of codes, and the types that they say (PrtMarkerSuppliesTypeTC in snake_case).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeCodes {
    column: OidText,
    meaning: BTreeMap<Number, String>,
}

impl SupplyTable {
    /// The columns that it needs.
    pub(super) fn columns(&self) -> Vec<&dca_snmp::Oid> {
        let types = self.types.as_ref().map(|types| &types.column);
        let all = [&self.level].into_iter().chain(&self.capacity).chain(&self.description).chain(types);
        all.map(|column| &column.0).collect()
    }
}

pub(super) fn read(file: &File, rows: &Rows, reading: &mut Reading) {
    if !reading.supplies.is_empty() {
        return;
    }
    for own in &file.supplies.table {
        for (index, oid, value) in column(rows, own.level.0.as_ref()).take(MAX_ROWS) {
            let cell = |column: &Option<OidText>| column.as_ref().and_then(|column| beside(rows, &column.0, &index));
            let told = number(value);
            let level = told.filter(|level| *level >= 0);
            let capacity = match own.capacity {
                Some(_) => cell(&own.capacity).and_then(number).filter(|capacity| *capacity > 0),
                None => Some(100),
            };
            let left = level.zip(capacity).and_then(|(level, capacity)| share_of(level, capacity));
            if let (Some(level), Some(capacity), None) = (level, capacity, left) {
                reading.doubts.push(format!("{oid} is {level}, above the capacity {capacity}"));
            }
            let description = cell(&own.description).and_then(text).unwrap_or_default();
            let told_type = own.types.as_ref().and_then(|types| {
                let code = beside(rows, &types.column.0, &index).and_then(number)?;
                types.meaning.get(&Number(code)).cloned()
            });
            let kind = told_type.or_else(|| own.kind.clone());
            let kind = kind.unwrap_or_else(|| supplies::type_in(&description).to_owned());
            // Whether a box tells how full it is or what room is left differs by vendor.
            if [kind.as_str(), supplies::type_in(&description)].iter().any(|kind| kind.starts_with("waste")) {
                continue;
            }
            let last = index.last().map(|last| Number(i64::from(*last)));
            let color = color::named_in(&description).or_else(|| own.colors.get(&last?).cloned());
            reading.supplies.push(Supply {
                index: format!("vendor.{}", dotted(&index)),
                part_number: serials::part_number(&description),
                serial: serials::serial_number(&description),
                installed: None,
                description,
                kind,
                class: "consumed".to_owned(),
                color,
                unit: own.capacity.is_none().then(|| "percent".to_owned()),
                capacity,
                level,
                percent: left.map(tenth),
                state: match told.and_then(|told| own.states.get(&Number(told))) {
                    Some(state) => state.word().to_owned(),
                    None => supplies::state(told, left, false, false).to_owned(),
                },
                pages_left: None,
                source: source(oid),
                confidence: own.confidence.0,
            });
        }
    }
}
