//! What gets used up and is replaced: supplies, paper.

/// A thing that lasts a number of pages, stays empty for a few more, and is then replaced by a full one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wear {
    /// Pages since the first one was put in.
    pub(crate) used: f64,
    /// Pages a full one lasts.
    pub(crate) lasts: f64,
    /// Pages until it is replaced; not less than `lasts`.
    pub(crate) cycle: f64,
    /// The part, of 1, below which it is low.
    pub(crate) low: f64,
}

/// How a thing is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    Good,
    Low,
    Empty,
}

impl Wear {
    /// What is left, from 1 to 0.
    pub(crate) fn left(&self) -> f64 {
        (1.0 - self.used % self.cycle / self.lasts).max(0.0)
    }

    pub(crate) fn fill(&self) -> Fill {
        match self.used % self.cycle {
            gone if gone >= self.lasts => Fill::Empty,
            gone if gone >= self.threshold(Fill::Low) => Fill::Low,
            _ => Fill::Good,
        }
    }

    /// How many times it became low, or empty.
    pub(crate) fn times(&self, what: Fill) -> u64 {
        let first = self.threshold(what);
        if self.used < first { 0 } else { ((self.used - first) / self.cycle) as u64 + 1 }
    }

    /// The use at which it last became low, or empty.
    pub(crate) fn last(&self, what: Fill) -> f64 {
        self.threshold(what) + self.times(what).saturating_sub(1) as f64 * self.cycle
    }

    fn threshold(&self, what: Fill) -> f64 {
        match what {
            Fill::Good => 0.0,
            Fill::Low => self.lasts * (1.0 - self.low),
            Fill::Empty => self.lasts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_falls_gets_low_empty_and_full_again() {
        let wear = |used| Wear { used, lasts: 100.0, cycle: 103.0, low: 0.1 };
        assert_eq!((wear(0.0).left(), wear(0.0).fill(), wear(0.0).times(Fill::Low)), (1.0, Fill::Good, 0));
        assert_eq!((wear(25.0).left(), wear(25.0).fill()), (0.75, Fill::Good));
        assert_eq!((wear(95.0).fill(), wear(95.0).times(Fill::Low), wear(95.0).last(Fill::Low)), (Fill::Low, 1, 90.0));
        assert_eq!((wear(101.0).left(), wear(101.0).fill()), (0.0, Fill::Empty));
        assert_eq!((wear(103.0).left(), wear(103.0).fill(), wear(103.0).times(Fill::Empty)), (1.0, Fill::Good, 1));
        assert_eq!((wear(200.0).times(Fill::Low), wear(200.0).last(Fill::Low)), (2, 193.0));
    }
}
