//! What a text means, as a tree, and what an edit should make of it.
//!
//! This is how edits are checked: the tree of the edited text must equal the tree of the old text
//! with the edit done on it. Aliases are expanded, so a change that would show elsewhere is found.

use super::EditError;
use crate::emit::Out;
use crate::field_path::{FieldPath, Step};
use crate::yaml::{Document, Kind, NodeId, resolve};

/// Most nodes of an expanded text.
const MAX_NODES: usize = 200_000;
/// Deepest nesting of an expanded text; beyond, an alias contains itself.
const MAX_DEPTH: usize = 300;

/// A node without layout: maps in no particular order, scalars with their tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tree {
    Scalar { tag: String, value: String },
    Seq(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
}

/// A change of a tree.
pub(super) enum Change<'e> {
    Put(&'e FieldPath, Tree),
    Remove(&'e FieldPath),
    Insert(&'e FieldPath, usize, Tree),
    Rename(&'e FieldPath, &'e str),
    Move(&'e FieldPath, usize, usize),
}

impl Change<'_> {
    /// Where the change is made.
    pub fn path(&self) -> &FieldPath {
        match self {
            Change::Put(path, _)
            | Change::Remove(path)
            | Change::Insert(path, ..)
            | Change::Rename(path, _)
            | Change::Move(path, ..) => path,
        }
    }
}

impl Tree {
    /// The tree of a document.
    pub fn of(document: &Document) -> Result<Tree, EditError> {
        let mut budget = MAX_NODES;
        expand(document, document.root, 0, &mut budget).ok_or(EditError::TooManyAliases)
    }

    /// The tree of something to be written.
    pub fn of_out(out: &Out) -> Tree {
        match out {
            Out::Raw(text) => match text.strip_prefix("!!binary ") {
                Some(value) => Tree::scalar(resolve::BINARY, value),
                None => Tree::scalar(resolve::plain(text).tag(), text),
            },
            Out::Text(text, _) => Tree::scalar(resolve::STR, text),
            Out::Seq(items, _) => Tree::Seq(items.iter().map(Tree::of_out).collect()),
            Out::Map(entries, _) => Tree::Map(
                entries
                    .iter()
                    .map(|(key, value)| (Tree::scalar(resolve::STR, key), Tree::of_out(value)))
                    .collect(),
            ),
        }
    }

    fn scalar(tag: &str, value: &str) -> Tree {
        Tree::Scalar {
            tag: tag.to_owned(),
            // All ways to write null are one.
            value: if tag == resolve::NULL { "" } else { value }.to_owned(),
        }
    }

    fn null() -> Tree {
        Tree::scalar(resolve::NULL, "")
    }

    fn is_null(&self) -> bool {
        matches!(self, Tree::Scalar { tag, .. } if tag == resolve::NULL)
    }

    fn is_empty(&self) -> bool {
        match self {
            Tree::Scalar { .. } => false,
            Tree::Seq(items) => items.is_empty(),
            Tree::Map(entries) => entries.is_empty(),
        }
    }

    /// Whether two trees mean the same.
    pub fn same_as(mut self, mut other: Tree) -> bool {
        self.sort();
        other.sort();
        self == other
    }

    fn sort(&mut self) {
        match self {
            Tree::Scalar { .. } => {}
            Tree::Seq(items) => items.iter_mut().for_each(Tree::sort),
            Tree::Map(entries) => {
                for (key, value) in entries.iter_mut() {
                    key.sort();
                    value.sort();
                }
                entries.sort();
            }
        }
    }

    /// The tree with a change made. `None` if the change has no place in it.
    pub fn with(mut self, change: Change<'_>) -> Option<Tree> {
        match change {
            Change::Put(path, value) => put(&mut self, path.steps(), value)?,
            Change::Remove(path) => remove(&mut self, path)?,
            Change::Insert(path, index, value) => {
                let list = descend(&mut self, path.steps(), true)?;
                if list.is_null() {
                    *list = Tree::Seq(Vec::new());
                }
                match list {
                    Tree::Seq(items) if index <= items.len() => items.insert(index, value),
                    _ => return None,
                }
            }
            Change::Rename(path, to) => {
                let (parent, last) = path.split_last()?;
                let (Step::Key(key), Tree::Map(entries)) =
                    (last, descend(&mut self, parent.steps(), false)?)
                else {
                    return None;
                };
                let entry = entries.iter_mut().find(|(name, _)| name.is_key(key))?;
                entry.0 = Tree::scalar(resolve::STR, to);
            }
            Change::Move(path, from, to) => match descend(&mut self, path.steps(), false)? {
                Tree::Seq(items) if from < items.len() && to < items.len() => {
                    let item = items.remove(from);
                    items.insert(to, item);
                }
                _ => return None,
            },
        }
        Some(self)
    }

    fn is_key(&self, key: &str) -> bool {
        matches!(self, Tree::Scalar { tag, value } if value == key && tag != resolve::MERGE)
    }
}

fn expand(document: &Document, id: NodeId, depth: usize, budget: &mut usize) -> Option<Tree> {
    *budget = budget.checked_sub(1)?;
    if depth > MAX_DEPTH {
        return None;
    }
    let node = document.node(id);
    Some(match &node.kind {
        Kind::Scalar { value, .. } => Tree::scalar(&node.tag, value),
        Kind::Alias { target, .. } => expand(document, *target, depth + 1, budget)?,
        Kind::Sequence { items, .. } => Tree::Seq(
            items
                .iter()
                .map(|item| expand(document, *item, depth + 1, budget))
                .collect::<Option<_>>()?,
        ),
        Kind::Mapping { entries, .. } => Tree::Map(
            entries
                .iter()
                .map(|(key, value)| {
                    let key = expand(document, *key, depth + 1, budget)?;
                    Some((key, expand(document, *value, depth + 1, budget)?))
                })
                .collect::<Option<_>>()?,
        ),
    })
}

/// The child that `step` leads to; see [`crate::locate::child`] for `free`.
fn child<'t>(tree: &'t mut Tree, step: &Step, free: bool) -> Option<&'t mut Tree> {
    match (tree, step) {
        (Tree::Map(entries), Step::Key(key)) => entries
            .iter_mut()
            .find(|(name, _)| name.is_key(key))
            .map(|(_, value)| value),
        (Tree::Seq(items), Step::Index(index)) => items
            .iter_mut()
            .filter(|item| free || !item.is_null())
            .nth(*index),
        _ => None,
    }
}

