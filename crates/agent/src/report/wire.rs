//! A reading as it is reported: [`dca_printer::Reading`] into [`dca_wire::v1::Reading`], field by field.
//!
//! Absent stays absent. Each structure is taken apart by name, so that a field that is added to a reading does not build
//! until it is said here what becomes of it.

use dca_printer::{
    Alert, Confidence, Count, Cover, Detail, Fact, Identity, Input, Maintenance, Meter, Output, Reading, Removed,
    Source, Status, Supply, Total,
};
use dca_wire::v1;

/// The reading of the device `device_id`, which answered at `address`. `depth` names what was asked, `complete` is false if
/// it went silent before all was.
pub fn reading(reading: &Reading, device_id: &str, address: &str, depth: &str, complete: bool) -> v1::Reading {
    let Reading {
        is_printer,
        profile,
        identity,
        total,
        meters,
        supplies,
        status,
        alerts,
        console,
        inputs,
        outputs,
        covers,
        counts,
        maintenance,
        details,
        removed,
        quirks,
        doubts,
    } = reading;
    v1::Reading {
        device_id: device_id.to_owned(),
        address: address.to_owned(),
        is_printer: *is_printer,
        profile: profile.clone(),
        identity: Some(self::identity(identity)),
        total: total.as_ref().map(self::total),
        meters: meters.iter().map(meter).collect(),
        supplies: supplies.iter().map(supply).collect(),
        status: Some(self::status(status)),
        alerts: alerts.iter().map(alert).collect(),
        console: console.clone(),
        inputs: inputs.iter().map(input).collect(),
        outputs: outputs.iter().map(output).collect(),
        covers: covers.iter().map(cover).collect(),
        counts: counts.iter().map(count).collect(),
        maintenance: maintenance.iter().map(self::maintenance).collect(),
        details: details.iter().map(detail).collect(),
        quirks: quirks.clone(),
        doubts: doubts.clone(),
        complete,
        depth: depth.to_owned(),
        removed: removed.iter().map(self::removed).collect(),
    }
}

fn confidence(confidence: Confidence) -> i32 {
    match confidence {
        Confidence::A => v1::Confidence::A,
        Confidence::B => v1::Confidence::B,
        Confidence::C => v1::Confidence::C,
        Confidence::D => v1::Confidence::D,
    }
    .into()
}

fn source(source: &Source) -> Option<v1::Source> {
    let Source { oid, url, command, tag, label, rule } = source.clone();
    Some(v1::Source { oid, url, command, tag, label, rule })
}

fn fact(fact: &Option<Fact>) -> Option<v1::Fact> {
    let Fact { value, source: from, confidence: how } = fact.as_ref()?;
    Some(v1::Fact { value: value.clone(), source: source(from), confidence: confidence(*how) })
}

fn identity(identity: &Identity) -> v1::Identity {
    let Identity { vendor, model, serial, firmware, mac, hostname, asset, location } = identity;
    v1::Identity {
        vendor: fact(vendor),
        model: fact(model),
        serial: fact(serial),
        firmware: fact(firmware),
        mac: fact(mac),
        hostname: fact(hostname),
        asset: fact(asset),
        location: fact(location),
    }
}

/// What a total is beside its unit and value is not told: those words stay empty.
fn total(total: &Total) -> v1::Meter {
    let Total { value, unit, source: from, confidence: how } = total;
    v1::Meter {
        value: *value,
        unit: unit.clone(),
        source: source(from),
        confidence: confidence(*how),
        ..v1::Meter::default()
    }
}

fn meter(meter: &Meter) -> v1::Meter {
    let Meter { service, color, size, sides, unit, persistence, value, source: from, confidence: how } = meter;
    v1::Meter {
        service: service.clone(),
        color: color.clone(),
        size: size.clone(),
        sides: sides.clone(),
        unit: unit.clone(),
        persistence: persistence.clone(),
        value: *value,
        source: source(from),
        confidence: confidence(*how),
    }
}

fn supply(supply: &Supply) -> v1::Supply {
    let Supply {
        index,
        description,
        kind,
        class,
        color,
        unit,
        capacity,
        level,
        percent,
        state,
        part_number,
        serial,
        installed,
        pages_left,
        source: from,
        confidence: how,
    } = supply;
    v1::Supply {
        index: index.clone(),
        description: description.clone(),
        r#type: kind.clone(),
        class: class.clone(),
        color: color.clone(),
        unit: unit.clone(),
        capacity: *capacity,
        level: *level,
        percent: *percent,
        state: state.clone(),
        part_number: part_number.clone(),
        serial: serial.clone(),
        pages_left: *pages_left,
        source: source(from),
        confidence: confidence(*how),
        installed: installed.clone(),
    }
}

fn removed(removed: &Removed) -> v1::Removed {
    let Removed { index, description, serial, installed, pages, percent, source: from } = removed;
    v1::Removed {
        index: index.clone(),
        description: description.clone(),
        serial: serial.clone(),
        installed: installed.clone(),
        pages: *pages,
        percent: *percent,
        source: source(from),
    }
}

fn status(status: &Status) -> v1::Status {
    let Status { printer, device, errors } = status.clone();
    v1::Status { printer, device, errors: errors.map(|names| v1::Errors { names }) }
}

fn alert(alert: &Alert) -> v1::Alert {
    let Alert {
        index,
        severity,
        training,
        group,
        code,
        code_name,
        description,
        location,
        service_code,
        active,
        source: from,
    } = alert;
    v1::Alert {
        index: index.clone(),
        severity: severity.clone(),
        training: training.clone(),
        group: group.clone(),
        code: *code,
        code_name: code_name.clone(),
        description: description.clone(),
        location: *location,
        active: *active,
        source: source(from),
        service_code: service_code.clone(),
    }
}

fn input(input: &Input) -> v1::Tray {
    let Input { index, name, kind, media, unit, capacity, level, percent, state, source: from } = input;
    v1::Tray {
        index: index.clone(),
        name: name.clone(),
        kind: kind.clone(),
        media: media.clone(),
        unit: unit.clone(),
        capacity: *capacity,
        level: *level,
        percent: *percent,
        state: Some(state.clone()),
        source: source(from),
    }
}

fn output(output: &Output) -> v1::Tray {
    let Output { index, name, kind, unit, capacity, remaining, source: from } = output;
    v1::Tray {
        index: index.clone(),
        name: name.clone(),
        kind: kind.clone(),
        media: None,
        unit: unit.clone(),
        capacity: *capacity,
        level: *remaining,
        percent: None,
        state: None,
        source: source(from),
    }
}

fn cover(cover: &Cover) -> v1::Cover {
    let Cover { index, description, state, source: from } = cover;
    v1::Cover { index: index.clone(), description: description.clone(), state: state.clone(), source: source(from) }
}

fn count(count: &Count) -> v1::Count {
    let Count { what, place, value, source: from } = count;
    v1::Count { what: what.clone(), place: place.clone(), value: *value, source: source(from) }
}

fn maintenance(maintenance: &Maintenance) -> v1::Maintenance {
    let Maintenance { part, percent, pages_left, source: from } = maintenance;
    v1::Maintenance { part: part.clone(), percent: *percent, pages_left: *pages_left, source: source(from) }
}

fn detail(detail: &Detail) -> v1::Detail {
    let Detail { what, value, unit, source: from } = detail;
    v1::Detail { what: what.clone(), value: value.clone(), unit: unit.clone(), source: source(from) }
}
