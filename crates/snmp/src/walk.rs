//! Walking a subtree: the question after each answer, until the subtree ends or the device stops making sense.
//!
//! Names must rise strictly; the first that does not ends its subtree. GETBULK asks for as many rows as the device has
//! shown to bear and gives way to GETNEXT where it fails and GETNEXT does not.

use crate::ber::{Fault, FaultKind};
use crate::list::VarBindList;
use crate::manager::flight::{Incoming, Next, Question, Way};
use crate::manager::target::Habits;
use crate::message::{ErrorStatus, PduKind};
use crate::oid::{Oid, OidRef};
use crate::quirk::{Quirk, Quirks};
use crate::request::Failure;
use crate::value::BindingRef;
use core::cmp::Ordering;
use core::time::Duration;

/// Subtrees to be read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// The subtrees, walked one after another.
    pub roots: Vec<Oid>,
    /// Rows after which it ends with [`WalkEnd::RowLimit`], all roots together.
    pub max_rows: usize,
    /// Rows asked for in one GETBULK, fewer where the device has failed at so many; `None` learns from the device, 0 uses
    /// GETNEXT.
    pub max_repetitions: Option<u32>,
}

impl Walk {
    /// Everything below one name; at most 100,000 rows.
    pub fn new(root: impl Into<Oid>) -> Self {
        Self::of([root])
    }

    /// Everything below several names.
    pub fn of(roots: impl IntoIterator<Item = impl Into<Oid>>) -> Self {
        Self { roots: roots.into_iter().map(Into::into).collect(), max_rows: 100_000, max_repetitions: None }
    }
}

/// What a walk brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// The rows in the order they came, whatever the end.
    pub varbinds: VarBindList,
    /// How it ended. With several roots the first that did not end well; one that loops, goes backward or is answered
    /// with an error does not keep the next from being walked.
    pub end: WalkEnd,
    /// What was forgiven.
    pub quirks: Quirks,
    /// From the first transmission to the end.
    pub took: Duration,
    /// How many datagrams were sent.
    pub sent: u32,
}

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WalkEnd {
    /// Every subtree was read to its end.
    Complete,
    /// The device gave a row again.
    Loop {
        /// That row's name.
        at: Oid,
    },
    /// The device gave a name below the last one.
    Backward {
        /// That name.
        at: Oid,
    },
    /// [`Walk::max_rows`] were read and there may be more.
    RowLimit,
    /// The device stopped answering, or answered with an error.
    Failed {
        /// The last name that was read, or the root.
        at: Oid,
        /// What happened.
        why: Failure,
    },
}

/// A walk on its way.
#[derive(Debug)]
pub(crate) struct Walker {
    walk: Walk,
    root: usize,
    /// The last name read.
    at: Oid,
    /// Rows of the current root start here.
    start: usize,
    varbinds: VarBindList,
    end: WalkEnd,
    /// The repetitions of the question on its way; 0 is GETNEXT.
    asked: u32,
    /// GETBULK has failed; after so many rows by GETNEXT it counts as broken.
    suspect: Option<u32>,
    /// Silences in a row.
    silences: u32,
}

impl Walker {
    pub(crate) fn new(walk: Walk) -> Self {
        let at = walk.roots.first().cloned().unwrap_or_else(|| crate::oid!("1.3").to_oid());
        Self {
            walk,
            root: 0,
            at,
            start: 0,
            varbinds: VarBindList::default(),
            end: WalkEnd::Complete,
            asked: 0,
            suspect: None,
            silences: 0,
        }
    }

    /// True if there is nothing to walk.
    pub(crate) fn is_empty(&self) -> bool {
        self.walk.roots.is_empty()
    }

    pub(crate) fn begin(&mut self, habits: &Habits, way: Way) -> Next {
        self.ask(habits, way)
    }

    pub(crate) fn on_reply(&mut self, reply: Incoming<'_>, habits: &mut Habits, way: Way, quirks: &mut Quirks) -> Next {
        self.silences = 0;
        let failure = Failure::Agent { status: reply.status, index: reply.index };
        match reply.status {
            ErrorStatus::NO_ERROR => self.take(reply, habits, way, quirks),
            ErrorStatus::NO_SUCH_NAME => self.leave(habits, way),
            ErrorStatus::TOO_BIG if self.asked > 1 => {
                habits.shrink(self.asked / 2);
                self.ask(habits, way)
            }
            _ if self.asked > 0 => {
                self.suspect = Some(self.asked);
                self.ask(habits, way)
            }
            _ => self.stumble(failure, habits, way),
        }
    }

    pub(crate) fn on_failure(&mut self, failure: Failure, habits: &mut Habits, way: Way) -> Next {
        if self.asked == 0 || !(failure.is_silence() || matches!(failure, Failure::Garbled(_))) {
            return Next::Fail(failure);
        }
        self.silences += 1;
        if self.silences == 1 && self.asked > 1 && !self.varbinds.is_empty() {
            // It has answered smaller ones.
            habits.shrink((self.asked / 2).min(Habits::default().repetitions));
        } else {
            self.suspect = Some(1);
        }
        self.ask(habits, way)
    }

    /// The rows, and how it ended.
    pub(crate) fn finish(self, failure: Option<Failure>) -> (VarBindList, WalkEnd) {
        let end = match failure {
            Some(why) => WalkEnd::Failed { at: self.at, why },
            None => self.end,
        };
        (self.varbinds, end)
    }

