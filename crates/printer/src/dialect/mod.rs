//! The encodings that only one vendor uses, as named operations.
//!
//! A profile names an operation; it cannot describe one. The set is closed and small, so what a profile can do to the
//! octets of a device is known without reading the profile. This folder is the only one where a vendor's name may
//! stand in Rust.

mod brother;
mod epson;
mod hp;
pub mod ledm;
pub mod zebra;

use crate::replies::Form;
pub(crate) use brother::Record;
pub(crate) use ledm::FORM as LEDM;
use serde::Deserialize;

/// Every form of reply that can be decoded, in the order of the help.
pub(crate) const FORMS: &[Form] = &[zebra::FORM, brother::recorded::FORM, LEDM, crate::ipp::FORM];

/// How the octets of a text are to be taken before they are decoded as text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum TextForm {
    /// As they are.
    #[default]
    #[serde(rename = "plain")]
    Plain,
    /// A two-octet symbol set in front: see [`hp::without_symbol_set`].
    #[serde(rename = "hp-symbol-set")]
    HpSymbolSet,
    /// The serial number in a status frame: see [`epson::serial`].
    #[serde(rename = "epson-serial")]
    EpsonSerial,
}

impl TextForm {
    pub(crate) fn octets(self, octets: &[u8]) -> &[u8] {
        match self {
            Self::Plain => octets,
            Self::HpSymbolSet => hp::without_symbol_set(octets),
            Self::EpsonSerial => epson::serial(octets),
        }
    }
}

/// How an octet string is cut into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum RecordForm {
    /// `id length value`, or `id 01 length value`: see [`brother::records`].
    #[serde(rename = "brother-records")]
    Brother,
    /// The page counts of a status frame: see [`epson::page_counts`].
    #[serde(rename = "epson-page-counts")]
    EpsonPageCounts,
    /// The error of a status frame: see [`epson::error`].
    #[serde(rename = "epson-error")]
    EpsonError,
}

impl RecordForm {
    /// The records, or why there are none.
    pub(crate) fn records(self, octets: &[u8]) -> Result<Vec<Record>, &'static str> {
        match self {
            Self::Brother => brother::records(octets),
            Self::EpsonPageCounts => epson::page_counts(octets),
            Self::EpsonError => epson::error(octets),
        }
    }
}
