//! From a question to its answer: Get, GetNext, GetBulk (RFC 3416 §4.2.1 to §4.2.3) and their v1 forms (RFC 1157 §4.1).

use super::Mib;
use crate::ber::Writer;
use crate::message::{ErrorStatus, Pdu, PduFields, PduKind, Version};
use crate::oid::OidRef;
use crate::value::{Binding, BindingRef, MalformedRef, Value, VarBind};

/// An answer that may still be too long for a message.
#[derive(Debug)]
pub(super) struct Answer {
    kind: PduKind,
    version: Version,
    request_id: i32,
    status: ErrorStatus,
    index: u32,
    varbinds: Vec<VarBind>,
    /// The question's bindings, which an error sends back.
    asked: Vec<VarBind>,
}

const READ_ONLY: ErrorStatus = ErrorStatus(4);
const NO_ACCESS: ErrorStatus = ErrorStatus(6);

impl Answer {
    /// Evaluates a question. `None` if it is not one, or not one of this version, or malformed: such messages are
    /// dropped. A GetBulk stops once its bindings alone exceed `limit` octets; what the
    /// message around them costs is [`shorten`](Self::shorten)'s to save.
    pub(super) fn to(pdu: &Pdu<'_>, version: Version, mib: &dyn Mib, limit: usize) -> Option<Self> {
        let asked: Vec<VarBind> = pdu.varbinds().map(|varbind| varbind.to_varbind()).collect();
        if asked.iter().any(|varbind| matches!(varbind.binding, Binding::Malformed(_))) {
            return None;
        }
        let mut answer = Self {
            kind: pdu.kind,
            version,
            request_id: pdu.request_id,
            status: ErrorStatus::NO_ERROR,
            index: 0,
            varbinds: Vec::with_capacity(asked.len()),
            asked,
        };
        match pdu.kind {
            PduKind::Get => answer.each(|oid| get(oid, version, mib)),
            PduKind::GetNext => answer.each(|oid| next(oid, version, mib)),
            PduKind::GetBulk if version != Version::V1 => {
                let non_repeaters = usize::try_from(pdu.error_status.0).unwrap_or(0);
                answer.bulk(non_repeaters, pdu.error_index, mib, limit);
            }
            PduKind::Set if answer.asked.is_empty() => {}
            PduKind::Set => answer.fail(if version == Version::V1 { READ_ONLY } else { NO_ACCESS }, 1),
            _ => return None,
        }
        Some(answer)
    }

    /// The fixed fields of the Response.
    pub(super) fn fields(&self) -> PduFields {
        PduFields {
            kind: PduKind::Response,
            request_id: self.request_id,
            error_status: self.status.0,
            error_index: self.index,
        }
    }

    /// The bindings of the Response.
    pub(super) fn varbinds(&self) -> impl DoubleEndedIterator<Item = (OidRef<'_>, BindingRef<'_>)> {
        self.varbinds.iter().map(|varbind| (varbind.oid.as_ref(), borrowed(&varbind.binding)))
    }

    /// True if an encoding of this length may be sent. A v1 tooBig repeats the question's bindings (RFC 1157 §4.1.2),
    /// which came in a message as long.
    pub(super) fn fits(&self, length: usize, limit: usize) -> bool {
        length <= limit || (self.version == Version::V1 && self.status == ErrorStatus::TOO_BIG)
    }

    /// Makes an answer shorter that did not fit: a GetBulk loses its last binding, everything else becomes tooBig.
    /// False if it cannot be any shorter.
    pub(super) fn shorten(&mut self) -> bool {
        if self.status == ErrorStatus::TOO_BIG {
            return false;
        }
        if self.kind == PduKind::GetBulk && self.varbinds.len() > 1 {
            self.varbinds.pop();
            return true;
        }
        self.fail(ErrorStatus::TOO_BIG, 0);
        if self.version != Version::V1 {
            // RFC 3416 §4.2.1: the alternate response has no bindings.
            self.varbinds.clear();
        }
        true
    }

