//! Walking a subtree: the question after each answer, until the subtree ends or the device stops making sense.
//!
//! Names must rise strictly; the first that does not ends its subtree. GETBULK asks for as many rows as the device has
//! shown to bear and gives way to GETNEXT where it fails and GETNEXT does not.

use crate::ber::{Fault, FaultKind};
use crate::list::VarBindList;
use crate::manager::flight::{Incoming, Next, Question, Way};
use crate::manager::target::Habits;
use crate::message::{ErrorStatus, PduKind};
use crate::oid::{Oid, OidRef};
use crate::quirk::{Quirk, Quirks};
use crate::request::Failure;
use crate::value::{BindingRef, VarBindRef};
use core::cmp::Ordering;
use core::time::Duration;

/// Subtrees to be read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// The subtrees, walked one after another.
    pub roots: Vec<Oid>,
    /// Rows after which it ends with [`WalkEnd::RowLimit`], all roots together.
    pub max_rows: usize,
    /// Rows asked for in one GETBULK, fewer where the device has failed at so many; `None` learns from the device, 0 uses
    /// GETNEXT.
    pub max_repetitions: Option<u32>,
}

impl Walk {
    /// Everything below one name; at most 100,000 rows.
    pub fn new(root: impl Into<Oid>) -> Self {
        Self::of([root])
    }

    /// Everything below several names.
    pub fn of(roots: impl IntoIterator<Item = impl Into<Oid>>) -> Self {
        Self { roots: roots.into_iter().map(Into::into).collect(), max_rows: 100_000, max_repetitions: None }
    }
}

/// What a walk brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// The rows in the order they came, whatever the end.
    pub varbinds: VarBindList,
    /// How it ended. With several roots the first that did not end well; one that loops, goes backward or is answered
    /// with an error does not keep the next from being walked.
    pub end: WalkEnd,
    /// What was forgiven.
    pub quirks: Quirks,
    /// From the first transmission to the end.
    pub took: Duration,
    /// How many datagrams were sent.
    pub sent: u32,
}

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WalkEnd {
    /// Every subtree was read to its end.
    Complete,
    /// The device gave a row again.
    Loop {
        /// That row's name.
        at: Oid,
    },
    /// The device gave a name below the last one.
    Backward {
        /// That name.
        at: Oid,
    },
    /// [`Walk::max_rows`] were read and there may be more.
    RowLimit,
    /// The device stopped answering, or answered with an error.
    Failed {
        /// The last name that was read, or the root.
        at: Oid,
        /// What happened.
        why: Failure,
    },
}

/// A walk on its way.
#[derive(Debug)]
pub(crate) struct Walker {
    walk: Walk,
    root: usize,
    /// The last name read.
    at: Oid,
    /// Rows of the current root start here.
    start: usize,
    varbinds: VarBindList,
    end: WalkEnd,
    /// The repetitions of the question on its way; 0 is GETNEXT.
    asked: u32,
    /// GETBULK has failed; after so many rows by GETNEXT it counts as broken.
    suspect: Option<u32>,
    /// Silences in a row.
    silences: u32,
}

/// What a row of an answer is to a walk.
enum Step {
    /// One of the subtree.
    Inside,
    /// One in front of the next subtree.
    Between,
    /// Its name cannot be read.
    Nameless,
    /// Behind what can be walked on from here.
    Beyond,
    /// Not where it should be.
    Astray(WalkEnd),
}

impl Walker {
    pub(crate) fn new(walk: Walk) -> Self {
        let at = walk.roots.first().cloned().unwrap_or_else(|| crate::oid!("1.3").to_oid());
        Self {
            walk,
            root: 0,
            at,
            start: 0,
            varbinds: VarBindList::default(),
            end: WalkEnd::Complete,
            asked: 0,
            suspect: None,
            silences: 0,
        }
    }

    /// True if there is nothing to walk.
    pub(crate) fn is_empty(&self) -> bool {
        self.walk.roots.is_empty()
    }

    pub(crate) fn begin(&mut self, habits: &Habits, way: Way) -> Next {
        self.ask(habits, way)
    }

