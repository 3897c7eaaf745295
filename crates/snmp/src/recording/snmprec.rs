//! snmpsim's `.snmprec`: `OID|tag|value` a line. Tags are BER identifiers in decimal; `x` after the tag marks hex.
//! A backslash escapes as in snmpsim: none. Octets outside printable ASCII are therefore always written as hex.

use super::{Problem, Recording, hex, unhex};
use crate::oid::Oid;
use crate::value::Value;

pub(super) fn parse(text: &str) -> Recording {
    let mut recording = Recording::default();
    for (at, line) in text.lines().enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match row(line) {
            Ok(row) => recording.rows.push(row),
            Err(what) => recording.problems.push(Problem { line: at + 1, what }),
        }
    }
    recording
}

fn row(line: &str) -> Result<(Oid, Value), String> {
    let mut parts = line.splitn(3, '|');
    let (Some(oid), Some(tag), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("expected OID|tag|value".into());
    };
    let oid: Oid = oid.trim().parse().map_err(|error| format!("{error}"))?;
    let (tag, is_hex) = match tag.trim().strip_suffix('x') {
        Some(tag) => (tag, true),
        None => (tag.trim(), false),
    };
    let number = |what: &str| text.trim().parse::<i64>().map_err(|_| format!("expected {what}, found {text:?}"));
    let unsigned = |what: &str| -> Result<u32, String> {
        // Some recorders print a counter above 2^31 with its sign bit.
        let number = number(what)?;
        u32::try_from(number)
            .or_else(|_| i32::try_from(number).map(|negative| negative as u32))
            .map_err(|_| format!("expected {what}, found {text:?}"))
    };
    let octets = || match is_hex {
        true => unhex(text).ok_or_else(|| "expected an even number of hex digits".to_owned()),
        false => Ok(text.as_bytes().to_vec()),
    };
    let value = match tag {
        "2" => Value::Integer(number("an INTEGER")?),
        "4" => Value::OctetString(octets()?),
        "5" => Value::Null,
        "6" => Value::ObjectIdentifier(text.trim().parse().map_err(|_| format!("expected an OID, found {text:?}"))?),
        "64" if is_hex => {
            let octets =
                <[u8; 4]>::try_from(octets()?).map_err(|_| "expected four octets of an IpAddress".to_owned())?;
            Value::IpAddress(octets.into())
        }
        "64" => Value::IpAddress(text.trim().parse().map_err(|_| format!("expected an IpAddress, found {text:?}"))?),
        "65" => Value::Counter32(unsigned("a Counter32")?),
        "66" => Value::Gauge32(unsigned("a Gauge32")?),
        "67" => Value::TimeTicks(unsigned("TimeTicks")?),
        "68" => Value::Opaque(octets()?),
        "70" => Value::Counter64(text.trim().parse().map_err(|_| format!("expected a Counter64, found {text:?}"))?),
        other => return Err(format!("unknown tag {other:?} (known: 2 4 4x 5 6 64 65 66 67 68 70)")),
    };
    Ok((oid, value))
}

pub(super) fn line(oid: &Oid, value: &Value) -> Option<String> {
    let (tag, text) = match value {
        Value::Integer(number) => ("2", number.to_string()),
        Value::OctetString(octets) => match plain(octets) {
            Some(text) => ("4", text.to_owned()),
            None => ("4x", hex(octets, "")),
        },
        Value::Null => ("5", String::new()),
        Value::ObjectIdentifier(oid) => ("6", oid.to_string()),
        Value::IpAddress(address) => ("64", address.to_string()),
        Value::Counter32(count) => ("65", count.to_string()),
        Value::Gauge32(number) | Value::UInteger32(number) => ("66", number.to_string()),
        Value::TimeTicks(ticks) => ("67", ticks.to_string()),
        Value::Opaque(octets) => ("68x", hex(octets, "")),
        Value::NsapAddress(octets) => ("4x", hex(octets, "")),
        Value::Counter64(count) => ("70", count.to_string()),
        Value::Unknown { .. } => return None,
    };
    Some(format!("{oid}|{tag}|{text}"))
}

/// Text that snmpsim gives back octet for octet: printable ASCII, no blanks at the ends.
fn plain(octets: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(octets).ok()?;
    let printable = text.bytes().all(|octet| (0x20..0x7f).contains(&octet));
    (printable && text.trim() == text).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_written() {
        let text = "1.3.6.1.2.1.1.1.0|4|Brother | NC\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.2435\n1.3.6.1.2.1.1.3.0|67|12\n\
                    1.3.6.1.2.1.2.2.1.6.1|4x|008077001122\n1.3.6.1.2.1.4.20.1.1|64|192.0.2.1\n1.3.6.1.4.1.1.1|2|-3\n\
                    1.3.6.1.4.1.1.2|65|4294967295\n1.3.6.1.4.1.1.3|66|7\n1.3.6.1.4.1.1.4|70|18446744073709551615";
        let recording = parse(text);
        assert_eq!(recording.problems, []);
        let lines: Vec<String> = recording.rows.iter().map(|(oid, value)| line(oid, value).unwrap()).collect();
        assert_eq!(lines.join("\n"), text);
    }

    #[test]
    fn a_broken_line_costs_itself_and_is_named() {
        let recording = parse("1.3.6.1|2|1\nnonsense\n1.3.6.2|2|x\n1.3.6.3|4x|abc\n1.3.6.4|99|1\n1.3.6.5|2|5\n");
        assert_eq!(recording.rows.len(), 2);
        let lines: Vec<usize> = recording.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
    }
}
