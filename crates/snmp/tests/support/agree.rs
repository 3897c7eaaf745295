//! snmp-parser's reading of a message beside ours.
//!
//! It is lax in a few places, listed in [`is_lax`] and [`lax_about_the_frame`]; any other difference fails.

use dca_snmp::ber::{Fault, FaultKind};
use dca_snmp::message::{Body, Message};
use dca_snmp::{BindingRef, ValueRef, VarBindRef};
use snmp_parser::{NetworkAddress, ObjectSyntax, SnmpMessage, SnmpPdu, SnmpVariable, VarBindValue};

/// Compares both readings of a message; false if the other decoder refuses it.
pub fn compare(octets: &[u8]) -> bool {
    let Some(theirs) = second_opinion(octets) else { return false };
    let context = || octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let ours = match Message::decode(octets) {
        Ok(Message::Community(ours)) => ours,
        Ok(Message::V3(_)) => panic!("it said v1 or v2c: {}", context()),
        Err(fault) if lax_about_the_frame(fault) => return false,
        Err(fault) => panic!("accepted by snmp-parser, here {fault}: {}", context()),
    };
    assert_eq!(ours.community, theirs.community.as_bytes(), "{}", context());
    let list = match (&ours.body, &theirs.pdu) {
        (Body::TrapV1(trap), SnmpPdu::TrapV1(other)) => {
            assert_eq!((trap.specific as u32, trap.uptime), (other.specific_trap, other.timestamp), "{}", context());
            trap.varbinds()
        }
        (Body::Pdu(pdu), SnmpPdu::Bulk(other)) => {
            let fields = (other.req_id, other.non_repeaters, other.max_repetitions);
            assert_eq!((pdu.request_id as u32, pdu.error_status.0 as u32, pdu.error_index), fields, "{}", context());
            pdu.varbinds()
        }
        (Body::Pdu(pdu), SnmpPdu::Generic(other)) => {
            let fields = (other.req_id, other.err.0, other.err_index);
            assert_eq!((pdu.request_id as u32, pdu.error_status.0 as u32, pdu.error_index), fields, "{}", context());
            pdu.varbinds()
        }
        _ => panic!("another kind of PDU: {}", context()),
    };
    let ours: Vec<VarBindRef<'_>> = list.collect();
    let theirs: Vec<&SnmpVariable<'_>> = theirs.vars_iter().collect();
    let as_many = ours.len() == theirs.len() || (ends_early(&ours) && ours.len() < theirs.len());
    assert!(as_many, "{} bindings, not {}: {}", ours.len(), theirs.len(), context());
    for (ours, theirs) in ours.into_iter().zip(theirs) {
        assert!(agree(theirs, ours) || is_lax(theirs, ours), "{theirs:?} is not {ours:?}: {}", context());
    }
    true
}

fn second_opinion(octets: &[u8]) -> Option<SnmpMessage<'_>> {
    let v1 = snmp_parser::parse_snmp_v1(octets).ok();
    v1.or_else(|| snmp_parser::parse_snmp_v2c(octets).ok()).map(|(_, message)| message)
}

fn agree(theirs: &SnmpVariable<'_>, ours: VarBindRef<'_>) -> bool {
    same_oid(theirs.oid.as_bytes(), ours.oid) && same_binding(&theirs.val, ours.binding)
}

/// Octets are compared, not arcs: it prints 2.999.3 as 3.16.55.3.
fn same_oid(theirs: &[u8], ours: dca_snmp::OidRef<'_>) -> bool {
    theirs == ours.octets() || (theirs.is_empty() && ours == dca_snmp::oid!("0.0"))
}

fn same_binding(theirs: &VarBindValue<'_>, ours: BindingRef<'_>) -> bool {
    use {BindingRef as Ours, VarBindValue as Theirs};
    match (theirs, ours) {
        (Theirs::NoSuchObject, Ours::NoSuchObject)
        | (Theirs::NoSuchInstance, Ours::NoSuchInstance)
        | (Theirs::EndOfMibView, Ours::EndOfMibView)
        | (Theirs::Unspecified, Ours::Found(ValueRef::Null)) => true,
        (Theirs::Value(theirs), Ours::Found(ours)) => same_value(theirs, ours),
        _ => false,
    }
}

