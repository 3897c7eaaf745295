//! The first draft of a profile: everything in it is a question to whoever stands at the device.

use super::labelled::{Labelled, labelled};
use super::{ENTERPRISES, text, used};
use crate::input::{self, InputError};
use crate::recorded::{load, read_rows};
use crate::report::clean;
use dca_printer::Reading;
use dca_snmp::{Oid, Value, oid};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// Places that may hold a serial number, at most.
const SERIALS: usize = 8;

/// A profile for the device of a recorded walk. What only a person can tell stands in it as comments, with the figures of
/// the walk beside; as it is it reads what the standard MIBs say.
pub async fn draft(walk: &Path) -> Result<String, InputError> {
    let recording = load(walk)?;
    let rows = recording.rows.clone();
    let profiles = input::profiles(&[])?;
    let reading = read_rows(walk, recording, &profiles).await.read.reading;
    let known = used(&rows, &profiles, &reading.profile);
    let deny = super::denied_anywhere(&profiles);
    let is_new = |oid: &Oid| !known.contains(oid) && !deny.iter().any(|root| oid.starts_with(root.as_ref()));
    let rows: Vec<_> = rows.iter().filter(|(oid, _)| !oid.starts_with(ENTERPRISES) || is_new(oid)).cloned().collect();
    let name = walk.file_stem().unwrap_or_default().to_string_lossy();
    Ok(write(&clean::terminal(&name), &rows, &reading))
}

fn write(name: &str, rows: &[(Oid, Value)], reading: &Reading) -> String {
    let mut draft = String::new();
    let vendor = reading.identity.vendor.as_ref().map_or("", |fact| fact.value.as_str());
    let model = reading.identity.model.as_ref().map_or("no model", |fact| fact.value.as_str());
    // Writing to a string does not fail.
    let _ = writeln!(
        draft,
        "# A draft made of the walk {name} ({}). Lines that begin with \"#\" and no blank are\n\
         # guesses: compare each figure with the panel or the status page, then remove the \"#\". docs/PROFILES.md explains.\n",
        quoted(model)
    );
    let extends = if reading.profile.is_empty() { STANDARD } else { &reading.profile };
    if extends != STANDARD {
        let _ = writeln!(
            draft,
            "# The built-in profile {} reads this device; what stands here goes before it.",
            quoted(extends)
        );
    }
    let _ = writeln!(draft, "extends = {}\nvendor = {}\nrecordings = []\n", quoted(extends), quoted(vendor));
    draft += &matching(rows, vendor);
    if reading.identity.serial.is_none() {
        draft += &serials(rows);
    }
    let mut tables: Vec<_> = labelled(rows).into_iter().map(|table| (likely(&table, reading), table)).collect();
    let labelled: BTreeSet<&Oid> = tables.iter().flat_map(|(_, table)| &table.rows).map(|row| row.value_at).collect();
    draft += &totals(rows, &labelled, reading);
    // Of equally likely ones the first of the walk.
    tables.sort_by_key(|(likely, _)| std::cmp::Reverse(*likely));
    let all = tables.len();
    // Of several numbers in a row the likeliest is the count; a table that names nothing like one is no guess at all.
    let mut labels = BTreeSet::new();
    tables.retain(|(likely, table)| *likely > 0 && labels.insert(table.labels.clone()));
    for (_, table) in tables.iter().take(TABLES) {
        draft += &meters(table);
    }
    let left_out = all - tables.len().min(TABLES);
    if left_out > 0 {
        let _ = writeln!(
            draft,
            "# {left_out} more columns with labels look less like meters: dca profile try lists their rows."
        );
    }
    draft
}

/// Tables that a draft shows, the likeliest first.
const TABLES: usize = 12;

/// How much a table looks like one of meters. The page count among its values says most, then two values that make it up, then
/// the share of labels that name a service or a total. One number in all rows is a type or a unit, small ones are states,
/// and a label that comes again and again, or is a sentence, is an event's.
fn likely(table: &Labelled<'_>, reading: &Reading) -> usize {
    const LONGEST_LABEL: usize = 48;
    let rows = table.rows.len().max(1);
    let values: BTreeSet<i64> = table.rows.iter().map(|row| row.value).filter(|value| *value > 9).collect();
    let total = reading.total.as_ref().and_then(|total| i64::try_from(total.value).ok());
    let has_total = total.is_some_and(|total| values.contains(&total));
    let adds_up = total.is_some_and(|total| values.iter().any(|part| values.contains(&(total - part))));
    let labels: BTreeSet<&str> = table.rows.iter().map(|row| row.label.as_str()).collect();
    let is_list = 2 * labels.len() < rows || labels.iter().any(|label| label.chars().count() > LONGEST_LABEL);
    let named = table.rows.iter().filter(|row| meaning(&row.label).is_some()).count();
    let says = named > 0 && values.len() > 1 && !is_list;
    // A column that repeats the row's number counts nothing.
    let numbers = table.rows.iter().all(|row| row.value_at.arcs().last().map(i64::from) == Some(row.value));
    if numbers || (!has_total && !adds_up && !says) {
        return 0;
    }
    100 * usize::from(has_total) + 60 * usize::from(adds_up) + 40 * named / rows + values.len().min(9)
}

