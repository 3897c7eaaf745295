//! Lengths as the odometer tells them: `1330401 "`, `3377 cm`, `1920 INCHES, 4876 CENTIMETERS`.

/// A length in centimetres, and whether it was told in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Rounded to the nearest.
    pub centimeters: u64,
    /// False if it was converted from inches.
    pub as_told: bool,
}

/// Reads a length. Where it is told in several units, they have to agree; a bare number is none, as nobody says of what.
pub(super) fn parse(text: &str) -> Option<Length> {
    let told: Option<Vec<(u64, Unit)>> = text.split(',').map(one).collect();
    let told = told.filter(|told| !told.is_empty() && told.len() <= 4)?;
    let in_centimeters = told.iter().find(|(_, unit)| *unit == Unit::Centimeters);
    let (value, unit) = in_centimeters.or_else(|| told.first()).copied()?;
    let length = Length { centimeters: unit.centimeters(value)?, as_told: unit == Unit::Centimeters };
    // Each of them may be rounded by one, up or down.
    let agrees = |&(value, unit): &(u64, Unit)| {
        let other = unit.centimeters(value)?;
        (other.abs_diff(length.centimeters) <= unit.centimeters(1)? + 1).then_some(())
    };
    told.iter().all(|pair| agrees(pair).is_some()).then_some(length)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Inches,
    Centimeters,
    Meters,
    Kilometers,
}

impl Unit {
    fn centimeters(self, value: u64) -> Option<u64> {
        match self {
            Self::Inches => value.checked_mul(254)?.checked_add(50).map(|hundredths| hundredths / 100),
            Self::Centimeters => Some(value),
            Self::Meters => value.checked_mul(100),
            Self::Kilometers => value.checked_mul(100_000),
        }
    }
}

fn one(text: &str) -> Option<(u64, Unit)> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let unit = match unit.trim().to_ascii_uppercase().as_str() {
        "\"" | "IN" | "INCH" | "INCHES" => Unit::Inches,
        "CM" | "CENTIMETERS" => Unit::Centimeters,
        "M" | "METERS" => Unit::Meters,
        "KM" | "KILOMETERS" => Unit::Kilometers,
        _ => return None,
    };
    // Longer than the way to the moon and back is no odometer's.
    number.parse().ok().filter(|number| *number < 1 << 36).map(|number| (number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, centimeters: Option<u64>) {
        assert_eq!(parse(text).map(|length| length.centimeters), centimeters, "{text:?}");
    }

    #[test]
    fn units_become_one() {
        check("1330401 \"", Some(3_379_219));
        check("313248\"", Some(795_650));
        check("4876 cm", Some(4876));
        check("12 CENTIMETERS", Some(12));
        check("3 m", Some(300));
        check("0 \"", Some(0));
        check("1920 INCHES, 4876 CENTIMETERS", Some(4876));
        check("1920 INCHES, 4877 CENTIMETERS", Some(4877));
    }

    #[test]
    fn what_is_no_length_or_two_of_them_is_none() {
        let bad =
            ["", "1920", "?", "\"", "12 parsecs", "-5 cm", "1e9 cm", "99999999999999999999 cm", "99999999999999 cm"];
        bad.into_iter()
            .chain(["1920 INCHES, 4900 CENTIMETERS", "1920 INCHES,", "1.5 cm"])
            .for_each(|text| check(text, None));
    }
}
