//! The Kitfile editor's side of the engine: reading, analysing, editing, saving.

mod draft;
mod form;
mod values;

pub use values::to_yaml as value_text;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kitbench_kitfile::files::{EntryKind, ProjectFiles, check_files};
use kitbench_kitfile::{
    Edit, Encoding, FieldPath, KITFILE_NAMES, Parsed, Problem, Rules, Value, decode, find_name,
    parse,
};
use kitbench_protocol::{
    ErrorKind, ErrorView, Fix, FormEdit, KitfileDoc, KitfileProblem, ProjectId, SaveOutcome,
    Severity, SpanRole, TextEdit, TextSpan,
};

use crate::Inner;
use crate::errors::{io_error, sentence};

/// A Kitfile is written by hand; one larger than this is something else.
const MAX_BYTES: u64 = 4 << 20;

/// The files of a project folder, for the checks that need them.
pub struct OnDisk<'a>(pub &'a Path);

impl ProjectFiles for OnDisk<'_> {
    fn kind(&self, path: &str) -> Option<EntryKind> {
        let metadata = fs::symlink_metadata(self.0.join(path)).ok()?;
        Some(if metadata.is_dir() {
            EntryKind::Folder
        } else if metadata.is_file() {
            EntryKind::File
        } else if metadata.is_symlink() {
            EntryKind::Link
        } else {
            EntryKind::Other
        })
    }

    fn names_in(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.0.join(folder)) else {
            return Vec::new();
        };
        // A folder of a million images has no close name worth offering.
        entries
            .flatten()
            .take(5_000)
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }
}

/// Path of the project's Kitfile and whether it exists; a missing one would be made as
/// `Kitfile`.
pub fn path(folder: &Path) -> (PathBuf, bool) {
    match find_name(|name| folder.join(name).is_file()) {
        Some(name) => (folder.join(name), true),
        None => (folder.join(KITFILE_NAMES[0]), false),
    }
}

/// The text on disk, `None` if there is no Kitfile.
pub fn read(folder: &Path) -> Result<Option<String>, ErrorView> {
    Ok(decoded(folder)?.map(|(text, _)| text))
}

/// The text on disk and how it is written there.
fn decoded(folder: &Path) -> Result<Option<(String, Encoding)>, ErrorView> {
    let (path, exists) = path(folder);
    if !exists {
        return Ok(None);
    }
    let size = fs::metadata(&path)
        .map_err(|e| io_error("read", &path, &e))?
        .len();
    if size > MAX_BYTES {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!(
                "`{}` has {size} bytes, which no Kitfile has.",
                path.display()
            ),
            "Move the file out of the way; a Kitfile is a short YAML text.",
        ));
    }
    let bytes = fs::read(&path).map_err(|e| io_error("read", &path, &e))?;
    decode(&bytes).map(Some).map_err(|error| {
        ErrorView::new(
            ErrorKind::Invalid,
            format!("`{}` cannot be read: {error}.", path.display()),
            "Save it as UTF-8 in a text editor.",
        )
    })
}

/// Replaces the Kitfile by `text`, written as the one on disk is; the bytes.
pub fn write(folder: &Path, text: &str) -> Result<Vec<u8>, ErrorView> {
    let encoding = decoded(folder)?.map(|(_, encoding)| encoding);
    let bytes = encoding.unwrap_or_default().encode(text);
    write_beside(&path(folder).0, &bytes)?;
    Ok(bytes)
}

/// Parses with every check that the text and the files allow.
pub fn analyse(folder: &Path, text: &str) -> Parsed {
    let mut parsed = parse(text, Rules::Current);
    if let Some(kitfile) = &parsed.kitfile {
        parsed
            .problems
            .extend(check_files(text, kitfile, Rules::Current, &OnDisk(folder)));
        parsed.problems.sort_by_key(|problem| problem.span.start);
    }
    parsed
}

pub fn open(inner: &Inner, project: ProjectId) -> Result<KitfileDoc, ErrorView> {
    let folder = crate::projects::folder(inner, project)?;
    let text = read(&folder)?.unwrap_or_default();
    document(&folder, text)
}

