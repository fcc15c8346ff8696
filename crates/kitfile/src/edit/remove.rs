//! Taking fields and elements away.

use super::EditError;
use super::draft::{Draft, Patch};
use super::put;
use crate::emit::{Layout, Out};
use crate::field_path::{FieldPath, Step};
use crate::yaml::NodeId;

/// The patches that remove what is at `path`. What is the last child of a map or list that is
/// itself the value of a key takes that key along.
pub(super) fn remove(draft: &Draft<'_>, path: &FieldPath) -> Result<Vec<Patch>, EditError> {
    let not_found = || EditError::NotFound { path: path.clone() };
    let mut nodes = draft.existing(path)?;
    let mut steps = path.steps().to_vec();
    loop {
        let parent = nodes.iter().rev().nth(1).copied().ok_or_else(not_found)?;
        let parent = draft.document.target(parent);
        let is_value = matches!(steps.iter().rev().nth(1), Some(Step::Key(_)));
        if siblings(draft, parent) > 1 || !is_value {
            break;
        }
        nodes.pop();
        steps.pop();
    }
    let last = steps.last().ok_or_else(not_found)?;
    let target = nodes.last().copied().ok_or_else(not_found)?;
    let parents = nodes.get(..nodes.len() - 1).unwrap_or_default();
    let parent = parents.last().copied().ok_or_else(not_found)?;
    let parent = draft.document.target(parent);
    if siblings(draft, parent) == 1 {
        let empty = match last {
            Step::Key(_) => Out::Map(Vec::new(), Layout::Flow),
            Step::Index(_) => Out::Seq(Vec::new(), Layout::Flow),
        };
        return Ok(put::replace(draft, parents, &empty));
    }
    if let Some(entries) = draft.entries(parent) {
        let at = entries
            .iter()
            .position(|(_, value)| *value == target)
            .ok_or_else(not_found)?;
        let bounds: Vec<(usize, usize)> = entries
            .iter()
            .map(|(key, value)| {
                let node = draft.node(*key);
                let start = node.marker.unwrap_or(node.start);
                (start, draft.entry_end(*key, *value))
            })
            .collect();
        return Ok(cut(draft, parent, &bounds, at));
    }
    let items = draft.items(parent).ok_or_else(not_found)?;
    let at = items
        .iter()
        .position(|item| *item == target)
        .ok_or_else(not_found)?;
    Ok(cut(draft, parent, &item_bounds(draft, items), at))
}

/// Begin and end of every item, the `-` included.
pub(super) fn item_bounds(draft: &Draft<'_>, items: &[NodeId]) -> Vec<(usize, usize)> {
    items
        .iter()
        .map(|item| {
            let node = draft.node(*item);
            (node.marker.unwrap_or(node.start), draft.item_end(*item))
        })
        .collect()
}

fn siblings(draft: &Draft<'_>, parent: NodeId) -> usize {
    draft.entries(parent).map_or(0, <[_]>::len) + draft.items(parent).map_or(0, <[_]>::len)
}

/// Cuts child number `at` of several out of a collection.
fn cut(draft: &Draft<'_>, parent: NodeId, bounds: &[(usize, usize)], at: usize) -> Vec<Patch> {
    let Some(&(start, end)) = bounds.get(at) else {
        return Vec::new();
    };
    let next = bounds.get(at + 1);
    if draft.is_flow(parent) {
        return vec![
            match (at.checked_sub(1).and_then(|at| bounds.get(at)), next) {
                (Some((_, before)), _) => (*before..end, String::new()),
                (None, Some((next, _))) => (start..*next, String::new()),
                (None, None) => (start..end, String::new()),
            },
        ];
    }
    let cut_to = line_after_cut(draft, end);
    if draft.begins_line(start) {
        let line = draft.line_start(start);
        return vec![(line..without_double_gap(draft, line, cut_to), String::new())];
    }
    // The first child stands behind a `-` of its own line; the next one takes its place there,
    // unless comments stand between.
    let Some(&(next, _)) = next else {
        return vec![(start..end, String::new())];
    };
    let between = draft.text.get(cut_to.min(next)..next).unwrap_or_default();
    if between.trim().is_empty() {
        return vec![(start..next, String::new())];
    }
    let dash = draft
        .text
        .get(..start)
        .unwrap_or_default()
        .trim_end_matches(' ')
        .len();
    vec![(dash..draft.line_end(end), String::new())]
}

/// The start of the line after something that ends at `end`.
fn line_after_cut(draft: &Draft<'_>, end: usize) -> usize {
    if end > 0 && draft.line_start(end) == end {
        end
    } else {
        draft.next_line(end)
    }
}

/// Takes the blank line after a cut along when there is one before it, too.
fn without_double_gap(draft: &Draft<'_>, start: usize, end: usize) -> usize {
    let blank = |from: usize| {
        let line = draft
            .text
            .get(from..draft.line_end(from))
            .unwrap_or_default();
        line.trim().is_empty()
    };
    let gap_before = match start.checked_sub(1) {
        Some(at) => blank(draft.line_start(at)),
        None => true,
    };
    if gap_before && end < draft.text.len() && blank(end) {
        draft.next_line(end)
    } else {
        end
    }
}
