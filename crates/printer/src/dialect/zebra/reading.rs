//! Answers in the words of a reading.

use super::condition::Condition;
use super::errors::ErrorStatus;
use super::length::{self, Length};
use super::odometer::{LIFETIME, Odometer};
use super::reply::{Identification, Reply};
use super::settings::Setting;
use super::status::HostStatus;
use crate::reading::{Alert, Confidence, Detail, Fact, Meter, Reading, Source};

/// Of answers that came twice the last one counts.
pub(super) fn of(replies: Vec<Reply>, settings: &[Setting]) -> Reading {
    let mut reading = Reading { is_printer: true, ..Reading::default() };
    let mut last: Vec<Reply> = Vec::new();
    for reply in replies {
        last.retain(|earlier| std::mem::discriminant(earlier) != std::mem::discriminant(&reply));
        last.push(reply);
    }
    let (mut status, mut errors) = (None, None);
    for reply in last {
        match reply {
            Reply::Identification(told) => identification(told, &mut reading),
            Reply::Status(told) => status = Some(told),
            Reply::Errors(told) => errors = Some(told),
            Reply::Odometer(told) => odometer(&told, &mut reading),
            Reply::SerialNumber(serial) => reading.identity.serial = Some(fact(serial, "~HQSN")),
            Reply::HardwareAddress(address) => reading.identity.mac = Some(fact(address, "~HQHA")),
            Reply::Memory(memory) => {
                for (what, kilobytes) in
                    [("memory_total", memory.total), ("memory_most", memory.most), ("memory_free", memory.free)]
                {
                    reading.details.push(detail(what, kilobytes, Some("kilobytes"), "~HM"));
                }
            }
            Reply::Maintenance(pairs) => details(pairs, "~HQMA", &mut reading),
            Reply::Head(pairs) => details(pairs, "~HD", &mut reading),
            Reply::HeadLife(pairs) => {
                let named = |label: String| match label.parse::<u8>() {
                    Ok(head) => format!("head_life_{head}"),
                    Err(_) => label.to_lowercase().replace(' ', "_"),
                };
                details(pairs.into_iter().map(|(label, value)| (named(label), value)), "~HQPH", &mut reading);
            }
            Reply::PlugAndPlay(pairs) => plug_and_play(pairs, &mut reading),
        }
    }
    conditions(status.as_ref(), errors.as_ref(), &mut reading);
    if let Some(status) = &status {
        job(status, &mut reading);
    }
    settings.iter().for_each(|setting| one_setting(setting, &mut reading));
    vendor(&mut reading);
    reading
}

fn identification(told: Identification, reading: &mut Reading) {
    reading.identity.model.get_or_insert(fact(told.model, "~HI"));
    reading.identity.firmware.get_or_insert(fact(told.firmware, "~HI"));
    let dots = told.dots_per_millimeter.map(u64::from);
    reading.details.extend(dots.map(|dots| detail("resolution", dots, Some("dots_per_millimeter"), "~HI")));
    let memory = told.memory_kilobytes;
    reading.details.extend(memory.map(|memory| detail("memory", memory, Some("kilobytes"), "~HI")));
}

/// Lengths count in centimetres, whatever unit the printer was set to.
fn odometer(told: &Odometer, reading: &mut Reading) {
    for (label, length) in &told.lines {
        let persistence = if label == LIFETIME { "lifetime" } else { "reset" };
        match length {
            Some(length) => reading.meters.push(meter(*length, persistence, source("~HQOD", Some(label)))),
            None => reading.doubts.push(format!("~HQOD: {label:?} is not a length in a unit that is known")),
        }
    }
}

fn meter(length: Length, persistence: &str, source: Source) -> Meter {
    let rule = (!length.as_told).then(|| "converted to centimeters".to_owned());
    Meter { source: Source { rule, ..source }, ..count("centimeters", length.centimeters, persistence) }
}

fn count(unit: &str, value: u64, persistence: &str) -> Meter {
    Meter {
        service: "system_totals".into(),
        color: "total".into(),
        size: "any".into(),
        sides: "any".into(),
        unit: unit.into(),
        persistence: persistence.into(),
        value,
        source: Source::default(),
        confidence: Confidence::A,
    }
}

fn plug_and_play(pairs: Vec<(String, String)>, reading: &mut Reading) {
    for (key, value) in pairs {
        match key.as_str() {
            "MFG" | "MANUFACTURER" if value.to_ascii_lowercase().starts_with("zebra") => {
                reading.identity.vendor = Some(Fact { value: VENDOR.into(), ..fact(value, "~HQPP") });
            }
            "MDL" | "MODEL" => reading.identity.model = Some(fact(value, "~HQPP")),
            _ => reading.details.push(detail(&key, value, None, "~HQPP")),
        }
    }
}

const VENDOR: &str = "Zebra";

/// Whoever answers these questions speaks this maker's language; others do so too.
fn vendor(reading: &mut Reading) {
    let source = Source { rule: Some("printer_language".into()), ..Source::default() };
    let spoken = Fact { value: VENDOR.into(), source, confidence: Confidence::C };
    reading.identity.vendor.get_or_insert(spoken);
}

