//! Number lexemes to machine numbers, only when asked and never rounded in silence to an integer.

/// The lexeme as `i64`, if it is written as an integer and fits.
pub(crate) fn as_i64(lexeme: &str) -> Option<i64> {
    lexeme.parse().ok()
}

/// The lexeme as `u64`, if it is written as an integer and fits.
pub(crate) fn as_u64(lexeme: &str) -> Option<u64> {
    lexeme.parse().ok()
}

/// The nearest `f64`; none when the lexeme is beyond the finite ones.
pub(crate) fn as_f64(lexeme: &str) -> Option<f64> {
    lexeme.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lexemes() {
        let check = |lexeme: &str, i64: Option<i64>, u64: Option<u64>, f64: Option<f64>| {
            assert_eq!(
                (as_i64(lexeme), as_u64(lexeme), as_f64(lexeme)),
                (i64, u64, f64),
                "{lexeme}"
            );
        };
        check("0", Some(0), Some(0), Some(0.0));
        check("-0", Some(0), None, Some(-0.0));
        check("-1", Some(-1), None, Some(-1.0));
        check("9223372036854775807", Some(i64::MAX), Some(i64::MAX as u64), Some(2f64.powi(63)));
        check("18446744073709551615", None, Some(u64::MAX), Some(2f64.powi(64)));
        check("18446744073709551616", None, None, Some(2f64.powi(64)));
        check("1.0", None, None, Some(1.0));
        check("1e2", None, None, Some(100.0));
        check("1e999999999", None, None, None);
        check("-1e999999999", None, None, None);
        check("1e-999999999", None, None, Some(0.0));
        check(
            "123456789012345678901234567890",
            None,
            None,
            Some(123_456_789_012_345_678_901_234_567_890.0),
        );
    }
}
