//! Everything that we encode is decoded by net-snmp, and to the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr, reason = "a test")]
#![allow(clippy::disallowed_types, reason = "a test may use files")]

#[path = "../../crates/snmp/tests/support/generate.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the codec's own tests")]
mod generate;

use dca_conformance::witness;
use dca_snmp::message::{PduFields, PduKind, Version};
use dca_snmp::{Binding, Oid, Value, VarBind};
use generate::Generated;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

#[test]
fn net_snmp_reads_what_was_encoded() {
    let Some(decoder) = decoder() else { return };
    let mut rng = fastrand::Rng::with_seed(20);
    let mut messages: Vec<Generated> = (0..5_000).map(|_| generate::message(&mut rng, 15)).collect();
    messages.extend(edges());
    let heard = decode(&decoder, &messages);
    assert_eq!(heard.len(), messages.len());
    for (message, heard) in messages.iter().zip(&heard) {
        assert_eq!(heard, &said(message), "{}", hex(&message.octets));
    }
    eprintln!("{} messages, {} bindings", messages.len(), messages.iter().map(|m| m.varbinds.len()).sum::<usize>());
}

/// The smallest and largest numbers, and both sides of each place where a number takes one octet more.
fn edges() -> impl Iterator<Item = Generated> {
    let mut values = vec![Value::Integer(i32::MIN.into()), Value::Integer(i32::MAX.into())];
    for shift in 0..64 {
        let edge = 1u64 << shift;
        values.extend([edge - 1, edge, u64::MAX - edge].map(Value::Counter64));
        if let Ok(edge) = u32::try_from(edge) {
            for number in [edge - 1, edge, u32::MAX - edge] {
                values.extend([Value::Counter32(number), Value::Gauge32(number), Value::TimeTicks(number)]);
            }
        }
        if let Ok(edge) = i32::try_from(edge) {
            values.extend([edge - 1, edge, -edge, -edge - 1].map(|number| Value::Integer(number.into())));
        }
    }
    let name: Oid = "1.3.6.1.4.1.99999.4294967295.0".parse().unwrap();
    values.into_iter().enumerate().map(move |(at, value)| {
        let fields =
            PduFields { kind: PduKind::Response, request_id: 0x0100_0000 + at as i32, error_status: 0, error_index: 0 };
        let varbinds = vec![VarBind::found(name.clone(), value)];
        let octets = generate::encode(Version::V2c, b"public", fields, &varbinds);
        Generated { version: Version::V2c, community: b"public".to_vec(), fields, varbinds, octets }
    })
}

/// Compiles the witness; `None`, loudly, without a compiler or net-snmp's headers.
fn decoder() -> Option<PathBuf> {
    let (compiler, _) = (witness("gcc")?, witness("net-snmp-config")?);
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("decode");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/witness/decode.c");
    let mut command = Command::new(compiler);
    command.args(["-std=gnu99", "-O1", "-Wall", "-Werror", "-o"]).arg(&program).arg(source).arg("-lnetsnmp");
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(program)
}

fn decode(decoder: &PathBuf, messages: &[Generated]) -> Vec<String> {
    let mut child = Command::new(decoder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: String = messages.iter().map(|message| hex(&message.octets) + "\n").collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The line that the witness is to print.
fn said(message: &Generated) -> String {
    let fields = message.fields;
    let mut line = format!(
        "{} {} {:02x} {} {} {}",
        u8::from(message.version == Version::V2c),
        hex(&message.community),
        fields.kind as u8,
        fields.request_id,
        fields.error_status,
        fields.error_index
    );
    for varbind in &message.varbinds {
        let (tag, text) = match &varbind.binding {
            Binding::Found(value) => value_said(value),
            Binding::NoSuchObject => (0x80, String::new()),
            Binding::NoSuchInstance => (0x81, String::new()),
            Binding::EndOfMibView => (0x82, String::new()),
            other => panic!("not generated: {other:?}"),
        };
        write!(line, " {}={tag:02x}:{text}", varbind.oid).unwrap();
    }
    line
}

fn value_said(value: &Value) -> (u8, String) {
    match value {
        Value::Integer(number) => (0x02, number.to_string()),
        Value::OctetString(octets) => (0x04, hex(octets)),
        Value::Null => (0x05, String::new()),
        Value::ObjectIdentifier(oid) => (0x06, oid.to_string()),
        Value::IpAddress(address) => (0x40, hex(&address.octets())),
        Value::Counter32(number) => (0x41, number.to_string()),
        Value::Gauge32(number) => (0x42, number.to_string()),
        Value::TimeTicks(number) => (0x43, number.to_string()),
        Value::Opaque(octets) => (0x44, hex(octets)),
        Value::Counter64(number) => (0x46, number.to_string()),
        other => panic!("not generated: {other:?}"),
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
