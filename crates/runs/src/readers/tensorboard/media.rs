//! Images, histograms and texts of a tag, read from the event files when they are asked for.

use crate::formats::proto::{self, Wire};
use crate::formats::time::seconds_ms;
use crate::media::{Bucket, Content, Medium, image_type};
use crate::series::Step;

/// Most things of one tag; TensorBoard itself keeps ten images.
const MOST: usize = 1000;
/// Most bytes of all of them together.
const LARGEST: usize = 256 << 20;
/// Most intervals of a histogram.
const BUCKETS: usize = 100_000;

/// Collects what one tag holds.
pub(super) struct Collect<'a> {
    pub(super) tag: &'a str,
    pub(super) found: Vec<Medium>,
    /// The plugin named at the tag's first value.
    plugin: String,
    bytes: usize,
}

impl<'a> Collect<'a> {
    pub(super) fn new(tag: &'a str) -> Self {
        Self {
            tag,
            found: Vec::new(),
            plugin: String::new(),
            bytes: 0,
        }
    }

    /// Takes one event.
    pub(super) fn event(&mut self, data: &[u8]) {
        let (mut wall, mut step, mut summary) = (None, 0, None);
        for (number, wire) in proto::fields(data) {
            match number {
                1 => wall = wire.double(),
                2 => step = wire.int().unwrap_or(0),
                5 => summary = wire.bytes(),
                _ => {}
            }
        }
        for (number, wire) in proto::fields(summary.unwrap_or_default()) {
            if number != 1 || self.found.len() >= MOST {
                continue;
            }
            for content in self.value(wire.bytes().unwrap_or_default()) {
                self.bytes += size(&content);
                if self.bytes > LARGEST {
                    return;
                }
                self.found.push(Medium {
                    step: Step::from(step),
                    time_ms: wall.and_then(seconds_ms),
                    content,
                });
            }
        }
    }

    fn value(&mut self, value: &[u8]) -> Vec<Content> {
        let field = |n| proto::field(value, n).and_then(Wire::bytes);
        let tag = field(1).or(field(7)).unwrap_or_default();
        if tag != self.tag.as_bytes() {
            return Vec::new();
        }
        if let Some(plugin) = field(9).and_then(|m| proto::field(m, 1)?.bytes())
            && let Some(name) = proto::field(plugin, 1).and_then(Wire::text)
            && self.plugin.is_empty()
        {
            self.plugin = name.to_owned();
        }
        if let Some(image) = field(4) {
            return old_image(image).into_iter().collect();
        }
        if let Some(histogram) = field(5) {
            return vec![Content::Histogram(old_histogram(histogram))];
        }
        let Some(tensor) = field(8) else {
            return Vec::new();
        };
        match self.plugin.as_str() {
            "images" => images(tensor),
            "histograms" => vec![Content::Histogram(histogram(tensor))],
            "text" => strings(tensor)
                .map(|text| Content::Text(String::from_utf8_lossy(text).into_owned()))
                .collect(),
            _ => Vec::new(),
        }
    }
}

fn size(content: &Content) -> usize {
    match content {
        Content::Image { bytes, .. } => bytes.len(),
        Content::Histogram(buckets) => buckets.len() * size_of::<Bucket>(),
        Content::Text(text) => text.len(),
    }
}

fn image(width: u64, height: u64, bytes: &[u8]) -> Content {
    Content::Image {
        media_type: image_type(bytes),
        width,
        height,
        bytes: bytes.to_vec(),
    }
}

/// `Image`: 1 height, 2 width, 4 the encoded file.
fn old_image(message: &[u8]) -> Option<Content> {
    let pixels = |n| proto::field(message, n).and_then(Wire::int).unwrap_or(0);
    let bytes = proto::field(message, 4).and_then(Wire::bytes)?;
    let unsigned = |n| u64::try_from(pixels(n)).unwrap_or(0);
    Some(image(unsigned(2), unsigned(1), bytes))
}

/// The texts of a string tensor.
fn strings(tensor: &[u8]) -> impl Iterator<Item = &[u8]> {
    proto::fields(tensor)
        .filter(|(number, _)| *number == 8)
        .filter_map(|(_, wire)| wire.bytes())
}

/// A string tensor `[width, height, image, image, …]`.
fn images(tensor: &[u8]) -> Vec<Content> {
    let mut texts = strings(tensor);
    let mut pixels = || std::str::from_utf8(texts.next()?).ok()?.parse().ok();
    let (width, height) = (pixels().unwrap_or(0), pixels().unwrap_or(0));
    texts.map(|bytes| image(width, height, bytes)).collect()
}

/// Doubles of a packed or unpacked list.
fn doubles(message: &[u8], number: u32) -> Vec<f64> {
    let mut found = Vec::new();
    for (_, wire) in proto::fields(message).filter(|(n, _)| *n == number) {
        match wire {
            Wire::Bytes(bytes) => found.extend(raw(bytes)),
            other => found.extend(other.double()),
        }
        if found.len() > 3 * BUCKETS {
            break;
        }
    }
    found
}

fn raw(bytes: &[u8]) -> impl Iterator<Item = f64> {
    let (whole, _) = bytes.as_chunks::<8>();
    whole.iter().map(|chunk| f64::from_le_bytes(*chunk))
}

/// `HistogramProto`: 1 smallest, 2 largest, 6 right edges, 7 counts.
fn old_histogram(message: &[u8]) -> Vec<Bucket> {
    let edge = |n| proto::field(message, n).and_then(Wire::double);
    let (smallest, largest) = (edge(1), edge(2));
    let (limits, counts) = (doubles(message, 6), doubles(message, 7));
    let mut left = smallest.unwrap_or(f64::NEG_INFINITY);
    let mut buckets = Vec::new();
    for (right, count) in limits.into_iter().zip(counts).take(BUCKETS) {
        // The outermost edges are the largest doubles: the values end before.
        let right = largest.map_or(right, |largest| right.min(largest));
        let right = right.max(left);
        buckets.push(Bucket { left, right, count });
        left = right;
    }
    buckets
}

/// A double tensor `[k, 3]`: left, right, count.
fn histogram(tensor: &[u8]) -> Vec<Bucket> {
    let content = proto::field(tensor, 4)
        .and_then(Wire::bytes)
        .filter(|bytes| !bytes.is_empty());
    let numbers: Vec<f64> = match content {
        Some(bytes) => raw(bytes).take(3 * BUCKETS).collect(),
        None => doubles(tensor, 6),
    };
    let (rows, _) = numbers.as_chunks::<3>();
    let bucket = |row: &[f64; 3]| Bucket {
        left: row[0],
        right: row[1],
        count: row[2],
    };
    rows.iter().map(bucket).collect()
}
