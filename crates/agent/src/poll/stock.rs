//! The network and the memory together: visits to known devices, and what a sweep over a scope means for them.

use super::memory::{Known, Memory, News, Sighting};
use super::planner::Job;
use super::visit::{Lesson, Met, Visit, visit};
use super::whereabouts::{ENOUGH, Evidence, Whereabouts};
use crate::discover::{Lost, race};
use crate::input::InputError;
use crate::interview::{Depth, Interview};
use crate::live::Live;
use crate::network::Network;
use crate::read::now;
use crate::scope::Scope;
use dca_fence::Allowed;
use dca_printer::{Profiles, Rows};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// How long an ICMP echo is waited for.
const ECHO: Duration = Duration::from_secs(2);
/// Echoes that are waited for at the same time: a building that is switched off is no reason to stand still.
const ECHOES: usize = 256;

/// The evidence with an ICMP echo, if one would tell more. Where pinging is not allowed nothing is known of it.
pub(crate) async fn with_echo(at: Allowed, evidence: Evidence) -> Evidence {
    if !Whereabouts::wants_echo(&evidence) {
        return evidence;
    }
    let echo = match dca_lan::ping(at, ECHO).await {
        Ok(_) => Some(true),
        Err(dca_lan::LanError::NoEcho(_) | dca_lan::LanError::Unreachable(_)) => Some(false),
        Err(_) => None,
    };
    Evidence { echo, ..evidence }
}

/// What a sweep notes for the memory.
#[derive(Debug, Default)]
pub(crate) struct Notebook {
    /// The label that is tried first at an address.
    preferred: HashMap<SocketAddr, String>,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    met: Vec<Sighting>,
    refused: HashMap<SocketAddr, String>,
}

impl Notebook {
    pub(crate) fn of(memory: &Memory) -> Self {
        let preferred = memory.devices().map(|(_, known)| (known.at, known.credential.clone())).collect();
        Self { preferred, notes: Mutex::default() }
    }

    pub(crate) fn prefers(&self, at: SocketAddr) -> Option<&str> {
        self.preferred.get(&at).map(String::as_str)
    }

    /// Notes a printer; who is none is not kept.
    pub(crate) fn met(&self, at: Allowed, credential: &str, depth: Depth, interview: &Interview, profiles: &Profiles) {
        if interview.verdict.is_printer {
            let lesson = Lesson::of(interview.clone(), profiles).partial(depth == Depth::Line);
            let sighting = Sighting::of(at.addr(), credential.to_owned(), now(), lesson);
            self.notes.lock().unwrap_or_else(PoisonError::into_inner).met.extend(sighting);
        }
    }

    pub(crate) fn refused(&self, at: Allowed, why: &str) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.refused.insert(at.addr(), why.to_owned());
    }
}