fn same_value(theirs: &ObjectSyntax<'_>, ours: ValueRef<'_>) -> bool {
    use {ObjectSyntax as Theirs, ValueRef as Ours};
    match (theirs, ours) {
        (Theirs::Number(theirs), Ours::Integer(ours)) => i64::from(*theirs) == ours,
        (Theirs::String(theirs), Ours::OctetString(ours))
        | (Theirs::Opaque(theirs), Ours::Opaque(ours))
        | (Theirs::NsapAddress(theirs), Ours::NsapAddress(ours)) => *theirs == ours,
        (Theirs::Object(theirs), Ours::ObjectIdentifier(ours)) => same_oid(theirs.as_bytes(), ours),
        (Theirs::IpAddress(NetworkAddress::IPv4(theirs)), Ours::IpAddress(ours)) => *theirs == ours,
        (Theirs::Counter32(theirs), Ours::Counter32(ours))
        | (Theirs::Gauge32(theirs), Ours::Gauge32(ours))
        | (Theirs::TimeTicks(theirs), Ours::TimeTicks(ours))
        | (Theirs::UInteger32(theirs), Ours::UInteger32(ours)) => *theirs == ours,
        (Theirs::Counter64(theirs), Ours::Counter64(ours)) => *theirs == ours,
        (Theirs::UnknownSimple(theirs) | Theirs::UnknownApplication(theirs), Ours::Unknown { octets, .. }) => {
            theirs.data == octets
        }
        (Theirs::BitString(_), Ours::Unknown { tag, .. }) => tag == 3,
        // Any universal type without octets is "empty" there.
        (Theirs::Empty, Ours::Null | Ours::Integer(0) | Ours::OctetString([]) | Ours::Unknown { octets: [], .. }) => {
            true
        }
        (Theirs::Empty, Ours::ObjectIdentifier(ours)) => ours == dca_snmp::oid!("0.0"),
        _ => false,
    }
}

/// Where it accepts a binding that is not what it says.
fn is_lax(theirs: &SnmpVariable<'_>, ours: VarBindRef<'_>) -> bool {
    match ours.binding {
        // Application type 5 is taken for universal type 5.
        BindingRef::Found(ValueRef::NsapAddress(_)) => theirs.val == VarBindValue::Unspecified,
        BindingRef::Malformed(bad) => matches!(
            bad.fault.kind,
            // Subidentifiers without an end, of 2^32 and above, more than 128 of them: not checked there.
            FaultKind::BadOid(_)
            // Tags are compared by number: class and the constructed bit are not looked at. Long tags are read.
            | FaultKind::UnexpectedTag { .. }
            | FaultKind::LongTag
            // Lengths of more than four octets.
            | FaultKind::LengthTooLong
            // Of any type that it does not know, and then without octets.
            | FaultKind::IndefiniteLength
        ),
        // The constructed bit or the class, again.
        BindingRef::Found(ValueRef::Unknown { tag, .. }) => tag & 0xe0 != 0,
        _ => false,
    }
}

/// Where a header cannot be read nobody knows what follows, and our list ends. It reads long tags and lengths and goes on.
fn ends_early(ours: &[VarBindRef<'_>]) -> bool {
    use FaultKind::{IndefiniteLength, LengthTooLong, LongTag};
    ours.last().is_some_and(|last| match last.binding {
        BindingRef::Malformed(bad) => matches!(bad.fault.kind, LongTag | LengthTooLong | IndefiniteLength),
        _ => false,
    })
}

/// Where it accepts a frame that is unsound.
fn lax_about_the_frame(fault: Fault) -> bool {
    matches!(
        fault.kind,
        // The PDU's own length is read and ignored.
        FaultKind::Truncated
        // As in `is_lax`.
        | FaultKind::UnexpectedTag { .. }
        | FaultKind::UnknownPdu(_)
        | FaultKind::LongTag
        | FaultKind::LengthTooLong
        | FaultKind::IndefiniteLength
        | FaultKind::BadOid(_)
    )
}