pub fn analyze(inner: &Inner, project: ProjectId, text: String) -> Result<KitfileDoc, ErrorView> {
    document(&crate::projects::folder(inner, project)?, text)
}

fn document(folder: &Path, text: String) -> Result<KitfileDoc, ErrorView> {
    let (path, exists) = path(folder);
    let (saved_text, encoding) = match decoded(folder)? {
        Some((text, encoding)) => (Some(text), encoding),
        None => (None, Encoding::default()),
    };
    let parsed = analyse(folder, &text);
    let form = parsed
        .kitfile
        .as_ref()
        .map(|kitfile| form::form(kitfile, &text, folder));
    Ok(KitfileDoc {
        file_name: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        revision: saved_text.as_deref().map(revision),
        saved_text: saved_text.unwrap_or_default(),
        read_only: exists && fs::metadata(&path).is_ok_and(|m| m.permissions().readonly()),
        form,
        problems: encoding_note(encoding)
            .into_iter()
            .chain(
                parsed
                    .problems
                    .iter()
                    .map(|problem| problem_view(&text, problem)),
            )
            .collect(),
        spans: spans(&text),
        text,
    })
}

/// Says of a file that is not plain UTF-8 what it is.
fn encoding_note(encoding: Encoding) -> Option<KitfileProblem> {
    let message = format!("The file is written as {}.", encoding.name());
    let hint = "Saving keeps it so; kit reads it as well.".into();
    let note = || of_the_whole("encoding", Severity::Warning, message, hint);
    (encoding != Encoding::Utf8).then(note)
}

/// A problem with the whole folder or file rather than a place in the text.
pub fn of_the_whole(
    code: &str,
    severity: Severity,
    message: String,
    hint: String,
) -> KitfileProblem {
    KitfileProblem {
        code: code.into(),
        severity,
        message,
        hint,
        path: String::new(),
        start: 0,
        end: 0,
        line: 1,
        column: 1,
        fixes: Vec::new(),
    }
}

fn revision(text: &str) -> String {
    kitbench_modelkit::Digest::of(text.as_bytes()).to_string()
}

fn spans(text: &str) -> Vec<TextSpan> {
    let outline = kitbench_kitfile::outline(text);
    let mut spans = Vec::new();
    let mut add = |range: std::ops::Range<usize>, role, path: String| {
        spans.push(TextSpan {
            start: range.start as u32,
            end: range.end as u32,
            role,
            path,
        });
    };
    for field in outline.fields {
        let path = field.path.to_string();
        if let Some(key) = field.key {
            add(key, SpanRole::Key, path.clone());
        }
        add(field.value, SpanRole::Value, path);
    }
    for comment in outline.comments {
        add(comment, SpanRole::Comment, String::new());
    }
    spans.sort_by_key(|span| (span.start, span.end));
    spans
}

pub fn problem_view(text: &str, problem: &Problem) -> KitfileProblem {
    KitfileProblem {
        code: problem.code.as_str().into(),
        severity: match problem.severity {
            kitbench_kitfile::Severity::Error => Severity::Error,
            kitbench_kitfile::Severity::Warning => Severity::Warning,
        },
        message: problem.message.clone(),
        hint: problem.hint.clone(),
        path: problem.path.to_string(),
        start: problem.span.start as u32,
        end: problem.span.end as u32,
        line: problem.span.line as u32,
        column: problem.span.column as u32,
        fixes: problem
            .fix
            .iter()
            .filter_map(|fix| fix_view(text, fix))
            .collect(),
    }
}

/// A fix as the smallest text edit that does the same.
fn fix_view(text: &str, fix: &kitbench_kitfile::Fix) -> Option<Fix> {
    let fixed = kitbench_kitfile::edit::apply(text, &fix.edits).ok()?;
    Some(Fix {
        label: fix.label.clone(),
        edits: vec![text_edit(text, &fixed)],
    })
}

