//! Figures as people read them.

/// Bytes in binary units with one decimal, cut down; bytes themselves without. As `kit list`
/// shows sizes.
pub fn bytes(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut power = 1;
    while power < units.len() && bytes >> (10 * (power + 1)) > 0 {
        power += 1;
    }
    let unit = units.get(power - 1).unwrap_or(&"EiB");
    let tenths = (u128::from(bytes) * 10) >> (10 * power);
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Milliseconds as `1 h 02 min`, `3 min 04 s`, `5.6 s`.
pub fn duration(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        3600.. => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
        60.. => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{}.{} s", seconds, ms % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_cut_down_not_rounded() {
        for (size, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (2047, "1.9 KiB"),
            (1024 * 1024 - 1, "1023.9 KiB"),
            (1 << 20, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }

    #[test]
    fn durations_have_two_figures() {
        assert_eq!(duration(5_640), "5.6 s");
        assert_eq!(duration(184_000), "3 min 04 s");
        assert_eq!(duration(3_725_000), "1 h 02 min");
    }
}
