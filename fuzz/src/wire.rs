//! What agent and portal send each other.

use dca_wire::mqtt::{Dialect, Topics};
use dca_wire::v1::*;
use dca_wire::{AgentId, Limited, decode, encode};

macro_rules! messages {
    ($($message:ident)*) => {
        const MESSAGES: &[(&str, fn(&[u8]))] = &[$((stringify!($message), holds::<$message>)),*];
    };
}

messages! {
    ActivateRequest ActivateAnswer RenewRequest RenewAnswer RetireRequest RetireAnswer
    CheckInRequest CheckInAnswer DiagnosticsChunk DiagnosticsAnswer Order Push Presence
    Record Entries ReportRequest ReportAnswer TunnelReportRequest TunnelReportAnswer
}

/// The first octet says which message the others are. What is taken is also sent, and says the same; the others are also
/// a topic.
pub fn wire(octets: &[u8]) {
    let Some((which, octets)) = octets.split_first() else { return };
    if let Some((_, holds)) = MESSAGES.get(usize::from(*which) % (MESSAGES.len() + 1)) {
        return holds(octets);
    }
    let Ok(agent) = AgentId::parse("a1") else { return };
    let topic = String::from_utf8_lossy(octets);
    for dialect in [Dialect::IotHub, Dialect::Generic] {
        let _ = Topics::new(dialect, agent.clone()).incoming(&topic);
    }
}

/// The number of a message, for seeds.
pub fn wire_number(name: &str) -> Option<u8> {
    MESSAGES.iter().position(|(message, _)| *message == name).map(|at| at as u8)
}

fn holds<M: Limited>(octets: &[u8]) {
    let Ok(message) = decode::<M>(octets) else { return };
    let sent = encode(&message).unwrap_or_else(|why| panic!("taken and not sent: {why}"));
    assert!(sent.len() <= octets.len(), "{} grew", M::NAME);
    let again = decode::<M>(&sent).unwrap_or_else(|why| panic!("sent and not taken: {why}"));
    assert_eq!(encode(&again).ok(), Some(sent), "{}", M::NAME);
}
