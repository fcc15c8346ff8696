//! Setting values: replacing one that is there, adding one that is not.

use super::EditError;
use super::draft::{Draft, Patch};
use crate::emit::{self, Context, Layout, Out};
use crate::field_path::{FieldPath, Step};
use crate::record;
use crate::yaml::{Kind, NodeId, Style};

/// The patches that put `value` at `path`.
pub(super) fn put(
    draft: &Draft<'_>,
    path: &FieldPath,
    value: &Out,
) -> Result<Vec<Patch>, EditError> {
    let trail = draft.trail(path);
    let deepest = trail.nodes.last().copied().unwrap_or(draft.document.root);
    if trail.missing.is_empty() {
        return Ok(replace(draft, &trail.nodes, value));
    }
    if draft.is_null(deepest) {
        let value = nested(trail.missing, value)
            .ok_or_else(|| EditError::NotFound { path: path.clone() })?;
        return Ok(replace(draft, &trail.nodes, &value));
    }
    let target = draft.document.target(deepest);
    let (Some(Step::Key(key)), Some(_)) = (trail.missing.first(), draft.entries(target)) else {
        return Err(EditError::NotFound { path: path.clone() });
    };
    let rest = trail.missing.get(1..).unwrap_or_default();
    let value = nested(rest, value).ok_or_else(|| EditError::NotFound { path: path.clone() })?;
    let known = path.steps().len() - trail.missing.len();
    let order = record::specs_at(path.steps().get(..known).unwrap_or_default());
    let order: Vec<&str> = order
        .unwrap_or_default()
        .iter()
        .map(|spec| spec.key)
        .collect();
    Ok(add_entry(draft, &trail.nodes, target, key, &value, &order))
}

/// A map around `value` for every step. `None` if a step is no key.
pub(super) fn nested(steps: &[Step], value: &Out) -> Option<Out> {
    let mut value = value.clone();
    for step in steps.iter().rev() {
        let Step::Key(key) = step else { return None };
        value = Out::Map(vec![(key.clone(), value)], Layout::Block);
    }
    Some(value)
}

/// Whether the last of `nodes` stands inside brackets or braces.
fn in_flow(draft: &Draft<'_>, nodes: &[NodeId]) -> bool {
    let parents = nodes.split_last().map_or(&[][..], |(_, parents)| parents);
    parents
        .iter()
        .any(|id| draft.is_flow(draft.document.target(*id)))
}

/// Replaces the value at the end of `nodes`.
pub(super) fn replace(draft: &Draft<'_>, nodes: &[NodeId], value: &Out) -> Vec<Patch> {
    let Some((&id, parents)) = nodes.split_last() else {
        return Vec::new();
    };
    let node = draft.node(id);
    let flow = in_flow(draft, nodes);
    let value = keep_style(draft, id, value);
    let start = if node.anchored {
        node.span.start
    } else {
        node.start
    };
    let is_missing = node.span.is_empty() && draft.is_null(id) && !node.tagged && !node.anchored;
    if flow {
        let habits = parents.last().map_or(draft.habits, |parent| {
            draft.flow_habits(draft.document.target(*parent))
        });
        let text = draft.flow(&value, &habits);
        return vec![match node.marker {
            _ if !is_missing => (start..node.span.end, text),
            Some(marker) => (marker + 1..marker + 1, format!(" {text}")),
            None => (start..start, format!(": {text}")),
        }];
    }
    let Some(&parent) = parents.last() else {
        return replace_root(draft, id, &value);
    };
    let indent = draft.column(draft.node(draft.document.target(parent)).span.start);
    let marker = node.marker.unwrap_or(node.start);
    let is_item = draft.items(draft.document.target(parent)).is_some();
    let mut text = String::new();
    if is_item {
        text.push(' ');
        emit::write_item(&mut text, &value, indent, &draft.habits);
    } else {
        emit::write_value(&mut text, &value, indent, &draft.habits);
    }
    let is_line = !text.contains(['\n', '\r']);
    if is_missing {
        return vec![(marker + 1..marker + 1, text)];
    }
    if is_line && !draft.is_block_scalar(id) && !draft.is_block_collection(id) {
        let text = text.strip_prefix(' ').unwrap_or(&text).to_owned();
        return vec![(start..node.span.end, text)];
    }
    // From the marker on, with the comment of its line kept there. What stood in one line has its
    // comment behind it.
    let mut end = draft.end(id);
    let mut comment = draft.comment_after(marker, end);
    if comment.is_none()
        && let Some(behind) = draft.comment_after(end, draft.line_end(end))
    {
        comment = Some(behind);
        end = draft.line_end(end);
    }
    if !is_line {
        end = without_blanks(draft, end, node.span.end);
    }
    if let Some(comment) = comment {
        let first_line = text.find(['\n', '\r']).unwrap_or(text.len());
        text.insert_str(first_line, &format!(" {comment}"));
    }
    vec![(marker + 1..end, text)]
}

