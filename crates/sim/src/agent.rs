//! The agent's half of the conversation for v1 and v2c.

use crate::scheme::{Snmp, VersionWord};
use dca_snmp::ber::Writer;
use dca_snmp::message::{Body, CommunityMessage, Message, Pdu, PduFields, PduKind, Version, encode_community};
use dca_snmp::{Binding, BindingRef, Oid, OidRef, Value, VarBind};
use std::time::Instant;

/// What an agent serves.
pub(crate) trait Mib {
    fn get(&self, oid: OidRef<'_>) -> Binding;
    fn next(&self, after: OidRef<'_>) -> Option<(Oid, Value)>;
}

#[derive(Debug)]
pub(crate) struct Agent {
    snmp: Snmp,
}

impl Agent {
    pub(crate) fn new(snmp: &Snmp, _seed: u64) -> Self {
        Self { snmp: snmp.clone() }
    }

    pub(crate) fn handle(&mut self, datagram: &[u8], mib: &dyn Mib, _now: Instant) -> Option<Vec<u8>> {
        let Ok(Message::Community(message)) = Message::decode(datagram) else { return None };
        let Body::Pdu(pdu) = message.body else { return None };
        let word = if message.version == Version::V1 { VersionWord::V1 } else { VersionWord::V2c };
        let known = self.snmp.communities.iter().any(|name| name.as_bytes() == message.community);
        if !known || !self.snmp.versions.contains(&word) {
            return None;
        }
        let mut answers = Vec::new();
        match pdu.kind {
            PduKind::Get => answers.extend(
                pdu.varbinds().map(|varbind| VarBind { oid: varbind.oid.to_oid(), binding: mib.get(varbind.oid) }),
            ),
            PduKind::GetNext => answers.extend(pdu.varbinds().map(|varbind| following(mib, varbind.oid))),
            PduKind::GetBulk if message.version == Version::V2c => self.bulk(&pdu, mib, &mut answers),
            _ => return None,
        }
        Some(self.encode(&message, &pdu, answers))
    }

    fn bulk(&self, pdu: &Pdu<'_>, mib: &dyn Mib, answers: &mut Vec<VarBind>) {
        let once = usize::try_from(pdu.error_status.0.max(0)).unwrap_or(0);
        answers.extend(pdu.varbinds().take(once).map(|varbind| following(mib, varbind.oid)));
        let mut names: Vec<Oid> = pdu.varbinds().skip(once).map(|varbind| varbind.oid.to_oid()).collect();
        for _ in 0..pdu.error_index.min(200) {
            for name in &mut names {
                let next = following(mib, name.as_ref());
                *name = next.oid.clone();
                answers.push(next);
            }
        }
    }

    fn encode(&self, message: &CommunityMessage<'_>, pdu: &Pdu<'_>, mut answers: Vec<VarBind>) -> Vec<u8> {
        let mut writer = Writer::new();
        let mut fields =
            PduFields { kind: PduKind::Response, request_id: pdu.request_id, error_status: 0, error_index: 0 };
        let missing = answers.iter().position(|varbind| varbind.value().is_none());
        if message.version == Version::V1
            && let Some(at) = missing
        {
            (fields.error_status, fields.error_index) = (2, at as u32 + 1);
            let asked: Vec<_> = pdu.varbinds().collect();
            let names = asked.iter().map(|varbind| (varbind.oid, varbind.binding));
            encode_community(&mut writer, message.version, message.community, fields, names);
            return writer.octets().to_vec();
        }
        loop {
            let rows: Vec<(OidRef<'_>, BindingRef<'_>)> =
                answers.iter().map(|v| (v.oid.as_ref(), borrowed(v))).collect();
            encode_community(&mut writer, message.version, message.community, fields, rows.into_iter());
            if writer.octets().len() <= self.snmp.max_message || answers.is_empty() {
                return writer.octets().to_vec();
            }
            if pdu.kind == PduKind::GetBulk {
                answers.truncate(answers.len() * 9 / 10);
            } else {
                (fields.error_status, fields.error_index) = (1, 0);
                answers.clear();
            }
        }
    }
}

fn following(mib: &dyn Mib, oid: OidRef<'_>) -> VarBind {
    match mib.next(oid) {
        Some((oid, value)) => VarBind::found(oid, value),
        None => VarBind { oid: oid.to_oid(), binding: Binding::EndOfMibView },
    }
}

fn borrowed(varbind: &VarBind) -> BindingRef<'_> {
    match &varbind.binding {
        Binding::Found(value) => BindingRef::Found(value.as_ref()),
        Binding::NoSuchInstance => BindingRef::NoSuchInstance,
        Binding::EndOfMibView => BindingRef::EndOfMibView,
        _ => BindingRef::NoSuchObject,
    }
}