impl Network {
    /// Notes what its sweeps meet, and asks first as whom a device answered before.
    #[must_use]
    pub fn remembering(mut self, memory: &Memory) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.notebook = Some(Notebook::of(memory));
        }
        self
    }

    /// Visits a known device at an address that the fence admits. It is asked as before; after three silent polls as
    /// everybody who might be answered. When levels are due it is also asked in every second way that is switched on.
    pub async fn visit(&self, at: Allowed, known: &Known, job: &Job) -> Visit {
        let shared = &self.shared;
        let list = shared.keyring.at(at.addr());
        let before = list.iter().find(|named| *named.label == *known.credential).filter(|_| known.missed < ENOUGH);
        let who = match before {
            Some(who) => who.clone(),
            None => match race(&shared.snmp, at, &list, shared.asking.stagger()).await {
                Ok((who, _)) => who,
                Err(lost) => return Visit::lost(job, lost),
            },
        };
        let credential = who.label.to_string();
        let mut device = Live { snmp: shared.snmp.clone(), at, who, polite: shared.asking.polite, bears: None };
        let mut visit = visit(&mut device, &shared.profiles, known, job).await;
        if let Met::Same { reading, lesson, complete: true, .. } = &mut visit.met
            && visit.depth >= dca_printer::Depth::Warm
            && shared.ways.are_on()
        {
            let before = if lesson.is_none() { known.rows.rows() } else { Rows::new() };
            let rows = lesson.as_ref().map_or(&before, |lesson| &lesson.rows);
            shared.ways.ask(at, rows, reading).await;
        }
        Visit { credential: Some(credential), ..visit }
    }

    /// After a sweep over a scope: who is new, moved, replaced, back or silent. Silence counts only after a `whole` sweep.
    /// A known device of the scope that has been silent three times is sent an ICMP echo.
    pub async fn take_stock(&self, scope: &Scope, memory: &mut Memory, whole: bool) -> Result<Vec<News>, InputError> {
        let Some(notebook) = &self.shared.notebook else { return Ok(Vec::new()) };
        let notes = std::mem::take(&mut *notebook.notes.lock().unwrap_or_else(PoisonError::into_inner));
        let answered: HashSet<SocketAddr> = notes.met.iter().map(Sighting::at).collect();
        let mut news = memory.meet(notes.met);
        let found: HashSet<u32> = news.iter().map(News::device).collect();
        let missing: Vec<(u32, Allowed)> = memory
            .devices()
            .filter(|(number, known)| whole && !answered.contains(&known.at) && !found.contains(number))
            .filter_map(|(number, known)| Some((number, scope.admit(known.at)?)))
            .collect();
        let mut silent = Vec::with_capacity(missing.len());
        let (mut missing, mut asked) = (missing.into_iter(), JoinSet::new());
        loop {
            while asked.len() < ECHOES
                && let Some((device, at)) = missing.next()
            {
                let refused = notes.refused.get(&at.addr()).cloned();
                let evidence = Evidence { refused, ..memory.evidence(device) };
                asked.spawn(async move { (device, with_echo(at, evidence).await) });
            }
            match asked.join_next().await {
                Some(done) => silent.extend(done),
                None => break,
            }
        }
        silent.sort_by_key(|(device, _)| *device);
        for (device, evidence) in silent {
            news.extend(memory.missed(device, evidence));
        }
        memory.save()?;
        Ok(news)
    }
}

impl Memory {
    /// Takes in a visit to a device: what it brought, and what is new of it.
    pub fn record(&mut self, device: u32, at: SocketAddr, visit: &mut Visit, echo: Option<bool>) -> Vec<News> {
        let Some(known) = self.get(device) else { return Vec::new() };
        let credential = visit.credential.clone().unwrap_or_else(|| known.credential.clone());
        let sighting = |lesson: Lesson| Sighting::of(at, credential.clone(), now(), lesson).into_iter().collect();
        match &mut visit.met {
            Met::Same { seen, lesson, .. } => match lesson.take() {
                Some(lesson) => self.meet(sighting(*lesson)),
                None => self.visited(device, seen.clone()).into_iter().collect(),
            },
            Met::Other(lesson) => match std::mem::take(lesson) {
                Some(lesson) => self.meet(sighting(*lesson)),
                None => Vec::new(),
            },
            Met::Silent { port_closed, .. } => {
                let evidence = Evidence { port_closed: *port_closed, echo, ..Evidence::default() };
                self.missed(device, evidence).into_iter().collect()
            }
            Met::Refused { why } => {
                let evidence = Evidence { refused: Some(why.clone()), ..Evidence::default() };
                self.missed(device, evidence).into_iter().collect()
            }
        }
    }
}

impl Visit {
    fn lost(job: &Job, lost: Lost) -> Self {
        let met = match lost {
            Lost::Failed(why) => Met::Refused { why },
            Lost::Silent(why) => Met::Silent { why, port_closed: false },
        };
        Self { depth: job.depth, extra: job.extra, causes: Vec::new(), met, credential: None }
    }
}