/// Numbers without a label in the vendor's tree that are the page count: what stands beside them may be its parts.
fn totals(rows: &[(Oid, Value)], labelled: &BTreeSet<&Oid>, reading: &Reading) -> String {
    let Some(total) = reading.total.as_ref().filter(|total| total.value > 99) else { return String::new() };
    let same = rows.iter().filter(|(oid, value)| {
        oid.starts_with(ENTERPRISES)
            && !labelled.contains(oid)
            && value.as_i64().and_then(|number| u64::try_from(number).ok()) == Some(total.value)
    });
    let mut draft = String::new();
    for (oid, _) in same.take(SERIALS) {
        let _ = writeln!(
            draft,
            "# {} is the page count too.\n#[[meter]]\n#oid = \"{oid}\"\n#is = \"system_totals\"\n#confidence = \"B\"\n\
             #source = \"whose walk: it equals prtMarkerLifeCount; and what the panel showed\"\n",
            total.value
        );
    }
    draft
}

/// The profile of the standard MIBs.
const STANDARD: &str = "printer-mib";

fn matching(rows: &[(Oid, Value)], vendor: &str) -> String {
    const SYS_OBJECT_ID: dca_snmp::OidRef<'static> = oid!("1.3.6.1.2.1.1.2.0");
    let object = rows.iter().find(|(oid, _)| oid.as_ref() == SYS_OBJECT_ID).and_then(|(_, value)| value.as_oid());
    match object {
        Some(object) => format!(
            "# This model and what is below it; cut arcs off the end to match the whole family.\n\
             [[match]]\nsys_object_id = \"{object}\"\n\n"
        ),
        None => format!(
            "# The walk has no sysObjectID: a word of the device's own description has to do.\n\
             [[match]]\nwords = {}\n\n",
            quoted(if vendor.is_empty() { "a word of sysDescr" } else { vendor })
        ),
    }
}

/// Texts of the vendor's tree that look like a serial number: letters and digits in one word.
fn serials(rows: &[(Oid, Value)]) -> String {
    let looks = |text: &String| {
        (6..=24).contains(&text.len())
            && text.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '-')
            && text.chars().filter(char::is_ascii_digit).count() >= 3
    };
    let vendors = rows.iter().filter(|(oid, _)| oid.starts_with(oid!("1.3.6.1.4.1")));
    let found = vendors.filter_map(|(oid, value)| Some((oid, text(value).filter(looks)?)));
    let mut draft = String::new();
    for (oid, text) in found.take(SERIALS) {
        let _ = writeln!(
            draft,
            "# The type plate says {text}?\n#[[identity.serial]]\n#oid = \"{oid}\"\n#confidence = \"B\"\n\
             #source = \"whose walk, and what the type plate says\"\n"
        );
    }
    draft
}

fn meters(table: &Labelled<'_>) -> String {
    let mut draft = format!(
        "#[[meter_table]]\n#values = \"{}\"\n#confidence = \"B\"\n\
         #source = \"whose walk, and what the panel showed at the same moment\"\n\
         #[meter_table.labels]\n#column = \"{}\"\n#[meter_table.labels.meaning]\n",
        table.values, table.labels
    );
    for row in &table.rows {
        let label = quoted(&row.label);
        let _ = match meaning(&row.label) {
            Some(words) => writeln!(draft, "#{label} = \"{words}\" # {}", row.value),
            None => writeln!(draft, "# {label}: {}", row.value),
        };
    }
    draft + "\n"
}

/// What a label may mean, in the words of a profile. `None` where it names no service and no total.
fn meaning(label: &str) -> Option<String> {
    const SERVICES: &[(&[&str], &str)] = &[
        (&["copy", "copies", "copier", "kopie", "copie"], "copy"),
        (&["fax"], "fax"),
        (&["scan"], "scan images"),
        (&["print", "druck"], "print"),
        (&["total", "gesamt", "counter", "pages", "seiten"], "system_totals"),
    ];
    const REST: &[(&[&str], &str)] = &[
        (&["single color", "single colour", "mono color"], "single_color"),
        (&["two color", "two colour", "twin color"], "two_color"),
        (&["black", "mono", "b&w", "b/w", "schwarz", "noir"], "mono"),
        (&["color", "colour", "farb", "couleur"], "full_color"),
        (&["duplex", "2-sided", "two-sided"], "duplex"),
        (&["simplex", "1-sided", "one-sided"], "simplex"),
        (&["a3", "ledger", "11x17"], "a3"),
        (&["large"], "large"),
    ];
    let label = label.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| label.contains(word));
    let service = SERVICES.iter().find(|(words, _)| says(words)).map(|(_, word)| *word)?;
    let color = REST.iter().take(4).find(|(words, _)| says(words));
    let others = REST.iter().skip(4).filter(|(words, _)| says(words));
    let words: Vec<&str> =
        [service].into_iter().chain(color.into_iter().chain(others).map(|(_, word)| *word)).collect();
    Some(words.join(" "))
}

