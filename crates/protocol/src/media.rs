//! What runs logged beside numbers.

use serde::{Deserialize, Serialize};

use crate::{MarkdownBlock, PackedF64, Picture, ProjectId};

/// What a run holds beside numbers, by kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListMedia {
    pub project: ProjectId,
    pub run: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaKind {
    /// `image`, `histogram`, `text` …
    pub kind: String,
    pub names: Vec<String>,
}

/// One logged thing, with the steps at which there are others of its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMedium {
    pub project: ProjectId,
    pub run: String,
    pub name: String,
    /// Which in the order logged; `None` is the latest.
    pub at: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediumView {
    /// The step of each thing of this name, in the order logged.
    pub steps: Vec<f64>,
    /// Which of them this is.
    pub at: u32,
    /// When it was logged, in Unix milliseconds.
    pub time_ms: Option<i64>,
    /// `None` where the format only tells the name.
    pub content: Option<MediumContent>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MediumContent {
    Picture(Picture),
    /// A picture that cannot be drawn: why.
    Broken(String),
    /// Intervals in ascending order: left edges, right edges, counts.
    Histogram {
        left: PackedF64,
        right: PackedF64,
        count: PackedF64,
    },
    /// A text, which may be Markdown.
    Text(Vec<MarkdownBlock>),
}
