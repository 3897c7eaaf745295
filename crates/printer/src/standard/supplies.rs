//! prtMarkerSuppliesTable (RFC 3805 §6): how much is left, by one algorithm for all devices.
//!
//! The level's special values come first (-1 unrestricted, -2 unknown, -3 some is left), then the unit percent, then the
//! share of a known capacity. What none of these gives has no percentage: -3 is not a number, a level without a capacity
//! is only a level, and a level above its capacity is doubted, not clipped. For a receptacle the level is the room left
//! (0 is full), unless a profile says otherwise. Alerts can make a state worse, never better.

use crate::reading::{Confidence, Source, Supply};
use crate::standard::alerts::codes_about_supply;
use crate::standard::enums::{supply_class, supply_type, supply_unit};
use crate::standard::meters::is_monochrome;
use crate::standard::table::{Index, Table, dotted, share_of, tenth};
use crate::standard::{Context, color, oids, serials};

const COLORANT: u32 = 3;
const CLASS: u32 = 4;
const TYPE: u32 = 5;
const DESCRIPTION: u32 = 6;
const UNIT: u32 = 7;
const MAX_CAPACITY: u32 = 8;
const LEVEL: u32 = 9;
/// prtMarkerColorantValue.
const COLORANT_VALUE: u32 = 4;
const UNIT_PERCENT: i64 = 19;
const MAX_SUPPLIES: usize = 64;
/// A consumable with this little left, or a receptacle with this little room, is worth a word. Percent.
const LITTLE: f64 = 10.0;

/// All supplies. `errors` are the device's error bits.
pub(crate) fn read(context: &mut Context<'_>, errors: Option<&[String]>) -> Vec<Supply> {
    let table = Table::new(context.rows, oids::SUPPLY);
    let indices = table.indices(MAX_SUPPLIES, "prtMarkerSuppliesTable", context);
    let codes = codes_about_supply(context);
    let monochrome = is_monochrome(context);
    let mut supplies = Vec::with_capacity(indices.len());
    for index in &indices {
        let mut supply = supply(&table, index, monochrome, context);
        let device = if index.len() == 2 { index.first() } else { Some(&context.device) };
        let about =
            codes.iter().filter(|(at, row, _)| Some(at) == device && index.last().map(|r| i64::from(*r)) == Some(*row));
        for (.., code) in about {
            worsen(&mut supply, state_of_code(*code));
        }
        supplies.push(supply);
    }
    let has = |name: &str| errors.is_some_and(|errors| errors.iter().any(|error| error == name));
    let told = if has("no_toner") { Some("empty") } else { has("low_toner").then_some("low") };
    // The bit does not say which supply it means: only a lone one can be told, and only if its level says nothing.
    let mut inked = supplies.iter_mut().filter(|supply| supply.class == "consumed" && is_inked(&supply.kind));
    if let (Some(lone), None) = (inked.next(), inked.next())
        && lone.percent.is_none()
    {
        worsen(lone, told);
    }
    supplies
}

fn supply(table: &Table<'_>, index: &Index, monochrome: bool, context: &mut Context<'_>) -> Supply {
    let number = |column| table.number(column, index);
    let description =
        table.octets(DESCRIPTION, index).map(|octets| context.descriptions.text(octets)).unwrap_or_default();
    let name = dotted(index);
    let told_type = number(TYPE).and_then(supply_type);
    let kind = told_type.unwrap_or_else(|| type_in(&description));
    let receptacle = number(CLASS) == Some(4) || kind.starts_with("waste");
    let class = match number(CLASS).and_then(supply_class) {
        _ if receptacle => "receptacle",
        Some(class) => class,
        None if kind == "other" || kind == "unknown" => "other",
        None => "consumed",
    };
    let unit = number(UNIT);
    let (max, level) = (number(MAX_CAPACITY), number(LEVEL));
    let (is_percent, no_capacity) = (unit == Some(UNIT_PERCENT), context.hints.percent_without_capacity);
    let mut left = share(level, max, is_percent, no_capacity, &name, &mut |doubt| context.doubt(doubt));
    if receptacle && context.hints.receptacle_reports_fill {
        left = left.map(|fill| 100.0 - fill);
    }
    let color = if receptacle { None } else { color_of(table, index, kind, &description, monochrome, context) };
    Supply {
        index: name,
        part_number: serials::part_number(&description),
        serial: serials::serial_number(&description),
        installed: None,
        description,
        kind: kind.to_owned(),
        class: class.to_owned(),
        color,
        unit: unit.and_then(supply_unit).map(str::to_owned),
        capacity: max.filter(|max| *max > 0),
        level: level.filter(|level| *level >= 0),
        percent: left.map(tenth),
        state: state(level, left, receptacle, context.hints.receptacle_reports_fill).to_owned(),
        pages_left: None,
        source: Source {
            rule: told_type.is_none().then(|| "type_by_description".to_owned()),
            ..table.source(&[LEVEL, MAX_CAPACITY, DESCRIPTION], index)
        },
        // Many devices report how full a box is where RFC 3805 says the room left.
        confidence: if receptacle && (told_type.is_none() || left.is_some()) { Confidence::B } else { Confidence::A },
    }
}