/// The end of what several lines replace: blanks behind it in its line, or in the empty lines of
/// an old block scalar, would become part of a new one.
fn without_blanks(draft: &Draft<'_>, end: usize, span_end: usize) -> usize {
    let tail = draft.text.get(end..span_end).unwrap_or_default();
    if tail.contains([' ', '\t']) {
        let breaks = tail.trim_end_matches(['\n', '\r']);
        return end + breaks.len();
    }
    let line_end = draft.line_end(end);
    let rest = draft.text.get(end..line_end).unwrap_or_default();
    if rest.trim().is_empty() {
        line_end
    } else {
        end
    }
}

fn replace_root(draft: &Draft<'_>, id: NodeId, value: &Out) -> Vec<Patch> {
    let mut text = String::new();
    emit::write_block(&mut text, value, 0, &draft.habits);
    let node = draft.node(id);
    if node.span.is_empty() {
        let at = draft.line_end(node.span.start);
        return vec![(at..at, format!("{}{text}", draft.habits.eol))];
    }
    vec![(node.start..draft.end(id), text)]
}

/// A text takes the style of the scalar that it replaces.
fn keep_style(draft: &Draft<'_>, old: NodeId, value: &Out) -> Out {
    let (Out::Text(text, natural), Kind::Scalar { style, .. }) = (value, &draft.node(old).kind)
    else {
        return value.clone();
    };
    let style = match style {
        Style::Plain => *natural,
        // A single line in a block scalar reads better as a plain text.
        Style::Literal | Style::Folded => *natural,
        // Quotes around one line give way to a block for several.
        Style::SingleQuoted if text.contains('\n') => *natural,
        quoted => *quoted,
    };
    Out::Text(text.clone(), style)
}

/// Adds an entry to a map, where `order` says where it belongs.
fn add_entry(
    draft: &Draft<'_>,
    nodes: &[NodeId],
    map: NodeId,
    key: &str,
    value: &Out,
    order: &[&str],
) -> Vec<Patch> {
    let entries = draft.entries(map).unwrap_or_default();
    if entries.is_empty() && !in_flow(draft, nodes) {
        let value = Out::Map(vec![(key.to_owned(), value.clone())], Layout::Block);
        return replace(draft, nodes, &value);
    }
    let rank = |key: &str| order.iter().position(|known| *known == key);
    let rank_at = |at: &(NodeId, NodeId)| rank(draft.node(draft.document.target(at.0)).value());
    let after = match rank(key) {
        None => entries.len().checked_sub(1),
        Some(rank) => match entries
            .iter()
            .rposition(|entry| rank_at(entry).is_some_and(|at| at < rank))
        {
            Some(at) => Some(at),
            None if entries.iter().any(|entry| rank_at(entry).is_some()) => None,
            None => entries.len().checked_sub(1),
        },
    };
    if draft.is_flow(map) {
        return add_flow_entry(draft, map, entries, after, key, value);
    }
    let column = draft.column(draft.node(map).span.start);
    let eol = draft.habits.eol;
    let mut text = String::new();
    emit::write_entry(&mut text, key, value, column, &draft.habits);
    let Some((after_key, after_value)) = after.and_then(|at| entries.get(at)).copied() else {
        let at = draft.node(map).span.start;
        let text = format!("{text}{eol}{}", draft.indent(column));
        return vec![(at..at, text)];
    };
    let end = draft.entry_end(after_key, after_value);
    let (at, starts_line) = draft.line_after(end, column);
    let gap = if column == 0 && is_spaced(draft, entries) {
        eol
    } else {
        ""
    };
    let indent = draft.indent(column);
    vec![if starts_line {
        (at..at, format!("{gap}{indent}{text}{eol}"))
    } else {
        (at..at, format!("{eol}{gap}{indent}{text}"))
    }]
}

