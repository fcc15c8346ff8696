//! Times as the trackers write them, all turned into Unix milliseconds.

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// ISO 8601 as Python's `isoformat` writes it; without an offset it is taken as UTC.
pub(crate) fn iso_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| part.parse().ok())?
    };
    let bytes = text.as_bytes();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let mut ms = days(year, month, day) * 86_400_000;
    if bytes.len() == 10 {
        return Some(ms);
    }
    if !matches!(bytes.get(10), Some(b'T' | b' ')) || bytes.get(13) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    let mut at = 16;
    let mut second = 0;
    if bytes.get(16) == Some(&b':') {
        second = number(17, 19)?;
        at = 19;
    }
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    ms += (hour * 3600 + minute * 60 + second) * 1000;
    if matches!(bytes.get(at), Some(b'.' | b',')) {
        let start = at + 1;
        at = start;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        let digits: String = text
            .get(start..at)?
            .chars()
            .chain("0000".chars())
            .take(4)
            .collect();
        ms += (digits.parse::<i64>().ok()? + 5) / 10;
    }
    let zone = text.get(at..)?;
    match zone {
        "" | "Z" | "z" => Some(ms),
        _ => {
            let sign = match zone.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let digits: String = zone.get(1..)?.chars().filter(|c| *c != ':').collect();
            let hours: i64 = digits.get(0..2)?.parse().ok()?;
            let minutes: i64 = digits.get(2..4).map_or(Some(0), |m| m.parse().ok())?;
            Some(ms - sign * (hours * 60 + minutes) * 60_000)
        }
    }
}

/// Seconds with a fraction, to the nearest millisecond.
pub(crate) fn seconds_ms(seconds: f64) -> Option<i64> {
    let ms = (seconds * 1000.0).round();
    (ms.is_finite() && ms.abs() < 9.0e18).then_some(ms as i64)
}

/// A time of unknown unit: seconds, milli-, micro- or nanoseconds by magnitude. Numbers too
/// small to be a date of our days (relative times) give `None`.
pub(crate) fn guess_ms(value: f64) -> Option<i64> {
    match value.abs() {
        v if v < 1e8 => None,
        v if v < 1e11 => seconds_ms(value),
        v if v < 1e14 => seconds_ms(value / 1e3),
        v if v < 1e17 => seconds_ms(value / 1e6),
        _ => seconds_ms(value / 1e9),
    }
}

/// A Unix time in ms as `2026-11-23T23:38:14.302Z`.
pub(crate) fn iso(ms: i64) -> String {
    let (days, of_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // The inverse of `days`, counting eras of 400 years from 0000-03-01.
    let z = days + 719_468;
    let (era, of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (s, milli) = (of_day / 1000, of_day % 1000);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{milli:03}Z",
        s / 3600,
        s / 60 % 60,
        s % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_forms() {
        assert_eq!(iso_ms("1970-01-01"), Some(0));
        assert_eq!(
            iso_ms("2026-11-23T23:38:14.302570+00:00"),
            Some(1_795_477_094_303)
        );
        assert_eq!(iso_ms("2026-11-23T23:38:14.302"), Some(1_795_477_094_302));
        assert_eq!(iso_ms("2026-11-24 00:38:14+01:00"), Some(1_795_477_094_000));
        assert_eq!(iso_ms("2000-02-29T12:00Z"), Some(951_825_600_000));
        for wrong in [
            "",
            "2026",
            "23.11.2026",
            "2026-13-01",
            "2026-11-23T",
            "2026-11-23Tab:cd",
        ] {
            assert_eq!(iso_ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn there_and_back() {
        for ms in [0, 1_795_477_094_303, 951_825_600_000, -1, 4_102_444_799_999] {
            assert_eq!(iso_ms(&iso(ms)), Some(ms));
        }
    }

    #[test]
    fn unit_by_magnitude() {
        assert_eq!(guess_ms(1_760_200_000.5), Some(1_760_200_000_500));
        assert_eq!(guess_ms(1_760_200_000_500.0), Some(1_760_200_000_500));
        assert_eq!(guess_ms(1_760_200_000_500_000.0), Some(1_760_200_000_500));
        assert_eq!(guess_ms(12.5), None);
    }
}
