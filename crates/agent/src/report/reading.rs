//! A reading for people: who it is, what it has printed, what is left, what is wrong.

use super::scan::{short_address, status};
use super::table::{Column, Styled, Tone, column, draw};
use super::{Look, clean};
use crate::read::Read;
use dca_printer::{Confidence, Fact, Reading, Source};
use std::collections::HashSet;

/// The whole reading as text. `look.sources` adds where each figure comes from.
pub fn reading_text(read: &Read, look: Look) -> String {
    let reading = &read.reading;
    let value = |fact: &Option<Fact>| fact.as_ref().map(|fact| clean::terminal(&fact.value)).unwrap_or_default();
    let (vendor, model) = (value(&reading.identity.vendor), value(&reading.identity.model));
    // Many a model name begins with the brand already.
    let name = match model.to_lowercase().starts_with(&vendor.to_lowercase()) {
        true => model,
        false => format!("{vendor} {model}"),
    };
    let title = format!("{}  {}", clean::terminal(&short_address(&read.address)), name.trim());
    let mut text = format!("{}\n", paint(title.trim_end(), "1", look));
    let mut page = Page { text: &mut text, look };
    if !reading.is_printer {
        page.note(&format!("not a printer: {}", read.why), Tone::Warn);
    }
    page.identity(reading);
    page.total(reading);
    page.meters(reading);
    page.supplies(reading);
    page.removed(reading);
    page.maintenance(reading);
    page.trays(reading);
    page.alerts(reading);
    page.lines("On the panel", &reading.console, Tone::Plain);
    page.counts(reading);
    page.details(reading);
    page.lines("Doubts", &reading.doubts, Tone::Warn);
    page.lines("Forgiven in decoding", &reading.quirks, Tone::Dim);
    let profile = if reading.profile.is_empty() { "none" } else { &reading.profile };
    page.text.push('\n');
    page.note(&format!("Read {} with profile {}.", read.read_at, clean::terminal(profile)), Tone::Dim);
    if !read.complete {
        page.note("The device went silent before everything was asked: figures may be missing.", Tone::Warn);
    }
    text
}

/// Where a figure comes from, and how far it can be trusted.
type Proof<'a> = Option<(&'a Source, Option<Confidence>)>;

struct Page<'a> {
    text: &'a mut String,
    look: Look,
}

const INDENT: usize = 2;
/// Cells of a supply's bar.
const BAR: usize = 12;

