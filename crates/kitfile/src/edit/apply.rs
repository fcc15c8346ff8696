//! Doing edits one after another, each checked against what it should change.

use super::draft::{Draft, Patch};
use super::tree::{Change, Tree};
use super::{Edit, EditError, list, put, remove};
use crate::decode;
use crate::emit::{self, Layout, Out};
use crate::field_path::FieldPath;
use crate::locate;
use crate::to_yaml;
use crate::value::Value;
use crate::yaml::{Kind, NodeId, resolve};

/// Does `edits` on `text` in order.
///
/// The result is read again after each edit and compared with what the edit should have changed.
/// An edit that would change anything else (through an anchor that is used elsewhere, say) is an
/// error, and so is one whose place does not exist.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut text = text.to_owned();
    for edit in edits {
        text = apply_one(text, edit)?;
    }
    Ok(text)
}

fn apply_one(text: String, edit: &Edit) -> Result<String, EditError> {
    match edit {
        Edit::Set { path, value } => set(text, path, value),
        Edit::SetList { path, values } => set_list(text, path, values),
        Edit::SetValue { path, value } => set_value(text, path, value),
        Edit::SetNumber { path, literal } => {
            if !matches!(resolve::plain(literal).tag(), resolve::INT | resolve::FLOAT) {
                return Err(EditError::NotANumber {
                    path: path.clone(),
                    literal: literal.clone(),
                });
            }
            put_out(&text, path, &Out::Raw(literal.clone()))
        }
        Edit::Remove { path } => change(&text, Change::Remove(path), |draft| {
            remove::remove(draft, path)
        }),
        Edit::Rename { path, to } => change(&text, Change::Rename(path, to), |draft| {
            put::rename(draft, path, to)
        }),
        Edit::Insert {
            section,
            index,
            fields,
        } => {
            let entries = fields
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(key, value)| (key.clone(), Out::text(value)))
                .collect();
            let element = Out::Map(entries, Layout::Block);
            insert(text, section, *index, &element)
        }
        Edit::Move { section, from, to } => {
            let (from, to) = match Draft::read(&text)? {
                Some(draft) => (
                    raw_index(&draft, section, *from),
                    raw_index(&draft, section, *to),
                ),
                None => (None, None),
            };
            let (Some(from), Some(to)) = (from, to) else {
                return Err(EditError::NotFound {
                    path: section.clone(),
                });
            };
            change(&text, Change::Move(section, from, to), |draft| {
                list::relocate(draft, section, from, to)
            })
        }
    }
}

