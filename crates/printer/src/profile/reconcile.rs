//! Do the meters of one reading agree with each other: mono + colour = total, services within the total, duplex within the
//! total, large within all, pages within their A4 equivalents, the vendor's page count as the standard one?
//!
//! A meter known from one source only (C) is reported when a rule confirms it and none contradicts it. A meter known
//! better is reported anyway; a rule that it breaks costs it confidence and becomes a doubt.

use super::key::Key;
use super::meters::Figure;
use crate::reading::{Confidence, Meter, Reading};

/// Sums may differ by so many pages, or by half a percent: the counters are not read in one instant.
const PAGES: u64 = 5;
const PER_MILLE: u64 = 5;

/// Adds the figures to the reading's meters.
pub(crate) fn settle(figures: Vec<Figure>, reading: &mut Reading) {
    let mut pool = without_repeats(figures, &mut reading.doubts);
    let own = pool.len();
    // The standard page count is a witness too; it is in the reading already.
    // Where the vendor keeps the same count, that one is the measure: two counters may differ, and total::choose says so.
    let sure = pool.iter().filter(|figure| figure.confidence < Confidence::C);
    let known: Vec<Key> = sure.map(|figure| figure.key).collect();
    pool.extend(reading.meters.iter().filter_map(witness).filter(|witness| !known.contains(&witness.key)));
    let failed =
        |pool: &[Figure], keep: &[bool]| rules(pool, keep).into_iter().filter(|rule| !rule.holds).collect::<Vec<_>>();

    let mut keep = fitting(&pool, &mut reading.doubts);
    for rule in failed(&pool, &keep) {
        let suspects: Vec<usize> = rule.of.iter().copied().filter(|at| is_weak(&pool, *at)).collect();
        for at in suspects {
            if let (Some(kept), Some(figure)) = (keep.get_mut(at), pool.get(at)) {
                reading.doubts.push(format!("{} {} is left out: {}", figure.key, figure.value, rule.text));
                *kept = false;
            }
        }
    }
    let held: Vec<Rule> = rules(&pool, &keep).into_iter().filter(|rule| rule.holds).collect();
    let mut confirmed: Vec<usize> = held.iter().flat_map(|rule| rule.proves.iter().copied()).collect();
    for rule in held.iter().filter(|rule| rule.same_rows) {
        // A total that something else proves was counted from the right rows, and so were its parts.
        if let Some((total, parts)) = rule.of.split_last()
            && (confirmed.contains(total) || !is_weak(&pool, *total))
        {
            confirmed.extend(parts);
        }
    }
    for (at, kept) in keep.iter_mut().enumerate() {
        *kept &= !is_weak(&pool, at) || confirmed.contains(&at);
    }
    for rule in failed(&pool, &keep) {
        for at in &rule.of {
            // What another rule proves is not the one that is off.
            if let Some(figure) = pool.get_mut(*at).filter(|_| *at < own && !confirmed.contains(at)) {
                figure.confidence = Confidence::C;
            }
        }
        reading.doubts.push(rule.text);
    }
    reading.doubts.dedup();
    let kept = pool.into_iter().take(own).zip(keep).filter_map(|(figure, kept)| kept.then_some(figure));
    let mut meters: Vec<Meter> = kept.map(Figure::meter).collect();
    // One row read twice is one meter.
    let oids: Vec<_> = meters.iter().map(|meter| (meter.source.oid.clone(), meter.source.tag.clone())).collect();
    reading.meters.retain(|meter| !oids.contains(&(meter.source.oid.clone(), meter.source.tag.clone())));
    meters.append(&mut reading.meters);
    reading.meters = meters;
}

impl Figure {
    fn meter(self) -> Meter {
        let Key { service, color, size, sides, unit, persistence } = self.key;
        Meter {
            service: service.to_owned(),
            color: color.to_owned(),
            size: size.to_owned(),
            sides: sides.to_owned(),
            unit: unit.to_owned(),
            persistence: persistence.to_owned(),
            value: self.value,
            source: self.source,
            confidence: self.confidence,
        }
    }
}

/// One rule as it applies to one reading.
struct Rule {
    /// Places in the pool.
    of: Vec<usize>,
    holds: bool,
    /// Those of which holding says that they mean what we think: 0 + 0 = 0 says it of none.
    proves: Vec<usize>,
    /// The total is a sum of the rows that its parts are made of.
    same_rows: bool,
    text: String,
}

