//! What the agent keeps of each device, and what it makes of meeting one again.
//!
//! Devices are recognised by [`Signature`], not by address. A device that cannot be recognised (no serial number, no
//! hardware address) is not kept. Nothing here is secret: credentials are kept by their label.

use super::index::Index;
use super::kept::Kept;
use super::signature::Signature;
use super::store;
use super::visit::Lesson;
use super::whereabouts::{Evidence, Whereabouts, judge};
use crate::input::InputError;
use dca_printer::{Care, Learnt, Mark, Profiles, Shared};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Devices that are kept; of more the one that was read longest ago is forgotten.
pub(crate) const MOST: usize = 10_000;

/// A device that was read in full.
#[derive(Debug, Clone)]
pub struct Known {
    /// What it is recognised by.
    pub who: Signature,
    /// Vendor and model.
    pub name: String,
    /// Where it answered last.
    pub at: SocketAddr,
    /// The label of the credentials that it answers to; it begins with the version.
    pub credential: String,
    /// When it was read in full last: RFC 3339, UTC.
    pub read_at: String,
    /// What was forgiven in decoding it.
    pub quirks: Vec<String>,
    /// How it bears to be asked.
    pub care: Care,
    /// Where it is.
    pub whereabouts: Whereabouts,
    /// Polls in a row without an answer.
    pub missed: u8,
    /// It came back from silence without having been restarted.
    pub has_slept: bool,
    /// How to ask it; `None` if it must be read in full first.
    pub learnt: Option<Arc<Learnt>>,
    /// Where it stood at the last visit.
    pub seen: Option<Seen>,
    /// The SNMP context that has what the usual one does not.
    pub context: Option<String>,
    /// Bindings that it bears in one answer, where that was found out; 0: no GETBULK.
    pub bears: Option<u32>,
    pub(crate) rows: Kept,
}

impl Known {
    fn share(&mut self, shared: &mut Shared) {
        if let Some(learnt) = self.learnt.as_mut().and_then(Arc::get_mut) {
            learnt.share(shared);
        }
    }
}

/// Where a device stood at a visit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Counters and bits that tell whether something has happened.
    pub mark: Mark,
    /// prtAlertTable has rows, or no counter tells when it gets some.
    pub watch_alerts: bool,
    /// What each consumable has left, percent.
    pub left: BTreeMap<String, f64>,
}

/// What meeting a device, or not meeting it, tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Never seen before.
    New {
        /// Its number.
        device: u32,
    },
    /// Known, at another address.
    Moved {
        /// Its number.
        device: u32,
        /// Where it was.
        from: SocketAddr,
    },
    /// Known, and no longer alone at its address: another device answers there.
    Replaced {
        /// Its number.
        device: u32,
        /// What answers there.
        by: String,
    },
    /// Known, and it answers again.
    Back {
        /// Its number.
        device: u32,
        /// What it was taken to be.
        was: Whereabouts,
    },
    /// Known, and its state is another one.
    Lost {
        /// Its number.
        device: u32,
        /// What follows from its silence.
        is: Whereabouts,
    },
}

/// A device as a sweep met it: what is kept of it. What it said in full is not held until the sweep ends.
#[derive(Debug)]
pub struct Sighting {
    known: Known,
    /// Only a part was asked.
    partial: bool,
}

impl Sighting {
    /// Of what a device said at this address. `credential` is the label of the credentials that it answered to, `read_at`
    /// is RFC 3339, UTC. `None` for a device that cannot be recognised.
    pub fn of(at: SocketAddr, credential: String, read_at: String, lesson: Lesson) -> Option<Self> {
        // What was read in part is no base for shallow polls.
        let whole = lesson.complete && lesson.reading.is_printer && !lesson.partial;
        let value = |fact: &Option<dca_printer::Fact>| fact.as_ref().map(|fact| fact.value.clone()).unwrap_or_default();
        let identity = &lesson.reading.identity;
        let known = Known {
            who: Signature::of(identity)?,
            name: format!("{} {}", value(&identity.vendor), value(&identity.model)).trim().to_owned(),
            at,
            credential,
            read_at,
            whereabouts: Whereabouts::Here,
            missed: 0,
            has_slept: false,
            seen: Some(Seen::of(&lesson)),
            rows: if whole { Kept::of(&lesson.rows) } else { Kept::default() },
            quirks: lesson.reading.quirks,
            learnt: whole.then(|| Arc::new(lesson.learnt)),
            care: lesson.care,
            context: lesson.context,
            bears: lesson.bears,
        };
        Some(Self { known, partial: lesson.partial })
    }

    /// Where.
    pub fn at(&self) -> SocketAddr {
        self.known.at
    }
}

