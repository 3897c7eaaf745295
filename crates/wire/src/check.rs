//! What must hold in each message, and its limits.
//!
//! A limit is what the peer must bear, not what is usual: a reading of a large device is 20 KiB, a check-in in which nothing
//! happened 100 octets, its answer 30.

use crate::agent_id::AgentId;
use crate::limits::Limited;
use crate::v1::*;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Most octets of a compressed report body, and of the same unpacked.
pub(crate) const BODY: usize = MIB;
pub(crate) const PLAIN: usize = 4 * MIB;
/// Most records in a report.
pub(crate) const ENTRIES: usize = 2_000;
/// Most rows of all kinds in a reading.
const ROWS: usize = 2_000;
/// The longest an agent may be told to stay away, in seconds.
const LONGEST_RETRY: u32 = 3_600;
const UUID: usize = 16;

macro_rules! limited {
    ($($message:ident, $octets:expr, $fields:expr, $problem:expr;)*) => {$(limited!($message, $octets, $fields, None, $problem);)*};
    ($message:ident, $octets:expr, $fields:expr, $inside:expr, $problem:expr) => {
        impl Limited for $message {
            const NAME: &'static str = stringify!($message);
            const OCTETS: usize = $octets;
            const FIELDS: usize = $fields;
            const INSIDE: Option<usize> = $inside;
            fn problem(&self) -> Option<&'static str> {
                let problem: fn(&Self) -> Option<&'static str> = $problem;
                problem(self)
            }
        }
    };
}

limited! {
    ActivateRequest, 32 * KIB, 32, |it| caller(&it.caller, false).or(unless(
        (1..=128).contains(&it.activation_code.len()), "an activation code of 1 to 128 octets"
    ));
    ActivateAnswer, 256 * KIB, 64, |it| courtesy(&it.courtesy).or(unless(
        AgentId::parse(&it.agent_id).is_ok(), "an agent id"
    ));
    RenewRequest, 32 * KIB, 16, |it| caller(&it.caller, true);
    RenewAnswer, 256 * KIB, 64, |it| courtesy(&it.courtesy);
    RetireRequest, 4 * KIB, 16, |it| caller(&it.caller, true);
    RetireAnswer, KIB, 16, |it| courtesy(&it.courtesy);

    CheckInRequest, 64 * KIB, 512, |it| caller(&it.caller, true).or(unless(
        it.results.iter().all(|result| result.order_id.len() == UUID), "order ids of 16 octets"
    ));
    CheckInAnswer, 512 * KIB, 256, |it| courtesy(&it.courtesy).or_else(|| it.orders.iter().find_map(signed));
    DiagnosticsChunk, 64 * KIB, 16, |it| match &it.caller {
        Some(_) => caller(&it.caller, true).or(unless(it.order_id.len() == UUID, "an order id of 16 octets")),
        None => None,
    };
    DiagnosticsAnswer, KIB, 16, |it| courtesy(&it.courtesy);

    ReportRequest, BODY + KIB, 32, |it| caller(&it.caller, true)
        .or(unless((1..=64).contains(&it.stream.len()), "a stream name of 1 to 64 octets"))
        .or(unless(it.body.len() <= BODY && it.plain_length as usize <= PLAIN, "a body within its limits"));
    ReportAnswer, 256 * KIB, ENTRIES + 16, |it| courtesy(&it.courtesy);
    Entries, PLAIN, ENTRIES, |it| unless(
        it.entries.is_sorted_by(|a, b| a.seq < b.seq), "sequence numbers that rise"
    );
    TunnelReportRequest, 4 * KIB, 16, |it| caller(&it.caller, true)
        .or(unless(it.grant_id.len() == UUID, "a grant id of 16 octets"));
    TunnelReportAnswer, KIB, 16, |it| courtesy(&it.courtesy);

    Order, 32 * KIB, 16, |it| unless(it.id.len() == UUID, "an order id of 16 octets")
        .or(unless(AgentId::parse(&it.agent_id).is_ok(), "an agent id"))
        .or(unless(it.not_before_ms <= it.not_after_ms, "a time that begins before it ends"))
        .or(unless(it.what.is_some(), "an order that this version knows"));
    Push, 40 * KIB, 4, |it| match &it.what {
        Some(push::What::Order(order)) => signed(order),
        Some(push::What::Wake(_)) => None,
        None => Some("a push that this version knows"),
    };
    Presence, KIB, 8, |it| unless(it.boot_id.len() == UUID, "a boot id of 16 octets");
}

// A reading is a message of lists: its rows are counted as well.
limited!(Record, 128 * KIB, 16, Some(ROWS), |it| unless(it.what.is_some(), "a kind of record that this version knows"));

/// What is wanted, if it does not hold.
fn unless(holds: bool, wanted: &'static str) -> Option<&'static str> {
    if holds { None } else { Some(wanted) }
}

fn caller(caller: &Option<Caller>, enrolled: bool) -> Option<&'static str> {
    let Some(caller) = caller else { return Some("a caller") };
    unless(!enrolled || AgentId::parse(&caller.agent_id).is_ok(), "an agent id")
        .or(unless(caller.boot_id.len() == UUID, "a boot id of 16 octets"))
        .or(unless(caller.request_id.len() == UUID, "a request id of 16 octets"))
        .or(unless(caller.schema >= 1, "a version of the contract"))
}

fn courtesy(courtesy: &Option<Courtesy>) -> Option<&'static str> {
    let Some(courtesy) = courtesy else { return Some("the portal's time") };
    unless(courtesy.retry_after_s <= LONGEST_RETRY, "a wait of at most an hour")
}

fn signed(order: &SignedOrder) -> Option<&'static str> {
    unless(order.order.len() <= Order::OCTETS, "an order within its limit")
        .or(unless(order.signature.len() == 64, "a signature of 64 octets"))
}
