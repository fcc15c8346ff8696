//! A text being edited: its nodes, lines and habits.

use std::ops::Range;

use super::EditError;
use crate::emit::{self, Habits, Out};
use crate::field_path::{FieldPath, Step};
use crate::locate;
use crate::yaml::{self, Document, Kind, Node, NodeId, Style, resolve};

/// A range of the text and what to put there.
pub(super) type Patch = (Range<usize>, String);

/// The text and what it says.
pub(super) struct Draft<'t> {
    pub text: &'t str,
    pub document: Document,
    pub habits: Habits<'static>,
}

/// The nodes on the way to a path, and the steps for which there is no node.
pub(super) struct Trail<'p> {
    pub nodes: Vec<NodeId>,
    pub missing: &'p [Step],
}

impl<'t> Draft<'t> {
    /// Reads a text. `None` if it holds no document.
    pub fn read(text: &'t str) -> Result<Option<Self>, EditError> {
        let document = yaml::compose(text).map_err(|error| EditError::NotYaml(error.what))?;
        Ok(document.map(|document| {
            let habits = habits(text, &document);
            Draft {
                text,
                document,
                habits,
            }
        }))
    }

    pub fn node(&self, id: NodeId) -> &Node {
        self.document.node(id)
    }

    pub fn trail<'p>(&self, path: &'p FieldPath) -> Trail<'p> {
        let mut nodes = vec![self.document.root];
        let mut free = false;
        let steps = path.steps();
        for (at, step) in steps.iter().enumerate() {
            let parent = nodes.last().copied().unwrap_or(self.document.root);
            match locate::child(&self.document, parent, step, free) {
                Some(child) => nodes.push(child),
                None => {
                    let missing = &steps[at..];
                    return Trail { nodes, missing };
                }
            }
            free = free || matches!(step, Step::Key(key) if key == "parameters");
        }
        Trail {
            nodes,
            missing: &[],
        }
    }

    /// The nodes to a path that must be there.
    pub fn existing(&self, path: &FieldPath) -> Result<Vec<NodeId>, EditError> {
        let trail = self.trail(path);
        if trail.missing.is_empty() {
            Ok(trail.nodes)
        } else {
            Err(EditError::NotFound { path: path.clone() })
        }
    }

    /// The map or list itself, where `id` may be an alias of it.
    pub fn entries(&self, id: NodeId) -> Option<&[(NodeId, NodeId)]> {
        match &self.node(id).kind {
            Kind::Mapping { entries, .. } => Some(entries),
            _ => None,
        }
    }

    pub fn items(&self, id: NodeId) -> Option<&[NodeId]> {
        match &self.node(id).kind {
            Kind::Sequence { items, .. } => Some(items),
            _ => None,
        }
    }

    pub fn is_null(&self, id: NodeId) -> bool {
        let node = self.node(id);
        matches!(node.kind, Kind::Scalar { .. }) && node.tag == resolve::NULL
    }

    pub fn is_flow(&self, id: NodeId) -> bool {
        matches!(
            self.node(id).kind,
            Kind::Sequence { flow: true, .. } | Kind::Mapping { flow: true, .. }
        )
    }

    pub fn is_block_scalar(&self, id: NodeId) -> bool {
        matches!(
            self.node(id).kind,
            Kind::Scalar {
                style: Style::Literal | Style::Folded,
                ..
            }
        )
    }

    pub fn is_block_collection(&self, id: NodeId) -> bool {
        !self.is_flow(id)
            && matches!(
                self.node(id).kind,
                Kind::Sequence { .. } | Kind::Mapping { .. }
            )
    }

    // Lines.

    /// The first byte of the line that holds `at`, after a byte-order mark.
    pub fn line_start(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or(self.text);
        let start = before.rfind(['\n', '\r']).map_or(0, |found| found + 1);
        if start == 0 && self.text.starts_with('\u{feff}') {
            3.min(at)
        } else {
            start
        }
    }

    /// The end of the line that holds `at`, before its line break.
    pub fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find(['\n', '\r'])
            .map_or(self.text.len(), |found| at + found)
    }

    /// The first byte after the line that holds `at`.
    pub fn next_line(&self, at: usize) -> usize {
        let end = self.line_end(at);
        let rest = self.text.get(end..).unwrap_or_default();
        let width = match rest.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        end + width
    }

    /// The columns before `at` in its line.
    pub fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    /// Whether only blanks stand before `at` in its line.
    pub fn begins_line(&self, at: usize) -> bool {
        self.text
            .get(self.line_start(at)..at)
            .is_some_and(|before| before.trim().is_empty())
    }

    /// The end of a node's text. Blank lines after a block scalar are left out, unless it keeps
    /// them.
    pub fn end(&self, id: NodeId) -> usize {
        let node = self.node(id);
        if self.is_block_scalar(id) {
            let text = self.text.get(node.span.clone()).unwrap_or_default();
            let header = text.lines().next().unwrap_or_default();
            let header = header.split('#').next().unwrap_or_default();
            if header.contains('+') {
                return node.span.end;
            }
            return node.span.start + text.trim_end_matches([' ', '\n', '\r', '\t']).len();
        }
        if self.is_block_collection(id) {
            let last = match &node.kind {
                Kind::Mapping { entries, .. } => entries
                    .last()
                    .map(|(key, value)| self.entry_end(*key, *value)),
                Kind::Sequence { items, .. } => items.last().map(|item| self.item_end(*item)),
                _ => None,
            };
            return last.unwrap_or(node.span.end);
        }
        node.span.end
    }

    /// The end of a map entry, whose value may be missing.
    pub fn entry_end(&self, key: NodeId, value: NodeId) -> usize {
        let marker = self.node(value).marker.map_or(0, |marker| marker + 1);
        let value_end = match self.node(value).span.is_empty() && self.is_null(value) {
            true => 0,
            false => self.end(value),
        };
        value_end.max(marker).max(self.node(key).span.end)
    }

    /// The end of a list item, which may be missing.
    pub fn item_end(&self, item: NodeId) -> usize {
        let marker = self.node(item).marker.map_or(0, |marker| marker + 1);
        let end = match self.node(item).span.is_empty() && self.is_null(item) {
            true => 0,
            false => self.end(item),
        };
        end.max(marker)
    }

    /// Where a line can be added after something that ends at `end` and stands at `column`: behind
    /// its last line and the comments that are indented deeper. The flag says that the place is at
    /// the start of a line, else it is at the end of one.
    pub fn line_after(&self, end: usize, column: usize) -> (usize, bool) {
        if end > 0
            && self.line_start(end) == end
            && self.text.as_bytes().get(end - 1) != Some(&b'\xbf')
        {
            return (end, true);
        }
        let mut at = self.line_end(end);
        loop {
            let next = self.next_line(at);
            let line = self.text.get(next..self.line_end(next)).unwrap_or_default();
            let indent = line.len() - line.trim_start_matches(' ').len();
            if next == at
                || next >= self.text.len()
                || !line.trim_start().starts_with('#')
                || indent <= column
            {
                return (at, false);
            }
            at = self.line_end(next);
        }
    }

    /// The comment that stands in the line of `at`, after it and before `end`.
    pub fn comment_after(&self, at: usize, end: usize) -> Option<&'t str> {
        let line_end = self.line_end(at);
        self.document
            .comments
            .iter()
            .find(|comment| comment.start >= at && comment.start < line_end && comment.start < end)
            .and_then(|comment| self.text.get(comment.clone()))
    }

    pub fn indent(&self, column: usize) -> String {
        " ".repeat(column)
    }

    pub fn flow_habits(&self, id: NodeId) -> Habits<'static> {
        let is_json = self.entries(id).is_some_and(|entries| {
            !entries.is_empty()
                && entries.iter().all(|(key, _)| {
                    matches!(
                        self.node(*key).kind,
                        Kind::Scalar {
                            style: Style::DoubleQuoted,
                            ..
                        }
                    )
                })
        });
        Habits {
            json: is_json,
            ..self.habits
        }
    }

    /// A node in flow style.
    pub fn flow(&self, out: &Out, habits: &Habits<'_>) -> String {
        let mut text = String::new();
        emit::write_flow(&mut text, out, 0, habits);
        text
    }
}

