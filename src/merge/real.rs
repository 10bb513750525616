//! DOUBLE as the servers write it in text: the fewest digits that mean the same number.

/// Beyond so many digits before the point, or zeros behind it, an exponent is written.
const LONGEST: i32 = 15;

/// `0.25`, `100000000000000`, `1e15`, `-1.5e-20`.
pub(super) fn written(value: f64) -> String {
    // The digits are the same; where the point stands is not.
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    if value == 0.0 || (-LONGEST + 1..=LONGEST).contains(&point) {
        return format!("{value}");
    }
    format!("{mantissa}e{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_servers_write_them() {
        for (value, wanted) in [
            (0.0, "0"),
            (0.5, "0.5"),
            (-3.0, "-3"),
            (1e14, "100000000000000"),
            (1e15, "1e15"),
            (123456789012345680.0, "1.2345678901234568e17"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-14, "0.00000000000001"),
            (1e-15, "0.000000000000001"),
            (1.5e-20, "1.5e-20"),
            (-1e300, "-1e300"),
        ] {
            assert_eq!(written(value), wanted);
        }
    }
}
