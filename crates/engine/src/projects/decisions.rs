//! Findings to decide on before packing, and carrying the decisions out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kitbench_modelkit::plan::{LeftOutReason, Plan};
use kitbench_protocol::{
    Decide, Decision, DecisionChoice, DecisionDone, DecisionKind, ErrorKind, ErrorView, FormEdit,
    LayerKind, ProjectId, Severity,
};

use crate::errors::{io_error, view_of_state};
use crate::{Inner, kitfile};

/// Findings shown at once; a folder of links must not fill the page.
const MAX_FINDINGS: usize = 50;
/// Steps that can be taken back.
const MAX_UNDO: usize = 50;

/// What a decision changed, so that it can be taken back.
#[derive(Default)]
pub struct UndoLog {
    steps: Mutex<(u64, BTreeMap<u64, Undo>)>,
}

struct Undo {
    project: ProjectId,
    change: Change,
}

enum Change {
    /// A file was written; its bytes before, `None` if it was not there.
    File {
        path: PathBuf,
        before: Option<Vec<u8>>,
        after: Vec<u8>,
    },
    Kept(String),
}

/// Files in no layer, gathered by their topmost folder.
pub struct TopGroup {
    /// Folders end with a slash.
    pub path: String,
    pub files: u32,
    pub bytes: u64,
}

