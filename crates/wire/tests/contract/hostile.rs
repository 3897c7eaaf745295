//! What a peer may send that is no message, too much of one, or one that does not hold.

use super::{ID, caller, courtesy};
use dca_wire::v1::*;
use dca_wire::{Limited, WireError, decode, encode, pack, unpack};
use proptest::prelude::*;
use prost::Message;

fn refused<M: Limited + std::fmt::Debug>(message: &M) -> String {
    let why = decode::<M>(&message.encode_to_vec()).unwrap_err();
    assert_eq!(encode(message).unwrap_err(), why, "what is not taken is not sent");
    why.to_string()
}

#[test]
fn octets_are_bounded() {
    let huge = RetireRequest { caller: caller(), reason: "x".repeat(5_000) };
    assert!(refused(&huge).starts_with("RetireRequest of 50"), "{}", refused(&huge));
}

/// Two octets an entry would become a structure of 32: the count is bounded before anything is made.
#[test]
fn elements_are_bounded_before_they_are_decoded() {
    let many = [0x0a, 0x00].repeat(2_001);
    assert_eq!(decode::<Entries>(&many), Err(WireError::TooMany { message: "Entries", most: 2_000 }));
    let few = vec![0x0a, 0x00];
    assert_eq!(decode::<Entries>(&few).unwrap().entries.len(), 1);
    let reading = |rows| {
        let reading = Reading { meters: vec![Meter::default(); rows], ..Reading::default() };
        Record { at_ms: 1, what: Some(record::What::Reading(reading)) }
    };
    assert!(encode(&reading(2_000)).is_ok());
    assert_eq!(refused(&reading(2_001)), "Record with more than 2000 fields");
    // The same field twice is one message with the rows of both.
    let twice = reading(1_001).encode_to_vec().repeat(2);
    assert!(matches!(decode::<Record>(&twice), Err(WireError::TooMany { .. })));
}

#[test]
fn what_does_not_hold_is_said() {
    let request = |change: fn(&mut Caller)| {
        let mut caller = caller();
        caller.iter_mut().for_each(change);
        refused(&CheckInRequest { caller, ..CheckInRequest::default() })
    };
    assert_eq!(refused(&CheckInRequest::default()), "CheckInRequest: a caller");
    assert_eq!(request(|it| it.agent_id = "../etc".to_owned()), "CheckInRequest: an agent id");
    assert_eq!(request(|it| it.agent_id = "a/#".to_owned()), "CheckInRequest: an agent id");
    assert_eq!(request(|it| it.boot_id.clear()), "CheckInRequest: a boot id of 16 octets");
    assert_eq!(request(|it| it.request_id.push(0)), "CheckInRequest: a request id of 16 octets");
    assert_eq!(request(|it| it.schema = 0), "CheckInRequest: a version of the contract");
    let mut slow = RetireAnswer { courtesy: courtesy() };
    slow.courtesy.iter_mut().for_each(|it| it.retry_after_s = 3_601);
    assert_eq!(refused(&slow), "RetireAnswer: a wait of at most an hour");
    assert_eq!(refused(&Push::default()), "Push: a push that this version knows");
    let backwards =
        Order { id: vec![0; 16], agent_id: ID.to_owned(), not_before_ms: 2, not_after_ms: 1, ..Order::default() };
    assert_eq!(refused(&backwards), "Order: a time that begins before it ends");
    let entries = [7, 7].map(|seq| Entry { seq, ..Entry::default() }).to_vec();
    assert_eq!(refused(&Entries { entries }), "Entries: sequence numbers that rise");
}

#[test]
fn a_newer_agent_is_understood_in_what_is_known() {
    let mut octets = encode(&RetireRequest { caller: caller(), reason: "r".to_owned() }).unwrap();
    octets.extend([0xfa, 0x7f, 0x03, b'n', b'e', b'w']); // field 2047, which nobody has defined
    assert_eq!(decode::<RetireRequest>(&octets).unwrap().reason, "r");
}

#[test]
fn a_report_is_what_was_announced() {
    let record = encode(&Record { at_ms: 1, what: Some(record::What::Notice(Notice::default())) }).unwrap();
    let (body, crc, _) = pack([(5, record.as_slice())]).unwrap();
    let report = |change: fn(&mut ReportRequest)| {
        let plain_length = body.len() as u32;
        let mut report = ReportRequest { first_seq: 5, plain_length, crc, ..ReportRequest::default() };
        change(&mut report);
        unpack(&report, body.clone().into()).map(|entries| entries.len()).map_err(|why| why.to_string())
    };
    assert_eq!(report(|_| {}), Ok(1));
    assert_eq!(report(|it| it.plain_length += 1), Err("Entries: a body as long as was announced".to_owned()));
    assert_eq!(report(|it| it.crc += 1), Err("Entries: a body with the checksum that was announced".to_owned()));
    assert_eq!(report(|it| it.first_seq = 4), Err("Entries: a first sequence number as announced".to_owned()));
}

#[test]
fn a_report_takes_as_many_records_as_fit() {
    let (small, large) = (vec![0; 10], vec![0; 128 << 10]);
    let packed = |records: &[(u64, &[u8])]| pack(records.iter().copied()).map(|(_, _, count)| count);
    let many: Vec<(u64, &[u8])> = (0..3_000).map(|seq| (seq, small.as_slice())).collect();
    assert_eq!(packed(&many), Ok(2_000));
    let heavy: Vec<(u64, &[u8])> = (0..40).map(|seq| (seq, large.as_slice())).collect();
    assert_eq!(packed(&heavy), Ok(31));
    let over = vec![0; (128 << 10) + 1];
    assert_eq!(packed(&[(0, &small), (1, &over)]), Ok(1));
    assert!(packed(&[(0, &over)]).is_err());
    assert_eq!(packed(&[]), Ok(0));
}

#[test]
fn a_secret_is_not_printed() {
    let request = ActivateRequest { activation_code: "7Q4K-P2MX".to_owned(), ..ActivateRequest::default() };
    let config = SignedConfig { revision: 1, blob: b"community = 'hush'".to_vec(), signature: vec![] };
    let answer = CheckInAnswer { config: Some(config), ..CheckInAnswer::default() };
    let shown = format!("{request:?} {request:#?} {answer:?}");
    assert!(!shown.contains("7Q4K") && !shown.contains("hush") && !shown.contains("104, 117, 115, 104"), "{shown}");
    assert!(shown.contains("18 octets"));
}

proptest! {
    #[test]
    fn any_octets_end_in_a_message_or_an_error(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode::<Entries>(&octets);
        let _ = decode::<Push>(&octets);
        if let Ok(record) = decode::<Record>(&octets) {
            prop_assert_eq!(decode::<Record>(&encode(&record).unwrap()).unwrap(), record);
        }
    }

    #[test]
    fn a_damaged_message_ends_in_a_message_or_an_error(at: prop::sample::Index, octet: u8) {
        let what = Some(record::What::Gap(Gap { stream: "readings".to_owned(), records: 7, ..Gap::default() }));
        let mut octets = encode(&Record { at_ms: 1_796_083_200_000, what }).unwrap();
        let at = at.index(octets.len());
        octets[at] = octet;
        if let Ok(record) = decode::<Record>(&octets) {
            prop_assert!(record.encoded_len() <= octets.len() + 10);
        }
    }
}
