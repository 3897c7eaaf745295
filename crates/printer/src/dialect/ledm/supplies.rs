//! ConsumableConfigDyn: what is left, with the pages that ProductUsageDyn expects of each.
//!
//! A print head wears and is not consumed, so it is no supply here. The estimate beside a consumable on this page
//! (ConsumableEstimatedPages) is its yield when new, not what is left: one recorded at 20 % of 1,200 pages says 1,328.

use super::page::Element;
use super::source;
use crate::reading::{Confidence, Reading, Supply};
use crate::standard::color;
use crate::standard::supplies::{state, worsen};

const PAGE: &str = "ConsumableConfigDyn";
const LEVEL: &str = "ConsumablePercentageLevelRemaining";
const RAW: &str = "ConsumableRawPercentageLevelRemaining";
/// The page rounds to tens on some firmware, the raw level is exact.
const ROUNDING: i64 = 10;

/// ConsumableTypeEnum, with RFC 3805's word for it.
const KINDS: [(&str, &str); 8] = [
    ("ink", "ink"),
    ("inkCartridge", "ink_cartridge"),
    ("inkTank", "ink"),
    ("toner", "toner"),
    ("tonerCartridge", "toner_cartridge"),
    ("rechargeableToner", "toner"),
    ("imageDrum", "opc"),
    ("wasteToner", "waste_toner"),
];

/// ConsumableLabelCode, in lower case; a code of several colours (CMY) is none.
const LABELS: [(&str, &str); 16] = [
    ("k", "black"),
    ("c", "cyan"),
    ("m", "magenta"),
    ("y", "yellow"),
    ("pk", "photo black"),
    ("mk", "matte black"),
    ("lc", "light cyan"),
    ("lm", "light magenta"),
    ("g", "gray"),
    ("gy", "gray"),
    ("lg", "light gray"),
    ("lgy", "light gray"),
    ("dg", "dark gray"),
    ("r", "red"),
    ("b", "blue"),
    ("gn", "green"),
];

pub(super) fn read(page: Element<'_>, usage: Option<Element<'_>>, reading: &mut Reading) {
    let used: Vec<Element<'_>> = usage
        .and_then(|usage| usage.at("ConsumableSubunit"))
        .map(|all| all.all("Consumable").collect())
        .unwrap_or_default();
    let consumed = page.all("ConsumableInfo").filter(|info| !is_print_head(*info));
    let mut supplies: Vec<Supply> = consumed.zip(1..).map(|(info, at)| supply(info, at, reading)).collect();
    for at in 0..supplies.len() {
        let Some(supply) = supplies.get(at) else { continue };
        let same = |other: &Supply| (other.kind == supply.kind) && (other.color == supply.color);
        let alone = supplies.iter().filter(|other| same(other)).count() == 1;
        let mut of_this =
            used.iter().filter(|used| kind(**used) == supply.kind && marker_color(**used) == supply.color);
        let (Some(used), None, true) = (of_this.next(), of_this.next(), alone) else { continue };
        let raw = used.number(RAW).filter(|raw| (0..=100).contains(raw));
        if let (Some(raw), Some(level)) = (raw, supply.level)
            && raw.abs_diff(level) > ROUNDING.unsigned_abs()
        {
            reading.doubts.push(format!("supply {}: {level} % in {PAGE}, {raw} % in ProductUsageDyn", supply.index));
        }
        let pages_left = used.count("EstimatedPagesRemaining");
        if let Some(supply) = supplies.get_mut(at) {
            supply.pages_left = pages_left;
        }
    }
    reading.supplies = supplies;
}

fn is_print_head(info: Element<'_>) -> bool {
    info.text("ConsumableTypeEnum").is_some_and(|word| word.to_lowercase().starts_with("printhead"))
}

