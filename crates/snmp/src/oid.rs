//! Object identifiers, kept as the octets that travel (X.690 §8.19).
//!
//! An OID on the wire is a run of base-128 subidentifiers; the first one packs the first two arcs (`40 * x + y`).
//! Keeping the octets means decoding borrows, encoding copies, and nothing is allocated for the usual lengths:
//!
//! ```text
//! 1.3.6.1.2.1.43   =   2b 06 01 02 01 2b          (six octets)
//! arcs             =  1.3  6  1  2  1 43
//! ```
//!
//! [`OidRef`] borrows, [`Oid`] owns (inline up to 24 octets), [`oid!`](crate::oid!) checks a literal at compile time.
//! RFC 2578 §7.1.3 bounds both: at most 128 arcs, each below 2^32.

use crate::words::{Glance, any_high_bit, is_usual, rises_at, same_octets};
use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;
use smallvec::SmallVec;

/// Most arcs an OID may have (RFC 2578 §7.1.3).
pub const MAX_ARCS: usize = 128;
/// Most content octets: 127 subidentifiers of at most five octets.
pub const MAX_OCTETS: usize = (MAX_ARCS - 1) * 5;

/// An object identifier that borrows its BER content octets.
///
/// The octets are always well formed: complete subidentifiers below 2^32, at most [`MAX_ARCS`] arcs. They may carry
/// needless leading `0x80` octets as some devices send them; comparison looks through those.
#[derive(Clone, Copy)]
pub struct OidRef<'a>(&'a [u8]);

/// An object identifier that owns its BER content octets, always in the minimal form.
#[derive(PartialEq, Eq, Hash)]
pub struct Oid(SmallVec<[u8; 24]>);

/// Why octets or text are not an OID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OidError {
    /// The last octet promises another (X.690 §8.19.2).
    #[error("the last subidentifier is not finished")]
    Unfinished,
    /// An arc of 2^32 or more (RFC 2578 §7.1.3).
    #[error("a subidentifier is above 4294967295")]
    ArcTooLarge,
    /// More than [`MAX_ARCS`] arcs.
    #[error("more than 128 arcs")]
    TooLong,
    /// Text that is not dotted decimal.
    #[error("not an OID: expected dotted decimal such as 1.3.6.1.2.1")]
    NotDotted,
    /// The first arc is above 2, or the second above 39 under 0 and 1.
    #[error("the first two arcs cannot be encoded (0..2, and 0..39 under 0 and 1)")]
    BadRoot,
}

impl<'a> OidRef<'a> {
    /// Checks content octets. `padded` in the answer tells that a subidentifier had needless leading `0x80`.
    #[inline(always)]
    pub fn check(octets: &'a [u8]) -> Result<(Self, bool), OidError> {
        // Most OIDs have only arcs below 128: one octet each, nothing to decode.
        if octets.len() < MAX_ARCS && !any_high_bit(octets) {
            return Ok((Self(octets), false));
        }
        Self::check_long_arcs(octets)
    }

    /// The OID in content octets that need no closer look; `None` for all others, good or bad.
    #[inline(always)]
    pub(crate) fn usual(octets: &'a [u8]) -> Option<Self> {
        is_usual(octets).then_some(Self(octets))
    }

    /// The name in these octets, if a glance tells that it is well formed, unpadded, above `before`, and shares at least so
    /// many octets with it. `before` must be unpadded itself. `None` for all others, good or bad.
    ///
    /// Neighbours in a walk differ in their last few arcs. If both are equally long, and no octet of the higher one is
    /// above 127 from where they part, then what stands in front is as good as it is in `before`, the subidentifiers in
    /// which they part both end there, and every arc behind has one octet.
    #[inline(always)]
    pub(crate) fn next_to(before: OidRef<'_>, octets: &'a [u8], shared: usize) -> Option<Self> {
        if octets.len() != before.0.len()
            || octets.len() > 16
            || octets.first_chunk::<8>()? != before.0.first_chunk()?
        {
            return None;
        }
        let same = rises_at(octets.last_chunk()?, before.0.last_chunk()?)?;
        (octets.len() - 8 + same >= shared).then_some(Self(octets))
    }

