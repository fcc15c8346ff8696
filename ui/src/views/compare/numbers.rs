//! Figures, axis ticks and their labels.

/// A value as it stands in a table: four significant digits at most, very large and very small
/// ones in powers of ten (`2e-4`). The exact value belongs in the tooltip ([`exact`]).
#[must_use]
pub fn figure(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(0.001..1e6).contains(&size) {
        return power(value);
    }
    if value.fract() == 0.0 {
        return format!("{value:.0}");
    }
    match size {
        100.0.. => format!("{value:.1}"),
        10.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A value of a metric: as [`figure`], but a small whole one keeps its places behind the point, so
/// that 1.000 and 0.976 stand under each other.
#[must_use]
pub fn metric(value: f64) -> String {
    if value != 0.0 && value.abs() < 10.0 && value.fract() == 0.0 {
        format!("{value:.3}")
    } else {
        figure(value)
    }
}

/// `1.23e-4`, without zeros at the end of the mantissa.
fn power(value: f64) -> String {
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            format!(
                "{}e{exponent}",
                mantissa.trim_end_matches('0').trim_end_matches('.')
            )
        }
        None => text,
    }
}

/// The shortest text that reads back as the same number.
#[must_use]
pub fn exact(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_finite() {
        let plain = format!("{value}");
        if plain.len() <= 24 {
            plain
        } else {
            format!("{value:e}")
        }
    } else {
        figure(value)
    }
}

/// A step: whole ones with thin groups of three, others as a figure.
#[must_use]
pub fn step(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        let grouped = crate::format::thousands(value.abs() as u64);
        if value < 0.0 {
            format!("-{grouped}")
        } else {
            grouped
        }
    } else {
        figure(value)
    }
}

/// At most about `most` round numbers from `low` to `high`, with steps of 1, 2 or 5 times a
/// power of ten.
#[must_use]
pub fn ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 || most == 0 {
        return Vec::new();
    }
    let rough = span / most as f64;
    let base = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|by| by * base)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * base);
    multiples(low, high, step)
}

/// Multiples of `step` from `low` to `high`; none when they would be absurdly many.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    if !(first.is_finite() && last.is_finite()) || last - first > 200.0 {
        return Vec::new();
    }
    let count = (last - first).max(-1.0) as i64 + 1;
    (0..count)
        .map(|i| (first + i as f64) * step)
        .map(|value| {
            if value.abs() < step * 1e-9 {
                0.0
            } else {
                value
            }
        })
        .collect()
}

/// Ticks of a logarithmic axis, given and answered as powers of ten: 1, 2 and 5 where there is
/// room, else whole powers.
#[must_use]
pub fn log_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 || span > 2000.0 {
        return Vec::new();
    }
    let (first, last) = (low.floor() as i32, high.ceil() as i32);
    for parts in [
        &[1.0, 2.0, 3.0, 5.0, 7.0][..],
        &[1.0, 2.0, 5.0],
        &[1.0, 3.0],
        &[1.0],
    ] {
        let found: Vec<f64> = (first..=last)
            .flat_map(|power| {
                parts
                    .iter()
                    .map(move |part: &f64| f64::from(power) + part.log10())
            })
            .filter(|at| *at >= low - 1e-9 && *at <= high + 1e-9)
            .collect();
        if (2..=most.max(2)).contains(&found.len()) {
            return found;
        }
    }
    let every = (f64::from(last - first) / most.max(1) as f64)
        .ceil()
        .max(1.0);
    let powers = multiples(low, high, every);
    // Within less than one power of ten the decades say nothing: round numbers then.
    if powers.len() < 2 && span < 1.0 {
        return ticks(10f64.powf(low), 10f64.powf(high), most)
            .into_iter()
            .filter(|value| *value > 0.0)
            .map(f64::log10)
            .collect();
    }
    powers
}

/// The label of a tick when ticks are `step` apart: as many digits as tell neighbours apart.
#[must_use]
pub fn tick_label(value: f64, step: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    for (unit, sign) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if size >= unit && step >= unit / 1000.0 && size < 1e12 {
            return format!("{}{sign}", trimmed(value / unit, step / unit));
        }
    }
    if !(0.001..1e6).contains(&size) {
        let digits = (size.log10().floor() - step.log10().floor()).clamp(0.0, 12.0) as usize;
        return short_power(value, digits);
    }
    trimmed(value, step)
}

fn short_power(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            format!(
                "{}e{exponent}",
                mantissa.trim_end_matches('0').trim_end_matches('.')
            )
        }
        _ => text,
    }
}

fn trimmed(value: f64, step: f64) -> String {
    let digits = (-step.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    let digits = if step == 0.0 || !step.is_finite() {
        3
    } else {
        digits
    };
    format!("{value:.digits$}")
}

/// The label of a tick of a logarithmic axis, `at` being the power of ten.
#[must_use]
pub fn log_label(at: f64) -> String {
    let value = 10f64.powf(at);
    if (0.001..1e5).contains(&value) {
        let digits = if value >= 1.0 {
            0
        } else {
            (-at.floor()).clamp(0.0, 6.0) as usize
        };
        // Ticks between whole numbers need a digit or two more.
        let written = |digits: usize| format!("{value:.digits$}");
        let close = |text: &String| {
            let read: f64 = text.parse().unwrap_or(value);
            (read / value - 1.0).abs() < 0.004
        };
        let texts = (digits..digits + 3).map(written);
        texts
            .into_iter()
            .find(close)
            .unwrap_or_else(|| figure(value))
    } else {
        short_power(value, 1)
    }
}

/// Steps that people read on a clock, in seconds.
const CLOCK: [f64; 24] = [
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    604_800.0,
    2_592_000.0,
];

/// Ticks of a time axis in seconds; `offset` (seconds east of UTC) puts them on local hours.
#[must_use]
pub fn time_ticks(low: f64, high: f64, most: usize, offset: f64) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return Vec::new();
    }
    let rough = span / most.max(1) as f64;
    match CLOCK.into_iter().find(|step| *step >= rough) {
        Some(step) => multiples(low + offset, high + offset, step)
            .into_iter()
            .map(|at| at - offset)
            .collect(),
        None => ticks(low, high, most),
    }
}