/// The line end, indentation and list layout that a file uses.
fn habits(text: &str, document: &Document) -> Habits<'static> {
    let eol = match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        Some(_) => "\n",
        None if text.contains('\r') => "\r",
        None => "\n",
    };
    let column = |at: usize| {
        let start = text[..at].rfind(['\n', '\r']).map_or(0, |found| found + 1);
        let bom = if start == 0 && text.starts_with('\u{feff}') {
            3
        } else {
            0
        };
        at - start - bom.min(at)
    };
    let mut step = None;
    let mut indented_lists = None;
    for node in &document.nodes {
        let Kind::Mapping {
            entries,
            flow: false,
        } = &node.kind
        else {
            continue;
        };
        for (key, value) in entries {
            let key_column = column(document.node(*key).start);
            let value = document.node(*value);
            let begins_line = text[..value.span.start]
                .rsplit(['\n', '\r'])
                .next()
                .is_some_and(|before| before.trim().is_empty());
            if !begins_line {
                continue;
            }
            let value_column = column(value.span.start);
            match value.kind {
                Kind::Mapping { flow: false, .. } if value_column > key_column => {
                    step.get_or_insert(value_column - key_column);
                }
                Kind::Sequence { flow: false, .. } => {
                    indented_lists.get_or_insert(value_column > key_column);
                }
                _ => {}
            }
        }
    }
    Habits {
        step: step.unwrap_or(2).clamp(1, 8),
        indented_lists: indented_lists.unwrap_or(true),
        eol,
        json: false,
    }
}
