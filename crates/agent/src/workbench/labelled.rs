//! Numbers beside texts: in many vendors' tables one column says what another one counts.
//!
//! A row is `entry.column.index`. Nobody says where the index begins, so every length of it is tried: two columns of the
//! same entry belong together where they have the same indices, one holds texts, the other numbers.

use super::text;
use dca_snmp::{Oid, OidRef, Value, oid};
use std::collections::{BTreeMap, HashSet};

/// Arcs of an index.
const LONGEST_INDEX: usize = 4;
/// Fewer rows with a label are chance.
const FEWEST_ROWS: usize = 2;

/// A column of numbers and the column that labels them.
#[derive(Debug)]
pub(super) struct Labelled<'a> {
    pub(super) values: String,
    pub(super) labels: String,
    pub(super) rows: Vec<Row<'a>>,
}

/// A number and its label.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) value_at: &'a Oid,
    pub(super) label_at: &'a Oid,
    pub(super) label: String,
    pub(super) value: i64,
}

/// Index to instance and value.
type Column<'a, T> = BTreeMap<Vec<u32>, (&'a Oid, T)>;

/// The columns of one entry.
#[derive(Default)]
struct Entry<'a> {
    texts: BTreeMap<u32, Column<'a, String>>,
    numbers: BTreeMap<u32, Column<'a, i64>>,
}

/// All labelled columns of the vendors' trees, in the order of their OIDs. Each number is in one of them at most.
pub(super) fn labelled(rows: &[(Oid, Value)]) -> Vec<Labelled<'_>> {
    const ENTERPRISES: OidRef<'static> = oid!("1.3.6.1.4.1");
    let vendors: Vec<(&Oid, Vec<u32>, &Value)> = rows
        .iter()
        .filter(|(oid, _)| oid.starts_with(ENTERPRISES))
        .map(|(oid, value)| (oid, oid.arcs().collect(), value))
        .collect();
    let (mut tables, mut taken) = (Vec::new(), HashSet::new());
    for length in 1..=LONGEST_INDEX {
        for (path, entry) in entries(&vendors, length, &taken) {
            for (number, values) in &entry.numbers {
                let together = |texts: &Column<'_, String>| texts.keys().filter(|at| values.contains_key(*at)).count();
                let Some((label, texts)) = entry.texts.iter().max_by_key(|(_, texts)| together(texts)) else {
                    continue;
                };
                let rows: Vec<Row<'_>> = values
                    .iter()
                    .filter_map(|(at, (value_at, value))| {
                        let (label_at, label) = texts.get(at)?;
                        Some(Row { value_at, label_at, label: label.clone(), value: *value })
                    })
                    .collect();
                let different: HashSet<&str> = rows.iter().map(|row| row.label.as_str()).collect();
                if different.len() < FEWEST_ROWS {
                    continue;
                }
                taken.extend(rows.iter().map(|row| row.value_at));
                tables.push(Labelled { values: dotted(&path, *number), labels: dotted(&path, *label), rows });
            }
        }
    }
    tables.sort_by(|a, b| a.rows.first().map(|row| row.value_at).cmp(&b.rows.first().map(|row| row.value_at)));
    tables
}

fn entries<'a>(
    rows: &[(&'a Oid, Vec<u32>, &'a Value)],
    length: usize,
    taken: &HashSet<&Oid>,
) -> BTreeMap<Vec<u32>, Entry<'a>> {
    let mut entries: BTreeMap<Vec<u32>, Entry<'a>> = BTreeMap::new();
    for (oid, arcs, value) in rows.iter().filter(|(oid, ..)| !taken.contains(oid)) {
        let Some((column, index)) = arcs.len().checked_sub(length).and_then(|at| arcs.split_at_checked(at)) else {
            continue;
        };
        let Some((last, path)) = column.split_last() else { continue };
        let number = value.as_i64();
        let text = || text(value).filter(|text| text.chars().any(char::is_alphabetic));
        let Some(cell) = number.map(Ok).or_else(|| text().map(Err)) else { continue };
        let (entry, index) = (entries.entry(path.to_vec()).or_default(), index.to_vec());
        match cell {
            Ok(number) => drop(entry.numbers.entry(*last).or_default().insert(index, (oid, number))),
            Err(text) => drop(entry.texts.entry(*last).or_default().insert(index, (oid, text))),
        }
    }
    entries
}

fn dotted(path: &[u32], last: u32) -> String {
    path.iter().chain([&last]).map(u32::to_string).collect::<Vec<_>>().join(".")
}
