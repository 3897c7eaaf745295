//! Records on their way in. Rows and how far the stream got are one transaction, and the answer comes after its commit: a
//! repetition changes nothing, and what was acknowledged is on the disk.

mod unpack;

use crate::Portal;
use crate::agents::Agent;
use crate::authenticate::unavailable;
use crate::device::{Devices, Known};
use crate::history::{self, History, Pen};
use crate::store::{Batch, Store, StoreError, sql};
use bytes::Bytes;
use dca_wire::v1::refusal::Code;
use dca_wire::v1::{Absence, Entry, Gap, Record, Refusal, ReportAnswer, ReportRequest, order_finding, record::What};
use dca_wire::{WireError, decode};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tonic::Status;

/// Streams of an agent that are at hand.
const STREAMS: usize = 64;
/// 2000-01-01: no agent is that old.
const EPOCH_MS: i64 = 946_684_800_000;
const TEXT: usize = 2_000;

/// What ingest has at hand.
#[derive(Debug)]
pub(crate) struct Ingest {
    pub(crate) devices: Devices,
    pub(crate) history: History,
    last_event: AtomicI64,
}

impl Ingest {
    pub(crate) async fn open(store: &Store) -> Result<Self, StoreError> {
        let last = store.row(sql::EVENT_LAST, &[]).await?.map_or(Ok(0), |row| row.int(0))?;
        let devices = Devices::open(store).await?;
        Ok(Self { devices, history: History::default(), last_event: AtomicI64::new(last) })
    }

    /// The number of the next event.
    pub(crate) fn next_event(&self) -> i64 {
        self.last_event.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }
}

/// One report on its way.
struct Load<'a> {
    portal: &'a Portal,
    agent: &'a Agent,
    batch: Batch,
    pen: Pen<'a>,
    refused: Vec<Refusal>,
    /// Devices it speaks of, by the agent's name: what is at hand of them. It holds once all is committed.
    known: HashMap<String, Known>,
    readings: u64,
}

impl Portal {
    /// `Ingest.Report`.
    pub(crate) async fn report(&self, agent: &Arc<Agent>, request: ReportRequest) -> Result<ReportAnswer, Status> {
        let entries = unpack::entries(&request).map_err(Status::invalid_argument)?;
        let epoch = request.epoch as i64;
        let key = (request.stream.clone(), epoch);
        // Two reports of one agent at once would both believe to be the first.
        let mut streams = agent.reporting.lock().await;
        if streams.len() > STREAMS {
            streams.clear();
        }
        let before = match streams.get(&key) {
            Some(acked) => *acked,
            None => {
                let row = self
                    .store
                    .row(sql::STREAM, &[agent.id.as_str().into(), request.stream.as_str().into(), epoch.into()])
                    .await
                    .map_err(|error| unavailable(&error))?;
                let acked = row.map(|row| row.int(0)).transpose().map_err(|error| unavailable(&error))?;
                acked.map_or(0, |acked| acked as u64)
            }
        };
        let mut load = Load {
            portal: self,
            agent,
            batch: Batch::new(),
            pen: Pen::new(&self.ingest.history),
            refused: Vec::new(),
            known: HashMap::new(),
            readings: 0,
        };
        let fresh: Vec<&Entry> = entries.iter().filter(|entry| entry.seq > before).collect();
        let acked = fresh.last().map_or(before, |entry| entry.seq);
        let outcome = load.take(&fresh).await;
        let outcome = match outcome {
            Ok(()) if acked > before => {
                load.states();
                load.pen.write(&mut load.batch);
                let got =
                    vec![agent.id.as_str().into(), request.stream.as_str().into(), epoch.into(), (acked as i64).into()];
                load.batch.row(&sql::STREAMS, got);
                self.store.commit(std::mem::take(&mut load.batch)).await
            }
            other => other,
        };
        if let Err(error) = outcome {
            // A commit whose answer was lost may have been one: how far the stream got is read anew.
            streams.remove(&key);
            load.pen.forget();
            return Err(unavailable(&error));
        }
        load.pen.keep();
        for (name, known) in load.known {
            self.ingest.devices.keep(agent, name, known);
        }
        streams.insert(key, acked);
        self.metrics.readings.inc_by(load.readings);
        self.metrics.records.inc_by(fresh.len() as u64);
        self.metrics.refused.inc_by(load.refused.len() as u64);
        Ok(ReportAnswer {
            courtesy: self.courtesy(),
            stream: request.stream,
            epoch: request.epoch,
            acked_through: acked,
            refused: load.refused,
        })
    }
}

