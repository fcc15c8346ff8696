//! Extremes of every stretch of a series, kept ready.

use super::{Builder, Reduced, View, m4};
use crate::series::is_plain;

/// Points per leaf block of a pyramid.
const BLOCK: usize = 32;
/// Blocks per block of the next level.
const FAN: usize = 8;
/// Most levels there can be: 2^32 points in blocks of 32, then by 8.
const LEVELS: usize = 11;

/// Smallest and largest value per block of points, per block of blocks, and so on: about
/// 0.7 bytes per point. Only for series whose x never decreases.
#[derive(Clone, Debug)]
pub struct Pyramid {
    levels: Vec<Level>,
    /// Indices of points that are not finite, ascending.
    odd: Vec<u32>,
    len: usize,
}

/// Extremes of the blocks of one level; infinities where a block has no finite value.
#[derive(Clone, Debug, Default)]
struct Level {
    low: Vec<f64>,
    high: Vec<f64>,
    /// Which point (or block of the level below) of the block holds them first.
    places: Vec<(u8, u8)>,
}

impl Level {
    fn push(&mut self, low: impl Iterator<Item = f64>, high: impl Iterator<Item = f64>) {
        let (mut least, mut most) = ((0u8, f64::INFINITY), (0u8, f64::NEG_INFINITY));
        for (place, (low, high)) in (0u8..).zip(low.zip(high)) {
            if low < least.1 {
                least = (place, low);
            }
            if high > most.1 {
                most = (place, high);
            }
        }
        self.low.push(least.1);
        self.high.push(most.1);
        self.places.push((least.0, most.0));
    }
}

/// A stretch of a range that is looked at as a whole: points (`level` is 0) or blocks of the
/// level below `level`.
#[derive(Clone, Copy, Default)]
struct Stretch {
    level: usize,
    from: usize,
    to: usize,
}

impl Pyramid {
    /// Builds one in O(n); `None` when x decreases somewhere, is not finite, or there are
    /// more than 2^32 points: use [`m4`] then.
    pub fn new(x: &[f64], y: &[f64]) -> Option<Self> {
        let len = x.len();
        if len != y.len()
            || !x.is_sorted()
            // Sorted, so what is not finite stands at an end.
            || !x.first().is_none_or(|x| x.is_finite())
            || !x.last().is_none_or(|x| x.is_finite())
        {
            return None;
        }
        Self::over(y)
    }

    /// Builds one over values whose x is known to be finite and never to decrease; `None` for
    /// more than 2^32 points.
    pub(crate) fn over(y: &[f64]) -> Option<Self> {
        let len = y.len();
        u32::try_from(len).ok()?;
        let odd = (0u32..)
            .zip(y)
            .filter(|(_, y)| !is_plain(**y))
            .map(|(i, _)| i)
            .collect();
        let plain = |values: &[f64], other: f64| {
            let pick = move |v: &f64| if is_plain(*v) { *v } else { other };
            values.iter().map(pick).collect::<Vec<_>>()
        };
        let mut leaf = Level::default();
        for block in y.chunks(BLOCK) {
            let (low, high) = (plain(block, f64::INFINITY), plain(block, f64::NEG_INFINITY));
            leaf.push(low.into_iter(), high.into_iter());
        }
        let mut levels = vec![leaf];
        while let Some(below) = levels.last().filter(|level| level.low.len() > FAN) {
            let mut next = Level::default();
            for (low, high) in below.low.chunks(FAN).zip(below.high.chunks(FAN)) {
                next.push(low.iter().copied(), high.iter().copied());
            }
            levels.push(next);
        }
        Some(Self { levels, odd, len })
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let blocks: usize = self.levels.iter().map(|level| level.low.len()).sum();
        18 * blocks + 4 * self.odd.len()
    }

    /// The same result as [`m4`], touching only the pixel columns' borders. `x` and `y` must
    /// be those the pyramid was built from.
    pub fn reduce(&self, x: &[f64], y: &[f64], view: &View) -> Reduced {
        if x.len() != self.len || y.len() != self.len {
            return m4(x, y, view);
        }
        self.reduce_with(|i| x[i], y, view)
    }

