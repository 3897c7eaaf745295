//! Order numbers and serial numbers: inside supply descriptions ("..., PN 006R01509;SN48178080E"), and what a serial
//! number may not be.

/// The order number that a description holds.
pub(crate) fn part_number(description: &str) -> Option<String> {
    labelled(description, &["part number", "part no", "p/n", "pn"])
}

/// The cartridge's serial number that a description holds.
pub(crate) fn serial_number(description: &str) -> Option<String> {
    labelled(description, &["serial number", "serial no", "s/n", "sn"])
}

/// True for a text that can be a device's serial number: not a placeholder, not one sign repeated.
pub(crate) fn is_serial(text: &str) -> bool {
    let signs: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    let placeholder: String = signs.iter().collect();
    let counting = || signs.windows(2).all(|pair| matches!(pair, [a, b] if next(*a) == Some(*b)));
    signs.len() >= 3
        && text.chars().count() <= 64
        && !text.starts_with('<')
        && signs.iter().any(char::is_ascii_digit)
        && signs.iter().any(|sign| Some(sign) != signs.first())
        && !counting()
        && !PLACEHOLDERS.contains(&placeholder.as_str())
}

const PLACEHOLDERS: &[&str] =
    &["unknown", "none", "null", "notavailable", "notset", "serialnumber", "default", "sn12345"];

fn next(digit: char) -> Option<char> {
    match digit {
        '9' => Some('0'),
        '0'..='8' => char::from_digit(digit.to_digit(10)? + 1, 10),
        _ => None,
    }
}

/// The token behind a label: letters, digits and marks, with at least one digit and four signs.
pub(crate) fn labelled(text: &str, labels: &[&str]) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    labels.iter().find_map(|label| {
        lower.match_indices(label).find_map(|(at, _)| {
            if lower.get(..at)?.ends_with(|c: char| c.is_ascii_alphanumeric()) {
                return None;
            }
            let rest = text.get(at + label.len()..)?.trim_start_matches([' ', ':', '#', '.', '=']);
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_')));
            let token = rest.get(..end.unwrap_or(rest.len()))?;
            let signs = token.chars().filter(char::is_ascii_alphanumeric).count();
            (signs >= 4 && token.len() <= 64 && token.contains(|c: char| c.is_ascii_digit())).then(|| token.to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_out_of_descriptions() {
        let check = |text: &str, part: Option<&str>, serial: Option<&str>| {
            assert_eq!(part_number(text).as_deref(), part, "part of {text}");
            assert_eq!(serial_number(text).as_deref(), serial, "serial of {text}");
        };
        check("Black Toner, PN 006R01509;SN48178080E0000481", Some("006R01509"), Some("48178080E0000481"));
        check("Fuser, PN unknown;SNunknown", None, None);
        check("Fusore, X 6600, PN#115R00077", Some("115R00077"), None);
        check("Black Toner Cartridge S/N:CRUM-", None, None);
        check("Black Toner Cartridge S/N:CRUM-17010203", None, Some("CRUM-17010203"));
        check("Snow white toner", None, None);
        check("Ink P/N: C13T40, Serial No. 1234567", Some("C13T40"), Some("1234567"));
    }

    #[test]
    fn placeholders_are_no_serial_numbers() {
        for serial in ["U64641E7J134163", "0505571100", "VD21457943", "7XQ1R92-132-13"] {
            assert!(is_serial(serial), "{serial}");
        }
        for not in
            ["", "0", "00000000", "XXXXXXXXXX", "-----", "unknown", "NULL", "<private>", "1234567890", "12345678"]
        {
            assert!(!is_serial(not), "{not}");
        }
    }
}