    #[inline(never)]
    fn check_long_arcs(octets: &'a [u8]) -> Result<(Self, bool), OidError> {
        // Most others pass at a glance: few octets continue a subidentifier, so none is too long; none is 0x80, so nothing is
        // padded; and the last subidentifier is finished.
        let Glance { continuing, padding } = Glance::at(octets);
        let finished = octets.last().is_none_or(|last| last & 0x80 == 0);
        if octets.len() < MAX_ARCS && continuing < 4 && !padding && finished {
            return Ok((Self(octets), false));
        }
        Self::check_each(octets)
    }

    fn check_each(octets: &'a [u8]) -> Result<(Self, bool), OidError> {
        let (mut arcs, mut value, mut at_start, mut padded) = (1, 0u64, true, false);
        for &octet in octets {
            padded |= at_start && octet == 0x80;
            value = value << 7 | u64::from(octet & 0x7f);
            if value > u64::from(u32::MAX) {
                return Err(OidError::ArcTooLarge);
            }
            at_start = octet & 0x80 == 0;
            if at_start {
                arcs += 1;
                value = 0;
            }
        }
        if !at_start {
            return Err(OidError::Unfinished);
        }
        if arcs > MAX_ARCS {
            return Err(OidError::TooLong);
        }
        Ok((Self(octets), padded))
    }

    /// For [`oid!`](crate::oid!) alone, which has checked the octets at compile time.
    #[doc(hidden)]
    pub const fn from_checked(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The content octets, without tag and length.
    pub const fn octets(self) -> &'a [u8] {
        self.0
    }

    /// True for the OID without arcs.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The arcs from left to right, the first two separated.
    pub fn arcs(self) -> impl Iterator<Item = u32> + 'a {
        let mut rest = self.subids();
        let (first, second) = match rest.next() {
            None => (None, None),
            Some(packed @ 0..40) => (Some(0), Some(packed)),
            Some(packed @ 40..80) => (Some(1), Some(packed - 40)),
            Some(packed) => (Some(2), Some(packed - 80)),
        };
        Arcs { first, second, rest }
    }

    /// How many arcs.
    pub fn len(self) -> usize {
        match self.0.iter().filter(|octet| **octet & 0x80 == 0).count() {
            0 => 0,
            subids => subids + 1,
        }
    }

    /// True if this OID is `root` or lies below it.
    pub fn starts_with(self, root: OidRef<'_>) -> bool {
        if let Some(head) = self.0.get(..root.0.len())
            && head == root.0
        {
            return true;
        }
        let mut mine = self.subids();
        root.subids().all(|theirs| mine.next() == Some(theirs))
    }

    /// True if this OID lies below `root` and is not `root` itself.
    #[inline]
    pub(crate) fn is_below(self, root: OidRef<'_>) -> bool {
        if self.0.len() > root.0.len() && self.0.starts_with(root.0) {
            return true;
        }
        let mut mine = self.subids();
        root.subids().all(|theirs| mine.next() == Some(theirs)) && mine.next().is_some()
    }

    /// The arcs below `root`: the index of an instance under its column. `None` when not below `root`.
    pub fn index_under(self, root: OidRef<'_>) -> Option<impl Iterator<Item = u32> + 'a> {
        self.starts_with(root).then(|| self.arcs().skip(root.len()))
    }

    /// An owned copy in minimal form.
    #[inline]
    pub fn to_oid(self) -> Oid {
        if self.is_padded() {
            return Oid(self.minimal_subids().flatten().copied().collect());
        }
        Oid(SmallVec::from_slice(self.0))
    }

    #[inline]
    pub(crate) fn is_padded(self) -> bool {
        any_high_bit(self.0)
            && Glance::at(self.0).padding
            && self.each_subid().any(|subid| subid.first() == Some(&0x80))
    }

    /// The octets of each subidentifier without needless leading `0x80`.
    pub(crate) fn minimal_subids(self) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.each_subid().map(|subid| {
            let padding = subid.iter().take_while(|octet| **octet == 0x80).count();
            subid.get(padding..).unwrap_or_default()
        })
    }

    fn each_subid(self) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.0.split_inclusive(|octet| octet & 0x80 == 0)
    }

    fn subids(self) -> Subids<'a> {
        Subids(self.0.iter())
    }
}

struct Subids<'a>(core::slice::Iter<'a, u8>);

