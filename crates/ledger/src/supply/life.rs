//! The life of one cartridge: the moments at which its shown level went down.
//!
//! A device that shows steps of ten percent says nothing between two steps, and exactly one thing at each: the true level
//! has just crossed an edge. Only these moments are kept, as work done by then and level, and the wear is the median of
//! the slopes between them. Between steps the level goes on falling along that slope, within the step that is shown.
//!
//! ```text
//!   shown      true
//!  100 ┬────────┐╲            edge 1: the step is rounded down, as on most devices
//!   90 ┼        └──╲───┐      edge 0: it is rounded up
//!   80 ┼            ╲  └────  edge ½: to the nearest
//!      └──────────────────► work
//! ```

use super::habits::Habits;
use crate::Time;
use crate::robust::{median, slope};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

const MARKS: usize = 32;
/// How far one cartridge of a slot wears differently from the next, as a share.
const BETWEEN_CARTRIDGES: f64 = 0.12;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Life {
    /// When it was put in and the work by then, if that was seen.
    begun: Option<(Time, Option<f64>)>,
    /// Work and shown level at the first reading.
    first: Option<(f64, f64)>,
    /// The lowest level shown.
    low: Option<f64>,
    /// Work at the last reading.
    work: f64,
    marks: VecDeque<Mark>,
}

/// The shown level went down.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Mark {
    work: f64,
    from: f64,
    to: f64,
}

/// What is left and how fast it goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// Percent left and its standard deviation.
    pub(crate) left: f64,
    pub(crate) left_deviates: f64,
    /// Percent a unit of work, and its standard deviation as a share of it.
    pub(crate) wear: f64,
    pub(crate) wear_varies: f64,
}

impl Life {
    pub(super) fn begin(&mut self, at: Time, work: Option<f64>) {
        *self = Self { begun: Some((at, work)), ..Self::default() };
    }

    pub(super) fn begun(&self) -> Option<(Time, Option<f64>)> {
        self.begun
    }

    pub(super) fn add(&mut self, work: Option<f64>, left: f64) {
        let Some(work) = work else { return };
        match self.low {
            None => {
                self.first = Some((work, left));
                self.low = Some(left);
            }
            Some(low) if left < low => {
                // It went down somewhere since the last reading.
                self.marks.push_back(Mark { work: (self.work + work) / 2.0, from: low, to: left });
                self.low = Some(left);
                if self.marks.len() > MARKS {
                    self.marks.pop_front();
                }
            }
            Some(_) => {}
        }
        self.work = work;
    }

    /// In how large steps the level is shown, once two were seen.
    pub(super) fn step(&self) -> Option<f64> {
        let mut steps: Vec<f64> = self.marks.iter().map(|mark| mark.from - mark.to).collect();
        if steps.len() < 2 { None } else { median(&mut steps) }
    }

    /// Work and true level at each moment that tells: put in full, and each step down.
    fn points(&self, step: f64, edge: f64) -> Vec<(f64, f64)> {
        let full = self.first.filter(|(_, left)| self.begun.is_some() && *left >= 95.0).map(|(work, _)| (work, 100.0));
        let all_kept = self.marks.len() < MARKS;
        let marks = self.marks.iter().map(|mark| (mark.work, mark.to + edge * step));
        full.into_iter().filter(|_| all_kept).chain(marks).collect()
    }

    /// Percent a unit of work by this life alone, and over how many percent it was seen.
    pub(super) fn wear(&self, step: f64, edge: f64) -> Option<(f64, f64)> {
        let points = self.points(step, edge);
        let span = points.first()?.1 - points.last()?.1;
        let wear = -slope(&points)?;
        (wear > 0.0 && span > 0.0).then_some((wear, span))
    }

    /// Where in a step the display changes, by the work from a full cartridge to its first step down.
    pub(super) fn edge(&self, step: f64) -> Option<f64> {
        let full = *self.points(step, 0.0).first().filter(|(_, left)| *left >= 100.0)?;
        let first = self.marks.front()?;
        let steps: Vec<(f64, f64)> = self.marks.iter().map(|mark| (mark.work, mark.to)).collect();
        let wear = -slope(&steps)?;
        let level = 100.0 + wear * (full.0 - first.work);
        Some(((level - first.to) / step).clamp(0.0, 1.0))
    }

    /// When `work` has been done in all. `None` as long as neither this life nor those before it tell the wear.
    pub(super) fn standing(&self, work: f64, habits: &Habits) -> Option<Standing> {
        let step = self.step().or(habits.step).unwrap_or(1.0);
        let (edge, edge_deviates) = habits.edge();
        let own = self.wear(step, edge).map(|(wear, span)| (wear, square(0.4 * step / span) + square(0.05)));
        let before = habits.wear().map(|wear| (wear, square(BETWEEN_CARTRIDGES)));
        let (wear, variance) = match (own, before) {
            (Some((own, a)), Some((before, b))) => ((own * b + before * a) / (a + b), a * b / (a + b)),
            (own, before) => own.or(before)?,
        };
        if variance > square(0.5) {
            return None;
        }
        let wear_varies = variance.sqrt();
        let low = self.low?;
        let (floor, ceiling) = (low - (1.0 - edge) * step, low + edge * step);
        let (at, level, deviates) = match (self.marks.back(), self.points(step, edge).first()) {
            (Some(mark), _) => (mark.work, ceiling, edge_deviates * step),
            (None, Some((work, level))) => (*work, *level, 0.0),
            // Seen for the first time in the middle of a step.
            (None, None) => (work, (floor + ceiling) / 2.0, step * 0.29),
        };
        let since = wear * (work - at).max(0.0);
        let left = (level - since).clamp(floor, ceiling.max(level)).max(0.0);
        let left_deviates = (deviates + wear_varies * since).min(0.4 * step.max(1.0));
        Some(Standing { left, left_deviates, wear, wear_varies })
    }
}

fn square(x: f64) -> f64 {
    x * x
}
