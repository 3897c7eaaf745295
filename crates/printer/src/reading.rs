//! What a printer said, in the words of RFC 3805 and of the PWG imaging counters, each figure with its source.
//!
//! The JSON form (serde) is a contract with users of `dca read --json`: fields that are not known are absent, except
//! `percent`, `level`, `part_number`, `serial` and `pages_left` of a supply, which are null. No figure is ever 0 because it is unknown.

use serde::Serialize;

/// All that is known of one printer. The caller adds where and when it was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reading {
    /// True if the device is a printer; see [`Verdict`].
    pub is_printer: bool,
    /// Name of the profile that read it.
    pub profile: String,
    /// Who it is.
    pub identity: Identity,
    /// The page count a contract is billed by, where one figure can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Total>,
    /// All meters.
    pub meters: Vec<Meter>,
    /// Toner, ink, drums, waste boxes.
    pub supplies: Vec<Supply>,
    /// What it is doing.
    pub status: Status,
    /// prtAlertTable, or alerts made from the error bits where the table is empty.
    pub alerts: Vec<Alert>,
    /// Lines on the operator panel (prtConsoleDisplayBufferText).
    pub console: Vec<String>,
    /// prtInputTable.
    pub inputs: Vec<Input>,
    /// prtOutputTable.
    pub outputs: Vec<Output>,
    /// prtCoverTable.
    pub covers: Vec<Cover>,
    /// Events a vendor counts: jams, replacements.
    pub counts: Vec<Count>,
    /// Wear of parts: drum, belt, fuser.
    pub maintenance: Vec<Maintenance>,
    /// What else it told that has no place above: memory, resolution, temperatures, a vendor's raw records.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// Supplies that were taken out, where a device remembers them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Removed>,
    /// What was forgiven in decoding, one sentence each.
    pub quirks: Vec<String>,
    /// What could not be made sense of, one sentence each.
    pub doubts: Vec<String>,
}

/// Is this device a printer, and how can it be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The decision.
    pub is_printer: bool,
    /// The evidence, one sentence.
    pub why: String,
}

/// How far a figure can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Confidence {
    /// A standard object, or one that the vendor's MIB names.
    A,
    /// Two independent sources agree, or a recorded device shows it.
    B,
    /// One source, and it reconciles with other figures of the same reading.
    C,
    /// Sources contradict each other; never billed by.
    D,
}

/// Where a figure comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Source {
    /// The instance it was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// The page it was read from, for HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The question that it answers, for a protocol of neither objects nor pages: `~HQES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Two hex digits: the record inside a vendor's octet string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The device's own label for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How it was derived, if not read as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// A text with its source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// The text, cleaned of padding and control characters.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// Who a device is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Identity {
    /// The brand as people call it, not the engine's maker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Fact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Fact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Fact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<Fact>,
    /// Lower case, colons: `00:80:77:12:34:56`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<Fact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<Fact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset: Option<Fact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Fact>,
}