    fn ask(&mut self, habits: &Habits, way: Way) -> Next {
        let left = u32::try_from(self.walk.max_rows.saturating_sub(self.varbinds.len())).unwrap_or(u32::MAX);
        // One more row than allowed tells a full walk from one that was cut.
        let most = habits.ceiling.min(left.saturating_add(1));
        let wanted = self.walk.max_repetitions.unwrap_or(habits.repetitions);
        let bulk = way.bulk && !habits.bulk_broken && self.suspect.is_none();
        self.asked = if bulk { wanted.min(most) } else { 0 };
        let kind = if self.asked > 0 { PduKind::GetBulk } else { PduKind::GetNext };
        let mut question = Question::new(kind, vec![self.at.clone()]);
        question.max_repetitions = self.asked;
        Next::Ask(question)
    }

    fn take(&mut self, reply: Incoming<'_>, habits: &mut Habits, way: Way, quirks: &mut Quirks) -> Next {
        let expected = self.asked.max(1);
        let mut rows = 0;
        let Some(answer) = self.varbinds.take_in(reply.varbinds.octets()) else {
            self.end = WalkEnd::RowLimit;
            return Next::Done;
        };
        let at = self.at.clone();
        // The last row, and whether it lay between two subtrees.
        let (mut last, mut between) = (at.as_ref(), false);
        for varbind in reply.varbinds.take(usize::try_from(expected).unwrap_or(usize::MAX)) {
            quirks.merge(varbind.quirks);
            let name = varbind.oid;
            if name.is_empty() {
                break;
            }
            if matches!(
                varbind.binding,
                BindingRef::EndOfMibView | BindingRef::NoSuchObject | BindingRef::NoSuchInstance
            ) {
                return self.leave(habits, way);
            }
            let order = name.cmp(&last);
            if order != Ordering::Greater {
                let at = name.to_oid();
                let seen = order == Ordering::Equal || self.varbinds.has(self.start, name);
                let end = if seen { WalkEnd::Loop { at } } else { WalkEnd::Backward { at } };
                return self.stop(end, habits, way);
            }
            let (root, inside) = match self.place(name, last) {
                Some(place) => place,
                None => return self.leave(habits, way),
            };
            if root != self.root {
                self.root = root;
                self.start = self.varbinds.len();
                self.suspect = None;
            }
            rows += 1;
            (last, between) = (name, !inside);
            if between {
                continue;
            }
            if self.varbinds.len() >= self.walk.max_rows {
                self.end = WalkEnd::RowLimit;
                return Next::Done;
            }
            self.varbinds.push(answer, &varbind);
        }
        // From the last row, or from the root that comes after it.
        if rows > 0 {
            self.at = match self.walk.roots.get(self.root) {
                Some(root) if between => root.clone(),
                _ => last.to_oid(),
            };
        }
        if rows == 0 {
            if self.asked > 1 {
                habits.shrink(self.asked / 2);
            } else if self.asked == 1 {
                self.suspect = Some(1);
            } else {
                let fault = Fault { kind: FaultKind::Truncated, offset: 0 };
                return self.stumble(Failure::Garbled(fault), habits, way);
            }
            return self.ask(habits, way);
        }
        if self.asked > 0 && rows == self.asked {
            habits.grow(self.asked, reply.size, way.room);
        } else if self.asked > 0 {
            habits.shrink(rows);
        } else if let Some(left) = &mut self.suspect {
            *left = left.saturating_sub(1);
            if *left == 0 {
                quirks.note(Quirk::BulkBroken);
                habits.bulk_broken = true;
                self.suspect = None;
            }
        }
        self.ask(habits, way)
    }

    /// The root that a row after `last` has to do with, and whether it lies in its subtree or still before it; `None` if the
    /// next root must be asked for. Rows come in order and without a gap, so what follows one subtree may be the next one
    /// already.
    fn place(&self, row: OidRef<'_>, last: OidRef<'_>) -> Option<(usize, bool)> {
        let mut at = self.root;
        loop {
            let root = self.walk.roots.get(at)?;
            if row.is_below(root.as_ref()) {
                return Some((at, true));
            }
            if row <= root.as_ref() {
                return Some((at, false));
            }
            at += 1;
            // Behind what has been read already, rows are not known.
            self.walk.roots.get(at).filter(|next| next.as_ref() >= last && *next > root)?;
        }
    }

    /// The device refuses to go on in this subtree.
    fn stumble(&mut self, why: Failure, habits: &Habits, way: Way) -> Next {
        let at = self.at.clone();
        self.stop(WalkEnd::Failed { at, why }, habits, way)
    }

    fn stop(&mut self, end: WalkEnd, habits: &Habits, way: Way) -> Next {
        if self.end == WalkEnd::Complete {
            self.end = end;
        }
        self.leave(habits, way)
    }

    /// On to the next root.
    fn leave(&mut self, habits: &Habits, way: Way) -> Next {
        self.root += 1;
        let Some(root) = self.walk.roots.get(self.root) else { return Next::Done };
        self.at = root.clone();
        self.start = self.varbinds.len();
        self.suspect = None;
        self.ask(habits, way)
    }
}
