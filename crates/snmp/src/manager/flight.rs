//! One exchange: a PDU on its way, the tries it has had and what came of them.

use crate::message::{ErrorStatus, Pdu, PduKind, VarBinds};
use crate::oid::Oid;
use crate::quirk::Quirks;
use crate::request::Failure;
use crate::value::VarBind;
use smallvec::SmallVec;
use std::time::{Duration, Instant};

/// A PDU to be asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) kind: PduKind,
    pub(crate) non_repeaters: u32,
    pub(crate) max_repetitions: u32,
    pub(crate) names: Vec<Oid>,
}

/// The answer to a [`Question`], as it lies in the datagram.
#[derive(Debug, Clone)]
pub(crate) struct Incoming<'a> {
    pub(crate) status: ErrorStatus,
    /// Counted from 1.
    pub(crate) index: u32,
    pub(crate) varbinds: VarBinds<'a>,
    /// Octets of the datagram.
    pub(crate) size: usize,
}

/// The answer to a [`Question`], read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: ErrorStatus,
    /// Counted from 1.
    pub(crate) index: u32,
    pub(crate) varbinds: Vec<VarBind>,
    /// Octets of the datagram.
    pub(crate) size: usize,
}

/// Octets of a binding, rather too few: room for an answer is made once.
const TYPICAL_BINDING: usize = 24;

/// What comes after an answer or a failure.
#[derive(Debug)]
pub(crate) enum Next {
    Ask(Question),
    Done,
    Fail(Failure),
}

/// What a piece of work may know about the way to the device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    /// GETBULK exists (not in v1).
    pub(crate) bulk: bool,
    /// Octets for variable bindings in one message.
    pub(crate) room: usize,
}

impl Question {
    pub(crate) fn new(kind: PduKind, names: Vec<Oid>) -> Self {
        Self { kind, non_repeaters: 0, max_repetitions: 0, names }
    }
}

impl<'a> Incoming<'a> {
    pub(super) fn new(pdu: &Pdu<'a>, size: usize) -> Self {
        Self { status: pdu.error_status, index: pdu.error_index, varbinds: pdu.varbinds(), size }
    }

    /// All bindings, each with octets of its own.
    pub(super) fn read(self, quirks: &mut Quirks) -> Reply {
        let Self { status, index, varbinds: lying, size } = self;
        let mut varbinds = Vec::with_capacity(size / TYPICAL_BINDING);
        varbinds.extend(lying.map(|varbind| {
            quirks.merge(varbind.quirks);
            varbind.to_varbind()
        }));
        Reply { status, index, varbinds, size }
    }
}

/// What the next datagram of a flight is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The question itself.
    Ask,
    /// Asking a v3 engine for its id.
    Discover,
    /// Another flight is asking that; this one waits for it.
    Parked,
}

#[derive(Debug)]
pub(super) struct Flight {
    pub(super) question: Question,
    pub(super) stage: Stage,
    /// The id of each try; all stay valid until the flight has landed.
    pub(super) ids: SmallVec<[i32; 3]>,
    /// Reports count only for `ids` from here on: those before belong to a state that has been left.
    pub(super) current: usize,
    /// Datagrams since the last change of state.
    pub(super) tries: u32,
    pub(super) deadline: Option<Instant>,
    /// It is waited for so long and not asked again: what comes next is another question.
    pub(super) patience: Option<Duration>,
    /// When the first datagram left.
    pub(super) since: Option<Instant>,
    /// A v1 or v2c message is encoded once; each try patches its id in.
    pub(super) encoded: Vec<u8>,
    pub(super) id_at: usize,
    /// What came instead of an answer: told if nothing better comes.
    pub(super) trouble: Option<Box<Failure>>,
    /// The v3 engine has told something of itself in this exchange.
    pub(super) engine_spoke: bool,
    /// How often discovery or resynchronisation started over.
    pub(super) restarts: u32,
    /// How often the other key extension was turned to.
    pub(super) switched: u32,
}

impl Flight {
    pub(super) fn new(question: Question) -> Self {
        Self {
            question,
            stage: Stage::Ask,
            ids: SmallVec::new(),
            current: 0,
            tries: 0,
            deadline: None,
            patience: None,
            since: None,
            encoded: Vec::new(),
            id_at: 0,
            trouble: None,
            engine_spoke: false,
            restarts: 0,
            switched: 0,
        }
    }

    /// Starts over with the same question in another state of the engine.
    pub(super) fn restart(&mut self) {
        self.stage = Stage::Ask;
        self.current = self.ids.len();
        self.tries = 0;
    }

    /// True if a report to this id is about the current state.
    pub(super) fn is_current(&self, id: i32) -> bool {
        self.ids.get(self.current..).is_some_and(|ids| ids.contains(&id))
    }
}
