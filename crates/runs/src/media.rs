//! What runs hold beside numbers: images, histograms, texts.

use crate::series::Step;

/// One logged thing that is no number, with its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Medium {
    /// When it was logged.
    pub step: Step,
    /// Unix ms.
    pub time_ms: Option<i64>,
    /// What it is.
    pub content: Content,
}

/// The content of a [`Medium`].
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// An encoded image as it was logged; not decoded, so it may be broken inside.
    Image {
        /// `image/png`, `image/jpeg`, `image/gif` or `application/octet-stream`, by its first
        /// bytes.
        media_type: &'static str,
        /// Pixels, as logged beside the image.
        width: u64,
        /// Pixels.
        height: u64,
        /// The file.
        bytes: Vec<u8>,
    },
    /// Counts per interval, in ascending order.
    Histogram(Vec<Bucket>),
    /// A text, often Markdown.
    Text(String),
}

/// An interval of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// How many values lie between; not always whole.
    pub count: f64,
}

/// The type of an encoded image by its first bytes.
pub(crate) fn image_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        _ => "application/octet-stream",
    }
}
