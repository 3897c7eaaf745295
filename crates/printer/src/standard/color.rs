//! Colour words, as devices and cartridge labels write them.

/// Whole words, in lower case, of the languages in which printers are sold.
const WORDS: &[(&str, &[&str])] = &[
    (
        "black",
        &[
            "black",
            "bk",
            "blk",
            "schwarz",
            "noir",
            "noire",
            "negro",
            "nero",
            "nera",
            "preto",
            "zwart",
            "svart",
            "sort",
            "musta",
            "czarny",
            "czarna",
            "černá",
            "černý",
            "čierna",
            "fekete",
            "siyah",
            "negru",
            "crna",
            "črna",
            "μαύρο",
            "черный",
            "чёрный",
            "черная",
            "чёрная",
            "чорний",
            "ブラック",
            "黑色",
            "黑",
            "黒",
        ],
    ),
    (
        "cyan",
        &[
            "cyan",
            "cy",
            "zyan",
            "ciano",
            "cian",
            "cyaan",
            "syaani",
            "cyjan",
            "azurová",
            "azúrová",
            "ciánkék",
            "cián",
            "camgöbeği",
            "cijan",
            "κυανό",
            "голубой",
            "голубая",
            "блакитний",
            "シアン",
            "青色",
        ],
    ),
    (
        "magenta",
        &[
            "magenta",
            "mg",
            "purpurová",
            "bíbor",
            "macenta",
            "purpurowy",
            "ματζέντα",
            "пурпурный",
            "пурпурная",
            "пурпуровий",
            "マゼンタ",
            "品红色",
            "洋红色",
            "紅色",
        ],
    ),
    (
        "yellow",
        &[
            "yellow",
            "ye",
            "yl",
            "gelb",
            "jaune",
            "amarillo",
            "amarilla",
            "giallo",
            "gialla",
            "amarelo",
            "amarela",
            "geel",
            "gul",
            "gult",
            "keltainen",
            "żółty",
            "žlutá",
            "žltá",
            "sárga",
            "sarı",
            "galben",
            "žuta",
            "rumena",
            "κίτρινο",
            "желтый",
            "жёлтый",
            "желтая",
            "жёлтая",
            "жовтий",
            "イエロー",
            "黄色",
        ],
    ),
    ("gray", &["gray", "grey", "grau", "gris", "grigio", "cinza", "grijs", "grå", "szary"]),
    ("red", &["red", "rot", "rouge", "rojo", "rosso", "rood"]),
    ("green", &["green", "grün", "vert", "verde", "groen"]),
    ("blue", &["blue", "blau", "bleu", "azul", "blu", "blauw"]),
    ("orange", &["orange", "naranja", "arancione", "laranja", "oranje"]),
    ("violet", &["violet", "violett", "violeta", "viola"]),
    ("white", &["white", "weiß", "weiss", "blanc", "blanco", "bianco", "branco", "wit"]),
    ("clear", &["clear", "transparent", "klar"]),
];

/// Words that begin a compound of one word: "Schwarztoner".
const COMPOUND: &[(&str, &str)] = &[
    ("schwarz", "black"),
    ("svart", "black"),
    ("zwart", "black"),
    ("magenta", "magenta"),
    ("cyan", "cyan"),
    ("zyan", "cyan"),
    ("gelb", "yellow"),
];

/// Words that make another colorant of a colour.
const SHADES: &[(&str, &[&str])] = &[
    ("light", &["light", "lt", "hell", "clair", "claro", "chiaro", "licht", "ljus"]),
    ("photo", &["photo", "foto"]),
    ("matte", &["matte", "matt", "mat", "mate"]),
    ("dark", &["dark", "dunkel"]),
    ("vivid", &["vivid"]),
];

/// One-letter codes, only in brackets: "Toner [K] Cartridge".
const LETTERS: &[(&str, &str)] = &[("k", "black"), ("c", "cyan"), ("m", "magenta"), ("y", "yellow")];

/// The colour that a text names; none if it names none or several.
pub(crate) fn named_in(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let tokens: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty()).collect();
    let mut found: Option<(usize, &str)> = None;
    for (at, token) in tokens.iter().enumerate() {
        let Some(color) = word(token) else { continue };
        match found {
            Some((_, other)) if other != color => return None,
            Some(_) => {}
            None => found = Some((at, color)),
        }
    }
    let Some((at, color)) = found else { return bracketed(&lower).map(str::to_owned) };
    // The shade stands beside its colour: before it in most languages, behind it in the Romance ones.
    let beside = [at.checked_sub(1), at.checked_add(1)].into_iter().flatten().filter_map(|near| tokens.get(near));
    let shade = beside
        .into_iter()
        .find_map(|near| SHADES.iter().find(|(_, words)| words.contains(near)).map(|(shade, _)| *shade));
    Some(match shade {
        Some(shade) => format!("{shade} {color}"),
        None => color.to_owned(),
    })
}

/// The colour that a prtMarkerColorantValue names, letters included: there `K` can be nothing else.
pub(crate) fn colorant(text: &str) -> Option<String> {
    let letter = || LETTERS.iter().find(|(code, _)| text.trim().eq_ignore_ascii_case(code));
    named_in(text).or_else(|| letter().map(|(_, color)| (*color).to_owned()))
}

fn word(token: &str) -> Option<&'static str> {
    let whole = WORDS.iter().find(|(_, words)| words.contains(&token)).map(|(color, _)| *color);
    whole.or_else(|| COMPOUND.iter().find(|(start, _)| token.starts_with(start)).map(|(_, color)| *color))
}

fn bracketed(text: &str) -> Option<&'static str> {
    let mut found = None;
    for part in text.split(['(', '[']).skip(1) {
        let letter = part.split([')', ']']).next().unwrap_or_default().trim();
        if let Some((_, color)) = LETTERS.iter().find(|(code, _)| *code == letter) {
            if found.is_some_and(|other| other != *color) {
                return None;
            }
            found = Some(*color);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colorant_is_a_colour_or_unknown() {
        let check = |text: &str, color: Option<&str>| assert_eq!(colorant(text).as_deref(), color, "{text}");
        check("black", Some("black"));
        check("K", Some("black"));
        check("Photo Black", Some("photo black"));
        for text in ["", "other", "unknown", "none", "3", "CF410A", "SimpleColor", "X"] {
            check(text, None);
        }
    }

    #[test]
    fn colors_are_told_in_many_languages() {
        let check = |text: &str, color: Option<&str>| assert_eq!(named_in(text).as_deref(), color, "{text}");
        check("Black Toner", Some("black"));
        check("Cartuccia toner ciano, X 6600, PN#106R02237", Some("cyan"));
        check("Toner noir", Some("black"));
        check("Schwarztoner", Some("black"));
        check("Gul färgpulverkassett", Some("yellow"));
        check("Tóner amarillo", Some("yellow"));
        check("Жёлтый тонер", Some("yellow"));
        check("Cartridge SJ35P-BK", Some("black"));
        check("Yellow Toner [Y] Cartridge", Some("yellow"));
        check("Toner (K)", Some("black"));
        check("Toner TK-8115C", None);
        check("Light Cyan Ink", Some("light cyan"));
        check("Encre cyan clair", Some("light cyan"));
        check("Matte Black", Some("matte black"));
        check("Cyan/Magenta/Yellow drum", None);
        check("Blackbird feeder", None);
        check("Waste Toner", None);
        check("", None);
    }
}
