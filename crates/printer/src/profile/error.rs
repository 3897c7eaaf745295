//! What is wrong with a profile, where, and what was expected.

/// A profile that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct ProfileError {
    /// The file's name as it was given.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// What was expected.
    pub what: String,
}

impl ProfileError {
    /// The error at an offset of the file's text.
    pub(crate) fn at(file: &str, text: &str, offset: usize, what: impl Into<String>) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
        Self { file: file.to_owned(), line, what: what.into() }
    }

    pub(crate) fn toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        Self::at(file, text, error.span().map_or(0, |span| span.start), error.message())
    }
}
