//! `~HQES`: error and warning bits.
//!
//! ```text
//! PRINTER STATUS
//!    ERRORS:          1 00000000 00010004        any?  bits 32 to 63  bits 0 to 31
//!    WARNINGS:        1 00000000 00000100
//! ```

use super::condition::Condition;

/// What `~HQES` says. A line that is missing is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorStatus {
    /// Nothing wrong, or what.
    pub errors: Option<Vec<Condition>>,
    /// The same for warnings.
    pub warnings: Option<Vec<Condition>>,
}

const ERRORS: &[(u64, Condition)] = &[
    (0x1, Condition::MediaOut),
    (0x2, Condition::RibbonOut),
    (0x4, Condition::HeadOpen),
    (0x8, Condition::CutterFault),
    (0x10, Condition::HeadTooHot),
    (0x20, Condition::MotorTooHot),
    (0x40, Condition::BadHeadElement),
    (0x80, Condition::HeadDetection),
    (0x100, Condition::FirmwareConfiguration),
    (0x200, Condition::HeadThermistor),
    (0x1_0000, Condition::Paused),
];

const WARNINGS: &[(u64, Condition)] = &[
    (0x1, Condition::CalibrateMedia),
    (0x2, Condition::CleanHead),
    (0x4, Condition::ReplaceHead),
    (0x8, Condition::MediaNearEnd),
];

/// Reads the lines below the heading; `None` if neither is there.
pub(super) fn parse(lines: &[String]) -> Option<ErrorStatus> {
    let line = |label: &str| lines.iter().find_map(|line| bits(line.strip_prefix(label)?));
    let errors = line("ERRORS:").map(|told| conditions(told, ERRORS, Condition::UnknownError, Condition::UnnamedError));
    let warnings =
        line("WARNINGS:").map(|told| conditions(told, WARNINGS, Condition::UnknownWarning, Condition::UnnamedWarning));
    (errors.is_some() || warnings.is_some()).then_some(ErrorStatus { errors, warnings })
}

/// Whether there is any, and the 64 bits.
fn bits(line: &str) -> Option<(bool, u64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [any, high, low] = words.as_slice() else { return None };
    let any = match *any {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let group = |text: &str| u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 8).map(u64::from);
    Some((any, group(high)? << 32 | group(low)?))
}

fn conditions(
    (any, bits): (bool, u64),
    known: &[(u64, Condition)],
    unknown: fn(u64) -> Condition,
    unnamed: Condition,
) -> Vec<Condition> {
    // A bit counts even where the flag in front says that there is none.
    let set = (0..64).map(|place| 1_u64 << place).filter(|bit| bits & bit != 0);
    let mut found: Vec<Condition> = set
        .map(|bit| known.iter().find(|(one, _)| *one == bit).map_or_else(|| unknown(bit), |(_, condition)| *condition))
        .collect();
    if any && found.is_empty() {
        found.push(unnamed);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], errors: Option<&[Condition]>, warnings: Option<&[Condition]>) {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let status = parse(&lines).unwrap_or_default();
        assert_eq!((status.errors.as_deref(), status.warnings.as_deref()), (errors, warnings), "{lines:?}");
    }

    #[test]
    fn bits_are_conditions() {
        check(
            &["ERRORS:  1 00000000 00010004", "WARNINGS:  0 00000000 00000000"],
            Some(&[Condition::HeadOpen, Condition::Paused]),
            Some(&[]),
        );
        check(&["ERRORS: 0 00000000 00000000"], Some(&[]), None);
    }

    #[test]
    fn an_unknown_bit_still_is_an_error() {
        check(&["ERRORS: 1 00000000 00000800"], Some(&[Condition::UnknownError(0x800)]), None);
        check(&["ERRORS: 1 00000002 00000000"], Some(&[Condition::UnknownError(0x2_0000_0000)]), None);
        check(&["ERRORS: 0 00000000 00000001"], Some(&[Condition::MediaOut]), None);
        check(&["ERRORS: 1 00000000 00000000"], Some(&[Condition::UnnamedError]), None);
        check(&["WARNINGS: 1 00000000 00002000"], None, Some(&[Condition::UnknownWarning(0x2000)]));
    }

    #[test]
    fn half_a_line_says_nothing() {
        for line in
            ["ERRORS:", "ERRORS: 1", "ERRORS: 1 00000000", "ERRORS: 1 00000000 0001", "ERRORS: 2 00000000 00000000"]
        {
            check(&[line], None, None);
        }
    }
}
