//! One visit to a known device: a hot poll, more if something happened, everything if it is not what it was.
//!
//! ```text
//! hot (or warm, cold) ──► serial, labels, units as before? ──no──► full: the same device, or another one
//!                                   └─yes─► restarted, alerted, reconfigured, ... ──► what that makes worth asking
//! ```

use super::memory::{Known, Seen};
use super::planner::{Job, Went};
use super::signature::Signature;
use crate::interview::{self, Device, Interview, Part};
use dca_printer::{Care, Cause, Depth, Extra, Learnt, Mark, Profiles, Questions, Reading, Rows};
use std::collections::BTreeMap;

/// A supply that has so many percent more than before was replaced or refilled. Levels are often told in tens.
const ROSE: f64 = 5.0;

/// What one visit found.
#[derive(Debug)]
pub struct Visit {
    /// How deep it was in the end.
    pub depth: Depth,
    /// What a warm visit asked beyond levels.
    pub extra: Extra,
    /// What made it deeper than it was planned.
    pub causes: Vec<Cause>,
    /// Whom it met.
    pub met: Met,
    /// The label of the credentials that it asked with, if they were chosen by the visit.
    pub credential: Option<String>,
}

/// Whom a visit met.
#[derive(Debug)]
pub enum Met {
    /// The device that was expected.
    Same {
        /// What it says: what the depth does not ask is absent.
        reading: Box<Reading>,
        /// False if it went silent before all was asked.
        complete: bool,
        /// Where it stands, for the next visit.
        seen: Seen,
        /// What was learnt anew.
        lesson: Option<Box<Lesson>>,
    },
    /// Another device.
    Other(Option<Box<Lesson>>),
    /// Nobody. It may be that the port is closed, by word of the network.
    Silent {
        /// One sentence.
        why: String,
        /// ICMP "port unreachable": the host is there.
        port_closed: bool,
    },
    /// Somebody who does not let us in.
    Refused {
        /// What was said.
        why: String,
    },
}

/// A full reading, and what it taught.
#[derive(Debug)]
pub struct Lesson {
    /// The reading.
    pub reading: Reading,
    /// Why it is, or is not, taken for a printer.
    pub why: String,
    /// False if the device went silent before all was asked.
    pub complete: bool,
    /// How to ask from here on.
    pub learnt: Learnt,
    /// What it was learnt from.
    pub rows: Rows,
    /// How the device bears to be asked.
    pub care: Care,
    /// True if only a part was asked: who it is, its counts and status.
    pub partial: bool,
    /// The SNMP context that has what the usual one does not.
    pub context: Option<String>,
    /// Bindings that it bears in one answer, where that was found out; 0: no GETBULK.
    pub bears: Option<u32>,
}

/// Reads a device in full, as if nobody had met it before; the error is its silence.
pub async fn learn<D: Device>(device: &mut D, profiles: &Profiles) -> Result<Lesson, Part> {
    let discovered = device.get(profiles.discovery()).await;
    if discovered.rows.is_empty() {
        return Err(discovered);
    }
    let interview = interview::interview(device, profiles, discovered, interview::Depth::Full).await;
    Ok(Lesson::of(interview, profiles))
}

impl Lesson {
    pub(crate) fn of(interview: Interview, profiles: &Profiles) -> Self {
        let Interview { verdict, reading, rows, complete, context, bears } = interview;
        let profile = profiles.pick(&rows);
        let learnt = Learnt::of(&profile, &rows, &profiles.discovery());
        let care = profile.care(&rows);
        Self { reading, why: verdict.why, complete, learnt, care, rows, partial: false, context, bears }
    }

    pub(crate) fn partial(self, partial: bool) -> Self {
        Self { partial, ..self }
    }
}

