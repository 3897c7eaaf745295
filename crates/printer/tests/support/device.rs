//! A made-up device that answers everything one profile asks for, with figures that fit together: every counter is the sum
//! of the same few thousand pages, so mono and colour make up the total and the services do too.

use super::{Key, entries, meanings, octets, oid, text};
use dca_printer::Rows;
use dca_snmp::{Oid, Value};
use std::collections::{BTreeMap, BTreeSet};

const PRINTING: [&str; 5] = ["print", "copy", "fax", "fax_in", "other"];
const COLORS: [&str; 5] = ["mono", "full_color", "highlight_color", "single_color", "two_color"];
const SIZES: [&str; 2] = ["a4", "a3"];
const SIDES: [&str; 2] = ["simplex", "duplex"];

/// The pages that the device has put out, by what the profile can tell apart.
pub(crate) struct Device {
    services: Vec<String>,
    colors: Vec<String>,
}

/// One entry of a profile with the rows that answer it.
pub(crate) struct Answer<'a> {
    /// `meter`, `supplies.detail` ...
    pub(crate) kind: &'static str,
    pub(crate) entry: &'a toml::Table,
    /// What it tells, for meters.
    pub(crate) keys: BTreeSet<Key>,
    pub(crate) rows: Vec<(Oid, Value)>,
}

