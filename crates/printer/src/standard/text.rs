//! Octets to text.
//!
//! The Printer-MIB says which character set a device speaks: prtLocalizationCharacterSet (IANA MIBenum) of the row that
//! prtGeneralCurrentLocalization names. Many devices send UTF-8 whatever they declare, and text that is valid UTF-8 by
//! chance is rare, so UTF-8 goes first. What comes out is safe to show: no control characters, no bidirectional
//! overrides, bounded length.

use crate::rows::Rows;
use crate::standard::oids;
use crate::standard::table::{column, number};
use encoding_rs::{Encoding, WINDOWS_1252};

/// Octets of one text that are looked at.
const MAX_OCTETS: usize = 1024;
/// Characters of one text that are kept.
const MAX_CHARS: usize = 255;

/// DateAndTime (RFC 2579): `2026-03-01T10:30:00`, with the zone where the device sends it. None for all zeros and for
/// what is no date.
pub(crate) fn date_and_time(value: &dca_snmp::Value) -> Option<String> {
    let octets = value.as_octets()?;
    let &[high, low, month, day, hour, minute, second, _] = octets.first_chunk::<8>()?;
    let year = u16::from_be_bytes([high, low]);
    let real = (1990..=2199).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let zone = match octets.get(8..) {
        Some([]) => String::new(),
        Some(&[sign @ (b'+' | b'-'), hours, minutes]) if hours <= 14 && minutes < 60 => {
            format!("{}{hours:02}:{minutes:02}", char::from(sign))
        }
        _ => return None,
    };
    real.then(|| format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"))
}

/// How one device writes text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Decoder {
    /// IANA MIBenum, if the device declares one.
    charset: Option<i64>,
}

impl Decoder {
    /// For descriptions: the character set at prtGeneralCurrentLocalization.
    pub(crate) fn for_descriptions(rows: &Rows, device: u32) -> Self {
        Self { charset: charset(rows, device, oids::CURRENT_LOCALIZATION) }
    }

    /// For panel texts: the character set at prtConsoleLocalization.
    pub(crate) fn for_console(rows: &Rows, device: u32) -> Self {
        let charset =
            charset(rows, device, oids::CONSOLE_LOCALIZATION).or_else(|| Self::for_descriptions(rows, device).charset);
        Self { charset }
    }

    /// For a character set by its IANA MIBenum.
    #[cfg(test)]
    pub(crate) fn for_charset(charset: i64) -> Self {
        Self { charset: Some(charset) }
    }

    /// The text, cleaned; empty if there is none.
    pub(crate) fn text(self, octets: &[u8]) -> String {
        let octets = octets.get(..octets.len().min(MAX_OCTETS)).unwrap_or_default();
        let text = self.decode(trim_padding(octets));
        let text = clean(&text);
        match from_hex_dump(&text) {
            Some(inner) => clean(&self.decode(trim_padding(&inner))),
            None => text,
        }
    }

    fn decode(self, octets: &[u8]) -> String {
        if let Some(text) = utf16(octets) {
            return text;
        }
        let escapes = octets.contains(&0x1b);
        match self.charset {
            // Stateful sets are plain ASCII octets with escapes: "valid UTF-8" says nothing there.
            Some(39) if escapes => return encoding_rs::ISO_2022_JP.decode_without_bom_handling(octets).0.into_owned(),
            Some(1000 | 1013 | 1015) => return encoding_rs::UTF_16BE.decode_with_bom_removal(octets).0.into_owned(),
            Some(1014) => return encoding_rs::UTF_16LE.decode_with_bom_removal(octets).0.into_owned(),
            _ => {}
        }
        if let Ok(text) = std::str::from_utf8(octets) {
            return text.to_owned();
        }
        // A device that cuts UTF-8 at its buffer's end leaves half a character behind.
        if let Err(error) = std::str::from_utf8(octets)
            && error.error_len().is_none()
            && self.charset.is_none_or(|charset| charset == 106)
            && let Some(whole) = octets.get(..error.valid_up_to())
            && !whole.is_empty()
        {
            return String::from_utf8_lossy(whole).into_owned();
        }
        match self.charset {
            Some(2004) => octets.iter().map(|octet| roman8(*octet)).collect(),
            other => {
                other.and_then(encoding).unwrap_or(WINDOWS_1252).decode_without_bom_handling(octets).0.into_owned()
            }
        }
    }
}

