//! A profile as its TOML file says it. Every value is checked while it is read, so an error knows its line.

use super::alerts::AlertTable;
use super::details::{Console, Detail as Told, DetailTable};
use super::history::RemovedTable;
use super::key::{Key, Words};
use super::own_supplies::SupplyTable;
use super::wear::WearTable;
use crate::dialect::{RecordForm, TextForm};
use crate::reading::Confidence;
use dca_snmp::Oid;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// One file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// The profile whose entries this one has too, behind its own.
    pub(crate) extends: Option<Spanned<String>>,
    /// The engine's maker: the brand where no text of the device names one.
    pub(crate) vendor: Option<String>,
    /// The SNMP context in which print servers keep the printer behind them.
    pub(crate) context: Option<String>,
    /// Recorded walks that this profile was checked with.
    #[serde(default)]
    pub(crate) recordings: Vec<String>,
    #[serde(default, rename = "match")]
    pub(crate) matches: Vec<Match>,
    #[serde(default)]
    pub(crate) identity: Identity,
    #[serde(default)]
    pub(crate) meter: Vec<Meter>,
    #[serde(default)]
    pub(crate) meter_table: Vec<MeterTable>,
    #[serde(default)]
    pub(crate) records: Vec<Records>,
    #[serde(default)]
    pub(crate) count: Vec<Count>,
    #[serde(default)]
    pub(crate) count_table: Vec<CountTable>,
    #[serde(default)]
    pub(crate) wear: Vec<WearTable>,
    #[serde(default)]
    pub(crate) detail: Vec<Told>,
    #[serde(default)]
    pub(crate) detail_table: Vec<DetailTable>,
    #[serde(default)]
    pub(crate) console: Vec<Console>,
    #[serde(default)]
    pub(crate) supplies: Supplies,
    #[serde(default)]
    pub(crate) alert_table: Vec<AlertTable>,
    /// The shape of a service code that alert texts begin with: `99-999-99`, 9 for a digit, the rest as it is.
    pub(crate) alert_code: Option<String>,
    pub(crate) total: Option<Total>,
    #[serde(default)]
    pub(crate) deny: Vec<Deny>,
    #[serde(default)]
    pub(crate) fragile: Vec<Fragile>,
}

/// One way to tell that a device is this profile's: all that is said here holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Match {
    /// sysObjectID lies at or below.
    pub(crate) sys_object_id: Option<OidText>,
    /// Stand in sysDescr, hrDeviceDescr or an IEEE 1284 device id as whole words, case aside.
    pub(crate) words: Option<String>,
    /// The device answers this instance.
    pub(crate) present: Option<OidText>,
}

/// Chains: the first entry that gives a text wins.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// Texts that name the brand on the lid: asked where no text of the standard MIBs does.
    #[serde(default)]
    pub(crate) vendor: Vec<Text>,
    #[serde(default)]
    pub(crate) model: Vec<Text>,
    #[serde(default)]
    pub(crate) serial: Vec<Text>,
    #[serde(default)]
    pub(crate) firmware: Vec<Text>,
    #[serde(default)]
    pub(crate) mac: Vec<Text>,
    #[serde(default)]
    pub(crate) hostname: Vec<Text>,
    #[serde(default)]
    pub(crate) asset: Vec<Text>,
}

/// One place where a text may be found.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    /// An instance; with `label`, a column.
    pub(crate) oid: OidText,
    /// The row of the column: the one that another column names so.
    pub(crate) label: Option<RowLabel>,
    /// The value of this key of an IEEE 1284 device id, such as `MDL`.
    pub(crate) field: Option<String>,
    /// What stands behind this text.
    pub(crate) after: Option<String>,
    /// What stands before this text.
    pub(crate) until: Option<String>,
    /// True: only where nothing else, the standard MIBs included, tells it. C implies it.
    #[serde(default)]
    pub(crate) gap: bool,
    #[serde(default)]
    pub(crate) form: TextForm,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    pub(crate) _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    pub(crate) _why: Option<Note>,
}

/// A row by the text in one of its columns, case aside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowLabel {
    pub(crate) column: OidText,
    pub(crate) is: String,
}

/// One meter at one instance, or the sum of two or more.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meter {
    pub(crate) oid: Option<OidText>,
    pub(crate) sum: Option<Vec<OidText>>,
    pub(crate) is: Spanned<Key>,
    /// The number stands in a text before this word, as in `1920 INCHES, 4876 CENTIMETERS`.
    pub(crate) number_before: Option<String>,
    /// Values that mean "does not apply here".
    #[serde(default)]
    pub(crate) absent: Vec<i64>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    pub(crate) _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    pub(crate) _why: Option<Note>,
}