    fn each(&mut self, answer: impl Fn(OidRef<'_>) -> VarBind) {
        self.varbinds.extend(self.asked.iter().map(|asked| answer(asked.oid.as_ref())));
        if self.version != Version::V1 {
            return;
        }
        // v1 has no exceptions: the first missing name fails the whole question.
        let missing = self.varbinds.iter().position(|varbind| varbind.value().is_none());
        if let Some(index) = missing.and_then(|at| u32::try_from(at + 1).ok()) {
            self.fail(ErrorStatus::NO_SUCH_NAME, index);
        }
    }

    fn bulk(&mut self, non_repeaters: usize, max_repetitions: u32, mib: &dyn Mib, limit: usize) {
        let (once, repeated) = self.asked.split_at(non_repeaters.min(self.asked.len()));
        self.varbinds.extend(once.iter().map(|asked| next(asked.oid.as_ref(), self.version, mib)));
        if repeated.is_empty() {
            return;
        }
        let scratch = &mut Writer::new();
        let mut octets: usize = self.varbinds.iter().map(|varbind| length(varbind, scratch)).sum();
        let mut row = self.varbinds.len();
        for repetition in 0..max_repetitions {
            let from = self.varbinds.len();
            let mut ended = true;
            for (column, asked) in repeated.iter().enumerate() {
                let before = if repetition == 0 { Some(asked) } else { self.varbinds.get(row + column) };
                let Some(before) = before else { return };
                let after = match before.binding {
                    Binding::EndOfMibView => before.clone(),
                    _ => next(before.oid.as_ref(), self.version, mib),
                };
                ended &= after.binding == Binding::EndOfMibView;
                octets += length(&after, scratch);
                self.varbinds.push(after);
                if octets > limit {
                    return;
                }
            }
            if ended {
                return;
            }
            row = from;
        }
    }

    fn fail(&mut self, status: ErrorStatus, index: u32) {
        self.status = status;
        self.index = index;
        self.varbinds = std::mem::take(&mut self.asked);
    }
}

fn get(oid: OidRef<'_>, version: Version, mib: &dyn Mib) -> VarBind {
    let binding = match mib.get(oid) {
        Binding::Found(Value::Counter64(_)) if version == Version::V1 => Binding::NoSuchInstance,
        binding => binding,
    };
    VarBind { oid: oid.to_oid(), binding }
}

fn next(oid: OidRef<'_>, version: Version, mib: &dyn Mib) -> VarBind {
    let mut after = oid.to_oid();
    loop {
        match mib.next(after.as_ref()) {
            // v1 does not know the type and steps over it (RFC 3584 §4.2.2.1). Only forwards, so that it ends.
            Some((found, Value::Counter64(_))) if version == Version::V1 && found > after => after = found,
            Some((_, Value::Counter64(_))) if version == Version::V1 => break,
            Some((found, value)) => return VarBind::found(found, value),
            None => break,
        }
    }
    VarBind { oid: oid.to_oid(), binding: Binding::EndOfMibView }
}

/// The octets that a binding takes in a message.
fn length(varbind: &VarBind, scratch: &mut Writer) -> usize {
    scratch.clear();
    scratch.varbind(varbind.oid.as_ref(), borrowed(&varbind.binding));
    scratch.mark()
}

fn borrowed(binding: &Binding) -> BindingRef<'_> {
    match binding {
        Binding::Found(value) => BindingRef::Found(value.as_ref()),
        Binding::NoSuchObject => BindingRef::NoSuchObject,
        Binding::NoSuchInstance => BindingRef::NoSuchInstance,
        Binding::EndOfMibView => BindingRef::EndOfMibView,
        Binding::Malformed(bad) => BindingRef::Malformed(MalformedRef { fault: bad.fault, raw: &bad.raw }),
    }
}
