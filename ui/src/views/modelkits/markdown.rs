//! A README drawn by us: headings, paragraphs, lists, code. No markup of a stranger is ever
//! interpreted beyond that; links show their address and open nothing.

use egui::Ui;

use crate::theme::{Tokens, Type};
use crate::widgets::{code, named, paragraph, rule};

/// A block of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Level 1 to 6.
    Heading(u8, String),
    Paragraph(String),
    /// Depth, bullet or number, text.
    Item(usize, String, String),
    Code(String),
    /// Rows of cells; the first row is the head.
    Table(Vec<Vec<String>>),
    Rule,
}

/// The blocks of a Markdown text.
#[must_use]
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut paragraph: Vec<String> = Vec::new();
    let mut code: Option<Vec<&str>> = None;
    let flush = |paragraph: &mut Vec<String>, blocks: &mut Vec<Block>| {
        if !paragraph.is_empty() {
            blocks.push(Block::Paragraph(std::mem::take(paragraph).join(" ")));
        }
    };
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            match code.take() {
                Some(lines) => blocks.push(Block::Code(lines.join("\n"))),
                None => {
                    flush(&mut paragraph, &mut blocks);
                    code = Some(Vec::new());
                }
            }
            continue;
        }
        if let Some(lines) = &mut code {
            lines.push(line);
            continue;
        }
        let level = trimmed.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=6).contains(&level) && trimmed.as_bytes().get(level) == Some(&b' ') {
            flush(&mut paragraph, &mut blocks);
            blocks.push(Block::Heading(level as u8, plain(trimmed[level..].trim())));
        } else if trimmed.is_empty() {
            flush(&mut paragraph, &mut blocks);
        } else if matches!(trimmed, "---" | "***" | "___") {
            flush(&mut paragraph, &mut blocks);
            blocks.push(Block::Rule);
        } else if trimmed.starts_with('|') {
            flush(&mut paragraph, &mut blocks);
            let row = cells(trimmed);
            match blocks.last_mut() {
                Some(Block::Table(_)) if is_separator(&row) => {}
                Some(Block::Table(rows)) => rows.push(row),
                _ => blocks.push(Block::Table(vec![row])),
            }
        } else if let Some((bullet, rest)) = item(trimmed) {
            flush(&mut paragraph, &mut blocks);
            let depth = (line.len() - line.trim_start().len()) / 2;
            blocks.push(Block::Item(depth, bullet, plain(rest)));
        } else {
            paragraph.push(plain(
                trimmed.trim_start_matches("> ").trim_start_matches('>'),
            ));
        }
    }
    if let Some(lines) = code {
        blocks.push(Block::Code(lines.join("\n")));
    }
    flush(&mut paragraph, &mut blocks);
    blocks
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim_start_matches('|').trim_end_matches('|');
    inner
        .split('|')
        .map(|cell| plain(cell.trim()).replace('`', ""))
        .collect()
}

fn is_separator(row: &[String]) -> bool {
    row.iter()
        .all(|cell| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':' | ' ')))
}

/// The widest column that is made even, in characters; wider cells stand as they are.
const MAX_COLUMN: usize = 120;

/// The rows as text in the mono face, each column as wide as its widest cell.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
            .min(MAX_COLUMN)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let lines = rows.iter().map(|row| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("   ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn item(line: &str) -> Option<(String, &str)> {
    for bullet in ["- ", "* ", "+ "] {
        if let Some(rest) = line.strip_prefix(bullet) {
            return Some(("•".into(), rest));
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 4 {
        return None;
    }
    let rest = line.get(digits..)?.strip_prefix(". ")?;
    Some((format!("{}.", &line[..digits]), rest))
}

/// Emphasis marks go, links keep text and address, code keeps its backticks for the mono face.
fn plain(text: &str) -> String {
    let text = text.replace("**", "").replace("__", "");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(open) = rest.find('[') {
        let link = rest[open..].find("](").and_then(|middle| {
            let close = rest[open + middle..].find(')')?;
            Some((
                &rest[open + 1..open + middle],
                &rest[open + middle + 2..open + middle + close],
                open + middle + close + 1,
            ))
        });
        let Some((words, address, end)) = link else {
            break;
        };
        out.push_str(rest[..open].strip_suffix('!').unwrap_or(&rest[..open]));
        out.push_str(words);
        if !address.is_empty() && address != words {
            out.push_str(&format!(" (`{address}`)"));
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Draw a document.
pub fn show(ui: &mut Ui, text: &str) {
    let t = Tokens::of(ui);
    for block in blocks(text) {
        match block {
            Block::Heading(level, words) => {
                ui.add_space(if level <= 2 { 12.0 } else { 8.0 });
                let role = match level {
                    1 => Type::Title,
                    2 => Type::DialogTitle,
                    3 => Type::Heading,
                    _ => Type::BodyBold,
                };
                named(ui, egui::Role::Heading, role, t.text, &words);
                ui.add_space(6.0);
            }
            Block::Paragraph(words) => {
                paragraph(ui, Type::Body, t.text_2, &words);
                ui.add_space(8.0);
            }
            Block::Item(depth, bullet, words) => {
                ui.horizontal_top(|ui| {
                    ui.add_space(8.0 + depth.min(6) as f32 * 14.0);
                    crate::widgets::label(ui, Type::Body, t.text_3, &bullet);
                    paragraph(ui, Type::Body, t.text_2, &words);
                });
                ui.add_space(3.0);
            }
            Block::Code(lines) => {
                code::code_block(ui, &lines, &[]);
                ui.add_space(8.0);
            }
            Block::Table(rows) => {
                code::code_block(ui, &aligned(&rows), &[]);
                ui.add_space(8.0);
            }
            Block::Rule => {
                ui.add_space(6.0);
                rule(ui);
                ui.add_space(6.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_becomes_blocks() {
        let text = "# Wine\n\nA **small** model,\nsee [docs](docs/data.md).\n\n- one\n  - two\n1. three\n```\ncode *x*\n```\n| a | b |\n|---|---|\n| `c` | |\n";
        assert_eq!(
            blocks(text),
            [
                Block::Heading(1, "Wine".into()),
                Block::Paragraph("A small model, see docs (`docs/data.md`).".into()),
                Block::Item(0, "•".into(), "one".into()),
                Block::Item(1, "•".into(), "two".into()),
                Block::Item(0, "1.".into(), "three".into()),
                Block::Code("code *x*".into()),
                Block::Table(vec![
                    vec!["a".into(), "b".into()],
                    vec!["c".into(), String::new()]
                ]),
            ]
        );
    }

    #[test]
    fn a_cell_of_any_length_is_laid_out_in_bounded_memory() {
        let wide = "x".repeat(70_000);
        let mut rows = vec![vec![wide.clone(), "y".into()]];
        rows.resize(1000, vec!["a".into(), "b".into()]);
        let text = aligned(&rows);
        assert!(text.starts_with(&format!("{wide}   y\n")));
        assert!(text.len() < wide.len() + 1000 * (MAX_COLUMN + 10));
    }

    #[test]
    fn broken_markup_stays_text() {
        assert_eq!(blocks("a [b](c"), [Block::Paragraph("a [b](c".into())]);
        assert_eq!(blocks("```\nopen"), [Block::Code("open".into())]);
    }
}