/// The level as an exact percentage, in the order that the module's text gives.
pub(crate) fn share(
    level: Option<i64>,
    max: Option<i64>,
    is_percent: bool,
    percent_without_capacity: bool,
    name: &str,
    doubt: &mut dyn FnMut(String),
) -> Option<f64> {
    let level = level?;
    if level < 0 {
        if level < -3 {
            doubt(format!("supply {name}: level {level} has no meaning in RFC 3805"));
        }
        return None;
    }
    if is_percent && level <= 100 {
        return share_of(level, 100);
    }
    match max {
        Some(max) if max > 0 && level <= max => share_of(level, max),
        Some(max) if max > 0 => {
            doubt(format!("supply {name}: overrange, level {level} above the capacity {max}"));
            None
        }
        _ if percent_without_capacity && level <= 100 => share_of(level, 100),
        _ => {
            doubt(format!("supply {name}: no-capacity, level {level} of an unknown capacity"));
            None
        }
    }
}

/// By the exact share: the last gram is not "empty" because it is shown as 0.0 %.
pub(crate) fn state(level: Option<i64>, percent: Option<f64>, receptacle: bool, reports_fill: bool) -> &'static str {
    let Some(percent) = percent else {
        return match level {
            Some(-1) => "unrestricted",
            Some(-3) => "present",
            Some(0) if !receptacle => "empty",
            Some(0) if !reports_fill => "full",
            Some(0..) => "present",
            _ => "unknown",
        };
    };
    match (receptacle, percent) {
        (true, 0.0) => "full",
        (true, room) if room <= LITTLE => "nearly_full",
        (false, 0.0) => "empty",
        (false, left) if left <= LITTLE => "low",
        _ => "ok",
    }
}

/// What an alert about a supply says of its state (PrtAlertCodeTC).
fn state_of_code(code: i64) -> Option<&'static str> {
    Some(match code {
        11 | 13 | 1101 | 1102 | 1103 | 1112 | 1114 => "empty",
        10 | 12 | 16 | 1104 | 1105 | 1106 | 1111 | 1113 => "low",
        15 | 1109 | 1110 => "full",
        14 | 1107 | 1108 => "nearly_full",
        _ => return None,
    })
}

/// The worse of two states wins.
pub(crate) fn worsen(supply: &mut Supply, told: Option<&str>) {
    let told = match (told, supply.class == "receptacle") {
        // "Almost empty" of a receptacle's room is "almost full", and a life that is over is a box that is full.
        (Some("empty"), true) => "full",
        (Some("low"), true) => "nearly_full",
        (Some("full" | "nearly_full"), false) | (None, _) => return,
        (Some(told), _) => told,
    };
    let rank = |state: &str| match state {
        "empty" | "full" => 2,
        "low" | "nearly_full" => 1,
        _ => 0,
    };
    if rank(told) > rank(&supply.state) {
        supply.state = told.to_owned();
    }
}

fn color_of(
    table: &Table<'_>,
    index: &Index,
    kind: &str,
    description: &str,
    monochrome: bool,
    context: &Context<'_>,
) -> Option<String> {
    let colorants = Table::new(context.rows, oids::COLORANT);
    let joined = |row: u32| {
        let mut at = index.clone();
        *at.last_mut()? = row;
        Some(context.descriptions.text(colorants.octets(COLORANT_VALUE, &at)?))
    };
    let colored = is_inked(kind) || matches!(kind, "opc" | "developer");
    let named = || color::named_in(description);
    let told = match table.number(COLORANT, index) {
        Some(row) if row > 0 && (colored || kind == "other") => u32::try_from(row).ok().and_then(joined),
        // The column is missing: a colorant of the same row is a supply's own where the supply has a colour.
        None if is_inked(kind) && named().is_none() => index.last().and_then(|row| joined(*row)),
        _ => None,
    };
    // What is no colour's name stays unknown: a model's code is none, and "tri-color" is no black either.
    let says = told.filter(|text| !matches!(text.to_lowercase().as_str(), "" | "other" | "unknown" | "none"));
    let black = || (says.is_none() && monochrome && is_inked(kind)).then(|| "black".to_owned());
    says.as_deref().and_then(color::colorant).or_else(named).or_else(black)
}

