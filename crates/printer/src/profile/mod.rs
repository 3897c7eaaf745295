//! What is known of a vendor's printers beyond the standard, as data.
//!
//! A profile is a TOML file: how to tell its devices, where they keep identity, meters and wear, and what must never be
//! asked of them. It is checked when it is read; what it can do is closed (see [`file`] for its words, `dialect` for its
//! operations). `docs/PROFILES.md` teaches how to write one.
//!
//! ```text
//! rows ──► pick ──► Profile ──► plan ──► questions
//!                      └──────► read ──► standard reading + the profile's figures, reconciled
//! ```

mod alerts;
mod builtin;
mod detail;
mod details;
mod error;
mod file;
mod history;
mod identity;
mod key;
mod meters;
mod own_supplies;
mod pick;
mod plan;
mod reconcile;
mod records;
mod resolve;
mod sums;
mod total;
mod wear;

pub use error::ProfileError;
pub(crate) use key::Words;
pub(crate) use meters::Figure;
pub use plan::Plan;
pub(crate) use reconcile::settle;

use crate::reading::Reading;
use crate::rows::Rows;
use crate::standard::{self, Hints};
use builtin::BUILTIN;
use dca_snmp::Oid;
use file::File;
use std::sync::Arc;

/// Name of the profile for devices that no other profile matches.
const BASE: &str = "printer-mib";

/// The most doubts that one reading carries.
const MAX_DOUBTS: usize = 48;

/// A set of profiles.
#[derive(Debug, Clone)]
pub struct Profiles(Vec<Profile>);

/// One profile, with what it inherits.
#[derive(Debug, Clone)]
pub struct Profile {
    name: String,
    file: Arc<File>,
}

/// How a device bears to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Care {
    /// As others do.
    Usual,
    /// Rarely, in small questions with pauses.
    Gently {
        /// What happens otherwise, one sentence.
        why: String,
    },
    /// Nothing beyond who it is.
    Never {
        /// What happens otherwise, one sentence.
        why: String,
    },
}

impl Profiles {
    /// The profiles that come with the crate. A test reads them all; one that could not be read would be missing here.
    pub fn builtin() -> Self {
        Self::parse(BUILTIN.iter().copied()).unwrap_or_else(|_| Self(Vec::new()))
    }

    /// Reads profiles from (file name, text) pairs. A profile's name is its file name without folder and `.toml`; a
    /// later file replaces an earlier one of the same name, so a user's own profiles go behind the built-in ones.
    ///
    /// # Errors
    /// The first thing that is wrong, with file, line and what was expected.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ProfileError> {
        let profiles = resolve::files(files)?;
        Ok(Self(profiles.into_iter().map(|(name, file)| Profile { name, file: Arc::new(file) }).collect()))
    }

    /// The built-in profiles and these; of two with the same name the one given here.
    ///
    /// # Errors
    /// As [`Profiles::parse`].
    pub fn with<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ProfileError> {
        Self::parse(BUILTIN.iter().copied().chain(files))
    }

    /// What to ask of an address, in one GET, before [`Profiles::pick`] and [`verdict`](crate::verdict).
    pub fn discovery(&self) -> Vec<Oid> {
        pick::questions(self.0.iter().map(|profile| &*profile.file))
    }

    /// The profile for the device that gave these rows. Only the answers to [`Profiles::discovery`] are looked at. A
    /// device that none matches is read by the standard MIBs alone.
    pub fn pick(&self, rows: &Rows) -> Profile {
        let best = self.0.iter().filter_map(|profile| Some((pick::fit(&profile.file, rows)?, profile)));
        // Of two equal fits the first by name, so the answer does not depend on the order of files.
        let best = best.max_by(|(a, left), (b, right)| a.cmp(b).then_with(|| right.name.cmp(&left.name)));
        best.map(|(_, profile)| profile).or_else(|| self.named(BASE)).cloned().unwrap_or_else(Profile::bare)
    }

    /// The profile of that name.
    pub fn named(&self, name: &str) -> Option<&Profile> {
        self.0.iter().find(|profile| profile.name == name)
    }

    /// All profiles, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.0.iter()
    }
}