/// A TOML basic string. What comes here has no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", clean::terminal(text).replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_printer::Profiles;

    /// The made-up vendor of docs/PROFILES.md.
    const ACME: &str = "1.3.6.1.2.1.1.1.0|4|Acme C1 1.04
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1.1
1.3.6.1.2.1.43.10.2.1.3.1.1|2|7
1.3.6.1.2.1.43.10.2.1.4.1.1|65|1500
1.3.6.1.4.1.99999.2.1.0|4|ACME000123
1.3.6.1.4.1.99999.5.1.2.1|4|Total
1.3.6.1.4.1.99999.5.1.2.2|4|Total Black
1.3.6.1.4.1.99999.5.1.2.3|4|Total \"Colour\"
1.3.6.1.4.1.99999.5.1.2.4|4|Uhrzeit
1.3.6.1.4.1.99999.5.1.3.1|65|1500
1.3.6.1.4.1.99999.5.1.3.2|65|900
1.3.6.1.4.1.99999.5.1.3.3|65|600
1.3.6.1.4.1.99999.5.1.3.4|65|77
1.3.6.1.4.1.99999.7.1.0|65|12
";

    fn acme() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let walk = folder.path().join("acme.snmprec");
        std::fs::write(&walk, ACME).unwrap();
        (folder, walk)
    }

    #[tokio::test]
    async fn a_draft_is_a_profile_before_and_after_its_guesses_are_taken() {
        let (_folder, walk) = acme();
        let draft = draft(&walk).await.unwrap();
        Profiles::with([("acme.toml", draft.as_str())]).unwrap_or_else(|error| panic!("{error}\n{draft}"));
        let taken: String = draft
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(guess) if !guess.starts_with(' ') => format!("{guess}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let file = walk.with_file_name("mine.toml");
        std::fs::write(&file, &taken).unwrap();
        let trial = crate::try_profile(&file, &walk).await.unwrap_or_else(|error| panic!("{error}\n{taken}"));
        assert!(trial.is_picked());
        let reading = &trial.from_file.read.reading;
        assert_eq!(reading.identity.serial.as_ref().map(|fact| fact.value.as_str()), Some("ACME000123"));
        let vendors = reading.meters.iter().filter(|meter| meter.source.label.is_some());
        let meters: Vec<_> = vendors.map(|meter| (meter.service.as_str(), meter.color.as_str(), meter.value)).collect();
        let total = "system_totals";
        assert_eq!(meters, [(total, "total", 1500), (total, "mono", 900), (total, "full_color", 600)]);
        let unread: Vec<_> = trial.unread.iter().map(|row| (row.value.as_str(), row.label.as_deref())).collect();
        assert_eq!(unread, [("77", Some("Uhrzeit")), ("12", None)]);
    }

    #[test]
    fn counters_go_before_events_and_states() {
        let score = |rows: &[(&str, i64)]| {
            // Rows at 11, 12, 13 ...
            let at: Vec<Oid> =
                (11..).take(rows.len()).map(|row| oid!("1.3.6.1.4.1.99999.1").to_oid().join([row]).unwrap()).collect();
            let row = |(at, (label, value)): (_, &(&str, i64))| super::super::labelled::Row {
                value_at: at,
                label_at: at,
                label: (*label).to_owned(),
                value: *value,
            };
            let table =
                Labelled { values: String::new(), labels: String::new(), rows: at.iter().zip(rows).map(row).collect() };
            let total = dca_printer::Total {
                value: 1500,
                unit: "impressions".into(),
                source: dca_printer::Source::default(),
                confidence: dca_printer::Confidence::A,
            };
            likely(&table, &Reading { total: Some(total), ..Reading::default() })
        };
        let counters = score(&[("Total", 1500), ("Schwarz", 900), ("Farbe", 600)]);
        let parts = score(&[("A", 900), ("B", 600), ("C", 12)]);
        let named = score(&[("Print", 700), ("Copy", 200)]);
        let done = "Print job done";
        let events = score(&[(done, 1200), (done, 1201), (done, 1202), (done, 1203), ("Scan", 9)]);
        let sentence = "The print job could not be finished because the paper has run out";
        assert!(counters > parts && parts > named && named > 0, "{counters} {parts} {named}");
        let numbered = score(&[("Print", 11), ("Print bold", 12), ("Print light", 13)]);
        assert_eq!(numbered, 0, "a row's own number");
        assert_eq!([events, score(&[(sentence, 11), ("Print", 12)]), score(&[("Print", 3), ("Copy", 3)])], [0, 0, 0]);
    }

    #[test]
    fn labels_are_guessed_at() {
        let check = |label: &str, words: Option<&str>| assert_eq!(meaning(label).as_deref(), words, "{label}");
        check("Total", Some("system_totals"));
        check("Copy: Full Color", Some("copy full_color"));
        check("Druck Schwarz Duplex", Some("print mono duplex"));
        check("Single Colour Prints (A3)", Some("print single_color a3"));
        check("Scan to e-mail", Some("scan images"));
        check("Uptime", None);
    }
}
