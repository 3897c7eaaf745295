//! Is what a reading says what the rows say? Worked out anew from the rows and the profile files: a count must stand at the
//! instance that its source names, a percentage must follow from level, capacity and unit, a meaning from the label, the
//! code or the place that the profile gives it.

use super::{Key, entries, oid, text};
use dca_printer::{Confidence, Meter, Reading, Rows, Source, Supply};
use dca_snmp::{Oid, Value};

/// The first thing in a reading that its rows do not bear out. `chain` is the profile's file and those it extends.
pub(crate) fn unsupported(reading: &Reading, rows: &Rows, chain: &[&toml::Table]) -> Option<String> {
    let judge = Judge { reading, rows, chain };
    let meters = reading.meters.iter().find_map(|meter| judge.meter(meter).err());
    meters
        .or_else(|| judge.total().err())
        .or_else(|| reading.supplies.iter().find_map(|supply| judge.supply(supply).err()))
        .or_else(|| judge.trays().err())
        .or_else(|| judge.events().err())
        .or_else(|| judge.names().err())
        .or_else(|| judge.alerts().err())
}

struct Judge<'a> {
    reading: &'a Reading,
    rows: &'a Rows,
    chain: &'a [&'a toml::Table],
}

type Verdict = Result<(), String>;

const MARKER: &str = "1.3.6.1.2.1.43.10.2.1";
const SUPPLY: &str = "1.3.6.1.2.1.43.11.1.1";