/// Does one change and checks it.
fn change(
    text: &str,
    change: Change<'_>,
    patches: impl FnOnce(&Draft<'_>) -> Result<Vec<Patch>, EditError>,
) -> Result<String, EditError> {
    let path = change.path().clone();
    let Some(draft) = Draft::read(text)? else {
        return Err(EditError::NotFound { path });
    };
    let wanted = Tree::of(&draft.document)?.with(change);
    let patches = patches(&draft)?;
    let wanted = wanted.ok_or_else(|| EditError::NotFound { path: path.clone() })?;
    // Comments within what is replaced may go with it; all others must still be there.
    let comments = draft.document.comments.iter();
    let kept = comments.filter(|comment| {
        !patches
            .iter()
            .any(|(range, _)| range.start <= comment.start && comment.end <= range.end)
    });
    let kept = kept.count();
    let mut edited = patched(text, patches);
    // A block scalar that ends the text needs its line end.
    for end in ["", draft.habits.eol] {
        edited.push_str(end);
        if let Ok(Some(again)) = Draft::read(&edited)
            && again.document.comments.len() >= kept
            && Tree::of(&again.document)?.same_as(wanted.clone())
        {
            return Ok(edited);
        }
    }
    Err(EditError::Entangled { path })
}

fn patched(text: &str, mut patches: Vec<Patch>) -> String {
    patches.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for (range, insert) in patches {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&insert);
        at = range.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// A text without a document: only comments, or nothing at all.
fn begin(text: &str, path: &FieldPath, value: &Out) -> Result<String, EditError> {
    let node = put::nested(path.steps(), value)
        .ok_or_else(|| EditError::NotFound { path: path.clone() })?;
    let mut out = text.to_owned();
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !bare.is_empty() && !bare.ends_with('\n') {
        out.push_str(eol);
    }
    let habits = emit::Habits {
        eol,
        ..emit::KIT_HABITS
    };
    emit::write_block(&mut out, &node, 0, &habits);
    out.push_str(eol);
    match Draft::read(&out)? {
        Some(draft) if Tree::of(&draft.document)?.same_as(Tree::of_out(&node)) => Ok(out),
        _ => Err(EditError::Entangled { path: path.clone() }),
    }
}

fn put_out(text: &str, path: &FieldPath, value: &Out) -> Result<String, EditError> {
    if Draft::read(text)?.is_none() {
        return begin(text, path, value);
    }
    change(text, Change::Put(path, Tree::of_out(value)), |draft| {
        put::put(draft, path, value)
    })
}

fn set(text: String, path: &FieldPath, value: &str) -> Result<String, EditError> {
    if let Some(draft) = Draft::read(&text)?
        && let Some(id) = locate::find(&draft.document, path)
        && let Kind::Scalar { value: old, .. } = &draft.node(id).kind
        && old == value
        && !draft.is_null(id)
    {
        return Ok(text);
    }
    put_out(&text, path, &Out::text(value))
}

/// The items of the list at `path` as texts; `None` if there is no list, or not all are texts.
fn texts_at(draft: &Draft<'_>, path: &FieldPath) -> Option<Vec<String>> {
    let id = locate::find(&draft.document, path)?;
    let texts = draft.items(id)?.iter().map(|item| {
        let node = draft.node(*item);
        let is_text = matches!(node.kind, Kind::Scalar { .. }) && !draft.is_null(*item);
        is_text.then(|| node.value().to_owned())
    });
    texts.collect()
}

fn set_list(text: String, path: &FieldPath, values: &[String]) -> Result<String, EditError> {
    let draft = Draft::read(&text)?;
    let exists = draft
        .as_ref()
        .is_some_and(|draft| locate::find(&draft.document, path).is_some());
    if values.is_empty() {
        return match exists {
            true => apply_one(text, &Edit::Remove { path: path.clone() }),
            false => Ok(text),
        };
    }
    let Some(old) = draft
        .and_then(|draft| texts_at(&draft, path))
        .filter(|old| !old.is_empty())
    else {
        let items = values.iter().map(|value| Out::text(value)).collect();
        return put_out(&text, path, &Out::Seq(items, Layout::Flow));
    };
    splice(
        text,
        path,
        (&old, values),
        |text, path, value| set(text, path, value),
        |value| Out::text(value),
    )
}

/// Makes a list of what is new from what is old. Only what lies between the unchanged beginning and end is
/// touched.
fn splice<T: PartialEq>(
    mut text: String,
    path: &FieldPath,
    (old, new): (&[T], &[T]),
    change: impl Fn(String, &FieldPath, &T) -> Result<String, EditError>,
    written: impl Fn(&T) -> Out,
) -> Result<String, EditError> {
    let (first, old_end, new_end) = middle(old, new);
    let common = (old_end - first).min(new_end - first);
    for (offset, value) in new.iter().enumerate().skip(first).take(common) {
        text = change(text, &path.index(offset), value)?;
    }
    for (offset, value) in new.iter().enumerate().take(new_end).skip(first + common) {
        text = insert(text, path, Some(offset), &written(value))?;
    }
    for offset in (first + common..old_end).rev() {
        let path = path.index(offset);
        text = apply_one(text, &Edit::Remove { path })?;
    }
    Ok(text)
}

/// Where two lists begin to differ, and where the rest of each, counted from its end, is equal.
fn middle<T: PartialEq>(old: &[T], new: &[T]) -> (usize, usize, usize) {
    let first = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - first;
    let last = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(most)
        .take_while(|(a, b)| a == b)
        .count();
    (first, old.len() - last, new.len() - last)
}

fn set_value(mut text: String, path: &FieldPath, value: &Value) -> Result<String, EditError> {
    let old = match Draft::read(&text)? {
        Some(draft) => locate::find(&draft.document, path)
            .and_then(|id| decode::decode_value(&draft.document, id)),
        None => None,
    };
    match (&old, value) {
        (Some(old), value) if old == value => Ok(text),
        (Some(Value::Map(old)), Value::Map(new)) if !old.is_empty() && !new.is_empty() => {
            for (key, value) in new {
                text = set_value(text, &path.key(key), value)?;
            }
            for (key, _) in old {
                if !new.iter().any(|(kept, _)| kept == key) {
                    text = apply_one(
                        text,
                        &Edit::Remove {
                            path: path.key(key),
                        },
                    )?;
                }
            }
            Ok(text)
        }
        (Some(Value::Seq(old)), Value::Seq(new)) if !old.is_empty() && !new.is_empty() => {
            splice(text, path, (old, new), set_value, to_yaml::value)
        }
        (_, Value::String(new)) => set(text, path, new),
        _ => put_out(&text, path, &to_yaml::value(value)),
    }
}

fn insert(
    text: String,
    section: &FieldPath,
    index: Option<usize>,
    element: &Out,
) -> Result<String, EditError> {
    let Some(draft) = Draft::read(&text)? else {
        let list = Out::Seq(vec![element.clone()], Layout::Block);
        return begin(&text, section, &list);
    };
    let count = item_count(&draft, section);
    let at = index
        .and_then(|index| raw_index(&draft, section, index))
        .unwrap_or(count);
    drop(draft);
    change(
        &text,
        Change::Insert(section, at, Tree::of_out(element)),
        |draft| list::insert(draft, section, at, element),
    )
}

fn items_at<'d>(draft: &'d Draft<'_>, section: &FieldPath) -> &'d [NodeId] {
    locate::find(&draft.document, section)
        .and_then(|id| draft.items(draft.document.target(id)))
        .unwrap_or_default()
}

fn item_count(draft: &Draft<'_>, section: &FieldPath) -> usize {
    items_at(draft, section).len()
}

/// The number of an element among all items of its list, of which null ones do not count.
fn raw_index(draft: &Draft<'_>, section: &FieldPath, index: usize) -> Option<usize> {
    let id = locate::find(&draft.document, &section.index(index))?;
    items_at(draft, section).iter().position(|item| *item == id)
}