/// What to start with: all but the rivals, figures of one source each that disagree about one meter. Of those stays the one
/// that a rule proves, if it is the only one.
fn fitting(pool: &[Figure], doubts: &mut Vec<String>) -> Vec<bool> {
    let rivals_of = |key: Key| -> Vec<usize> {
        pool.iter()
            .enumerate()
            .filter(|(at, figure)| figure.key == key && is_weak(pool, *at))
            .map(|(at, _)| at)
            .collect()
    };
    let alone = |at: usize, figure: &Figure| !is_weak(pool, at) || rivals_of(figure.key).len() == 1;
    let mut keep: Vec<bool> = pool.iter().enumerate().map(|(at, figure)| alone(at, figure)).collect();
    let mut undecided: Vec<Key> = Vec::new();
    for (figure, _) in pool.iter().zip(&keep).filter(|(_, kept)| !**kept) {
        if !undecided.contains(&figure.key) {
            undecided.push(figure.key);
        }
    }
    for key in undecided {
        let rivals = rivals_of(key);
        let mut proved = rivals.iter().copied().filter(|rival| {
            let alone: Vec<bool> = keep.iter().enumerate().map(|(at, kept)| *kept || at == *rival).collect();
            let about: Vec<Rule> = rules(pool, &alone).into_iter().filter(|rule| rule.of.contains(rival)).collect();
            about.iter().all(|rule| rule.holds) && about.iter().any(|rule| rule.proves.contains(rival))
        });
        match (proved.next(), proved.next()) {
            (Some(only), None) => {
                if let Some(kept) = keep.get_mut(only) {
                    *kept = true;
                }
            }
            _ => doubts
                .push(format!("{key} is left out: {} sources disagree and no sum tells which is right", rivals.len())),
        }
    }
    keep
}

/// Two entries for one meter: the better known stays; if they differ, that is told. Of two that are known from one source
/// each both stay, to be told apart by [`fitting`].
fn without_repeats(figures: Vec<Figure>, doubts: &mut Vec<String>) -> Vec<Figure> {
    let mut pool: Vec<Figure> = Vec::with_capacity(figures.len());
    for figure in figures {
        let is_rival =
            |first: &Figure| first.value != figure.value && first.confidence.min(figure.confidence) > Confidence::B;
        let same = |first: &&mut Figure| first.key == figure.key;
        let Some(first) = pool.iter_mut().find(|first| same(first) && !is_rival(first)) else {
            pool.push(figure);
            continue;
        };
        let (better, worse) =
            if figure.confidence < first.confidence { (&figure, &*first) } else { (&*first, &figure) };
        if better.value != worse.value && worse.confidence <= Confidence::B {
            let at = |figure: &Figure| figure.source.oid.clone().unwrap_or_default();
            let (a, b) = (at(better), at(worse));
            doubts.push(format!("{}: {} at {a} and {} at {b}", better.key, better.value, worse.value));
        }
        if figure.confidence < first.confidence {
            *first = figure;
        }
    }
    pool
}

/// A meter of the standard reading in the form the rules look at: impressions over the device's life.
fn witness(meter: &Meter) -> Option<Figure> {
    let plain = meter.service == "system_totals"
        && (meter.color.as_str(), meter.size.as_str(), meter.sides.as_str()) == ("total", "any", "any")
        && (meter.unit.as_str(), meter.persistence.as_str()) == ("impressions", "lifetime");
    let key = Key {
        service: "system_totals",
        color: "total",
        size: "any",
        sides: "any",
        unit: "impressions",
        persistence: "lifetime",
    };
    plain.then(|| Figure { key, value: meter.value, source: meter.source.clone(), confidence: meter.confidence })
}

fn is_weak(pool: &[Figure], at: usize) -> bool {
    pool.get(at).is_some_and(|figure| figure.confidence >= Confidence::C)
}

