//! What wears a supply, day by day: the growth of one meter over the last weeks, its weekday pattern and how much one
//! week differs from the next.

use crate::robust::median;
use crate::time::{DAY, weekday};
use crate::{Counted, Settings, Time};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many days are remembered.
const DAYS: usize = 56;

/// Growth of a meter.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Work {
    /// All that was counted, over all segments.
    pub(crate) total: u64,
    /// The day of the first of `days`, counted from 1970-01-01.
    first: i64,
    /// One sum a day without holes.
    days: VecDeque<f64>,
}

/// What a day of the coming weeks is expected to bring.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    /// Monday first.
    pub(crate) by_weekday: [f64; 7],
    /// How many whole days it was learnt from.
    pub(crate) days: usize,
    /// Standard deviation of one week's sum, as a share of the mean.
    pub(crate) week_varies: f64,
}

impl Work {
    /// Adds what was counted, spread over the days between the two readings by time.
    pub(crate) fn add(&mut self, step: &Counted, settings: &Settings) {
        self.total = self.total.saturating_add(step.amount);
        let begin = step.from.at.local_days(settings.utc_offset);
        let end = step.to.at.local_days(settings.utc_offset);
        let last = end.floor() as i64;
        if self.days.is_empty() {
            self.first = begin.floor() as i64;
        }
        // A silence longer than all that is remembered leaves nothing to remember.
        if last.saturating_sub(self.first) > 4 * DAYS as i64 {
            *self = Self { total: self.total, first: last, days: VecDeque::new() };
        }
        while self.first.saturating_add(self.days.len() as i64) <= last {
            self.days.push_back(0.0);
        }
        let span = end - begin;
        for (day, sum) in (self.first..).zip(self.days.iter_mut()) {
            let share = if span > 0.0 {
                (end.min(day as f64 + 1.0) - begin.max(day as f64)).max(0.0) / span
            } else {
                f64::from(u8::from(day == last))
            };
            *sum += step.amount as f64 * share;
        }
        while self.days.len() > DAYS {
            self.days.pop_front();
            self.first = self.first.saturating_add(1);
        }
    }

    /// The pattern of the whole days before the one of `now`; the first day was not seen whole. `None` before three.
    pub(crate) fn pattern(&self, now: Time, settings: &Settings) -> Option<Pattern> {
        let today = now.local_day(settings.utc_offset);
        let whole = (self.first..today).zip(self.days.iter().copied()).skip(usize::from(self.days.len() < DAYS));
        let days: Vec<(usize, f64)> = whole.map(|(day, sum)| (weekday(day), sum)).collect();
        if days.len() < 3 {
            return None;
        }
        let tamed = tame(&days);
        let mean = tamed.iter().map(|(_, sum)| sum).sum::<f64>() / tamed.len() as f64;
        let by_weekday = std::array::from_fn(|weekday| {
            let mut seen = 0.0;
            let mut sum = 0.0;
            for (_, day) in tamed.iter().filter(|(at, _)| *at == weekday) {
                seen += 1.0;
                sum += day;
            }
            // A weekday that was seen once weighs as much as the mean of all.
            (sum + mean / 2.0) / (seen + 0.5)
        });
        let scale = mean * 7.0 / by_weekday.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let by_weekday = by_weekday.map(|day| day * scale);
        Some(Pattern { by_weekday, days: days.len(), week_varies: week_varies(&days, mean) })
    }
}

/// A day with more than four times the median of the days with any work counts as four times: one large job is no habit.
fn tame(days: &[(usize, f64)]) -> Vec<(usize, f64)> {
    let mut busy: Vec<f64> = days.iter().map(|(_, sum)| *sum).filter(|sum| *sum > 0.0).collect();
    let most = median(&mut busy).map_or(f64::INFINITY, |median| 4.0 * median);
    days.iter().map(|(weekday, sum)| (*weekday, sum.min(most))).collect()
}

/// From the sums of whole weeks; a third, which suits an office, as long as there are fewer than three.
fn week_varies(days: &[(usize, f64)], mean: f64) -> f64 {
    let sums: Vec<f64> = days.rchunks_exact(7).map(|week| week.iter().map(|(_, sum)| sum).sum()).collect();
    if sums.len() < 3 || mean <= 0.0 {
        return 1.0 / 3.0;
    }
    let mean = mean * 7.0;
    let squares = sums.iter().map(|sum| (sum - mean) * (sum - mean)).sum::<f64>() / (sums.len() - 1) as f64;
    (squares.sqrt() / mean).clamp(0.05, 2.0)
}

impl Pattern {
    /// Every day the same: what is worn by time.
    pub(crate) fn time() -> Self {
        Self { by_weekday: [1.0; 7], days: DAYS, week_varies: 0.0 }
    }

    pub(crate) fn week(&self) -> f64 {
        self.by_weekday.iter().sum()
    }

    /// When `work` will have been done, in seconds from `now`.
    pub(crate) fn seconds_until(&self, work: f64, now: Time, settings: &Settings) -> f64 {
        let weeks = (work / self.week()).floor();
        let mut left = (work - weeks * self.week()).max(0.0);
        let start = now.local_days(settings.utc_offset);
        let mut at = start;
        // One turn more than a week has days: the first and the last are parts.
        for _ in 0..9 {
            let day = at.floor();
            let rate = self.by_weekday.get(weekday(day as i64)).copied().unwrap_or_default();
            let rest = day + 1.0 - at;
            if rate * rest >= left {
                at += if rate > 0.0 { left / rate } else { 0.0 };
                break;
            }
            left -= rate * rest;
            at = day + 1.0;
        }
        (weeks * 7.0 + at - start) * DAY
    }
}
