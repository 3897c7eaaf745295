//! Sending what the spool holds: stream by stream, as much as the portal lets, until nothing waits.

use super::desk::{Desk, GAPS};
use super::place;
use super::portal::Portal;
use dca_cloud::CloudError;
use dca_spool::{Batch, Class, Gap, Item, Refused};
use dca_wire::v1::refusal::Code;
use dca_wire::v1::report_request::Compression;
use dca_wire::v1::{Record, ReportAnswer, ReportRequest, record};

/// Records in one report: small enough that a slow line answers in time.
const RECORDS: usize = 500;
const OCTETS: usize = 1 << 20;
const LEVEL: i32 = 3;

/// How sending ended.
#[derive(Debug)]
pub(super) enum Sent {
    /// Nothing waits any more, or the portal wants no more until the next check-in.
    All,
    /// The portal did not take it.
    Failed(CloudError),
}

/// What may still be sent until the next check-in, in octets.
pub(super) struct Budget(pub(super) Option<u64>);

/// Sends until nothing waits, the budget is used up, or a call fails. `went` is called after each report.
pub(super) async fn send_all<P: Portal>(
    portal: &P,
    desk: &Desk,
    boot_id: [u8; 16],
    budget: &mut Budget,
    went: &(impl Fn() + Sync),
) -> Sent {
    tell_gaps(desk).await;
    let streams = match desk.spool(|spool| spool.summary()).await {
        Ok(streams) => streams,
        Err(error) => {
            tracing::error!(%error, "the spool cannot be read");
            return Sent::All;
        }
    };
    for stream in streams.into_iter().filter(|stream| stream.records > 0).map(|stream| stream.stream) {
        loop {
            match send_one(portal, desk, boot_id, &stream, budget).await {
                Ok(true) => went(),
                Ok(false) => break,
                Err(error) => return Sent::Failed(error),
            }
        }
    }
    Sent::All
}

/// Sends one report of a stream. The answer is whether another one is worth it.
async fn send_one<P: Portal>(
    portal: &P,
    desk: &Desk,
    boot_id: [u8; 16],
    stream: &str,
    budget: &mut Budget,
) -> Result<bool, CloudError> {
    let name = stream.to_owned();
    let batch = desk.spool(move |spool| spool.batch(&name, RECORDS, OCTETS)).await;
    let Some(batch) = batch.inspect_err(|error| tracing::error!(%error, "the spool cannot be read")).ok().flatten()
    else {
        return Ok(false);
    };
    let Some((request, first)) = request(portal.caller(boot_id), &batch) else { return Ok(false) };
    let octets = request.body.len() as u64;
    if budget.0.is_some_and(|left| left < octets) {
        return Ok(false);
    }
    let answer = portal.report(request).await?;
    if let Some(left) = &mut budget.0 {
        *left -= octets;
    }
    if answer.stream != batch.stream || answer.epoch != batch.epoch {
        return Err(CloudError::Contract { why: "an answer about another stream".to_owned() });
    }
    let moved = answer.acked_through >= first || !answer.refused.is_empty();
    Ok(acknowledge(desk, answer).await && moved)
}

/// A report of as many records of the batch as fit, and the number of the first.
fn request(caller: dca_wire::v1::Caller, batch: &Batch) -> Option<(ReportRequest, u64)> {
    let first_seq = batch.entries.first()?.seq;
    let entries = batch.entries.iter().map(|entry| (entry.seq, entry.body.as_slice()));
    let (plain, crc, _) = dca_wire::pack(entries).inspect_err(|error| tracing::error!(%error, "not packed")).ok()?;
    let body = zstd::bulk::compress(&plain, LEVEL).ok()?;
    let request = ReportRequest {
        caller: Some(caller),
        stream: batch.stream.clone(),
        epoch: batch.epoch,
        first_seq,
        compression: Compression::Zstd.into(),
        body: body.into(),
        plain_length: u32::try_from(plain.len()).ok()?,
        crc,
    };
    Some((request, first_seq))
}

/// Removes from the spool what the portal has. False if that failed: then they are sent again, and recognised, but not at once.
async fn acknowledge(desk: &Desk, answer: ReportAnswer) -> bool {
    let refused: Vec<Refused> = answer
        .refused
        .iter()
        .map(|refusal| Refused { seq: refusal.seq, later: refusal.code() == Code::Later })
        .collect();
    if let Some(first) = answer.refused.first() {
        tracing::warn!(stream = answer.stream, seq = first.seq, code = ?first.code(), "the portal refuses records");
    }
    let now = desk.now_ms();
    let ReportAnswer { stream, epoch, acked_through, .. } = answer;
    let done = desk.spool(move |spool| spool.acknowledge(&stream, epoch, acked_through, refused, now)).await;
    match done {
        Ok(done) if done.set_back => {
            let text = "the portal knows more of this agent's records than its spool: it was set back to an older copy, and \
                        is numbered anew";
            place::renew(desk, "spool_set_back", text).await;
        }
        Ok(done) if done.dead > 0 => {
            let text = format!("{} records were refused five times and are set aside", done.dead);
            desk.notice("records_refused", text).await;
        }
        Ok(_) => {}
        Err(error) => {
            tracing::error!(%error, "what the portal has could not be removed from the spool");
            return false;
        }
    }
    true
}

/// Turns what was dropped into records.
async fn tell_gaps(desk: &Desk) {
    let told = desk
        .spool(|spool| {
            let gaps = spool.gaps()?;
            let ids = gaps.iter().map(|gap| gap.id).collect();
            let items: Vec<Item> = gaps.into_iter().filter_map(item).collect();
            if items.is_empty() { Ok(()) } else { spool.tell(ids, items) }
        })
        .await;
    if let Err(error) = told {
        tracing::error!(%error, "what was dropped could not be told");
    }
}

fn item(gap: Gap) -> Option<Item> {
    let Gap { id: _, stream, epoch: _, why, first_seq, last_seq, records, from_ms, to_ms } = gap;
    let what = dca_wire::v1::Gap { stream, first_seq, last_seq, records, why, from_ms, to_ms };
    let record = Record { at_ms: to_ms, what: Some(record::What::Gap(what)) };
    let body = dca_wire::encode(&record).ok()?;
    Some(Item { stream: GAPS.to_owned(), class: Class::Diagnostic, device: String::new(), at_ms: to_ms, body })
}