fn rules(pool: &[Figure], keep: &[bool]) -> Vec<Rule> {
    let kept: Vec<(usize, &Figure)> =
        pool.iter().enumerate().filter(|(at, _)| keep.get(*at).copied().unwrap_or(false)).collect();
    let find = |key: Key| kept.iter().copied().find(|(_, figure)| figure.key == key);
    let mut rules = Vec::new();
    for &(at, total) in &kept {
        let key = total.key;
        // A page count that one source knows is proven by the standard one, and is no measure beside it.
        let surer = |(_, twin): &(usize, &Figure)| twin.key == key && twin.confidence < Confidence::C;
        if total.confidence >= Confidence::C
            && let Some(twin) = kept.iter().copied().find(surer)
        {
            rules.push(equal(&[(at, total)], twin));
            continue;
        }
        if key.unit == "a4_equivalents" {
            // A page weighs one or more of them.
            let pages = find(Key { unit: "impressions", ..key });
            rules.extend(pages.map(|pages| Rule { proves: Vec::new(), ..within(&[pages], (at, total), false) }));
        }
        let among = |parts: &[Key]| parts.iter().filter_map(|part| find(*part)).collect::<Vec<_>>();
        if key.color == "total" {
            let colors = ["mono", "full_color", "highlight_color", "single_color", "two_color"]
                .map(|color| Key { color, ..key });
            let parts = among(&colors);
            // Mono alone may be all of a mono device or half of a colour one: no rule.
            if parts.len() >= 2 && parts.iter().any(|(_, part)| part.key.color == "mono") {
                rules.push(equal(&parts, (at, total)));
            }
        }
        if key.sides == "any" {
            let sides = among(&["simplex", "duplex"].map(|sides| Key { sides, ..key }));
            match sides.as_slice() {
                [one, other] => rules.push(equal(&[*one, *other], (at, total))),
                [one] => rules.push(within(&[*one], (at, total), true)),
                _ => {}
            }
            // Sheets through the duplex path are fewer than the sides they carry.
            let sheets = among(&[Key { sides: "duplex", unit: "sheets", ..key }]);
            if key.unit == "impressions" && !sheets.is_empty() {
                rules.push(within(&sheets, (at, total), true));
            }
        }
        if key.size == "any" {
            let sizes = among(&["small", "large"].map(|size| Key { size, ..key }));
            match sizes.as_slice() {
                [one, other] => rules.push(equal(&[*one, *other], (at, total))),
                [one] => rules.push(within(&[*one], (at, total), false)),
                _ => {}
            }
        }
        if key.size == "any" && key.sides == "any" {
            // What one format's sides are counted by is a part of that format.
            let of_this = |figure: &Figure| Key { size: "any", sides: "any", ..figure.key } == key;
            let formats = kept.iter().copied().filter(|(_, figure)| figure.key.is_one_format() && of_this(figure));
            let formats: Vec<_> = formats
                .filter(|(_, part)| part.key.sides == "any" || find(Key { sides: "any", ..part.key }).is_none())
                .collect();
            if !formats.is_empty() {
                let mut rule = within(&formats, (at, total), true);
                if total.confidence >= Confidence::C {
                    // Two guesses that agree: both may be sums of the same rows.
                    rule.proves.clear();
                    rule.same_rows = false;
                }
                rules.push(rule);
            }
        }
        if key.service == "system_totals" && key.size == "any" && key.sides == "any" {
            let services = among(&["print", "copy", "fax", "fax_in", "other"].map(|service| Key { service, ..key }));
            let both = services.iter().filter(|(_, part)| part.key.service.starts_with("fax")).count() > 1;
            if !services.is_empty() && !both {
                rules.push(within(&services, (at, total), false));
            }
        }
    }
    rules
}

/// The parts make up the total: three counters that meet are proof for all of them.
fn equal(parts: &[(usize, &Figure)], total: (usize, &Figure)) -> Rule {
    let sum = sum(parts);
    let proves = if meet(sum, total.1.value) { places(parts, total) } else { Vec::new() };
    rule(parts, total, close(sum, total.1.value), proves, "is not")
}

/// The parts lie within the total. With `proof`, that is proof for them if the total itself is well known; otherwise only
/// reaching the total is.
fn within(parts: &[(usize, &Figure)], total: (usize, &Figure), proof: bool) -> Rule {
    let sum = sum(parts);
    let holds = sum <= total.1.value || close(sum, total.1.value);
    let proves = if meet(sum, total.1.value) {
        places(parts, total)
    } else if proof && sum > 0 && total.1.confidence < Confidence::C {
        parts.iter().map(|(at, _)| *at).collect()
    } else {
        Vec::new()
    };
    rule(parts, total, holds, proves, "is more than")
}