impl Profile {
    /// The name of its file, without `.toml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The recorded walks that it says it was checked with.
    pub fn recordings(&self) -> &[String] {
        &self.file.recordings
    }

    /// The SNMP context (RFC 3411 §3.3.1) to ask in where the usual one shows no supplies: `contextName` of v3, and behind an
    /// `@` in a community.
    pub fn context(&self) -> Option<&str> {
        self.file.context.as_deref()
    }

    /// What to ask of the device.
    pub fn plan(&self) -> Plan {
        Plan::of(self)
    }

    /// How the device that gave these rows bears to be asked, and why. Only the answers to [`Profiles::discovery`] are
    /// looked at.
    pub fn care(&self, rows: &Rows) -> Care {
        let named = self.file.fragile.iter().filter(|fragile| pick::names_itself(rows, &fragile.words));
        let worst = named.max_by_key(|fragile| fragile.ask == file::Care::Never);
        match worst.map(|fragile| (fragile.ask, fragile.why.to_string())) {
            None => Care::Usual,
            Some((file::Care::Gently, why)) => Care::Gently { why },
            Some((file::Care::Never, why)) => Care::Never { why },
        }
    }

    /// What the answers say. Never fails: what cannot be made sense of is left out and told as a doubt.
    pub fn read(&self, rows: &Rows) -> Reading {
        let denied: Vec<Oid> = self.denied().collect();
        let denies = |oid: &Oid| denied.iter().any(|root| oid.starts_with(root.as_ref()));
        let clean: Rows;
        let rows = if rows.iter().any(|(oid, _)| denies(oid)) {
            let kept = rows.iter().filter(|(oid, _)| !denies(oid));
            clean = kept.map(|(oid, value)| (oid.clone(), value.clone())).collect();
            &clean
        } else {
            rows
        };
        let mut reading = standard::read(rows, &self.hints());
        reading.profile.clone_from(&self.name);
        identity::read(&self.file, rows, &mut reading);
        let mut figures = meters::read(&self.file, rows, &mut reading);
        records::read(&self.file, rows, &mut figures, &mut reading);
        reconcile::settle(figures, &mut reading);
        total::choose(&self.file, &mut reading);
        own_supplies::read(&self.file, rows, &mut reading);
        detail::read(&self.file, rows, &mut reading);
        wear::read(&self.file, rows, &mut reading);
        details::read(&self.file, rows, &mut reading);
        history::read(&self.file, rows, &mut reading);
        alerts::read(&self.file, rows, &mut reading);
        bound(&mut reading.doubts);
        reading
    }

    fn bare() -> Self {
        Self { name: BASE.to_owned(), file: Arc::default() }
    }

    fn hints(&self) -> Hints {
        let supplies = &self.file.supplies;
        Hints {
            receptacle_reports_fill: supplies.receptacle_reports_fill.unwrap_or(false),
            percent_without_capacity: supplies.percent_without_capacity.unwrap_or(false),
            markers_add_up: supplies.markers_add_up.unwrap_or(false),
        }
    }

    /// The instances that its entries name.
    fn instances(&self) -> impl Iterator<Item = Oid> {
        let file = &self.file;
        let (identity, _) = identity::questions(&file.identity);
        let meters = file.meter.iter().flat_map(|meter| meter.oid.iter().chain(meter.sum.iter().flatten()));
        let records = file.records.iter().map(|records| &records.oid);
        let counts = file.count.iter().map(|count| &count.oid);
        let details = file.detail.iter().map(|detail| &detail.oid).chain(file.console.iter().map(|text| &text.oid));
        identity.into_iter().chain(meters.chain(records).chain(counts).chain(details).map(|oid| oid.0.clone()))
    }

