//! Octets into answers, each told by its form.

use super::errors::{self, ErrorStatus};
use super::labelled::labelled;
use super::odometer::{self, Odometer};
use super::pieces::pieces;
use super::status::{self, HostStatus};

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `~HI`.
    Identification(Identification),
    /// `~HS`.
    Status(HostStatus),
    /// `~HQES`.
    Errors(ErrorStatus),
    /// `~HQOD`.
    Odometer(Odometer),
    /// `~HQSN`.
    SerialNumber(String),
    /// `~HM`.
    Memory(Memory),
    /// `~HQHA`, in lower case.
    HardwareAddress(String),
    /// `~HQMA`: label and value.
    Maintenance(Vec<(String, String)>),
    /// `~HQPP`: key and value.
    PlugAndPlay(Vec<(String, String)>),
    /// `~HD`: label and value.
    Head(Vec<(String, String)>),
    /// `~HQPH`: distances; since the last cleaning, of the present head (1) and of those before it.
    HeadLife(Vec<(String, String)>),
}

/// What `~HI` says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Identification {
    pub model: String,
    pub firmware: String,
    pub dots_per_millimeter: Option<u32>,
    pub memory_kilobytes: Option<u64>,
}

/// What `~HM` says, in kilobytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Built in.
    pub total: u64,
    /// At most for the user.
    pub most: u64,
    /// Free.
    pub free: u64,
}

/// Every answer in these octets, in their order. What is none is left out.
pub fn replies(octets: &[u8]) -> Vec<Reply> {
    let mut found = Vec::new();
    // The frames of ~HS make one answer.
    let mut status: Option<HostStatus> = None;
    for piece in pieces(octets) {
        let has_heading = piece.iter().any(|line| heading(line).is_some());
        let fields: Vec<&str> = match piece.as_slice() {
            [line] => line.split(',').map(str::trim).collect(),
            _ => Vec::new(),
        };
        let mut taken = status.clone().unwrap_or_default();
        if !has_heading && (taken.take(&fields) || status::is_password(&fields)) {
            status = Some(taken).filter(|taken| *taken != HostStatus::default());
        } else {
            found.extend(status.take().map(Reply::Status));
            found.extend(if has_heading { sections(&piece) } else { one_line(&fields).into_iter().collect() });
        }
    }
    found.extend(status.map(Reply::Status));
    found
}

/// Reads the lines from a heading on.
type Section = fn(&[String]) -> Option<Reply>;

fn heading(line: &str) -> Option<Section> {
    Some(match line {
        "PRINTER STATUS" => |lines| errors::parse(lines).map(Reply::Errors),
        "PRINT METERS" => |lines| odometer::parse(lines).map(Reply::Odometer),
        "SERIAL NUMBER" => |lines| serial(lines).map(Reply::SerialNumber),
        "MAC ADDRESS" => |lines| hardware_address(lines).map(Reply::HardwareAddress),
        "MAINTENANCE ALERT SETTINGS" => |lines| pairs(lines, ':').map(Reply::Maintenance),
        "PLUG AND PLAY MESSAGES" => |lines| pairs(lines, ':').map(Reply::PlugAndPlay),
        line if line.starts_with("LAST CLEANED:") => |lines| pairs(lines, ':').map(Reply::HeadLife),
        line if line.starts_with("Head Temp =") => |lines| pairs(lines, '=').map(Reply::Head),
        _ => return None,
    })
}

/// A piece may hold several answers where their frames were lost.
fn sections(lines: &[String]) -> Vec<Reply> {
    let starts: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| heading(line).is_some()).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let parts = starts.iter().zip(ends).filter_map(|(start, end)| lines.get(*start..end));
    parts.filter_map(|part| heading(part.first()?)?(part)).collect()
}

fn one_line(fields: &[&str]) -> Option<Reply> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.len() <= 9);
    let kilobytes = |text: &str| number(text.strip_suffix("KB").unwrap_or(text).trim());
    if let [total, most, free] = fields {
        let memory = Memory { total: number(total)?, most: number(most)?, free: number(free)? };
        return Some(Reply::Memory(memory));
    }
    let [model, firmware, dots, memory, ..] = fields else { return None };
    let is_name = |text: &str| text.bytes().any(|c| c.is_ascii_alphabetic()) && text.len() <= 64;
    let is_firmware = |text: &str| is_name(text) && text.bytes().any(|c| c.is_ascii_digit());
    if !is_name(model) || !is_firmware(firmware) || fields.len() > 8 || kilobytes(memory).is_none() {
        return None;
    }
    Some(Reply::Identification(Identification {
        model: (*model).to_owned(),
        firmware: (*firmware).to_owned(),
        dots_per_millimeter: number(dots).and_then(|dots| u32::try_from(dots).ok()).filter(|dots| *dots > 0),
        memory_kilobytes: kilobytes(memory),
    }))
}

