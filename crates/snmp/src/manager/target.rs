//! What is known of one address: who waits for it, and what it has taught.

use super::v3::Engine;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::time::Duration;

/// The repetitions a walk starts with.
const FIRST_REPETITIONS: u32 = 10;
/// More rows than this in one answer gain nothing.
const MOST_REPETITIONS: u32 = 128;

/// One address. Kept while somebody waits for it or something has been learnt. Small, because a sweep has thousands.
#[derive(Debug, Default)]
pub(super) struct Target {
    /// Tickets at work.
    pub(super) active: SmallVec<[u64; 2]>,
    /// Who is asking for the engine's id.
    pub(super) discoverer: Option<u64>,
    /// Nothing, until there is more to it than a question on its way.
    known: Option<Box<Known>>,
}

/// An address that has answered, or that more than one has to do with.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Tickets that wait for their turn.
    pub(super) waiting: VecDeque<u64>,
    /// Tickets that wait for the engine's id.
    pub(super) parked: Vec<u64>,
    pub(super) habits: Habits,
    pub(super) engine: Option<Engine>,
}

impl Target {
    /// True if nothing is lost by forgetting it.
    pub(super) fn is_blank(&self) -> bool {
        self.active.is_empty() && self.is_strange()
    }

    /// True if nothing is known of it.
    pub(super) fn is_strange(&self) -> bool {
        self.known.as_ref().is_none_or(|known| known.is_blank())
    }

    pub(super) fn known(&mut self) -> &mut Known {
        self.known.get_or_insert_default()
    }

    /// What is known, if anything is.
    pub(super) fn if_known(&mut self) -> Option<&mut Known> {
        self.known.as_deref_mut()
    }

    pub(super) fn knows_engine(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.engine.is_some())
    }

    pub(super) fn habits(&self) -> Habits {
        self.known.as_ref().map_or_else(Habits::default, |known| known.habits)
    }
}

impl Known {
    fn is_blank(&self) -> bool {
        let alone = self.waiting.is_empty() && self.parked.is_empty();
        alone && self.engine.is_none() && self.habits == Habits::default()
    }
}

/// How much a device bears in one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habits {
    /// Names in one Get.
    pub(crate) batch: usize,
    /// Rows to ask for in one GETBULK.
    pub(crate) repetitions: u32,
    /// Rows beyond which it has failed.
    pub(crate) ceiling: u32,
    /// GETBULK does not work.
    pub(crate) bulk_broken: bool,
    /// A GETBULK was answered with rows.
    pub(crate) bulk_proven: bool,
    /// How long the last answer took.
    pub(crate) took: Option<Duration>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            batch: usize::MAX,
            repetitions: FIRST_REPETITIONS,
            ceiling: MOST_REPETITIONS,
            bulk_broken: false,
            bulk_proven: false,
            took: None,
        }
    }
}

impl Habits {
    /// All rows came: dares more next time, as far as they would fit.
    pub(crate) fn grow(&mut self, asked: u32, size: usize, room: usize) {
        let each = size / usize::try_from(asked).unwrap_or(1).max(1);
        let fitting = u32::try_from(room / each.max(1)).unwrap_or(u32::MAX).max(1);
        let wanted = asked.saturating_mul(2).min(fitting).min(self.ceiling).max(1);
        self.repetitions = self.repetitions.min(self.ceiling).max(wanted);
        if asked > fitting {
            self.repetitions = fitting;
        }
    }

    /// The rows that it bears, if it does not bear all.
    pub(crate) fn taught(&self) -> Option<u32> {
        (self.ceiling < MOST_REPETITIONS).then_some(self.ceiling)
    }

    /// How long a first GETBULK is waited for, before GETNEXT shows whether the device is there. Many an agent never answers
    /// GETBULK: one that has just answered something else need not be waited for as if it might be switched off. A slow
    /// one loses nothing but datagrams: its GETBULK is tried again before it counts as broken.
    pub(super) fn patience(&self, timeout: Duration) -> Option<Duration> {
        let took = self.took.filter(|_| !self.bulk_proven)?;
        Some((timeout / 4).max(took.saturating_mul(4)).min(timeout))
    }

    /// This many rows is the most.
    pub(crate) fn shrink(&mut self, rows: u32) {
        self.ceiling = rows.max(1);
        self.repetitions = self.repetitions.min(self.ceiling);
    }
}