fn rule(parts: &[(usize, &Figure)], total: (usize, &Figure), holds: bool, proves: Vec<usize>, word: &str) -> Rule {
    // Sums of the same rows agree whatever the rows mean. The rows' first is the first of one of the parts too.
    let place = |figure: &Figure| (figure.source.oid.clone(), figure.source.tag.clone());
    let same_rows = parts.iter().any(|(_, part)| place(part) == place(total.1));
    let proves = if same_rows { Vec::new() } else { proves };
    let told = parts.iter().map(|(_, part)| format!("{} {}", part.key, part.value)).collect::<Vec<_>>().join(" + ");
    let text = format!("{told} {word} {} {}", total.1.key, total.1.value);
    Rule { of: places(parts, total), holds, proves, same_rows, text }
}

fn places(parts: &[(usize, &Figure)], total: (usize, &Figure)) -> Vec<usize> {
    parts.iter().chain([&total]).map(|(at, _)| *at).collect()
}

/// Near enough for proof: to the page, or within half a percent of a number that is not small.
fn meet(a: u64, b: u64) -> bool {
    b > 0 && (a == b || (b >= 1000 && close(a, b)))
}

fn sum(parts: &[(usize, &Figure)]) -> u64 {
    parts.iter().fold(0, |sum: u64, (_, part)| sum.saturating_add(part.value))
}

fn close(a: u64, b: u64) -> bool {
    a.abs_diff(b) <= PAGES.max(a.max(b) / 1000 * PER_MILLE)
}

#[cfg(test)]
mod tests {
    use super::super::key::Words;
    use super::*;
    use crate::reading::Source;

    fn settled(figures: &[(&str, u64, Confidence)]) -> (Vec<(String, u64, Confidence)>, Vec<String>) {
        let figures = figures.iter().map(|(words, value, confidence)| Figure {
            key: Words::parse(words).unwrap().key().unwrap(),
            value: *value,
            source: Source { oid: Some(format!("1.3.{value}.{}", words.len())), ..Source::default() },
            confidence: *confidence,
        });
        let mut reading = Reading::default();
        settle(figures.collect(), &mut reading);
        let told = |meter: &Meter| (format!("{} {}", meter.service, meter.color), meter.value, meter.confidence);
        (reading.meters.iter().map(told).collect(), reading.doubts)
    }

    use Confidence::{A, B, C};

    #[test]
    fn one_source_is_believed_when_the_sum_is_right() {
        let (meters, doubts) =
            settled(&[("system_totals", 100, B), ("system_totals mono", 60, C), ("system_totals full_color", 40, C)]);
        assert_eq!(meters.len(), 3);
        assert_eq!(meters[1], ("system_totals mono".into(), 60, C));
        assert!(doubts.is_empty());
    }

    #[test]
    fn one_source_is_dropped_when_the_sum_is_wrong_or_nothing_confirms_it() {
        let (meters, doubts) =
            settled(&[("system_totals", 100, B), ("system_totals mono", 60, C), ("system_totals full_color", 90, C)]);
        assert_eq!(meters, [("system_totals total".into(), 100, B)]);
        assert!(doubts[0].contains("is left out"), "{doubts:?}");
        assert!(settled(&[("system_totals", 100, B), ("scan", 60, C)]).0.len() == 1);
        // A total that is not sure itself is no measure for others, and small numbers meet by chance.
        assert!(settled(&[("system_totals", 100, C), ("system_totals duplex", 60, C)]).0.is_empty());
        let small = [("system_totals", 9, B), ("system_totals mono", 4, C), ("system_totals full_color", 3, C)];
        assert_eq!(settled(&small).0.len(), 1);
        // Nothing printed proves nothing.
        assert!(settled(&[("system_totals", 0, B), ("print mono", 0, C), ("print", 0, C)]).0.len() == 1);
    }

    #[test]
    fn a_broken_rule_costs_confidence() {
        let (meters, doubts) =
            settled(&[("system_totals", 100, A), ("system_totals mono", 60, A), ("system_totals full_color", 90, A)]);
        assert!(meters.iter().all(|(_, _, confidence)| *confidence == C), "{meters:?}");
        assert_eq!(doubts, ["system_totals mono 60 + system_totals full_color 90 is not system_totals total 100"]);
    }

