//! Extremes of every stretch of a series, kept ready.

use super::{Builder, Reduced, View, m4};
use crate::series::is_plain;

/// Points per leaf block of a pyramid.
const BLOCK: usize = 16;
/// Blocks per block of the next level.
const FAN: usize = 8;

/// Smallest and largest value per block of points, per block of blocks, and so on: about
/// 0.6 bytes per point. Only for series whose x never decreases.
#[derive(Clone, Debug)]
pub struct Pyramid {
    /// Per level: indices of the smallest and the largest finite value of each block.
    levels: Vec<Vec<(u32, u32)>>,
    /// Indices of points that are not finite, ascending.
    odd: Vec<u32>,
    len: usize,
}

impl Pyramid {
    /// Builds one in O(n); `None` when x decreases somewhere, is not finite, or there are
    /// more than 2^32 points: use [`m4`] then.
    pub fn new(x: &[f64], y: &[f64]) -> Option<Self> {
        let len = x.len();
        if len != y.len()
            || u32::try_from(len).is_err()
            || !x.is_sorted()
            || !x.iter().all(|x| x.is_finite())
        {
            return None;
        }
        let odd = (0..len)
            .filter(|&i| !is_plain(y[i]))
            .map(|i| i as u32)
            .collect();
        let leaf = |start: usize| {
            extremes(
                y,
                start..(start + BLOCK).min(len),
                (start as u32, start as u32),
            )
        };
        let mut levels = vec![(0..len).step_by(BLOCK).map(leaf).collect::<Vec<_>>()];
        while let Some(below) = levels.last().filter(|level| level.len() > FAN) {
            let next = below.chunks(FAN).map(|chunk| join(y, chunk)).collect();
            levels.push(next);
        }
        Some(Self { levels, odd, len })
    }

    /// The same result as [`m4`], touching only the pixel columns' borders. `x` and `y` must
    /// be those the pyramid was built from.
    pub fn reduce(&self, x: &[f64], y: &[f64], view: &View) -> Reduced {
        let mut out = Reduced::default();
        let Some(scale) = view.scale() else {
            return out;
        };
        if x.len() != self.len || y.len() != self.len {
            return m4(x, y, view);
        }
        let mut start = 0;
        if view.log_x {
            start = x.partition_point(|&x| x <= 0.0);
            out.no_x = start;
        }
        let column = |i: usize| view.column(scale, x[i]);
        let positive = start;
        start += x[start..].partition_point(|&x| view.column(scale, x) < 0);
        let mut builder = Builder::new(&mut out, view);
        if let Some(i) = start.checked_sub(1).filter(|&i| i >= positive) {
            builder.point(-1, i, x[i], y[i]);
        }
        let columns = view.columns.max(1) as i64;
        while start < self.len {
            let at = column(start);
            if at >= columns {
                builder.point(at, start, x[start], y[start]);
                break;
            }
            // The border as a number first, then exactly as `column` rounds.
            let edge = view.border(scale, at + 1);
            let mut end = gallop(start, self.len, |i| x[i] < edge);
            while end < self.len && column(end) <= at {
                end += 1;
            }
            while end > start + 1 && column(end - 1) > at {
                end -= 1;
            }
            self.column(&mut builder, at, start..end, x, y);
            start = end;
        }
        builder.finish();
        out
    }

    fn column(
        &self,
        builder: &mut Builder<'_>,
        at: i64,
        range: std::ops::Range<usize>,
        x: &[f64],
        y: &[f64],
    ) {
        let odd = self.odd.partition_point(|&i| (i as usize) < range.start);
        let clean = self.odd.get(odd).is_none_or(|&i| i as usize >= range.end);
        if !clean {
            for i in range {
                builder.point(at, i, x[i], y[i]);
            }
            return;
        }
        let best = self.extremes(range.clone(), y);
        let place = |i: usize| (i, [x[i], y[i]]);
        builder.whole_column(
            at,
            [
                place(range.start),
                place(best.low),
                place(best.high),
                place(range.end - 1),
            ],
            range.len(),
        );
    }