/// The one replacement that turns `old` into `new`.
fn text_edit(old: &str, new: &str) -> TextEdit {
    let mut start = old
        .bytes()
        .zip(new.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    while !old.is_char_boundary(start) || !new.is_char_boundary(start) {
        start -= 1;
    }
    let longest = (old.len() - start).min(new.len() - start);
    let mut tail = old
        .bytes()
        .rev()
        .zip(new.bytes().rev())
        .take(longest)
        .take_while(|(a, b)| a == b)
        .count();
    while !old.is_char_boundary(old.len() - tail) || !new.is_char_boundary(new.len() - tail) {
        tail -= 1;
    }
    TextEdit {
        start: start as u32,
        end: (old.len() - tail) as u32,
        text: new[start..new.len() - tail].to_owned(),
    }
}

pub fn edit(
    inner: &Inner,
    project: ProjectId,
    text: &str,
    edits: &[FormEdit],
) -> Result<KitfileDoc, ErrorView> {
    let folder = crate::projects::folder(inner, project)?;
    document(&folder, apply(text, edits)?)
}

/// Applies form edits one after another.
pub fn apply(text: &str, edits: &[FormEdit]) -> Result<String, ErrorView> {
    let mut text = text.to_owned();
    for form_edit in edits {
        let edit = kitfile_edit(form_edit)?;
        text = kitbench_kitfile::edit::apply(&text, &[edit]).map_err(|error| {
            ErrorView::new(
                ErrorKind::Invalid,
                sentence(&error.to_string()),
                "Edit the text instead; nothing was changed.",
            )
        })?;
    }
    Ok(text)
}

fn kitfile_edit(edit: &FormEdit) -> Result<Edit, ErrorView> {
    Ok(match edit {
        FormEdit::Set { path, value } if value.is_empty() => Edit::Remove { path: field(path)? },
        FormEdit::Set { path, value } => Edit::Set {
            path: field(path)?,
            value: value.clone(),
        },
        FormEdit::SetList { path, values } => Edit::SetList {
            path: field(path)?,
            values: values.clone(),
        },
        FormEdit::Remove { path } => Edit::Remove { path: field(path)? },
        FormEdit::Append { section, fields } => Edit::Insert {
            section: field(section)?,
            index: None,
            fields: fields.clone(),
        },
        FormEdit::Move { path, to } => {
            let path = field(path)?;
            match path.split_last() {
                Some((section, kitbench_kitfile::Step::Index(from))) => Edit::Move {
                    section,
                    from: *from,
                    to: *to as usize,
                },
                _ => return Err(not_a_field(&path.to_string())),
            }
        }
        FormEdit::SetParameter { path, key, yaml } => {
            let path = field(path)?.key(key);
            match values::from_yaml(yaml)? {
                Value::Int(_) | Value::UInt(_) | Value::Float(_) if is_one_word(yaml) => {
                    Edit::SetNumber {
                        path,
                        literal: yaml.trim().to_owned(),
                    }
                }
                value => Edit::SetValue { path, value },
            }
        }
        FormEdit::RemoveParameter { path, key } => Edit::Remove {
            path: field(path)?.key(key),
        },
        FormEdit::RenameParameter { path, key, new_key } => Edit::Rename {
            path: field(path)?.key(key),
            to: new_key.clone(),
        },
    })
}

/// Whether a value is a single scalar without a tag, an anchor or a comment.
fn is_one_word(yaml: &str) -> bool {
    !yaml.trim().contains(char::is_whitespace)
}

fn field(path: &str) -> Result<FieldPath, ErrorView> {
    path.parse().map_err(|_| not_a_field(path))
}

fn not_a_field(path: &str) -> ErrorView {
    ErrorView::new(
        ErrorKind::Invalid,
        format!("`{path}` is not a field of the Kitfile."),
        "Write it like `datasets[2].path`.",
    )
}

/// Writes the text beside the file and renames it into place, unless the file changed
/// on disk since it was opened.
pub fn save(
    inner: &Arc<Inner>,
    project: ProjectId,
    text: &str,
    opened: Option<&str>,
) -> Result<SaveOutcome, ErrorView> {
    let folder = crate::projects::folder(inner, project)?;
    if let Some(opened) = opened {
        let on_disk = read(&folder)?.unwrap_or_default();
        let now = revision(&on_disk);
        if now != opened {
            return Ok(SaveOutcome::ChangedOnDisk {
                text: on_disk,
                revision: now,
            });
        }
    }
    write(&folder, text)?;
    // Whoever asks next must see the new Kitfile, not the watcher's later view of it.
    crate::projects::look(inner, project, &[]);
    Ok(SaveOutcome::Saved(Box::new(document(
        &folder,
        text.to_owned(),
    )?)))
}

/// Replaces a file in one step: readers see the old or the new, never half.
pub fn write_beside(path: &Path, bytes: &[u8]) -> Result<(), ErrorView> {
    // A link stays a link: the file it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = target
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let beside = target.with_file_name(format!(".{name}.kitbench-{}", std::process::id()));
    let permissions = fs::metadata(&target)
        .map(|metadata| metadata.permissions())
        .ok();
    if permissions.as_ref().is_some_and(fs::Permissions::readonly) {
        return Err(io_error(
            "write",
            &target,
            &std::io::Error::from(std::io::ErrorKind::PermissionDenied),
        ));
    }
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.sync_all()?;
        fs::rename(&beside, &target)
    };
    write().map_err(|error| {
        // What was begun beside it is of no use to anybody.
        let _ = fs::remove_file(&beside);
        io_error("write", &target, &error)
    })
}

