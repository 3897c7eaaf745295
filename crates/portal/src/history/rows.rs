//! The rows of a report. Readings of one device that follow one another, as when an agent comes back after days without a
//! network, share a row: a row costs a database far more than its octets.

use super::frame::{Several, day_of};
use crate::store::{Batch, sql};
use std::collections::HashMap;

/// Octets of a row beyond which another one is begun.
const MOST: usize = 64 << 10;

/// Rows to be written.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    /// By device, the row that what follows goes into.
    open: HashMap<i64, usize>,
}

#[derive(Debug)]
struct Row {
    device: i64,
    frames: Several,
}

impl Rows {
    /// A reading that stands for itself: another one of the same moment may be there already, and then it is not written.
    pub(super) fn alone(&mut self, device: i64, at: i64, frame: &[u8]) {
        self.open.remove(&device);
        self.rows.push(Row { device, frames: Several::new(at, frame) });
    }

    /// A reading that is newer than all of its device.
    pub(super) fn newest(&mut self, device: i64, at: i64, frame: &[u8]) {
        let open = self.open.get(&device).and_then(|place| self.rows.get_mut(*place));
        if let Some(Row { frames, .. }) = open
            && day_of(frames.first()) == day_of(at)
            && frames.len() + frame.len() <= MOST
        {
            frames.push(at, frame);
            return;
        }
        self.open.insert(device, self.rows.len());
        self.rows.push(Row { device, frames: Several::new(at, frame) });
    }

    /// Hands them to a batch.
    pub(crate) fn write(self, batch: &mut Batch) {
        for Row { device, frames } in self.rows {
            batch.row(&sql::READINGS, vec![device.into(), frames.first().into(), frames.into_octets().into()]);
        }
    }
}