impl Iterator for Subids<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let first = *self.0.next()?;
        let mut value = u32::from(first & 0x7f);
        let mut more = first & 0x80 != 0;
        while more {
            let octet = *self.0.next()?;
            value = value << 7 | u32::from(octet & 0x7f);
            more = octet & 0x80 != 0;
        }
        Some(value)
    }

    /// One loop over the octets, not one inside another.
    #[inline]
    fn fold<B, F: FnMut(B, u32) -> B>(self, start: B, mut add: F) -> B {
        let (mut sum, mut value) = (start, 0);
        for octet in self.0 {
            value = value << 7 | u32::from(octet & 0x7f);
            if octet & 0x80 == 0 {
                sum = add(sum, value);
                value = 0;
            }
        }
        sum
    }
}

/// The first subidentifier holds two arcs.
struct Arcs<'a> {
    first: Option<u32>,
    second: Option<u32>,
    rest: Subids<'a>,
}

impl Iterator for Arcs<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        self.first.take().or_else(|| self.second.take()).or_else(|| self.rest.next())
    }

    /// Without looking at each arc whether it is one of the first two.
    #[inline]
    fn fold<B, F: FnMut(B, u32) -> B>(self, start: B, mut add: F) -> B {
        let start = [self.first, self.second].into_iter().flatten().fold(start, &mut add);
        self.rest.fold(start, add)
    }
}

impl PartialEq for OidRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.cmp(other) == Ordering::Equal
    }
}
impl Eq for OidRef<'_> {}

impl PartialOrd for OidRef<'_> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Lexicographic by subidentifier (RFC 3416 §4.2.2), not by octet: 1.3.128 (`2b 81 00`) is above 1.3.127 (`2b 7f`).
impl Ord for OidRef<'_> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let same = same_octets(self.0, other.0);
        match (self.0.get(same), other.0.get(same)) {
            (Some(&mine), Some(&theirs)) if mine & theirs < 0x80 && mine != 0x80 && theirs != 0x80 => mine.cmp(&theirs),
            (Some(_), Some(_)) => self.cmp_long_arcs(other, same),
            // One is the start of the other.
            (mine, theirs) => mine.cmp(&theirs),
        }
    }
}

impl OidRef<'_> {
    /// The order of OIDs that part after so many octets, where the octets there do not tell it. They do if they are not both
    /// part of longer subidentifiers: the one that goes on is larger, unless it is padding.
    fn cmp_long_arcs(&self, other: &Self, same: usize) -> Ordering {
        // Back to the start of the subidentifier in which they part.
        let whole = self.0.get(..same).unwrap_or_default();
        let start = whole.iter().rposition(|octet| octet & 0x80 == 0).map_or(0, |last| last + 1);
        let tail = |octets: &[u8]| Subids(octets.get(start..).unwrap_or_default().iter()).next();
        match (tail(self.0), tail(other.0)) {
            (Some(mine), Some(theirs)) if mine != theirs => mine.cmp(&theirs),
            // Equal subidentifiers in different octets (padding): compare the slow way.
            (Some(_), Some(_)) => self.subids().cmp(other.subids()),
            (mine, theirs) => mine.cmp(&theirs),
        }
    }
}

impl fmt::Display for OidRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, arc) in self.arcs().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            write!(f, "{arc}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for OidRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Oid {
    /// From arcs.
    ///
    /// ```
    /// # use dca_snmp::Oid;
    /// assert_eq!(Oid::from_arcs([1, 3, 6, 1])?.to_string(), "1.3.6.1");
    /// # Ok::<(), dca_snmp::OidError>(())
    /// ```
    pub fn from_arcs(arcs: impl IntoIterator<Item = u32>) -> Result<Self, OidError> {
        let mut arcs = arcs.into_iter();
        let (first, second) = (arcs.next().ok_or(OidError::BadRoot)?, arcs.next().unwrap_or(0));
        if first > 2 || (first < 2 && second > 39) {
            return Err(OidError::BadRoot);
        }
        let mut octets = SmallVec::new();
        push_subid(&mut octets, (first * 40).checked_add(second).ok_or(OidError::ArcTooLarge)?);
        for (count, arc) in arcs.enumerate() {
            if count + 3 > MAX_ARCS {
                return Err(OidError::TooLong);
            }
            push_subid(&mut octets, arc);
        }
        Ok(Self(octets))
    }

    /// Borrows this OID.
    pub fn as_ref(&self) -> OidRef<'_> {
        OidRef(&self.0)
    }

    /// This OID with further arcs: a column with an instance's index.
    pub fn join(&self, arcs: impl IntoIterator<Item = u32>) -> Result<Self, OidError> {
        let mut joined = self.clone();
        let mut count = joined.as_ref().len();
        for arc in arcs {
            count += 1;
            if count > MAX_ARCS {
                return Err(OidError::TooLong);
            }
            push_subid(&mut joined.0, arc);
        }
        Ok(joined)
    }

    /// The content octets, without tag and length.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// The arcs from left to right.
    pub fn arcs(&self) -> impl Iterator<Item = u32> + '_ {
        self.as_ref().arcs()
    }

    /// True if this OID is `root` or lies below it.
    pub fn starts_with(&self, root: OidRef<'_>) -> bool {
        self.as_ref().starts_with(root)
    }
}

