//! What is usually done: a straight line through the first level since the last exchange and the newest one, and any
//! rise is an exchange. So that the forecasts are compared and not the exchanges, the line is told the true ones.

use crate::history::TICKS_A_DAY;

#[derive(Default)]
pub(crate) struct Line {
    first: Option<(usize, f64)>,
    last: Option<(usize, f64)>,
    since: Option<usize>,
}

impl Line {
    /// The cartridge that is in truth in there went in at that tick.
    pub(crate) fn restart(&mut self, since: Option<usize>) {
        if self.since != since {
            self.since = since;
            self.first = None;
        }
    }

    /// The level left in the old one if this is an exchange.
    pub(crate) fn add(&mut self, tick: usize, shown: Option<f64>) -> Option<f64> {
        let shown = shown?;
        self.first.get_or_insert((tick, shown));
        let before = self.last.replace((tick, shown));
        before.map(|(_, level)| level).filter(|level| shown > *level)
    }

    pub(crate) fn days_left(&self, now: usize, fills: bool) -> Option<f64> {
        let left = |level: f64| if fills { 100.0 - level } else { level };
        let ((begin, high), (end, low)) = (self.first?, self.last?);
        let fell = left(high) - left(low);
        let took = (end - begin) as f64 / TICKS_A_DAY as f64;
        let since = (now - end) as f64 / TICKS_A_DAY as f64;
        (fell > 0.0 && took > 0.0).then(|| (left(low) / (fell / took) - since).max(0.0))
    }
}
