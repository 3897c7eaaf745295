//! A survey's question at an address that has not answered.
//!
//! A sweep has thousands of them on their way, and nearly all end in silence, so a fresh question keeps only what differs
//! from address to address: where it goes, the ids of its tries and their times. With the first sign of life it thaws:
//! it becomes the [`Job`] that it would have been, at the same point of its exchange. So whatever happens to it is what
//! happens to a job; only sending, asking again and giving up are done here as well.
//!
//! ```text
//! survey ──► fresh ── silence ──► another try, or the end
//!               └── an answer, a report, garbage, a discovery under way ──► job
//! ```

use super::exchange::{blank_way, free_id, most_tries};
use super::flight::{Flight, Next, Stage};
use super::get::{Batches, fitting};
use super::job::{Job, Work};
use super::target::Habits;
use super::turns::Turns;
use super::v3;
use super::{Limits, MOST_OCTETS, Manager, Outcome, Transmit};
use crate::ber::Writer;
use crate::credentials::Credentials;
use crate::message::{PduFields, PduKind, encode_community};
use crate::request::Failure;
use crate::survey::Survey;
use crate::value::{BindingRef, ValueRef};
use smallvec::SmallVec;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) to: SocketAddr,
    pub(super) survey: Arc<Survey>,
    /// The id of each try.
    pub(super) ids: SmallVec<[i32; 2]>,
    /// When the first try left.
    pub(super) since: Option<Instant>,
    pub(super) deadline: Option<Instant>,
    /// It has an entry in `ready`.
    pub(super) queued: bool,
}

impl Fresh {
    pub(super) fn new(survey: Arc<Survey>, to: SocketAddr) -> Self {
        Self { to, survey, ids: SmallVec::new(), since: None, deadline: None, queued: true }
    }

    /// Datagrams sent.
    pub(super) fn tries(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    /// The job that it would have been.
    fn thaw(self, limits: &Limits) -> Option<Job> {
        let Self { to, survey, ids, since, deadline, queued } = self;
        let who = survey.turn(ids.len().saturating_sub(1))?.clone();
        let mut batches = Batches::new(PduKind::Get, Arc::clone(&survey.ask.oids));
        let Next::Ask(question) = batches.begin(&Habits::default(), blank_way(limits, &who)) else { return None };
        let sent = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let stage = if matches!(who, Credentials::V3(_)) && sent > 0 { Stage::Discover } else { Stage::Ask };
        let ids = ids.into_iter().collect();
        let flight = Flight { stage, ids, tries: sent, deadline, since, ..Flight::new(question) };
        let turns = (survey.who.len() > 1).then(|| Turns::new(survey));
        let work = Work::Batches(Box::new(batches));
        Some(Job { turns, flight: Some(flight), queued, first_sent: since, sent, ..Job::new(to, who, work) })
    }
}

/// A survey's message as one of its communities sends it: encoded once, each question patches its id in.
#[derive(Debug)]
pub(super) struct Template {
    survey: Arc<Survey>,
    place: usize,
    octets: Vec<u8>,
    id_at: usize,
}

impl Template {
    fn new(survey: &Arc<Survey>, place: usize, limits: &Limits, pen: &mut Writer) -> Option<Self> {
        let who = survey.turn(place)?;
        let (Credentials::V1(community) | Credentials::V2c(community)) = who else { return None };
        let names = &survey.ask.oids;
        let names = names.get(..fitting(names, blank_way(limits, who)))?.iter();
        let names = names.map(|name| (name.as_ref(), BindingRef::Found(ValueRef::Null)));
        let fields = PduFields::ask(PduKind::Get, i32::MAX);
        let id_at = encode_community(pen, who.version(), community.octets(), fields, names);
        Some(Self { survey: Arc::clone(survey), place, octets: pen.octets().to_vec(), id_at })
    }

