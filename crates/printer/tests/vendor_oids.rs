//! One generated test for each row of the reference's list of vendor OIDs that a profile uses: a device that answers that
//! row, and what its meaning needs beside it, is read, and the reading says that OID as its source (or, for a column that
//! tells what another one means, changes when it is taken away).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking"
)]

mod support;

use dca_printer::{Profile, Profiles, Reading, Rows};
use dca_snmp::Oid;
use std::collections::BTreeSet;
use std::path::Path;
use support::device::{Answer, Device};
use support::{chain, entries, oid, profiles, shared, text};

/// Rows that were used when this was written: fewer mean that a profile lost something.
const USED: usize = 250;

/// Why the others are not read.
const RECORD: &str = "../../docs/decisions/012-listed-and-not-read.md";

/// The one row of grade D that is read, by its name (docs/decisions/006-vendor-objects.md).
const DISPUTED: [&str; 1] = ["1.3.6.1.4.1.1347.42.2.1.1.1.6.1.1"];

/// One row: what the reference calls it, and its OID as far as it is fixed.
struct Listed {
    line: String,
    at: Oid,
    grade: char,
}

/// One profile, and the device that answers all of it.
struct Case<'a> {
    profile: &'a Profile,
    file: &'a toml::Table,
    device: Device,
    answers: Vec<Answer<'a>>,
}

#[test]
fn every_listed_oid_that_a_profile_uses_is_read_and_named_as_the_source() {
    let Some(shared) = shared() else { return };
    let files = profiles();
    let built_in = Profiles::builtin();
    let cases: Vec<Case<'_>> = files
        .iter()
        .map(|(name, file)| {
            let device = Device::new(&chain(&files, name));
            let answers = device.answers(file, None);
            Case { profile: built_in.named(name).unwrap(), file, device, answers }
        })
        .collect();
    let list = std::fs::read_to_string(shared.join("reference/vendor-oids.tsv")).unwrap();
    let (mut used, mut wrong, mut unused, mut unproven) = (0, Vec::new(), Vec::new(), Vec::new());
    let mut disputed: Vec<String> = Vec::new();
    for listed in list.lines().skip(1).filter_map(listed) {
        let told: Vec<_> = cases.iter().filter_map(|case| check(&built_in, case, &listed)).collect();
        match told.iter().find_map(|told| told.as_ref().err()) {
            None if told.is_empty() => unused.push(listed),
            None => {
                used += 1;
                disputed.extend((listed.grade == 'D').then(|| listed.at.to_string()));
            }
            // Nothing that the profile reads beside it can confirm what one source says: it is kept for the day when it can.
            Some(_) if listed.grade == 'C' => unproven.push(listed),
            Some(why) => wrong.push(format!("{}: {why}", listed.line)),
        }
    }
    println!("{used} listed OIDs are used by a profile, {} more wait for a proof; of the others:", unproven.len());
    for grade in ['A', 'R', 'B', 'C', 'D'] {
        let of_grade = unused.iter().filter(|listed| listed.grade == grade);
        println!("{grade}: {}", of_grade.map(|listed| listed.line.as_str()).collect::<Vec<_>>().join("; "));
    }
    // What is well known and yet not read is named with the reason, and nothing else is.
    let record = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORD)).unwrap();
    let excused: BTreeSet<Oid> = record.split('`').filter_map(|word| word.parse().ok()).collect();
    let open = |listed: &&Listed| matches!(listed.grade, 'A' | 'R' | 'B');
    let missing: Vec<_> =
        unused.iter().filter(open).filter(|listed| !excused.contains(&listed.at)).map(|listed| &listed.line).collect();
    assert!(missing.is_empty(), "neither read nor named in {RECORD}: {missing:#?}");
    let needless: Vec<_> = excused.iter().filter(|at| !unused.iter().any(|listed| listed.at == **at)).collect();
    assert!(needless.is_empty(), "named in {RECORD}, and read or not listed: {needless:?}");
    assert_eq!(disputed, DISPUTED, "rows of grade D are not read");
    assert!(wrong.is_empty(), "{} of {used}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(used >= USED, "only {used} listed OIDs are used");
    assert!(unproven.len() <= used / 10, "{} entries that nothing can confirm", unproven.len());
}

fn listed(line: &str) -> Option<Listed> {
    let cells: Vec<&str> = line.split('\t').collect();
    let fixed = cells[2].split(".{").next()?.trim_end_matches('.');
    let grade = cells[5].strip_prefix("conf=")?.chars().next()?;
    Some(Listed { line: format!("{} {} {}", cells[0], cells[1], cells[2]), at: fixed.parse().ok()?, grade })
}

