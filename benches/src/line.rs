//! One line of the result: a figure of ours beside one of a peer, and whether it is what it must be.

use serde::Serialize;
use std::fmt;

/// One comparison.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    /// The number of the figure in docs/benchmarks.md.
    figure: String,
    what: String,
    unit: &'static str,
    ours: Option<f64>,
    peer: Option<String>,
    theirs: Option<f64>,
    /// Ours by theirs; for rates and for times alike.
    ratio: Option<f64>,
    target: Target,
    /// Why there is no figure, or what else is to be known.
    note: Option<String>,
    verdict: Verdict,
}

/// What a figure must be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// At most so many times the peer's.
    TimesAtMost(f64),
    /// At least so many times the peer's.
    TimesAtLeast(f64),
    /// At most this, in the line's unit.
    AtMost(f64),
    /// Exactly this.
    Exactly(f64),
    /// Told, not judged.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Met,
    Short,
    /// A figure is missing.
    Missing,
    /// There is nothing to be met.
    Told,
}

/// A figure, or why there is none.
pub(crate) type Measured = Result<f64, String>;

impl Line {
    /// A figure of ours alone.
    pub(crate) fn alone(
        figure: impl fmt::Display,
        what: &str,
        unit: &'static str,
        ours: &Measured,
        target: Target,
    ) -> Self {
        Self::new(figure, what, unit, ours, None, target)
    }

    /// A figure of ours beside a peer's.
    pub(crate) fn beside(
        figure: impl fmt::Display,
        what: &str,
        unit: &'static str,
        ours: &Measured,
        peer: (&str, &Measured),
        target: Target,
    ) -> Self {
        Self::new(figure, what, unit, ours, Some(peer), target)
    }

    /// Adds what else is to be known.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        self.note = Some(self.note.map_or(note.clone(), |earlier| format!("{earlier}; {note}")));
        self
    }

    fn new(
        figure: impl fmt::Display,
        what: &str,
        unit: &'static str,
        ours: &Measured,
        peer: Option<(&str, &Measured)>,
        target: Target,
    ) -> Self {
        let missing = [Some(ours), peer.map(|(_, theirs)| theirs)].into_iter().flatten();
        let missing: Vec<&str> = missing.filter_map(|measured| measured.as_ref().err()).map(String::as_str).collect();
        let note = (!missing.is_empty()).then(|| missing.join("; "));
        let theirs = peer.and_then(|(_, theirs)| theirs.as_ref().ok().copied());
        let ours = ours.as_ref().ok().copied();
        let ratio = ours.zip(theirs).map(|(ours, theirs)| ours / theirs).filter(|ratio| ratio.is_finite());
        let met = match target {
            Target::TimesAtMost(most) => ratio.map(|ratio| ratio <= most),
            Target::TimesAtLeast(least) => ratio.map(|ratio| ratio >= least),
            Target::AtMost(most) => ours.map(|ours| ours <= most),
            Target::Exactly(number) => ours.map(|ours| (ours - number).abs() < f64::EPSILON),
            Target::None => None,
        };
        let verdict = match (target, met) {
            (Target::None, _) if note.is_none() => Verdict::Told,
            (_, None) => Verdict::Missing,
            (_, Some(true)) => Verdict::Met,
            (_, Some(false)) => Verdict::Short,
        };
        let peer = peer.map(|(name, _)| name.to_owned());
        Self {
            figure: figure.to_string(),
            what: what.to_owned(),
            unit,
            ours,
            peer,
            theirs,
            ratio,
            target,
            note,
            verdict,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: Option<f64>| number.map_or_else(|| "?".into(), |number| amount(number, self.unit));
        write!(f, "{:>2}  {:<52} {:>14}", self.figure, self.what, number(self.ours))?;
        match &self.peer {
            Some(peer) => write!(f, "  {peer:<12} {:>14}", number(self.theirs))?,
            None => write!(f, "  {:<12} {:>14}", "", "")?,
        }
        match self.ratio {
            Some(ratio) => write!(f, "  {ratio:>6.3}x")?,
            None => write!(f, "  {:>7}", "")?,
        }
        write!(f, "  {:<12} {}", self.target.text(self.unit), self.verdict.text())?;
        match &self.note {
            Some(note) => write!(f, "  ({note})"),
            None => Ok(()),
        }
    }
}

impl Target {
    fn text(self, unit: &str) -> String {
        match self {
            Self::TimesAtMost(most) => format!("<= {most}x"),
            Self::TimesAtLeast(least) => format!(">= {least}x"),
            Self::AtMost(most) => format!("<= {}", amount(most, unit)),
            Self::Exactly(number) => format!("= {}", amount(number, unit)),
            Self::None => String::new(),
        }
    }
}

impl Verdict {
    fn text(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Short => "SHORT",
            Self::Missing => "MISSING",
            Self::Told => "",
        }
    }
}

/// With as many digits as matter.
fn amount(number: f64, unit: &str) -> String {
    let digits = match number.abs() {
        size if (size - size.round()).abs() < f64::EPSILON || size >= 1_000.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{number:.digits$} {unit}").trim_end().to_owned()
}