impl Load<'_> {
    async fn take(&mut self, entries: &[&Entry]) -> Result<(), StoreError> {
        let now = self.portal.clock.now_ms();
        for (place, entry) in entries.iter().enumerate() {
            // What is said to come from the future is of now; in its order, so that none covers another.
            let later = i64::try_from(entries.len() - place).unwrap_or(0);
            let moment = |at_ms: i64| if at_ms > now { now.saturating_sub(later) } else { at_ms };
            if self.news(&entry.record, moment) {
                continue;
            }
            let record = match decode::<Record>(&entry.record) {
                Ok(record) => record,
                Err(error) => {
                    self.refuse(entry.seq, &error);
                    continue;
                }
            };
            if record.at_ms < EPOCH_MS {
                self.refused.push(refusal(entry.seq, Code::NotAllowed, "a time before 2000"));
                continue;
            }
            self.record(moment(record.at_ms), record, &entry.record).await?;
        }
        Ok(())
    }

    /// Takes in a reading that goes on from the one before of its device, which is at hand. False: it has to be taken in whole.
    fn news(&mut self, record: &Bytes, moment: impl Fn(i64) -> i64) -> bool {
        let Some((at_ms, reading)) = history::reading(record).filter(|(at_ms, _)| *at_ms >= EPOCH_MS) else {
            return false;
        };
        let Some(name) = history::device(reading) else { return false };
        if !self.known.contains_key(name)
            && let Some(known) = self.portal.ingest.devices.take(self.agent, name)
        {
            self.known.insert(name.to_owned(), known);
        }
        let Some(known) = self.known.get_mut(name) else { return false };
        let (at, newest) = (moment(at_ms), known.latest.read_at());
        if at <= newest || known.site != self.agent.known().site {
            return false;
        }
        let template = known.template.as_ref().and_then(|(_, template)| template.as_ref());
        let Some(news) = self.pen.add_news((known.id, newest), at, record, template) else { return false };
        known.latest.renew(at, news);
        self.readings += 1;
        true
    }

    async fn record(&mut self, at: i64, record: Record, octets: &Bytes) -> Result<(), StoreError> {
        let Portal { store, ingest, .. } = self.portal;
        match record.what {
            Some(What::Reading(mut reading)) => {
                let at_hand = self.at_hand(&reading.device_id);
                let mut known =
                    ingest.devices.of(at_hand, store, &ingest.history, self.agent, &reading, &mut self.batch).await?;
                let template = known.template.as_ref().and_then(|(_, template)| template.as_ref());
                self.pen.add(known.id, at, octets, template);
                let name = std::mem::take(&mut reading.device_id);
                known.latest.take(at, reading);
                self.known.insert(name, known);
                self.readings += 1;
            }
            Some(What::Absence(absence)) => self.absence(at, &absence).await?,
            Some(What::Gap(gap)) => self.event(None, at, "gap", &gap_text(&gap)),
            Some(What::Notice(notice)) => {
                let kind: String =
                    notice.what.chars().filter(|it| it.is_ascii_lowercase() || *it == '_').take(40).collect();
                self.event(None, at, &format!("agent_{kind}"), &notice.text);
            }
            Some(What::Finding(finding)) => {
                let text = match finding.what {
                    Some(order_finding::What::Walk(walk)) => walk,
                    Some(order_finding::What::PingMs(ms)) => format!("{ms:.1} ms"),
                    None => return Ok(()),
                };
                let agent = self.agent.id.as_str();
                self.batch.run(sql::COMMAND_FINDING, [finding.order_id.into(), agent.into(), text.into()]);
            }
            None => {}
        }
        Ok(())
    }

    async fn absence(&mut self, at: i64, absence: &Absence) -> Result<(), StoreError> {
        let Portal { store, ingest, .. } = self.portal;
        let known = match self.at_hand(&absence.device_id) {
            Some(known) => Some(known),
            None => ingest.devices.named(store, self.agent, &absence.device_id).await?,
        };
        let device = known.as_ref().map(|known| known.id);
        if let Some(mut known) = known {
            known.latest.miss(at, absence.since_ms, &absence.why);
            self.known.insert(absence.device_id.clone(), known);
        }
        self.event(device, at, "absent", &format!("{}: {}", absence.address, absence.why));
        Ok(())
    }

    /// What is at hand of a device, of this report or of one before.
    fn at_hand(&mut self, name: &str) -> Option<Known> {
        self.known.remove(name).or_else(|| self.portal.ingest.devices.take(self.agent, name))
    }

    /// What is known of each device after the report.
    fn states(&mut self) {
        for Known { id, latest, .. } in self.known.values() {
            let values = vec![(*id).into(), latest.read_at().into(), latest.encode().into()];
            self.batch.row(&sql::STATES, values);
        }
    }

    fn event(&mut self, device: Option<i64>, at: i64, kind: &str, text: &str) {
        let text: String = text.chars().take(TEXT).collect();
        let values = vec![
            self.portal.ingest.next_event().into(),
            self.agent.dealer.into(),
            self.agent.id.as_str().into(),
            device.into(),
            at.into(),
            kind.into(),
            text.into(),
        ];
        self.batch.row(&sql::EVENTS_ADD, values);
    }

    fn refuse(&mut self, seq: u64, error: &WireError) {
        let code = match error {
            WireError::TooLarge { .. } | WireError::TooMany { .. } => Code::TooLarge,
            // The only thing that must hold in a record.
            WireError::Invalid { .. } => Code::UnknownKind,
            _ => Code::Unreadable,
        };
        self.refused.push(refusal(seq, code, &error.to_string()));
    }
}

fn refusal(seq: u64, code: Code, text: &str) -> Refusal {
    Refusal { seq, code: code.into(), text: text.chars().take(200).collect() }
}

fn gap_text(gap: &Gap) -> String {
    let Gap { stream, first_seq, last_seq, records, why, .. } = gap;
    format!("{records} records of {stream} ({first_seq} to {last_seq}) are missing: {why}")
}