    /// The columns that its entries name.
    fn columns(&self) -> impl Iterator<Item = Oid> {
        let file = &self.file;
        let meters = file.meter_table.iter().flat_map(meters::columns);
        let counts = file.count_table.iter().flat_map(|table| {
            [Some(&table.values), table.codes.as_ref(), table.texts.as_ref()]
                .into_iter()
                .flatten()
                .map(|oid| oid.0.clone())
        });
        let (_, identity) = identity::questions(&file.identity);
        let details = file.supplies.detail.iter().flat_map(detail::columns);
        let supplies = file.supplies.table.iter().flat_map(own_supplies::SupplyTable::columns);
        let removed = file.supplies.removed.iter().flat_map(history::RemovedTable::columns);
        let alerts = file.alert_table.iter().flat_map(alerts::AlertTable::columns);
        let wear = file.wear.iter().flat_map(wear::WearTable::columns);
        let told = file.detail_table.iter().flat_map(details::DetailTable::columns);
        let all = meters.chain(counts).chain(identity).chain(details);
        all.chain(supplies.chain(removed).chain(alerts).chain(wear).chain(told).cloned())
    }

    /// Instances and columns of counts, which move as the device works.
    pub(crate) fn moving(&self) -> impl Iterator<Item = Oid> {
        let file = &self.file;
        let meters = file.meter.iter().flat_map(|meter| meter.oid.iter().chain(meter.sum.iter().flatten()));
        let tables = file.meter_table.iter().map(|table| table.values.get_ref());
        let records = file.records.iter().map(|records| &records.oid);
        let counts = file.count.iter().map(|count| &count.oid);
        let count_tables = file.count_table.iter().map(|table| &table.values);
        let wear = file.wear.iter().map(|table| &table.used);
        let past = file.alert_table.iter().filter(|table| table.past).flat_map(alerts::AlertTable::columns);
        let all = meters.chain(tables).chain(records).chain(counts).chain(count_tables).chain(wear);
        all.map(|oid| &oid.0).chain(past).cloned()
    }

    /// Columns of labels and codes, which say what the rows beside them count.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = Oid> {
        let moving: Vec<Oid> = self.moving().collect();
        let tables = self.file.meter_table.iter().flat_map(meters::columns);
        let counts = self.file.count_table.iter().flat_map(|table| [table.codes.as_ref(), table.texts.as_ref()]);
        let all = tables.chain(counts.flatten().map(|oid| oid.0.clone()));
        all.filter(move |column| !moving.iter().any(|moving| column.starts_with(moving.as_ref())))
    }

    /// Instances and columns of details.
    pub(crate) fn told(&self) -> impl Iterator<Item = Oid> {
        let tables = self.file.detail_table.iter().map(|table| &table.values);
        self.file.detail.iter().map(|detail| &detail.oid).chain(tables).map(|oid| oid.0.clone())
    }

    /// Columns of what a supply has left, and texts of the panel.
    pub(crate) fn wearing(&self) -> impl Iterator<Item = Oid> {
        let supplies = &self.file.supplies;
        let details = supplies.detail.iter().flat_map(|detail| [&detail.pages_left, &detail.percent]);
        let levels = details.flatten().chain(supplies.table.iter().map(|table| &table.level));
        levels.chain(self.file.console.iter().map(|text| &text.oid)).map(|oid| oid.0.clone())
    }

    /// Columns of troubles beside prtAlertTable.
    pub(crate) fn troubles(&self) -> impl Iterator<Item = Oid> {
        let active = self.file.alert_table.iter().filter(|table| !table.past);
        active.flat_map(alerts::AlertTable::columns).cloned()
    }

    /// The instances that a meter adds to this one.
    pub(crate) fn summed_with(&self, oid: &Oid) -> impl Iterator<Item = Oid> {
        let sums = self.file.meter.iter().filter_map(|meter| meter.sum.as_ref());
        let with = sums.filter(|sum| sum.iter().any(|part| part.0 == *oid));
        with.flatten().map(|part| part.0.clone()).collect::<Vec<_>>().into_iter()
    }

    fn denied(&self) -> impl Iterator<Item = Oid> {
        standard::denied().into_iter().chain(self.file.deny.iter().map(|deny| deny.oid.get_ref().0.clone()))
    }
}

/// A table full of nonsense is told in a few sentences.
fn bound(doubts: &mut Vec<String>) {
    if doubts.len() > MAX_DOUBTS {
        let more = doubts.len() - MAX_DOUBTS;
        doubts.truncate(MAX_DOUBTS);
        doubts.push(format!("and {more} more"));
    }
}