    pub(crate) fn on_reply(&mut self, reply: Incoming<'_>, habits: &mut Habits, way: Way, quirks: &mut Quirks) -> Next {
        self.silences = 0;
        let failure = Failure::Agent { status: reply.status, index: reply.index };
        match reply.status {
            ErrorStatus::NO_ERROR => self.take(reply, habits, way, quirks),
            ErrorStatus::NO_SUCH_NAME => self.leave(habits, way),
            ErrorStatus::TOO_BIG if self.asked > 1 => {
                habits.shrink(self.asked / 2);
                self.ask(habits, way)
            }
            _ if self.asked > 0 => {
                self.suspect = Some(self.asked);
                self.ask(habits, way)
            }
            _ => self.stumble(failure, habits, way),
        }
    }

    pub(crate) fn on_failure(&mut self, failure: Failure, habits: &mut Habits, way: Way) -> Next {
        if self.asked == 0 || !(failure.is_silence() || matches!(failure, Failure::Garbled(_))) {
            return Next::Fail(failure);
        }
        self.silences += 1;
        if self.silences == 1 && self.asked > 1 && !self.varbinds.is_empty() {
            // It has answered smaller ones.
            habits.shrink((self.asked / 2).min(Habits::default().repetitions));
        } else {
            self.suspect = Some(1);
        }
        self.ask(habits, way)
    }

    /// The rows, and how it ended.
    pub(crate) fn finish(self, failure: Option<Failure>) -> (VarBindList, WalkEnd) {
        let end = match failure {
            Some(why) => WalkEnd::Failed { at: self.at, why },
            None => self.end,
        };
        (self.varbinds, end)
    }

    fn ask(&mut self, habits: &Habits, way: Way) -> Next {
        let left = u32::try_from(self.walk.max_rows.saturating_sub(self.varbinds.len())).unwrap_or(u32::MAX);
        // One more row than allowed tells a full walk from one that was cut.
        let most = habits.ceiling.min(left.saturating_add(1));
        let wanted = self.walk.max_repetitions.unwrap_or(habits.repetitions);
        let bulk = way.bulk && !habits.bulk_broken && self.suspect.is_none();
        self.asked = if bulk { wanted.min(most) } else { 0 };
        let kind = if self.asked > 0 { PduKind::GetBulk } else { PduKind::GetNext };
        let mut question = Question::new(kind, vec![self.at.clone()]);
        question.max_repetitions = self.asked;
        Next::Ask(question)
    }

    fn take(&mut self, reply: Incoming<'_>, habits: &mut Habits, way: Way, quirks: &mut Quirks) -> Next {
        let expected = self.asked.max(1);
        let mut rows = 0;
        let mut bindings = reply.varbinds;
        let Some(answer) = self.varbinds.take_in(bindings.octets()) else {
            self.end = WalkEnd::RowLimit;
            return Next::Done;
        };
        let at = self.at.clone();
        // The last row, and whether it lay between two subtrees.
        let (mut last, mut between) = (at.as_ref(), false);
        let mut root = self.root_octets(last);
        while rows < expected {
            // Nearly all rows are next to the one before. Those that share all of the root with it lie below the root too.
            if let Some(root) = root {
                let room = u32::try_from(self.walk.max_rows.saturating_sub(self.varbinds.len())).unwrap_or(u32::MAX);
                let most = room.min(expected - rows);
                rows += self.varbinds.push_neighbours(answer, &mut bindings, &mut last, root, most);
                if rows == expected {
                    break;
                }
            }
            let rest = bindings.octets().len();
            let Some(varbind) = bindings.next() else { break };
            quirks.merge(varbind.quirks);
            match self.judge(&varbind, last) {
                Step::Inside => between = false,
                Step::Between => between = true,
                Step::Nameless => break,
                Step::Beyond => return self.leave(habits, way),
                Step::Astray(end) => return self.stop(end, habits, way),
            }
            rows += 1;
            last = varbind.oid;
            let padded = varbind.quirks.has(Quirk::PaddedOid);
            root = if padded { None } else { self.root_octets(last) };
            if between {
                continue;
            }
            if self.varbinds.len() >= self.walk.max_rows {
                self.end = WalkEnd::RowLimit;
                return Next::Done;
            }
            self.varbinds.push(answer, rest, &varbind);
        }
        // From the last row, or from the root that comes after it.
        if rows > 0 {
            self.at = match self.walk.roots.get(self.root) {
                Some(root) if between => root.clone(),
                _ => last.to_oid(),
            };
        }
        if rows == 0 {
            if self.asked > 1 {
                habits.shrink(self.asked / 2);
            } else if self.asked == 1 {
                self.suspect = Some(1);
            } else {
                let fault = Fault { kind: FaultKind::Truncated, offset: 0 };
                return self.stumble(Failure::Garbled(fault), habits, way);
            }
            return self.ask(habits, way);
        }
        if self.asked > 0 && rows == self.asked {
            habits.grow(self.asked, reply.size, way.room);
        } else if self.asked > 0 {
            habits.shrink(rows);
        } else if let Some(left) = &mut self.suspect {
            *left = left.saturating_sub(1);
            if *left == 0 {
                quirks.note(Quirk::BulkBroken);
                habits.bulk_broken = true;
                self.suspect = None;
            }
        }
        self.ask(habits, way)
    }