impl Judge<'_> {
    fn at(&self, at: &str) -> Option<&Value> {
        self.rows.get(at.parse::<Oid>().ok()?.as_ref())
    }

    /// The number that a source names, sums and records included.
    fn source(&self, source: &Source) -> Option<u64> {
        let at = source.oid.as_deref()?;
        let rule = source.rule.as_deref().unwrap_or_default();
        if let Some(tag) = &source.tag {
            return record(self.at(at)?.as_octets()?, u8::from_str_radix(tag, 16).ok()?).map(|(value, _)| value);
        }
        if let Some(parts) = rule.strip_prefix("sum of rows ") {
            // The source is the first of them: what it has beyond its index is the column.
            let indices: Vec<&str> = parts.split(", ").collect();
            let column = at.strip_suffix(indices[0])?;
            return indices.iter().map(|index| count(self.at(&format!("{column}{index}"))?)).sum();
        }
        if let Some(parts) = rule.strip_prefix("sum of 1.") {
            return format!("1.{parts}").split(" and ").map(|part| count(self.at(part)?)).sum();
        }
        if let Some(word) = rule.strip_prefix("the number before ") {
            let text = String::from_utf8_lossy(self.at(at)?.as_octets()?).to_uppercase();
            let before = text.split(&word.to_uppercase()).next()?.trim_end();
            return before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
        }
        count(self.at(at)?)
    }

    fn meter(&self, meter: &Meter) -> Verdict {
        let told = |why: &str| Err(format!("{why}: {meter:?}"));
        if self.source(&meter.source) != Some(meter.value) {
            return told("the rows do not hold this count");
        }
        let key = key_of(meter);
        let at = meter.source.oid.as_deref().unwrap_or_default();
        if let Some(cell) = at.strip_prefix(&format!("{MARKER}.")) {
            let (column, index) = cell.split_once('.').unwrap_or_default();
            let unit = match self.number(&format!("{MARKER}.3.{index}")) {
                Some(3) => "ten_thousandths_of_inches",
                Some(4) => "micrometers",
                Some(5) => "characters",
                Some(6) => "lines",
                Some(7) => "impressions",
                Some(8) => "sheets",
                Some(9) => "dot_row",
                Some(11) => "hours",
                Some(16) => "feet",
                Some(17) => "meters",
                _ => "unknown",
            };
            let since = if column == "4" { "lifetime" } else { "power_on" };
            let right = key == Key(["system_totals", "total", "any", "any", unit, since].map(str::to_owned));
            return if right { Ok(()) } else { told("prtMarkerLifeCount means something else") };
        }
        match self.grade(&key, &meter.source) {
            None => told("no entry of the profile gives it this meaning"),
            Some('C') if !self.is_confirmed(&key, meter.value, true) => {
                told("one source says so and nothing confirms it")
            }
            Some(_) => Ok(()),
        }
    }

    /// How well the entry is known that gives a source this meaning.
    fn grade(&self, key: &Key, source: &Source) -> Option<char> {
        let at = source.oid.as_deref()?;
        let grade = |entry: &toml::Table| text(entry, "confidence")?.chars().next();
        let single = |entry: &&toml::Table| {
            let first = entry.get("sum").and_then(|sum| sum.get(0)?.as_str());
            text(entry, "oid").or(first) == Some(at)
                && Key::words(text(entry, "is").unwrap_or_default()).whole() == *key
        };
        let singles = self.all("meter").find(single).and_then(grade);
        let tables = || self.all("meter_table").find_map(|table| Some(self.row(table, at, key)?.max(grade(table)?)));
        let records = || {
            self.all("records").filter(|entry| text(entry, "oid") == Some(at)).find_map(|entry| {
                let meaning = entry.get("meters")?.get(source.tag.as_deref()?)?;
                (super::said(meaning).whole() == *key).then(|| grade(entry)).flatten()
            })
        };
        if source.tag.is_some() { records() } else { singles.or_else(tables) }
    }

    /// The grade of the meanings that make up the key, if this table has the row and it means this.
    fn row(&self, table: &toml::Table, at: &str, key: &Key) -> Option<char> {
        let index = at.strip_prefix(text(table, "values")?)?.strip_prefix('.')?;
        let arcs: Vec<&str> = index.split('.').collect();
        let mut said = Key::words(text(table, "is").unwrap_or_default());
        let mut worst = 'A';
        let mut add = |of: &toml::Table, found: &str| {
            let meaning = of["meaning"].as_table()?;
            let fits = |(word, _): &(&String, &toml::Value)| word.eq_ignore_ascii_case(found);
            let (_, meaning) = meaning.iter().find(fits)?;
            said = super::said(meaning).or(&said);
            worst = worst.max(meaning.get("confidence").and_then(|c| c.as_str()?.chars().next()).unwrap_or('A'));
            Some(())
        };
        for labels in entries(table, "labels") {
            let octets = self.at(&format!("{}.{index}", text(labels, "column")?))?.as_octets()?;
            let label = plain_text(octets);
            add(labels, label.trim()).or_else(|| {
                let form = label.get(2..)?;
                text(labels, "form").and_then(|_| add(labels, form.trim()))
            })?;
        }
        for codes in entries(table, "codes") {
            add(codes, &self.number(&format!("{}.{index}", text(codes, "column")?))?.to_string())?;
        }
        for place in entries(table, "places") {
            add(place, arcs.get(usize::try_from(place["arc"].as_integer()?).ok()? - 1)?)?;
        }
        (said.whole() == *key).then_some(worst)
    }

    /// A sum of the same reading that the figure is in holds (section "Confidence" of docs/PROFILES.md). A total made of the
    /// rows of its parts is no proof unless something else proves the total.
    fn is_confirmed(&self, key: &Key, value: u64, may_share: bool) -> bool {
        const COLORS: [&str; 5] = ["mono", "full_color", "highlight_color", "single_color", "two_color"];
        const SERVICES: [&str; 5] = ["print", "copy", "fax", "fax_in", "other"];
        let with = |key: &Key, at: usize, word: &str| {
            let mut key = key.clone();
            word.clone_into(&mut key.0[at]);
            key
        };
        let found =
            |key: &Key| -> Vec<&Meter> { self.reading.meters.iter().filter(|meter| key_of(meter) == *key).collect() };
        let close = |a: u64, b: u64| a.abs_diff(b) <= 5.max(a.max(b) / 200);
        let place = |meter: &Meter| (meter.source.oid.clone(), meter.source.tag.clone());
        // The figure as a part, and as the total itself.
        let makes_up = |at: usize, all: &str, words: &[&str]| {
            let whole = with(key, at, all);
            let parts: Vec<&Meter> =
                words.iter().filter_map(|word| found(&with(&whole, at, word)).first().copied()).collect();
            let sum = parts.iter().map(|part| part.value).sum();
            found(&whole).iter().any(|total| {
                let shares = parts.iter().any(|part| place(part) == place(total));
                let proven = || {
                    let sure = matches!(self.grade(&whole, &total.source), Some('A' | 'B'));
                    sure || (whole != *key && may_share && self.is_confirmed(&whole, total.value, false))
                };
                !parts.is_empty() && close(sum, total.value) && (!shares || proven())
            })
        };
        let within = |total: &Key| {
            let known = |total: &&&Meter| total.confidence < Confidence::C || close(value, total.value);
            found(total).iter().filter(known).any(|total| value <= total.value || close(value, total.value))
        };
        let impressions = with(&with(key, 3, "any"), 4, "impressions");
        let format = !matches!(key.0[2].as_str(), "any" | "small" | "large");
        makes_up(1, "total", &COLORS)
            || makes_up(3, "any", &["simplex", "duplex"])
            || makes_up(2, "any", &["small", "large"])
            || makes_up(0, "system_totals", &SERVICES)
            || (key.0[3] == "duplex" && (within(&with(key, 3, "any")) || within(&impressions)))
            || (format && within(&with(&with(key, 2, "any"), 3, "any")))
            || found(key).iter().filter(|other| close(other.value, value)).count() > 1
    }

    fn total(&self) -> Verdict {
        let Some(total) = &self.reading.total else { return Ok(()) };
        let told = |why: &str| Err(format!("{why}: {total:?}"));
        if total.value == 0 {
            return told("nobody bills by 0");
        }
        if total.source.rule.as_deref() == Some("sum_of_markers") {
            let column = oid(&format!("{MARKER}.4"));
            let lives = self.rows.under(column.as_ref()).filter_map(|(_, value)| count(value));
            return if lives.sum::<u64>() == total.value { Ok(()) } else { told("the markers add up to another sum") };
        }
        let same = |meter: &&Meter| meter.source.oid == total.source.oid && meter.source.tag == total.source.tag;
        match self.reading.meters.iter().find(same) {
            Some(meter) if (meter.value, &meter.unit) == (total.value, &total.unit) => Ok(()),
            _ => told("the total is no meter of the reading"),
        }
    }

    fn number(&self, at: &str) -> Option<i64> {
        number(self.at(at)?)
    }

    fn flag(&self, name: &str) -> bool {
        let told = |file: &&toml::Table| file.get("supplies")?.get(name)?.as_bool();
        self.chain.iter().find_map(told).unwrap_or(false)
    }

    fn supply(&self, supply: &Supply) -> Verdict {
        let told = |why: &str| Err(format!("{why}: {supply:?}"));
        let (level, capacity, percent) = match supply.index.strip_prefix("vendor.") {
            Some(_) => self.own_supply(supply).unwrap_or_default(),
            None => self.standard_supply(&supply.index),
        };
        // A vendor's column may tell the percent that the standard level does not.
        let at = supply.source.oid.as_deref().unwrap_or_default();
        let of_vendor = |entry: &toml::Table| text(entry, "percent").is_some_and(|column| at.starts_with(column));
        let percent = match self.all("supplies.detail").any(of_vendor) {
            true if level.is_none() => self.number(at).filter(|left| (0..=100).contains(left)).map(|left| left as f64),
            _ => percent,
        };
        if (supply.level, supply.capacity) != (level, capacity) {
            return told("the rows hold another level or capacity");
        }
        if supply.percent != percent {
            return told(&format!("the rows make {percent:?} percent"));
        }
        let little = percent.is_none_or(|percent| percent <= 10.0);
        if (supply.state == "ok" && percent.is_none_or(|percent| percent < 9.9))
            || (supply.state == "low" && !little && !self.worse())
        {
            return told("the state does not follow from the level");
        }
        for text in [&supply.part_number, &supply.serial].into_iter().flatten() {
            if !self.is_told(text) {
                return told("no row has this number");
            }
        }
        let pages = |pages: u64| self.rows.iter().any(|(_, value)| count(value) == Some(pages));
        if !supply.pages_left.is_none_or(pages) {
            return told("no row has these pages");
        }
        Ok(())
    }

    /// Section 2.4 of the reference, worked out from the rows.
    fn standard_supply(&self, index: &str) -> (Option<i64>, Option<i64>, Option<f64>) {
        let cell = |column: u32| self.number(&format!("{SUPPLY}.{column}.{index}"));
        let (unit, max, level) = (cell(7), cell(8), cell(9));
        let share = match (level, max) {
            (Some(level), _) if level < 0 => None,
            (Some(level), _) if unit == Some(19) && level <= 100 => Some(level as f64),
            (Some(level), Some(max)) if max > 0 && level <= max => Some(100.0 * level as f64 / max as f64),
            (Some(_), Some(max)) if max > 0 => None,
            (Some(level), _) if self.flag("percent_without_capacity") && level <= 100 => Some(level as f64),
            _ => None,
        };
        let receptacle = self.reading.supplies.iter().any(|s| s.index == index && s.class == "receptacle");
        let turned = receptacle && self.flag("receptacle_reports_fill");
        let share = share.map(|share| if turned { 100.0 - share } else { share });
        (level.filter(|l| *l >= 0), max.filter(|max| *max > 0), share.map(|share| (share * 10.0).round() / 10.0))
    }

    fn own_supply(&self, supply: &Supply) -> Option<(Option<i64>, Option<i64>, Option<f64>)> {
        let at = supply.source.oid.as_deref()?;
        let entry = self.all("supplies.table").find(|entry| at.starts_with(text(entry, "level").unwrap()))?;
        let index = at.strip_prefix(text(entry, "level")?)?;
        let level = self.number(at).filter(|level| *level >= 0);
        let capacity = match text(entry, "capacity") {
            Some(column) => self.number(&format!("{column}{index}")).filter(|capacity| *capacity > 0),
            None => Some(100),
        };
        let share = level.zip(capacity).filter(|(level, capacity)| level <= capacity);
        let percent = share.map(|(level, capacity)| (1000.0 * level as f64 / capacity as f64).round() / 10.0);
        Some((level, capacity, percent))
    }

    /// True if an alert, an error bit or a vendor's code may have made a state worse.
    fn worse(&self) -> bool {
        !self.reading.alerts.is_empty()
            || self.all("supplies.detail").any(|entry| entry.contains_key("state"))
            || self.all("records").any(|entry| entry.contains_key("states"))
    }

    fn trays(&self) -> Verdict {
        let share = |level: Option<i64>, max: Option<i64>, unit: Option<i64>| match (level, max) {
            (Some(level @ 0..=100), _) if unit == Some(19) => Some(level as f64),
            (Some(level), Some(max)) if max > 0 && (0..=max).contains(&level) => {
                Some((1000.0 * level as f64 / max as f64).round() / 10.0)
            }
            _ => None,
        };
        for input in &self.reading.inputs {
            let cell = |column: u32| self.number(&format!("1.3.6.1.2.1.43.8.2.1.{column}.{}", input.index));
            let (unit, max, level) = (cell(8), cell(9), cell(10));
            let right = input.level == level.filter(|l| *l >= 0)
                && input.capacity == max.filter(|max| *max > 0)
                && input.percent == share(level, max, unit);
            if !right {
                return Err(format!("the rows hold {level:?} of {max:?}: {input:?}"));
            }
        }
        for output in &self.reading.outputs {
            let cell = |column: u32| self.number(&format!("1.3.6.1.2.1.43.9.2.1.{column}.{}", output.index));
            let right = output.capacity == cell(4).filter(|max| *max > 0)
                && output.remaining.is_none_or(|left| cell(5) == Some(left));
            if !right {
                return Err(format!("the rows hold another capacity: {output:?}"));
            }
        }
        Ok(())
    }

    fn events(&self) -> Verdict {
        for event in &self.reading.counts {
            if self.source(&event.source) != Some(event.value) {
                return Err(format!("the rows do not hold this count: {event:?}"));
            }
        }
        for part in &self.reading.maintenance {
            let at = part.source.oid.as_deref().unwrap_or_default();
            let tag = part.source.tag.as_deref().and_then(|tag| u8::from_str_radix(tag, 16).ok());
            let told = self.at(at).and_then(Value::as_octets).zip(tag).and_then(|(octets, tag)| record(octets, tag));
            let right = told.is_some_and(|(value, length)| {
                let tens = self.all("records").any(|entry| {
                    let part = entry.get("maintenance").and_then(|parts| parts.get(part.source.tag.as_deref()?));
                    text(entry, "oid") == Some(at)
                        && part.is_some_and(|part| part["as"].as_str() == Some("tens_of_percent"))
                });
                let percent = match length {
                    _ if tens => value as f64,
                    2 => 100.0 * (value >> 8) as f64 / (value & 0xff) as f64,
                    _ => value as f64 / 100.0,
                };
                part.pages_left.is_none_or(|pages| pages == value)
                    && part.percent.is_none_or(|told| (0.0..=100.0).contains(&told) && (told - percent).abs() < 0.06)
            });
            // Wear that stands at an instance of its own, or is what was used of a life.
            let used = || {
                let wear = self.all("wear").find(|entry| at.starts_with(text(entry, "used").unwrap()))?;
                let index = at.strip_prefix(text(wear, "used")?)?;
                let (used, life) = (self.number(at)?, self.number(&format!("{}{index}", text(wear, "life")?))?);
                (0..=life).contains(&used).then(|| 100.0 - 100.0 * used as f64 / life as f64)
            };
            let share = part.percent.is_none_or(|told| used().is_some_and(|left| (left - told).abs() < 0.06));
            let plain = part.source.tag.is_none()
                && share
                && part.pages_left.is_none_or(|pages| self.source(&part.source) == Some(pages));
            if !right && !plain {
                return Err(format!("the rows do not hold this wear: {part:?}"));
            }
        }
        for detail in &self.reading.details {
            let at = detail.source.oid.as_deref().unwrap_or_default();
            let tag = detail.source.tag.as_deref().and_then(|tag| u8::from_str_radix(tag, 16).ok());
            let octets = self.at(at).and_then(Value::as_octets);
            let share =
                tag.and_then(|tag| record(octets?, tag)).map(|(two, _)| format!("{}.{:02}", two >> 8, two & 255));
            let dated = octets.is_some_and(|octets| matches!(octets.len(), 8 | 11)) && detail.value.contains('T');
            if share.is_none_or(|share| share != detail.value) && !dated && !self.is_told(&detail.value) {
                return Err(format!("the rows do not say this: {detail:?}"));
            }
        }
        for former in &self.reading.removed {
            let right = former.pages.is_none_or(|pages| self.source(&former.source) == Some(pages))
                && former.percent.is_none_or(|percent| (0.0..=100.0).contains(&percent))
                && former.serial.as_ref().is_none_or(|serial| self.is_told(serial));
            if !right {
                return Err(format!("the rows do not hold this: {former:?}"));
            }
        }
        Ok(())
    }

    /// Names are taken from the texts that they say.
    fn names(&self) -> Verdict {
        let identity = &self.reading.identity;
        let facts = [&identity.model, &identity.serial, &identity.firmware, &identity.mac, &identity.hostname];
        for fact in facts.into_iter().chain([&identity.asset, &identity.location]).flatten() {
            let at = fact.source.oid.as_deref().unwrap_or_default();
            let right = match self.at(at) {
                Some(Value::OctetString(octets) | Value::Opaque(octets)) => {
                    let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
                    let octets = letters(&plain_text(octets));
                    octets.contains(&letters(&fact.value)) || hex == letters(&fact.value) || self.is_told(&fact.value)
                }
                Some(value) => number(value).is_some_and(|number| number.to_string() == fact.value),
                None => false,
            };
            if !right {
                return Err(format!("the source does not say so: {fact:?}"));
            }
        }
        let weak = identity.serial.as_ref().is_some_and(|serial| serial.confidence > Confidence::C);
        if weak { Err("a serial number that is known badly".to_owned()) } else { Ok(()) }
    }

    fn alerts(&self) -> Verdict {
        for alert in self.reading.alerts.iter().filter(|alert| alert.source.rule.is_none()) {
            let at = alert.source.oid.as_deref().unwrap_or_default();
            let code = |code: i64| {
                self.number(&format!("1.3.6.1.2.1.43.18.1.1.7.{}", alert.index)) == Some(code)
                    || self.number(at) == Some(code)
            };
            if self.at(at).is_none() || !alert.code.is_none_or(code) {
                return Err(format!("no row tells this: {alert:?}"));
            }
        }
        Ok(())
    }

    fn all(&self, path: &'static str) -> impl Iterator<Item = &toml::Table> {
        self.chain.iter().flat_map(move |file| entries(file, path))
    }

    /// True if some row's text has it.
    fn is_told(&self, text: &str) -> bool {
        let wanted = letters(text);
        self.rows.iter().any(|(_, value)| {
            value.as_octets().is_some_and(|octets| letters(&plain_text(octets)).contains(&wanted))
                || number(value).is_some_and(|number| number.to_string() == text)
        })
    }
}

