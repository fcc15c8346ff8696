//! Times as RFC 3339, days as dates, and the pinned time of reproducible builds.

use crate::error::{Error, Result};

/// The time that `SOURCE_DATE_EPOCH` pins, in seconds since 1970, if it is set.
///
/// # Errors
/// [`Error::SourceDateEpoch`] if it is set to something else than a whole number.
pub fn source_date_epoch() -> Result<Option<i64>> {
    match std::env::var_os("SOURCE_DATE_EPOCH") {
        None => Ok(None),
        Some(value) => {
            let text = value.to_string_lossy().into_owned();
            text.parse()
                .map(Some)
                .map_err(|_| Error::SourceDateEpoch(text))
        }
    }
}

/// Nanoseconds since 1970 as RFC 3339 in UTC, trailing zeros of the fraction dropped, as Go's
/// `RFC3339Nano` has it.
pub(crate) fn rfc3339(nanos: i128) -> String {
    let seconds = nanos.div_euclid(1_000_000_000);
    let fraction = nanos.rem_euclid(1_000_000_000);
    let days = seconds.div_euclid(86_400);
    let second_of_day = seconds.rem_euclid(86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (
        second_of_day / 3600,
        second_of_day / 60 % 60,
        second_of_day % 60,
    );
    let fraction = match format!("{fraction:09}").trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Year, month and day of the day `days` after 1970-01-01 (Howard Hinnant's algorithm).
fn civil(days: i128) -> (i128, i128, i128) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i128::from(month <= 2), month, day)
}

/// The inverse of [`civil`], by the same author.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// The day of `unix_ms`, milliseconds since 1970, as `2026-08-18`, UTC.
pub fn date(unix_ms: i64) -> String {
    let (year, month, day) = civil(unix_ms.div_euclid(86_400_000).into());
    format!("{year:04}-{month:02}-{day:02}")
}

/// Milliseconds since 1970 of `2026-08-18T14:06:00Z`, also with fraction and offset; `None` for anything
/// else.
pub fn parse_rfc3339_ms(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let is = |at: usize, c: u8| bytes.get(at).is_some_and(|b| b.eq_ignore_ascii_case(&c));
    if !(is(4, b'-')
        && is(7, b'-')
        && (is(10, b'T') || is(10, b' '))
        && is(13, b':')
        && is(16, b':'))
    {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let mut rest = text.get(19..)?;
    let mut milliseconds = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let padded = format!("{:0<3}", fraction.get(..digits)?);
        milliseconds = padded.get(..3)?.parse::<i64>().ok()?;
        rest = fraction.get(digits..)?;
    }
    let offset_minutes = match rest {
        "Z" | "z" => 0,
        _ => {
            let sign = match rest.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let hours = rest.get(1..3)?.parse::<i64>().ok()?;
            let minutes = rest.get(4..6)?.parse::<i64>().ok()?;
            sign * (hours * 60 + minutes)
        }
    };
    let seconds = days(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second
        - offset_minutes * 60;
    Some(seconds * 1_000 + milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(
            rfc3339(1_700_000_000_360_634_880),
            "2023-11-14T22:13:20.36063488Z"
        );
        assert_eq!(rfc3339(951_782_400 * 1_000_000_000), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for day in [
            "1970-01-01",
            "2024-02-29",
            "2000-12-31",
            "1969-12-31",
            "2100-03-01",
        ] {
            let ms = parse_rfc3339_ms(&format!("{day}T23:59:59.999Z")).unwrap();
            assert_eq!(date(ms), day);
        }
    }

    #[test]
    fn times_of_manifests() {
        assert_eq!(parse_rfc3339_ms("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(
            parse_rfc3339_ms("2024-02-29T12:30:00.250Z"),
            Some(1_709_209_800_250)
        );
        assert_eq!(
            parse_rfc3339_ms("2024-02-29T14:30:00+02:00"),
            Some(1_709_209_800_000)
        );
        assert_eq!(parse_rfc3339_ms("yesterday"), None);
    }
}