/// Meters in rows: what a row counts is told by a label, by codes, or by the places in its index.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeterTable {
    /// The column of counts.
    pub(crate) values: Spanned<OidText>,
    /// Only the rows whose index starts so, such as `["1.20"]`: bounds the walk of a large table.
    #[serde(default)]
    pub(crate) under: Vec<Arcs>,
    /// What holds of every row.
    #[serde(default)]
    pub(crate) is: Words,
    /// The table counts one thing only when it has one row; with more it is left alone.
    #[serde(default)]
    pub(crate) only_row: bool,
    /// Rows that count the same are parts of one figure: their sum is read, and nothing where a part is missing.
    #[serde(default)]
    pub(crate) adds_up: bool,
    /// A column of texts.
    pub(crate) labels: Option<Labels>,
    /// Columns of numbers.
    #[serde(default)]
    pub(crate) codes: Vec<Codes>,
    /// Places in the index.
    #[serde(default)]
    pub(crate) places: Vec<Place>,
    #[serde(default)]
    pub(crate) absent: Vec<i64>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    pub(crate) _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    pub(crate) _why: Option<Note>,
}

/// What the texts of a column say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Labels {
    pub(crate) column: OidText,
    #[serde(default)]
    pub(crate) form: TextForm,
    pub(crate) meaning: BTreeMap<String, Meaning>,
}

/// What the numbers of a column say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Codes {
    pub(crate) column: OidText,
    pub(crate) meaning: BTreeMap<Number, Meaning>,
}

/// What an arc of the index says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// Counted from 1.
    pub(crate) arc: usize,
    pub(crate) meaning: BTreeMap<Number, Meaning>,
}

/// What a label, a code, a place or a record means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) is: Words,
    /// Where it is known less well than the rest of the table.
    pub(crate) confidence: Option<Confidence>,
}

/// Records in an octet string.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    pub(crate) oid: OidText,
    pub(crate) form: RecordForm,
    #[serde(default)]
    pub(crate) meters: BTreeMap<Tag, Meaning>,
    #[serde(default)]
    pub(crate) maintenance: BTreeMap<Tag, Part>,
    #[serde(default)]
    pub(crate) counts: BTreeMap<Tag, Event>,
    /// Codes of the state of a supply.
    #[serde(default)]
    pub(crate) states: BTreeMap<Tag, SupplyState>,
    /// Codes of what is wrong at the moment, and what they say.
    #[serde(default)]
    pub(crate) alerts: BTreeMap<Tag, BTreeMap<Number, String>>,
    /// Shares in whole percent and hundredths, an octet each.
    #[serde(default)]
    pub(crate) shares: BTreeMap<Tag, String>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    pub(crate) _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    pub(crate) _why: Option<Note>,
}

/// The supply that a code is about, and what the code says of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupplyState {
    /// `toner`, `opc` ...: the supply of this type, if there is but one.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The supply of this colour, if there is but one.
    pub(crate) color: Option<String>,
    pub(crate) meaning: BTreeMap<Number, Worse>,
}

/// Wear of a part.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) part: String,
    #[serde(rename = "as")]
    pub(crate) measure: Measure,
}

/// How wear is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// What is left: in 0.01 percent in four octets, or in two octets as steps and the number of steps.
    HundredthsOfPercent,
    /// What is left in tens of percent, rounded up: told where nothing tells it finer.
    TensOfPercent,
    /// Pages until it is due.
    PagesLeft,
}

/// What an event counter counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    pub(crate) what: String,
    #[serde(rename = "where")]
    pub(crate) place: Option<String>,
}

/// Events at one instance.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Count {
    pub(crate) oid: OidText,
    pub(crate) what: String,
    #[serde(rename = "where")]
    pub(crate) place: Option<String>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    pub(crate) _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    pub(crate) _why: Option<Note>,
}

/// Events in rows, with a code or with a text whose beginning tells what they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountTable {
    pub(crate) values: OidText,
    pub(crate) codes: Option<OidText>,
    #[serde(default)]
    pub(crate) meaning: BTreeMap<Number, Event>,
    pub(crate) texts: Option<OidText>,
    /// Without a place of its own, an event's place is the whole text.
    #[serde(default)]
    pub(crate) begins: BTreeMap<String, Event>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    pub(crate) _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    pub(crate) _why: Option<Note>,
}

/// How this vendor fills prtMarkerSuppliesTable, and where more is known of its rows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Supplies {
    pub(crate) receptacle_reports_fill: Option<bool>,
    pub(crate) percent_without_capacity: Option<bool>,
    pub(crate) markers_add_up: Option<bool>,
    #[serde(default)]
    pub(crate) detail: Vec<Detail>,
    #[serde(default)]
    pub(crate) table: Vec<SupplyTable>,
    #[serde(default)]
    pub(crate) removed: Vec<RemovedTable>,
}

