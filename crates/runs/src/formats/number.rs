//! Numbers as the trackers write them.

/// A float as Python writes it: `nan`, `inf`, `Infinity`, `-inf`, `1e-05`, `5e-324`.
///
/// `None` for anything else, so that a text cell never becomes a number.
pub(crate) fn float(text: &str) -> Option<f64> {
    // Python also takes `1_000`; trackers never write it.
    text.parse::<f64>().ok()
}

/// A signed 64-bit integer in decimal digits.
pub(crate) fn int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for byte in digits {
        let digit = i64::from(byte.checked_sub(b'0').filter(|d| *d < 10)?);
        // Counted downwards, where there is one number more.
        value = value.checked_mul(10)?.checked_sub(digit)?;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

/// Cells that mean "no value" in a table: not a point, not NaN.
pub(crate) fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "NA" | "N/A" | "None" | "null" | "<NA>" | "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_to_the_last() {
        for text in [
            "0",
            "-1",
            "+7",
            "9223372036854775807",
            "-9223372036854775808",
            "007",
        ] {
            assert_eq!(int(text.as_bytes()), text.parse().ok(), "{text}");
        }
        for text in [
            "",
            "-",
            "9223372036854775808",
            "1.0",
            "1e3",
            "x",
            "99999999999999999999",
        ] {
            assert_eq!(int(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn python_floats() {
        for (text, value) in [
            ("1e-05", 1e-5),
            ("5e-324", 5e-324),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("+3", 3.0),
        ] {
            assert_eq!(float(text), Some(value));
        }
        assert!(float("nan").is_some_and(f64::is_nan));
        for text in ["", "abc", "1 2", "0x10", "1,5"] {
            assert_eq!(float(text), None);
        }
    }
}
