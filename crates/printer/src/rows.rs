//! What one device answered: rows by OID. The reader looks things up here and never minds how they were asked for.

use dca_snmp::ber::Writer;
use dca_snmp::message::{Body, Message, PduFields, PduKind, encode_community};
use dca_snmp::{Binding, BindingRef, Oid, OidRef, Value, Version};
use std::collections::BTreeMap;
use std::ops::Bound;

/// The answered rows of one device, sorted by OID.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows(BTreeMap<Oid, Value>);

impl Rows {
    /// No rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row; a later answer replaces an earlier one.
    pub fn insert(&mut self, oid: Oid, value: Value) {
        self.0.insert(oid, value);
    }

    /// The value of one instance.
    pub fn get(&self, oid: OidRef<'_>) -> Option<&Value> {
        self.0.get(&oid.to_oid())
    }

    /// The rows at and below `root`, in order.
    pub fn under<'a>(&'a self, root: OidRef<'_>) -> impl Iterator<Item = (&'a Oid, &'a Value)> {
        let root = root.to_oid();
        let from = (Bound::Included(root.clone()), Bound::Unbounded);
        self.0.range::<Oid, _>(from).take_while(move |(oid, _)| oid.starts_with(root.as_ref()))
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Oid, &Value)> {
        self.0.iter()
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Oid, Value)> for Rows {
    /// At once: row by row in order would leave every node of the tree half empty.
    fn from_iter<I: IntoIterator<Item = (Oid, Value)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl Extend<(Oid, Value)> for Rows {
    fn extend<I: IntoIterator<Item = (Oid, Value)>>(&mut self, rows: I) {
        rows.into_iter().for_each(|(oid, value)| self.insert(oid, value));
    }
}

/// Rows that are kept for long and seldom looked at, as the message that would carry them, which takes far less memory.
#[derive(Debug, Clone)]
pub(crate) struct PackedRows(Box<[u8]>);

impl PackedRows {
    pub(crate) fn of(rows: &[(&Oid, &Value)]) -> Self {
        let bindings = rows.iter().map(|(oid, value)| (oid.as_ref(), BindingRef::Found(value.as_ref())));
        let mut writer = Writer::new();
        encode_community(&mut writer, Version::V2c, b"", PduFields::ask(PduKind::Response, 0), bindings);
        Self(writer.octets().into())
    }

    pub(crate) fn rows(&self) -> Rows {
        let Ok(Message::Community(message)) = Message::decode(&self.0) else { return Rows::new() };
        let Body::Pdu(pdu) = message.body else { return Rows::new() };
        let row = |varbind: dca_snmp::VarBind| match varbind.binding {
            Binding::Found(value) => Some((varbind.oid, value)),
            _ => None,
        };
        pdu.varbinds().filter_map(|varbind| row(varbind.to_varbind())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_rows_come_back_as_they_were() {
        let values = [
            Value::Integer(-3),
            Value::Integer(i64::MAX),
            Value::OctetString(b"\xfftoner".to_vec()),
            Value::OctetString(vec![7; 3_000]),
            Value::OctetString(Vec::new()),
            Value::Null,
            Value::ObjectIdentifier("1.3.6.1.4.1.11.2.3.9.1".parse().unwrap()),
            Value::IpAddress([192, 0, 2, 1].into()),
            Value::Counter32(u32::MAX),
            Value::Gauge32(0),
            Value::TimeTicks(1 << 31),
            Value::Opaque(vec![1, 2]),
            Value::NsapAddress(vec![1]),
            Value::Counter64(u64::MAX),
            Value::UInteger32(9),
            Value::Unknown { tag: 0x49, octets: vec![1] },
        ];
        let row = |at: usize| (Oid::from_arcs([1, 3, 99_999, at as u32]).unwrap(), values[at % values.len()].clone());
        let rows: Rows = (0..200).map(row).collect();
        let packed = PackedRows::of(&rows.iter().collect::<Vec<_>>());
        assert_eq!(packed.rows(), rows);
        assert_eq!(PackedRows::of(&[]).rows(), Rows::new());
    }
}
