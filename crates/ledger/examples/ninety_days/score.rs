//! Adding up and printing.

use crate::DAYS;
use crate::history::TICKS_A_DAY;

/// Errors of forecasts, in days.
#[derive(Default)]
pub(crate) struct Forecasts {
    asked: usize,
    given: usize,
    /// Where both sides gave one: error and what was truly left.
    both: Vec<(f64, f64)>,
    in_band: usize,
    before_band: usize,
}

impl Forecasts {
    pub(crate) fn add(&mut self, days: Option<f64>, truth: f64, other: bool, band: Option<(f64, f64)>) {
        self.asked += 1;
        let Some(days) = days else { return };
        self.given += 1;
        if other {
            self.both.push(((days - truth).abs(), truth));
        }
        if let Some((earliest, latest)) = band {
            self.in_band += usize::from((earliest..=latest).contains(&truth));
            self.before_band += usize::from(truth < earliest);
        }
    }

    /// Median, mean and ninth decile of the errors.
    fn errors(&self, most_left: f64) -> [f64; 3] {
        let mut errors: Vec<f64> = self.both.iter().filter(|(_, left)| *left <= most_left).map(|it| it.0).collect();
        errors.sort_by(f64::total_cmp);
        let at = |share: f64| errors.get((errors.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        [at(0.5), errors.iter().sum::<f64>() / errors.len() as f64, at(0.9)]
    }
}

pub(crate) fn print_forecasts(ours: &Forecasts, line: &Forecasts) {
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole as f64;
    println!("days left                              ledger    line   ratio");
    for (name, most) in [("all", f64::INFINITY), ("14 days or less truly left", 14.0)] {
        let (ours, line) = (ours.errors(most), line.errors(most));
        for (at, kind) in ["median", "mean", "9 of 10"].into_iter().enumerate() {
            let title = format!("error, {name}, {kind}");
            println!("  {title:<36}{:>7.2}{:>8.2}{:>8.2}", ours[at], line[at], ours[at] / line[at]);
        }
    }
    println!(
        "  share with a forecast, %            {:>7.1}{:>8.1}",
        share(ours.given, ours.asked),
        share(line.given, line.asked)
    );
    println!("  truth within the band, %            {:>7.1}       -   meant: 80", share(ours.in_band, ours.given));
    println!("  truth before the band, %            {:>7.1}       -   meant: 10", share(ours.before_band, ours.given));
}

/// Events found beside those that were.
#[derive(Default)]
pub(crate) struct Changes {
    found: usize,
    wrong: usize,
}

impl Changes {
    /// What is told up to ten days after it happened (a device may be silent) is found, once. What is dated after the
    /// ninety days is not counted.
    pub(crate) fn add(&mut self, truth: &[(usize, usize)], told: impl Iterator<Item = (usize, usize)>) {
        let mut open = truth.to_vec();
        for (slot, tick) in told {
            let near = |it: &(usize, usize)| it.0 == slot && tick >= it.1 && tick <= it.1 + 10 * TICKS_A_DAY;
            match open.iter().position(near) {
                Some(at) => {
                    let (_, happened) = open.remove(at);
                    self.found += usize::from(happened < DAYS * TICKS_A_DAY);
                }
                None => self.wrong += usize::from(tick < DAYS * TICKS_A_DAY),
            }
        }
    }
}

pub(crate) fn print_changes(what: &str, truth: usize, ours: &Changes, line: &Changes) {
    println!("\n{what}: {truth}");
    println!("  found                                {:>6}{:>8}", ours.found, line.found);
    println!("  false alarms                         {:>6}{:>8}", ours.wrong, line.wrong);
}

/// Days between the arrival of what was ordered and the empty cartridge; negative is too late.
#[derive(Default)]
pub(crate) struct Orders {
    days: Vec<f64>,
    none: usize,
}

impl Orders {
    pub(crate) fn add(&mut self, days: Option<f64>) {
        match days {
            Some(days) => self.days.push(days),
            None => self.none += 1,
        }
    }

    fn late(&self) -> usize {
        self.days.iter().filter(|days| **days < 0.0).count() + self.none
    }

    fn stock(&self) -> f64 {
        let mut days: Vec<f64> = self.days.iter().copied().filter(|days| *days >= 0.0).collect();
        days.sort_by(f64::total_cmp);
        days.get(days.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

pub(crate) fn print_orders(lead: usize, ours: &Orders, line: &Orders) {
    println!("\norders that take {lead} days, for {} cartridges that ran empty", ours.days.len() + ours.none);
    println!("  too late                             {:>6}{:>8}", ours.late(), line.late());
    println!("  else on the shelf, days, median      {:>6.1}{:>8.1}", ours.stock(), line.stock());
}