fn is_free(step: &Step) -> bool {
    matches!(step, Step::Key(key) if key == "parameters")
}

/// The tree at `steps`, created along the way if asked for.
fn descend<'t>(tree: &'t mut Tree, steps: &[Step], create: bool) -> Option<&'t mut Tree> {
    let mut at = tree;
    let mut free = false;
    for step in steps {
        if create && child(at, step, free).is_none() {
            let Step::Key(key) = step else { return None };
            if at.is_null() {
                *at = Tree::Map(Vec::new());
            }
            match &mut *at {
                Tree::Map(entries) => entries.push((Tree::scalar(resolve::STR, key), Tree::null())),
                _ => return None,
            }
        }
        at = child(at, step, free)?;
        free = free || is_free(step);
    }
    Some(at)
}

fn put(tree: &mut Tree, steps: &[Step], value: Tree) -> Option<()> {
    *descend(tree, steps, true)? = value;
    Some(())
}

/// Removes what is at `path`; a map or list that is the value of a key goes with its last child.
fn remove(tree: &mut Tree, path: &FieldPath) -> Option<()> {
    let (parent_path, last) = path.split_last()?;
    let free = parent_path.steps().iter().any(is_free);
    let parent = descend(tree, parent_path.steps(), false)?;
    match (&mut *parent, last) {
        (Tree::Map(entries), Step::Key(key)) => {
            let at = entries.iter().position(|(name, _)| name.is_key(key))?;
            entries.remove(at);
        }
        (Tree::Seq(items), Step::Index(index)) => {
            let mut places = (0..items.len()).filter(|at| free || !items[*at].is_null());
            let at = places.nth(*index)?;
            items.remove(at);
        }
        _ => return None,
    }
    let is_value = matches!(parent_path.steps().last(), Some(Step::Key(_)));
    if parent.is_empty() && is_value {
        return remove(tree, &parent_path);
    }
    Some(())
}