impl Page<'_> {
    fn head(&mut self, title: &str) {
        let title = paint(title, "1", self.look);
        self.text.push_str(&format!("\n{title}\n"));
    }

    fn note(&mut self, sentence: &str, tone: Tone) {
        let code = match tone {
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Good => "32",
            Tone::Dim => "2",
            Tone::Plain => "0",
        };
        for line in wrap(&clean::terminal(sentence), self.look.width, INDENT) {
            let line = paint(&line, code, self.look);
            self.text.push_str(&format!("{}{line}\n", " ".repeat(INDENT)));
        }
    }

    fn table(&mut self, columns: &[Column], rows: Vec<Vec<Styled>>) {
        // A part of an OID leads nowhere: with sources the lines are as long as they are.
        let width = self.look.width.filter(|_| !self.look.sources);
        let table = draw(columns, rows, INDENT, Look { width, ..self.look });
        self.text.push_str(&table);
    }

    fn pairs(&mut self, rows: Vec<(&str, String, Tone, Proof<'_>)>) {
        let wide = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        for (name, value, tone, proof) in rows {
            let name = paint(&format!("{name:wide$}"), "2", self.look);
            let code = match tone {
                Tone::Warn => "33",
                Tone::Bad => "31",
                _ => "0",
            };
            let mut value = paint(&clean::terminal(&value), code, self.look);
            if self.look.sources
                && let Some((source, confidence)) = proof
            {
                let proof = format!("  [{}]", origin(source, confidence));
                value.push_str(&paint(&proof, "2", self.look));
            }
            self.text.push_str(&format!("{}{name}  {value}\n", " ".repeat(INDENT)));
        }
    }

    /// Who it is, and what it is doing.
    fn identity(&mut self, reading: &Reading) {
        let identity = &reading.identity;
        let facts = [
            ("vendor", &identity.vendor),
            ("model", &identity.model),
            ("serial", &identity.serial),
            ("firmware", &identity.firmware),
            ("MAC", &identity.mac),
            ("name", &identity.hostname),
            ("asset", &identity.asset),
            ("location", &identity.location),
        ];
        let known = facts.into_iter().filter_map(|(name, fact)| {
            let fact = fact.as_ref()?;
            Some((name, fact.value.clone(), Tone::Plain, Some((&fact.source, Some(fact.confidence)))))
        });
        let (text, tone) = status(&reading.status);
        let status = (!text.is_empty()).then_some(("status", text, tone, None));
        let rows = known.chain(status).collect();
        self.pairs(rows);
    }

    fn total(&mut self, reading: &Reading) {
        let Some(total) = &reading.total else { return };
        self.head("Total");
        let value = format!("{} {}", grouped(total.value), total.unit.replace('_', " "));
        let tone = if total.confidence == Confidence::D { Tone::Warn } else { Tone::Plain };
        self.pairs(vec![("total", value, tone, Some((&total.source, Some(total.confidence))))]);
    }

    fn meters(&mut self, reading: &Reading) {
        if reading.meters.is_empty() {
            return;
        }
        self.head("Meters");
        let rows = reading.meters.iter().map(|meter| {
            let special = |word: &str, usual: &str| if word == usual { String::new() } else { word.replace('_', " ") };
            let tone = if meter.confidence == Confidence::D { Tone::Warn } else { Tone::Plain };
            self.row(
                vec![
                    (meter.service.replace('_', " "), Tone::Plain),
                    (meter.color.replace('_', " "), Tone::Plain),
                    (special(&meter.size, "any"), Tone::Plain),
                    (special(&meter.sides, "any"), Tone::Plain),
                    (grouped(meter.value), tone),
                    (meter.unit.replace('_', " "), Tone::Plain),
                    (special(&meter.persistence, "lifetime"), Tone::Dim),
                ],
                &meter.source,
                Some(meter.confidence),
            )
        });
        // Two sources may tell the same; without them the lines are the same.
        let mut seen = HashSet::new();
        let rows = rows.filter(|row| seen.insert(row.clone())).collect();
        let columns = [
            column("SERVICE"),
            column("COLOUR"),
            column("SIZE"),
            column("SIDES"),
            column("COUNT").right(),
            column("UNIT"),
            column("SINCE"),
            column("SOURCE"),
        ];
        self.table(&columns, rows);
    }

    fn supplies(&mut self, reading: &Reading) {
        if reading.supplies.is_empty() {
            return;
        }
        self.head("Supplies");
        let rows = reading.supplies.iter().map(|supply| {
            let tone = state_tone(&supply.state);
            let level = match (supply.percent, supply.level) {
                (Some(percent), _) => format!("{percent} %"),
                (None, Some(level)) => {
                    format!("{level} {}", supply.unit.as_deref().unwrap_or_default().replace('_', " "))
                }
                (None, None) => String::new(),
            };
            let bar = supply.percent.map(bar).unwrap_or_default();
            let room = if supply.class == "receptacle" && supply.percent.is_some() { " (room left)" } else { "" };
            self.row(
                vec![
                    (supply.description.clone(), Tone::Plain),
                    (supply.kind.replace('_', " "), Tone::Dim),
                    (supply.color.clone().unwrap_or_default(), Tone::Plain),
                    (bar, tone),
                    (level.trim().to_owned(), tone),
                    (format!("{}{room}", supply.state.replace('_', " ")), tone),
                    (supply.part_number.clone().unwrap_or_default(), Tone::Plain),
                    (supply.pages_left.map(grouped).unwrap_or_default(), Tone::Plain),
                ],
                &supply.source,
                Some(supply.confidence),
            )
        });
        let rows = rows.collect();
        let columns = [
            column("SUPPLY"),
            column("TYPE").spare(1),
            column("COLOUR"),
            column("").whole(),
            column("LEFT").right(),
            column("STATE"),
            column("PART").whole(),
            column("PAGES").right(),
            column("SOURCE"),
        ];
        self.table(&columns, rows);
    }

    fn removed(&mut self, reading: &Reading) {
        if reading.removed.is_empty() {
            return;
        }
        self.head("Taken out");
        let rows = reading.removed.iter().map(|former| {
            let cells = vec![
                (former.description.clone(), Tone::Plain),
                (former.serial.clone().unwrap_or_default(), Tone::Plain),
                (former.installed.clone().unwrap_or_default(), Tone::Plain),
                (former.pages.map(grouped).unwrap_or_default(), Tone::Plain),
                (former.percent.map(|percent| format!("{percent} %")).unwrap_or_default(), Tone::Plain),
            ];
            self.row(cells, &former.source, None)
        });
        let rows = rows.collect();
        let columns = [
            column("SUPPLY"),
            column("SERIAL").whole(),
            column("PUT IN"),
            column("PAGES").right(),
            column("LEFT").right(),
            column("SOURCE"),
        ];
        self.table(&columns, rows);
    }

    fn maintenance(&mut self, reading: &Reading) {
        if reading.maintenance.is_empty() {
            return;
        }
        self.head("Parts");
        let rows = reading.maintenance.iter().map(|part| {
            self.row(
                vec![
                    (part.part.replace('_', " "), Tone::Plain),
                    (part.percent.map(bar).unwrap_or_default(), Tone::Plain),
                    (part.percent.map(|percent| format!("{percent} %")).unwrap_or_default(), Tone::Plain),
                    (part.pages_left.map(grouped).unwrap_or_default(), Tone::Plain),
                ],
                &part.source,
                None,
            )
        });
        let rows = rows.collect();
        let columns =
            [column("PART"), column("").whole(), column("LEFT").right(), column("PAGES").right(), column("SOURCE")];
        self.table(&columns, rows);
    }

    fn trays(&mut self, reading: &Reading) {
        let columns = [
            column("NAME"),
            column("MEDIA"),
            column("").whole(),
            column("LEVEL").right(),
            column("STATE"),
            column("SOURCE"),
        ];
        if !reading.inputs.is_empty() {
            self.head("Paper");
            let rows = reading.inputs.iter().map(|tray| {
                let amount = |count: Option<i64>| count.map(|count| count.to_string());
                let level = match (amount(tray.level), amount(tray.capacity)) {
                    (Some(level), Some(capacity)) => format!("{level} / {capacity}"),
                    (None, Some(capacity)) => format!("? / {capacity}"),
                    (Some(level), None) => level,
                    (None, None) => String::new(),
                };
                let cells = vec![
                    (tray.name.clone(), Tone::Plain),
                    (tray.media.clone().unwrap_or_default(), Tone::Plain),
                    (tray.percent.map(bar).unwrap_or_default(), state_tone(&tray.state)),
                    (level, Tone::Plain),
                    (tray.state.replace('_', " "), state_tone(&tray.state)),
                ];
                self.row(cells, &tray.source, None)
            });
            let rows = rows.collect();
            self.table(&columns, rows);
        }
        let open: Vec<String> = reading
            .covers
            .iter()
            .filter(|cover| cover.state.ends_with("open"))
            .map(|cover| format!("{}: {}", cover.description, cover.state.replace('_', " ")))
            .collect();
        self.lines("Open covers", &open, Tone::Warn);
    }

    fn alerts(&mut self, reading: &Reading) {
        let active: Vec<_> = reading.alerts.iter().filter(|alert| alert.active).collect();
        if active.is_empty() {
            return;
        }
        self.head("Alerts");
        let rows = active.into_iter().map(|alert| {
            let tone = if alert.severity == "critical" { Tone::Bad } else { Tone::Warn };
            let cells = vec![
                (alert.severity.replace('_', " "), tone),
                (alert.description.clone(), Tone::Plain),
                (alert.code_name.clone().unwrap_or_default(), Tone::Dim),
                (alert.service_code.clone().unwrap_or_default(), Tone::Plain),
                (alert.training.clone().unwrap_or_default().replace('_', " "), Tone::Dim),
            ];
            self.row(cells, &alert.source, None)
        });
        let rows = rows.collect();
        let columns = [
            column("SEVERITY"),
            column("ALERT"),
            column("CODE").spare(2),
            column("SERVICE").whole(),
            column("FOR").spare(1),
            column("SOURCE"),
        ];
        self.table(&columns, rows);
    }

    fn counts(&mut self, reading: &Reading) {
        if reading.counts.is_empty() {
            return;
        }
        self.head("Counted events");
        let rows = reading.counts.iter().map(|count| {
            let cells = vec![
                (count.what.replace('_', " "), Tone::Plain),
                (count.place.clone().unwrap_or_default().replace('_', " "), Tone::Plain),
                (grouped(count.value), Tone::Plain),
            ];
            self.row(cells, &count.source, None)
        });
        let rows = rows.collect();
        self.table(&[column("EVENT"), column("WHERE"), column("COUNT").right(), column("SOURCE")], rows);
    }

    fn details(&mut self, reading: &Reading) {
        if reading.details.is_empty() {
            return;
        }
        self.head("Also told");
        let rows = reading.details.iter().map(|detail| {
            let unit = detail.unit.as_deref().unwrap_or_default().replace('_', " ");
            let cells = vec![
                (detail.what.replace('_', " "), Tone::Plain),
                (detail.source.label.clone().unwrap_or_default(), Tone::Plain),
                (format!("{} {unit}", detail.value).trim_end().to_owned(), Tone::Plain),
            ];
            self.row(cells, &detail.source, None)
        });
        let rows = rows.collect();
        self.table(&[column("WHAT"), column("OF"), column("VALUE"), column("SOURCE")], rows);
    }

    fn lines(&mut self, title: &str, lines: &[String], tone: Tone) {
        if lines.iter().all(|line| line.trim().is_empty()) {
            return;
        }
        self.head(title);
        lines.iter().filter(|line| !line.trim().is_empty()).for_each(|line| self.note(line, tone));
    }

    /// Adds the source's cell: empty, and so left out, unless sources are wanted.
    fn row(&self, mut cells: Vec<Styled>, source: &Source, confidence: Option<Confidence>) -> Vec<Styled> {
        cells.push((if self.look.sources { origin(source, confidence) } else { String::new() }, Tone::Dim));
        cells
    }
}

