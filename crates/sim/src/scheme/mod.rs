//! The device file as it is written: one type mirrors it exactly, unknown keys are refused.

mod words;

pub(crate) use words::{
    CounterUnit, ErrorBit, InputType, MarkTech, OutputType, Severity, SupplyClass, SupplyType, SupplyUnit, Training,
};

use serde::Deserialize;
use std::collections::BTreeMap;

/// A whole device file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sheet {
    pub(crate) device: Identity,
    #[serde(default)]
    pub(crate) snmp: Snmp,
    #[serde(default)]
    pub(crate) behaviour: Behaviour,
    #[serde(default)]
    pub(crate) rates: Rates,
    #[serde(default)]
    pub(crate) meters: BTreeMap<String, Meter>,
    #[serde(default)]
    pub(crate) markers: Vec<Marker>,
    #[serde(default)]
    pub(crate) supplies: Vec<Supply>,
    #[serde(default)]
    pub(crate) trays: Vec<Tray>,
    #[serde(default)]
    pub(crate) outputs: Vec<Output>,
    #[serde(default)]
    pub(crate) covers: Vec<String>,
    #[serde(default)]
    pub(crate) media_paths: Vec<MediaPath>,
    #[serde(default)]
    pub(crate) alerts: Vec<Alert>,
    #[serde(default)]
    pub(crate) private: Vec<Private>,
}

/// Who it says it is. `#` in `serial` and `name` is a digit, `@` a letter, `^` a hexadecimal digit, drawn by the seed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) vendor: String,
    pub(crate) model: String,
    #[serde(default)]
    pub(crate) serial: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) firmware: String,
    #[serde(default)]
    pub(crate) location: String,
    #[serde(default)]
    pub(crate) asset: String,
    /// The maker's first three octets; the seed draws the rest.
    pub(crate) mac: String,
    /// sysDescr, sysObjectID.
    pub(crate) description: String,
    pub(crate) object: String,
    /// False for what is no printer: no hrPrinter, no Printer-MIB.
    #[serde(default = "yes")]
    pub(crate) printer: bool,
    /// True if its raw port answers host queries, as a label printer's does.
    #[serde(default)]
    pub(crate) label_language: bool,
    /// hrDeviceIndex of the printer; lower rows are other devices.
    #[serde(default = "one")]
    pub(crate) index: u32,
    /// hrDeviceDescr; the model by default.
    pub(crate) host_description: Option<String>,
    /// False where prtGeneralSerialNumber is missing.
    #[serde(default = "yes")]
    pub(crate) standard_serial: bool,
    /// sysServices.
    #[serde(default = "services")]
    pub(crate) services: i64,
    /// Ethernet ports.
    #[serde(default = "one")]
    pub(crate) ports: u32,
    /// IANA MIBenum of the panel's language.
    #[serde(default = "utf8")]
    pub(crate) charset: i64,
    /// Octets of hrPrinterDetectedErrorState: 1 or 2.
    #[serde(default = "two")]
    pub(crate) error_octets: usize,
}

/// Versions, communities and users it answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Snmp {
    pub(crate) versions: Vec<VersionWord>,
    pub(crate) communities: Vec<String>,
    pub(crate) users: Vec<User>,
    /// The largest answer in octets.
    pub(crate) max_message: usize,
}

impl Default for Snmp {
    fn default() -> Self {
        let versions = vec![VersionWord::V1, VersionWord::V2c];
        Self { versions, communities: vec!["public".into()], users: Vec::new(), max_message: 1472 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VersionWord {
    V1,
    V2c,
    V3,
}

/// A v3 user. `auth` is one of md5, sha1, sha224, sha256, sha384, sha512; `privacy` one of des, aes128, aes192, aes256,
/// and aes192c, aes256c with the Reeder extension.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) auth: Option<String>,
    pub(crate) auth_pass: Option<String>,
    pub(crate) privacy: Option<String>,
    pub(crate) privacy_pass: Option<String>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({}, ..)", self.name)
    }
}

/// How the agent in the device departs from the book.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Behaviour {
    pub(crate) getbulk: GetBulk,
    pub(crate) sleep: Option<Sleep>,
    pub(crate) lies: Vec<Lie>,
    /// The instances whose value is sent as an IpAddress of five octets.
    pub(crate) broken_rows: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GetBulk {
    #[default]
    Right,
    /// Never answered.
    Silent,
    /// Answered with genErr.
    Error,
}

/// After `idle` seconds without a question the next one is answered only when the device has woken up.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sleep {
    pub(crate) idle: f64,
    /// Shortest and longest time to wake up, in seconds.
    pub(crate) wakes: [f64; 2],
}

/// One way to send broken BER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Lie {
    /// Unsigned numbers without the leading 0 that keeps them positive.
    NegativeUnsigned,
    /// 0 as a number of no octets.
    EmptyInteger,
    /// Numbers padded to five octets.
    PaddedInteger,
    /// Lengths in four octets.
    LongLength,
    /// Octets after the message.
    TrailingMessage,
    /// Octets after the variable bindings.
    TrailingPdu,
    /// Octets inside noSuchObject and its kin.
    NullWithOctets,
}

