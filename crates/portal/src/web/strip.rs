//! The toner strip: cyan, magenta, yellow, black, waste, always in this order, as an SVG whose label says it all.

use super::words::Words;
use dca_wire::v1::Supply;

/// Width of a bar with its gap.
const STEP: f64 = 15.0;
/// Height of what a bar can fill.
const FILL: f64 = 26.0;
/// Below this a supply is low, where the device says nothing of it.
pub(super) const LOW: f64 = 10.0;

/// A bar.
#[derive(Debug, PartialEq)]
pub(super) struct Bar {
    /// Class of its colour.
    pub(super) class: &'static str,
    pub(super) x: String,
    /// Where the fill begins and how tall it is; none: not known.
    pub(super) fill: Option<(String, String)>,
    /// Path of the mark that says low.
    pub(super) low: Option<String>,
    pub(super) middle: String,
    pub(super) inner: String,
    pub(super) edge: String,
}

/// The strip of a device.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Strip {
    pub(super) bars: Vec<Bar>,
    pub(super) width: String,
    pub(super) label: String,
}

/// Cyan, magenta, yellow, black, or a waste container; nothing else stands on the strip.
pub(super) fn class(supply: &Supply) -> Option<(usize, &'static str)> {
    let kind = supply.r#type.as_str();
    if kind.starts_with("waste") {
        return Some((4, "w"));
    }
    if !matches!(kind, "toner" | "toner_cartridge" | "ink" | "ink_cartridge" | "ribbon_wax" | "ink_ribbon") {
        return None;
    }
    match supply.color.as_deref() {
        Some("cyan") => Some((0, "c")),
        Some("magenta") => Some((1, "m")),
        Some("yellow") => Some((2, "y")),
        Some("black") => Some((3, "k")),
        _ => None,
    }
}

/// Whether a supply needs somebody: its own word counts before its level.
pub(super) fn is_low(supply: &Supply) -> bool {
    match supply.state.as_str() {
        "empty" | "low" | "full" | "nearly_full" => true,
        "ok" => false,
        _ => class(supply).is_some() && supply.percent.is_some_and(|percent| percent < LOW),
    }
}

impl Strip {
    pub(super) fn of(supplies: &[Supply], words: &Words) -> Self {
        let mut chosen: Vec<(usize, &'static str, &Supply)> =
            supplies.iter().filter_map(|supply| class(supply).map(|(order, class)| (order, class, supply))).collect();
        chosen.sort_by_key(|(order, _, _)| *order);
        chosen.truncate(8);
        let mut said = Vec::new();
        let mut bars = Vec::new();
        for (place, (_, class, supply)) in chosen.into_iter().enumerate() {
            let left = place as f64 * STEP;
            let percent = supply.percent.map(|percent| percent.clamp(0.0, 100.0));
            let low = is_low(supply);
            let level = match percent {
                Some(percent) => words.percent(percent),
                None => words.not_reported.to_owned(),
            };
            let room = if class == "w" { format!(", {}", words.room_left) } else { String::new() };
            let mark = if low { format!(" {}", words.low) } else { String::new() };
            said.push(format!("{}{room} {level}{mark}", words.supply(supply)));
            bars.push(Bar {
                class,
                x: short(left + 1.0),
                fill: percent.map(|percent| {
                    let height = FILL * percent / 100.0;
                    (short(1.0 + FILL - height), short(height))
                }),
                low: low.then(|| format!("M{} 3h7l-3.5 6Z", short(left + 2.0))),
                middle: short(left + 5.5),
                inner: short(left + 0.5),
                edge: short(left + 0.5),
            });
        }
        let width = short((bars.len() as f64 * STEP - 4.0).max(0.0));
        Self { bars, width, label: said.join(", ") }
    }
}

fn short(number: f64) -> String {
    format!("{:.1}", number).trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supply(kind: &str, color: &str, percent: Option<f64>, state: &str) -> Supply {
        Supply {
            r#type: kind.to_owned(),
            color: Some(color.to_owned()),
            percent,
            state: state.to_owned(),
            ..Supply::default()
        }
    }

    #[test]
    fn always_in_this_order_and_unknown_in_words() {
        let supplies = [
            supply("waste_toner", "", None, "ok"),
            supply("toner", "black", Some(46.0), "unknown"),
            supply("toner", "cyan", Some(4.0), "unknown"),
            supply("opc", "black", Some(1.0), "low"),
        ];
        let strip = Strip::of(&supplies, Words::of("en"));
        let classes: Vec<_> = strip.bars.iter().map(|bar| bar.class).collect();
        assert_eq!(classes, ["c", "k", "w"]);
        assert_eq!(strip.label, "cyan toner 4\u{a0}% low, black toner 46\u{a0}%, waste toner, room left not reported");
        assert!(strip.bars[0].low.is_some() && strip.bars[1].low.is_none() && strip.bars[2].fill.is_none());
        assert_eq!(strip.width, "41");
    }
}
