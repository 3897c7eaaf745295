//! A device's answers to a walk, as hostile as they come.

use dca_snmp::ber::{Writer, tag};
use dca_snmp::message::{Body, Message};
use dca_snmp::{Credentials, Limits, Manager, Oid, Outcome, Walk, WalkEnd};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Rows after which the walk must stop.
const MAX_ROWS: usize = 200;
/// Steps after which it hangs.
const MAX_STEPS: usize = 5_000;

/// The input is cut into answers: an octet for the error-status, two for the length of the variable-binding list, then
/// the list. With the input used up the device is silent.
pub fn walk(octets: &[u8]) {
    let (version, mut octets) = match octets.split_first() {
        Some((odd, rest)) if odd & 1 == 1 => (Credentials::v1("public"), rest),
        Some((_, rest)) => (Credentials::v2c("public"), rest),
        None => return,
    };
    let at: SocketAddr = ([192, 0, 2, 1], 161).into();
    let mut now = Instant::now();
    let mut manager = Manager::new(Limits::default(), [9; 32]);
    let root = dca_snmp::oid!("1.3.6.1.2.1.43").to_oid();
    let walk = Walk { max_rows: MAX_ROWS, ..Walk::new(root.clone()) };
    let ticket = manager.walk(walk, at, &version, now);
    for _ in 0..MAX_STEPS {
        while let Some(question) = manager.poll_transmit() {
            if let Some(answer) = answer(&question.bytes, &mut octets) {
                manager.handle_datagram(&answer, at, now);
            }
        }
        if let Some((done, outcome)) = manager.poll_done() {
            assert_eq!(done, ticket);
            return check(outcome, &root);
        }
        if let Some(next) = manager.poll_timeout() {
            now = next.max(now + Duration::from_millis(1));
            manager.handle_timeout(now);
        }
    }
    panic!("the walk does not end");
}

fn check(outcome: Outcome, root: &Oid) {
    let Outcome::Walked(walked) = outcome else { panic!("a walk ends as one") };
    assert!(walked.varbinds.len() <= MAX_ROWS);
    for row in &walked.varbinds {
        assert!(row.oid.is_empty_or_under(root), "{} is not asked for", row.oid);
    }
    let names: Vec<&Oid> = walked.varbinds.iter().map(|row| &row.oid).filter(|oid| !oid.octets().is_empty()).collect();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "rows do not rise: {names:?}");
    if let WalkEnd::RowLimit = walked.end {
        assert_eq!(walked.varbinds.len(), MAX_ROWS);
    }
}

trait UnderOrUnnamed {
    fn is_empty_or_under(&self, root: &Oid) -> bool;
}

impl UnderOrUnnamed for Oid {
    /// A malformed binding may have no name.
    fn is_empty_or_under(&self, root: &Oid) -> bool {
        self.octets().is_empty() || self.starts_with(root.as_ref())
    }
}

/// The next answer, in a sound frame with the id of the question.
fn answer(question: &[u8], octets: &mut &[u8]) -> Option<Vec<u8>> {
    let Ok(Message::Community(question)) = Message::decode(question) else { return None };
    let Body::Pdu(pdu) = question.body else { return None };
    let ([status, high, low], rest) = octets.split_first_chunk::<3>()?;
    let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
    let (list, rest) = rest.split_at(length);
    *octets = rest;
    let mut writer = Writer::new();
    writer.element(tag::SEQUENCE, list);
    writer.integer(i64::from(*status != 0 && *status < 19));
    writer.integer(if *status < 19 { (*status).into() } else { 0 });
    writer.integer(pdu.request_id.into());
    writer.header(0xa2, 0);
    writer.element(tag::OCTET_STRING, question.community);
    writer.integer(question.version as i64);
    writer.header(tag::SEQUENCE, 0);
    Some(writer.octets().to_vec())
}
