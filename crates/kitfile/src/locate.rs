//! From field paths to nodes of the text.

use crate::field_path::{FieldPath, Step};
use crate::yaml::{Document, Kind, NodeId, resolve};

/// The value at `path`, looking through aliases but not through merges. `None` if it is not there.
pub(crate) fn find(document: &Document, path: &FieldPath) -> Option<NodeId> {
    let (node, rest) = walk(document, path.steps());
    rest.is_empty().then_some(node)
}

/// The value at `path`, else the innermost value around it.
pub(crate) fn nearest(document: &Document, path: &FieldPath) -> NodeId {
    walk(document, path.steps()).0
}

/// Follows as many of `steps` as there are values for; returns the last one and the steps left.
fn walk<'s>(document: &Document, steps: &'s [Step]) -> (NodeId, &'s [Step]) {
    let mut node = document.root;
    let mut free = false;
    for (at, step) in steps.iter().enumerate() {
        match child(document, node, step, free) {
            Some(next) => node = next,
            None => return (node, &steps[at..]),
        }
        free = free || *step == Step::Key("parameters".to_owned());
    }
    (node, &[])
}

/// One step down. `free` says that this is within `parameters`, where null elements count.
pub(crate) fn child(document: &Document, node: NodeId, step: &Step, free: bool) -> Option<NodeId> {
    match (&document.node(document.target(node)).kind, step) {
        (Kind::Mapping { .. }, Step::Key(key)) => {
            entry(document, node, key).map(|(_, value)| value)
        }
        (Kind::Sequence { items, .. }, Step::Index(index)) => items
            .iter()
            .copied()
            .filter(|item| free || document.short_tag(*item) != resolve::NULL)
            .nth(*index),
        _ => None,
    }
}

/// The entry of a mapping with the given key, the first if there are several.
pub(crate) fn entry(document: &Document, node: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
    match &document.node(document.target(node)).kind {
        Kind::Mapping { entries, .. } => entries.iter().copied().find(|(id, _)| {
            let key_node = document.node(document.target(*id));
            matches!(key_node.kind, Kind::Scalar { .. })
                && key_node.value() == key
                && key_node.tag != resolve::MERGE
                && key_node.tag != resolve::NULL
        }),
        _ => None,
    }
}