/// The known devices, by number, and the folder in which they are kept.
#[derive(Debug, Default)]
pub struct Memory {
    folder: Option<PathBuf>,
    devices: BTreeMap<u32, Known>,
    index: Index,
    shared: Shared,
    changed: BTreeSet<u32>,
    last: u32,
    /// Files that could not be used, one sentence each; what they knew is learnt again.
    pub problems: Vec<String>,
}

impl Memory {
    /// Opens the folder, which is made if need be. A file that cannot be used is set aside and told in
    /// [`problems`](Self::problems).
    pub fn open(folder: &Path, profiles: &Profiles) -> Result<Self, InputError> {
        let (mut devices, problems) = store::load(folder, profiles)?;
        let mut shared = Shared::default();
        devices.values_mut().for_each(|known| known.share(&mut shared));
        let last = devices.keys().next_back().copied().unwrap_or(0);
        let mut index = Index::default();
        devices.iter().for_each(|(number, known)| index.put(*number, &known.who, known.at));
        Ok(Self { folder: Some(folder.to_owned()), devices, index, shared, changed: BTreeSet::new(), last, problems })
    }

    /// All devices, by number.
    pub fn devices(&self) -> impl Iterator<Item = (u32, &Known)> {
        self.devices.iter().map(|(number, known)| (*number, known))
    }

    /// A device.
    pub fn get(&self, device: u32) -> Option<&Known> {
        self.devices.get(&device)
    }

    /// The device that is recognised by this.
    pub fn find(&self, who: &Signature) -> Option<u32> {
        self.index.like(who).into_iter().find(|number| self.get(*number).is_some_and(|known| known.who.is(who)))
    }

    /// The devices whose last address this is; more than one if one took another's place.
    pub fn at(&self, at: SocketAddr) -> impl Iterator<Item = (u32, &Known)> {
        self.index.at(at).filter_map(|number| Some((number, self.get(number)?)))
    }

    /// Takes in what a sweep met. A device that answers at two addresses (two network cards) stays at the one it had.
    pub fn meet(&mut self, met: Vec<Sighting>) -> Vec<News> {
        let mut news = Vec::new();
        let mut among = Index::default();
        (0..).zip(&met).for_each(|(place, one)| among.put(place, &one.known.who, one.known.at));
        let who_met = |place: u32| met.get(place as usize).map(|one| &one.known.who);
        let elsewhere = |who: &Signature, at: SocketAddr, before: SocketAddr| {
            at != before && among.at(before).filter_map(who_met).any(|other| other.is(who))
        };
        let keep: Vec<bool> = met
            .iter()
            .enumerate()
            .map(|(place, Sighting { known: Known { who, at, .. }, .. })| {
                match self.find(who).and_then(|it| self.get(it)) {
                    Some(known) => !elsewhere(who, *at, known.at),
                    None => {
                        let before = among.like(who).into_iter().take_while(|other| (*other as usize) < place);
                        !before.filter_map(who_met).any(|other| other.is(who))
                    }
                }
            })
            .collect();
        let answering: Vec<Signature> = met.iter().map(|one| one.known.who.clone()).collect();
        for (one, _) in met.into_iter().zip(keep).filter(|(_, keep)| *keep) {
            news.extend(self.meet_one(one));
        }
        // Whose address another one has, and who was not met elsewhere.
        let replaced: Vec<(u32, String)> = self
            .devices()
            .filter_map(|(number, known)| {
                let who = |place: u32| answering.get(place as usize);
                let other = among.at(known.at).filter_map(who).find(|other| !other.is(&known.who))?;
                let met = among.like(&known.who).into_iter().filter_map(who).any(|other| other.is(&known.who));
                (!met).then(|| (number, other.to_string()))
            })
            .collect();
        for (device, by) in replaced {
            news.extend(self.conclude(device, Whereabouts::Replaced { by }));
        }
        news
    }

    fn meet_one(&mut self, Sighting { mut known, partial }: Sighting) -> Vec<News> {
        let at = known.at;
        let found = self.find(&known.who);
        known.share(&mut self.shared);
        let device = found.unwrap_or_else(|| {
            self.last = self.last.saturating_add(1);
            self.last
        });
        let before = self.remove(device);
        let mut news = Vec::new();
        match &before {
            None => news.push(News::New { device }),
            Some(known) if known.at != at => news.push(News::Moved { device, from: known.at }),
            Some(known) if known.whereabouts != Whereabouts::Here && known.missed >= super::whereabouts::ENOUGH => {
                news.push(News::Back { device, was: known.whereabouts.clone() });
            }
            Some(_) => {}
        }
        if let Some(before) = &before {
            if before.at != at {
                known.whereabouts = Whereabouts::Moved { from: before.at };
            }
            known.has_slept = before.has_slept || known.seen.as_ref().is_some_and(|seen| slept(before, seen));
        }
        let known = match before {
            // A glance takes nothing away from what was learnt before.
            Some(before) if partial && before.learnt.is_some() => {
                let Known { learnt, rows, read_at, seen, context, bears, .. } = before;
                Known { learnt, rows, read_at, seen, context, bears, ..known }
            }
            _ => known,
        };
        self.index.put(device, &known.who, known.at);
        self.devices.insert(device, known);
        self.changed.insert(device);
        self.forget_the_oldest();
        news
    }

