//! Extremes of every stretch of a series, kept ready.

use super::{Builder, Kept, PER_COLUMN, Reduced, View, min_max};
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

/// Values per line of the processor's caches.
const LINE: usize = 8;

/// The points of a pixel column; one at least.
struct Span {
    column: i64,
    from: usize,
    to: usize,
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
    /// more than 2^32 points: use [`min_max`] then.
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

    /// The same result as [`min_max`], touching only the pixel columns' borders. `x` and `y` must
    /// be those the pyramid was built from.
    pub fn reduce(&self, x: &[f64], y: &[f64], view: &View) -> Reduced {
        if x.len() != self.len || y.len() != self.len {
            return min_max(x, y, view);
        }
        self.reduce_with(|i| x[i], |_| None, y, view)
    }

    /// [`Pyramid::reduce`] over the x coordinates that `x` gives for each index. `index` gives
    /// about which index a coordinate has, where that can be told without a search.
    pub(crate) fn reduce_with(
        &self,
        x: impl Fn(usize) -> f64 + Copy,
        index: impl Fn(f64) -> Option<usize>,
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
        let start = first_not(positive, self.len, |i| x(i) < view.from);
        let inside = first_not(start, self.len, |i| x(i) <= view.to);
        let columns = view.columns.max(1);
        let all = inside - start <= PER_COLUMN * columns;
        let mut builder = Builder::new(&mut out, view, all, |i| [x(i), y[i]]);
        if let Some(i) = start.checked_sub(1).filter(|&i| i >= positive) {
            builder.point(-1, i);
        }
        if all {
            for i in start..inside {
                builder.point(view.column(scale, x(i)), i);
            }
        } else {
            let spans = spans(x, index, view, scale, start..inside);
            self.fetch(&spans, y);
            let extremes: Vec<Option<(usize, usize)>> = spans
                .iter()
                .map(|span| {
                    self.is_clean(span)
                        .then(|| self.extremes(span.from..span.to, y))
                })
                .collect();
            // Last and together what is spread over the memory of `x`: much of it is under
            // way at a time.
            for (span, extremes) in spans.iter().zip(extremes) {
                let Some((low, high)) = extremes else {
                    (span.from..span.to).for_each(|i| builder.point(span.column, i));
                    continue;
                };
                let kept = Kept {
                    first: span.from,
                    low,
                    high,
                    last: span.to - 1,
                };
                builder.column_of(span.column, kept, span.to - span.from);
            }
        }
        if inside < self.len {
            builder.point(columns as i64, inside);
        }
        builder.finish();
        out
    }

    /// Whether all points of a column are finite.
    fn is_clean(&self, span: &Span) -> bool {
        self.odd.is_empty() || {
            let odd = self.odd.partition_point(|&i| (i as usize) < span.from);
            self.odd.get(odd).is_none_or(|&i| i as usize >= span.to)
        }
    }

    /// Has the parts of blocks at the borders of wide columns brought into the processor's
    /// caches: one after the other each would be waited for.
    fn fetch(&self, spans: &[Span], y: &[f64]) {
        let wide = |span: &&Span| span.to - span.from > 2 * BLOCK;
        let mut sum = 0.0;
        for span in spans.iter().filter(wide) {
            let block = span.from / BLOCK * BLOCK;
            for line in (0..BLOCK).step_by(LINE) {
                sum += y.get(block + line).copied().unwrap_or_default();
            }
        }
        std::hint::black_box(sum);
    }

    /// First smallest and first largest value in a range of finite points.
    #[inline]
    fn extremes(&self, range: std::ops::Range<usize>, y: &[f64]) -> (usize, usize) {
        let blocks = range.start.div_ceil(BLOCK)..range.end / BLOCK;
        if range.len() < 2 * BLOCK || blocks.is_empty() {
            let (least, most) = both(&y[range.clone()]);
            return (
                range.start + position(&y[range.clone()], least),
                range.start + position(&y[range], most),
            );
        }
        if blocks.len() > 2 * FAN {
            return self.extremes_of_many(range, y);
        }
        // A part of a block, some blocks, and again a part: values first, the places only of
        // what was found.
        let head = range.start..blocks.start * BLOCK;
        let tail = blocks.end * BLOCK..range.end;
        let leaf = &self.levels[0];
        let parts = [both(&y[head.clone()]), both(&y[tail.clone()])];
        let inner = (
            smallest(&leaf.low[blocks.clone()]),
            largest(&leaf.high[blocks.clone()]),
        );
        let least = inner.0.min(parts[0].0).min(parts[1].0);
        let most = inner.1.max(parts[0].1).max(parts[1].1);
        let low = if parts[0].0 == least {
            head.start + position(&y[head.clone()], least)
        } else if inner.0 == least {
            let block = blocks.start + position(&leaf.low[blocks.clone()], least);
            block * BLOCK + usize::from(leaf.places[block].0)
        } else {
            tail.start + position(&y[tail.clone()], least)
        };
        let high = if parts[0].1 == most {
            head.start + position(&y[head], most)
        } else if inner.1 == most {
            let block = blocks.start + position(&leaf.high[blocks], most);
            block * BLOCK + usize::from(leaf.places[block].1)
        } else {
            tail.start + position(&y[tail], most)
        };
        (low, high)
    }