/// None if the profile's own file does not use the row.
fn check(built_in: &Profiles, case: &Case<'_>, listed: &Listed) -> Option<Result<(), String>> {
    let plan = case.profile.plan();
    if listed.line.contains("sysObjectID") {
        let mut roots = entries(case.file, "match").into_iter().filter_map(|rule| text(rule, "sys_object_id"));
        roots.find(|root| listed.at.starts_with(oid(root).as_ref()))?;
        let object = dca_snmp::Value::ObjectIdentifier(listed.at.join([1, 1]).unwrap());
        let picked = built_in.pick(&[(oid("1.3.6.1.2.1.1.2.0"), object)].into_iter().collect());
        let right = picked.name() == case.profile.name();
        return Some(if right { Ok(()) } else { Err(format!("{} reads it", picked.name())) });
    }
    let mut found = None;
    for deny in entries(case.file, "deny") {
        if listed.at.starts_with(oid(text(deny, "oid").unwrap()).as_ref()) {
            let denied = plan.denies(listed.at.as_ref()) && !plan.covers(listed.at.as_ref());
            found = Some(if denied { Ok(()) } else { Err("is asked for".to_owned()) });
        }
    }
    for (place, answer) in case.answers.iter().enumerate() {
        let related = |root: &Oid| root.starts_with(listed.at.as_ref()) || listed.at.starts_with(root.as_ref());
        let Some(root) = answer.roots().into_iter().find(related) else { continue };
        // The reference may fix the row too.
        let index: Vec<u32> = listed.at.arcs().skip(root.as_ref().len()).collect();
        let fixed =
            if index.is_empty() { None } else { case.device.answers(case.file, Some(&index)).into_iter().nth(place) };
        let answer = fixed.as_ref().unwrap_or(answer);
        let about: Vec<Oid> =
            answer.rows.iter().map(|(at, _)| at).filter(|at| at.starts_with(listed.at.as_ref())).cloned().collect();
        if about.is_empty() {
            // A row of the table that the profile gives no meaning.
            continue;
        }
        let rows = walk(case, answer);
        let told = read_back(case.profile, &rows, &about);
        let asked = about.iter().all(|at| plan.covers(at.as_ref()));
        found = match (found, told && asked) {
            (Some(Err(why)), _) => Some(Err(why)),
            (_, true) => Some(Ok(())),
            (_, false) => {
                let (name, doubts) = (case.profile.name(), case.profile.read(&rows).doubts);
                Some(Err(format!("{name} {}: asked for {asked}, told {told}; {doubts:?}", answer.kind)))
            }
        };
    }
    found
}

/// The answer, what it reconciles with, and the supplies it is about.
fn walk(case: &Case<'_>, answer: &Answer<'_>) -> Rows {
    let mut rows = Rows::new();
    if !answer.keys.is_empty() {
        rows.extend(case.device.marker());
        let mut taken: BTreeSet<_> = answer.keys.clone();
        let values = text(answer.entry, "values");
        for other in &case.answers {
            let same_table = values.is_some() && text(other.entry, "values") == values;
            if other.keys.iter().any(|key| !taken.contains(key))
                && !other.keys.iter().any(|key| answer.keys.contains(key))
                && !same_table
            {
                taken.extend(other.keys.iter().cloned());
                rows.extend(other.rows.iter().cloned());
            }
        }
    }
    if answer.kind == "supplies.detail" {
        rows.extend(Device::supplies());
    }
    rows.extend(answer.rows.iter().cloned());
    rows
}

/// True if the reading names one of the instances as a source, or is another one without them.
fn read_back(profile: &Profile, rows: &Rows, about: &[Oid]) -> bool {
    let reading = profile.read(rows);
    let sources = sources(&reading);
    if about.iter().any(|at| sources.contains(&at.to_string())) {
        return true;
    }
    let without: Rows =
        rows.iter().filter(|(at, _)| !about.contains(at)).map(|(at, value)| (at.clone(), value.clone())).collect();
    let mut less = profile.read(&without);
    less.doubts.clone_from(&reading.doubts);
    less != reading
}

fn sources(reading: &Reading) -> BTreeSet<String> {
    fn collect(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                found.extend(fields.get("oid").and_then(|oid| oid.as_str()).map(str::to_owned));
                // A sum names its first row as the source and all of them in its rule.
                let rule = fields.get("rule").and_then(|rule| rule.as_str()).unwrap_or_default();
                found.extend(rule.split(' ').filter(|word| word.starts_with("1.3.6.1.")).map(str::to_owned));
                fields.values().for_each(|value| collect(value, found));
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(&serde_json::to_value(reading).unwrap(), &mut found);
    found
}
