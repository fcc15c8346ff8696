//! Numbers as the trackers write them.

/// A float as Python writes it: `nan`, `inf`, `Infinity`, `-inf`, `1e-05`, `5e-324`.
///
/// `None` for anything else, so that a text cell never becomes a number.
pub(crate) fn float(text: &str) -> Option<f64> {
    // Python also takes `1_000`; trackers never write it.
    text.parse::<f64>().ok()
}

/// Cells that mean "no value" in a table: not a point, not NaN.
pub(crate) fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "NA" | "N/A" | "None" | "null" | "<NA>" | "-")
}

#[cfg(test)]
mod tests {
    use super::*;

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