/// As one copy of octets, not octet by octet as a `SmallVec` clones itself.
impl Clone for Oid {
    #[inline]
    fn clone(&self) -> Self {
        Self(SmallVec::from_slice(&self.0))
    }
}

impl From<OidRef<'_>> for Oid {
    fn from(borrowed: OidRef<'_>) -> Self {
        borrowed.to_oid()
    }
}

/// Dotted decimal, with or without the leading dot.
impl FromStr for Oid {
    type Err = OidError;

    fn from_str(text: &str) -> Result<Self, OidError> {
        let dotted = text.strip_prefix('.').unwrap_or(text);
        let mut arcs = SmallVec::<[u32; 32]>::new();
        for part in dotted.split('.') {
            if part.is_empty() || !part.bytes().all(|octet| octet.is_ascii_digit()) {
                return Err(OidError::NotDotted);
            }
            arcs.push(part.parse().map_err(|_| OidError::ArcTooLarge)?);
            if arcs.len() > MAX_ARCS {
                return Err(OidError::TooLong);
            }
        }
        Self::from_arcs(arcs)
    }
}

impl PartialOrd for Oid {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Oid {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().cmp(&other.as_ref())
    }
}
impl PartialEq<OidRef<'_>> for Oid {
    fn eq(&self, other: &OidRef<'_>) -> bool {
        self.as_ref() == *other
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_ref(), f)
    }
}
impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_ref(), f)
    }
}

fn push_subid(octets: &mut SmallVec<[u8; 24]>, subid: u32) {
    for shift in [28, 21, 14, 7] {
        if subid >> shift != 0 {
            octets.push((subid >> shift) as u8 & 0x7f | 0x80);
        }
    }
    octets.push(subid as u8 & 0x7f);
}

