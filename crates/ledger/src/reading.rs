//! What goes in: one reading of one device, in the plainest words.

use crate::Time;

/// What one device said at one time. Leave out what was not read; the ledger never takes silence for a zero.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// When the device was read, not when the report arrived.
    pub at: Time,
    /// Who answered.
    pub device: Identity<'a>,
    /// Lifetime meters, each key at most once.
    pub meters: &'a [MeterPoint<'a>],
    /// Supplies, each slot at most once.
    pub supplies: &'a [SupplyPoint<'a>],
}

/// Who answered, as far as it is known. Compared letter by letter: hand over one spelling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Serial number of the device, with the vendor in front where serial numbers of several vendors can meet.
    pub serial: Option<&'a str>,
    /// Hardware address.
    pub mac: Option<&'a str>,
}

/// One lifetime meter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeterPoint<'a> {
    /// Which meter, in the caller's words, such as `print.mono.any`.
    pub key: &'a str,
    /// What the device said.
    pub value: u64,
    /// What is counted, such as `impressions`.
    pub unit: &'a str,
    /// Where the figure comes from, such as an OID and the rule that read it. Another text is another source.
    pub source: &'a str,
    /// How wide the device's counter is; decides whether a fall can be a wrap.
    pub width: Width,
    /// The fastest that this meter can grow, in units a minute (prtMediaPathMaxSpeed of the fastest path).
    pub rated: Option<f64>,
}

/// How wide a counter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// An imaging counter of PWG 5106.3, at most 2^31 - 1.
    Bits31,
    /// A Counter32 such as prtMarkerLifeCount, at most 2^32 - 1.
    Bits32,
    /// Not known, or so wide that it cannot wrap.
    Unknown,
}

impl Width {
    pub(crate) fn modulus(self) -> Option<u64> {
        match self {
            Self::Bits31 => Some(1 << 31),
            Self::Bits32 => Some(1 << 32),
            Self::Unknown => None,
        }
    }
}

/// One supply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SupplyPoint<'a> {
    /// Which place in the device, in the caller's words, such as the row `1.3`.
    pub slot: &'a str,
    /// Whether it is used up or filled.
    pub class: Class,
    /// Level in percent as the device reports it; `None` for "unknown" and "some left".
    pub percent: Option<f64>,
    /// Serial number of the cartridge.
    pub serial: Option<&'a str>,
    /// When the device says that it was installed, in any spelling that stays the same.
    pub installed: Option<&'a str>,
    /// Which way a receptacle counts, where its profile says so.
    pub direction: Option<Direction>,
    /// Key of the meter whose growth wears it, such as colour pages for cyan. Without one, time does.
    pub worn_by: Option<&'a str>,
}

/// prtMarkerSuppliesClass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Toner, ink, a drum: the level falls.
    Consumed,
    /// A waste box. RFC 3805 says that its level is the room left; some devices report how full it is.
    Receptacle,
}

/// Which way the level of a receptacle counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Direction {
    /// 0 is full, as RFC 3805 has it.
    RoomLeft,
    /// 100 is full.
    Fill,
}
