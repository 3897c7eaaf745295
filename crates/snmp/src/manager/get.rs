//! A Get or GetNext of any number of names, in as many exchanges as the device needs.
//!
//! ```text
//! names ── cut to what fits ──► batch ──► answer      each name that came is settled
//!                                 ▲  └──► error       tooBig: both halves; one name at fault: without it
//!                                 └── the rest ◄──┘
//! ```
//!
//! A batch that brings nothing is halved down to single names, so the number of exchanges is at most twice the number
//! of names. No value is ever given to a name that was not asked for.

use super::flight::{Next, Question, Reply, Way};
use super::planner::found_after;
use super::target::Habits;
use crate::ber::{Fault, FaultKind};
use crate::message::{ErrorStatus, PduKind};
use crate::oid::Oid;
use crate::quirk::{Quirk, Quirks};
use crate::request::Failure;
use crate::value::{Binding, VarBind};
use std::collections::VecDeque;
use std::sync::Arc;

/// Room that a value takes on average, headers included.
pub(super) const VALUE_ROOM: usize = 26;
/// authorizationError (RFC 3416 §3).
const AUTHORIZATION_ERROR: ErrorStatus = ErrorStatus(16);

#[derive(Debug)]
pub(super) struct Batches {
    kind: PduKind,
    /// Shared by all whom a sweep asks them.
    names: Arc<[Oid]>,
    /// One for each name; empty until the device has said something.
    answers: Vec<Option<VarBind>>,
    /// Names from here on are in no batch yet.
    uncut: usize,
    /// Batches to be asked, as indices into `names`.
    queue: VecDeque<Vec<usize>>,
    current: Vec<usize>,
    /// Why single names got nothing: the first reason.
    refused: Option<Box<Failure>>,
}