/// Largest first.
pub fn top_groups(folder: &Path, uncovered: &[String]) -> Vec<TopGroup> {
    let mut groups: BTreeMap<String, TopGroup> = BTreeMap::new();
    for path in uncovered {
        let top = match path.split_once('/') {
            Some((top, _)) => format!("{top}/"),
            None => path.clone(),
        };
        let bytes = std::fs::symlink_metadata(folder.join(path)).map_or(0, |m| m.len());
        let group = groups.entry(top.clone()).or_insert(TopGroup {
            path: top,
            files: 0,
            bytes: 0,
        });
        group.files += 1;
        group.bytes += bytes;
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    groups
}

/// All findings that the user has not waved through, worst first.
pub fn find(inner: &Inner, folder: &Path, plan: &Plan, kept: &BTreeSet<String>) -> Vec<Decision> {
    let mut found = Vec::new();
    found.extend(find_secrets(inner, folder, plan));
    found.extend(packed_twice(plan));
    found.extend(
        top_groups(folder, &plan.uncovered)
            .into_iter()
            .map(in_no_layer),
    );
    found.extend(left_out_silently(plan));
    found.retain(|decision| !kept.contains(&decision.key));
    found.sort_by_key(|decision| std::cmp::Reverse(decision.severity));
    found.truncate(MAX_FINDINGS);
    found
}

fn find_secrets(inner: &Inner, folder: &Path, plan: &Plan) -> Vec<Decision> {
    let mut decisions = Vec::new();
    let mut seen = BTreeSet::new();
    for layer in &plan.layers {
        for entry in layer.entries.iter().filter(|entry| !entry.is_folder) {
            if !seen.insert(&entry.path) {
                continue;
            }
            let Some(finding) =
                inner
                    .secrets
                    .look(folder, &entry.path, entry.stamp.size, entry.stamp.mtime)
            else {
                continue;
            };
            decisions.push(Decision {
                key: format!("secret:{}", entry.path),
                severity: Severity::Error,
                kind: DecisionKind::Secret,
                title: format!("Looks like a secret, in {}", super::layer_label(layer)),
                path: entry.path.clone(),
                detail: finding.describe(),
                choices: vec![DecisionChoice::LeaveOut, DecisionChoice::Keep],
            });
        }
    }
    decisions
}

fn packed_twice(plan: &Plan) -> Vec<Decision> {
    let mut places: BTreeMap<&String, (u64, Vec<String>)> = BTreeMap::new();
    for layer in &plan.layers {
        for entry in layer.entries.iter().filter(|entry| !entry.is_folder) {
            let place = places
                .entry(&entry.path)
                .or_insert((entry.stamp.size, Vec::new()));
            place.1.push(super::layer_label(layer));
        }
    }
    places
        .into_iter()
        .filter(|(_, (_, layers))| layers.len() > 1)
        .map(|(path, (bytes, layers))| Decision {
            key: format!("twice:{path}"),
            severity: Severity::Warning,
            kind: DecisionKind::PackedTwice,
            title: "Packed twice".into(),
            path: path.clone(),
            detail: format!("{} bytes, in {}", bytes, layers.join(" and ")),
            choices: vec![DecisionChoice::Keep],
        })
        .collect()
}

fn in_no_layer(group: TopGroup) -> Decision {
    let is_folder = group.path.ends_with('/');
    let add = if group.path.to_lowercase().contains("doc") || group.path.ends_with(".md") {
        LayerKind::Docs
    } else if is_folder || group.path.ends_with(".py") {
        LayerKind::Code
    } else {
        LayerKind::Dataset
    };
    let mut choices = vec![DecisionChoice::AddToLayer(add)];
    for kind in [
        LayerKind::Code,
        LayerKind::Dataset,
        LayerKind::Docs,
        LayerKind::ModelPart,
    ] {
        if kind != add {
            choices.push(DecisionChoice::AddToLayer(kind));
        }
    }
    choices.push(DecisionChoice::LeaveOut);
    choices.push(DecisionChoice::Keep);
    Decision {
        key: format!("outside:{}", group.path),
        severity: Severity::Warning,
        kind: DecisionKind::InNoLayer,
        title: if is_folder {
            "Folder in no layer".into()
        } else {
            "File in no layer".into()
        },
        detail: format!(
            "{} {}, {} bytes",
            group.files,
            if group.files == 1 { "file" } else { "files" },
            group.bytes
        ),
        path: group.path,
        choices,
    }
}

fn left_out_silently(plan: &Plan) -> Vec<Decision> {
    plan.left_out
        .iter()
        .filter(|left| {
            matches!(
                left.reason,
                LeftOutReason::Symlink | LeftOutReason::Special | LeftOutReason::DotDot
            )
        })
        .map(|left| Decision {
            key: format!("left:{}", left.path),
            severity: Severity::Info,
            kind: DecisionKind::LeftOutSilently,
            title: "Cannot be packed".into(),
            path: left.path.clone(),
            detail: left.reason.to_string(),
            choices: vec![DecisionChoice::Keep],
        })
        .collect()
}

/// Carries a decision out and looks at the project again.
pub fn decide(inner: &Arc<Inner>, call: &Decide) -> Result<DecisionDone, ErrorView> {
    let folder = super::folder(inner, call.project)?;
    let decision = super::detail(inner, call.project)?
        .decisions
        .into_iter()
        .find(|decision| decision.key == call.key)
        .ok_or_else(|| ErrorView::new(ErrorKind::NotFound, "This has been decided already.", ""))?;
    let path = decision.path.as_str();
    let (message, change) = match &call.choice {
        DecisionChoice::LeaveOut => (
            format!("Added {path} to .kitignore"),
            append_ignore(&folder, path)?,
        ),
        DecisionChoice::AddToLayer(kind) => (
            format!("Added {path} to the {} of the Kitfile", section_name(*kind)),
            add_to_layer(&folder, path, *kind)?,
        ),
        DecisionChoice::Keep => {
            inner
                .state
                .keep_finding(call.project, &call.key)
                .map_err(|e| view_of_state(&e))?;
            (
                format!("{path} stays as it is"),
                Change::Kept(call.key.clone()),
            )
        }
    };
    let undo = inner.undo.push(Undo {
        project: call.project,
        change,
    });
    super::look(inner, call.project, &[]);
    Ok(DecisionDone { message, undo })
}

impl UndoLog {
    fn push(&self, undo: Undo) -> u64 {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.0 += 1;
        let id = steps.0;
        steps.1.insert(id, undo);
        while steps.1.len() > MAX_UNDO {
            steps.1.pop_first();
        }
        id
    }
}

/// Takes a decision back, unless the file was changed meanwhile.
pub fn undo(inner: &Arc<Inner>, id: u64) -> Result<(), ErrorView> {
    let undo = {
        let mut steps = inner
            .undo
            .steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        steps.1.remove(&id)
    };
    let undo = undo.ok_or_else(|| {
        ErrorView::new(ErrorKind::NotFound, "This cannot be undone any more.", "")
    })?;
    match undo.change {
        Change::Kept(key) => inner
            .state
            .forget_finding(undo.project, &key)
            .map_err(|e| view_of_state(&e))?,
        Change::File {
            path,
            before,
            after,
        } => {
            let now = std::fs::read(&path).map_err(|e| io_error("read", &path, &e))?;
            if now != after {
                return Err(ErrorView::new(
                    ErrorKind::Conflict,
                    format!("`{}` was changed since.", path.display()),
                    "Take the line out by hand.",
                ));
            }
            match before {
                Some(bytes) => kitfile::write_beside(&path, &bytes)?,
                None => std::fs::remove_file(&path).map_err(|e| io_error("remove", &path, &e))?,
            }
        }
    }
    super::look(inner, undo.project, &[]);
    Ok(())
}

/// One more line at the end of `.kitignore`.
fn append_ignore(folder: &Path, path: &str) -> Result<Change, ErrorView> {
    let file = folder.join(".kitignore");
    let before = match std::fs::read(&file) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(io_error("read", &file, &error)),
    };
    let mut after = before.clone().unwrap_or_default();
    let crlf = after.windows(2).any(|pair| pair == b"\r\n");
    let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
    if !after.is_empty() && !after.ends_with(b"\n") {
        after.extend_from_slice(end);
    }
    after.extend_from_slice(ignore_pattern(path).as_bytes());
    after.extend_from_slice(end);
    kitfile::write_beside(&file, &after)?;
    Ok(Change::File {
        path: file,
        before,
        after,
    })
}

