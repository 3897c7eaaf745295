//! The text of net-snmp's `snmpwalk -On` (also with `-Oe`, `-Ox`, `-Ob`): `OID = TYPE: value`, a value may go on in
//! further lines.

use super::{Problem, Recording, hex, unhex};
use crate::oid::Oid;
use crate::value::Value;

pub(super) fn parse(text: &str) -> Recording {
    let mut recording = Recording::default();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let mut whole = line.strip_suffix('\r').unwrap_or(line).to_owned();
        while let Some((_, next)) = lines.peek()
            && !starts_row(next)
        {
            whole.push('\n');
            whole.push_str(next.strip_suffix('\r').unwrap_or(next));
            lines.next();
        }
        if whole.trim().is_empty() || whole.starts_with('#') {
            continue;
        }
        match row(whole.trim_end_matches('\n')) {
            Ok(Some(row)) => recording.rows.push(row),
            Ok(None) => {}
            Err(what) => recording.problems.push(Problem { line: at + 1, what }),
        }
    }
    recording
}

fn starts_row(line: &str) -> bool {
    line.split_once(" = ").is_some_and(|(name, _)| name.trim().parse::<Oid>().is_ok()) || line.starts_with('#')
}

fn row(line: &str) -> Result<Option<(Oid, Value)>, String> {
    let (name, rest) = line.split_once(" =").ok_or("expected OID = TYPE: value")?;
    let oid: Oid = name.trim().parse().map_err(|error| format!("{error} (walk with -On)"))?;
    let rest = rest.trim_start_matches(' ');
    if rest == "\"\"" {
        return Ok(Some((oid, Value::OctetString(Vec::new()))));
    }
    if rest.starts_with("No Such") || rest.starts_with("No more variables") {
        return Ok(None);
    }
    if rest.trim() == "NULL" {
        return Ok(Some((oid, Value::Null)));
    }
    let (kind, text) = match rest.split_once(':') {
        Some((kind, text)) => (kind, text.strip_prefix(' ').unwrap_or(text)),
        None => return Err("expected TYPE: value".into()),
    };
    // `up(1)` with enumeration labels, `(123) 0:00:01.23` for ticks, a unit behind the number.
    let digits = || {
        let inner = text.split_once('(').and_then(|(_, tail)| tail.split_once(')')).map_or(text, |(inner, _)| inner);
        let first = inner.split_whitespace().next().unwrap_or_default();
        first.parse::<i128>().map_err(|_| format!("expected a number, found {text:?}"))
    };
    let narrow = |number: i128| u32::try_from(number).map_err(|_| format!("number out of range: {number}"));
    let value = match kind {
        "INTEGER" | "Integer32" => {
            Value::Integer(i64::try_from(digits()?).map_err(|_| format!("number out of range: {text}"))?)
        }
        "STRING" => Value::OctetString(quoted(text)),
        "Hex-STRING" => Value::OctetString(unhex(text).ok_or("expected hex digits")?),
        "BITS" => {
            let head: String = text.chars().take_while(|c| c.is_ascii_hexdigit() || c.is_whitespace()).collect();
            Value::OctetString(unhex(&head).ok_or("expected hex digits")?)
        }
        "OID" => Value::ObjectIdentifier(text.trim().parse().map_err(|_| format!("expected an OID, found {text:?}"))?),
        "IpAddress" => {
            Value::IpAddress(text.trim().parse().map_err(|_| format!("expected an address, found {text:?}"))?)
        }
        "Network Address" => {
            let octets = unhex(&text.replace(':', " ")).and_then(|octets| <[u8; 4]>::try_from(octets).ok());
            Value::IpAddress(octets.ok_or("expected four hex octets")?.into())
        }
        "Counter32" => Value::Counter32(narrow(digits()?)?),
        "Gauge32" | "Unsigned32" => Value::Gauge32(narrow(digits()?)?),
        "Timeticks" => Value::TimeTicks(narrow(digits()?)?),
        "Counter64" => Value::Counter64(u64::try_from(digits()?).map_err(|_| "number out of range".to_owned())?),
        "Opaque" => Value::Opaque(unhex(text).unwrap_or_else(|| text.as_bytes().to_vec())),
        other => return Err(format!("unknown type {other:?}")),
    };
    Ok(Some((oid, value)))
}

