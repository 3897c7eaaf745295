//! What a device says must not steer a terminal, a spreadsheet or a log.

/// A text on one line without anything that a terminal obeys: control characters (C0, DEL, C1), line and paragraph
/// separators, marks that turn the writing direction. Each run of them becomes one space.
pub fn terminal(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut gap = false;
    for letter in text.chars() {
        if is_unsafe(letter) {
            gap = true;
            continue;
        }
        if gap && !clean.is_empty() && !clean.ends_with(' ') {
            clean.push(' ');
        }
        gap = false;
        clean.push(letter);
    }
    clean
}

/// A CSV cell (RFC 4180) that no spreadsheet takes for a formula: a text that starts with `=`, `+`, `-`, `@`, a tab or
/// a carriage return gets an apostrophe in front, as OWASP advises.
pub fn csv(text: &str) -> String {
    let clean = terminal(text);
    // A spreadsheet may trim before it looks.
    let formula = clean.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let cell = if formula { format!("'{clean}") } else { clean };
    match cell.contains([',', '"', ';', '\n']) || cell != cell.trim() {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

/// JSON text whose strings a terminal shows as they are: what [`terminal`] strips is written as `\uXXXX`, so the value
/// stays the same.
pub fn json(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        // Line feeds here are layout: inside a string serde_json has escaped them.
        if letter != '\n' && is_unsafe(letter) {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                clean.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            clean.push(letter);
        }
    }
    clean
}

fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}')
        || matches!(letter, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        for (text, expected) in [
            ("Ready", "Ready"),
            ("\u{1b}[31mred\u{1b}[0m", "[31mred [0m"),
            ("a\u{9b}2Jb", "a 2Jb"),
            ("two\r\nlines", "two lines"),
            ("abc\u{202e}def", "abc def"),
            ("\u{7}", ""),
            ("Tinte schwarz – grün", "Tinte schwarz – grün"),
        ] {
            assert_eq!(terminal(text), expected);
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1,2", "\"'+1,2\""),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "' =1"),
            ("\t=1", "'=1"),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("plain", "plain"),
        ] {
            assert_eq!(csv(text), expected);
        }
    }

    #[test]
    fn json_keeps_its_values() {
        let value = serde_json::json!({ "a": "x\u{9b}\u{1b}\u{202e}y\n", "b": [1] });
        let text = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.chars().any(|letter| letter != '\n' && is_unsafe(letter)), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
