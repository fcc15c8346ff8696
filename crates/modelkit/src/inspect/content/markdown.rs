//! A README or another Markdown text as blocks: CommonMark with tables, task lists and struck text
//! (pulldown-cmark). What is not text (HTML, images) becomes text; nothing of it is ever run,
//! fetched or followed.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A block of a document. In texts, code stands between backticks, and a link is its words followed by
/// its address in parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
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
        depth: usize,
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

/// Blocks beyond this are left out: no README has so many, and each costs a drawing.
const MAX_BLOCKS: usize = 20_000;

/// The blocks of a Markdown text. YAML front matter, as model cards have it, is one block of code.
#[must_use]
pub fn markdown(text: &str) -> Vec<Block> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reading = Reading::default();
    for event in Parser::new_ext(text, options) {
        if reading.blocks.len() >= MAX_BLOCKS {
            break;
        }
        reading.take(event);
    }
    reading.flush();
    reading.blocks
}

/// A list that is open: the number of the next item, if it has numbers.
struct List {
    next: Option<u64>,
}

/// A table that is open, with the row that is being read.
#[derive(Default)]
struct OpenTable {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    row: Vec<String>,
}

#[derive(Default)]
struct Reading {
    blocks: Vec<Block>,
    /// The text of the block that is being read.
    text: String,
    lists: Vec<List>,
    /// The mark of the item that has no text yet.
    mark: Option<String>,
    quotes: usize,
    heading: Option<u8>,
    code: Option<String>,
    table: Option<OpenTable>,
    /// Where the words of open links begin, and their addresses.
    links: Vec<(usize, String)>,
}

impl Reading {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text.push_str(&text),
            Event::Code(code) => {
                // A backtick within code would end it for whoever draws the text.
                self.text
                    .push_str(&format!("`{}`", code.replace('`', "\u{2019}")));
            }
            Event::InlineHtml(html) => self.inline_html(&html),
            Event::Html(html) => self.text.push_str(&without_tags(&html)),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Rule => {
                self.flush();
                self.blocks.push(Block::Rule);
            }
            Event::TaskListMarker(done) => {
                self.mark = Some(if done { "☑" } else { "☐" }.to_owned());
            }
            Event::FootnoteReference(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(match level {
                    HeadingLevel::H1 => 1,
                    HeadingLevel::H2 => 2,
                    HeadingLevel::H3 => 3,
                    HeadingLevel::H4 => 4,
                    HeadingLevel::H5 => 5,
                    HeadingLevel::H6 => 6,
                });
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.quotes += 1;
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                self.code = Some(match kind {
                    CodeBlockKind::Fenced(language) => language.into_string(),
                    CodeBlockKind::Indented => String::new(),
                });
            }
            Tag::MetadataBlock(_) => {
                self.flush();
                self.code = Some("yaml".to_owned());
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(List { next: first });
            }
            Tag::Item => {
                self.flush();
                self.mark = Some(match self.lists.last_mut().map(|list| &mut list.next) {
                    Some(Some(number)) => {
                        let mark = format!("{number}.");
                        *number = number.saturating_add(1);
                        mark
                    }
                    _ => "•".to_owned(),
                });
            }
            Tag::Table(_) => {
                self.flush();
                self.table = Some(OpenTable::default());
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((self.text.len(), dest_url.into_string()));
            }
            Tag::Paragraph | Tag::HtmlBlock => self.flush(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.text).trim().to_owned();
                if let Some(table) = &mut self.table {
                    table.row.push(cell);
                }
            }
            TagEnd::TableHead => {
                if let Some(table) = &mut self.table {
                    table.head = std::mem::take(&mut table.row);
                }
            }
            TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    let row = std::mem::take(&mut table.row);
                    table.rows.push(row);
                }
            }
            TagEnd::Table => {
                if let Some(OpenTable { head, rows, .. }) = self.table.take() {
                    self.blocks.push(Block::Table { head, rows });
                }
            }
            TagEnd::CodeBlock | TagEnd::MetadataBlock(_) => {
                if let Some(language) = self.code.take() {
                    let text = std::mem::take(&mut self.text);
                    let text = text.trim_end_matches('\n').to_owned();
                    self.blocks.push(Block::Code { language, text });
                }
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.mark = None;
            }
            TagEnd::Heading(_) | TagEnd::Paragraph | TagEnd::HtmlBlock => self.flush(),
            _ => {}
        }
    }

    /// Words, then the address where they do not say it already.
    fn end_link(&mut self) {
        let Some((start, address)) = self.links.pop() else {
            return;
        };
        let words = self.text.get(start..).unwrap_or_default();
        if !address.is_empty() && words != address {
            let gap = if words.is_empty() { "" } else { " " };
            self.text
                .push_str(&format!("{gap}(`{}`)", address.replace('`', "%60")));
        }
    }

    fn inline_html(&mut self, html: &str) {
        if html.to_ascii_lowercase().starts_with("<br") {
            self.text.push('\n');
        }
    }

    /// Ends the block that is being read, if it has a text.
    fn flush(&mut self) {
        if self.code.is_some() || self.table.is_some() {
            return;
        }
        self.links.clear();
        let text = std::mem::take(&mut self.text).trim().to_owned();
        if text.is_empty() {
            return;
        }
        self.blocks.push(if let Some(level) = self.heading.take() {
            Block::Heading { level, text }
        } else if !self.lists.is_empty() {
            let mark = self.mark.take().unwrap_or_default();
            let depth = self.lists.len() - 1;
            Block::Item { depth, mark, text }
        } else if self.quotes > 0 {
            Block::Quote(text)
        } else {
            Block::Paragraph(text)
        });
    }
}

