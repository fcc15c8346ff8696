//! Timestamps: the formats that yaml.v3 tries, and the form in which Go prints the result.

/// Reads a date or timestamp as Go's `time.Parse` does with yaml.v3's four formats, and prints it as
/// `time.RFC3339Nano`. `None` if it is not one.
pub(crate) fn parse(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits != 4 || bytes.get(4) != Some(&b'-') {
        return None;
    }
    let mut rest = Reader { bytes };
    let year = rest.number(4, 4)?;
    rest.expect(b'-')?;
    let month = rest.number(1, 2).filter(|month| (1..=12).contains(month))?;
    rest.expect(b'-')?;
    let day = rest.number(1, 2)?;
    if day < 1 || day > days_in(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    let (clock, zone) = match rest.bytes.first() {
        None => ("00:00:00".to_owned(), "Z".to_owned()),
        Some(b'T' | b't') => {
            rest.skip(1);
            let clock = rest.clock()?;
            (clock, rest.zone()?)
        }
        Some(b' ') => {
            let spaces = rest.bytes.iter().take_while(|b| **b == b' ').count();
            rest.skip(spaces);
            (rest.clock()?, "Z".to_owned())
        }
        Some(_) => return None,
    };
    rest.bytes
        .is_empty()
        .then(|| format!("{date}T{clock}{zone}"))
}

/// Whether Go can write the time as JSON: not with an offset of 24 hours or more.
pub(crate) fn fits_json(time: &str) -> bool {
    let Some(zone) = time.len().checked_sub(6).and_then(|at| time.get(at..)) else {
        return false;
    };
    time.ends_with('Z') || zone.get(1..3).is_some_and(|hours| hours < "24")
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct Reader<'t> {
    bytes: &'t [u8],
}

impl Reader<'_> {
    fn skip(&mut self, count: usize) {
        self.bytes = self.bytes.get(count..).unwrap_or_default();
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.bytes.first() == Some(&byte)).then(|| self.skip(1))
    }

    /// Between `least` and `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let mut value = 0;
        let mut count = 0;
        while count < most
            && let Some(digit) = self.bytes.get(count).filter(|b| b.is_ascii_digit())
        {
            value = value * 10 + u32::from(digit - b'0');
            count += 1;
        }
        self.skip(count);
        (count >= least).then_some(value)
    }

    /// `15:4:5` with an optional fraction, which is cut to nanoseconds.
    fn clock(&mut self) -> Option<String> {
        let hour = self.number(1, 2).filter(|hour| *hour < 24)?;
        self.expect(b':')?;
        let minute = self.number(1, 2).filter(|minute| *minute < 60)?;
        self.expect(b':')?;
        let second = self.number(1, 2).filter(|second| *second < 60)?;
        let mut clock = format!("{hour:02}:{minute:02}:{second:02}");
        if let [b'.' | b',', b'0'..=b'9', ..] = self.bytes {
            self.skip(1);
            let digits = self.bytes.iter().take_while(|b| b.is_ascii_digit()).count();
            let fraction: String = self.bytes[..digits.min(9)]
                .iter()
                .map(|b| char::from(*b))
                .collect();
            self.skip(digits);
            let fraction = fraction.trim_end_matches('0');
            if !fraction.is_empty() {
                clock.push('.');
                clock.push_str(fraction);
            }
        }
        Some(clock)
    }

    /// `Z` or an offset with a colon. Go lets hours go up to 24 and minutes up to 60.
    fn zone(&mut self) -> Option<String> {
        if self.expect(b'Z').is_some() {
            return Some("Z".to_owned());
        }
        let sign = *self.bytes.first().filter(|b| matches!(b, b'+' | b'-'))?;
        self.skip(1);
        let hours = self.number(2, 2).filter(|hours| *hours <= 24)?;
        self.expect(b':')?;
        let minutes = self.number(2, 2).filter(|minutes| *minutes <= 60)?;
        let total = hours * 60 + minutes;
        if total == 0 {
            return Some("Z".to_owned());
        }
        Some(format!(
            "{}{:02}:{:02}",
            char::from(sign),
            total / 60,
            total % 60
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, expected) in [
            ("2024-01-02", "2024-01-02T00:00:00Z"),
            ("2024-1-2", "2024-01-02T00:00:00Z"),
            ("2024-1-2T3:4:5Z", "2024-01-02T03:04:05Z"),
            (
                "2024-01-02t03:04:05.1200+02:30",
                "2024-01-02T03:04:05.12+02:30",
            ),
            ("2024-01-02 03:04:05", "2024-01-02T03:04:05Z"),
            ("2024-01-02   03:04:05,5", "2024-01-02T03:04:05.5Z"),
            (
                "2024-01-02T03:04:05.1234567891Z",
                "2024-01-02T03:04:05.123456789Z",
            ),
            ("2024-01-02T03:04:05-00:00", "2024-01-02T03:04:05Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
            ("0000-01-01", "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(parse(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn leaves_the_rest_as_text() {
        for text in [
            "2024-13-01",
            "2023-02-29",
            "2024-00-01",
            "2024-01-00",
            "24-01-02",
            "2024-01",
            "2024-001-1",
            "2024-01-02T03:04:05",
            "2024-01-02 03:04:05Z",
            "2024-01-02T24:00:00Z",
            "2024-01-02T03:04:60Z",
            "2024-01-02T03:04:05+0200",
            "2024-01-02T03:04:05+25:00",
            "2024-01-02 ",
            "2024-01-02x",
            "2024-01-02T",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn offsets_of_a_day_cannot_be_written() {
        let time = parse("2024-01-02T03:04:05+24:00");
        assert_eq!(time.as_deref().map(fits_json), Some(false));
        assert!(fits_json("2024-01-02T03:04:05+23:59"));
    }
}