/// The line below the heading, if it is one word of letters and digits that are not all the same.
fn serial(lines: &[String]) -> Option<String> {
    let [_, serial] = lines else { return None };
    let first = serial.bytes().next()?;
    let is_serial = serial.len() <= 32 && serial.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    (is_serial && serial.bytes().any(|c| c != first)).then(|| serial.clone())
}

fn hardware_address(lines: &[String]) -> Option<String> {
    let [_, address] = lines else { return None };
    let octets: Vec<&str> = address.split([':', '-']).collect();
    let is_octet = |text: &&str| text.len() == 2 && text.bytes().all(|c| c.is_ascii_hexdigit());
    let is_address = octets.len() == 6 && octets.iter().all(is_octet) && octets.iter().any(|octet| *octet != "00");
    is_address.then(|| octets.join(":").to_ascii_lowercase())
}

fn pairs(lines: &[String], mark: char) -> Option<Vec<(String, String)>> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let pairs: Vec<_> = labelled(lines, mark).map(|(label, value)| (words(label), words(value))).collect();
    (!pairs.is_empty()).then_some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::zebra::Condition;

    /// The names of the answers, in order.
    fn kinds(octets: &[u8]) -> Vec<&'static str> {
        let kind = |reply: &Reply| match reply {
            Reply::Identification(_) => "~HI",
            Reply::Status(_) => "~HS",
            Reply::Errors(_) => "~HQES",
            Reply::Odometer(_) => "~HQOD",
            Reply::SerialNumber(_) => "~HQSN",
            Reply::Memory(_) => "~HM",
            Reply::HardwareAddress(_) => "~HQHA",
            Reply::Maintenance(_) => "~HQMA",
            Reply::PlugAndPlay(_) => "~HQPP",
            Reply::Head(_) => "~HD",
            Reply::HeadLife(_) => "~HQPH",
        };
        replies(octets).iter().map(kind).collect()
    }

    fn check(octets: &[u8], wanted: &[&str]) {
        assert_eq!(kinds(octets), wanted, "{:?}", String::from_utf8_lossy(octets));
    }

    const STATUS: &[u8] = b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,1,0,0,2,4,0,00000000,1,000\x03\r\n\
                            \x029731,0\x03\r\n";

    #[test]
    fn answers_name_themselves() {
        check(b"\x02ZT230-200dpi,V72.19.6Z,8,8192KB\x03\r\n", &["~HI"]);
        check(b"\x021024,0780,0780\x03", &["~HM"]);
        check(STATUS, &["~HS"]);
        check(&[STATUS, STATUS].concat(), &["~HS"]);
        check(&[STATUS, b"\x021024,0780,0780\x03", STATUS].concat(), &["~HS", "~HM", "~HS"]);
        check(
            b"\x02LAST CLEANED: 257 \"\r\nHEAD LIFE HISTORY\r\n#  DISTANCE\r\n1:    257 \"\r\n2:   1489 \"\r\n\x03",
            &["~HQPH"],
        );
        check(b"\r\n MAC ADDRESS \r\n 00:07:4D:00:00:01 \r\n SERIAL NUMBER\r\n 52J1\r\n", &["~HQHA", "~HQSN"]);
    }

    #[test]
    fn what_is_none_is_left_out() {
        for octets in [
            &b""[..],
            b"\x02\x03",
            b"%!PS\r\n",
            b"\x021,2\x03",
            b"\x02a,b,c,d\x03",
            b"\x02ZT230,V1,8,many\x03",
            b"\x02PRINTER STATUS\r\n\x03",
            b"\x02SERIAL NUMBER\r\n0000000\x03",
            b"\x02SERIAL NUMBER\r\n52J1",
            b"\x02MAC ADDRESS\r\n00:00:00:00:00:00\x03",
            b"\xff\xfe\x02\xff\x03",
        ] {
            check(octets, &[]);
        }
    }

    #[test]
    fn the_password_of_the_third_frame_is_not_kept() {
        let found = replies(STATUS);
        assert!(!format!("{found:?}").contains("9731"), "{found:?}");
        let [Reply::Status(status)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(status.conditions(), [Condition::HeadOpen]);
        assert!(status.is_whole());
    }

    #[test]
    fn a_status_in_part_is_not_a_healthy_one() {
        let first: Vec<u8> = STATUS.split_inclusive(|octet| *octet == 3).next().unwrap().to_vec();
        let found = replies(&first);
        let [Reply::Status(status)] = found.as_slice() else { panic!("{found:?}") };
        assert!(!status.is_whole() && status.head_open.is_none());
    }
}
