//! What is known of a device at the moment, for lists: figures with their age, without their sources. A short reading
//! (two figures, every five minutes) does not erase what a full one said an hour ago; each part keeps its own time.

mod supplies;

use crate::history::News;
use dca_wire::v1::{Alert, Reading, Status, Supply};
use prost::Message;
use supplies::Supplies;

/// Most rows of a kind.
const ROWS: usize = 64;
const TEXT: usize = 200;
/// The field of [`Summary`].
const SUPPLIES: u32 = 5;

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
}

/// The summary of a device while readings of it come in.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Latest {
    /// Without supplies.
    summary: Summary,
    supplies: Supplies,
}

impl From<Summary> for Latest {
    fn from(mut summary: Summary) -> Self {
        let mut supplies = Supplies::default();
        std::mem::take(&mut summary.supplies).into_iter().for_each(|it| supplies.push(it));
        Self { summary, supplies }
    }
}

impl Latest {
    /// When the newest reading was.
    pub(crate) fn read_at(&self) -> i64 {
        self.summary.read_at
    }

    /// A [`Summary`], encoded. Fields of a message may come in any order.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let supplies = self.supplies.octets();
        let mut out = Vec::with_capacity(self.summary.encoded_len() + supplies.len());
        self.summary.encode_raw(&mut out);
        out.extend_from_slice(supplies);
        out
    }

    /// Takes in a reading. One that is older than what is known changes nothing.
    pub(crate) fn take(&mut self, at: i64, reading: Reading) {
        if at < self.summary.read_at {
            return;
        }
        self.is_read(at);
        if let Some(total) = &reading.total {
            (self.summary.total, self.summary.total_unit) = (Some(total.value), short(&total.unit));
            self.summary.total_at = at;
        }
        // Asked for all and told of none: what was there is gone.
        let all = reading.complete && matches!(reading.depth.as_str(), "cold" | "full");
        if !reading.supplies.is_empty() || all {
            self.supplies = Supplies::default();
            reading.supplies.into_iter().take(ROWS).for_each(|it| self.supplies.push(it));
            self.summary.supplies_at = at;
        }
        if reading.status.is_some() {
            (self.summary.status, self.summary.status_at) = (reading.status, at);
        }
        if !reading.alerts.is_empty() || reading.depth == "full" {
            self.set_alerts(reading.alerts);
            self.summary.alerts_at = at;
        }
    }

    /// Takes in a later reading by what is new in it. The one before was the last that this has taken in.
    pub(crate) fn renew(&mut self, at: i64, news: News<'_>) {
        self.is_read(at);
        if news.has_total {
            self.summary.total = news.total.or(self.summary.total);
            self.summary.total_at = at;
        }
        if news.has_supplies || news.complete && matches!(news.depth, "cold" | "full") {
            news.supplies.into_iter().for_each(|(place, supply)| self.supplies.set(place, supply));
            self.summary.supplies_at = at;
        }
        if news.has_status {
            self.summary.status = news.status.or(self.summary.status.take());
            self.summary.status_at = at;
        }
        if news.has_alerts || news.depth == "full" {
            news.alerts.into_iter().for_each(|alerts| self.set_alerts(alerts));
            self.summary.alerts_at = at;
        }
    }

    fn is_read(&mut self, at: i64) {
        self.summary.read_at = at;
        self.summary.absent.clear();
        self.summary.absent_since = 0;
    }

    fn set_alerts(&mut self, alerts: Vec<Alert>) {
        self.summary.alerts = alerts.into_iter().filter(|alert| alert.active).take(ROWS).map(alert).collect();
    }

    /// Takes in that it could not be read.
    pub(crate) fn miss(&mut self, at: i64, since: i64, why: &str) {
        if at >= self.summary.read_at {
            (self.summary.absent, self.summary.absent_since) = (short(why), since);
        }
    }
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
    use dca_wire::v1::Meter;

    fn read(latest: &Latest) -> Summary {
        let summary = Summary::read(&latest.encode());
        assert_eq!(&Latest::from(summary.clone()), latest, "as it is kept it comes back");
        summary
    }

    #[test]
    fn a_short_reading_leaves_what_it_does_not_speak_of() {
        let mut latest = Latest::default();
        let full = Reading {
            total: Some(Meter { value: 100, ..Meter::default() }),
            supplies: vec![Supply { percent: Some(40.0), ..Supply::default() }],
            depth: "full".to_owned(),
            ..Reading::default()
        };
        latest.take(10, full.clone());
        latest.take(20, Reading { total: Some(Meter { value: 103, ..Meter::default() }), ..Reading::default() });
        let summary = read(&latest);
        assert_eq!(
            (summary.total, summary.total_at, summary.supplies.len(), summary.supplies_at),
            (Some(103), 20, 1, 10)
        );
        latest.take(15, full.clone());
        let summary = read(&latest);
        assert_eq!((summary.total, summary.read_at), (Some(103), 20));
        latest.miss(30, 25, "asleep");
        let summary = read(&latest);
        assert_eq!((summary.absent.as_str(), summary.read_at), ("asleep", 20));
        latest.take(40, Reading::default());
        let summary = read(&latest);
        assert_eq!((summary.absent.as_str(), summary.total), ("", Some(103)));
        let none = Reading { supplies: vec![], ..full };
        latest.take(50, none.clone());
        assert_eq!(read(&latest).supplies.len(), 1, "cut short, it may not have come to them");
        latest.take(60, Reading { complete: true, ..none });
        let summary = read(&latest);
        assert_eq!((summary.supplies.len(), summary.supplies_at), (0, 60), "taken out");
    }
}