/// Removes what must not reach a terminal or a page, turns every run of blanks into one space, trims and bounds.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_CHARS));
    let mut blank = false;
    let mut count = 0;
    for c in text.chars() {
        if c.is_whitespace() || c == '\0' {
            blank = true;
        } else if !c.is_control() && !is_invisible(c) {
            if blank && !out.is_empty() {
                out.push(' ');
                count += 1;
            }
            blank = false;
            out.push(c);
            count += 1;
        }
        if count >= MAX_CHARS {
            break;
        }
    }
    out
}

/// Bidirectional controls, zero-width characters, tags, byte order marks: they change how other text looks.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn trim_padding(octets: &[u8]) -> &[u8] {
    let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |at| at + 1);
    // UTF-16 needs its last NUL: an odd cut would lose a character.
    let wide = octets.get(1).is_some_and(|octet| *octet == 0) && end % 2 == 1 && octets.len() > end;
    octets.get(..if wide { end + 1 } else { end }).unwrap_or_default()
}

/// Latin text in UTF-16, told by every other octet being NUL.
fn utf16(octets: &[u8]) -> Option<String> {
    if octets.len() < 4 || !octets.len().is_multiple_of(2) {
        return None;
    }
    let every_other = |start: usize| octets.iter().skip(start).step_by(2).all(|octet| *octet == 0);
    let any = |start: usize| octets.iter().skip(start).step_by(2).any(|octet| *octet == 0);
    let encoding = match () {
        () if every_other(1) && !any(0) => encoding_rs::UTF_16LE,
        () if every_other(0) && !any(1) => encoding_rs::UTF_16BE,
        () => return None,
    };
    Some(encoding.decode_without_bom_handling(octets).0.into_owned())
}

/// Some agents send the dump of a string instead of the string: `42 6C 61 63 6B` for "Black".
fn from_hex_dump(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("Hex-STRING:").unwrap_or(text);
    let octets: Option<Vec<u8>> = text
        .split_ascii_whitespace()
        .map(|pair| if pair.len() == 2 { u8::from_str_radix(pair, 16).ok() } else { None })
        .collect();
    let octets = octets.filter(|octets| octets.len() >= 4)?;
    let readable = octets.iter().filter(|octet| octet.is_ascii_alphabetic()).count() * 2 >= octets.len();
    let controls = trim_padding(&octets).iter().any(|octet| octet.is_ascii_control());
    (readable && !controls).then_some(octets)
}

fn charset(rows: &Rows, device: u32, localization: dca_snmp::OidRef<'_>) -> Option<i64> {
    let sets: Vec<(Vec<u32>, i64)> = column(rows, oids::CHARACTER_SET)
        .take(64)
        .filter_map(|(index, _, value)| Some((index, number(value)?)))
        .collect();
    let current = column(rows, localization)
        .find(|(index, ..)| index.first().is_none_or(|first| *first == device))
        .and_then(|(.., value)| number(value));
    let named = current.and_then(|current| {
        sets.iter().find(|(index, _)| index.last().is_some_and(|last| i64::from(*last) == current))
    });
    // Without the pointer, the set is known only if all rows agree.
    let agreed = sets.first().filter(|(_, first)| sets.iter().all(|(_, set)| set == first));
    named.or(agreed).map(|(_, set)| *set)
}

