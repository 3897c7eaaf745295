//! printer-supply (PWG 5100.13 §5.6): rows of prtMarkerSuppliesTable in words; where a printer has none, CUPS's marker-* lists.

use super::attributes::{Attributes, Pairs};
use super::source;
use crate::reading::{Confidence, Reading, Source, Supply};
use crate::standard::color::named_in;
use crate::standard::enums::{supply_type, supply_unit};
use crate::standard::supplies::{share, state};
use crate::standard::table::tenth;

pub(super) fn read(attributes: &Attributes, reading: &mut Reading) {
    let texts = attributes.texts("printer-supply-description");
    for (at, supply) in attributes.pairs("printer-supply").iter().enumerate() {
        let text = texts.get(at).cloned().unwrap_or_default();
        let supply = from_pairs(supply, at, text, &mut reading.doubts);
        reading.supplies.push(supply);
    }
    if reading.supplies.is_empty() {
        from_markers(attributes, reading);
    }
}

fn from_pairs(supply: &Pairs, at: usize, description: String, doubts: &mut Vec<String>) -> Supply {
    let name = supply.text("index").map_or_else(|| (at + 1).to_string(), str::to_owned);
    let word = |key: &str, words: fn(i64) -> Option<&'static str>| {
        let word = supply.word(key)?;
        (0..64).filter_map(words).find(|known| *known == word)
    };
    let kind = word("type", supply_type).unwrap_or("unknown");
    let unit = word("unit", supply_unit);
    let class = match supply.text("class") {
        _ if kind.starts_with("waste") => "receptacle",
        Some("receptacleThatIsFilled") => "receptacle",
        Some("supplyThatIsConsumed") => "consumed",
        _ => "other",
    };
    let color = supply.text("colorantname").filter(|word| !matches!(*word, "unknown" | "none" | "other"));
    let (max, level) = (supply.number("maxcapacity"), supply.number("level"));
    let left = share(level, max, unit == Some("percent"), false, &name, &mut |doubt| doubts.push(doubt));
    finish(Supply {
        color: color.and_then(named_in).or_else(|| named_in(&description)).filter(|_| class != "receptacle"),
        index: name,
        description,
        kind: kind.to_owned(),
        class: class.to_owned(),
        unit: unit.map(str::to_owned),
        capacity: max.filter(|max| *max > 0),
        level,
        percent: left,
        state: String::new(),
        part_number: None,
        serial: None,
        installed: None,
        pages_left: None,
        source: source("printer-supply"),
        // Many devices report how full a box is where RFC 3805 says the room left.
        confidence: if class == "receptacle" { Confidence::B } else { Confidence::A },
    })
}

/// marker-names, marker-types, marker-colors and marker-levels belong together by position; levels are percent.
///
/// CUPS does not say whether a receptacle's level is what is in it or the room left, so it has no percentage.
fn from_markers(attributes: &Attributes, reading: &mut Reading) {
    let (names, types) = (attributes.texts("marker-names"), attributes.texts("marker-types"));
    let (colors, levels) = (attributes.texts("marker-colors"), attributes.numbers("marker-levels"));
    if [types.len(), levels.len()].into_iter().any(|length| length != names.len()) && !names.is_empty() {
        reading
            .doubts
            .push("marker-names, marker-types and marker-levels differ in length: no supplies are read".to_owned());
        return;
    }
    for (at, ((name, word), level)) in names.iter().zip(&types).zip(&levels).enumerate() {
        let word = word.replace('-', "_");
        let kind = (0..64).filter_map(supply_type).find(|known| *known == word).unwrap_or("unknown");
        let receptacle = kind.starts_with("waste");
        let level = level.filter(|level| *level <= 100);
        reading.supplies.push(finish(Supply {
            index: (at + 1).to_string(),
            description: name.clone(),
            kind: kind.to_owned(),
            class: if receptacle { "receptacle" } else { "consumed" }.to_owned(),
            color: named_in(name).or_else(|| colors.get(at).and_then(|rgb| color_of(rgb))).filter(|_| !receptacle),
            unit: Some("percent".to_owned()),
            capacity: None,
            percent: level.filter(|level| *level >= 0 && !receptacle).map(|level| level as f64),
            level,
            state: if receptacle { "unknown" } else { "" }.to_owned(),
            part_number: None,
            serial: None,
            installed: None,
            pages_left: None,
            source: Source { rule: Some("percent".to_owned()), ..source("marker-levels") },
            confidence: Confidence::B,
        }));
    }
}