    /// First smallest and first largest value in a range of finite points.
    fn extremes(&self, range: std::ops::Range<usize>, y: &[f64]) -> Best {
        let first = y[range.start];
        let mut best = Best {
            low: range.start,
            high: range.start,
            least: first,
            most: first,
        };
        let (mut from, mut to) = (range.start.div_ceil(BLOCK), range.end / BLOCK);
        if to <= from {
            best.scan(y, range);
            return best;
        }
        best.scan(y, range.start..from * BLOCK);
        best.scan(y, to * BLOCK..range.end);
        for level in &self.levels {
            let inner = (from.next_multiple_of(FAN), to / FAN * FAN);
            if inner.1 <= inner.0 || level.len() <= FAN {
                level[from..to]
                    .iter()
                    .for_each(|&block| best.block(y, block));
                break;
            }
            level[from..inner.0]
                .iter()
                .chain(&level[inner.1..to])
                .for_each(|&block| best.block(y, block));
            (from, to) = (inner.0 / FAN, inner.1 / FAN);
        }
        best
    }
}

/// The extremes found so far; of equal values the earlier.
struct Best {
    low: usize,
    high: usize,
    least: f64,
    most: f64,
}

impl Best {
    fn low(&mut self, i: usize, value: f64) {
        if value < self.least || (value == self.least && i < self.low) {
            (self.low, self.least) = (i, value);
        }
    }

    fn high(&mut self, i: usize, value: f64) {
        if value > self.most || (value == self.most && i < self.high) {
            (self.high, self.most) = (i, value);
        }
    }

    fn block(&mut self, y: &[f64], (low, high): (u32, u32)) {
        self.low(low as usize, y[low as usize]);
        self.high(high as usize, y[high as usize]);
    }

    /// Looks at every point of a range without NaN: values first, four at a time, places
    /// only where something was found.
    fn scan(&mut self, y: &[f64], range: std::ops::Range<usize>) {
        let part = &y[range.clone()];
        let Some(&first) = part.first() else { return };
        let (mut least, mut most) = ([first; 4], [first; 4]);
        let (chunks, rest) = part.as_chunks::<4>();
        for chunk in chunks {
            for lane in 0..4 {
                least[lane] = if chunk[lane] < least[lane] {
                    chunk[lane]
                } else {
                    least[lane]
                };
                most[lane] = if chunk[lane] > most[lane] {
                    chunk[lane]
                } else {
                    most[lane]
                };
            }
        }
        let least = least
            .into_iter()
            .chain(rest.iter().copied())
            .fold(first, f64::min);
        let most = most
            .into_iter()
            .chain(rest.iter().copied())
            .fold(first, f64::max);
        if least <= self.least
            && let Some(i) = part.iter().position(|v| *v == least)
        {
            self.low(range.start + i, least);
        }
        if most >= self.most
            && let Some(i) = part.iter().position(|v| *v == most)
        {
            self.high(range.start + i, most);
        }
    }
}

/// The end of the stretch from `start` for which `same` holds.
fn gallop(start: usize, len: usize, same: impl Fn(usize) -> bool) -> usize {
    let mut step = 1;
    let mut low = start;
    while low + step < len && same(low + step) {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(len);
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if same(middle) {
            low = middle
        } else {
            high = middle
        }
    }
    high
}

fn extremes(y: &[f64], range: std::ops::Range<usize>, start: (u32, u32)) -> (u32, u32) {
    let mut best = start;
    for i in range {
        best = better(y, best, (i as u32, i as u32));
    }
    best
}

fn join(y: &[f64], blocks: &[(u32, u32)]) -> (u32, u32) {
    blocks
        .iter()
        .copied()
        .reduce(|a, b| better(y, a, b))
        .unwrap_or((0, 0))
}

/// The smaller low and the larger high; of equals the earlier, of odd ones neither.
fn better(y: &[f64], a: (u32, u32), b: (u32, u32)) -> (u32, u32) {
    let at = |i: u32| y[i as usize];
    let pick = |a: u32, b: u32, sign: f64| {
        let (va, vb) = (at(a) * sign, at(b) * sign);
        match (is_plain(va), is_plain(vb)) {
            (false, true) => b,
            (true, true) if vb < va || (vb == va && b < a) => b,
            _ => a,
        }
    };
    (pick(a.0, b.0, 1.0), pick(a.1, b.1, -1.0))
}