impl Batches {
    pub(super) fn new(kind: PduKind, names: Arc<[Oid]>) -> Self {
        Self { kind, names, answers: Vec::new(), uncut: 0, queue: VecDeque::new(), current: Vec::new(), refused: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(super) fn begin(&mut self, habits: &Habits, way: Way) -> Next {
        self.next(habits, way)
    }

    pub(super) fn on_reply(&mut self, reply: Reply, habits: &mut Habits, way: Way, quirks: &mut Quirks) -> Next {
        self.answers.resize_with(self.names.len(), || None);
        let culprit = usize::try_from(reply.index).ok().and_then(|index| index.checked_sub(1));
        let culprit = culprit.filter(|at| *at < self.current.len());
        let failure = Failure::Agent { status: reply.status, index: reply.index };
        match reply.status {
            ErrorStatus::NO_ERROR => self.settle(reply.varbinds, habits, quirks),
            ErrorStatus::NO_SUCH_NAME => match culprit.or((self.current.len() == 1).then_some(0)) {
                Some(at) => {
                    let name = self.current.remove(at);
                    self.settle_absent(name);
                    self.queue.push_front(core::mem::take(&mut self.current));
                }
                None => self.halve(failure),
            },
            ErrorStatus::TOO_BIG => {
                if self.current.len() > 1 {
                    habits.batch = habits.batch.min(self.current.len().div_ceil(2));
                }
                self.halve(failure);
            }
            AUTHORIZATION_ERROR if culprit.is_none() => return Next::Fail(failure),
            _ => match culprit {
                // The named one is asked alone before it is given up: the index may be wrong.
                Some(at) if self.current.len() > 1 => {
                    let name = self.current.remove(at);
                    self.queue.push_front(vec![name]);
                    self.queue.push_front(core::mem::take(&mut self.current));
                }
                _ => self.halve(failure),
            },
        }
        self.next(habits, way)
    }

    /// Some devices drop or garble what is too big for them. Halving is tried where the device has answered before.
    pub(super) fn on_failure(&mut self, failure: Failure, habits: &mut Habits, way: Way) -> Next {
        let answers = self.answers.iter().any(Option::is_some) || matches!(failure, Failure::Garbled(_));
        let unread = failure.is_silence() || matches!(failure, Failure::Garbled(_));
        if answers && self.current.len() > 1 && unread {
            self.halve(failure);
            return self.next(habits, way);
        }
        Next::Fail(failure)
    }

    /// One binding for each name.
    pub(super) fn finish(self, quirks: &mut Quirks) -> Result<Vec<VarBind>, Failure> {
        if let Some(failure) = self.refused {
            if self.answers.iter().all(Option::is_none) {
                return Err(*failure);
            }
            quirks.note(Quirk::NameRefused);
        }
        let whole = self.answers.into_iter().chain(core::iter::repeat_with(|| None)).zip(self.names.iter());
        let absent = |oid: &Oid| VarBind { oid: oid.clone(), binding: Binding::NoSuchInstance };
        Ok(whole.map(|(answer, oid)| answer.unwrap_or_else(|| absent(oid))).collect())
    }

    fn next(&mut self, habits: &Habits, way: Way) -> Next {
        let mut batch = loop {
            match self.queue.pop_front() {
                Some(batch) if batch.is_empty() => {}
                Some(batch) => break batch,
                None if self.uncut < self.names.len() => break self.cut(way),
                None => return Next::Done,
            }
        };
        if batch.len() > habits.batch.max(1) {
            let rest = batch.split_off(habits.batch.max(1));
            self.queue.push_front(rest);
        }
        let mut names = Vec::with_capacity(batch.len());
        names.extend(batch.iter().filter_map(|at| self.names.get(*at).cloned()));
        self.current = batch;
        Next::Ask(Question::new(self.kind, names))
    }

    /// As many further names as request and expected answer have room for, at least one.
    fn cut(&mut self, way: Way) -> Vec<usize> {
        let start = self.uncut;
        self.uncut += fitting(self.names.get(start..).unwrap_or_default(), way);
        (start..self.uncut).collect()
    }

    fn settle(&mut self, varbinds: Vec<VarBind>, habits: &mut Habits, quirks: &mut Quirks) {
        let current = core::mem::take(&mut self.current);
        let whole = varbinds.len() == current.len();
        let mut missing = Vec::new();
        for (place, &at) in current.iter().enumerate() {
            let Some(asked) = self.names.get(at) else { continue };
            let found = varbinds.get(place).filter(|found| is_answer(self.kind, asked, found, whole)).or_else(|| {
                // A device that answers in another order: good only if the name comes exactly once.
                let mut named = varbinds.iter().filter(|found| self.kind == PduKind::Get && found.oid == *asked);
                named.next().filter(|_| named.next().is_none())
            });
            if varbinds.get(place).is_some_and(|found| self.kind == PduKind::Get && found.oid != *asked) {
                quirks.note(Quirk::OtherName);
            }
            let Some(found) = found else {
                missing.push(at);
                continue;
            };
            let mut settled = found.clone();
            if self.kind == PduKind::Get || settled.oid.as_ref().is_empty() {
                settled.oid = asked.clone();
            }
            if let Some(answer) = self.answers.get_mut(at) {
                *answer = Some(settled);
            }
        }
        if missing.is_empty() {
            return;
        }
        if !whole {
            quirks.note(Quirk::ShortAnswer);
        }
        let settled = current.len() - missing.len();
        self.current = missing;
        if settled == 0 {
            self.halve(Failure::Garbled(Fault { kind: FaultKind::Truncated, offset: 0 }));
        } else {
            if !whole {
                habits.batch = habits.batch.min(settled);
            }
            self.queue.push_front(core::mem::take(&mut self.current));
        }
    }

    /// True if the batch on its way is the last, as far as is known.
    pub(super) fn is_last(&self) -> bool {
        self.queue.is_empty() && self.uncut == self.names.len()
    }

    /// Takes what was found after the names just before those of the current batch; what that leaves open is asked.
    pub(super) fn settle_successors(&mut self, successors: Vec<VarBind>) {
        self.answers.resize_with(self.names.len(), || None);
        let mut successors = successors.into_iter();
        let mut open = core::mem::take(&mut self.current);
        open.retain(|at| {
            let found = self.names.get(*at).zip(successors.next());
            let found = found.and_then(|(asked, successor)| found_after(asked, successor));
            match (self.answers.get_mut(*at), found) {
                (Some(answer), Some(found)) => *answer = Some(found),
                _ => return true,
            }
            false
        });
        self.queue.push_front(open);
    }

    fn settle_absent(&mut self, at: usize) {
        let binding = if self.kind == PduKind::Get { Binding::NoSuchObject } else { Binding::EndOfMibView };
        if let Some((answer, name)) = self.answers.get_mut(at).zip(self.names.get(at)) {
            *answer = Some(VarBind { oid: name.clone(), binding });
        }
    }

    /// Asks both halves of the current batch apart; a single name is given up.
    fn halve(&mut self, failure: Failure) {
        let mut batch = core::mem::take(&mut self.current);
        if batch.len() < 2 {
            self.refused.get_or_insert_with(|| Box::new(failure));
            return;
        }
        let rest = batch.split_off(batch.len().div_ceil(2));
        self.queue.push_front(rest);
        self.queue.push_front(batch);
    }
}

/// How many of these names request and expected answer have room for, at least one.
pub(super) fn fitting(names: &[Oid], way: Way) -> usize {
    let mut room = way.room;
    let fits = |name: &&Oid| {
        let left = room.checked_sub(name.octets().len() + VALUE_ROOM);
        room = left.unwrap_or(room);
        left.is_some()
    };
    names.iter().take_while(fits).count().max(1).min(names.len())
}

/// True if the binding in this place answers the name that was asked.
fn is_answer(kind: PduKind, asked: &Oid, found: &VarBind, whole: bool) -> bool {
    if found.oid.as_ref().is_empty() {
        // A binding whose name cannot be read: its place tells, unless some are missing.
        return whole && matches!(found.binding, Binding::Malformed(_));
    }
    match kind {
        PduKind::Get => found.oid == *asked,
        _ => found.oid > *asked || found.binding == Binding::EndOfMibView,
    }
}

/// A GetBulk as the caller wrote it. tooBig halves the repetitions.
#[derive(Debug)]
pub(super) struct Bulk {
    pub(super) question: Question,
    pub(super) varbinds: Vec<VarBind>,
}

impl Bulk {
    pub(super) fn begin(&self) -> Next {
        Next::Ask(self.question.clone())
    }

    pub(super) fn on_reply(&mut self, reply: Reply) -> Next {
        match reply.status {
            ErrorStatus::NO_ERROR => {
                self.varbinds = reply.varbinds;
                Next::Done
            }
            ErrorStatus::TOO_BIG if self.question.max_repetitions > 1 => {
                self.question.max_repetitions /= 2;
                self.begin()
            }
            status => Next::Fail(Failure::Agent { status, index: reply.index }),
        }
    }
}
