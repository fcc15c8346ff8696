//! Elements of lists: adding and moving them.

use super::EditError;
use super::draft::{Draft, Patch};
use super::put;
use super::remove::item_bounds;
use crate::emit::{self, Layout, Out};
use crate::field_path::FieldPath;

/// The patches that put `element` into the list at `section` before its item number `index`
/// (counting all items), and the number it gets.
pub(super) fn insert(
    draft: &Draft<'_>,
    section: &FieldPath,
    index: usize,
    element: &Out,
) -> Result<Vec<Patch>, EditError> {
    let alone = || Out::Seq(vec![element.clone()], Layout::Block);
    let trail = draft.trail(section);
    if !trail.missing.is_empty() {
        return put::put(draft, section, &alone());
    }
    let list = trail.nodes.last().copied().unwrap_or(draft.document.root);
    if draft.is_null(list) {
        return Ok(put::replace(draft, &trail.nodes, &alone()));
    }
    let target = draft.document.target(list);
    let items = draft.items(target).ok_or_else(|| EditError::NotAList {
        path: section.clone(),
    })?;
    let in_flow = trail
        .nodes
        .iter()
        .rev()
        .skip(1)
        .any(|id| draft.is_flow(draft.document.target(*id)));
    if items.is_empty() && !in_flow {
        return Ok(put::replace(draft, &trail.nodes, &alone()));
    }
    let bounds = item_bounds(draft, items);
    let before = index.checked_sub(1).and_then(|at| bounds.get(at));
    if draft.is_flow(target) {
        let habits = items
            .first()
            .map_or(draft.habits, |first| draft.flow_habits(*first));
        let text = draft.flow(element, &habits);
        return Ok(vec![match (before, bounds.first()) {
            (Some((_, end)), _) => (*end..*end, format!(", {text}")),
            (None, Some((start, _))) => (*start..*start, format!("{text}, ")),
            (None, None) => {
                let at = draft.node(target).span.start + 1;
                (at..at, text)
            }
        }]);
    }
    let column = draft.column(draft.node(target).span.start);
    let indent = draft.indent(column);
    let eol = draft.habits.eol;
    let mut text = "- ".to_owned();
    emit::write_item(&mut text, element, column, &draft.habits);
    Ok(vec![match before {
        Some((_, end)) => match draft.line_after(*end, column) {
            (at, true) => (at..at, format!("{indent}{text}{eol}")),
            (at, false) => (at..at, format!("{eol}{indent}{text}")),
        },
        None => {
            let first = draft.node(target).span.start;
            if draft.begins_line(first) {
                let at = lead(draft, first);
                (at..at, format!("{indent}{text}{eol}"))
            } else {
                (first..first, format!("{text}{eol}{indent}"))
            }
        }
    }])
}

/// Where what belongs to the first item begins, which stands at `first`: with the comments right above
/// it that are indented as it is. What a blank line parts from it speaks of the whole list.
fn lead(draft: &Draft<'_>, first: usize) -> usize {
    let mut at = draft.line_start(first);
    let indent = first - at;
    while at > 0 {
        let before = draft.text.get(..at).unwrap_or_default();
        let before = before.strip_suffix('\n').unwrap_or(before);
        let before = before.strip_suffix('\r').unwrap_or(before);
        let above = draft.line_start(before.len());
        let line = before.get(above..).unwrap_or_default();
        let comment = line.trim_start_matches(' ');
        if !comment.starts_with('#') || line.len() - comment.len() != indent {
            break;
        }
        at = above;
    }
    at
}

/// The patches that move item `from` of the list at `section` to place `to` (counting all items).
/// Comments between items travel with the item below them.
pub(super) fn relocate(
    draft: &Draft<'_>,
    section: &FieldPath,
    from: usize,
    to: usize,
) -> Result<Vec<Patch>, EditError> {
    let nodes = draft.existing(section)?;
    let list = draft
        .document
        .target(nodes.last().copied().unwrap_or(draft.document.root));
    let items = draft.items(list).ok_or_else(|| EditError::NotAList {
        path: section.clone(),
    })?;
    let bounds = item_bounds(draft, items);
    let missing = |at: usize| EditError::NotFound {
        path: section.index(at),
    };
    for at in [from, to] {
        bounds.get(at).ok_or_else(|| missing(at))?;
    }
    let mut order: Vec<usize> = (0..bounds.len()).collect();
    let moved = order.remove(from);
    order.insert(to, moved);
    let slice = |start: usize, end: usize| draft.text.get(start..end).unwrap_or_default();
    if draft.is_flow(list) {
        return Ok(bounds
            .iter()
            .zip(&order)
            .filter_map(|((start, end), from)| {
                let (from_start, from_end) = bounds.get(*from)?;
                Some((*start..*end, slice(*from_start, *from_end).to_owned()))
            })
            .collect());
    }
    // Whole lines, each item with what stands above it.
    let mut regions: Vec<&str> = Vec::new();
    let first = bounds.first().map_or(0, |(start, _)| *start);
    if !draft.begins_line(first) {
        return Err(EditError::Inline {
            path: section.clone(),
        });
    }
    let start = lead(draft, first);
    let mut at = start;
    for (_, end) in &bounds {
        let ends_line = *end > 0 && draft.line_start(*end) == *end;
        let next = if ends_line {
            *end
        } else {
            draft.next_line(*end)
        };
        regions.push(slice(at, next));
        at = next;
    }
    let eol = draft.habits.eol;
    let complete = slice(start, at).ends_with(['\n', '\r']);
    let mut text = String::new();
    for region in order.iter().filter_map(|from| regions.get(*from)) {
        text.push_str(region);
        if !region.ends_with(['\n', '\r']) {
            text.push_str(eol);
        }
    }
    if !complete {
        text.truncate(text.len() - eol.len());
    }
    Ok(vec![(start..at, text)])
}