    /// [`Pyramid::reduce`] over the x coordinates that `x` gives for each index.
    pub(crate) fn reduce_with(
        &self,
        x: impl Fn(usize) -> f64 + Copy,
        y: &[f64],
        view: &View,
    ) -> Reduced {
        let mut out = Reduced::default();
        let Some(scale) = view.scale() else {
            return out;
        };
        if y.len() != self.len {
            return out;
        }
        let mut positive = 0;
        if view.log_x {
            positive = first_not(0, self.len, |i| x(i) <= 0.0);
            out.no_x = positive;
        }
        let mut start = first_not(positive, self.len, |i| x(i) < view.from);
        let inside = first_not(start, self.len, |i| x(i) <= view.to);
        let mut builder = Builder::new(&mut out, view);
        if let Some(i) = start.checked_sub(1).filter(|&i| i >= positive) {
            builder.point(-1, i, x(i), y[i]);
        }
        let columns = view.columns.max(1) as i64;
        // Steps are mostly even: a column ends about as far on as the one before it did.
        let mut width = (inside - start).div_ceil(view.columns.max(1));
        while start < inside {
            let at = view.column(scale, x(start));
            let end = if at == columns - 1 {
                inside
            } else {
                // The border as a number first, then exactly as `column` rounds.
                let edge = view.border(scale, at + 1);
                let mut end = border(start, inside, start + width, |i| x(i) < edge);
                while end < inside && view.column(scale, x(end)) <= at {
                    end += 1;
                }
                while end > start + 1 && view.column(scale, x(end - 1)) > at {
                    end -= 1;
                }
                end
            };
            width = end - start;
            self.column(&mut builder, at, start..end, x, y);
            start = end;
        }
        if inside < self.len {
            builder.point(columns, inside, x(inside), y[inside]);
        }
        builder.finish();
        out
    }

    fn column(
        &self,
        builder: &mut Builder<'_>,
        at: i64,
        range: std::ops::Range<usize>,
        x: impl Fn(usize) -> f64,
        y: &[f64],
    ) {
        let clean = self.odd.is_empty() || {
            let odd = self.odd.partition_point(|&i| (i as usize) < range.start);
            self.odd.get(odd).is_none_or(|&i| i as usize >= range.end)
        };
        if !clean {
            for i in range {
                builder.point(at, i, x(i), y[i]);
            }
            return;
        }
        let (low, high) = self.extremes(range.clone(), y);
        let place = |i: usize| (i, [x(i), y[i]]);
        builder.whole_column(
            at,
            [
                place(range.start),
                place(low),
                place(high),
                place(range.end - 1),
            ],
            range.len(),
        );
    }

    /// First smallest and first largest value in a range of finite points: values first, the
    /// places only of what was found.
    fn extremes(&self, range: std::ops::Range<usize>, y: &[f64]) -> (usize, usize) {
        let mut stretches = [Stretch::default(); 2 * LEVELS + 1];
        let count = stretches_of(range, self.levels.len(), &mut stretches);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut low, mut high) = (stretches[0], stretches[0]);
        for stretch in &stretches[..count] {
            let (lows, highs) = self.values(*stretch, y);
            let (a, b) = if stretch.level == 0 {
                both(lows)
            } else {
                (
                    fold(lows, |v, best| v < best),
                    fold(highs, |v, best| v > best),
                )
            };
            if a < least {
                (least, low) = (a, *stretch);
            }
            if b > most {
                (most, high) = (b, *stretch);
            }
        }
        (
            self.find(low, y, least, |level| &level.low, |place| place.0),
            self.find(high, y, most, |level| &level.high, |place| place.1),
        )
    }

    fn values<'a>(&'a self, stretch: Stretch, y: &'a [f64]) -> (&'a [f64], &'a [f64]) {
        let range = stretch.from..stretch.to;
        match stretch.level.checked_sub(1) {
            None => (&y[range.clone()], &y[range]),
            Some(level) => {
                let level = &self.levels[level];
                (&level.low[range.clone()], &level.high[range])
            }
        }
    }

    /// The first point of a stretch that has this value, which one of them has.
    fn find(
        &self,
        stretch: Stretch,
        y: &[f64],
        value: f64,
        values: impl Fn(&Level) -> &[f64],
        place: impl Fn(&(u8, u8)) -> u8,
    ) -> usize {
        let first = |values: &[f64]| values.iter().position(|v| *v == value).unwrap_or(0);
        let range = stretch.from..stretch.to;
        let Some(level) = stretch.level.checked_sub(1) else {
            return stretch.from + first(&y[range]);
        };
        let mut block = stretch.from + first(&values(&self.levels[level])[range]);
        for level in (0..=level).rev() {
            let size = if level == 0 { BLOCK } else { FAN };
            block = block * size + usize::from(place(&self.levels[level].places[block]));
        }
        block
    }
}