/// Visits a device that is known.
pub async fn visit<D: Device>(device: &mut D, profiles: &Profiles, known: &Known, job: &Job) -> Visit {
    if let Some(bears) = known.bears {
        device.spare(bears);
    }
    let Some(learnt) = known.learnt.as_ref().filter(|_| job.depth < Depth::Full) else {
        return anew(device, profiles, known, Vec::new()).await;
    };
    if let Care::Gently { .. } = known.care {
        device.gently();
    }
    let (mut depth, mut extra) = (job.depth, job.extra);
    let asked = learnt.questions(depth, extra);
    let mut inside = known.context.as_deref().and_then(|name| device.in_context(name));
    let mut heard = Heard { part: Part { bears: known.bears, ..Part::default() }, ..Heard::default() };
    heard.ask(device, inside.as_mut(), learnt, &asked).await;
    let Some(mark) = heard.recognise(learnt, &asked) else {
        return if heard.rows.is_empty() {
            nobody(heard, job)
        } else {
            anew(device, profiles, known, Vec::new()).await
        };
    };
    let rests = |cause: &Cause| job.resting.contains(cause);
    let mut causes = known.seen.as_ref().map(|seen| mark.since(&seen.mark)).unwrap_or_default();
    causes.retain(|cause| !rests(cause));
    loop {
        let wanted = causes.iter().map(|cause| cause.depth()).max().unwrap_or(depth);
        if wanted >= Depth::Full {
            return anew(device, profiles, known, causes).await;
        }
        if wanted > depth || (wanted == Depth::Warm && !causes.is_empty() && !extra.alerts) {
            depth = depth.max(wanted);
            extra.alerts = true;
            let more = learnt.questions(depth, extra);
            heard.ask(device, inside.as_mut(), learnt, &more).await;
        }
        let reading = learnt.read(depth, extra, &heard.rows);
        let left = left(&reading);
        let was = known.seen.as_ref().map(|seen| &seen.left);
        let rose = was.is_some_and(|was| {
            left.iter().any(|(index, percent)| was.get(index).is_some_and(|before| percent - before >= ROSE))
        });
        let lost = heard.part.trouble.is_none() && reading.total.is_none() && learnt.has_total();
        let found = [(Cause::SupplyRose, rose && depth < Depth::Cold), (Cause::TotalLost, lost)];
        let found = found.into_iter().filter(|(cause, is)| *is && !rests(cause) && !causes.contains(cause));
        let more: Vec<Cause> = found.map(|(cause, _)| cause).collect();
        causes.extend_from_slice(&more);
        if more.is_empty() {
            let left = if depth >= Depth::Warm { left } else { was.cloned().unwrap_or_default() };
            let watch_alerts = match depth >= Depth::Cold || extra.alerts {
                true => mark.events.is_none() || !learnt.is_quiet(&heard.rows),
                false => known.seen.as_ref().is_none_or(|seen| seen.watch_alerts),
            };
            let seen = Seen { mark, watch_alerts, left };
            let met = heard.same(learnt, profiles, reading, seen, depth, known.context.clone());
            return Visit { depth, extra, causes, met, credential: None };
        }
    }
}

/// What a visit has heard so far.
#[derive(Default)]
struct Heard {
    rows: Rows,
    part: Part,
}

impl Heard {
    /// Asks what was not asked before; what is missing then, `inside` the context that has it.
    async fn ask<D: Device>(&mut self, device: &mut D, inside: Option<&mut D>, learnt: &Learnt, asked: &Questions) {
        let plan = learnt.profile().plan();
        for (again, device) in [Some(device), inside].into_iter().flatten().enumerate() {
            let gets: Vec<_> = asked.gets.iter().filter(|oid| self.rows.get(oid.as_ref()).is_none()).cloned().collect();
            if !gets.is_empty() && !self.part.silent {
                self.part.merge(device.get(gets).await);
            }
            let is_missing = |column: &&dca_snmp::Oid| again == 0 || self.rows.under(column.as_ref()).next().is_none();
            let columns: Vec<_> = asked.columns.iter().filter(is_missing).cloned().collect();
            if !columns.is_empty() && !self.part.silent {
                self.part.merge(device.columns(columns, plan.max_rows).await);
            }
            let rows = std::mem::take(&mut self.part.rows);
            self.rows.extend(rows.into_iter().filter(|(oid, _)| !plan.denies(oid.as_ref())));
        }
    }

    /// Where the device stands, if it is the one that was learnt and its rows mean what they meant.
    fn recognise(&self, learnt: &Learnt, asked: &Questions) -> Option<Mark> {
        if self.rows.is_empty() {
            return None;
        }
        // What did not arrive contradicts nothing, but without its witness nobody knows whose the rows are.
        let whole = self.part.trouble.is_none() && !self.part.silent;
        let arrived = |oid: &&dca_snmp::Oid| whole || self.rows.get(oid.as_ref()).is_some();
        let gets = asked.gets.iter().filter(arrived).cloned().collect();
        let columns = if whole { asked.columns.clone() } else { Vec::new() };
        let unknown = learnt.witness().is_some_and(|witness| self.rows.get(witness.as_ref()).is_none());
        let contradicts = learnt.contradiction(&Questions { gets, columns }, &self.rows).is_some();
        (!unknown && !contradicts).then(|| Mark::of(&self.rows))
    }

