//! Speed over the last seconds.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Long enough to even out bursts, short enough to follow a change.
const WINDOW: Duration = Duration::from_secs(5);

/// Bytes counted over time. Readings are in bytes per second.
#[derive(Debug, Default)]
pub struct Meter {
    samples: VecDeque<(Instant, u64)>,
}

impl Meter {
    /// Notes that `bytes` have been done in all at `now`.
    pub fn sample(&mut self, now: Instant, bytes: u64) {
        self.samples.push_back((now, bytes));
        while self.samples.len() > 2
            && self
                .samples
                .front()
                .is_some_and(|(at, _)| now.duration_since(*at) > WINDOW)
        {
            self.samples.pop_front();
        }
    }

    /// `None` until half a second has been seen: an early figure is only noise.
    pub fn bytes_per_second(&self) -> Option<u64> {
        let (first_at, first) = *self.samples.front()?;
        let (last_at, last) = *self.samples.back()?;
        let elapsed = last_at.duration_since(first_at);
        if elapsed < Duration::from_millis(500) {
            return None;
        }
        Some((last.saturating_sub(first) as f64 / elapsed.as_secs_f64()) as u64)
    }

    /// Seconds for `left` more bytes; `None` while the speed is unknown or nothing moves.
    pub fn seconds_left(&self, left: u64) -> Option<u64> {
        let speed = self.bytes_per_second().filter(|speed| *speed > 0)?;
        Some(left.div_ceil(speed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_follows_the_last_seconds() {
        let start = Instant::now();
        let mut meter = Meter::default();
        assert_eq!(meter.bytes_per_second(), None);
        // Ten seconds at 1 MB/s, then ten at 3 MB/s.
        let mut bytes = 0;
        for tick in 0..200u64 {
            meter.sample(start + Duration::from_millis(tick * 100), bytes);
            bytes += if tick < 100 { 100_000 } else { 300_000 };
        }
        let speed = meter.bytes_per_second().unwrap();
        assert!((2_900_000..=3_100_000).contains(&speed), "{speed}");
        assert_eq!(meter.seconds_left(speed * 4), Some(4));
    }

    #[test]
    fn a_stall_reads_as_no_estimate() {
        let start = Instant::now();
        let mut meter = Meter::default();
        for tick in 0..100u64 {
            meter.sample(start + Duration::from_millis(tick * 100), 500);
        }
        assert_eq!(meter.bytes_per_second(), Some(0));
        assert_eq!(meter.seconds_left(10), None);
    }
}