/// The words of a piece of HTML: what stands outside of `<` and `>`.
fn without_tags(html: &str) -> String {
    let mut words = String::new();
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => words.push(character),
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(depth: usize, mark: &str, text: &str) -> Block {
        Block::Item {
            depth,
            mark: mark.into(),
            text: text.into(),
        }
    }

    fn paragraph(text: &str) -> Block {
        Block::Paragraph(text.into())
    }

    #[test]
    fn a_model_card_becomes_blocks() {
        let text = "---\nlicense: mit\n---\n\n# Wine\n\nA **small** model,\nsee [docs](docs/data.md).\n\n- one\n  - two `x`\n1. three\n2. four\n\n- [x] done\n- [ ] open\n\n```python\ncode *x*\n```\n\n| a | b |\n|---|--:|\n| `c` | |\n\n> said\n\n***\n";
        let code = |language: &str, text: &str| Block::Code {
            language: language.into(),
            text: text.into(),
        };
        assert_eq!(
            markdown(text),
            [
                code("yaml", "license: mit"),
                Block::Heading {
                    level: 1,
                    text: "Wine".into()
                },
                paragraph("A small model, see docs (`docs/data.md`)."),
                item(0, "•", "one"),
                item(1, "•", "two `x`"),
                item(0, "1.", "three"),
                item(0, "2.", "four"),
                item(0, "☑", "done"),
                item(0, "☐", "open"),
                code("python", "code *x*"),
                Block::Table {
                    head: vec!["a".into(), "b".into()],
                    rows: vec![vec!["`c`".into(), String::new()]],
                },
                Block::Quote("said".into()),
                Block::Rule,
            ]
        );
    }

    #[test]
    fn html_and_images_become_text() {
        assert_eq!(
            markdown(
                "<p align=\"center\">\n  <b>Big</b> model\n</p>\n\nup<br>down ![plot](a.png) <https://a.example>"
            ),
            [
                paragraph("Big model"),
                paragraph("up\ndown plot (`a.png`) https://a.example"),
            ]
        );
        assert_eq!(markdown("![](a.png)"), [paragraph("(`a.png`)")]);
    }

    #[test]
    fn broken_markup_stays_text() {
        assert_eq!(markdown("a [b](c"), [paragraph("a [b](c")]);
        let open = Block::Code {
            language: String::new(),
            text: "open".into(),
        };
        assert_eq!(markdown("```\nopen"), [open]);
        assert_eq!(markdown(""), []);
    }

    #[test]
    fn a_paragraph_after_the_first_belongs_to_its_item() {
        assert_eq!(
            markdown("1. one\n\n   more\n2. two"),
            [
                item(0, "1.", "one"),
                item(0, "", "more"),
                item(0, "2.", "two")
            ]
        );
    }

    #[test]
    fn a_text_of_many_blocks_is_cut() {
        assert_eq!(markdown(&"- x\n".repeat(50_000)).len(), MAX_BLOCKS);
        // Deep nesting costs neither the stack nor more than its text.
        assert!(markdown(&"> ".repeat(100_000)).len() < 2);
    }
}
