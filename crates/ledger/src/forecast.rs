//! How long a supply lasts: what is left, by how fast it goes, by what the coming days bring.

use crate::supply::Standing;
use crate::time::DAY;
use crate::work::Pattern;
use crate::{Settings, Time};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// When a supply will be used up (a receptacle: full). The true day lies before `earliest` in about one case of ten and
/// after `latest` in another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The expected moment.
    pub empty: Time,
    /// Begin of the band.
    pub earliest: Time,
    /// End of the band.
    pub latest: Time,
    /// The latest moment to order so that the new one is there by `earliest`; in the past if it is too late for that.
    pub order_by: Time,
    /// From now to `empty`, in days.
    pub days_left: f64,
    /// Percent left as estimated between two steps of the display.
    pub percent_left: f64,
    /// What the meter that wears it will have counted by then; of a supply that time wears, days.
    pub work_left: f64,
}

/// Why there is no forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NoForecast {
    /// The slot was never read.
    NoSuchSupply,
    /// The device does not say how much is left.
    LevelUnknown,
    /// It is a receptacle, and which way it counts is neither told nor learnt yet.
    DirectionUnknown,
    /// Not enough was seen yet of its wear or of the days.
    TooLittleHistory,
    /// Nothing wears it.
    NotUsed,
    /// It lasts for more than five years.
    Beyond,
}

/// 1.28 standard deviations: one case in ten lies beyond.
const BAND: f64 = 1.2816;
/// How far the work of an office moves from what it was, as a share of it, over a week.
const DRIFT: f64 = 0.06;
const HORIZON: f64 = 5.0 * 365.25 * DAY;

impl Forecast {
    pub(crate) fn make(
        standing: &Standing,
        pattern: &Pattern,
        now: Time,
        lead: Duration,
        settings: &Settings,
    ) -> Result<Self, NoForecast> {
        if pattern.week() <= 0.0 {
            return Err(NoForecast::NotUsed);
        }
        let work_left = standing.left / standing.wear;
        let weeks = (work_left / pattern.week()).max(1.0 / 7.0);
        let seen = pattern.days as f64 / 7.0;
        let varies = pattern.week_varies * (1.0 / weeks + 1.0 / seen).sqrt();
        let drifts = DRIFT * (weeks + seen / 2.0).sqrt();
        let level_varies = standing.left_deviates / standing.left.max(0.5);
        let share = (varies.powi(2) + drifts.powi(2) + level_varies.powi(2) + standing.wear_varies.powi(2)).sqrt();
        let stretch = (BAND * share).min(2.0).exp();
        let seconds = |work: f64| pattern.seconds_until(work, now, settings);
        let empty = seconds(work_left);
        if !empty.is_finite() || empty > HORIZON {
            return Err(NoForecast::Beyond);
        }
        let at = |seconds: f64| now.after(Duration::from_secs(seconds.clamp(0.0, 2.0 * HORIZON) as u64));
        let earliest = at(seconds(work_left / stretch));
        Ok(Self {
            empty: at(empty),
            earliest,
            latest: at(seconds(work_left * stretch)),
            order_by: earliest.before(lead),
            days_left: empty / DAY,
            percent_left: standing.left,
            work_left,
        })
    }
}

impl fmt::Display for NoForecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchSupply => "no such supply was read",
            Self::LevelUnknown => "the device does not say how much is left",
            Self::DirectionUnknown => "which way this receptacle counts is not known yet",
            Self::TooLittleHistory => "not enough was seen yet",
            Self::NotUsed => "it is not used",
            Self::Beyond => "it lasts for more than five years",
        })
    }
}

impl std::error::Error for NoForecast {}