/// A pattern that matches exactly this path.
fn ignore_pattern(path: &str) -> String {
    let mut pattern = String::new();
    for (at, c) in path.trim_end_matches('/').char_indices() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') || at == 0 && matches!(c, '!' | '#') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

fn section_name(kind: LayerKind) -> &'static str {
    match kind {
        LayerKind::Model => "model",
        LayerKind::ModelPart => "model parts",
        LayerKind::Code => "code",
        LayerKind::Dataset => "datasets",
        LayerKind::Docs => "docs",
        LayerKind::Prompt => "prompts",
        LayerKind::McpServer => "MCP servers",
    }
}

fn add_to_layer(folder: &Path, path: &str, kind: LayerKind) -> Result<Change, ErrorView> {
    let (file, exists) = kitfile::path(folder);
    let text = kitfile::read(folder)?.unwrap_or_default();
    let before = match exists {
        true => Some(std::fs::read(&file).map_err(|e| io_error("read", &file, &e))?),
        false => None,
    };
    let clean = path.trim_end_matches('/');
    let stem = clean.rsplit('/').next().unwrap_or(clean);
    let name = stem
        .split('.')
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(stem);
    let section = match kind {
        LayerKind::Model | LayerKind::ModelPart => "model.parts",
        LayerKind::Code => "code",
        LayerKind::Dataset => "datasets",
        LayerKind::Docs => "docs",
        LayerKind::Prompt => "prompts",
        LayerKind::McpServer => "mcpServers",
    };
    let mut fields = vec![("path".to_owned(), clean.to_owned())];
    if matches!(
        kind,
        LayerKind::Dataset | LayerKind::ModelPart | LayerKind::Model | LayerKind::McpServer
    ) {
        fields.insert(0, ("name".to_owned(), name.to_owned()));
    }
    let edited = kitfile::apply(
        &text,
        &[FormEdit::Append {
            section: section.into(),
            fields,
        }],
    )?;
    Ok(Change::File {
        after: kitfile::write(folder, &edited)?,
        path: file,
        before,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_only_its_path() {
        assert_eq!(ignore_pattern("src/.env"), "src/.env");
        assert_eq!(ignore_pattern("experiments/"), "experiments");
        assert_eq!(ignore_pattern("#notes[1]*.txt"), "\\#notes\\[1\\]\\*.txt");
    }

    #[test]
    fn an_ignore_line_keeps_the_rest_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".kitignore");
        std::fs::write(&file, "# mine\r\n*.tmp").unwrap();
        append_ignore(folder.path(), "src/.env").unwrap();
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            "# mine\r\n*.tmp\r\nsrc/.env\r\n"
        );
    }
}