    #[test]
    fn duplex_within_the_total_confirms() {
        let (meters, _) = settled(&[("system_totals", 1611, B), ("system_totals duplex", 538, C)]);
        assert_eq!(meters.len(), 2);
        let (meters, doubts) = settled(&[("system_totals", 100, B), ("system_totals duplex", 538, C)]);
        assert_eq!((meters.len(), doubts.len()), (1, 1));
    }

    #[test]
    fn the_rival_that_the_sum_proves_stays() {
        let told = |rivals: [u64; 2]| {
            let [one, other] = rivals;
            settled(&[
                ("system_totals", 1000, A),
                ("system_totals full_color", 400, C),
                ("system_totals mono", one, C),
                ("system_totals mono", other, C),
            ])
        };
        for rivals in [[600, 30], [30, 600]] {
            let (meters, doubts) = told(rivals);
            assert_eq!(meters.len(), 3, "{meters:?}");
            assert!(meters.contains(&("system_totals mono".into(), 600, C)), "{meters:?}");
            assert!(doubts.is_empty(), "{doubts:?}");
        }
        // Neither, or both near enough: nobody can tell.
        for rivals in [[10, 30], [599, 601]] {
            let (meters, doubts) = told(rivals);
            assert_eq!(meters, [("system_totals total".into(), 1000, A)]);
            assert!(doubts[0].contains("no sum tells which is right"), "{doubts:?}");
        }
    }

    #[test]
    fn sums_of_the_same_rows_prove_nothing() {
        let figure = |words: &str, value: u64, oid: &str| Figure {
            key: Words::parse(words).unwrap().key().unwrap(),
            value,
            source: Source { oid: Some(oid.to_owned()), ..Source::default() },
            confidence: C,
        };
        let check = |total: &str, kept: usize| {
            let figures = vec![
                figure("print mono", 1000, "1.3.1"),
                figure("print full_color", 500, "1.3.2"),
                figure("print", 1500, total),
            ];
            let mut reading = Reading::default();
            settle(figures, &mut reading);
            assert_eq!(reading.meters.len(), kept, "{total}");
        };
        check("1.3.1", 0);
        check("1.3.9", 3);
        // The page count proves the total, and that the parts.
        let figures = [
            ("print mono", 1000, "1.3.1"),
            ("print full_color", 500, "1.3.2"),
            ("print", 1500, "1.3.1"),
            ("copy", 500, "1.3.7"),
        ];
        let mut figures: Vec<Figure> = figures.map(|(words, value, oid)| figure(words, value, oid)).into();
        figures.push(Figure { confidence: A, ..figure("system_totals", 2000, "1.3.8") });
        let mut reading = Reading::default();
        settle(figures, &mut reading);
        assert_eq!(reading.meters.len(), 5, "{:?}", reading.doubts);
    }

    #[test]
    fn formats_lie_within_all_sizes() {
        let sizes = |a4: u64| {
            settled(&[("system_totals", 100, B), ("system_totals a4", a4, C), ("system_totals a3 duplex", 20, C)])
        };
        assert_eq!(sizes(70).0.len(), 3);
        let (meters, doubts) = sizes(700);
        assert_eq!((meters.len(), doubts.len()), (1, 2), "{doubts:?}");
    }

    #[test]
    fn a4_equivalents_are_no_fewer_than_pages() {
        let weights = |mono: u64, color: u64| {
            settled(&[
                ("system_totals", 1500, B),
                ("system_totals a4_equivalents", mono + color, C),
                ("system_totals mono a4_equivalents", mono, C),
                ("system_totals full_color a4_equivalents", color, C),
            ])
        };
        assert_eq!(weights(1000, 700).0.len(), 4);
        let (meters, doubts) = weights(1000, 90);
        assert_eq!(meters.len(), 1, "{meters:?}");
        assert!(doubts[0].contains("is left out"), "{doubts:?}");
    }

    #[test]
    fn the_better_known_of_two_entries_stays() {
        let (meters, doubts) = settled(&[("print", 10, C), ("print", 12, A)]);
        assert_eq!(meters, [("print total".into(), 12, A)]);
        assert!(doubts.is_empty());
        assert_eq!(settled(&[("print", 10, B), ("print", 12, A)]).1.len(), 1);
    }
}