fn key_of(meter: &Meter) -> Key {
    Key([&meter.service, &meter.color, &meter.size, &meter.sides, &meter.unit, &meter.persistence].map(Clone::clone))
}

/// A number in whatever type.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let text = std::str::from_utf8(value.as_octets()?).ok()?;
        text.trim_matches(|c: char| c.is_whitespace() || c == '\0').parse().ok()
    })
}

/// A count: not negative.
fn count(value: &Value) -> Option<u64> {
    number(value).and_then(|number| u64::try_from(number).ok())
}

/// Value and length of the record with this id.
fn record(octets: &[u8], id: u8) -> Option<(u64, usize)> {
    const FRAME: &[u8] = b"@BDC ST2\r\n";
    if let Some(at) = octets.windows(FRAME.len()).position(|window| window == FRAME) {
        // Counts of four octets in the field 36, little endian; the two octets behind the head are the length of all.
        let mut at = at + FRAME.len() + 2;
        while octets.get(at)? != &0x36 {
            at += 2 + usize::from(*octets.get(at + 1)?);
        }
        let from = at + 2 + 4 * usize::from(id);
        let value = octets.get(from..from + 4)?;
        return Some((value.iter().rev().fold(0, |value, octet| value << 8 | u64::from(*octet)), 4));
    }
    let cut = |head: usize| {
        let (mut at, mut found) = (0, None);
        while octets.len() - at > 1 {
            let length = usize::from(*octets.get(at + head - 1)?);
            let value = octets.get(at + head..at + head + length)?;
            if (head == 3 && octets[at + 1] != 1) || !matches!(length, 1 | 2 | 4) || octets[at] == 0xff {
                return None;
            }
            if octets[at] == id {
                found = Some((value.iter().fold(0_u64, |value, octet| value << 8 | u64::from(*octet)), length));
            }
            at += head + length;
        }
        (octets.get(at..) == Some(&[0xff])).then_some(found)
    };
    cut(3).or_else(|| cut(2))?
}

/// Octets as text, whatever they are: the character set does not matter for what is looked for here.
fn plain_text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).replace('\0', "")
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}
