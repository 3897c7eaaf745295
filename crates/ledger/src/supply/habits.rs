//! What the cartridges that were in a slot have in common; the next one starts with it.

use super::life::Life;
use crate::robust::median;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many cartridges are remembered.
const LIVES: usize = 5;
/// Percent over which the wear of a cartridge must have been seen to be worth remembering.
const SPAN: f64 = 20.0;
/// Where in a step the display changes shows only in steps larger than this.
const COARSE: f64 = 3.0;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Habits {
    /// In how large steps the level is shown, in percent.
    pub(super) step: Option<f64>,
    wears: VecDeque<f64>,
    edges: VecDeque<f64>,
}

impl Habits {
    /// A life has ended.
    pub(super) fn learn(&mut self, life: &Life) {
        self.step = life.step().or(self.step);
        let Some(step) = self.step else { return };
        if let Some((wear, _)) = life.wear(step, self.edge().0).filter(|(_, span)| *span >= SPAN) {
            remember(&mut self.wears, wear);
            if let Some(edge) = life.edge(step).filter(|_| step > COARSE) {
                remember(&mut self.edges, edge);
            }
        }
    }

    pub(super) fn forget_wear(&mut self) {
        self.wears.clear();
    }

    /// Percent a unit of work.
    pub(super) fn wear(&self) -> Option<f64> {
        median(&mut Vec::from(self.wears.clone()))
    }

    /// Where in a step the display changes, from 0 (rounded up) to 1 (rounded down), and its standard deviation. Half
    /// a step in doubt.
    pub(super) fn edge(&self) -> (f64, f64) {
        let known = self.edges.len() as f64;
        let edge = (self.edges.iter().sum::<f64>() + 0.5) / (known + 1.0);
        (edge, 0.29 / (known + 1.0))
    }
}

fn remember(values: &mut VecDeque<f64>, value: f64) {
    if values.len() >= LIVES {
        values.pop_front();
    }
    values.push_back(value);
}
