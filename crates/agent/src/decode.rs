//! `decode`: what a recorded reply means.

use crate::input::{self, InputError};
use dca_printer::{Form, Reading};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What a recorded reply says. Most of a whole reading is missing in it, and missing is not known.
#[derive(Debug, Clone, Serialize)]
pub struct FromReply {
    /// The file's path as given.
    pub address: String,
    /// Which of the devices, where the file holds the replies of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What it says.
    #[serde(flatten)]
    pub reading: Reading,
}

/// Decodes files together, where the form is one of pages of one device; else `None`.
pub fn decode_together(form: &Form, paths: &[PathBuf]) -> Option<Result<FromReply, InputError>> {
    form.decode_together(&[])?.ok();
    let named = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let decode = || {
        let pages = paths.iter().map(|path| input::octets(path)).collect::<Result<Vec<_>, _>>()?;
        let pages: Vec<&[u8]> = pages.iter().map(Vec::as_slice).collect();
        let decoded = form.decode_together(&pages).unwrap_or(Ok(Reading::default()));
        let reading = decoded.map_err(|error| InputError::argument(format!("{}: {error}", named(paths))))?;
        Ok(FromReply { address: named(paths), device: None, reading })
    };
    Some(decode())
}

/// Decodes a file that holds a reply of this form.
pub fn decode(form: &Form, path: &Path) -> Result<Vec<FromReply>, InputError> {
    let decoded = form.decode(&input::octets(path)?).map_err(|error| InputError::file(path, error.to_string()))?;
    let address = path.display().to_string();
    let replies = decoded.into_iter().map(|one| {
        let mut reading = one.reading;
        form.name.clone_into(&mut reading.profile);
        FromReply { address: address.clone(), device: one.device, reading }
    });
    Ok(replies.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_refuses_what_it_does_not_know_by_the_name_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reply");
        std::fs::write(&path, [0xff, 0, 0x9b, 7]).unwrap();
        for form in Form::all() {
            let error = decode(form, &path).unwrap_err().to_string();
            assert!(error.contains("reply: expected"), "{}: {error}", form.name);
            assert!(decode(form, Path::new("/no/such")).is_err());
        }
    }
}
