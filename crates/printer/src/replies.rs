//! Recorded replies by their form: what `dca decode FORM FILE` knows.
//!
//! A form is a protocol, or a vendor's own encoding; it says in the words of a [`Reading`] what one reply means. A reply
//! tells a part only, so most of such a reading is empty, and what one reply does not tell is not known.

use crate::dialect::{self, FORMS};
use crate::reading::Reading;

/// One form of reply.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// As people type it.
    pub name: &'static str,
    /// What it decodes, a few words.
    pub about: &'static str,
    pub(crate) decode: fn(&[u8]) -> Result<Vec<Decoded>, Undecodable>,
}

/// What one reply says of one device.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded {
    /// Which of the devices, where one file holds the replies of several.
    pub device: Option<String>,
    /// What it says.
    pub reading: Reading,
}

/// The octets are no reply of this form; what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Undecodable(pub String);

/// Forms of which several replies are pages of one device.
const TOGETHER: &[(&str, Together)] = &[(dialect::LEDM.name, dialect::ledm::together)];
type Together = fn(&[&[u8]]) -> Result<Reading, Undecodable>;

impl Form {
    /// All that can be decoded.
    pub fn all() -> &'static [Self] {
        FORMS
    }

    /// The form of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMS.iter().find(|form| form.name == name)
    }

    /// What a file of this form says, at least one device.
    ///
    /// # Errors
    /// Where nothing in it has the form.
    pub fn decode(&self, octets: &[u8]) -> Result<Vec<Decoded>, Undecodable> {
        (self.decode)(octets)
    }

    /// What several files say together, if their form is one of pages of one device.
    pub fn decode_together(&self, replies: &[&[u8]]) -> Option<Result<Reading, Undecodable>> {
        let (_, together) = TOGETHER.iter().find(|(name, _)| *name == self.name)?;
        Some(together(replies))
    }
}

impl From<Reading> for Decoded {
    fn from(reading: Reading) -> Self {
        Self { device: None, reading }
    }
}
