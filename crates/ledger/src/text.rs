//! Short words that many events share: keys, units, sources, serial numbers.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A short text of the caller, kept once and shared by all that mention it. It came from a device: escape it where it
/// is shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Text(Arc<str>);

impl Text {
    /// Longest text that is kept, in octets.
    pub const LONGEST: usize = 255;

    /// `None` for a text that is empty or too long: cut off, two could become equal.
    pub(crate) fn new(text: &str) -> Option<Self> {
        (1..=Self::LONGEST).contains(&text.len()).then(|| Self(text.into()))
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        (*text.0).to_owned()
    }
}
