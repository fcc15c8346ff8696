//! Where the axes are labelled and how.

use crate::formats::time::{iso, seconds_ms};
use crate::series::XAxis;

/// Round places between `low` and `high`, about `wanted` of them.
pub(super) fn linear(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let span = high - low;
    if span <= 0.0 || !span.is_finite() {
        return Vec::new();
    }
    let rough = span / wanted.max(1) as f64;
    let power = 10.0_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        .find(|s| *s >= rough)
        .unwrap_or(rough);
    multiples(low, high, step)
}

fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let (from, to) = ((low / step).ceil(), (high / step).floor());
    // Beyond 2^53 neighbouring multiples are the same number.
    if step <= 0.0
        || !(to - from).is_finite()
        || to - from > 1000.0
        || from.abs() > 9e15
        || to.abs() > 9e15
    {
        return Vec::new();
    }
    (from as i64..=to as i64).map(|i| i as f64 * step).collect()
}

/// Powers of ten, with 2 and 5 between them when there are few.
pub(super) fn logarithmic(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    if !low.is_finite() || low <= 0.0 || high <= low || !high.is_finite() {
        return Vec::new();
    }
    let (from, to) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let every = ((to - from) / wanted.max(1) as i32).max(1);
    let digits: &[f64] = if to - from <= 2 {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0]
    };
    let mut out = Vec::new();
    for power in (from..=to).filter(|p| (p - from) % every == 0) {
        let values = digits.iter().map(|d| d * 10.0_f64.powi(power));
        out.extend(values.filter(|v| *v >= low && *v <= high));
    }
    if out.len() < 2 {
        linear(low, high, wanted)
    } else {
        out
    }
}

/// Round times for an axis in seconds.
pub(super) fn times(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    const STEPS: [f64; 16] = [
        60.0,
        120.0,
        300.0,
        600.0,
        1800.0,
        3600.0,
        7200.0,
        14_400.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        604_800.0,
        1_209_600.0,
        2_592_000.0,
        7_776_000.0,
    ];
    let rough = (high - low) / wanted.max(1) as f64;
    if !(60.0..=7_776_000.0).contains(&rough) {
        return linear(low, high, wanted);
    }
    let step = STEPS.into_iter().find(|s| *s >= rough).unwrap_or(rough);
    multiples(low, high, step)
}

/// A number in few characters: 7 significant digits, exponent form when very large or small.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".into();
    }
    if !(1e-4..1e7).contains(&size) {
        let text = format!("{value:.6e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e{exponent}");
    }
    let decimals = (6 - size.log10().floor() as i32).clamp(0, 10) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

/// The text at a tick of the x axis.
pub(super) fn x_text(axis: XAxis, value: f64, span: f64) -> String {
    match axis {
        XAxis::Step => number(value),
        XAxis::Relative => duration(value, span),
        XAxis::WallTime => match seconds_ms(value).map(iso) {
            Some(text) if span > 5.0 * 86_400.0 => text.get(0..10).unwrap_or(&text).to_owned(),
            Some(text) if span > 300.0 => text.get(5..16).unwrap_or(&text).replace('T', " "),
            Some(text) => text.get(11..19).unwrap_or(&text).to_owned(),
            None => number(value),
        },
    }
}

fn duration(seconds: f64, span: f64) -> String {
    if span < 120.0 {
        return format!("{} s", number(seconds));
    }
    if span < 7200.0 {
        return format!("{} min", number(seconds / 60.0));
    }
    if span < 4.0 * 86_400.0 {
        return format!("{} h", number(seconds / 3600.0));
    }
    format!("{} d", number(seconds / 86_400.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_places() {
        assert_eq!(
            linear(0.0, 1.0, 5),
            [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
        );
        assert_eq!(linear(-3.0, 12.0, 4), [0.0, 5.0, 10.0]);
        assert_eq!(
            logarithmic(0.001, 100.0, 5),
            [0.001, 0.01, 0.1, 1.0, 10.0, 100.0]
        );
        assert!(linear(f64::NAN, 1.0, 5).is_empty());
        assert!(linear(1e16, 1e16 + 2.0, 5).is_empty());
        assert_eq!(
            times(0.0, 3600.0, 6),
            [0.0, 600.0, 1200.0, 1800.0, 2400.0, 3000.0, 3600.0]
        );
    }

    #[test]
    fn short_numbers() {
        for (value, text) in [
            (0.6000000000000001, "0.6"),
            (1e-5, "1e-5"),
            (1234.5, "1234.5"),
            (2e9, "2e9"),
            (-0.25, "-0.25"),
            (100.0, "100"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(x_text(XAxis::WallTime, 1_795_477_094.0, 10.0), "23:38:14");
        assert_eq!(x_text(XAxis::Relative, 5400.0, 10_000.0), "1.5 h");
    }
}