/// True for what puts colour on paper.
pub(crate) fn is_inked(kind: &str) -> bool {
    matches!(
        kind,
        "toner"
            | "toner_cartridge"
            | "ink"
            | "ink_cartridge"
            | "ink_ribbon"
            | "solid_wax"
            | "matte_toner"
            | "matte_ink"
    )
}

/// The type by the description's words, where the device does not answer prtMarkerSuppliesType.
pub(crate) fn type_in(description: &str) -> &'static str {
    const WORDS: [(&str, &[&str]); 11] = [
        ("waste_ink", &["waste ink", "maintenance box"]),
        (
            "waste_toner",
            &[
                "waste toner",
                "waste cartridge",
                "waste container",
                "waste box",
                "waste bottle",
                "resttoner",
                "toner recovery",
                "toner di scarto",
                "toner usagé",
                "tóner residual",
            ],
        ),
        ("cleaner_unit", &["belt cleaner", "cleaner unit", "cleaning unit"]),
        ("transfer_unit", &["transfer"]),
        ("fuser", &["fuser", "fusing", "fusore", "fixier"]),
        ("developer", &["developer"]),
        ("opc", &["drum", "photoconductor", "imaging unit", "trommel", "tambour", "tamburo", "tambor"]),
        ("staples", &["staple", "heftklammer"]),
        ("toner", &["toner", "tóner"]),
        ("ink", &["ink ", "tinte", "encre"]),
        ("ink_ribbon", &["ribbon"]),
    ];
    let text = format!("{} ", description.to_lowercase());
    let found = WORDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    found.map_or("unknown", |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Hints;
    use crate::standard::recorded::rows;

    const FILL: Hints = Hints { receptacle_reports_fill: true, percent_without_capacity: false, markers_add_up: false };
    const NO_CAPACITY: Hints =
        Hints { receptacle_reports_fill: false, percent_without_capacity: true, markers_add_up: false };
    const STANDARD: Hints =
        Hints { receptacle_reports_fill: false, percent_without_capacity: false, markers_add_up: false };

    fn one(text: &str, hints: &Hints) -> Supply {
        let text: String =
            text.split_whitespace().map(|row| format!("1.3.6.1.2.1.43.{row}\n").replace('~', " ")).collect();
        let rows = rows(&text);
        let mut context = Context::new(&rows, hints);
        let mut supplies = read(&mut context, None);
        assert_eq!(supplies.len(), 1, "{text}");
        supplies.remove(0)
    }

    #[test]
    fn a_level_becomes_a_percentage_only_where_it_can() {
        let check = |class: i64, unit: i64, max: i64, level: i64, hints: &Hints, percent: Option<f64>, state: &str| {
            let text = format!(
                "11.1.1.4.1.1|2|{class} 11.1.1.5.1.1|2|1 11.1.1.7.1.1|2|{unit} 11.1.1.8.1.1|2|{max} 11.1.1.9.1.1|2|{level}"
            );
            let supply = one(&text, hints);
            assert_eq!((supply.percent, supply.state.as_str()), (percent, state), "{class} {unit} {max} {level}");
        };
        check(3, 7, 11500, 9832, &STANDARD, Some(85.5), "ok");
        check(3, 7, 100, 10, &STANDARD, Some(10.0), "low");
        check(3, 7, 100, 0, &STANDARD, Some(0.0), "empty");
        check(3, 7, 45000, 1, &STANDARD, Some(0.0), "low");
        check(3, 7, 100, -1, &STANDARD, None, "unrestricted");
        check(3, 7, 100, -2, &STANDARD, None, "unknown");
        check(3, 7, 100, -3, &STANDARD, None, "present");
        check(3, 19, 100, -3, &NO_CAPACITY, None, "present");
        check(3, 7, 100, -100, &STANDARD, None, "unknown");
        check(3, 19, 255, 42, &STANDARD, Some(42.0), "ok");
        check(3, 19, -2, 42, &STANDARD, Some(42.0), "ok");
        check(3, 19, 100, 150, &STANDARD, None, "present");
        check(3, 7, 100, 150, &STANDARD, None, "present");
        check(3, 7, -2, 9, &STANDARD, None, "present");
        check(3, 7, -2, 9, &NO_CAPACITY, Some(9.0), "low");
        check(3, 7, -2, 900, &NO_CAPACITY, None, "present");
        check(3, 7, -2, 0, &STANDARD, None, "empty");
        check(3, 7, 0, 0, &STANDARD, None, "empty");
        check(4, 7, 100, 0, &STANDARD, Some(0.0), "full");
        check(4, 7, 100, 5, &STANDARD, Some(5.0), "nearly_full");
        check(4, 7, 100, 50, &STANDARD, Some(50.0), "ok");
        check(4, 7, -2, -3, &STANDARD, None, "present");
        check(4, 7, 100, 5, &FILL, Some(95.0), "ok");
        check(4, 7, 100, 100, &FILL, Some(0.0), "full");
        check(4, 7, -2, 0, &FILL, None, "present");
        check(3, 7, i64::MAX, i64::MAX, &STANDARD, Some(100.0), "ok");
    }

    #[test]
    fn a_waste_box_is_a_receptacle_by_its_type_or_its_name() {
        assert_eq!(one("11.1.1.4.1.1|2|3 11.1.1.5.1.1|2|4 11.1.1.9.1.1|2|5", &STANDARD).class, "receptacle");
        let named = one("11.1.1.6.1.1|4|Waste~Toner~Container 11.1.1.9.1.1|2|5", &STANDARD);
        assert_eq!((named.class.as_str(), named.kind.as_str(), named.color), ("receptacle", "waste_toner", None));
    }

    #[test]
    fn the_worse_of_level_and_alert_wins() {
        let check = |class: i64, level: i64, code: i64, row: i64, state: &str| {
            let text = format!(
                "11.1.1.4.1.1|2|{class} 11.1.1.5.1.1|2|1 11.1.1.8.1.1|2|100 11.1.1.9.1.1|2|{level} \
                 18.1.1.2.1.9|2|4 18.1.1.4.1.9|2|11 18.1.1.5.1.9|2|{row} 18.1.1.7.1.9|2|{code}"
            );
            assert_eq!(one(&text, &STANDARD).state, state, "{class} {level} {code} {row}");
        };
        check(3, 50, 1104, 1, "low");
        check(3, 50, 1101, 1, "empty");
        check(3, -3, 1113, 1, "low");
        check(3, 0, 1104, 1, "empty");
        check(3, 50, 1104, 2, "ok");
        check(3, 50, 8, 1, "ok");
        check(3, 50, 1109, 1, "ok");
        check(4, -3, 1107, 1, "nearly_full");
        check(4, -3, 1109, 1, "full");
        check(4, -3, 13, 1, "full");
    }

    #[test]
    fn a_lone_toner_is_the_one_that_the_error_bit_means() {
        let rows =
            rows("1.3.6.1.2.1.43.11.1.1.5.1.1|2|3\n1.3.6.1.2.1.43.11.1.1.9.1.1|2|-3\n1.3.6.1.2.1.43.11.1.1.5.1.2|2|9");
        let supplies = read(&mut Context::new(&rows, &STANDARD), Some(&["low_toner".to_owned()]));
        assert_eq!(supplies[0].state, "low");
        assert_eq!(supplies[1].state, "unknown");
    }

    #[test]
    fn colors_are_joined_then_read_then_told_by_the_marker() {
        let check =
            |text: &str, color: Option<&str>| assert_eq!(one(text, &STANDARD).color.as_deref(), color, "{text}");
        check("11.1.1.3.1.1|2|2 11.1.1.5.1.1|2|3 12.1.1.4.1.1|4|black 12.1.1.4.1.2|4|Cyan", Some("cyan"));
        check("11.1.1.3.0.1|2|1 11.1.1.5.0.1|2|3 12.1.1.4.0.1|4|black", Some("black"));
        check("11.1.1.3.1|2|1 11.1.1.5.1|2|3 12.1.1.4.1|4|noir", Some("black"));
        check("11.1.1.5.1.1|2|3 12.1.1.4.1.1|4|magenta", Some("magenta"));
        check("11.1.1.3.1.1|2|0 11.1.1.5.1.1|2|5 11.1.1.6.1.1|4|yellow~ink 12.1.1.4.1.1|4|black", Some("yellow"));
        check("11.1.1.3.1.1|2|0 11.1.1.5.1.1|2|15 12.1.1.4.1.1|4|black", None);
        check("11.1.1.3.1.1|2|1 11.1.1.5.1.1|2|3 11.1.1.6.1.1|4|Toner~cyan 12.1.1.4.1.1|4|unknown", Some("cyan"));
        check("11.1.1.5.1.1|2|21 11.1.1.6.1.1|4|TX-100 10.2.1.6.1.1|2|1", Some("black"));
        check("11.1.1.5.1.1|2|21 11.1.1.6.1.1|4|TX-100 10.2.1.6.1.1|2|4", None);
        check("11.1.1.5.1.1|2|9 11.1.1.6.1.1|4|Drum~Unit 10.2.1.6.1.1|2|1", None);
    }
}
