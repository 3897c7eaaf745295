//! The message: five supplies by six columns and ten mixed values, as a printer answers.

use dca_snmp::ber::Writer;
use dca_snmp::message::{PduFields, PduKind, encode_community};
use dca_snmp::{BindingRef, Oid, ValueRef, Version};

/// The 40 names.
pub(crate) fn names() -> Vec<Oid> {
    let supplies = (4..=9).flat_map(|column| (1..=5).map(move |row| format!("1.3.6.1.2.1.43.11.1.1.{column}.1.{row}")));
    let mixed = (1..=10).map(|at| format!("1.3.6.1.2.1.25.3.{at}.1.5.1"));
    supplies.chain(mixed).filter_map(|text| text.parse().ok()).collect()
}

/// The encoded answer.
pub(crate) fn answer() -> Vec<u8> {
    let names = names();
    let cycle = [
        ValueRef::Integer(12_345),
        ValueRef::OctetString(b"Black Toner Cartridge"),
        ValueRef::Counter32(3_912_345_678),
        ValueRef::TimeTicks(123_456_789),
        ValueRef::Gauge32(70_000),
        ValueRef::ObjectIdentifier(dca_snmp::oid!("1.3.6.1.4.1.11.2.3.9.1")),
        ValueRef::Integer(-3),
        ValueRef::Counter64(10_000_000_000),
    ];
    let bindings =
        names.iter().zip(cycle.iter().cycle()).map(|(name, value)| (name.as_ref(), BindingRef::Found(*value)));
    let mut writer = Writer::new();
    let fields = PduFields::ask(PduKind::Response, 0x1234_5678);
    encode_community(&mut writer, Version::V2c, b"public", fields, bindings.collect::<Vec<_>>().into_iter());
    writer.octets().to_vec()
}
