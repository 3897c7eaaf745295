//! What several pages show: a state, an age, the shell around them.

use super::words::Words;
use crate::Portal;
use crate::summary::Summary;
use crate::tenancy::{Kind, ROOT};

const HOUR_MS: i64 = 3_600_000;

/// A state: a silhouette, a word, then a colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pill {
    pub(super) class: &'static str,
    pub(super) icon: &'static str,
    pub(super) text: &'static str,
}

impl Pill {
    pub(super) fn new(class: &'static str, icon: &'static str, text: &'static str) -> Self {
        Self { class, icon, text }
    }

    /// Of a device, by its own words and by how old they are.
    pub(super) fn of_device(summary: &Summary, now_ms: i64, words: &Words) -> Self {
        if summary.read_at == 0 {
            return Self::new("unk", "st-unk", words.unknown);
        }
        if !summary.absent.is_empty() {
            return match summary.absent.as_str() {
                "asleep" => Self::new("off", "st-sleep", words.asleep),
                _ => Self::new("off", "st-off", words.silent),
            };
        }
        if now_ms.saturating_sub(summary.read_at) > 24 * HOUR_MS {
            return Self::new("warn", "st-warn", words.stale);
        }
        let Some(status) = &summary.status else { return Self::new("unk", "st-unk", words.unknown) };
        let bad = |alert: &dca_wire::v1::Alert| alert.severity.starts_with("critical");
        match (status.device.as_deref(), status.printer.as_deref()) {
            (Some("down"), _) => Self::new("err", "st-err", words.down),
            _ if summary.alerts.iter().any(bad) => Self::new("err", "st-err", words.warning),
            (Some("warning"), _) => Self::new("warn", "st-warn", words.warning),
            (_, Some("printing")) => Self::new("ok", "st-busy", words.printing),
            (_, Some("warmup")) => Self::new("ok", "st-busy", words.warming),
            (_, Some("idle")) | (Some("running"), _) => Self::new("ok", "st-ok", words.ready),
            _ => Self::new("unk", "st-unk", words.unknown),
        }
    }
}

/// How old a figure is: grey under a day, amber beyond, red behind what no longer speaks.
#[derive(Debug, Clone)]
pub(super) struct Age {
    pub(super) class: &'static str,
    pub(super) datetime: String,
    pub(super) text: String,
}

impl Age {
    pub(super) fn of(at_ms: i64, now_ms: i64, dead: bool, words: &Words) -> Self {
        let age = now_ms.saturating_sub(at_ms);
        let class = match (dead, age > 24 * HOUR_MS) {
            (true, _) => "dead",
            (false, true) => "old",
            (false, false) => "",
        };
        if at_ms == 0 {
            return Self { class: "dead", datetime: String::new(), text: words.never.to_owned() };
        }
        let time = jiff::Timestamp::from_millisecond(at_ms).map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        Self { class, datetime: time.unwrap_or_default(), text: words.ago(age) }
    }
}

/// What is around every page.
#[derive(Debug)]
pub(super) struct Shell {
    pub(super) here: &'static str,
    pub(super) scope: String,
    pub(super) customers: Vec<String>,
    pub(super) silent: usize,
    pub(super) made: String,
    pub(super) version: &'static str,
}

impl Shell {
    pub(super) fn of(portal: &Portal, here: &'static str, now_ms: i64, words: &Words) -> Self {
        let tree = portal.tree();
        let dealers = tree.below(ROOT);
        let scope = match dealers.as_slice() {
            [dealer] => dealer.name.clone(),
            _ => "eXplorer".to_owned(),
        };
        let customers = dealers.iter().flat_map(|dealer| tree.below(dealer.id));
        Self {
            here,
            scope,
            customers: customers
                .filter(|node| node.kind == Kind::Customer)
                .take(50)
                .map(|node| node.name.clone())
                .collect(),
            silent: portal.agents.all().iter().filter(|agent| portal.is_silent(agent, now_ms)).count(),
            made: words.moment(now_ms),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// Something that happened.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) kind: String,
    pub(super) text: String,
    pub(super) age: Age,
}
