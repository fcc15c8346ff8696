//! Markdown that somebody else wrote, as blocks to draw.

use serde::{Deserialize, Serialize};

/// A block of a document. In texts, code stands between backticks, and a link is its words followed by
/// its address in parentheses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarkdownBlock {
    /// Level 1 to 6.
    Heading {
        level: u8,
        text: String,
    },
    Paragraph(String),
    /// A paragraph of a quotation.
    Quote(String),
    /// An item of a list, or a further paragraph of one when `mark` is empty.
    Item {
        /// 0 for a list that is in none.
        depth: u16,
        /// `•`, `3.`, `☐` or `☑`.
        mark: String,
        text: String,
    },
    Code {
        /// As it stands after the fence, or empty.
        language: String,
        text: String,
    },
    /// The cells of the head and of each row below it.
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    Rule,
}
