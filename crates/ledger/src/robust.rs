//! Statistics that one odd figure does not move.

/// The middle one of `values`, which are sorted on the way; between the two middle ones of an even number.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    match values.len() % 2 {
        1 => Some(upper),
        _ => Some((values.get(middle.checked_sub(1)?)? + upper) / 2.0),
    }
}

/// Theil-Sen: the median of the slopes between all pairs of points whose `x` differ. The square of the number of points
/// is the cost.
pub(crate) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (at, (x, y)) in points.iter().enumerate() {
        let later = points.iter().skip(at + 1).filter(|(other, _)| other != x);
        slopes.extend(later.map(|(other_x, other_y)| (other_y - y) / (other_x - x)));
    }
    median(&mut slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }

    #[test]
    fn one_point_out_of_line_does_not_turn_it() {
        let mut points: Vec<(f64, f64)> = (0..9).map(|x| (f64::from(x), 100.0 - 2.0 * f64::from(x))).collect();
        assert_eq!(slope(&points), Some(-2.0));
        points[4].1 = 0.0;
        assert_eq!(slope(&points), Some(-2.0));
        assert_eq!(slope(&[(1.0, 5.0), (1.0, 7.0)]), None);
    }
}
