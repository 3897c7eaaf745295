//! What is known of a device at the moment, for lists: figures with their age, without their sources. A short reading
//! (two figures, every five minutes) does not erase what a full one said an hour ago; each part keeps its own time.

use crate::history::News;
use dca_wire::v1::{Alert, Meter, Reading, Status, Supply};
use prost::Message;

/// Most rows of a kind.
const ROWS: usize = 64;
const TEXT: usize = 200;

/// The newest of each part.
#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    /// Of the newest reading, milliseconds since 1970.
    #[prost(int64, tag = "1")]
    pub read_at: i64,
    /// The page count a contract is billed by.
    #[prost(uint64, optional, tag = "2")]
    pub total: Option<u64>,
    /// Impressions, sheets, ...
    #[prost(string, tag = "3")]
    pub total_unit: String,
    /// When the total was read.
    #[prost(int64, tag = "4")]
    pub total_at: i64,
    /// Toner and so on.
    #[prost(message, repeated, tag = "5")]
    pub supplies: Vec<Supply>,
    /// When they were read.
    #[prost(int64, tag = "6")]
    pub supplies_at: i64,
    /// What the printer is doing.
    #[prost(message, optional, tag = "7")]
    pub status: Option<Status>,
    /// When it said so.
    #[prost(int64, tag = "8")]
    pub status_at: i64,
    /// What it complains of.
    #[prost(message, repeated, tag = "9")]
    pub alerts: Vec<Alert>,
    /// When it did.
    #[prost(int64, tag = "10")]
    pub alerts_at: i64,
    /// Why it could not be read, since the newest reading.
    #[prost(string, tag = "11")]
    pub absent: String,
    /// Since when.
    #[prost(int64, tag = "12")]
    pub absent_since: i64,
}

impl Summary {
    /// As it is kept. What cannot be read is not known.
    pub(crate) fn read(octets: &[u8]) -> Self {
        Self::decode(octets).unwrap_or_default()
    }

    /// Takes in a reading. One that is older than what is known changes nothing.
    pub(crate) fn take(&mut self, at: i64, reading: Reading) {
        if at < self.read_at {
            return;
        }
        self.is_read(at);
        if let Some(total) = &reading.total {
            self.set_total(total);
            self.total_at = at;
        }
        // Asked for all and told of none: what was there is gone.
        let all = reading.complete && matches!(reading.depth.as_str(), "cold" | "full");
        if !reading.supplies.is_empty() || all {
            self.supplies = reading.supplies.into_iter().take(ROWS).map(supply).collect();
            self.supplies_at = at;
        }
        if reading.status.is_some() {
            (self.status, self.status_at) = (reading.status, at);
        }
        if !reading.alerts.is_empty() || reading.depth == "full" {
            self.set_alerts(reading.alerts);
            self.alerts_at = at;
        }
    }

    /// Takes in a later reading by what is new in it. The one before was the last that this has taken in.
    pub(crate) fn renew(&mut self, at: i64, news: News<'_>) {
        self.is_read(at);
        if news.has_total {
            news.total.iter().for_each(|total| self.set_total(total));
            self.total_at = at;
        }
        if news.has_supplies || news.complete && matches!(news.depth, "cold" | "full") {
            for (place, new) in news.supplies {
                if let Some(here) = self.supplies.get_mut(place) {
                    *here = supply(new);
                }
            }
            self.supplies_at = at;
        }
        if news.has_status {
            self.status = news.status.or(self.status.take());
            self.status_at = at;
        }
        if news.has_alerts || news.depth == "full" {
            news.alerts.into_iter().for_each(|alerts| self.set_alerts(alerts));
            self.alerts_at = at;
        }
    }

    fn is_read(&mut self, at: i64) {
        self.read_at = at;
        self.absent.clear();
        self.absent_since = 0;
    }

    fn set_total(&mut self, total: &Meter) {
        (self.total, self.total_unit) = (Some(total.value), short(&total.unit));
    }

    fn set_alerts(&mut self, alerts: Vec<Alert>) {
        self.alerts = alerts.into_iter().filter(|alert| alert.active).take(ROWS).map(alert).collect();
    }

    /// Takes in that it could not be read.
    pub(crate) fn miss(&mut self, at: i64, since: i64, why: &str) {
        if at >= self.read_at {
            (self.absent, self.absent_since) = (short(why), since);
        }
    }
}

fn supply(mut supply: Supply) -> Supply {
    supply.source = None;
    shorten(&mut supply.description);
    supply
}

fn alert(mut alert: Alert) -> Alert {
    alert.source = None;
    shorten(&mut alert.description);
    alert
}

fn short(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(TEXT) {
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_reading_leaves_what_it_does_not_speak_of() {
        let mut summary = Summary::default();
        let full = Reading {
            total: Some(Meter { value: 100, ..Meter::default() }),
            supplies: vec![Supply { percent: Some(40.0), ..Supply::default() }],
            depth: "full".to_owned(),
            ..Reading::default()
        };
        summary.take(10, full.clone());
        summary.take(20, Reading { total: Some(Meter { value: 103, ..Meter::default() }), ..Reading::default() });
        assert_eq!(
            (summary.total, summary.total_at, summary.supplies.len(), summary.supplies_at),
            (Some(103), 20, 1, 10)
        );
        summary.take(15, full.clone());
        assert_eq!((summary.total, summary.read_at), (Some(103), 20));
        summary.miss(30, 25, "asleep");
        assert_eq!((summary.absent.as_str(), summary.read_at), ("asleep", 20));
        summary.take(40, Reading::default());
        assert_eq!((summary.absent.as_str(), summary.total), ("", Some(103)));
        let none = Reading { supplies: vec![], ..full };
        summary.take(50, none.clone());
        assert_eq!(summary.supplies.len(), 1, "cut short, it may not have come to them");
        summary.take(60, Reading { complete: true, ..none });
        assert_eq!((summary.supplies.len(), summary.supplies_at), (0, 60), "taken out");
    }
}