/// `"text"` with `\"` and `\\` undone; text without quotes as it is.
fn quoted(text: &str) -> Vec<u8> {
    let Some(inner) = text.strip_prefix('"').and_then(|tail| tail.strip_suffix('"')) else {
        return text.as_bytes().to_vec();
    };
    let mut octets = Vec::with_capacity(inner.len());
    let mut escaped = false;
    for octet in inner.bytes() {
        if octet == b'\\' && !escaped {
            escaped = true;
            continue;
        }
        escaped = false;
        octets.push(octet);
    }
    octets
}

pub(super) fn line(oid: &Oid, value: &Value) -> String {
    let text = match value {
        Value::Integer(number) => format!("INTEGER: {number}"),
        Value::OctetString(octets) if octets.is_empty() => "\"\"".into(),
        Value::OctetString(octets) => match core::str::from_utf8(octets) {
            Ok(text) if text.bytes().all(|octet| (0x20..0x7f).contains(&octet)) => {
                format!("STRING: \"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
            _ => format!("Hex-STRING: {}", hex(octets, " ").to_uppercase()),
        },
        Value::Null => "NULL".into(),
        Value::ObjectIdentifier(oid) => format!("OID: .{oid}"),
        Value::IpAddress(address) => format!("IpAddress: {address}"),
        Value::Counter32(count) => format!("Counter32: {count}"),
        Value::Gauge32(level) | Value::UInteger32(level) => format!("Gauge32: {level}"),
        Value::TimeTicks(ticks) => {
            let (days, rest) = (ticks / 8_640_000, ticks % 8_640_000);
            let (hours, minutes, hundredths) = (rest / 360_000, rest / 6_000 % 60, rest % 6_000);
            let days = if days > 0 { format!("{days} days, ") } else { String::new() };
            format!("Timeticks: ({ticks}) {days}{hours}:{minutes:02}:{:02}.{:02}", hundredths / 100, hundredths % 100)
        }
        Value::Opaque(octets) | Value::NsapAddress(octets) => format!("Opaque: {}", hex(octets, " ").to_uppercase()),
        Value::Counter64(count) => format!("Counter64: {count}"),
        Value::Unknown { octets, .. } => format!("Opaque: {}", hex(octets, " ").to_uppercase()),
    };
    format!(".{oid} = {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_snmpwalk_are_read() {
        let recording = parse(
            ".1.3.6.1.2.1.1.1.0 = STRING: \"say \\\"hi\\\"\"\n.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.11\n\
             .1.3.6.1.2.1.1.3.0 = Timeticks: (9000123) 1 day, 1:00:01.23\n.1.3.6.1.2.1.1.4.0 = \"\"\n\
             .1.3.6.1.2.1.1.5.0 = STRING: two\nlines\n.1.3.6.1.2.1.2.2.1.6.1 = Hex-STRING: 00 80 77 \n00 11\n\
             .1.3.6.1.2.1.2.2.1.7.1 = INTEGER: up(1)\n.1.3.6.1.2.1.43.1.0 = No Such Object available on this agent at this OID\n\
             .1.3.6.1.9 = Whatever: 1\n",
        );
        assert_eq!(recording.rows.len(), 7);
        let octets = |at: usize| recording.rows[at].1.as_octets().unwrap().to_vec();
        assert_eq!(octets(0), b"say \"hi\"");
        assert_eq!(recording.rows[2].1, Value::TimeTicks(9000123));
        assert_eq!(octets(3), b"");
        assert_eq!(octets(4), b"two\nlines");
        assert_eq!(octets(5), [0, 0x80, 0x77, 0, 0x11]);
        assert_eq!(recording.rows[6].1, Value::Integer(1));
        assert_eq!(recording.problems.len(), 1);
        assert_eq!(recording.problems[0].line, 11);
    }

    #[test]
    fn what_is_printed_is_read_back() {
        let rows = [
            Value::Integer(-2),
            Value::OctetString(b"a \"b\" \\c".to_vec()),
            Value::OctetString(vec![0, 255]),
            Value::TimeTicks(123_456_789),
            Value::Counter64(u64::MAX),
            Value::IpAddress([192, 0, 2, 1].into()),
        ];
        let oid: Oid = "1.3.6.1.4.1.1".parse().unwrap();
        for value in rows {
            assert_eq!(parse(&line(&oid, &value)).rows, [(oid.clone(), value)]);
        }
    }
}
