//! Octets into pieces: what stands between STX and ETX, or, where the frame was lost, what stands outside.

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// Octets of one answer that are looked at.
const MOST_OCTETS: usize = 64 << 10;
/// Lines of one piece.
const MOST_LINES: usize = 256;
/// Letters of one line.
const MOST_LETTERS: usize = 160;

/// The lines of each piece, without blanks around them and without empty ones.
///
/// Outside of a whole frame a line that has no end is left out: it may have been cut, and half a number is a wrong one.
pub(super) fn pieces(octets: &[u8]) -> Vec<Vec<String>> {
    let mut rest = octets.get(..octets.len().min(MOST_OCTETS)).unwrap_or_default();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let start = rest.iter().position(|octet| *octet == STX);
        let (outside, inside) = rest.split_at(start.unwrap_or(rest.len()));
        found.push(lines(whole_lines(outside)));
        let inside = inside.get(1..).unwrap_or_default();
        // A frame ends at its ETX; where the next one starts first, this one was cut.
        let end = inside.iter().position(|octet| matches!(*octet, STX | ETX)).unwrap_or(inside.len());
        let (frame, behind) = inside.split_at(end);
        found.push(match behind.first() {
            Some(&ETX) => lines(frame),
            _ => lines(whole_lines(frame)),
        });
        rest = if behind.first() == Some(&ETX) { behind.get(1..).unwrap_or_default() } else { behind };
    }
    found.retain(|lines| !lines.is_empty());
    found
}

fn whole_lines(octets: &[u8]) -> &[u8] {
    let end = octets.iter().rposition(|octet| matches!(octet, b'\r' | b'\n'));
    end.and_then(|end| octets.get(..end)).unwrap_or_default()
}

fn lines(octets: &[u8]) -> Vec<String> {
    let lines = octets.split(|octet| matches!(octet, b'\r' | b'\n')).map(|line| {
        let text = String::from_utf8_lossy(line);
        text.chars().filter(|letter| !letter.is_control()).take(MOST_LETTERS).collect::<String>().trim().to_owned()
    });
    lines.filter(|line| !line.is_empty()).take(MOST_LINES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(octets: &[u8], wanted: &[&[&str]]) {
        assert_eq!(pieces(octets), wanted, "{:?}", String::from_utf8_lossy(octets));
    }

    #[test]
    fn frames_and_what_lost_its_frame() {
        check(b"\x02a,b\x03\r\n", &[&["a,b"]]);
        check(b"\x02a\x03\r\n\x02b\x03", &[&["a"], &["b"]]);
        check(b"\r\n  HEAD  \r\n  12 \"  \r\n", &[&["HEAD", "12 \""]]);
        check(b"\x02\r\nHEAD\r\n 12 \x03", &[&["HEAD", "12"]]);
    }

    #[test]
    fn a_line_that_may_be_cut_is_left_out() {
        check(b"\x02\r\nHEAD\r\n 13304", &[&["HEAD"]]);
        check(b"HEAD\r\n 13304", &[&["HEAD"]]);
        check(b"\x02HEAD\r\n133\x02HEAD\r\n1\x03", &[&["HEAD"], &["HEAD", "1"]]);
        check(b"\x021330", &[]);
        check(b"\x03\x03", &[]);
    }
}
