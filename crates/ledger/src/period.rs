//! What one meter counted between two dates, and how well that is known.

use crate::{Broke, Counted, Event, Opened, Origin, Point, Text, Time};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A period with more segments or breaks than this is a case for a person.
const MOST: usize = 64;

/// Adds up the events of one meter between two dates. Hand it the events in their order, from the last reading before
/// the period to the first one after it; more does not matter.
///
/// The convention is that of meter readings everywhere: the meter stands, at a date, where the last reading at or before
/// that date saw it. So consecutive periods add up to the whole. What that leaves open is said in
/// [`Statement::at_least`] and [`Statement::at_most`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Period {
    meter: Option<Text>,
    from: Time,
    to: Time,
    segments: Vec<Segment>,
    breaks: Vec<Broke>,
    gaps: Vec<Gap>,
    /// The last reading at or before the begin.
    before: Option<Point>,
    /// A reading at or after the end was seen.
    closed: bool,
    /// Sum of the steps that lie wholly between the dates, and of those that lie there in part.
    inside: u64,
    touching: u64,
    overflown: bool,
    silence: Duration,
}

/// Readings of one origin, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Where its figures come from.
    pub origin: Origin,
    /// Its first reading.
    pub first: Point,
    /// Its last reading.
    pub last: Point,
    /// What was counted from the first to the last.
    pub counted: u64,
}

/// A time without a settled reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Last reading before, or the begin of the period.
    pub from: Time,
    /// First reading after, or the end of the period.
    pub to: Time,
    /// What was counted over it, if both readings are known and belong together. When it was printed is not known.
    pub counted: Option<u64>,
}

/// What one meter counted between two dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The reading that opens it: the last at or before the begin, or else the first in it.
    pub opening: Option<Point>,
    /// The reading that closes it: the last at or before the end.
    pub closing: Option<Point>,
    /// From the opening reading to the closing one. `None` if there are no two readings, or a break lies between them,
    /// or units or devices differ: then see `segments` and `breaks`.
    pub counted: Option<u64>,
    /// What was certainly counted within the two dates, over all segments. `None` if units or devices differ.
    pub at_least: Option<u64>,
    /// What was at most counted within the two dates. `None` if that is not known: a break, or no reading on the far
    /// side of a date.
    pub at_most: Option<u64>,
    /// Readings that belong together.
    pub segments: Vec<Segment>,
    /// Why one segment ended and the next began.
    pub breaks: Vec<Broke>,
    /// Where nothing was read for longer than asked; the first 64.
    pub gaps: Vec<Gap>,
}

impl Period {
    /// What `meter` counts after `from`, up to and including `to`. A time without readings that is longer than `silence`
    /// is a [`Gap`].
    pub fn new(meter: &str, from: Time, to: Time, silence: Duration) -> Self {
        Self {
            meter: Text::new(meter),
            from,
            to,
            segments: Vec::new(),
            breaks: Vec::new(),
            gaps: Vec::new(),
            before: None,
            closed: false,
            inside: 0,
            touching: 0,
            overflown: false,
            silence,
        }
    }

    /// Takes the next event of the device.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::Opened(Opened { meter, origin, point }) if self.is_of(meter) => self.opened(origin, *point),
            Event::Counted(step) if self.is_of(&step.meter) => self.counted(step),
            Event::Broke(broke) if self.is_of(&broke.meter) => self.broke(broke),
            _ => {}
        }
    }

    /// The sum of what was handed over. Ask again when more is known.
    pub fn statement(&self) -> Statement {
        let mut gaps = self.gaps.clone();
        let opening = self.before.or(self.segments.first().map(|segment| segment.first));
        let closing = self.segments.last().map(|segment| segment.last).or(self.before);
        if let Some(last) = closing.filter(|last| !self.closed && self.to.since(last.at) > self.silence) {
            gaps.push(Gap { from: last.at, to: self.to, counted: None });
        }
        let whole = self.breaks.is_empty() && !self.overflown;
        let counted = match self.segments.as_slice() {
            [only] if whole && only.first.at != only.last.at => Some(only.counted),
            _ => None,
        };
        let alike = self.segments.windows(2).all(|pair| match pair {
            [a, b] => a.origin.unit == b.origin.unit && a.origin.device == b.origin.device,
            _ => true,
        });
        Statement {
            opening,
            closing,
            counted,
            at_least: alike.then_some(self.inside),
            at_most: Some(self.touching).filter(|_| whole && self.before.is_some() && self.closed),
            segments: self.segments.clone(),
            breaks: self.breaks.clone(),
            gaps,
        }
    }

    fn is_of(&self, meter: &Text) -> bool {
        self.meter.as_ref() == Some(meter)
    }

    fn opened(&mut self, origin: &Origin, point: Point) {
        if point.at <= self.from {
            self.before = Some(point);
        } else if point.at <= self.to {
            self.gap(Gap { from: self.from, to: point.at, counted: None });
            self.segment(origin, point);
        }
        self.closed |= point.at >= self.to;
    }

    fn counted(&mut self, step: &Counted) {
        let (from, to) = (step.from, step.to);
        if !self.touches(from, to) {
            return;
        }
        self.gap(Gap { from: from.at, to: to.at, counted: Some(step.amount) });
        self.touching = self.touching.saturating_add(step.amount);
        if from.at >= self.from && to.at <= self.to {
            self.inside = self.inside.saturating_add(step.amount);
        }
        if to.at > self.to {
            return;
        }
        if self.segments.last().is_none_or(|segment| segment.last != from || segment.origin != step.origin) {
            self.segment(&step.origin, from);
        }
        if let Some(segment) = self.segments.last_mut().filter(|segment| segment.last == from) {
            segment.last = to;
            segment.counted = segment.counted.saturating_add(step.amount);
        }
    }

    fn broke(&mut self, broke: &Broke) {
        if !self.touches(broke.from, broke.to) {
            return;
        }
        self.gap(Gap { from: broke.from.at, to: broke.to.at, counted: None });
        push(&mut self.breaks, broke.clone(), &mut self.overflown);
        if broke.to.at <= self.to {
            self.segment(&broke.origin, broke.to);
        }
    }

    /// Whether any of the time between two readings lies between the dates. Takes note of what is known of the edges.
    fn touches(&mut self, from: Point, to: Point) -> bool {
        for point in [from, to] {
            if point.at <= self.from {
                self.before = Some(point);
            }
            self.closed |= point.at >= self.to;
        }
        to.at > self.from && from.at < self.to
    }

    fn segment(&mut self, origin: &Origin, first: Point) {
        let segment = Segment { origin: origin.clone(), first, last: first, counted: 0 };
        push(&mut self.segments, segment, &mut self.overflown);
    }

    fn gap(&mut self, gap: Gap) {
        if gap.to.since(gap.from) > self.silence && self.gaps.len() < MOST {
            self.gaps.push(gap);
        }
    }
}

fn push<T>(list: &mut Vec<T>, value: T, overflown: &mut bool) {
    if list.len() < MOST { list.push(value) } else { *overflown = true }
}