/// A Kitfile drafted from what is in the folder. Nothing is saved.
pub fn drafted(inner: &Inner, project: ProjectId) -> Result<KitfileDoc, ErrorView> {
    let folder = crate::projects::folder(inner, project)?;
    document(&folder, draft::draft(&folder)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_edit_is_the_difference() {
        let old = "package:\n  author: Ann\n";
        let new = "package:\n  authors: [Ann]\n";
        let edit = text_edit(old, new);
        let mut text = old.to_owned();
        text.replace_range(edit.start as usize..edit.end as usize, &edit.text);
        assert_eq!(text, new);
        assert_eq!(
            text_edit("é", "è"),
            TextEdit {
                start: 0,
                end: 2,
                text: "è".into()
            }
        );
        assert_eq!(
            text_edit("aa", "aaa"),
            TextEdit {
                start: 2,
                end: 2,
                text: "a".into()
            }
        );
    }

    #[test]
    fn saving_replaces_in_one_step_and_keeps_the_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Kitfile");
        fs::write(&path, "old").unwrap();
        write_beside(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_kitfile_keeps_its_encoding_and_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Kitfile");
        let text = "manifestVersion: 1.0.0\npackage: {name: é}\n";
        for encoding in [
            Encoding::Utf8,
            Encoding::Utf8Marked,
            Encoding::Utf16Little,
            Encoding::Utf16Big,
        ] {
            fs::write(&file, encoding.encode(text)).unwrap();
            let doc = document(folder.path(), text.to_owned()).unwrap();
            assert_eq!(doc.saved_text, text);
            let said: Vec<_> = doc.problems.iter().map(|p| p.message.as_str()).collect();
            match encoding {
                Encoding::Utf8 => assert_eq!(said, [""; 0]),
                _ => assert!(
                    matches!(said[..], [note] if note.contains(encoding.name())),
                    "{said:?}"
                ),
            }
            let changed = "manifestVersion: 1.0.0\npackage: {name: ü}\n";
            let bytes = write(folder.path(), changed).unwrap();
            assert_eq!(fs::read(&file).unwrap(), bytes);
            assert_eq!(decode(&bytes), Ok((changed.to_owned(), encoding)));
        }
        fs::write(&file, b"\xff\xfea").unwrap();
        let error = document(folder.path(), text.to_owned()).unwrap_err();
        assert!(error.message.contains("UTF-16"), "{error:?}");
        assert!(write(folder.path(), text).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"\xff\xfea");
    }
}
