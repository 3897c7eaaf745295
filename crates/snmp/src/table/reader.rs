//! Reading columns side by side: which question comes after which answer.
//!
//! Each question asks for the successors of as many columns as it has room for, so a short table costs about its octets
//! divided by a datagram. Every column goes on from its own last row: holes need no thought, and an answer that is cut
//! short anywhere loses nothing. A column ends with the first name outside of it.
//!
//! Places tell which column a binding belongs to, and a device may lose places. A name that lies within another column
//! and is not the first there cannot be what follows; it and the rest of the answer are not used, and from there on
//! each column is asked alone.

use super::{Columns, Table};
use crate::ber::{Fault, FaultKind};
use crate::manager::flight::{Next, Question, Reply, Way};
use crate::manager::target::Habits;
use crate::message::{ErrorStatus, PduKind};
use crate::oid::Oid;
use crate::quirk::{Quirk, Quirks};
use crate::request::Failure;
use crate::table::Row;
use crate::value::{Binding, VarBind};
use crate::walk::WalkEnd;

/// Octets of a binding beside its name, before any was seen: headers, the index and a usual value.
const BINDING_ROOM: usize = 28;
/// The same in a question, where the value is NULL.
const NULL_ROOM: usize = 6;
/// The repetitions of the first question; they double with every answer that brings them all.
const FIRST_REPETITIONS: usize = 10;
const MOST_REPETITIONS: usize = 128;
/// Bindings that any device bears which knows GETBULK.
const SMALL: usize = 10;

#[derive(Debug)]
pub(crate) struct Reader {
    columns: Vec<Column>,
    max_rows: usize,
    end: WalkEnd,
    /// Columns in the question on its way, as indices, and its repetitions; 0 is GETNEXT.
    asked: Vec<usize>,
    repetitions: usize,
    reach: usize,
    /// Most columns in one question.
    width: usize,
    /// A column to be asked alone next.
    alone: Option<usize>,
    /// The next GETBULK is a small one, to learn whether the device knows it at all.
    small: bool,
    /// Octets of a binding in the last answer.
    each: usize,
    suspect: Option<Suspect>,
    /// Bindings that the device bears in one answer, as far as that is known; 0 is no GETBULK.
    bears: Option<u32>,
}

#[derive(Debug)]
struct Column {
    root: Oid,
    /// The last name read.
    at: Oid,
    rows: Vec<VarBind>,
    open: bool,
}

/// A GETBULK has failed.
#[derive(Debug)]
struct Suspect {
    /// So many bindings by GETNEXT will show that GETBULK is at fault.
    left: usize,
    /// It was not answered at all, rather than with an error: one column is asked, to hear whether anybody is there.
    silent: bool,
    /// Only its size is at fault, until a small one has failed too.
    large: bool,
}

impl Reader {
    pub(crate) fn new(ask: Columns) -> Self {
        let columns = ask.columns.into_iter();
        Self {
            columns: columns.map(|root| Column { at: root.clone(), root, rows: Vec::new(), open: true }).collect(),
            max_rows: ask.max_rows,
            end: WalkEnd::Complete,
            asked: Vec::new(),
            repetitions: 0,
            reach: FIRST_REPETITIONS,
            width: usize::MAX,
            alone: None,
            small: false,
            each: 0,
            suspect: None,
            bears: ask.bears,
        }
    }

