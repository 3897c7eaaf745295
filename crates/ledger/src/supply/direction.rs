//! Which way a receptacle counts. RFC 3805 says that the level of a waste box is the room left, some devices report how
//! full it is, and neither says which. Over pages the level drifts one way, and falls back in one large step when the
//! box is emptied: the drift tells.

use crate::Direction;
use serde::{Deserialize, Serialize};

/// A move of so many percent at once is an emptied box, not a drift.
const EMPTIED: f64 = 30.0;
/// What the drift must show before it is believed: so many moves, so many percent in all, so many times the other way.
const MOVES: u32 = 3;
const DRIFT: f64 = 5.0;
const TIMES: f64 = 4.0;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Compass {
    told: Option<Direction>,
    learnt: Option<Direction>,
    last: Option<f64>,
    fell: f64,
    rose: f64,
    moves: u32,
}

impl Compass {
    pub(super) fn direction(&self) -> Option<Direction> {
        self.told.or(self.learnt)
    }

    /// Takes the next level as shown. Whether the direction is another one since.
    pub(super) fn turn(&mut self, percent: Option<f64>, told: Option<Direction>) -> bool {
        let before = self.direction();
        self.told = told;
        let Some(percent) = percent else { return self.direction() != before };
        let moved = self.last.replace(percent).map_or(0.0, |last| percent - last);
        if moved != 0.0 && moved.abs() < EMPTIED {
            self.moves = self.moves.saturating_add(1);
            if moved < 0.0 {
                self.fell -= moved
            } else {
                self.rose += moved
            }
            if self.fell + self.rose > 100.0 {
                self.fell /= 2.0; // what was long ago weighs less
                self.rose /= 2.0;
            }
        }
        let clear = |one: f64, other: f64| self.moves >= MOVES && one >= DRIFT && one >= TIMES * other;
        if clear(self.fell, self.rose) {
            self.learnt = Some(Direction::RoomLeft);
        } else if clear(self.rose, self.fell) {
            self.learnt = Some(Direction::Fill);
        }
        self.direction() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(levels: &[f64], expected: Option<Direction>) {
        let mut compass = Compass::default();
        for level in levels {
            compass.turn(Some(*level), None);
        }
        assert_eq!(compass.direction(), expected, "{levels:?}");
    }

    #[test]
    fn the_drift_tells() {
        check(&[100.0, 98.0, 96.0, 94.0], Some(Direction::RoomLeft));
        check(&[0.0, 2.0, 4.0, 6.0], Some(Direction::Fill));
        check(&[80.0, 85.0, 90.0, 0.0, 5.0], Some(Direction::Fill));
        check(&[30.0, 20.0, 10.0, 100.0, 90.0], Some(Direction::RoomLeft));
    }

    #[test]
    fn what_does_not_drift_tells_nothing() {
        check(&[50.0, 52.0, 50.0, 52.0, 50.0, 52.0], None);
        check(&[0.0, 100.0, 0.0, 100.0, 0.0, 100.0], None);
        check(&[100.0, 99.0, 98.0, 97.0], None);
    }
}