/// Whether blank lines stand between the entries of a map of more than one entry.
fn is_spaced(draft: &Draft<'_>, entries: &[(NodeId, NodeId)]) -> bool {
    let gaps = entries.windows(2).filter(|pair| {
        let [(key, value), (next, _)] = pair else {
            return false;
        };
        let between = draft.entry_end(*key, *value)..draft.node(*next).start;
        let text = draft.text.get(between).unwrap_or_default();
        text.lines().skip(1).any(|line| line.trim().is_empty())
    });
    let count = entries.len().saturating_sub(1);
    count > 0 && gaps.count() * 2 >= count
}

fn add_flow_entry(
    draft: &Draft<'_>,
    map: NodeId,
    entries: &[(NodeId, NodeId)],
    after: Option<usize>,
    key: &str,
    value: &Out,
) -> Vec<Patch> {
    let habits = draft.flow_habits(map);
    let mut text = String::new();
    emit::write_key(&mut text, key, true, 0, &habits);
    text.push_str(": ");
    text.push_str(&draft.flow(value, &habits));
    match (after.and_then(|at| entries.get(at)), entries.first()) {
        (Some((key, value)), _) => {
            let at = draft.entry_end(*key, *value);
            vec![(at..at, format!(", {text}"))]
        }
        (None, Some((first, _))) => {
            let at = draft.node(*first).start;
            vec![(at..at, format!("{text}, "))]
        }
        (None, None) => {
            let at = draft.node(map).span.start + 1;
            vec![(at..at, text)]
        }
    }
}

/// Gives a key another name.
pub(super) fn rename(
    draft: &Draft<'_>,
    path: &FieldPath,
    to: &str,
) -> Result<Vec<Patch>, EditError> {
    let not_found = || EditError::NotFound { path: path.clone() };
    let nodes = draft.existing(path)?;
    let (_, last) = path.split_last().ok_or_else(not_found)?;
    let Step::Key(old) = last else {
        return Err(not_found());
    };
    let parent = nodes.iter().rev().nth(1).copied().ok_or_else(not_found)?;
    let (key, _) = crate::locate::entry(&draft.document, parent, old).ok_or_else(not_found)?;
    if old != to && crate::locate::entry(&draft.document, parent, to).is_some() {
        let path = path
            .split_last()
            .map_or_else(FieldPath::root, |(parent, _)| parent)
            .key(to);
        return Err(EditError::KeyTaken { path });
    }
    let map = draft.document.target(parent);
    let context = if draft.is_flow(map) {
        Context::FlowKey
    } else {
        Context::Key
    };
    let style = match (&draft.node(key).kind, Out::text(to)) {
        (
            Kind::Scalar {
                style: style @ (Style::DoubleQuoted | Style::SingleQuoted),
                ..
            },
            _,
        ) => *style,
        (_, Out::Text(_, natural)) => natural,
        _ => Style::Plain,
    };
    let mut text = String::new();
    let style = emit::choose(to, style, context);
    emit::write_scalar(&mut text, to, style, 0, &draft.habits);
    let node = draft.node(key);
    Ok(vec![(node.start..node.span.end, text)])
}