    /// [`Pyramid::extremes`] of a range with blocks of blocks.
    fn extremes_of_many(&self, range: std::ops::Range<usize>, y: &[f64]) -> (usize, usize) {
        let mut stretches = [Stretch::default(); 2 * LEVELS + 1];
        let count = stretches_of(range, self.levels.len(), &mut stretches);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut low, mut high) = (stretches[0], stretches[0]);
        for stretch in &stretches[..count] {
            let (lows, highs) = self.values(*stretch, y);
            let (a, b) = if stretch.level == 0 {
                both(lows)
            } else {
                (smallest(lows), largest(highs))
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
        let range = stretch.from..stretch.to;
        let Some(level) = stretch.level.checked_sub(1) else {
            return stretch.from + position(&y[range], value);
        };
        let mut block = stretch.from + position(&values(&self.levels[level])[range], value);
        for level in (0..=level).rev() {
            let size = if level == 0 { BLOCK } else { FAN };
            block = block * size + usize::from(place(&self.levels[level].places[block]));
        }
        block
    }
}

/// Cuts the points of a view into pixel columns.
fn spans(
    x: impl Fn(usize) -> f64 + Copy,
    index: impl Fn(f64) -> Option<usize>,
    view: &View,
    scale: (f64, f64),
    range: std::ops::Range<usize>,
) -> Vec<Span> {
    let columns = view.columns.max(1);
    let (mut start, end) = (range.start, range.end);
    let mut spans = Vec::with_capacity(columns.min(end - start));
    // Where a coordinate is if points are about evenly apart.
    let (first, last) = (x(start), x(end - 1));
    let per = (end - 1 - start) as f64 / (last - first);
    let even = |edge: f64| {
        let place = (edge - first) * per;
        // Cut off, not rounded: it is a guess.
        (place.is_finite() && !view.log_x).then(|| start + place as usize)
    };
    if index(first).is_none() {
        // All guesses at once, so that memory is waited for once and not for each.
        let guesses = (0..columns as i64).filter_map(|column| even(view.border(scale, column)));
        let sum: f64 = guesses.map(|guess| x(guess.clamp(start, end - 1))).sum();
        std::hint::black_box(sum);
    }
    let even = |edge: f64, from: usize, width: usize| {
        let place = range.start + ((edge - first) * per) as usize;
        // Where points are not evenly apart, the column before is a better guide.
        let near = !view.log_x && place.abs_diff(from + width) <= 2 * BLOCK;
        if near { place } else { from + width }
    };
    let mut width = (end - start).div_ceil(columns);
    while start < end {
        let column = view.column(scale, x(start));
        let mut to = end;
        if column < columns as i64 - 1 {
            // The border as a number first, then exactly as `column` rounds.
            let edge = view.border(scale, column + 1);
            to = match index(edge) {
                Some(guess) => guess.clamp(start + 1, end),
                None => border(start, end, even(edge, start, width), |i| x(i) < edge),
            };
            while to < end && view.column(scale, x(to)) <= column {
                to += 1;
            }
            while to > start + 1 && view.column(scale, x(to - 1)) > column {
                to -= 1;
            }
        }
        width = to - start;
        spans.push(Span {
            column,
            from: start,
            to,
        });
        start = to;
    }
    spans
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

/// Values compared at once, each with what the same lane held before: processors do as many
/// side by side as they can.
const LANES: usize = 8;

/// Smallest and largest of finite values; infinities without any.
#[inline]
fn both(values: &[f64]) -> (f64, f64) {
    let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            low[lane] = lower(chunk[lane], low[lane]);
            high[lane] = higher(chunk[lane], high[lane]);
        }
    }
    for (lane, &value) in rest.iter().enumerate() {
        low[lane] = lower(value, low[lane]);
        high[lane] = higher(value, high[lane]);
    }
    (
        low.into_iter().fold(f64::INFINITY, |a, b| lower(b, a)),
        high.into_iter()
            .fold(f64::NEG_INFINITY, |a, b| higher(b, a)),
    )
}

#[inline]
fn smallest(values: &[f64]) -> f64 {
    values.iter().fold(f64::INFINITY, |best, v| lower(*v, best))
}

#[inline]
fn largest(values: &[f64]) -> f64 {
    let none = f64::NEG_INFINITY;
    values.iter().fold(none, |best, v| higher(*v, best))
}

/// As one instruction of the processor does it; no value is NaN here.
#[inline]
fn lower(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline]
fn higher(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Where a value that is there stands first.
#[inline]
fn position(values: &[f64], value: f64) -> usize {
    values.iter().position(|v| *v == value).unwrap_or(0)
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