    /// What a row is that comes after `last`.
    fn judge(&mut self, varbind: &VarBindRef<'_>, last: OidRef<'_>) -> Step {
        let name = varbind.oid;
        if name.is_empty() {
            return Step::Nameless;
        }
        if matches!(varbind.binding, BindingRef::EndOfMibView | BindingRef::NoSuchObject | BindingRef::NoSuchInstance) {
            return Step::Beyond;
        }
        let order = name.cmp(&last);
        if order != Ordering::Greater {
            let at = name.to_oid();
            let seen = order == Ordering::Equal || self.varbinds.has(self.start, name);
            return Step::Astray(if seen { WalkEnd::Loop { at } } else { WalkEnd::Backward { at } });
        }
        let Some((root, inside)) = self.place(name, last) else { return Step::Beyond };
        if root != self.root {
            self.root = root;
            self.start = self.varbinds.len();
            self.suspect = None;
        }
        if inside { Step::Inside } else { Step::Between }
    }

    /// The root that a row after `last` has to do with, and whether it lies in its subtree or still before it; `None` if the
    /// next root must be asked for. Rows come in order and without a gap, so what follows one subtree may be the next one
    /// already.
    fn place(&self, row: OidRef<'_>, last: OidRef<'_>) -> Option<(usize, bool)> {
        let mut at = self.root;
        loop {
            let root = self.walk.roots.get(at)?;
            if row.is_below(root.as_ref()) {
                return Some((at, true));
            }
            if row <= root.as_ref() {
                return Some((at, false));
            }
            at += 1;
            // Behind what has been read already, rows are not known.
            self.walk.roots.get(at).filter(|next| next.as_ref() >= last && *next > root)?;
        }
    }

    /// How many octets the root has, if this name begins with them and goes on.
    fn root_octets(&self, name: OidRef<'_>) -> Option<usize> {
        let root = self.walk.roots.get(self.root)?.octets();
        (name.octets().len() > root.len() && name.octets().starts_with(root)).then_some(root.len())
    }

    /// The device refuses to go on in this subtree.
    fn stumble(&mut self, why: Failure, habits: &Habits, way: Way) -> Next {
        let at = self.at.clone();
        self.stop(WalkEnd::Failed { at, why }, habits, way)
    }

    fn stop(&mut self, end: WalkEnd, habits: &Habits, way: Way) -> Next {
        if self.end == WalkEnd::Complete {
            self.end = end;
        }
        self.leave(habits, way)
    }

