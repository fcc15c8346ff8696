//! Points as bytes: each column by itself, as small as it can be without losing a bit.
//!
//! Steps and times are mostly even or nearly so: kept are the first one and, per point, what
//! its distance to the one before has above the smallest distance, in 0, 1, 2 or 4 bytes.
//! Values are kept as they are, in four bytes each where all of them fit (TensorBoard).

use crate::series::{Series, Times};

/// Why bytes are no points: damaged, cut, or of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damaged;

const MISSING: u8 = 0;
const PACKED: u8 = 1;
const PLAIN: u8 = 2;
const SHORT: u8 = 3;

/// Encodes the points from `from` to `to`.
pub(crate) fn encode(series: &Series, from: usize, to: usize) -> Vec<u8> {
    let range = from..to;
    let mut out = Vec::with_capacity(64 + 10 * range.len());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(range.len() as u32).to_le_bytes());
    let (whole, micro) = series.steps.parts();
    integers(&whole[range.clone()], &mut out);
    match micro.get(range.clone()) {
        Some(micro) if micro.iter().any(|m| *m != 0) => {
            out.push(PLAIN);
            micro
                .iter()
                .for_each(|m| out.extend_from_slice(&m.to_le_bytes()));
        }
        _ => out.push(MISSING),
    }
    match series.times_ms.raw().get(range.clone()) {
        Some(times) if times.iter().any(|t| *t != Times::NONE) => integers(times, &mut out),
        _ => out.push(MISSING),
    }
    let values = &series.values[range];
    let fits = |v: &f64| f64::from(*v as f32).to_bits() == v.to_bits();
    if values.iter().all(fits) {
        out.push(SHORT);
        for value in values {
            out.extend_from_slice(&(*value as f32).to_le_bytes());
        }
    } else {
        out.push(PLAIN);
        for value in values {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
    let check = crc32fast::hash(&out[4..]);
    out[..4].copy_from_slice(&check.to_le_bytes());
    out
}

/// Appends the points that `bytes` hold.
pub(crate) fn decode(bytes: &[u8], series: &mut Series) -> Result<(), Damaged> {
    let (check, content) = bytes.split_first_chunk::<4>().ok_or(Damaged)?;
    if crc32fast::hash(content) != u32::from_le_bytes(*check) {
        return Err(Damaged);
    }
    let mut input = Input(content);
    let count = u32::from_le_bytes(input.take()?) as usize;
    let steps = Column::read(&mut input, count)?;
    let micro: Vec<u32> = match input.take::<1>()? {
        [PLAIN] => input
            .many(4, count)?
            .as_chunks::<4>()
            .0
            .iter()
            .map(|b| u32::from_le_bytes(*b))
            .collect(),
        [MISSING] => Vec::new(),
        _ => return Err(Damaged),
    };
    let times = Column::read(&mut input, count)?;
    let values = match input.take::<1>()? {
        [SHORT] => Some(input.many(4, count)?),
        [PLAIN] => None,
        _ => return Err(Damaged),
    };
    let long = match values {
        Some(_) => &[],
        None => input.many(8, count)?,
    };
    // Nothing is appended before all of it is known to be there.
    if matches!(steps, Column::Missing) && count > 0 {
        return Err(Damaged);
    }
    series.steps.extend(|whole| steps.fill(whole), &micro);
    let fill = (!matches!(times, Column::Missing)).then_some(|ms: &mut Vec<i64>| times.fill(ms));
    series.times_ms.extend(count, fill);
    match values {
        Some(short) => {
            let (values, _) = short.as_chunks::<4>();
            let values = values.iter().map(|b| f64::from(f32::from_le_bytes(*b)));
            series.values.extend(values);
        }
        None => {
            let (values, _) = long.as_chunks::<8>();
            series
                .values
                .extend(values.iter().map(|b| f64::from_le_bytes(*b)));
        }
    }
    Ok(())
}

/// A column of integers. `PACKED`: first, smallest distance, bytes per point, the rest.
fn integers(values: &[i64], out: &mut Vec<u8>) {
    let Some((&first, _)) = values.split_first() else {
        out.push(MISSING);
        return;
    };
    let mut least = i64::MAX;
    let mut most = i64::MIN;
    let mut fits = true;
    for pair in values.windows(2) {
        match pair[1].checked_sub(pair[0]) {
            Some(distance) => {
                least = least.min(distance);
                most = most.max(distance);
            }
            None => fits = false,
        }
    }
    if values.len() < 2 {
        (least, most) = (0, 0);
    }
    let span = most.checked_sub(least).and_then(|s| u32::try_from(s).ok());
    let Some(span) = span.filter(|_| fits) else {
        out.push(PLAIN);
        values
            .iter()
            .for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
        return;
    };
    let width = match span {
        0 => 0u8,
        1..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 4,
    };
    out.push(PACKED);
    out.extend_from_slice(&first.to_le_bytes());
    out.extend_from_slice(&least.to_le_bytes());
    out.push(width);
    if width > 0 {
        for pair in values.windows(2) {
            let above = (pair[1] - pair[0] - least) as u32;
            out.extend_from_slice(&above.to_le_bytes()[..usize::from(width)]);
        }
    }
}

/// A column of integers as it stands in the bytes.
enum Column<'a> {
    Missing,
    Plain(&'a [u8]),
    Packed {
        first: i64,
        least: i64,
        width: usize,
        count: usize,
        above: &'a [u8],
    },
}

impl<'a> Column<'a> {
    fn read(input: &mut Input<'a>, count: usize) -> Result<Self, Damaged> {
        match input.take::<1>()? {
            [MISSING] => Ok(Self::Missing),
            [PLAIN] => Ok(Self::Plain(input.many(8, count)?)),
            [PACKED] if count > 0 => {
                let first = i64::from_le_bytes(input.take()?);
                let least = i64::from_le_bytes(input.take()?);
                let [width @ (0 | 1 | 2 | 4)] = input.take::<1>()? else {
                    return Err(Damaged);
                };
                let width = usize::from(width);
                let above = input.many(width, count - 1)?;
                Ok(Self::Packed {
                    first,
                    least,
                    width,
                    count,
                    above,
                })
            }
            _ => Err(Damaged),
        }
    }

    fn fill(&self, out: &mut Vec<i64>) {
        match *self {
            Self::Missing => {}
            Self::Plain(bytes) => {
                let (values, _) = bytes.as_chunks::<8>();
                out.extend(values.iter().map(|b| i64::from_le_bytes(*b)));
            }
            Self::Packed {
                first,
                least,
                width,
                count,
                above,
            } => {
                out.push(first);
                let mut at = first;
                // Wrapping: what is damaged in spite of the checksum must not panic.
                let mut next = |above: u32| {
                    at = at.wrapping_add(least).wrapping_add(i64::from(above));
                    at
                };
                match width {
                    0 => out.extend((1..count).map(|_| next(0))),
                    1 => out.extend(above.iter().map(|b| next(u32::from(*b)))),
                    2 => {
                        let (above, _) = above.as_chunks::<2>();
                        out.extend(
                            above
                                .iter()
                                .map(|b| next(u32::from(u16::from_le_bytes(*b)))),
                        );
                    }
                    _ => {
                        let (above, _) = above.as_chunks::<4>();
                        out.extend(above.iter().map(|b| next(u32::from_le_bytes(*b))));
                    }
                }
            }
        }
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (now, rest) = self.0.split_first_chunk::<N>().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*now)
    }

    fn many(&mut self, size: usize, count: usize) -> Result<&'a [u8], Damaged> {
        let bytes = size.checked_mul(count).ok_or(Damaged)?;
        let (now, rest) = self.0.split_at_checked(bytes).ok_or(Damaged)?;
        self.0 = rest;
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Step;

    fn bits(series: &Series) -> Vec<(Step, Option<i64>, u64)> {
        series
            .iter()
            .map(|(step, time, value)| (step, time, value.to_bits()))
            .collect()
    }

    fn back(series: &Series) -> Series {
        let mut again = Series::default();
        for from in (0..series.len()).step_by(7) {
            let bytes = encode(series, from, (from + 7).min(series.len()));
            decode(&bytes, &mut again).unwrap();
        }
        again
    }

    #[test]
    fn every_bit_comes_back() {
        let steps = [
            0,
            1,
            2,
            2,
            2,
            -5,
            i64::MAX,
            i64::MIN,
            3,
            1 << 40,
            7,
            300,
            70_000,
        ];
        let nan = f64::from_bits(0x7ff8_dead_beef_0001);
        let short_nan = f64::from(f32::from_bits(0x7fc1_2345));
        for values in [
            vec![0.1, nan, -0.0, f64::INFINITY, 5e-324, f64::MAX],
            vec![0.5, short_nan, -0.0, f64::NEG_INFINITY, 1.25],
        ] {
            for timed in 0..3 {
                for micro in [0, 250_000] {
                    let mut series = Series::default();
                    for i in 0..60 {
                        let step = Step {
                            whole: steps[i * 5 % steps.len()],
                            micro: if i % 3 == 0 { micro } else { 0 },
                        };
                        let time = (timed > 0 && (timed == 1 || i % 4 != 1))
                            .then(|| 1_790_000_000_000 + (i * i) as i64 * 100);
                        series.push(step, time, values[i % values.len()]);
                    }
                    assert_eq!(bits(&back(&series)), bits(&series));
                    assert_eq!(back(&series).times_ms, series.times_ms);
                }
            }
        }
    }

    #[test]
    fn even_steps_and_short_values_are_small() {
        let mut series = Series::default();
        for i in 0..1000 {
            series.push(
                Step::from(i * 10),
                Some(1_000_000 + i * 250),
                i as f64 / 4.0,
            );
        }
        assert!(encode(&series, 0, 1000).len() < 4100);
    }

    #[test]
    fn damage_anywhere_is_noticed() {
        let mut series = Series::default();
        for i in 0..50 {
            series.push(Step::from(i * i), Some(i), 0.1 * i as f64);
        }
        let bytes = encode(&series, 0, 50);
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 0x10;
            assert_eq!(
                decode(&broken, &mut Series::default()),
                Err(Damaged),
                "{at}"
            );
            assert_eq!(
                decode(&bytes[..at], &mut Series::default()),
                Err(Damaged),
                "{at}"
            );
        }
    }
}