/// IANA MIBenum to a WHATWG encoding.
fn encoding(charset: i64) -> Option<&'static Encoding> {
    let label: &str = match charset {
        3 | 4 | 12 | 2000 | 2001 | 2252 => "windows-1252",
        5 | 2002 => "iso-8859-2",
        6 => "iso-8859-3",
        7 => "iso-8859-4",
        8 => "iso-8859-5",
        9 => "iso-8859-6",
        10 => "iso-8859-7",
        11 => "iso-8859-8",
        13 => "iso-8859-10",
        17 | 2024 => "shift_jis",
        18 => "euc-jp",
        36 | 38 => "euc-kr",
        39 => "iso-2022-jp",
        106 => "utf-8",
        109 => "iso-8859-13",
        110 => "iso-8859-14",
        111 => "iso-8859-15",
        112 => "iso-8859-16",
        113 | 2025 => "gbk",
        114 => "gb18030",
        2026 => "big5",
        2027 => "macintosh",
        2084 => "koi8-r",
        2086 => "ibm866",
        2088 => "koi8-u",
        2250 => "windows-1250",
        2251 => "windows-1251",
        2253 => "windows-1253",
        2003 | 2254 => "windows-1254",
        2255 => "windows-1255",
        2256 => "windows-1256",
        2257 => "windows-1257",
        2258 => "windows-1258",
        2109 | 2259 => "windows-874",
        _ => return None,
    };
    // 12 is ISO 8859-9, whose WHATWG form is windows-1254.
    Encoding::for_label(if charset == 12 { b"windows-1254" } else { label.as_bytes() })
}

/// The upper half of hp-roman8 (IANA MIBenum 2004, RFC 1345).
fn roman8(octet: u8) -> char {
    const UPPER: &str =
        "\u{a0}ÀÂÈÊËÎÏ´ˋˆ¨˜ÙÛ₤¯Ýý°ÇçÑñ¡¿¤£¥§ƒ¢âêôûáéóúàèòùäëöüÅîØÆåíøæÄìÖÜÉïßÔÁÃãÐðÍÌÓÒÕõŠšÚŸÿÞþ·µ¶¾—¼½ªº«■»±";
    match octet {
        0..0x80 => char::from(octet),
        0xa0.. => UPPER.chars().nth(usize::from(octet) - 0xa0).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_become_text() {
        let check = |charset: i64, octets: &[u8], text: &str| {
            assert_eq!(Decoder::for_charset(charset).text(octets), text, "charset {charset}, {octets:x?}");
        };
        check(106, "Schwarz 中".as_bytes(), "Schwarz 中");
        check(2004, b"Papier f\xcfr K\xcen", "Papier für Kön"); // roman8 says CF is u with diaeresis
        check(2004, "Fünf".as_bytes(), "Fünf");
        check(4, b"Beh\xe4lter", "Behälter");
        check(3, b"Beh\xe4lter", "Behälter");
        check(5, b"\xe8ern\xfd", "černý");
        check(8, b"\xb3\xde\xe2\xde\xd2", "Готов");
        check(12, b"\xdeeffaf", "Şeffaf");
        check(17, b"\x83\x67\x83\x69\x81\x5b", "トナー");
        check(2024, b"\x83\x67\x83\x69\x81\x5b", "トナー");
        check(39, b"\x1b$B%H%J!<\x1b(B", "トナー");
        check(2251, b"\xd2\xee\xed\xe5\xf0", "Тонер");
        check(9999, b"Beh\xe4lter", "Behälter");
        check(106, b"Sk\xc3\xa4rm \xc3", "Skärm");
        check(106, b"R\0e\0a\0d\0y\0", "Ready");
        check(106, b"\0R\0e\0a\0d\0y", "Ready");
        check(106, b"Ready  \0\0\0", "Ready");
        check(106, b"\0\0\0\0", "");
        check(106, b"two\r\nlines\tand \x1b[31mred\x07", "two lines and [31mred");
        check(106, "a\u{202e}b\u{200b}c".as_bytes(), "abc");
        check(106, b"42 6C 61 63 6B 20 54 6F 6E 65 72 00", "Black Toner");
        check(106, b"10 20 30 40", "10 20 30 40");
        check(106, b"0505571100", "0505571100");
    }

    #[test]
    fn roman8_has_its_whole_upper_half() {
        assert_eq!(roman8(0xa1), 'À');
        assert_eq!(roman8(0xcf), 'ü');
        assert_eq!(roman8(0xde), 'ß');
        assert_eq!(roman8(0xfe), '±');
        assert_eq!(roman8(0xff), char::REPLACEMENT_CHARACTER);
    }

    #[test]
    fn texts_are_bounded() {
        assert_eq!(Decoder::default().text(&[b'a'; 5000]).chars().count(), MAX_CHARS);
    }
}