    /// True if there is nothing to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    pub(crate) fn begin(&mut self, habits: &Habits, way: Way) -> Next {
        self.ask(habits, way)
    }

    pub(crate) fn on_reply(&mut self, reply: Reply, habits: &mut Habits, way: Way, quirks: &mut Quirks) -> Next {
        let bulk = self.repetitions > 0;
        let failure = Failure::Agent { status: reply.status, index: reply.index };
        match reply.status {
            ErrorStatus::NO_ERROR => self.take(reply, habits, quirks),
            // The first column that has no successor at all. The index may be wrong, so that one is asked alone.
            ErrorStatus::NO_SUCH_NAME if self.asked.len() == 1 => self.close_first(),
            ErrorStatus::NO_SUCH_NAME if !bulk => {
                let culprit = usize::try_from(reply.index).ok().and_then(|index| index.checked_sub(1));
                match culprit.and_then(|at| self.asked.get(at)) {
                    Some(column) => self.alone = Some(*column),
                    None => self.narrow(),
                }
            }
            ErrorStatus::TOO_BIG if bulk && self.bindings() > 1 => habits.shrink(self.bindings_u32() / 2),
            _ if bulk => self.suspect = Some(Suspect { left: self.bindings(), silent: false, large: false }),
            _ if self.asked.len() > 1 => self.narrow(),
            _ => self.stumble(failure),
        }
        self.ask(habits, way)
    }

    pub(crate) fn on_failure(&mut self, failure: Failure, habits: &mut Habits, way: Way) -> Next {
        if !failure.is_silence() && !matches!(failure, Failure::Garbled(_)) {
            return Next::Fail(failure);
        }
        let answers = self.columns.iter().any(|column| !column.rows.is_empty());
        let large = self.bindings() > SMALL;
        if self.repetitions > 0 && answers && large {
            habits.shrink(SMALL as u32);
        } else if self.repetitions > 0 {
            self.suspect = Some(Suspect { left: 1, silent: true, large });
        } else if self.asked.len() > 1 && answers {
            self.narrow();
        } else {
            return Next::Fail(failure);
        }
        self.ask(habits, way)
    }

    /// What the device bears in one answer; see [`Table::bears`].
    pub(crate) fn bears(&self) -> Option<u32> {
        self.bears
    }

    /// The rows, and how it ended.
    pub(crate) fn finish(self, failure: Option<Failure>) -> (Vec<Row>, WalkEnd) {
        let open = self.columns.iter().find(|column| column.open).map(|column| column.at.clone());
        let end = match failure {
            Some(why) => WalkEnd::Failed { at: open.unwrap_or_else(|| crate::oid!("1.3").to_oid()), why },
            None => self.end,
        };
        (Table::join(self.columns.into_iter().map(|column| (column.root, column.rows))), end)
    }

    fn ask(&mut self, habits: &Habits, way: Way) -> Next {
        let taught = if habits.bulk_broken { Some(0) } else { habits.taught() };
        self.bears = self.bears.into_iter().chain(taught).min();
        let bulk = way.bulk && self.bears != Some(0) && self.suspect.is_none();
        let ceiling = self.bears.map_or(habits.ceiling as usize, |most| most as usize).max(1);
        let ceiling = if self.small { ceiling.min(SMALL) } else { ceiling };
        let most = match &self.suspect {
            Some(Suspect { silent: true, .. }) => 1,
            _ if bulk => self.width.min(ceiling),
            _ => self.width,
        };
        let alone = self.alone.take();
        let (mut asked, mut names, mut octets) = (Vec::new(), Vec::new(), 0);
        for (at, column) in self.columns.iter().enumerate() {
            if !column.open || alone.is_some_and(|alone| alone != at) {
                continue;
            }
            let name = column.at.octets().len();
            let needed = if self.each == 0 { name + BINDING_ROOM } else { self.each.max(name + NULL_ROOM) };
            if !names.is_empty() && (names.len() >= most || octets + needed > way.room) {
                break;
            }
            octets += needed;
            asked.push(at);
            names.push(column.at.clone());
        }
        if names.is_empty() {
            return Next::Done;
        }
        self.asked = asked;
        self.repetitions = if bulk { self.repetitions_for(octets, ceiling, way) } else { 0 };
        let mut question = Question::new(if bulk { PduKind::GetBulk } else { PduKind::GetNext }, names);
        question.max_repetitions = u32::try_from(self.repetitions).unwrap_or(u32::MAX);
        Next::Ask(question)
    }

    /// As many rows as fit, as the device has shown to bear, and as there can be.
    fn repetitions_for(&self, octets: usize, ceiling: usize, way: Way) -> usize {
        let fitting = (way.room / octets.max(1)).min(ceiling / self.asked.len().max(1));
        let columns = self.asked.iter().filter_map(|at| self.columns.get(*at));
        let read = columns.map(|column| column.rows.len()).min().unwrap_or(0);
        // One row more than there can be tells the end of a column.
        let ended = self.columns.iter().filter(|column| !column.open).map(|column| column.rows.len()).max();
        let rows = ended.filter(|rows| *rows >= read).unwrap_or(usize::MAX).min(self.max_rows);
        let left = rows.saturating_sub(read).saturating_add(1);
        fitting.min(self.reach).min(left).max(1)
    }

    fn take(&mut self, reply: Reply, habits: &mut Habits, quirks: &mut Quirks) {
        let expected = self.bindings();
        let came = reply.varbinds.len().min(expected);
        // Without a binding for each column nobody knows which are missing.
        let whole = came >= self.asked.len();
        let (mut moved, mut misplaced) = (0, false);
        let asked = self.asked.clone();
        // What the answer says comes first in each column, to tell what stands in another one's place.
        let firsts: Vec<Oid> = reply.varbinds.iter().take(asked.len()).map(|varbind| varbind.oid.clone()).collect();
        for (varbind, at) in reply.varbinds.into_iter().take(expected).zip(asked.iter().cycle()) {
            misplaced = self.is_misplaced(*at, &varbind.oid, &firsts);
            if varbind.oid.as_ref().is_empty() || misplaced {
                break;
            }
            let Some(column) = self.columns.get_mut(*at) else { continue };
            moved += usize::from(column.open && column.take(varbind, whole, self.max_rows, &mut self.end));
        }
        if misplaced {
            quirks.note(Quirk::OtherName);
            self.width = 1;
        } else if moved == 0 {
            match (self.repetitions > 0, expected) {
                (true, 0 | 1) => self.suspect = Some(Suspect { left: 1, silent: false, large: false }),
                (true, _) => habits.shrink(self.bindings_u32() / 2),
                (false, 0 | 1) => {
                    self.stumble(Failure::Garbled(Fault { kind: FaultKind::Truncated, offset: 0 }));
                }
                (false, _) => self.narrow(),
            }
        } else if self.repetitions > 0 {
            habits.bulk_proven = true;
            self.small = false;
            self.each = reply.size / came.max(1);
            if came == expected && self.repetitions == self.reach {
                self.reach = (self.reach * 2).min(MOST_REPETITIONS);
            }
        } else {
            self.acquit_or_convict(moved, habits, quirks);
        }
    }

    /// True for a name that cannot stand in the place of this column: what follows a column may lie within another one,
    /// but then it is the first name there.
    fn is_misplaced(&self, at: usize, name: &Oid, firsts: &[Oid]) -> bool {
        let open = self.columns.get(at).is_some_and(|column| column.open);
        let mut columns = self.columns.iter().enumerate();
        let other = columns.find(|(other, column)| *other != at && name.starts_with(column.root.as_ref()));
        let Some((other, column)) = other.filter(|_| open && self.asked.len() > 1) else { return false };
        let first = column.rows.first().map(|row| &row.oid).or_else(|| {
            let place = self.asked.iter().position(|asked| *asked == other)?;
            firsts.get(place)
        });
        first.is_some_and(|first| first != name)
    }

    /// GETNEXT works where GETBULK did not.
    fn acquit_or_convict(&mut self, bindings: usize, habits: &mut Habits, quirks: &mut Quirks) {
        let Some(suspect) = &mut self.suspect else { return };
        suspect.left = suspect.left.saturating_sub(bindings);
        if suspect.left > 0 {
            return;
        }
        if suspect.large && habits.bulk_proven {
            habits.shrink(SMALL as u32);
        } else if suspect.large {
            self.small = true;
        } else {
            quirks.note(Quirk::BulkBroken);
            habits.bulk_broken = true;
        }
        self.suspect = None;
    }

    /// The device refuses to go on in the one column that was asked.
    fn stumble(&mut self, why: Failure) {
        if let Some(column) = self.asked.first().and_then(|at| self.columns.get(*at))
            && self.end == WalkEnd::Complete
        {
            self.end = WalkEnd::Failed { at: column.at.clone(), why };
        }
        self.close_first();
        self.suspect = None;
        self.width = usize::MAX;
    }

    fn close_first(&mut self) {
        if let Some(column) = self.asked.first().and_then(|at| self.columns.get_mut(*at)) {
            column.open = false;
        }
    }

    fn narrow(&mut self) {
        self.width = (self.asked.len() / 2).max(1);
    }

    fn bindings(&self) -> usize {
        self.asked.len() * self.repetitions.max(1)
    }

    fn bindings_u32(&self) -> u32 {
        u32::try_from(self.bindings()).unwrap_or(u32::MAX)
    }
}

impl Column {
    /// Takes in what stands in this column's place; false if that says nothing.
    fn take(&mut self, varbind: VarBind, whole: bool, max_rows: usize, end: &mut WalkEnd) -> bool {
        let absent = matches!(varbind.binding, Binding::EndOfMibView | Binding::NoSuchObject | Binding::NoSuchInstance);
        let within = varbind.oid.starts_with(self.root.as_ref());
        let ended = if absent || (!within && varbind.oid > self.at) {
            if !whole && varbind.oid != self.at {
                return false;
            }
            WalkEnd::Complete
        } else if varbind.oid <= self.at {
            let seen = varbind.oid == self.at || self.rows.binary_search_by(|row| row.oid.cmp(&varbind.oid)).is_ok();
            let at = varbind.oid;
            if seen { WalkEnd::Loop { at } } else { WalkEnd::Backward { at } }
        } else if self.rows.len() >= max_rows {
            WalkEnd::RowLimit
        } else {
            self.at = varbind.oid.clone();
            self.rows.push(varbind);
            return true;
        };
        self.open = false;
        if *end == WalkEnd::Complete {
            *end = ended;
        }
        true
    }
}