    fn is_of(&self, survey: &Arc<Survey>, place: usize) -> bool {
        Arc::ptr_eq(&self.survey, survey) && self.place == place
    }

    fn with(&self, id: i32) -> Vec<u8> {
        let mut bytes = self.octets.clone();
        if let Some(room) = bytes.get_mut(self.id_at..self.id_at + 4) {
            room.copy_from_slice(&id.to_be_bytes());
        }
        bytes
    }
}

impl Manager {
    /// Makes a job of a question that is to be more than asked again.
    pub(super) fn thaw(&mut self, ticket: u64) {
        let Some(fresh) = self.fresh.remove(&ticket) else { return };
        if let Some(job) = fresh.thaw(&self.limits) {
            self.jobs.insert(ticket, Box::new(job));
        }
    }

    /// The ticket that an id from this address belongs to, which has a job from here on.
    pub(super) fn asked(&mut self, id: i32, from: SocketAddr) -> Option<u64> {
        let ticket = *self.in_flight.get(&id)?;
        if self.fresh.get(&ticket).is_some_and(|fresh| fresh.to == from) {
            self.thaw(ticket);
        }
        self.jobs.get(&ticket).is_some_and(|job| job.to == from).then_some(ticket)
    }

    /// Encodes a fresh question, or what has become of it.
    pub(super) fn transmit_fresh(&mut self, ticket: u64) -> Option<Transmit> {
        let fresh = self.fresh.get_mut(&ticket)?;
        fresh.queued = false;
        let place = fresh.ids.len() % fresh.survey.who.len().max(1);
        let secure = matches!(fresh.survey.turn(place)?, Credentials::V3(_));
        let ready = if secure {
            let target = self.targets.get_mut(&fresh.to)?;
            !target.knows_engine() && *target.discoverer.get_or_insert(ticket) == ticket
        } else {
            if !self.template.as_ref().is_some_and(|template| template.is_of(&fresh.survey, place)) {
                self.template = Template::new(&fresh.survey, place, &self.limits, &mut self.pens.message);
            }
            self.template.as_ref().is_some_and(|template| template.octets.len() <= MOST_OCTETS)
        };
        if !ready {
            self.thaw(ticket);
            return self.transmit(ticket);
        }
        let id = free_id(&mut self.chance, &self.in_flight);
        let bytes = if secure {
            v3::encode_discovery(&mut self.pens, id, MOST_OCTETS as u32);
            self.pens.message.octets().to_vec()
        } else {
            self.template.as_ref()?.with(id)
        };
        fresh.ids.push(id);
        fresh.since = fresh.since.or(self.now);
        self.in_flight.insert(id, ticket);
        self.sent.push_back(ticket);
        Some(Transmit { bytes, to: fresh.to })
    }

    /// A fresh question's time-out: another try, or silence. False if it is none.
    pub(super) fn expired_fresh(&mut self, ticket: u64, now: Instant) -> bool {
        let Some(fresh) = self.fresh.get_mut(&ticket) else { return false };
        fresh.deadline = None;
        let tries = fresh.tries();
        if tries < most_tries(&self.limits, fresh.survey.in_turn()) {
            if !core::mem::replace(&mut fresh.queued, true) {
                self.ready.push_back(ticket);
            }
            return true;
        }
        let waited = fresh.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        self.finish_fresh(ticket, Failure::NoAnswer { tries, waited });
        true
    }

    /// Ends a fresh question. False if it is none.
    pub(super) fn finish_fresh(&mut self, ticket: u64, failure: Failure) -> bool {
        let Some(fresh) = self.fresh.remove(&ticket) else { return false };
        for id in &fresh.ids {
            self.in_flight.remove(id);
        }
        if let Some(deadline) = fresh.deadline {
            self.timers.remove(&(deadline, ticket));
        }
        self.release_parked(ticket, fresh.to);
        self.leave(ticket, fresh.to, Outcome::Answer(Err(failure)));
        true
    }
}