/// A length of time on an axis: `0`, `30s`, `5m`, `1h 30m`, `2d`.
#[must_use]
pub fn length_label(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let size = seconds.abs();
    let whole = size.round() as u64;
    let text = match size {
        0.0 => return "0".to_owned(),
        s if s < 1.0 => format!("{}s", trimmed(s, 0.01).trim_end_matches('0')),
        s if s < 60.0 && s.fract() != 0.0 => format!("{s:.1}s"),
        s if s < 60.0 => format!("{whole}s"),
        s if s < 3600.0 && whole.is_multiple_of(60) => format!("{}m", whole / 60),
        s if s < 3600.0 => format!("{}m {}s", whole / 60, whole % 60),
        s if s < 86_400.0 && whole % 3600 < 60 => format!("{}h", whole / 3600),
        s if s < 86_400.0 => format!("{}h {}m", whole / 3600, whole % 3600 / 60),
        _ if whole % 86_400 < 3600 => format!("{}d", whole / 86_400),
        _ => format!("{}d {}h", whole / 86_400, whole % 86_400 / 3600),
    };
    format!("{sign}{text}")
}

/// A moment on an axis whose ticks are `step` seconds apart: `14:06:31`, `14:06` or `18 Aug`.
#[must_use]
pub fn moment_label(unix_seconds: f64, step: f64, offset: i64) -> String {
    let full = crate::format::when_exact(unix_seconds.floor() as i64, offset);
    let mut words = full.split(' ');
    let (date, month, clock) = (
        words.next().unwrap_or(""),
        words.next().unwrap_or(""),
        words.nth(1).unwrap_or(""),
    );
    if step >= 86_400.0 {
        format!("{date} {month}")
    } else if step >= 60.0 {
        clock.get(..5).unwrap_or(clock).to_owned()
    } else {
        clock.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_fit_a_column() {
        let all = [
            0.8612,
            0.0,
            2e-4,
            1.234e-5,
            1024.0,
            123.456,
            12.3456,
            1e7,
            -0.5,
            f64::NAN,
            f64::NEG_INFINITY,
        ];
        let shown: Vec<String> = all.into_iter().map(figure).collect();
        assert_eq!(
            shown,
            [
                "0.861", "0", "2e-4", "1.23e-5", "1024", "123.5", "12.35", "1e7", "-0.500", "NaN",
                "-∞"
            ]
        );
        assert_eq!(exact(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(exact(1e300), "1e300");
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 4200.0, 5), [0.0, 1000.0, 2000.0, 3000.0, 4000.0]);
        assert_eq!(ticks(-0.1, 0.35, 4), [0.0, 0.2]);
        assert_eq!(ticks(1.0, 1.0, 5), Vec::<f64>::new());
        assert_eq!(ticks(f64::NAN, 1.0, 5), Vec::<f64>::new());
        assert!(ticks(1e15, 1e15 + 1.0, 5).len() <= 6);
    }

    #[test]
    fn labels_tell_neighbours_apart() {
        let label = |low: f64, high: f64| -> Vec<String> {
            let at = ticks(low, high, 4);
            let step = at[1] - at[0];
            at.into_iter()
                .map(|value| tick_label(value, step))
                .collect()
        };
        assert_eq!(label(0.0, 4000.0), ["0", "1k", "2k", "3k", "4k"]);
        assert_eq!(label(0.2, 0.85), ["0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(label(0.0, 4.5e-4), ["0", "2e-4", "4e-4"]);
        assert_eq!(label(0.995, 1.001), ["0.996", "0.998", "1.000"]);
        assert_eq!(label(2_000_000.0, 2_100_000.0), ["2.00M", "2.05M", "2.10M"]);
    }

    #[test]
    fn log_axes_read_as_numbers() {
        let label = |low: f64, high: f64| -> Vec<String> {
            log_ticks(low.log10(), high.log10(), 5)
                .into_iter()
                .map(log_label)
                .collect()
        };
        assert_eq!(label(0.28, 3.0), ["0.5", "1", "2"]);
        assert_eq!(label(1e-6, 10.0), ["1e-6", "1e-4", "0.01", "1"]);
        assert_eq!(label(0.91, 0.97), ["0.92", "0.94", "0.96"]);
    }

    #[test]
    fn time_is_read_as_on_a_clock() {
        assert_eq!(
            time_ticks(0.0, 200.0, 4, 0.0)
                .into_iter()
                .map(length_label)
                .collect::<Vec<_>>(),
            ["0", "1m", "2m", "3m"]
        );
        assert_eq!(length_label(5400.0), "1h 30m");
        assert_eq!(length_label(0.5), "0.5s");
        assert_eq!(moment_label(1_755_525_991.0, 60.0, 0), "14:06");
        assert_eq!(moment_label(1_755_525_991.0, 86_400.0, 0), "18 Aug");
    }
}