/// The state by the level; then special levels are no levels.
fn finish(supply: Supply) -> Supply {
    let told = state(supply.level, supply.percent, supply.class == "receptacle", false);
    Supply {
        state: if supply.state.is_empty() { told.to_owned() } else { supply.state },
        percent: supply.percent.map(tenth),
        level: supply.level.filter(|level| *level >= 0),
        ..supply
    }
}

/// The plain process colours as marker-colors writes them; a shade in between has no name.
fn color_of(rgb: &str) -> Option<String> {
    let color = match rgb.to_ascii_uppercase().as_str() {
        "#000000" => "black",
        "#00FFFF" => "cyan",
        "#FF00FF" => "magenta",
        "#FFFF00" => "yellow",
        _ => return None,
    };
    Some(color.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::ipp::{read, tests::message};

    #[test]
    fn printer_supply_is_a_row_in_words() {
        let check = |pairs: &str, expected: (&str, &str, Option<&str>, Option<f64>, &str)| {
            let reading = read(&message(&[(0x30, "printer-supply", pairs.as_bytes())]));
            let s = &reading.supplies[0];
            let told = (s.kind.as_str(), s.class.as_str(), s.color.as_deref(), s.percent, s.state.as_str());
            assert_eq!(told, expected, "{pairs}");
        };
        let ink =
            "index=2;class=supplyThatIsConsumed;type=ink;unit=percent;maxcapacity=100;level=75;colorantname=black;";
        check(ink, ("ink", "consumed", Some("black"), Some(75.0), "ok"));
        check(&ink.replace("75", "-3"), ("ink", "consumed", Some("black"), None, "present"));
        check(
            &ink.replace("=percent", "=tenthsOfGrams").replace("100", "300"),
            ("ink", "consumed", Some("black"), Some(25.0), "ok"),
        );
        let waste =
            "class=receptacleThatIsFilled;type=wasteInk;unit=percent;maxcapacity=100;level=25;colorantname=unknown;";
        check(waste, ("waste_ink", "receptacle", None, Some(25.0), "ok"));
        check("nonsense", ("unknown", "other", None, None, "unknown"));
    }

    #[test]
    fn marker_lists_belong_together_by_position() {
        let list = |name: &'static str, tag: u8, values: &[&'static [u8]]| {
            values.iter().enumerate().map(|(at, v)| (tag, if at == 0 { name } else { "" }, *v)).collect::<Vec<_>>()
        };
        let names = list("marker-names", 0x42, &[b"Cartridge A", b"Cyan Toner", b"Waste"]);
        let types = list("marker-types", 0x44, &[b"toner-cartridge", b"toner", b"waste-toner"]);
        let colors = list("marker-colors", 0x42, &[b"#000000", b"none", b"none"]);
        let levels = list("marker-levels", 0x21, &[&[0, 0, 0, 5], &[0xff, 0xff, 0xff, 0xfd], &[0, 0, 0, 30]]);
        let reading = read(&message(&[names.clone(), types, colors, levels.clone()].concat()));
        let told: Vec<_> = reading
            .supplies
            .iter()
            .map(|s| (s.kind.as_str(), s.color.as_deref(), s.percent, s.level, s.state.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("toner_cartridge", Some("black"), Some(5.0), Some(5), "low"),
                ("toner", Some("cyan"), None, None, "present"),
                ("waste_toner", None, None, Some(30), "unknown"),
            ]
        );
        let reading = read(&message(&[names, levels].concat()));
        assert!(reading.supplies.is_empty() && reading.doubts.len() == 1);
    }
}