    /// On to the next root.
    fn leave(&mut self, habits: &Habits, way: Way) -> Next {
        self.root += 1;
        let Some(root) = self.walk.roots.get(self.root) else { return Next::Done };
        self.at = root.clone();
        self.start = self.varbinds.len();
        self.suspect = None;
        self.ask(habits, way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::VarBinds;
    use crate::value::VarBind;

    const ROOTS: [&str; 3] = ["1.3.6.1.4.1.11.2.3.9", "1.3.6.1.4.1.11.2.3.9.2", "1.3.6.1.4.1.11.2.3.129"];

    const USUAL: [&[u8]; 12] = [
        &[2, 1, 5],
        &[2, 1, 0xfd],
        &[2, 4, 0x80, 0, 0, 0],
        &[0x41, 1, 5],
        &[0x41, 5, 0, 0xff, 0xff, 0xff, 0xff],
        &[0x42, 2, 1, 0],
        &[0x43, 3, 1, 0, 0],
        &[0x46, 5, 1, 0, 0, 0, 0],
        &[4, 0],
        &[4, 5, b't', b'o', b'n', b'e', b'r'],
        &[6, 3, 0x2b, 6, 1],
        &[0x40, 4, 192, 0, 2, 1],
    ];
    /// Nothing, padded ones, one sent as negative, some that are none, and the end.
    const RARE: [&[u8]; 8] = [
        &[5, 0],
        &[2, 2, 0, 5],
        &[6, 4, 0x2b, 0x80, 6, 1],
        &[0x41, 4, 0xff, 0xff, 0xff, 0xff],
        &[2, 9, 5],
        &[0x41, 5, 1, 0, 0, 0, 0],
        &[0x49, 1, 9],
        &[0x82, 0],
    ];

    /// What a walk makes of answers, arc by arc and without a short cut.
    struct Slow {
        roots: Vec<Vec<u32>>,
        root: usize,
        start: usize,
        at: Vec<u32>,
        rows: Vec<(Vec<u32>, VarBind, Quirks)>,
        end: WalkEnd,
    }

    fn arcs(name: OidRef<'_>) -> Vec<u32> {
        name.arcs().collect()
    }

    impl Slow {
        fn take(&mut self, answer: &[u8], expected: usize, max_rows: usize) {
            let (mut last, mut between, mut rows) = (self.at.clone(), false, 0);
            for varbind in VarBinds::at(answer, 0..answer.len()).take(expected) {
                let (name, whole) = (arcs(varbind.oid), varbind.to_varbind());
                if name.is_empty() {
                    break;
                }
                if varbind.binding == BindingRef::EndOfMibView {
                    return self.leave();
                }
                if name <= last {
                    let seen = name == last || self.rows[self.start..].iter().any(|(row, ..)| *row == name);
                    let at = varbind.oid.to_oid();
                    if self.end == WalkEnd::Complete {
                        self.end = if seen { WalkEnd::Loop { at } } else { WalkEnd::Backward { at } };
                    }
                    return self.leave();
                }
                let mut place = self.root;
                let below = |root: &[u32]| name.len() > root.len() && name.starts_with(root);
                while !below(&self.roots[place]) && name > self.roots[place] {
                    place += 1;
                    match self.roots.get(place) {
                        Some(root) if *root >= last && *root > self.roots[place - 1] => {}
                        _ => return self.leave(),
                    }
                }
                if place != self.root {
                    (self.root, self.start) = (place, self.rows.len());
                }
                (rows, between) = (rows + 1, !below(&self.roots[place]));
                last = name.clone();
                if between {
                    continue;
                }
                if self.rows.len() >= max_rows {
                    self.end = WalkEnd::RowLimit;
                    return;
                }
                self.rows.push((name, whole, varbind.quirks));
            }
            if rows > 0 {
                self.at = if between { self.roots[self.root].clone() } else { last };
            }
        }

        fn leave(&mut self) {
            self.root += 1;
            if let Some(root) = self.roots.get(self.root) {
                (self.at, self.start) = (root.clone(), self.rows.len());
            }
        }
    }

    /// Mostly the next row of a table, now and then anything, sometimes padded at a place or cut short.
    fn name_after(last: &[u32], padding: usize, dice: &mut fastrand::Rng) -> (Vec<u32>, Vec<u8>) {
        const ARCS: [u32; 10] = [0, 1, 2, 3, 126, 127, 128, 129, 16_383, 16_384];
        let mut name = last.to_vec();
        match dice.usize(..120) {
            0 => name = arcs(ROOTS[dice.usize(..3)].parse::<Oid>().unwrap().as_ref()),
            1 if name.len() > 5 => name.truncate(name.len() - 1),
            2 => name.push(ARCS[dice.usize(..10)]),
            3 => name = name.iter().map(|arc| arc.saturating_sub(u32::from(dice.usize(..20) == 0))).collect(),
            4 => {}
            _ if name.len() < 13 => name.resize(13, 1),
            at => {
                let place = name.len() - [1, 1, 1, 1, 2, 3, 1, 1, 1, 1, 2, 3, 1, 1, 1, 4][at % 16];
                name[place] = ARCS.into_iter().find(|arc| *arc > name[place]).unwrap_or(name[place] + 1);
                name[place + 1..].fill(ARCS[dice.usize(..10)]);
            }
        }
        let mut octets = Oid::from_arcs(name.iter().copied()).map_or_else(|_| vec![43], |oid| oid.octets().to_vec());
        match dice.usize(..100) {
            0 => octets.push(0x81),
            _ if padding < octets.len() => octets.insert(padding, 0x80),
            _ => {}
        }
        (name, octets)
    }

    #[test]
    fn short_cuts_change_nothing() {
        let mut dice = fastrand::Rng::with_seed(46);
        let (mut ends, mut kept) = ([0; 4], 0);
        for _ in 0..4_000 {
            let roots: Vec<Oid> = (0..dice.usize(1..4)).map(|_| ROOTS[dice.usize(..3)].parse().unwrap()).collect();
            let mut slow = Slow {
                roots: roots.iter().map(|root| arcs(root.as_ref())).collect(),
                root: 0,
                start: 0,
                at: arcs(roots[0].as_ref()),
                rows: Vec::new(),
                end: WalkEnd::Complete,
            };
            let max_rows = if dice.usize(..10) == 0 { 15 } else { 100 };
            let mut walker = Walker::new(Walk { max_rows, max_repetitions: Some(12), ..Walk::of(roots) });
            let (mut habits, way, mut quirks) = (Habits::default(), Way { bulk: true, room: 1400 }, Quirks::NONE);
            let mut next = walker.begin(&habits, way);
            for _ in 0..4 {
                let Next::Ask(question) = next else { break };
                assert_eq!(question.names[0], walker.at);
                let (mut answer, mut last) = (Vec::new(), slow.at.clone());
                let padding = if dice.usize(..10) == 0 { dice.usize(1..12) } else { usize::MAX };
                for _ in 0..dice.usize(1..14) {
                    let (arcs, name) = name_after(&last, padding, &mut dice);
                    last = arcs;
                    let value = if dice.usize(..30) == 0 { RARE[dice.usize(..8)] } else { USUAL[dice.usize(..12)] };
                    answer.extend([0x30, (name.len() + value.len() + 2) as u8, 6, name.len() as u8]);
                    answer.extend([name.as_slice(), value].concat());
                }
                let expected = walker.asked.max(1) as usize;
                let varbinds = VarBinds::at(&answer, 0..answer.len());
                let reply = Incoming { status: ErrorStatus::NO_ERROR, index: 0, varbinds, size: answer.len() };
                next = walker.on_reply(reply, &mut habits, way, &mut quirks);
                slow.take(&answer, expected, max_rows);

                let rows = walker.varbinds.iter().map(|row| (arcs(row.oid), row.to_varbind(), row.quirks));
                assert!(rows.eq(slow.rows.iter().cloned()), "{answer:02x?}\n{:?}", walker.varbinds);
                let ended = matches!(next, Next::Done);
                assert_eq!(ended, slow.root >= slow.roots.len() || slow.end == WalkEnd::RowLimit, "{answer:02x?}");
                if !ended {
                    assert_eq!(
                        (arcs(walker.at.as_ref()), walker.root, walker.start),
                        (slow.at.clone(), slow.root, slow.start)
                    );
                }
            }
            assert_eq!(walker.end, slow.end);
            kept += slow.rows.len();
            ends[match slow.end {
                WalkEnd::Complete => 0,
                WalkEnd::Loop { .. } => 1,
                WalkEnd::Backward { .. } => 2,
                _ => 3,
            }] += 1;
        }
        assert!(kept > 20_000 && ends.iter().all(|times| *times > 50), "{kept} {ends:?}");
    }
}
