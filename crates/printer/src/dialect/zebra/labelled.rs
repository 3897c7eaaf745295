//! Lines of a label and a value.

/// Splits `label : value` lines; others are left out. Blanks inside a value count once, as they only align it.
pub(super) fn labelled(lines: &[String], mark: char) -> impl Iterator<Item = (&str, &str)> {
    lines.iter().filter_map(move |line| {
        let (label, value) = line.split_once(mark)?;
        let (label, value) = (label.trim(), value.trim());
        (!label.is_empty() && !value.is_empty()).then_some((label, value))
    })
}
