//! From files to profiles: inheritance, and the checks that need more than one entry.

use super::error::ProfileError;
use super::file::{File, MeterTable};
use crate::reading::Confidence;
use std::collections::BTreeMap;

/// One file as it came.
struct Given<'a> {
    path: &'a str,
    text: &'a str,
    file: File,
}

/// Reads, inherits and checks; by name.
pub(super) fn files<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<(String, File)>, ProfileError> {
    let mut given = BTreeMap::new();
    for (path, text) in files {
        let file: File = toml::from_str(text).map_err(|error| ProfileError::toml(path, text, &error))?;
        let given_file = Given { path, text, file };
        given_file.check()?;
        given.insert(name(path).to_owned(), given_file);
    }
    given.keys().map(|name| Ok((name.clone(), inherit(name, &given)?))).collect()
}

/// `profiles/acme.toml` is `acme`.
fn name(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    file.strip_suffix(".toml").unwrap_or(file)
}

fn inherit(name: &str, given: &BTreeMap<String, Given<'_>>) -> Result<File, ProfileError> {
    let mut seen = vec![name];
    let Some(mut at) = given.get(name) else { return Ok(File::default()) };
    let mut whole = at.file.clone();
    while let Some(parent) = &at.file.extends {
        let error = |what: String| ProfileError::at(at.path, at.text, parent.span().start, what);
        let parent_name = parent.get_ref().as_str();
        if seen.contains(&parent_name) {
            return Err(error(format!("`{parent_name}` extends itself: {} > {parent_name}", seen.join(" > "))));
        }
        let known = || given.keys().cloned().collect::<Vec<_>>().join(", ");
        let next = given.get(parent_name);
        at = next.ok_or_else(|| error(format!("no profile `{parent_name}`: expected one of {}", known())))?;
        seen.push(parent_name);
        whole.take_after(&at.file);
    }
    Ok(whole)
}

impl File {
    /// Adds what `parent` has, behind its own. How to tell its devices and what it was recorded with is not inherited.
    fn take_after(&mut self, parent: &Self) {
        let Self { identity, supplies, .. } = self;
        identity.vendor.extend_from_slice(&parent.identity.vendor);
        identity.model.extend_from_slice(&parent.identity.model);
        identity.serial.extend_from_slice(&parent.identity.serial);
        identity.firmware.extend_from_slice(&parent.identity.firmware);
        identity.mac.extend_from_slice(&parent.identity.mac);
        identity.hostname.extend_from_slice(&parent.identity.hostname);
        identity.asset.extend_from_slice(&parent.identity.asset);
        let inherited = &parent.supplies;
        supplies.receptacle_reports_fill = supplies.receptacle_reports_fill.or(inherited.receptacle_reports_fill);
        supplies.percent_without_capacity = supplies.percent_without_capacity.or(inherited.percent_without_capacity);
        supplies.markers_add_up = supplies.markers_add_up.or(inherited.markers_add_up);
        supplies.detail.extend_from_slice(&inherited.detail);
        supplies.table.extend_from_slice(&inherited.table);
        supplies.removed.extend_from_slice(&inherited.removed);
        self.alert_table.extend_from_slice(&parent.alert_table);
        self.alert_code = self.alert_code.take().or_else(|| parent.alert_code.clone());
        self.meter.extend_from_slice(&parent.meter);
        self.meter_table.extend_from_slice(&parent.meter_table);
        self.records.extend_from_slice(&parent.records);
        self.count.extend_from_slice(&parent.count);
        self.count_table.extend_from_slice(&parent.count_table);
        self.wear.extend_from_slice(&parent.wear);
        self.detail.extend_from_slice(&parent.detail);
        self.detail_table.extend_from_slice(&parent.detail_table);
        self.console.extend_from_slice(&parent.console);
        self.deny.extend_from_slice(&parent.deny);
        self.fragile.extend_from_slice(&parent.fragile);
        self.context = self.context.take().or_else(|| parent.context.clone());
        self.vendor = self.vendor.take().or_else(|| parent.vendor.clone());
        self.total = self.total.take().or_else(|| parent.total.clone());
    }
}