/// `A 1.3.6.1.2.1.43.10.2.1.4.1.1 "label" (rule)`.
fn origin(source: &Source, confidence: Option<Confidence>) -> String {
    let mut parts = Vec::new();
    parts.extend(confidence.map(|confidence| format!("{confidence:?}")));
    parts.extend(source.oid.clone());
    parts.extend(source.url.clone());
    parts.extend(source.command.clone());
    parts.extend(source.tag.as_ref().map(|tag| format!("tag {tag}")));
    parts.extend(source.label.as_ref().map(|label| format!("\"{label}\"")));
    parts.extend(source.rule.as_ref().map(|rule| format!("({rule})")));
    clean::terminal(&parts.join(" "))
}

fn bar(percent: f64) -> String {
    let filled = ((percent.clamp(0.0, 100.0) / 100.0 * BAR as f64).round() as usize).min(BAR);
    // A supply that is not empty shows.
    let filled = if percent > 0.0 { filled.max(1) } else { filled };
    format!("{}{}", "█".repeat(filled), "░".repeat(BAR - filled))
}

fn state_tone(state: &str) -> Tone {
    match state {
        "empty" | "full" => Tone::Bad,
        "low" | "nearly_full" => Tone::Warn,
        "ok" => Tone::Good,
        _ => Tone::Plain,
    }
}