/// Columns of a vendor's table about supplies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detail {
    pub(crate) join: Join,
    pub(crate) part_number: Option<OidText>,
    pub(crate) serial: Option<OidText>,
    /// When it was put in, as DateAndTime (RFC 2579).
    pub(crate) installed: Option<OidText>,
    /// What is left in percent, where prtMarkerSuppliesLevel does not tell.
    pub(crate) percent: Option<OidText>,
    /// The vendor's own word on how much is left: the worse of it and the level wins.
    pub(crate) state: Option<StateCodes>,
    pub(crate) pages_left: Option<OidText>,
    /// The code column and the code that make `pages_left` pages.
    pub(crate) pages_when: Option<PagesWhen>,
    pub(crate) confidence: Grade,
    /// Who says so: a MIB and its object, a recording, a collector's source.
    #[serde(rename = "source")]
    pub(crate) _source: Note,
    /// What else a reader should know.
    #[serde(rename = "why")]
    pub(crate) _why: Option<Note>,
}

/// Which row of prtMarkerSuppliesTable a vendor's row is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub(crate) enum Join {
    /// A column that holds the OID of the row.
    Reference { reference: OidText },
    /// A column that holds the text of prtMarkerSuppliesDescription.
    Description { description: OidText },
    /// A column of texts that name a colour: the one toner or ink of that colour.
    Color { color: OidText },
    /// A column whose rows have the numbers of the supplies' rows.
    SameRow { same_row: OidText },
}

impl Join {
    pub(crate) fn column(&self) -> &OidText {
        match self {
            Self::Reference { reference: column }
            | Self::Description { description: column }
            | Self::Color { color: column }
            | Self::SameRow { same_row: column } => column,
        }
    }
}

/// A column of codes, and the states that some of them name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateCodes {
    pub(crate) column: OidText,
    pub(crate) meaning: BTreeMap<Number, Worse>,
}

/// A state that is worth a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Worse {
    /// Order.
    Low,
    /// Replace.
    Empty,
}

impl Worse {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Empty => "empty",
        }
    }
}

/// The unit column of a vendor's row, and the code that says pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PagesWhen {
    pub(crate) column: OidText,
    pub(crate) code: i64,
}

/// Which figure is billed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Total {
    pub(crate) meter: Key,
    /// True: only where there is no prtMarkerLifeCount.
    #[serde(default)]
    pub(crate) fallback: bool,
    pub(crate) why: Note,
}

/// What is never asked for and never kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deny {
    pub(crate) oid: Spanned<OidText>,
    #[serde(rename = "why")]
    pub(crate) _why: Note,
}

/// Models that do not bear to be asked as others are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fragile {
    /// Stand in sysDescr, hrDeviceDescr or an IEEE 1284 device id as whole words, case aside.
    pub(crate) words: String,
    pub(crate) ask: Care,
    pub(crate) why: Note,
}

/// How a fragile model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Care {
    /// A full reading a day, in small questions with pauses.
    Gently,
    /// Who it is, nothing else.
    Never,
}

/// How well a meaning is known: A, B or C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grade(pub(crate) Confidence);

/// A text written for people; not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note(String);

/// An OID in dotted decimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OidText(pub(crate) Oid);

/// A few arcs in dotted decimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arcs(pub(crate) Vec<u32>);

/// Two hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tag(pub(crate) u8);

/// A number as a key of a TOML table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(pub(crate) i64);

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! from_text {
    ($kind:ident, $parse:expr) => {
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                #[allow(clippy::redundant_closure_call, reason = "one macro for four small types")]
                ($parse)(text.as_str()).map(Self).map_err(serde::de::Error::custom)
            }
        }
    };
}

// The reference's R (recorded on a device, the meaning from a named source) is B; D is not for reading.
from_text!(Grade, |text: &str| match text {
    "A" => Ok(Confidence::A),
    "B" => Ok(Confidence::B),
    "C" => Ok(Confidence::C),
    "D" => Err("confidence D (sources contradict each other) is never read: leave the entry out".to_owned()),
    other => Err(format!("`{other}`: expected confidence A, B or C")),
});
from_text!(Note, |text: &str| {
    if text.trim().is_empty() { Err("expected a sentence".to_owned()) } else { Ok(text.to_owned()) }
});
from_text!(OidText, |text: &str| text.parse::<Oid>().map_err(|error| format!("`{text}`: {error}")));
from_text!(Arcs, |text: &str| {
    text.split('.')
        .map(str::parse)
        .collect::<Result<Vec<u32>, _>>()
        .map_err(|_| format!("`{text}`: expected arcs such as 1.20"))
});
from_text!(Tag, |text: &str| {
    let digits = text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let tag = if digits { u8::from_str_radix(text, 16).ok() } else { None };
    tag.ok_or_else(|| format!("`{text}`: expected two hex digits such as 0a"))
});
from_text!(Number, |text: &str| {
    text.parse::<i64>().map_err(|_| format!("`{text}`: expected a number such as 201"))
});

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            is: Words,
            confidence: Grade,
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Meaning;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("words such as \"print mono\", or { is = \"print mono\", confidence = \"C\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Meaning, E> {
                Words::parse(text).map(|is| Meaning { is, confidence: None }).map_err(E::custom)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Meaning, A::Error> {
                let table = Table::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Meaning { is: table.is, confidence: Some(table.confidence.0) })
            }
        }
        from.deserialize_any(Visitor)
    }
}
