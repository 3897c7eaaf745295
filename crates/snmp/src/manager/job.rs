//! One ticket's work: who asks whom for what, and what it has come to.

use super::Outcome;
use super::flight::Flight;
use super::get::{Batches, Bulk};
use super::planner::Planner;
use super::turns::Turns;
use crate::credentials::Credentials;
use crate::message::Version;
use crate::plan::Planned;
use crate::quirk::Quirks;
use crate::request::{Failure, Response};
use crate::table::{Reader, Table};
use crate::walk::{Walked, Walker};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One ticket's work.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) to: SocketAddr,
    pub(super) who: Credentials,
    /// Others who ask in turn until one of them is answered.
    pub(super) turns: Option<Turns>,
    pub(super) work: Work,
    pub(super) flight: Option<Flight>,
    /// It has an entry in `ready`.
    pub(super) queued: bool,
    pub(super) first_sent: Option<Instant>,
    pub(super) sent: u32,
    pub(super) quirks: Quirks,
}

#[derive(Debug)]
pub(super) enum Work {
    Batches(Box<Batches>),
    Bulk(Box<Bulk>),
    Walk(Box<Walker>),
    Table(Box<Reader>),
    Plan(Box<Planner>),
}

/// What is told of a job besides what it brought.
#[derive(Default)]
pub(super) struct Summary {
    pub(super) quirks: Quirks,
    pub(super) took: Duration,
    pub(super) sent: u32,
    pub(super) who: usize,
}

impl Job {
    pub(super) fn new(to: SocketAddr, who: Credentials, work: Work) -> Self {
        Self {
            to,
            who,
            turns: None,
            work,
            flight: None,
            queued: false,
            first_sent: None,
            sent: 0,
            quirks: Quirks::NONE,
        }
    }

    /// How many take turns at present.
    pub(super) fn in_turn(&self) -> u32 {
        self.turns.as_ref().map_or(1, Turns::in_turn)
    }

    /// The version that the try with this id was asked in.
    pub(super) fn asked_in(&self, id: i32) -> Version {
        let turn = self.turns.as_ref().and_then(|turns| turns.next(self.place(id)?));
        turn.unwrap_or(&self.who).version()
    }

    /// The try with this id was answered: whoever's turn it was asks from here on.
    pub(super) fn settle(&mut self, id: i32) {
        let place = self.place(id);
        if let (Some(turns), Some(place)) = (&mut self.turns, place)
            && let Some(winner) = turns.settle(place)
        {
            self.who = winner;
        }
    }

    pub(super) fn place(&self, id: i32) -> Option<usize> {
        self.flight.as_ref()?.ids.iter().position(|known| *known == id)
    }
}

pub(super) const NO_NAMES: Failure = Failure::BadRequest("no names");

impl Work {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Batches(batches) => batches.is_empty(),
            Self::Bulk(bulk) => bulk.question.names.is_empty(),
            Self::Walk(walker) => walker.is_empty(),
            Self::Table(reader) => reader.is_empty(),
            Self::Plan(planner) => planner.is_empty(),
        }
    }

    /// True if it finds out by itself whether an unanswered GETBULK was too large, broken or lost.
    pub(super) fn doubts_bulk(&self) -> bool {
        matches!(self, Self::Table(_) | Self::Plan(_))
    }

    pub(super) fn outcome(self, failure: Option<Failure>, summary: Summary) -> Outcome {
        let Summary { mut quirks, took, sent, who } = summary;
        let varbinds = match (failure, self) {
            (failure, Self::Walk(walker)) => {
                let (varbinds, end) = walker.finish(failure);
                return Outcome::Walked(Walked { varbinds, end, quirks, took, sent });
            }
            (failure, Self::Table(reader)) => {
                let bears = reader.bears();
                let (rows, end) = reader.finish(failure);
                return Outcome::Table(Table { rows, end, quirks, took, sent, bears });
            }
            (failure, Self::Plan(planner)) => {
                let (values, rows, end) = planner.finish(failure, &mut quirks);
                return Outcome::Planned(Planned { values, rows, end, quirks, took, sent });
            }
            (Some(failure), _) => Err(failure),
            (None, Self::Batches(batches)) => batches.finish(&mut quirks),
            (None, Self::Bulk(bulk)) => Ok(bulk.varbinds),
        };
        Outcome::Answer(varbinds.map(|varbinds| Response { varbinds, quirks, took, sent, who }))
    }
}
