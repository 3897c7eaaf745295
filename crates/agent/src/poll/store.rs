//! The memory on disk: one JSON file for each device.
//!
//! A file holds what the last full reading brought, as lines of a recording, and who that was. How to ask is worked out
//! from the rows when the file is read, so a better profile takes effect without a new reading. One that
//! cannot be used is set aside as `.bad`. See docs/decisions/007-polls.md for why this is not a database.

use super::kept::Kept;
use super::memory::{Known, MOST, Seen};
use super::signature::Signature;
use super::whereabouts::Whereabouts;
use crate::input::{self, InputError};
use crate::whole;
use dca_printer::{Learnt, Mark, Profiles, Rows};
use dca_snmp::recording;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The form of the file. A file of another form is left alone and its device learnt again.
const FORM: u32 = 1;
/// Rows that are kept; a device with more is read in full after a restart.
const MAX_ROWS: usize = 6000;
/// Octets of one file.
const MAX_OCTETS: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
struct OnDisk {
    form: u32,
    who: Signature,
    name: String,
    address: SocketAddr,
    credential: String,
    profile: String,
    read_at: String,
    quirks: Vec<String>,
    whereabouts: Whereabouts,
    missed: u8,
    has_slept: bool,
    mark: Option<Stand>,
    #[serde(default)]
    context: Option<String>,
    #[serde(default)]
    bears: Option<u32>,
    /// As in a `.snmprec` file. Empty if they are not known as a whole.
    rows: Vec<String>,
}

/// [`Seen`] as it is written.
#[derive(Serialize, Deserialize)]
struct Stand {
    up_time: Option<i64>,
    events: Option<i64>,
    changes: Option<i64>,
    errors: Option<Vec<u8>>,
    watch_alerts: bool,
    left: BTreeMap<String, f64>,
}

/// All devices of a folder, and what is wrong with its files.
pub(super) fn load(folder: &Path, profiles: &Profiles) -> Result<(BTreeMap<u32, Known>, Vec<String>), InputError> {
    fs::create_dir_all(folder).map_err(|error| fail(folder, "cannot be made", &error))?;
    let listed = fs::read_dir(folder).map_err(|error| fail(folder, "cannot be listed", &error))?;
    let (mut devices, mut problems) = (BTreeMap::new(), Vec::new());
    for entry in listed {
        let path = entry.map_err(|error| fail(folder, "cannot be listed", &error))?.path();
        let Some(number) = number(&path).filter(|_| devices.len() < MOST) else { continue };
        match read(&path, profiles) {
            Ok(known) => {
                devices.insert(number, known);
            }
            Err(why) => {
                let aside = path.with_extension("bad");
                let put = if fs::rename(&path, &aside).is_ok() { "set aside" } else { "left alone" };
                problems.push(format!("{}: {why}; it is {put} and its device learnt again", path.display()));
            }
        }
    }
    Ok((devices, problems))
}

/// Replaces a device's file.
pub(super) fn write(folder: &Path, device: u32, known: &Known) -> Result<(), InputError> {
    let path = path(folder, device);
    let mut text = serde_json::to_vec_pretty(&OnDisk::of(known)).unwrap_or_default();
    text.push(b'\n');
    whole::replace(&path, &text).map_err(|error| fail(&path, "cannot be written", &error))
}

/// Removes a device's file.
pub(super) fn remove(folder: &Path, device: u32) -> Result<(), InputError> {
    let path = path(folder, device);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(fail(&path, "cannot be removed", &error)),
        _ => Ok(()),
    }
}

fn read(path: &Path, profiles: &Profiles) -> Result<Known, String> {
    let octets = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if octets > MAX_OCTETS {
        return Err(format!("{octets} octets, expected at most {MAX_OCTETS}"));
    }
    let text = input::text(path).map_err(|error| error.what)?;
    let file: OnDisk = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if file.form != FORM {
        return Err(format!("form {}, expected {FORM}", file.form));
    }
    file.known(profiles)
}

impl OnDisk {
    fn of(known: &Known) -> Self {
        let mut rows = if known.learnt.is_some() { known.rows.lines() } else { Vec::new() };
        let octets: usize = rows.iter().map(String::len).sum();
        if rows.len() > MAX_ROWS || octets as u64 > MAX_OCTETS / 2 {
            rows.clear();
        }
        Self {
            form: FORM,
            who: known.who.clone(),
            name: known.name.clone(),
            address: known.at,
            credential: known.credential.clone(),
            profile: known.learnt.as_ref().map(|learnt| learnt.profile().name().to_owned()).unwrap_or_default(),
            read_at: known.read_at.clone(),
            quirks: known.quirks.clone(),
            whereabouts: known.whereabouts.clone(),
            missed: known.missed,
            has_slept: known.has_slept,
            mark: known.seen.as_ref().map(|seen| Stand {
                up_time: seen.mark.up_time,
                events: seen.mark.events,
                changes: seen.mark.changes,
                errors: seen.mark.errors.clone(),
                watch_alerts: seen.watch_alerts,
                left: seen.left.clone(),
            }),
            context: known.context.clone(),
            bears: known.bears,
            rows,
        }
    }

    fn known(self, profiles: &Profiles) -> Result<Known, String> {
        let recording = recording::parse(&self.rows.join("\n"));
        if let Some(problem) = recording.problems.first() {
            return Err(format!("row {problem}"));
        }
        let rows: Rows = recording.rows.into_iter().collect();
        let profile = profiles.pick(&rows);
        // Another profile than before asks for other rows.
        let usable = !rows.is_empty() && profile.name() == self.profile;
        Ok(Known {
            learnt: usable.then(|| Arc::new(Learnt::of(&profile, &rows, &profiles.discovery()))),
            care: profile.care(&rows),
            who: self.who,
            name: self.name,
            at: self.address,
            credential: self.credential,
            read_at: self.read_at,
            quirks: self.quirks,
            whereabouts: self.whereabouts,
            missed: self.missed,
            has_slept: self.has_slept,
            seen: self.mark.map(|stand| Seen {
                mark: Mark {
                    up_time: stand.up_time,
                    events: stand.events,
                    changes: stand.changes,
                    errors: stand.errors,
                },
                watch_alerts: stand.watch_alerts,
                left: stand.left,
            }),
            context: self.context,
            bears: self.bears,
            rows: Kept::of(&rows),
        })
    }
}

/// `17.json` is device 17.
fn number(path: &Path) -> Option<u32> {
    let is_json = path.extension().is_some_and(|end| end == "json");
    path.file_stem()?.to_str()?.parse().ok().filter(|_| is_json)
}

fn path(folder: &Path, device: u32) -> PathBuf {
    folder.join(format!("{device}.json"))
}

fn fail(path: &Path, what: &str, error: &std::io::Error) -> InputError {
    InputError::file(path, format!("{what}: {error}"))
}