/// The page count a contract is billed by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Total {
    /// The count.
    pub value: u64,
    /// What is counted: impressions, sheets, metres ... (PrtMarkerCounterUnitTC in snake_case).
    pub unit: String,
    /// Where it comes from.
    pub source: Source,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// One meter (PWG imaging counters, generalised).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Meter {
    /// system_totals, print, copy, fax, fax_in, fax_out, scan, other, document_feeder, flatbed, image.
    pub service: String,
    /// total, mono, full_color, highlight_color, single_color, two_color, or a colorant.
    pub color: String,
    /// any, small, large, or a named size.
    pub size: String,
    /// any, simplex, duplex.
    pub sides: String,
    /// impressions, sheets, images, meters, hours ...
    pub unit: String,
    /// lifetime, power_on, reset.
    pub persistence: String,
    /// The count.
    pub value: u64,
    /// Where it comes from.
    pub source: Source,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// One supply (prtMarkerSuppliesTable, RFC 3805 §6).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Supply {
    /// `hrDeviceIndex.prtMarkerSuppliesIndex`, or a vendor's own index.
    pub index: String,
    /// The device's text.
    pub description: String,
    /// PrtMarkerSuppliesTypeTC in snake_case.
    #[serde(rename = "type")]
    pub kind: String,
    /// consumed, receptacle, other.
    pub class: String,
    /// The colorant in lower case, where it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// PrtMarkerSuppliesSupplyUnitTC in snake_case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// prtMarkerSuppliesMaxCapacity where it is a capacity.
    pub capacity: Option<i64>,
    /// prtMarkerSuppliesLevel where it is a level.
    pub level: Option<i64>,
    /// 0 to 100, one decimal. For a receptacle the room left.
    pub percent: Option<f64>,
    /// ok, low, empty, full, nearly_full, present, unknown, unrestricted.
    pub state: String,
    /// The vendor's order number.
    pub part_number: Option<String>,
    /// The cartridge's own serial number.
    pub serial: Option<String>,
    /// When it was put in, by the device's clock: `2026-03-01T10:30:00`, with `+02:00` where the device says its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installed: Option<String>,
    /// The device's own estimate.
    pub pages_left: Option<u64>,
    /// Where the level comes from.
    pub source: Source,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// hrPrinterStatus, hrDeviceStatus and hrPrinterDetectedErrorState (RFC 2790).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Status {
    /// hrPrinterStatus: other, unknown, idle, printing, warmup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printer: Option<String>,
    /// hrDeviceStatus: unknown, running, warning, testing, down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The bits that are set, in snake_case; absent when the device has none to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<String>>,
}

/// One row of prtAlertTable.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the columns of prtAlertTable")]
pub struct Alert {
    pub index: String,
    pub severity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// PrtAlertCodeTC's own name, such as markerTonerAlmostEmpty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_name: Option<String>,
    /// The device's text, or one made of group and code where it has none.
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<i64>,
    /// The vendor's own code for it, as a technician knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_code: Option<String>,
    /// False for a row that only records that an alert has ended, or that names no condition (a panel text).
    pub active: bool,
    pub source: Source,
}

/// One paper source (prtInputTable).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the columns of prtInputTable")]
pub struct Input {
    pub index: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    pub unit: Option<String>,
    pub capacity: Option<i64>,
    pub level: Option<i64>,
    pub percent: Option<f64>,
    /// As for a supply.
    pub state: String,
    pub source: Source,
}

/// One output bin (prtOutputTable).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the columns of prtOutputTable")]
pub struct Output {
    pub index: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub unit: Option<String>,
    pub capacity: Option<i64>,
    /// prtOutputRemainingCapacity.
    pub remaining: Option<i64>,
    pub source: Source,
}

/// One cover or interlock (prtCoverTable).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the columns of prtCoverTable")]
pub struct Cover {
    pub index: String,
    pub description: String,
    /// PrtCoverStatusTC in snake_case: cover_open, cover_closed, interlock_open, interlock_closed ...
    pub state: String,
    pub source: Source,
}

/// Events a vendor counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Count {
    /// jam, replacement ...
    pub what: String,
    /// The place or part, where it is told.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The count.
    pub value: u64,
    /// Where it comes from.
    pub source: Source,
}

/// A supply that is no longer in the device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Removed {
    /// The vendor's own index.
    pub index: String,
    /// The device's text.
    pub description: String,
    /// The cartridge's own serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// When it was put in; as for a supply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installed: Option<String>,
    /// Sides printed while it was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<u64>,
    /// What was left in it, 0 to 100, one decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Where the pages come from, or else what there is.
    pub source: Source,
}

/// Wear of a part that the standard supplies do not show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Maintenance {
    /// drum, belt, fuser, laser, paper_feed_kit_1 ...
    pub part: String,
    /// Life left, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Pages until it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages_left: Option<u64>,
    /// Where it comes from.
    pub source: Source,
}

/// Something told that is neither a figure to bill by nor a state to act on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detail {
    /// memory_free, resolution ... or the device's own label.
    pub what: String,
    /// As told.
    pub value: String,
    /// The unit, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it comes from.
    pub source: Source,
}
