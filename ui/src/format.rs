//! Sizes, times, digests and foreign text, the same way everywhere.

use std::borrow::Cow;

/// A size in bytes: decimal, one digit after the point below 1 GB and two above.
///
/// ```
/// use kitbench_ui::format::bytes;
/// assert_eq!(bytes(742), "742 B");
/// assert_eq!(bytes(157_600_000), "157.6 MB");
/// assert_eq!(bytes(2_300_000_000), "2.30 GB");
/// ```
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [(&str, f64); 4] = [("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)];
    if count < 1000 {
        return format!("{count} B");
    }
    let value = count as f64;
    // A figure that would round up to 1000 takes the next unit instead: never "1000.0 KB".
    for (i, (unit, size)) in UNITS.iter().enumerate() {
        let digits = if *size >= 1e9 { 2 } else { 1 };
        let shown = format!("{:.digits$}", value / size);
        let last = i + 1 == UNITS.len();
        if last || shown.parse::<f64>().is_ok_and(|shown| shown < 1000.0) {
            return format!("{shown} {unit}");
        }
    }
    format!("{count} B")
}

/// The exact count for a tooltip: `157,600,000 bytes`.
#[must_use]
pub fn bytes_exact(count: u64) -> String {
    format!(
        "{} {}",
        thousands(count),
        if count == 1 { "byte" } else { "bytes" }
    )
}

/// A count with separators: `1,489`.
#[must_use]
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count and its noun: `1 file`, `1,489 files`. `many` is the plural.
#[must_use]
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// Bytes per second: `21.4 MB/s`; a dash while it is not known.
#[must_use]
pub fn speed(bytes_per_second: Option<f64>) -> String {
    match bytes_per_second {
        Some(rate) if rate.is_finite() && rate >= 0.0 => format!("{}/s", bytes(rate as u64)),
        _ => "–".to_owned(),
    }
}

/// A span of time in words: `8 s`, `1 min 2 s`, `3 h 5 min`, `2 days`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => match seconds % 60 {
            0 => format!("{} min", seconds / 60),
            rest => format!("{} min {rest} s", seconds / 60),
        },
        3600..86_400 => match seconds % 3600 / 60 {
            0 => format!("{} h", seconds / 3600),
            rest => format!("{} h {rest} min", seconds / 3600),
        },
        _ => count(seconds / 86_400, "day", "days"),
    }
}

/// A moment in time: relative up to a day, then day and month, with the year when it is another one.
///
/// Both are Unix times in seconds; `offset` is the local time zone in seconds east of UTC.
#[must_use]
pub fn when(then: i64, now: i64, offset: i64) -> String {
    let ago = now.saturating_sub(then);
    match ago {
        i64::MIN..0 => day(then, now, offset),
        0..5 => "just now".to_owned(),
        5..60 => format!("{ago} s ago"),
        60..3600 => format!("{} min ago", ago / 60),
        3600..86_400 => format!("{} h ago", ago / 3600),
        _ => day(then, now, offset),
    }
}