    fn same(
        self,
        learnt: &Learnt,
        profiles: &Profiles,
        mut reading: Reading,
        seen: Seen,
        depth: Depth,
        context: Option<String>,
    ) -> Met {
        let complete = !self.part.silent;
        let lesson = (depth >= Depth::Cold && complete).then(|| {
            Box::new(Lesson {
                reading: reading.clone(),
                why: "known".to_owned(),
                complete,
                learnt: Learnt::of(learnt.profile(), &self.rows, &profiles.discovery()),
                care: learnt.profile().care(&self.rows),
                rows: self.rows,
                partial: false,
                context,
                bears: self.part.bears,
            })
        });
        reading.is_printer = true;
        reading.quirks.extend(self.part.quirks.iter().map(|quirk| quirk.text().to_owned()));
        reading.doubts.extend(self.part.trouble);
        Met::Same { reading: Box::new(reading), complete, seen, lesson }
    }
}

/// A full reading: of the device that was expected, or of another one.
async fn anew<D: Device>(device: &mut D, profiles: &Profiles, known: &Known, causes: Vec<Cause>) -> Visit {
    let (depth, extra) = (Depth::Full, Extra { alerts: true, meters: true });
    let met = match learn(device, profiles).await {
        Err(part) => silence(part),
        Ok(lesson) => match Signature::of(&lesson.reading.identity) {
            Some(who) if !who.is(&known.who) => Met::Other(Some(Box::new(lesson))),
            _ => Met::Same {
                reading: Box::new(lesson.reading.clone()),
                complete: lesson.complete,
                seen: Seen::of(&lesson),
                lesson: Some(Box::new(lesson)),
            },
        },
    };
    Visit { depth, extra, causes, met, credential: None }
}

fn nobody(heard: Heard, job: &Job) -> Visit {
    Visit { depth: job.depth, extra: job.extra, causes: Vec::new(), met: silence(heard.part), credential: None }
}

pub(crate) fn silence(part: Part) -> Met {
    let why = part.trouble.unwrap_or_else(|| "no answer".to_owned());
    if part.refused { Met::Refused { why } } else { Met::Silent { why, port_closed: part.unreachable } }
}

/// What each supply has left, percent.
fn left(reading: &Reading) -> BTreeMap<String, f64> {
    let known = reading.supplies.iter().filter(|supply| supply.class != "receptacle");
    known.filter_map(|supply| Some((supply.index.clone(), supply.percent?))).collect()
}

impl Seen {
    /// What a full reading shows.
    pub fn of(lesson: &Lesson) -> Self {
        let mark = Mark::of(&lesson.rows);
        let watch_alerts = mark.events.is_none() || !lesson.learnt.is_quiet(&lesson.rows);
        Self { mark, watch_alerts, left: left(&lesson.reading) }
    }
}

impl Visit {
    /// For the planner.
    pub fn went(&self) -> Went {
        match &self.met {
            Met::Same { seen, .. } => Went::Answered {
                depth: self.depth,
                extra: self.extra,
                causes: self.causes.clone(),
                watch_alerts: seen.watch_alerts,
            },
            _ => Went::Silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interview::tests::{Server, rows};
    use crate::poll::{Memory, Sighting};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// What a print server says of itself, and what the printer behind it says in its context.
    const HERE: &str = "1.3.6.1.2.1.1.1.0|4|HP ETHERNET MULTI-ENVIRONMENT\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.11.2.3.9.1\n\
                        1.3.6.1.2.1.1.3.0|67|100\n1.3.6.1.2.1.43.5.1.1.17.1|4|SYN0009001\n";
    const INSIDE: &str = "1.3.6.1.2.1.43.10.2.1.3.1.1|2|7\n1.3.6.1.2.1.43.10.2.1.4.1.1|65|1500\n\
                          1.3.6.1.2.1.43.11.1.1.8.1.1|2|100\n1.3.6.1.2.1.43.11.1.1.9.1.1|2|40\n";

    #[tokio::test]
    async fn a_printer_in_a_context_is_polled_there_in_two_questions() {
        let asked = Arc::new(AtomicUsize::new(0));
        let mut server = Server { here: rows(HERE), context: Some(("Jetdirect", rows(INSIDE))), asked: asked.clone() };
        let profiles = Profiles::builtin();
        let lesson = learn(&mut server, &profiles).await.unwrap();
        assert_eq!(lesson.context.as_deref(), Some("Jetdirect"));
        let at = "192.0.2.9:161".parse().unwrap();
        let sighting = Sighting::of(at, "v2c".into(), "2026-11-23T08:00:00Z".into(), lesson).unwrap();
        let mut memory = Memory::default();
        memory.meet(vec![sighting]);
        let known = memory.get(1).unwrap();
        asked.store(0, Ordering::Relaxed);
        let job = Job { device: 1, depth: Depth::Hot, extra: Extra::default(), resting: Vec::new() };
        let visit = visit(&mut server, &profiles, known, &job).await;
        let Met::Same { reading, complete: true, .. } = visit.met else { panic!("{visit:?}") };
        assert_eq!((visit.depth, reading.total.map(|total| total.value)), (Depth::Hot, Some(1500)));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
