//! Markdown for the front ends: parsed here, so that no front end needs a parser.

use kitbench_modelkit::inspect::content::{self, Block};
use kitbench_protocol::MarkdownBlock;

/// The blocks of a Markdown text.
pub fn blocks(text: &str) -> Vec<MarkdownBlock> {
    content::markdown(text).into_iter().map(view).collect()
}

fn view(block: Block) -> MarkdownBlock {
    match block {
        Block::Heading { level, text } => MarkdownBlock::Heading { level, text },
        Block::Paragraph(text) => MarkdownBlock::Paragraph(text),
        Block::Quote(text) => MarkdownBlock::Quote(text),
        Block::Item { depth, mark, text } => MarkdownBlock::Item {
            depth: u16::try_from(depth).unwrap_or(u16::MAX),
            mark,
            text,
        },
        Block::Code { language, text } => MarkdownBlock::Code { language, text },
        Block::Table { head, rows } => MarkdownBlock::Table { head, rows },
        Block::Rule => MarkdownBlock::Rule,
    }
}