/// Pages an hour, as an office works. A day's pages vary around these by the seed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rates {
    /// In working hours of Monday to Friday.
    pub(crate) work: f64,
    /// Outside them.
    pub(crate) night: f64,
    /// On Saturday and Sunday.
    pub(crate) weekend: f64,
    /// Working hours.
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// The hour of Monday at which the device was switched on.
    pub(crate) starts: f64,
    /// How many jams on an average day.
    pub(crate) jams_per_day: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self { work: 0.0, night: 0.0, weekend: 0.0, from: 8, to: 18, starts: 9.0, jams_per_day: 0.0 }
    }
}

/// A counter: `share` is how much of each printed page it counts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meter {
    pub(crate) start: u64,
    #[serde(default)]
    pub(crate) share: f64,
    /// True if it is part of `total`.
    #[serde(default = "yes")]
    pub(crate) printed: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marker {
    pub(crate) technology: MarkTech,
    #[serde(default = "impressions")]
    pub(crate) unit: CounterUnit,
    /// What prtMarkerLifeCount shows: meters joined by `+` and `-`.
    #[serde(default = "total")]
    pub(crate) life: String,
    /// The names of the process colorants, in order; supplies refer to them by name.
    pub(crate) colorants: Vec<String>,
    /// Dots per inch.
    #[serde(default = "dpi")]
    pub(crate) resolution: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Supply {
    pub(crate) description: String,
    #[serde(rename = "type")]
    pub(crate) kind: SupplyType,
    #[serde(default = "consumed")]
    pub(crate) class: SupplyClass,
    #[serde(default = "percent")]
    pub(crate) unit: SupplyUnit,
    /// prtMarkerSuppliesMaxCapacity.
    #[serde(default = "hundred")]
    pub(crate) capacity: i64,
    /// The level when full, where `capacity` does not say.
    pub(crate) full: Option<i64>,
    /// The level at the start.
    pub(crate) level: i64,
    /// Pages for a full supply.
    #[serde(rename = "yield")]
    pub(crate) yields: f64,
    /// The meters that wear it, joined by `+` and `-`.
    #[serde(default = "total")]
    pub(crate) wears: String,
    /// Percent below which it is low.
    #[serde(default = "ten")]
    pub(crate) low: f64,
    pub(crate) colorant: Option<String>,
    #[serde(default)]
    pub(crate) says: Says,
}

/// How a level is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Says {
    /// As it is: what is left, or the room left in a receptacle.
    #[default]
    Level,
    /// -3 until it is empty.
    Some,
    /// -2 always.
    Unknown,
    /// A receptacle that shows what is in it.
    Fill,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tray {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: InputType,
    pub(crate) capacity: i64,
    pub(crate) level: i64,
    /// How much of the pages come from here.
    #[serde(default)]
    pub(crate) share: f64,
    #[serde(default = "ten")]
    pub(crate) low: f64,
    #[serde(default = "plain")]
    pub(crate) media: String,
    /// Width and length in millimetres.
    #[serde(default = "a4")]
    pub(crate) size: [i64; 2],
    #[serde(default)]
    pub(crate) says: Says,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: OutputType,
    pub(crate) capacity: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediaPath {
    pub(crate) description: String,
    /// Impressions an hour.
    pub(crate) speed: i64,
    #[serde(default)]
    pub(crate) duplex: bool,
}

/// When an alert stands in the table, and what it says. What is left out follows from the condition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alert {
    /// `supply low`, `supply 2 empty`, `tray low`, `tray 1 empty`, `jam`, `cover open`, `always`.
    pub(crate) when: String,
    /// `{description}` is the supply's or tray's own.
    #[serde(default)]
    pub(crate) text: String,
    pub(crate) severity: Option<Severity>,
    pub(crate) training: Option<Training>,
    pub(crate) group: Option<i64>,
    pub(crate) code: Option<i64>,
    #[serde(default)]
    pub(crate) location: i64,
    pub(crate) bits: Option<Vec<ErrorBit>>,
}

/// A vendor's subtree.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Private {
    pub(crate) root: String,
    pub(crate) rows: Vec<Row>,
}

/// One instance: `at` is joined to the root, and exactly one other key gives type and value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Row {
    pub(crate) at: String,
    pub(crate) integer: Option<String>,
    pub(crate) counter32: Option<String>,
    pub(crate) counter64: Option<String>,
    pub(crate) gauge32: Option<String>,
    pub(crate) ticks: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) hex: Option<String>,
    pub(crate) object: Option<String>,
    pub(crate) address: Option<String>,
    /// Octet records `id 01 04 vvvvvvvv`, ended by FF.
    pub(crate) wide_records: Option<Vec<(String, String)>>,
    /// Octet records `id length value`, ended by FF.
    pub(crate) short_records: Option<Vec<(String, String)>>,
}

fn yes() -> bool {
    true
}
fn one() -> u32 {
    1
}
fn two() -> usize {
    2
}
fn services() -> i64 {
    72
}
fn utf8() -> i64 {
    106
}
fn dpi() -> i64 {
    600
}
fn ten() -> f64 {
    10.0
}
fn hundred() -> i64 {
    100
}
fn a4() -> [i64; 2] {
    [210, 297]
}
fn plain() -> String {
    "plain".into()
}
fn total() -> String {
    "total".into()
}
fn impressions() -> CounterUnit {
    CounterUnit::Impressions
}
fn consumed() -> SupplyClass {
    SupplyClass::Consumed
}
fn percent() -> SupplyUnit {
    SupplyUnit::Percent
}