/// The full local time for a tooltip: `18 Aug 2026 14:06:31`.
#[must_use]
pub fn when_exact(then: i64, offset: i64) -> String {
    let local = then.saturating_add(offset);
    let (year, month, date) = civil(local.div_euclid(86_400));
    let second = local.rem_euclid(86_400);
    format!(
        "{date} {} {year} {:02}:{:02}:{:02}",
        month_name(month),
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

fn day(then: i64, now: i64, offset: i64) -> String {
    let (year, month, date) = civil(then.saturating_add(offset).div_euclid(86_400));
    let (this_year, ..) = civil(now.saturating_add(offset).div_euclid(86_400));
    if year == this_year {
        format!("{date} {}", month_name(month))
    } else {
        format!("{date} {} {year}", month_name(month))
    }
}

fn month_name(month: u32) -> &'static str {
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    NAMES
        .get(month.saturating_sub(1) as usize)
        .copied()
        .unwrap_or("?")
}

/// Days since 1970-01-01 to year, month, day in the proleptic Gregorian calendar
/// (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// A digest, short: four, an ellipsis, four. `sha256:9f2c61d0…` becomes `9f2c…41ab`.
#[must_use]
pub fn digest(full: &str) -> String {
    let hex = full.split_once(':').map_or(full, |(_, hex)| hex);
    let letters: Vec<char> = hex.chars().collect();
    match letters.as_slice() {
        [a, b, c, d, .., w, x, y, z] if letters.len() > 9 => {
            format!("{a}{b}{c}{d}…{w}{x}{y}{z}")
        }
        _ => hex.to_owned(),
    }
}

/// A digest with its algorithm, for a facts line: `sha256:9f2c61d04be8…a1f741ab`.
#[must_use]
pub fn digest_long(full: &str) -> String {
    let Some((algorithm, hex)) = full.split_once(':') else {
        return digest(full);
    };
    if hex.chars().count() <= 24 {
        return full.to_owned();
    }
    let head: String = hex.chars().take(12).collect();
    let tail: String = hex.chars().skip(hex.chars().count() - 8).collect();
    format!("{algorithm}:{head}…{tail}")
}

/// A share in percent without digits after the point: `47%`. Never 100 before it is done.
#[must_use]
pub fn percent(done: u64, total: u64) -> String {
    if total == 0 {
        return "0%".to_owned();
    }
    let whole = (u128::from(done.min(total)) * 100 / u128::from(total)) as u64;
    format!("{whole}%")
}

/// Foreign text as it may be drawn: control characters and those that turn the
/// direction of writing are shown as boxes, so that nothing can pose as something else.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
            || ('\u{e000}'..='\u{f8ff}').contains(&c)
    };
    if text.chars().any(hides) {
        Cow::Owned(
            text.chars()
                .map(|c| if hides(c) { '□' } else { c })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal() {
        for (count, shown) in [
            (0, "0 B"),
            (1, "1 B"),
            (999, "999 B"),
            (1_000, "1.0 KB"),
            (1_400, "1.4 KB"),
            (999_949, "999.9 KB"),
            (999_950, "1.0 MB"),
            (995_100_000, "995.1 MB"),
            (999_960_000, "1.00 GB"),
            (2_300_000_000, "2.30 GB"),
            (9_410_000_000, "9.41 GB"),
            (1_500_000_000_000, "1.50 TB"),
            (u64::MAX, "18446744.07 TB"),
        ] {
            assert_eq!(bytes(count), shown, "{count}");
        }
        assert_eq!(bytes_exact(157_600_000), "157,600,000 bytes");
        assert_eq!(bytes_exact(1), "1 byte");
    }

    #[test]
    fn counts_have_separators() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_489), "1,489");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(count(1, "file", "files"), "1 file");
        assert_eq!(count(1_489, "file", "files"), "1,489 files");
    }

    #[test]
    fn times_are_relative_up_to_a_day() {
        // 2026-08-18 14:06:31 UTC
        let then = 1_787_061_991;
        assert_eq!(when(then, then + 2, 0), "just now");
        assert_eq!(when(then, then + 40, 0), "40 s ago");
        assert_eq!(when(then, then + 4 * 60, 0), "4 min ago");
        assert_eq!(when(then, then + 2 * 3600, 0), "2 h ago");
        assert_eq!(when(then, then + 86_400, 0), "18 Aug");
        assert_eq!(when(then, then + 400 * 86_400, 0), "18 Aug 2026");
        assert_eq!(when_exact(then, 0), "18 Aug 2026 14:06:31");
        assert_eq!(when_exact(then, 36_000), "19 Aug 2026 00:06:31");
        assert_eq!(when_exact(-1, 0), "31 Dec 1969 23:59:59");
    }

    #[test]
    fn spans_of_time() {
        assert_eq!(duration(8), "8 s");
        assert_eq!(duration(62), "1 min 2 s");
        assert_eq!(duration(120), "2 min");
        assert_eq!(duration(3 * 3600 + 300), "3 h 5 min");
        assert_eq!(duration(2 * 86_400), "2 days");
    }

    #[test]
    fn digests_keep_both_ends() {
        let full = "sha256:9f2c61d04be87a1f0000000000000000000000000000000000000000a1f741ab";
        assert_eq!(digest(full), "9f2c…41ab");
        assert_eq!(digest("short"), "short");
        assert_eq!(digest_long(full), "sha256:9f2c61d04be8…a1f741ab");
        assert_eq!(digest("sha256:ééééééééééé"), "éééé…éééé");
    }

    #[test]
    fn speeds_and_shares() {
        assert_eq!(speed(Some(21_400_000.0)), "21.4 MB/s");
        assert_eq!(speed(None), "–");
        assert_eq!(speed(Some(f64::NAN)), "–");
        assert_eq!(percent(999, 1000), "99%");
        assert_eq!(percent(1000, 1000), "100%");
        assert_eq!(percent(0, 0), "0%");
        assert_eq!(percent(u64::MAX, u64::MAX), "100%");
    }

    #[test]
    fn hidden_characters_are_shown() {
        assert_eq!(printable("plain ü"), "plain ü");
        assert_eq!(printable("a\u{1b}[31mb\nc"), "a□[31mb□c");
        assert_eq!(printable("evil\u{202e}gpj.exe"), "evil□gpj.exe");
        assert_eq!(printable("\u{e1da}"), "□");
    }
}