    /// Takes in that a device was visited and is the one expected.
    pub fn visited(&mut self, device: u32, seen: Seen) -> Option<News> {
        let known = self.devices.get_mut(&device)?;
        known.has_slept |= slept(known, &seen);
        let was = std::mem::replace(&mut known.whereabouts, Whereabouts::Here);
        let back = std::mem::take(&mut known.missed) >= super::whereabouts::ENOUGH;
        let stirred = known.seen.as_ref().is_none_or(|before| before.mark.events != seen.mark.events);
        known.seen = Some(seen);
        if back || stirred {
            self.changed.insert(device);
        }
        back.then_some(News::Back { device, was })
    }

    /// Takes in that a device was not met: `evidence` says what was seen instead, its `polls` and `has_slept` are filled
    /// in here. Give an `echo` where [`Whereabouts::wants_echo`] asks for one.
    pub fn missed(&mut self, device: u32, evidence: Evidence) -> Option<News> {
        let known = self.devices.get_mut(&device)?;
        let silent = evidence.refused.is_none() && evidence.other.is_none();
        known.missed = known.missed.saturating_add(u8::from(silent));
        let evidence = Evidence { polls: known.missed, has_slept: known.has_slept, ..evidence };
        let is = judge(&evidence);
        self.conclude(device, is)
    }

    /// The evidence that one more silence would make.
    pub fn evidence(&self, device: u32) -> Evidence {
        let known = self.get(device);
        Evidence {
            polls: known.map_or(0, |known| known.missed).saturating_add(1),
            has_slept: known.is_some_and(|known| known.has_slept),
            ..Evidence::default()
        }
    }

    /// Forgets a device.
    pub fn forget(&mut self, device: u32) {
        self.remove(device);
        self.changed.insert(device);
    }

    fn remove(&mut self, device: u32) -> Option<Known> {
        let known = self.devices.remove(&device)?;
        self.index.take(device, &known.who, known.at);
        Some(known)
    }

    /// Writes what has changed since the last time. Each device's file is replaced as a whole: after a crash it is the
    /// old one or the new one.
    pub fn save(&mut self) -> Result<(), InputError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        while let Some(device) = self.changed.first().copied() {
            match self.devices.get(&device) {
                Some(known) => store::write(folder, device, known)?,
                None => store::remove(folder, device)?,
            }
            self.changed.remove(&device);
        }
        Ok(())
    }

    fn conclude(&mut self, device: u32, is: Whereabouts) -> Option<News> {
        let known = self.devices.get_mut(&device)?;
        let kind = std::mem::discriminant(&is);
        let same = std::mem::discriminant(&known.whereabouts) == kind;
        known.whereabouts = is.clone();
        self.changed.insert(device);
        if same || matches!(is, Whereabouts::Missed { .. }) {
            return None;
        }
        Some(match is {
            Whereabouts::Replaced { by } => News::Replaced { device, by },
            is => News::Lost { device, is },
        })
    }

    fn forget_the_oldest(&mut self) {
        while self.devices.len() > MOST {
            let oldest = self.devices().min_by(|(_, a), (_, b)| a.read_at.cmp(&b.read_at)).map(|(number, _)| number);
            let Some(oldest) = oldest else { return };
            self.forget(oldest);
        }
    }
}

/// True if it was silent and has run through.
fn slept(before: &Known, seen: &Seen) -> bool {
    let up = |mark: &Mark| mark.up_time;
    let ran = before.seen.as_ref().and_then(|was| up(&was.mark)).zip(up(&seen.mark)).is_some_and(|(a, b)| b > a);
    before.missed > 0 && ran
}

impl News {
    /// The device.
    pub fn device(&self) -> u32 {
        match self {
            Self::New { device }
            | Self::Moved { device, .. }
            | Self::Replaced { device, .. }
            | Self::Back { device, .. }
            | Self::Lost { device, .. } => *device,
        }
    }

    /// One sentence; `known` is the device it is about.
    pub fn sentence(&self, known: &Known) -> String {
        let (at, name, who) = (known.at, &known.name, &known.who);
        match self {
            Self::New { .. } => format!("{at}: {name} ({who}) is new"),
            Self::Moved { from, .. } => format!("{at}: {name} ({who}) moved here from {from}"),
            Self::Replaced { by, .. } => {
                format!("{at}: {name} ({who}) was here; {by} answers there, and it was not found elsewhere")
            }
            Self::Back { was, .. } => format!("{at}: {name} ({who}) is back; it was: {was}"),
            Self::Lost { is, .. } => format!("{at}: {name} ({who}): {is}"),
        }
    }
}