fn kind(consumable: Element<'_>) -> &'static str {
    let word = consumable.text("ConsumableTypeEnum").unwrap_or_default();
    KINDS.iter().find(|(own, _)| *own == word).map_or("other", |(_, kind)| kind)
}

fn marker_color(used: Element<'_>) -> Option<String> {
    color::named_in(&used.text("MarkerColor")?)
}

fn supply(info: Element<'_>, at: usize, reading: &mut Reading) -> Supply {
    let (kind, label) = (kind(info), info.text("ConsumableLabelCode"));
    let type_word = info.text("ConsumableTypeEnum");
    let receptacle = kind.starts_with("waste");
    let told = info.number(LEVEL);
    let level = told.filter(|level| (0..=100).contains(level));
    let name = label.clone().unwrap_or_else(|| at.to_string());
    if let (Some(told), None) = (told.filter(|told| *told > 100), level) {
        reading.doubts.push(format!("supply {name}: overrange, {told} %"));
    }
    let description = info.text("ConsumableFamilyName").unwrap_or_else(|| {
        let words = [label.as_deref(), type_word.as_deref()];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let color = label.as_ref().and_then(|label| {
        let label = label.to_lowercase();
        LABELS.iter().find(|(code, _)| *code == label).map(|(_, color)| (*color).to_owned())
    });
    let percent = level.map(|level| level as f64);
    let mut supply = Supply {
        index: at.to_string(),
        description,
        kind: kind.to_owned(),
        class: if receptacle { "receptacle" } else { "consumed" }.to_owned(),
        color,
        unit: level.map(|_| "percent".to_owned()),
        capacity: level.map(|_| 100),
        level,
        percent,
        state: state(level, percent, receptacle, false).to_owned(),
        part_number: info.text("ProductNumber"),
        serial: info.text("SerialNumber").filter(|serial| serial != "0"),
        installed: info.text("Installation/Date"),
        pages_left: None,
        source: source(PAGE, &format!("ConsumableInfo[{name}]/{LEVEL}")),
        confidence: Confidence::B,
    };
    for word in ["ConsumableLifeState/ConsumableState", "ConsumableLifeState/MeasuredQuantityState"] {
        worsen(&mut supply, info.text(word).and_then(|word| told_state(&word)));
    }
    supply
}

/// ConsumableState and MeasuredQuantityState, as far as they say how much is left.
fn told_state(word: &str) -> Option<&'static str> {
    match word {
        "low" | "veryLow" | "veryVeryLow" => Some("low"),
        "empty" | "out" | "depleted" => Some("empty"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(infos: &[&str], usage: &str) -> Reading {
        let infos: String = infos.iter().map(|info| format!("<ConsumableInfo>{info}</ConsumableInfo>")).collect();
        let page = format!("<c:ConsumableConfigDyn xmlns:c='urn:c'>{infos}</c:ConsumableConfigDyn>");
        let usage = format!("<ProductUsageDyn><ConsumableSubunit>{usage}</ConsumableSubunit></ProductUsageDyn>");
        super::super::read(&[page.as_bytes(), usage.as_bytes()])
    }

    #[test]
    fn levels_and_states() {
        let check = |level: &str, measured: &str, expected: (Option<f64>, &str)| {
            let reading = read(
                &[&format!(
                    "<ConsumableLabelCode>K</ConsumableLabelCode><ConsumableTypeEnum>ink</ConsumableTypeEnum><{LEVEL}>{level}</{LEVEL}>\
                     <ConsumableLifeState><MeasuredQuantityState>{measured}</MeasuredQuantityState></ConsumableLifeState>"
                )],
                "",
            );
            let supply = &reading.supplies[0];
            assert_eq!((supply.percent, supply.state.as_str()), expected, "{level} {measured}");
        };
        check("60", "ok", (Some(60.0), "ok"));
        check("60", "veryLow", (Some(60.0), "low"));
        check("60", "sometimes", (Some(60.0), "ok"));
        check("0", "ok", (Some(0.0), "empty"));
        check("-38", "low", (None, "low"));
        check("101", "ok", (None, "unknown"));
        check("", "", (None, "unknown"));
    }

    #[test]
    fn a_print_head_is_no_supply() {
        let head = "<ConsumableTypeEnum>printhead</ConsumableTypeEnum><ConsumableLabelCode>CMYK</ConsumableLabelCode>";
        let ink = "<ConsumableTypeEnum>ink</ConsumableTypeEnum><ConsumableLabelCode>CMY</ConsumableLabelCode>";
        let supplies = read(&[head, ink], "").supplies;
        let told: Vec<_> =
            supplies.iter().map(|s| (s.kind.as_str(), s.color.as_deref(), s.description.as_str())).collect();
        assert_eq!(told, [("ink", None, "CMY ink")]);
    }

    #[test]
    fn pages_left_are_joined_by_kind_and_colour_or_not_at_all() {
        let ink = |code: &str| {
            format!(
                "<ConsumableTypeEnum>ink</ConsumableTypeEnum><ConsumableLabelCode>{code}</ConsumableLabelCode><{LEVEL}>50</{LEVEL}>"
            )
        };
        let used = |color: &str, raw: i64| {
            format!(
                "<Consumable><MarkerColor>{color}</MarkerColor><ConsumableTypeEnum>ink</ConsumableTypeEnum>\
             <EstimatedPagesRemaining>70</EstimatedPagesRemaining><{RAW}>{raw}</{RAW}></Consumable>"
            )
        };
        let check = |codes: &[&str], usage: &str, pages: &[Option<u64>], doubts: usize| {
            let inks: Vec<String> = codes.iter().map(|code| ink(code)).collect();
            let reading = read(&inks.iter().map(String::as_str).collect::<Vec<_>>(), usage);
            assert_eq!(reading.supplies.iter().map(|s| s.pages_left).collect::<Vec<_>>(), pages, "{codes:?} {usage}");
            assert_eq!(reading.doubts.len(), doubts, "{:?}", reading.doubts);
        };
        check(&["K", "C"], &used("Cyan", 44), &[None, Some(70)], 0);
        check(&["K", "C"], &used("Cyan", 20), &[None, Some(70)], 1);
        check(&["K", "C"], &(used("Cyan", 44) + &used("Cyan", 44)), &[None, None], 0);
        check(&["C", "C"], &used("Cyan", 44), &[None, None], 0);
        check(&["C"], &used("Magenta", 44), &[None], 0);
    }
}