/// Thousands apart by a blank (ISO 80000-1): 121 104.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn paint(text: &str, code: &str, look: Look) -> String {
    match look.color && code != "0" {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}

fn wrap(text: &str, width: Option<u16>, indent: usize) -> Vec<String> {
    let room = width.map_or(usize::MAX, |width| usize::from(width).saturating_sub(indent).max(20));
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let used = lines.last().map_or(0, |line| line.chars().count());
        if used > 0 && used + 1 + word.chars().count() > room {
            lines.push(word.to_owned());
        } else if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use dca_printer::Meter;

    #[test]
    fn numbers_and_bars() {
        assert_eq!([grouped(7), grouped(999), grouped(1000), grouped(121_104)], ["7", "999", "1 000", "121 104"]);
        assert_eq!(bar(0.0).matches('█').count(), 0);
        assert_eq!(bar(0.4).matches('█').count(), 1);
        assert_eq!(bar(50.0).matches('█').count(), 6);
        assert_eq!(bar(100.0).matches('░').count(), 0);
    }

    fn read(reading: Reading) -> Read {
        let (address, read_at) = ("192.0.2.1:161".into(), "2026-11-23T08:00:00Z".into());
        Read { address, read_at, reading, why: String::new(), complete: true }
    }

    #[test]
    fn a_meter_of_two_sources_is_one_line_until_sources_are_asked_for() {
        let meter = |oid: &str| Meter {
            service: "system_totals".into(),
            color: "total".into(),
            size: "any".into(),
            sides: "any".into(),
            unit: "impressions".into(),
            persistence: "lifetime".into(),
            value: 1500,
            source: Source { oid: Some(oid.into()), ..Source::default() },
            confidence: Confidence::A,
        };
        let read = read(Reading { meters: vec![meter("1.3.1"), meter("1.3.2")], ..Reading::default() });
        for (sources, lines) in [(false, 1), (true, 2)] {
            let text = reading_text(&read, Look { width: Some(120), color: false, sources });
            assert_eq!(text.matches("1 500").count(), lines, "{text}");
        }
    }

    #[test]
    fn what_a_device_says_cannot_steer_the_terminal() {
        let fact =
            |value: &str| Some(Fact { value: value.to_owned(), source: Source::default(), confidence: Confidence::A });
        let mut reading = Reading { is_printer: true, ..Reading::default() };
        reading.identity.model = fact("Evil\u{1b}]0;owned\u{7}");
        reading.identity.location = fact("a\u{9b}2J");
        reading.console = vec!["\u{1b}[2JReady\r\nnext".to_owned()];
        reading.details = vec![dca_printer::Detail {
            what: "firmware".into(),
            value: "F1.03\u{1b}[5m".into(),
            unit: None,
            source: Source { label: Some("Engine\u{7}".into()), ..Source::default() },
        }];
        reading.doubts = vec!["odd \u{1b}[5m text".to_owned()];
        let read = read(reading);
        for sources in [false, true] {
            let text = reading_text(&read, Look { width: Some(80), color: false, sources });
            assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
            assert!(text.contains("Ready next") && text.contains("F1.03"), "{text}");
        }
    }
}
