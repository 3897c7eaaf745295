//! A [`Plan`]: its names by Get, its columns by [`Reader`], and what is left of the names in one GETBULK with the first
//! columns.
//!
//! GETBULK gives successors, so a name goes into that message as the name just before it: 1.3.0 as 1.3, 1.3.7 as 1.3.6.
//! What comes back is the name itself, or a later one, which says that it is absent; or one in between, which says nothing,
//! and then it is asked by Get. Whatever else goes wrong with the shared message, names and columns are asked apart.

use super::flight::{Next, Question, Reply, Way};
use super::get::{Batches, VALUE_ROOM};
use super::target::Habits;
use crate::message::{ErrorStatus, PduKind};
use crate::oid::Oid;
use crate::plan::Plan;
use crate::quirk::Quirks;
use crate::request::Failure;
use crate::table::{Columns, Reader, Row};
use crate::value::{Binding, VarBind};
use crate::walk::WalkEnd;

#[derive(Debug)]
pub(super) struct Planner {
    batches: Batches,
    reader: Reader,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Names {
        /// The last of them may share a message with columns.
        may_share: bool,
    },
    /// In the message on its way are so many names.
    Shared(usize),
    Columns,
}

impl Planner {
    pub(super) fn new(plan: Plan) -> Self {
        let Plan { names, columns, max_rows } = plan;
        Self {
            stage: if names.is_empty() { Stage::Columns } else { Stage::Names { may_share: !columns.is_empty() } },
            batches: Batches::new(PduKind::Get, names.into()),
            reader: Reader::new(Columns { columns, max_rows, bears: None }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.reader.is_empty()
    }

    pub(super) fn begin(&mut self, habits: &Habits, way: Way) -> Next {
        match self.stage {
            Stage::Columns => self.reader.begin(habits, way),
            _ => {
                let next = self.batches.begin(habits, way);
                self.after_names(next, habits, way)
            }
        }
    }

    pub(super) fn on_reply(&mut self, reply: Reply, habits: &mut Habits, way: Way, quirks: &mut Quirks) -> Next {
        match self.stage {
            Stage::Names { .. } => {
                let next = self.batches.on_reply(reply, habits, way, quirks);
                self.after_names(next, habits, way)
            }
            Stage::Shared(names) if reply.status == ErrorStatus::NO_ERROR && reply.varbinds.len() >= names => {
                self.split(reply, names, habits, way, quirks)
            }
            Stage::Shared(_) => self.apart(habits, way),
            Stage::Columns => self.reader.on_reply(reply, habits, way, quirks),
        }
    }

    pub(super) fn on_failure(&mut self, failure: Failure, habits: &mut Habits, way: Way) -> Next {
        match self.stage {
            Stage::Names { .. } => {
                let next = self.batches.on_failure(failure, habits, way);
                self.after_names(next, habits, way)
            }
            Stage::Shared(_) if failure.is_silence() || matches!(failure, Failure::Garbled(_)) => {
                self.apart(habits, way)
            }
            Stage::Shared(_) => Next::Fail(failure),
            Stage::Columns => self.reader.on_failure(failure, habits, way),
        }
    }

    /// The values, the rows, and how the columns ended.
    pub(super) fn finish(
        self,
        failure: Option<Failure>,
        quirks: &mut Quirks,
    ) -> (Result<Vec<VarBind>, Failure>, Vec<Row>, WalkEnd) {
        let values = match &failure {
            Some(why) if self.stage != Stage::Columns => Err(why.clone()),
            _ => self.batches.finish(quirks),
        };
        let (rows, end) = self.reader.finish(failure);
        (values, rows, end)
    }

    /// What follows from the names' next question: that, or one that it shares, or the columns.
    fn after_names(&mut self, next: Next, habits: &Habits, way: Way) -> Next {
        let may_share = self.stage == Stage::Names { may_share: true };
        match next {
            Next::Ask(question) if may_share && self.batches.is_last() => {
                self.share(&question, habits, way).unwrap_or(Next::Ask(question))
            }
            Next::Done => {
                self.stage = Stage::Columns;
                if self.reader.is_empty() { Next::Done } else { self.reader.begin(habits, way) }
            }
            other => other,
        }
    }

    /// The names of a question and as many columns as there is room for beside them.
    fn share(&mut self, question: &Question, habits: &Habits, way: Way) -> Option<Next> {
        if !way.bulk || habits.bulk_broken {
            return None;
        }
        let taken: usize = question.names.iter().map(|name| name.octets().len() + VALUE_ROOM).sum();
        let room = way.room.checked_sub(taken)?;
        let mut names = question.names.iter().map(before).collect::<Option<Vec<Oid>>>()?;
        let Next::Ask(columns) = self.reader.begin(habits, Way { room, ..way }) else { return None };
        if columns.kind != PduKind::GetBulk
            || columns.names.iter().map(|name| name.octets().len()).sum::<usize>() > room
        {
            return None;
        }
        self.stage = Stage::Shared(names.len());
        let non_repeaters = u32::try_from(names.len()).ok()?;
        names.extend(columns.names);
        Some(Next::Ask(Question { non_repeaters, names, ..columns }))
    }

    fn split(&mut self, mut reply: Reply, names: usize, habits: &mut Habits, way: Way, quirks: &mut Quirks) -> Next {
        let all = reply.varbinds.len();
        let cells = reply.varbinds.split_off(names);
        self.stage = Stage::Names { may_share: false };
        self.batches.settle_successors(reply.varbinds);
        if !cells.is_empty() {
            let size = reply.size * cells.len() / all.max(1);
            // What the columns ask next is asked after the names.
            let _ = self.reader.on_reply(Reply { varbinds: cells, size, ..reply }, habits, way, quirks);
        }
        let next = self.batches.begin(habits, way);
        self.after_names(next, habits, way)
    }

    /// The shared message has failed.
    fn apart(&mut self, habits: &Habits, way: Way) -> Next {
        self.stage = Stage::Names { may_share: false };
        self.batches.settle_successors(Vec::new());
        let next = self.batches.begin(habits, way);
        self.after_names(next, habits, way)
    }
}

/// A name below which nothing can come before this one but what lies below itself.
fn before(name: &Oid) -> Option<Oid> {
    let mut arcs: Vec<u32> = name.arcs().collect();
    let last = arcs.pop()?;
    arcs.extend(last.checked_sub(1));
    Oid::from_arcs(arcs).ok()
}

/// What the successor of the name [`before`] this one says of it; `None` if nothing.
pub(super) fn found_after(asked: &Oid, successor: VarBind) -> Option<VarBind> {
    match successor.binding {
        _ if successor.oid == *asked => Some(successor),
        Binding::Malformed(_) => None,
        Binding::EndOfMibView => Some(VarBind { oid: asked.clone(), binding: Binding::NoSuchInstance }),
        _ if successor.oid > *asked => Some(VarBind { oid: asked.clone(), binding: Binding::NoSuchInstance }),
        _ => None,
    }
}