/// An [`OidRef`] from a literal in dotted decimal, checked when the program is compiled.
///
/// ```
/// use dca_snmp::oid;
/// assert_eq!(oid!("1.3.6.1.2.1.1.1.0").to_string(), "1.3.6.1.2.1.1.1.0");
/// ```
///
/// ```compile_fail
/// dca_snmp::oid!("1.3.six"); // does not compile
/// ```
#[macro_export]
macro_rules! oid {
    ($text:literal) => {{
        const LENGTH: usize = $crate::literal::length($text);
        const OCTETS: [u8; LENGTH] = $crate::literal::encode::<LENGTH>($text);
        $crate::OidRef::from_checked(&OCTETS)
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, octets: &[u8]) {
        let oid: Oid = text.parse().unwrap();
        assert_eq!(oid.octets(), octets);
        let (borrowed, padded) = OidRef::check(octets).unwrap();
        assert!(!padded);
        assert_eq!(borrowed.to_string(), text.trim_start_matches('.'));
        assert_eq!(oid, borrowed);
    }

    #[test]
    fn text_and_octets_agree() {
        check("1.3.6.1.2.1.43", &[0x2b, 6, 1, 2, 1, 43]);
        check(".1.3.6.1.4.1.11", &[0x2b, 6, 1, 4, 1, 11]);
        check("0.0", &[0]);
        check("2.999.3", &[0x88, 0x37, 3]);
        check("1.3.4294967295", &[0x2b, 0x8f, 0xff, 0xff, 0xff, 0x7f]);
    }

    #[test]
    fn literals_are_encoded_at_compile_time() {
        for (literal, text) in [
            (oid!("1.3.6.1.2.1.1.1.0"), "1.3.6.1.2.1.1.1.0"),
            (oid!("2.999.3"), "2.999.3"),
            (oid!("1.3.4294967295.128"), "1.3.4294967295.128"),
            (oid!("0.0"), "0.0"),
        ] {
            assert_eq!(literal.to_oid(), text.parse::<Oid>().unwrap());
        }
    }

    #[test]
    fn bad_octets_and_text_are_refused() {
        assert_eq!(OidRef::check(&[0x2b, 0x86]).unwrap_err(), OidError::Unfinished);
        assert_eq!(OidRef::check(&[0x2b, 0x90, 0x80, 0x80, 0x80, 0]).unwrap_err(), OidError::ArcTooLarge);
        assert_eq!(OidRef::check(&[1; 128]).unwrap_err(), OidError::TooLong);
        assert!(OidRef::check(&[1; 127]).is_ok());
        for text in ["", ".", "1..3", "1.3.x", "1.3.-1", "1.3.+1", "1.3 "] {
            assert_eq!(text.parse::<Oid>().unwrap_err(), OidError::NotDotted, "{text:?}");
        }
        assert_eq!("3.1".parse::<Oid>().unwrap_err(), OidError::BadRoot);
        assert_eq!("1.40".parse::<Oid>().unwrap_err(), OidError::BadRoot);
        assert_eq!("1.3.4294967296".parse::<Oid>().unwrap_err(), OidError::ArcTooLarge);
        assert_eq!(vec!["1"; 129].join(".").parse::<Oid>().unwrap_err(), OidError::TooLong);
    }

    /// Octets of up to three words from those at which something changes.
    fn many_octets() -> impl Iterator<Item = Vec<u8>> {
        let mut dice = fastrand::Rng::with_seed(43);
        (0..200_000).map(move |_| {
            let length = dice.usize(..24);
            (0..length).map(|_| [1, 1, 1, 43, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0xff][dice.usize(..10)]).collect()
        })
    }

    #[test]
    fn a_glance_says_what_a_close_look_says() {
        let (mut passed, mut usual) = (0, 0);
        for octets in many_octets().filter(|octets| !octets.is_empty()) {
            let told = OidRef::check(&octets).map(|(_, padded)| padded);
            assert_eq!(told, OidRef::check_each(&octets).map(|(_, padded)| padded), "{octets:02x?}");
            if OidRef::usual(&octets).is_some() {
                assert_eq!(told, Ok(false), "{octets:02x?}");
                usual += 1;
            }
            if let Ok(padded) = told {
                assert_eq!(OidRef(&octets).is_padded(), padded, "{octets:02x?}");
                passed += 1;
            }
        }
        assert!(passed > 10_000 && usual > 1_000, "{passed} {usual}");
    }

    #[test]
    fn words_are_compared_as_octets_are() {
        let mut dice = fastrand::Rng::with_seed(44);
        for mine in many_octets() {
            let mut theirs = mine.clone();
            theirs.truncate(dice.usize(..=mine.len()));
            theirs.extend((0..dice.usize(..24)).map(|_| dice.u8(..)));
            let same = mine.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
            assert_eq!(same_octets(&mine, &theirs), same, "{mine:02x?} {theirs:02x?}");
            assert_eq!(same_octets(&theirs, &mine), same, "{theirs:02x?} {mine:02x?}");
        }
    }

    #[test]
    fn who_is_next_to_another_is_above_it_and_good() {
        let mut dice = fastrand::Rng::with_seed(45);
        let mut found = 0;
        for before in many_octets() {
            if OidRef::check(&before).is_ok_and(|(_, padded)| !padded) {
                // Octets of the same and of other lengths, most of them shared.
                let mut octets = before.clone();
                octets.truncate(before.len().saturating_sub(dice.usize(..3)));
                let missing = (before.len() + dice.usize(..8) / 7).saturating_sub(octets.len());
                octets.extend((0..missing).map(|_| [0, 1, 2, 43, 0x7f, 0x80, 0x81, 0xff][dice.usize(..8)]));
                let shared = dice.usize(..=before.len());
                let (before, head) = (OidRef(&before), octets.get(..shared).unwrap_or_default());
                if let Some(next) = OidRef::next_to(before, &octets, shared) {
                    let (checked, padded) = OidRef::check_each(&octets).unwrap();
                    assert!(!padded && next.octets() == octets && checked > before, "{octets:02x?} {before:?}");
                    assert!(before.octets().starts_with(head), "{octets:02x?} {before:?} {shared}");
                    // A root that ends where a subidentifier does is a root of both.
                    if let Ok((root, _)) = OidRef::check_each(head) {
                        assert!(next.is_below(root) && before.is_below(root), "{next:?} {before:?} {root:?}");
                    }
                    found += 1;
                }
            }
        }
        assert!(found > 300, "{found}");
    }

    #[test]
    fn neighbours_in_a_table_are_told_at_a_glance() {
        let root = oid!("1.3.6.1.2.1.43.11");
        let next_to = |before: &str, after: &str, shared| {
            let (before, after): (Oid, Oid) = (before.parse().unwrap(), after.parse().unwrap());
            OidRef::next_to(before.as_ref(), after.octets(), shared).is_some()
        };
        let all = root.octets().len();
        assert!(next_to("1.3.6.1.2.1.43.11.1.1.9.1.1", "1.3.6.1.2.1.43.11.1.1.9.1.2", all));
        assert!(next_to("1.3.6.1.2.1.43.11.1.1.9.1.9", "1.3.6.1.2.1.43.11.1.2.1.1.1", all));
        assert!(next_to("1.3.6.1.2.1.43.11.1.1.9.1.128", "1.3.6.1.2.1.43.11.1.1.9.1.255", all));
        assert!(next_to("1.3.6.1.2.1.43.11.1.1.9.128.7", "1.3.6.1.2.1.43.11.1.1.9.129.1", all));
        // The same, one in front, one of another length, one beside the root, and arcs that go on where they part.
        assert!(!next_to("1.3.6.1.2.1.43.11.1.1.9.1.2", "1.3.6.1.2.1.43.11.1.1.9.1.2", all));
        assert!(!next_to("1.3.6.1.2.1.43.11.1.1.9.1.2", "1.3.6.1.2.1.43.11.1.1.9.1.1", all));
        assert!(!next_to("1.3.6.1.2.1.43.11.1.1.9.1.127", "1.3.6.1.2.1.43.11.1.1.9.1.128", all));
        assert!(!next_to("1.3.6.1.2.1.43.11.1.1.9.1.2", "1.3.6.1.2.1.43.12.1.1.9.1.3", all));
        assert!(!next_to("1.3.6.1.2.1.43.11.1.1.9.1.255", "1.3.6.1.2.1.43.11.1.1.9.1.256", all));
        // 81 00 and 81 7f share their first octet with a root that ends in 81 01, which is none of theirs.
        assert!(!next_to(
            "1.3.6.1.2.1.43.128.1.1",
            "1.3.6.1.2.1.43.255.1.1",
            oid!("1.3.6.1.2.1.43.129").octets().len()
        ));
    }

    #[test]
    fn order_is_by_subidentifier() {
        let sorted =
            ["1.3", "1.3.1", "1.3.127", "1.3.127.5", "1.3.128", "1.3.128.0", "1.3.16384", "1.3.4294967295", "2.1"];
        for (a, left) in sorted.iter().enumerate() {
            for (b, right) in sorted.iter().enumerate() {
                let order = left.parse::<Oid>().unwrap().cmp(&right.parse().unwrap());
                assert_eq!(order, a.cmp(&b), "{left} against {right}");
            }
        }
    }

    #[test]
    fn padding_is_looked_through() {
        let (padded, told) = OidRef::check(&[0x2b, 0x80, 6, 1]).unwrap();
        assert!(told);
        assert_eq!(padded, oid!("1.3.6.1"));
        assert_eq!(padded.to_oid().octets(), [0x2b, 6, 1]);
        assert!(padded < oid!("1.3.6.2") && padded > oid!("1.3.6.0"));
        assert!(padded.starts_with(oid!("1.3.6")));
        assert!(
            padded.is_below(oid!("1.3.6")) && !padded.is_below(oid!("1.3.6.1")) && !padded.is_below(oid!("1.3.6.1.2"))
        );
    }

    #[test]
    fn an_index_is_what_follows_the_column() {
        let instance = oid!("1.3.6.1.2.1.43.11.1.1.9.1.3");
        let index: Vec<u32> = instance.index_under(oid!("1.3.6.1.2.1.43.11.1.1.9")).unwrap().collect();
        assert_eq!(index, [1, 3]);
        assert!(instance.index_under(oid!("1.3.6.1.2.1.43.11.1.1.8")).is_none());
        // A longer number with the same leading octet is not below.
        assert!(!oid!("1.3.6.128").starts_with(oid!("1.3.6.1")));
    }
}