impl Answer<'_> {
    /// The instances and columns that the entry names.
    pub(crate) fn roots(&self) -> Vec<Oid> {
        fn collect(value: &toml::Value, found: &mut Vec<Oid>) {
            match value {
                toml::Value::String(text) if text.starts_with("1.3.6.1.") => found.extend(text.parse::<Oid>()),
                toml::Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
                toml::Value::Table(table) => table.iter().for_each(|(_, value)| collect(value, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        self.entry.values().for_each(|value| collect(value, &mut found));
        found
    }
}

impl Device {
    /// Knows the words that a profile's meters use.
    pub(crate) fn new(chain: &[&toml::Table]) -> Self {
        let mut words = BTreeSet::new();
        for file in chain {
            for path in ["meter", "meter_table", "records"] {
                collect(&entries(file, path).into_iter().cloned().map(toml::Value::Table).collect(), &mut words);
            }
        }
        let used = |all: &[&str]| -> Vec<String> {
            all.iter().filter(|word| words.contains(**word)).map(|word| (*word).to_owned()).collect()
        };
        let mut services = used(&PRINTING);
        // Received faxes are a part of all faxes.
        if services.iter().any(|service| service == "fax") {
            services.retain(|service| service != "fax_in");
        }
        let mut colors = used(&COLORS);
        if services.is_empty() {
            services.push("print".to_owned());
        }
        if colors.is_empty() {
            colors.push("mono".to_owned());
        }
        Self { services, colors }
    }

    /// Services, colours, sizes and sides with the sides printed.
    fn pages(&self, service: &str) -> Vec<([String; 4], u64)> {
        let own = [service.to_owned()];
        let services = if service == "system_totals" { &self.services[..] } else { &own };
        let mut pages = Vec::new();
        for service in services {
            for color in &self.colors {
                for (size, sides) in SIZES.into_iter().flat_map(|size| SIDES.map(|sides| (size, sides))) {
                    let some = 1000 + 2 * (service.len() * 31 + color.len() * 7 + size.len() + sides.len()) as u64;
                    // Some totals know a third kind of colour that others do not: there were no such pages.
                    let count = if matches!(color.as_str(), "mono" | "full_color") { some } else { 0 };
                    pages.push(([service.clone(), color.clone(), size.to_owned(), sides.to_owned()], count));
                }
            }
        }
        pages
    }

    /// What a counter of this device shows.
    pub(crate) fn count(&self, key: &Key) -> u64 {
        let [service, color, size, sides, unit, _] = &key.clone().whole().0;
        let wanted = |[_, c, z, d]: &[String; 4]| {
            (color == "total" || color == c)
                && (size == "any" || size == z || (size == "small" && z == "a4") || (size == "large" && z == "a3"))
                && (sides == "any" || sides == d)
        };
        let pages = self.pages(service).into_iter().filter(|(of, _)| wanted(of));
        pages.map(|(of, count)| if unit == "sheets" && of[3] == "duplex" { count / 2 } else { count }).sum()
    }

    /// prtMarkerLifeCount and its unit.
    pub(crate) fn marker(&self) -> Vec<(Oid, Value)> {
        let total = self.count(&Key::words("system_totals"));
        vec![
            (oid("1.3.6.1.2.1.43.10.2.1.3.1.1"), Value::Integer(7)),
            (oid("1.3.6.1.2.1.43.10.2.1.4.1.1"), Value::Counter32(u32::try_from(total).unwrap())),
        ]
    }

    /// Two rows of prtMarkerSuppliesTable.
    pub(crate) fn supplies() -> Vec<(Oid, Value)> {
        let mut rows = Vec::new();
        for (row, name) in [(1, "Black Toner"), (2, "Cyan Toner")] {
            let cell = |column: u32| oid(&format!("1.3.6.1.2.1.43.11.1.1.{column}.1.{row}"));
            rows.extend([(4, 3), (5, 3), (7, 7), (8, 5000), (9, 4000)].map(|(c, v)| (cell(c), Value::Integer(v))));
            rows.push((cell(6), octets(name)));
        }
        rows
    }

    /// Everything that the entries of one file ask for. `first` is the index of a table's first row, where it is wanted.
    pub(crate) fn answers<'a>(&self, file: &'a toml::Table, first: Option<&[u32]>) -> Vec<Answer<'a>> {
        let mut all = Vec::new();
        let mut add = |kind, entry, keys: BTreeSet<Key>, rows| all.push(Answer { kind, entry, keys, rows });
        for field in ["vendor", "model", "serial", "firmware", "mac", "hostname", "asset"] {
            for entry in entries(file, &format!("identity.{field}")) {
                add("identity", entry, BTreeSet::new(), identity(field, entry));
            }
        }
        for entry in entries(file, "meter") {
            let key = Key::words(text(entry, "is").unwrap()).whole();
            let count = self.count(&key);
            let rows = match (text(entry, "oid"), text(entry, "number_before")) {
                (Some(at), Some(word)) => vec![(oid(at), octets(&format!("17 INCHES, {count} {word}")))],
                (Some(at), None) => vec![(oid(at), number(count))],
                (None, _) => {
                    let parts = entry["sum"].as_array().unwrap();
                    let share = count / parts.len() as u64;
                    let rest = count - share * (parts.len() as u64 - 1);
                    let place = |(at, part): (usize, &toml::Value)| {
                        (oid(part.as_str().unwrap()), number(if at == 0 { rest } else { share }))
                    };
                    parts.iter().enumerate().map(place).collect()
                }
            };
            add("meter", entry, BTreeSet::from([key]), rows);
        }
        for entry in entries(file, "meter_table") {
            let (keys, rows) = self.table(entry, first);
            add("meter_table", entry, keys, rows);
        }
        for entry in entries(file, "records") {
            let (keys, rows) = self.records(entry);
            add("records", entry, keys, rows);
        }
        for entry in entries(file, "count") {
            add("count", entry, BTreeSet::new(), vec![(oid(text(entry, "oid").unwrap()), number(7))]);
        }
        for (kind, build) in OTHERS {
            for entry in entries(file, kind) {
                add(kind, entry, BTreeSet::new(), build(entry));
            }
        }
        all
    }

    /// The whole device, or as much of it as does not say the same twice.
    pub(crate) fn rows(&self, file: &toml::Table) -> Rows {
        let mut taken = BTreeSet::new();
        let mut columns = BTreeSet::new();
        let mut rows: Rows = self.marker().into_iter().chain(Self::supplies()).collect();
        for answer in self.answers(file, None) {
            let new = answer.keys.iter().all(|key| !taken.contains(key));
            let values = text(answer.entry, "values").map(str::to_owned);
            if new && values.is_none_or(|values| columns.insert(values)) {
                taken.extend(answer.keys);
                rows.extend(answer.rows);
            }
        }
        rows
    }

    fn table(&self, entry: &toml::Table, first: Option<&[u32]>) -> (BTreeSet<Key>, Vec<(Oid, Value)>) {
        let values = text(entry, "values").unwrap();
        let base = Key::words(text(entry, "is").unwrap_or_default());
        let under: Vec<Vec<u32>> = entry
            .get("under")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .map(|arcs| arcs.as_str().unwrap().split('.').map(|arc| arc.parse().unwrap()).collect())
            .collect();
        let labels = entries(entry, "labels");
        let codes = entries(entry, "codes");
        let places = entries(entry, "places");
        let (mut keys, mut rows) = (BTreeSet::new(), Vec::new());
        if entry.contains_key("only_row") {
            let key = base.whole();
            rows.push((oid(values).join([1]).unwrap(), octets(&self.count(&key).to_string())));
            return (BTreeSet::from([key]), rows);
        }
        let columns: Vec<&toml::Table> = labels.iter().chain(&codes).chain(&places).copied().collect();
        let adds_up = entry.contains_key("adds_up");
        // What each row says, by column.
        let said: Vec<(Said, Option<u64>)> = if adds_up {
            self.pages_of(&columns, &base)
        } else {
            combinations(&columns.iter().map(|column| meanings(column)).collect::<Vec<_>>())
                .into_iter()
                .map(|row| (row, None))
                .collect()
        };
        let mut number_of_row = 0;
        for (row, pages) in said {
            let key = row.iter().fold(base.clone(), |key, (_, words)| words.clone().or(&key)).whole();
            if !adds_up && keys.contains(&key) {
                continue;
            }
            number_of_row += 1;
            let mut index = under.first().cloned().unwrap_or_default();
            index.push(number_of_row);
            if number_of_row == 1
                && let Some(first) = first
                && places.is_empty()
            {
                index = first.to_vec();
            }
            if !places.is_empty() {
                let arc = |place: &toml::Table| usize::try_from(place["arc"].as_integer().unwrap()).unwrap();
                let length =
                    places.iter().map(|place| arc(place)).max().unwrap().max(under.first().map_or(0, Vec::len));
                index = vec![1; length];
                for (place, (at, _)) in places.iter().zip(row.iter().skip(labels.len() + codes.len())) {
                    index[arc(place) - 1] = at.parse().unwrap();
                }
            }
            if !under.is_empty() && !under.iter().any(|arcs| index.starts_with(arcs)) {
                continue;
            }
            let value = pages.unwrap_or_else(|| self.count(&key));
            let cell = |column: &str| oid(column).join(index.iter().copied()).unwrap();
            rows.push((cell(values), number(value)));
            for (column, (at, _)) in labels.iter().chain(&codes).zip(&row) {
                let value = at.parse().map_or_else(|_| octets(at), Value::Integer);
                rows.push((cell(text(column, "column").unwrap()), value));
            }
            keys.insert(key);
        }
        (keys, rows)
    }

    /// A row for each kind of page, where the columns have codes for it.
    fn pages_of(&self, columns: &[&toml::Table], base: &Key) -> Vec<(Said, Option<u64>)> {
        let services: Vec<String> = match base.0[0].as_str() {
            "" => {
                let told = columns.iter().flat_map(|column| meanings(column)).map(|(_, key)| key.0[0].clone());
                told.filter(|service| !service.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
            }
            service => vec![service.to_owned()],
        };
        let mut rows = Vec::new();
        for service in services {
            for (page, count) in self.pages(&service) {
                let fits = |dimension: usize, word: &str| match dimension {
                    0 => word == service,
                    1..=3 => word == page[dimension],
                    4 => word == "impressions",
                    _ => true,
                };
                let code = |column: &&toml::Table| {
                    meanings(column)
                        .into_iter()
                        .find(|(_, key)| key.0.iter().enumerate().all(|(at, word)| word.is_empty() || fits(at, word)))
                };
                let row: Option<Vec<_>> = columns.iter().map(code).collect();
                // The colour may be the whole table's.
                let own =
                    base.0.iter().enumerate().skip(1).take(3).all(|(at, word)| word.is_empty() || *word == page[at]);
                rows.extend(row.filter(|_| own).map(|row| (row, Some(count))));
            }
        }
        // Units of images or sheets have no impressions among their codes.
        if rows.is_empty() {
            combinations(&columns.iter().map(|c| meanings(c)).collect::<Vec<_>>())
                .into_iter()
                .map(|row| (row, Some(40)))
                .collect()
        } else {
            rows
        }
    }

    fn records(&self, entry: &toml::Table) -> (BTreeSet<Key>, Vec<(Oid, Value)>) {
        let mut tags: BTreeMap<u8, u32> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        let tag = |text: &str| u8::from_str_radix(text, 16).unwrap();
        for (id, meaning) in entry.get("meters").and_then(toml::Value::as_table).into_iter().flatten() {
            let key = super::said(meaning).whole();
            tags.insert(tag(id), u32::try_from(self.count(&key)).unwrap());
            keys.insert(key);
        }
        for (id, part) in entry.get("maintenance").and_then(toml::Value::as_table).into_iter().flatten() {
            let tens = part["as"].as_str() == Some("tens_of_percent");
            tags.insert(tag(id), if tens { 50 } else { 4200 });
        }
        for (id, code) in [("states", 3), ("shares", 0x0231), ("alerts", 4)] {
            let ids = entry.get(id).and_then(toml::Value::as_table).into_iter().flat_map(|table| table.keys());
            tags.extend(ids.map(|id| (tag(id), code)));
        }
        for id in entry.get("counts").and_then(toml::Value::as_table).into_iter().flat_map(|table| table.keys()) {
            tags.insert(tag(id), 3);
        }
        if text(entry, "form") == Some("epson-page-counts") {
            let counts = (0..5).flat_map(|id| tags.get(&id).copied().unwrap_or_default().to_le_bytes());
            let frame = [b"@BDC ST2\r\n".as_slice(), &[22, 0, 0x36, 20]].concat();
            let frame = frame.into_iter().chain(counts).collect();
            return (keys, vec![(oid(text(entry, "oid").unwrap()), Value::OctetString(frame))]);
        }
        if text(entry, "form") == Some("epson-error") {
            let frame = [b"@BDC ST2\r\n".as_slice(), &[6, 0, 1, 1, 0, 2, 1, 4]].concat();
            return (keys, vec![(oid(text(entry, "oid").unwrap()), Value::OctetString(frame))]);
        }
        let mut string = Vec::new();
        if entry.contains_key("shares") {
            for (id, value) in tags {
                string.extend([id, 2]);
                string.extend(u16::try_from(value).unwrap().to_be_bytes());
            }
            string.push(0xff);
            return (keys, vec![(oid(text(entry, "oid").unwrap()), Value::OctetString(string))]);
        }
        for (id, value) in tags {
            string.extend([id, 1, 4]);
            string.extend(value.to_be_bytes());
        }
        string.push(0xff);
        (keys, vec![(oid(text(entry, "oid").unwrap()), Value::OctetString(string))])
    }
}

/// What stands in the columns of a row, and the words it means.
type Said = Vec<(String, Key)>;

type Build = fn(&toml::Table) -> Vec<(Oid, Value)>;

/// Kinds of entries whose rows need nothing of the device.
const OTHERS: [(&str, Build); 9] = [
    ("count_table", count_table),
    ("wear", |entry| {
        let cells = [("used", number(3000)), ("life", number(12_000))];
        cells.into_iter().map(|(key, value)| (oid(text(entry, key).unwrap()).join([1]).unwrap(), value)).collect()
    }),
    ("detail", |entry| {
        let date = entry.get("date").is_some_and(|date| date.as_bool() == Some(true));
        let value = if date { Value::OctetString(vec![7, 234, 3, 1, 10, 30, 0, 0]) } else { octets("V 1.7") };
        vec![(oid(text(entry, "oid").unwrap()), value)]
    }),
    ("console", |entry| vec![(oid(text(entry, "oid").unwrap()), octets("Sleeping"))]),
    ("detail_table", |entry| {
        let index = text(entry, "ends").map_or("1".to_owned(), |ends| format!("1.{ends}"));
        let cell = |column: &str| oid(&format!("{column}.{index}"));
        let mut rows = vec![(cell(text(entry, "values").unwrap()), octets("5"))];
        rows.extend(text(entry, "names").map(|names| (cell(names), octets("Main"))));
        for codes in entries(entry, "codes") {
            let code = codes["meaning"].as_table().unwrap().keys().next().unwrap().parse().unwrap();
            rows.push((cell(text(codes, "column").unwrap()), Value::Integer(code)));
        }
        rows
    }),
    ("supplies.detail", |entry| {
        let (column, value, index) = join(entries(entry, "join")[0]);
        let cell = |column: &str| oid(column).join([index]).unwrap();
        let mut rows: Vec<_> = value.into_iter().map(|value| (cell(&column), value)).collect();
        for (key, value) in [
            ("part_number", octets("PN-4711")),
            ("serial", octets("CRUM20260001")),
            ("installed", Value::OctetString(vec![7, 234, 3, 1, 10, 30, 0, 0])),
            ("percent", number(40)),
            ("pages_left", number(321)),
        ] {
            rows.extend(text(entry, key).map(|column| (cell(column), value)));
        }
        for when in entries(entry, "pages_when") {
            rows.push((cell(text(when, "column").unwrap()), Value::Integer(when["code"].as_integer().unwrap())));
        }
        rows.extend(code_cell(entry, "state", index));
        rows
    }),
    ("supplies.table", |entry| {
        let mut rows = vec![(oid(text(entry, "level").unwrap()).join([1]).unwrap(), octets("40"))];
        let cells = [("capacity", number(80)), ("description", octets("Cyan Toner"))];
        rows.extend(
            cells.into_iter().filter_map(|(key, value)| Some((oid(text(entry, key)?).join([1]).unwrap(), value))),
        );
        rows.extend(code_cell(entry, "types", 1));
        rows
    }),
    ("supplies.removed", |entry| {
        let cells = [
            ("description", octets("Cyan Toner")),
            ("serial", octets("CRUM20250009")),
            ("pages", number(6200)),
            ("level", number(1250)),
            ("capacity", number(5000)),
            ("installed", Value::OctetString(vec![7, 233, 3, 1, 10, 30, 0, 0])),
        ];
        cells
            .into_iter()
            .filter_map(|(key, value)| Some((oid(text(entry, key)?).join([1, 1]).unwrap(), value)))
            .collect()
    }),
    ("alert_table", |entry| {
        let index = text(entry, "ends").map_or("1".to_owned(), |ends| format!("1.{ends}"));
        let cells = [("text", octets("The fuser is worn")), ("code", number(10534)), ("pages", number(1234))];
        let cells =
            cells.into_iter().filter_map(|(key, value)| Some((oid(&format!("{}.{index}", text(entry, key)?)), value)));
        cells.chain(code_cell(entry, "severity", 1)).collect()
    }),
];

fn join(join: &toml::Table) -> (String, Option<Value>, u32) {
    let (kind, column) = join.iter().next().unwrap();
    let value = match kind.as_str() {
        "reference" => Some(Value::ObjectIdentifier(oid("1.3.6.1.2.1.43.11.1.1.2.1.1"))),
        "description" | "color" => Some(octets("Black Toner")),
        _ => None,
    };
    (column.as_str().unwrap().to_owned(), value, 1)
}

/// The first code of a column of codes.
fn code_cell(entry: &toml::Table, key: &str, index: u32) -> Option<(Oid, Value)> {
    let codes = entry.get(key)?.as_table()?;
    // What is consumed, where codes tell what a row is.
    let consumed = |(_, word): &(&String, &toml::Value)| word.as_str().is_some_and(|word| !word.starts_with("waste"));
    let code = codes["meaning"].as_table()?.iter().find(consumed)?.0.parse().ok()?;
    Some((oid(text(codes, "column")?).join([index]).unwrap(), Value::Integer(code)))
}

fn count_table(entry: &toml::Table) -> Vec<(Oid, Value)> {
    let values = text(entry, "values").unwrap();
    let what = |key: &str| entry.get(key).and_then(toml::Value::as_table).into_iter().flat_map(|table| table.keys());
    let mut rows = Vec::new();
    for (row, code) in (1..).zip(what("meaning")) {
        rows.push((oid(values).join([row]).unwrap(), number(7)));
        rows.push((oid(text(entry, "codes").unwrap()).join([row]).unwrap(), Value::Integer(code.parse().unwrap())));
    }
    for (row, begin) in (1..).zip(what("begins")) {
        rows.push((oid(values).join([row]).unwrap(), number(7)));
        rows.push((oid(text(entry, "texts").unwrap()).join([row]).unwrap(), octets(&format!("{begin} of it"))));
    }
    rows
}

fn identity(field: &str, entry: &toml::Table) -> Vec<(Oid, Value)> {
    let plain = match field {
        "vendor" => "Lanier",
        "model" => "Synthetic 12",
        _ => "AB12C4567",
    };
    let mut value = match text(entry, "field") {
        Some(_) => "MFG:Acme;MDL:Synthetic 12;SN:AB12C4567;".to_owned(),
        None => plain.to_owned(),
    };
    if text(entry, "form") == Some("epson-serial") {
        let frame = [b"@BDC ST2\r\n".as_slice(), &[11, 0, 0x40, 9], value.as_bytes()].concat();
        return vec![(oid(text(entry, "oid").unwrap()), Value::OctetString(frame))];
    }
    if let Some(after) = text(entry, "after") {
        value = format!("{after}{value}");
    }
    if let Some(until) = text(entry, "until") {
        value += until;
    }
    let value = if field == "mac" { Value::OctetString(vec![0, 0x80, 0x77, 1, 2, 3]) } else { octets(&value) };
    let at = text(entry, "oid").unwrap();
    match entries(entry, "label").first() {
        None => vec![(oid(at), value)],
        Some(label) => vec![
            (oid(at).join([1]).unwrap(), value),
            (oid(text(label, "column").unwrap()).join([1]).unwrap(), octets(text(label, "is").unwrap())),
        ],
    }
}

fn number(value: u64) -> Value {
    Value::Counter32(u32::try_from(value).unwrap())
}

/// Each with each; where that is too much, each with the first of the others.
fn combinations(columns: &[Said]) -> Vec<Said> {
    let all: usize = columns.iter().map(Vec::len).product();
    if all <= 400 {
        return columns.iter().fold(vec![Vec::new()], |rows, column| {
            let more = rows
                .into_iter()
                .flat_map(|row| column.iter().map(move |cell| [row.clone(), vec![cell.clone()]].concat()));
            more.collect()
        });
    }
    let first: Vec<_> = columns.iter().map(|column| column[0].clone()).collect();
    let varied = columns.iter().enumerate().flat_map(|(at, column)| {
        let first = &first;
        column.iter().map(move |cell| {
            let mut row = first.clone();
            row[at] = cell.clone();
            row
        })
    });
    varied.collect()
}

/// All words in all texts.
fn collect(values: &Vec<toml::Value>, words: &mut BTreeSet<String>) {
    for value in values {
        match value {
            toml::Value::String(text) => words.extend(text.split_whitespace().map(str::to_owned)),
            toml::Value::Array(values) => collect(values, words),
            toml::Value::Table(table) => {
                // Labels and notes have words of their own.
                let told = table.iter().filter(|(key, _)| !matches!(key.as_str(), "source" | "why" | "oid"));
                collect(&told.map(|(_, value)| value.clone()).collect(), words);
            }
            _ => {}
        }
    }
}
