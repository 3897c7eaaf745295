//! What comes out: one stream of settled facts, each with the readings that support it.

use crate::{Direction, Text, Time};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A settled fact about the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A meter was read for the first time: a segment begins.
    Opened(Opened),
    /// A meter grew by a known amount from one reading to the next.
    Counted(Counted),
    /// A meter does not go on from where it was: a segment ends, the next begins. How much was counted between the two
    /// readings is not known.
    Broke(Broke),
    /// A reading of a meter that the readings around it contradict. It counts for nothing.
    SetAside(SetAside),
    /// Another device answers in place of the one before. Seen in two readings one after the other.
    DeviceSwapped {
        /// First reading of the other one.
        at: Time,
        /// Serial number before, where it was known.
        from: Option<Text>,
        /// Serial number since, where it is known.
        to: Option<Text>,
    },
    /// The device with the same serial number has another hardware address: its board was replaced.
    BoardReplaced {
        /// First reading of the new board.
        at: Time,
        /// Hardware address before.
        from: Text,
        /// Hardware address since.
        to: Text,
    },
    /// A supply was exchanged, a receptacle emptied.
    Replaced(Replaced),
    /// A supply of the same serial number has much more in it than before: filled up, or its chip was reset.
    Refilled {
        /// First reading with the new level.
        at: Time,
        /// Which place.
        slot: Text,
        /// Percent left before.
        from: f64,
        /// Percent left since.
        to: f64,
    },
    /// It became clear which way a receptacle counts.
    DirectionLearnt {
        /// The reading that settled it.
        at: Time,
        /// Which place.
        slot: Text,
        /// Which way.
        direction: Direction,
    },
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// When the device was read.
    pub at: Time,
    /// What it said.
    pub value: u64,
}

/// Where a figure comes from. Only figures of one origin are ever subtracted from each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Which of the devices that answered, numbered in the order they appeared.
    pub device: u32,
    /// Which of the boards of that device.
    pub board: u32,
    /// What is counted.
    pub unit: Text,
    /// OID, rule, page.
    pub source: Text,
}

/// See [`Event::Opened`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Which meter.
    pub meter: Text,
    /// Where its figures come from.
    pub origin: Origin,
    /// The first reading.
    pub point: Point,
}

/// See [`Event::Counted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Which meter.
    pub meter: Text,
    /// Where both figures come from.
    pub origin: Origin,
    /// The reading before.
    pub from: Point,
    /// The reading after.
    pub to: Point,
    /// By how much it grew, in `origin.unit`.
    pub amount: u64,
    /// The counter went through its end; `to` is smaller than `from`.
    pub wrapped: bool,
}

/// See [`Event::Broke`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broke {
    /// Which meter.
    pub meter: Text,
    /// Last reading of the segment that ended.
    pub from: Point,
    /// First reading of the segment that begins.
    pub to: Point,
    /// Where the figures of the new segment come from.
    pub origin: Origin,
    /// Why the two cannot be subtracted.
    pub cause: Cause,
}

/// See [`Event::SetAside`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Which meter.
    pub meter: Text,
    /// The reading.
    pub point: Point,
    /// In what it differs from the readings before and after.
    pub cause: Cause,
}

/// Why a figure does not go on from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// Another device answered.
    OtherDevice,
    /// Another board in the same device; its counter need not be the old one.
    BoardReplaced,
    /// Another unit.
    UnitChanged,
    /// Another source.
    SourceChanged,
    /// The figure fell, and not by a wrap.
    Rollback,
    /// The figure grew faster than the device can.
    Jump,
}

/// See [`Event::Replaced`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replaced {
    /// First reading of the new one.
    pub at: Time,
    /// Which place.
    pub slot: Text,
    /// How it is known.
    pub evidence: Evidence,
    /// Serial number of the old one.
    pub serial_before: Option<Text>,
    /// Serial number of the new one.
    pub serial: Option<Text>,
    /// What was left in the old one at its last reading, in percent (of a receptacle: room), as the device showed it.
    pub left: Option<f64>,
    /// It was taken out with more left than [`Settings::early`](crate::Settings::early), whatever the rounding.
    pub early: bool,
    /// What the meter that wears it counted while it was in, if its begin was seen.
    pub work: Option<u64>,
    /// How long it was in, if its begin was seen.
    pub lasted: Option<Duration>,
}

/// How a replacement is known. A stronger one hides a weaker one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Evidence {
    /// Another serial number.
    Serial,
    /// Another installation date, and no serial number that says otherwise.
    InstallDate,
    /// The level rose by more than its steps explain, and stayed there.
    LevelJump,
}