/// Status words, and an alert for each thing that is wrong. Two answers that tell the same tell it once.
fn conditions(status: Option<&HostStatus>, errors: Option<&ErrorStatus>, reading: &mut Reading) {
    let bits = errors.into_iter().flat_map(|told| told.errors.iter().chain(&told.warnings).flatten().copied());
    let mut found: Vec<(Condition, &str)> = bits.map(|condition| (condition, "~HQES")).collect();
    for condition in status.map(HostStatus::conditions).unwrap_or_default() {
        if !found.iter().any(|(known, _)| *known == condition) {
            found.push((condition, "~HS"));
        }
    }
    let told_all = errors.is_some_and(|told| told.errors.is_some()) || status.is_some_and(HostStatus::is_whole);
    let mut words: Vec<String> = Vec::new();
    for word in found.iter().filter_map(|(condition, _)| condition.meaning().error) {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    let wrong = found.iter().any(|(condition, _)| !condition.is_warning());
    reading.status.errors = (told_all || !words.is_empty()).then_some(words);
    // "Running" is said only by a device that was heard to the end.
    let heard_all = errors.is_some_and(|told| told.errors.is_some() && told.warnings.is_some());
    reading.status.device = match (wrong, found.is_empty()) {
        (true, _) => Some("down".into()),
        (false, false) => Some("warning".into()),
        (false, true) => heard_all.then(|| "running".into()),
    };
    reading.alerts =
        found.iter().enumerate().map(|(at, (condition, command))| alert(at + 1, *condition, command)).collect();
}

fn alert(at: usize, condition: Condition, command: &str) -> Alert {
    let meaning = condition.meaning();
    Alert {
        index: at.to_string(),
        severity: if condition.is_warning() { "warning" } else { "critical" }.into(),
        training: None,
        group: Some(meaning.group.into()),
        code: meaning.code.map(|(code, _)| code),
        code_name: meaning.code.map(|(_, name)| name.into()),
        description: condition.text(),
        service_code: None,
        location: None,
        active: true,
        source: source(command, None),
    }
}

/// What it is about to print, and how.
fn job(status: &HostStatus, reading: &mut Reading) {
    let numbers = [
        ("label_length", status.label_length_dots, Some("dots")),
        ("formats_waiting", status.formats_waiting, None),
        ("labels_left", status.labels_left, None),
    ];
    let numbers = numbers.into_iter().filter_map(|(what, number, unit)| Some(detail(what, number?, unit, "~HS")));
    reading.details.extend(numbers);
    reading.details.extend(status.print_mode.map(|mode| detail("print_mode", mode, None, "~HS")));
    let transfer = status.thermal_transfer.map(|transfer| if transfer { "thermal_transfer" } else { "direct_thermal" });
    reading.details.extend(transfer.map(|method| detail("print_method", method, None, "~HS")));
}

fn one_setting((name, value): &Setting, reading: &mut Reading) {
    let command = format!("getvar {name}");
    let digits = value.parse::<u64>().ok().filter(|_| value.len() <= 12);
    match name.as_str() {
        "appl.name" => {
            reading.identity.firmware.get_or_insert(fact(value.clone(), &command));
        }
        "device.product_name" => {
            reading.identity.model.get_or_insert(fact(value.clone(), &command));
        }
        // The serial number, as far as anybody has seen.
        "device.unique_id" | "device.serial_number" => {
            let told = Fact { confidence: Confidence::C, ..fact(value.clone(), &command) };
            reading.identity.serial.get_or_insert(told);
        }
        "odometer.total_print_length" if length::parse(value).is_some() => {
            let length = length::parse(value).into_iter();
            reading.meters.extend(length.map(|length| meter(length, "lifetime", source(&command, None))));
        }
        "odometer.total_label_count" if digits.is_some() => {
            let count = digits.map(|labels| count("labels", labels, "lifetime"));
            reading.meters.extend(count.map(|count| Meter { source: source(&command, None), ..count }));
        }
        "odometer.user_label_count" if digits.is_some() => {
            let count = digits.map(|labels| count("labels", labels, "reset"));
            reading.meters.extend(count.map(|count| Meter { source: source(&command, None), ..count }));
        }
        // A bare number among them: a length in a unit that nobody tells.
        _ => reading.details.push(detail(name, value, None, &command)),
    }
}

fn details(pairs: impl IntoIterator<Item = (String, String)>, command: &str, reading: &mut Reading) {
    reading.details.extend(pairs.into_iter().map(|(label, value)| detail(&label, value, None, command)));
}

fn detail(what: &str, value: impl ToString, unit: Option<&str>, command: &str) -> Detail {
    let source = source(command, None);
    Detail { what: what.into(), value: value.to_string(), unit: unit.map(str::to_owned), source }
}

fn fact(value: String, command: &str) -> Fact {
    Fact { value, source: source(command, None), confidence: Confidence::A }
}

fn source(command: &str, label: Option<&str>) -> Source {
    Source { command: Some(command.to_owned()), label: label.map(str::to_owned), ..Source::default() }
}