impl Given<'_> {
    fn check(&self) -> Result<(), ProfileError> {
        for meter in &self.file.meter {
            let wrong = match (&meter.oid, &meter.sum) {
                (Some(_), None) => None,
                (None, Some(sum)) if (2..=8).contains(&sum.len()) => None,
                (None, Some(_)) => Some("a sum has two to eight OIDs"),
                _ => Some("expected one of `oid` and `sum`"),
            };
            if let Some(what) = wrong {
                return Err(self.error(meter.is.span().start, what));
            }
        }
        for table in &self.file.meter_table {
            check_table(table).map_err(|what| self.error(table.values.span().start, what))?;
        }
        // Nothing in a reading can confirm these, so one source is not enough.
        let counts = self.file.count.iter().map(|count| (&count.oid, count.confidence));
        let tables = self.file.count_table.iter().map(|table| (&table.values, table.confidence));
        let details = self.file.supplies.detail.iter().map(|detail| (detail.join.column(), detail.confidence));
        let wear = self.file.wear.iter().map(|table| (&table.used, table.confidence));
        let told = self.file.detail.iter().map(|detail| (&detail.oid, detail.confidence));
        let in_rows = self.file.detail_table.iter().map(|table| (&table.values, table.confidence));
        let console = self.file.console.iter().map(|text| (&text.oid, text.confidence));
        let supplies = self.file.supplies.table.iter().map(|table| (&table.level, table.confidence));
        let removed = self.file.supplies.removed.iter().map(|table| (&table.pages, table.confidence));
        let alerts = self.file.alert_table.iter().filter_map(|table| Some((table.key()?, table.confidence)));
        let own = supplies.chain(removed).chain(alerts).chain(wear).chain(told).chain(in_rows).chain(console);
        for (oid, confidence) in counts.chain(tables).chain(details).chain(own) {
            if confidence.0 > Confidence::B {
                return Err(self.error(self.place(&oid.0.to_string()), "expected confidence A or B here"));
            }
        }
        for table in &self.file.count_table {
            let (codes, texts) = (table.codes.is_some(), table.texts.is_some());
            if codes == texts || codes == table.meaning.is_empty() || texts == table.begins.is_empty() {
                let what = "expected `codes` with `meaning`, or `texts` with `begins`";
                return Err(self.error(self.place(&table.values.0.to_string()), what));
            }
        }
        if let Some(at) = self.file.alert_table.iter().position(|table| table.key().is_none()) {
            let places = self.text.match_indices("[[alert_table]]").nth(at).map_or(0, |(place, _)| place);
            return Err(self.error(places, "expected `text` or `code`: what does a row say?"));
        }
        for deny in &self.file.deny {
            // A deny-list entry that covers the profile's own question is a mistake in one of the two.
            let denied = deny.oid.get_ref().0.as_ref();
            let mine = self.file.meter.iter().filter_map(|meter| meter.oid.as_ref()).map(|oid| &oid.0);
            let tables = self.file.meter_table.iter().map(|table| &table.values.get_ref().0);
            if let Some(asked) = mine.chain(tables).find(|asked| asked.starts_with(denied)) {
                return Err(self.error(deny.oid.span().start, format!("denies {asked}, which this profile asks for")));
            }
        }
        Ok(())
    }

    /// Where a text first stands in the file.
    fn place(&self, text: &str) -> usize {
        self.text.find(text).unwrap_or(0)
    }

    fn error(&self, offset: usize, what: impl Into<String>) -> ProfileError {
        ProfileError::at(self.path, self.text, offset, what)
    }
}

/// Each row must get its service, and from one place only.
fn check_table(table: &MeterTable) -> Result<(), String> {
    let labels = table.labels.iter().map(|labels| labels.meaning.values().collect::<Vec<_>>());
    let codes = table.codes.iter().map(|codes| codes.meaning.values().collect());
    let places = table.places.iter().map(|place| place.meaning.values().collect());
    let dimensions: Vec<Vec<_>> = labels.chain(codes).chain(places).collect();
    if dimensions.is_empty() && !table.only_row {
        return Err(
            "expected `labels`, `codes`, `places` or `only_row`: what does a row of this table count?".to_owned()
        );
    }
    if table.places.iter().any(|place| place.arc == 0) {
        return Err("the arcs of an index are counted from 1".to_owned());
    }
    let says_all = |meanings: &Vec<&super::file::Meaning>| meanings.iter().all(|meaning| meaning.is.key().is_some());
    if table.is.key().is_none() && !dimensions.iter().any(says_all) {
        return Err("no dimension tells the service of every row (print, copy, scan ...)".to_owned());
    }
    let graded = dimensions.iter().flatten().filter_map(|meaning| meaning.confidence);
    if graded.clone().any(|confidence| confidence < table.confidence.0) || graded.clone().any(|c| c == Confidence::D) {
        return Err("a meaning can only be known less well than its table".to_owned());
    }
    Ok(())
}