/// Cuts a range of points into stretches of points and whole blocks, in order; says how many.
fn stretches_of(
    range: std::ops::Range<usize>,
    levels: usize,
    out: &mut [Stretch; 2 * LEVELS + 1],
) -> usize {
    let mut tails = [Stretch::default(); LEVELS];
    let (mut heads, mut behind) = (0, 0);
    let (mut from, mut to) = (range.start, range.end);
    let mut level = 0;
    loop {
        let size = if level == 0 { BLOCK } else { FAN };
        let inner = (from.div_ceil(size), to / size);
        let few = level > 0 && to - from <= 2 * FAN;
        if few || level == levels || inner.1 <= inner.0 {
            out[heads] = Stretch { level, from, to };
            heads += 1;
            break;
        }
        if from < inner.0 * size {
            out[heads] = Stretch {
                level,
                from,
                to: inner.0 * size,
            };
            heads += 1;
        }
        if inner.1 * size < to {
            tails[behind] = Stretch {
                level,
                from: inner.1 * size,
                to,
            };
            behind += 1;
        }
        (from, to) = inner;
        level += 1;
    }
    for stretch in tails[..behind].iter().rev() {
        out[heads] = *stretch;
        heads += 1;
    }
    heads
}

fn both(values: &[f64]) -> (f64, f64) {
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    let (pairs, rest) = values.as_chunks::<2>();
    for pair in pairs {
        for lane in 0..2 {
            low[lane] = if pair[lane] < low[lane] {
                pair[lane]
            } else {
                low[lane]
            };
            high[lane] = if pair[lane] > high[lane] {
                pair[lane]
            } else {
                high[lane]
            };
        }
    }
    for &v in rest.iter() {
        low[0] = if v < low[0] { v } else { low[0] };
        high[0] = if v > high[0] { v } else { high[0] };
    }
    (
        if low[1] < low[0] { low[1] } else { low[0] },
        if high[1] > high[0] { high[1] } else { high[0] },
    )
}

fn fold(values: &[f64], better: impl Fn(f64, f64) -> bool) -> f64 {
    let mut values = values.iter().copied();
    let first = values.next().unwrap_or(0.0);
    values.fold(first, |best, v| if better(v, best) { v } else { best })
}

/// The first index from `start` on for which `before` does not hold; at most `end`.
fn first_not(start: usize, end: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (start, end);
    while low < high {
        let middle = usize::midpoint(low, high);
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The first index from `start` on for which `left` does not hold, looked for around `guess`;
/// at most `len`. `left` holds for `start`.
fn border(start: usize, len: usize, guess: usize, left: impl Fn(usize) -> bool) -> usize {
    let guess = guess.clamp(start + 1, len);
    let (mut low, mut high);
    if left(guess - 1) {
        // `low` holds, `high` does not.
        let mut step = 1;
        low = guess - 1;
        while low + step < len && left(low + step) {
            low += step;
            step *= 2;
        }
        high = (low + step).min(len);
    } else {
        let mut step = 1;
        high = guess - 1;
        while high > start + step && !left(high - step) {
            high -= step;
            step *= 2;
        }
        low = high.saturating_sub(step).max(start);
    }
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if left(middle) {
            low = middle
        } else {
            high = middle
        }
    }
    high
}
