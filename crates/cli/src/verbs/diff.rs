//! `kitbench diff`: what differs between two ModelKits, or a project folder and a ModelKit.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use kitbench_kitfile::Kitfile;
use kitbench_modelkit::diff::{self as comparing, Change};
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::pack::{PackOptions, preview};
use kitbench_modelkit::plan::Plan;
use kitbench_modelkit::reference::Reference;
use kitbench_modelkit::source::{KitResolver, KitSource};
use kitbench_modelkit::text_diff::{Hunk, Line};
use serde::Serialize;
use serde_json::Value;

use super::pack::kind_name;
use crate::context::Context;
use crate::failure::Outcome;
use crate::kits::{self, Anywhere, Place};
use crate::network::Network;
use crate::output::table;
use crate::units;

#[derive(Debug, Args)]
pub struct Diff {
    /// A ModelKit, or a project folder as ./folder or /folder. local:// or remote:// before a
    /// ModelKit says where to look; without, first here, then in its registry
    a: String,
    /// The other
    b: String,

    /// Compare the content of files of ModelKits in registries too, which fetches them
    #[arg(long)]
    deep: bool,

    /// Leave out which lines of text files changed
    #[arg(long)]
    brief: bool,

    #[command(flatten)]
    network: Network,
}

/// The JSON of `diff`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiffJson {
    /// Same manifest, and so the same in everything.
    identical: bool,
    a: SideJson,
    b: SideJson,
    /// Of two ModelKits.
    configs_equal: Option<bool>,
    annotations_equal: Option<bool>,
    /// Kitfile fields that differ.
    fields: Vec<FieldJson>,
    layers: Vec<LayerJson>,
    /// Files that differ.
    files: Vec<FileJson>,
}

/// A ModelKit or a folder.
#[derive(Serialize)]
struct SideJson {
    reference: Option<String>,
    digest: Option<String>,
    folder: Option<String>,
}

#[derive(Serialize)]
struct FieldJson {
    path: String,
    /// Null where it is absent.
    old: Option<Value>,
    new: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerJson {
    kind: &'static str,
    path: String,
    #[serde(flatten)]
    change: ChangeJson,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileJson {
    path: String,
    #[serde(flatten)]
    change: ChangeJson,
    /// Whether only its permissions differ.
    mode_only: bool,
    /// Which lines changed, if it is a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    hunks: Option<Vec<HunkJson>>,
}

/// Changed lines and some around them, as in a unified diff.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HunkJson {
    /// First line and number of lines in the old file, then in the new one.
    old_start: usize,
    old_lines: usize,
    new_start: usize,
    new_lines: usize,
    /// Each after a space, `-` or `+`.
    lines: Vec<String>,
}

impl HunkJson {
    fn new(hunk: &Hunk) -> HunkJson {
        let (old_lines, new_lines) = hunk.lengths();
        let line = |line: &Line| match line {
            Line::Same(text) => format!(" {text}"),
            Line::Removed(text) => format!("-{text}"),
            Line::Added(text) => format!("+{text}"),
        };
        HunkJson {
            old_start: hunk.old_start,
            old_lines,
            new_start: hunk.new_start,
            new_lines,
            lines: hunk.lines.iter().map(line).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeJson {
    /// `same`, `added`, `removed`, `changed` or `moved`.
    change: &'static str,
    /// Where it was, if it moved.
    from: Option<String>,
    old_size: Option<u64>,
    new_size: Option<u64>,
}

impl ChangeJson {
    fn new(change: Change, old_size: Option<u64>, new_size: Option<u64>) -> ChangeJson {
        let (change, from) = match change {
            Change::Same => ("same", None),
            Change::Added => ("added", None),
            Change::Removed => ("removed", None),
            Change::Changed => ("changed", None),
            Change::Moved { from } => ("moved", Some(from)),
        };
        ChangeJson {
            change,
            from,
            old_size,
            new_size,
        }
    }

    /// Cells of a table: what became of it, and its size.
    fn cells(&self) -> [String; 2] {
        let change = match &self.from {
            Some(from) => format!("moved from {from}"),
            None => self.change.to_owned(),
        };
        let size = match (self.old_size, self.new_size) {
            (Some(old), Some(new)) if old != new => {
                format!("{} → {}", units::bytes(old), units::bytes(new))
            }
            (old, new) => new.or(old).map(units::bytes).unwrap_or_default(),
        };
        [change, size]
    }
}

/// What one of the two words means.
enum Named {
    Kit(Reference, Place),
    Folder(PathBuf),
}

/// One side, read.
enum Side<'f> {
    Kit {
        source: Box<dyn KitSource + 'f>,
        kit: Box<Kit>,
        is_here: bool,
    },
    Folder {
        context: PathBuf,
        kitfile: Box<Kitfile>,
        plan: Plan,
    },
}

impl Diff {
    pub async fn run(self, context: &Context) -> Outcome {
        let (a, b) = (named(&self.a)?, named(&self.b)?);
        let finder = kits::anywhere(context, &self.network);
        let cancel = context.cancel.clone();
        let json = context
            .blocking(move || {
                let (a, b) = (read(&finder, a)?, read(&finder, b)?);
                let deep = self.deep || (a.is_here() && b.is_here());
                let (old, new) = (a.compared(), b.compared());
                let found = comparing::diff(&old, &new, deep, &cancel)?;
                let texts = if self.brief {
                    BTreeMap::new()
                } else {
                    comparing::texts(&old, &new, &found, &cancel)?
                };
                Ok(json(&a, &b, found, &texts))
            })
            .await?;
        context.out.show(&json, |out| write(&json, out))
    }
}

/// A folder is written as a path, so that no name of a ModelKit is mistaken for one.
fn named(text: &str) -> Outcome<Named> {
    if text.starts_with(['.', '/']) || Path::new(text).is_absolute() {
        return Ok(Named::Folder(super::pack::folder(Path::new(text))?));
    }
    let (place, name) = match (
        text.strip_prefix("local://"),
        text.strip_prefix("remote://"),
    ) {
        (Some(name), _) => (Place::Local, name),
        (_, Some(name)) => (Place::Remote, name),
        _ => (Place::Anywhere, text),
    };
    let reference = kits::reference(name)?.or_latest();
    if place == Place::Remote {
        kits::remote_only(&reference)?;
    }
    Ok(Named::Kit(reference, place))
}

fn read<R: KitResolver>(finder: &Anywhere<R>, named: Named) -> Outcome<Side<'_>> {
    Ok(match named {
        Named::Kit(reference, place) => {
            let source = finder.find_in(&reference, place)?;
            Side::Kit {
                kit: Box::new(Kit::read(source.as_ref())?),
                is_here: place != Place::Remote && finder.store.resolve(&reference).is_ok(),
                source,
            }
        }
        Named::Folder(context) => {
            let options = PackOptions::new(context.clone(), Reference::unnamed());
            let (kitfile, plan) = preview(&options, finder)?;
            Side::Folder {
                context,
                kitfile: Box::new(kitfile),
                plan,
            }
        }
    })
}

impl Side<'_> {
    fn is_here(&self) -> bool {
        matches!(self, Side::Folder { .. } | Side::Kit { is_here: true, .. })
    }

    fn kit(&self) -> Option<&Kit> {
        match self {
            Side::Kit { kit, .. } => Some(kit),
            Side::Folder { .. } => None,
        }
    }

    fn compared(&self) -> comparing::Side<'_> {
        match self {
            Side::Kit { source, kit, .. } => comparing::Side::Kit {
                source: source.as_ref(),
                kit,
            },
            Side::Folder {
                context,
                kitfile,
                plan,
            } => comparing::Side::Folder {
                context,
                kitfile,
                plan,
            },
        }
    }

    fn json(&self) -> SideJson {
        match self {
            Side::Kit { kit, .. } => SideJson {
                reference: Some(kit.reference.to_string()),
                digest: Some(kit.digest.to_string()),
                folder: None,
            },
            Side::Folder { context, .. } => SideJson {
                reference: None,
                digest: None,
                folder: Some(context.display().to_string()),
            },
        }
    }
}

fn json(
    a: &Side<'_>,
    b: &Side<'_>,
    found: comparing::Diff,
    texts: &BTreeMap<String, Vec<Hunk>>,
) -> DiffJson {
    let kits = a.kit().zip(b.kit());
    // What is no JSON is shown as the text it is.
    let value = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    DiffJson {
        identical: found.identical,
        a: a.json(),
        b: b.json(),
        configs_equal: kits.map(|(a, b)| a.manifest.config.digest == b.manifest.config.digest),
        annotations_equal: kits.map(|(a, b)| a.manifest.annotations == b.manifest.annotations),
        fields: found
            .fields
            .into_iter()
            .map(|field| FieldJson {
                path: field.path,
                old: field.old.map(value),
                new: field.new.map(value),
            })
            .collect(),
        layers: found
            .layers
            .into_iter()
            .map(|layer| LayerJson {
                kind: kind_name(layer.kind),
                path: layer.path,
                change: ChangeJson::new(layer.change, layer.old_size, layer.new_size),
            })
            .collect(),
        files: found
            .files
            .into_iter()
            .map(|file| FileJson {
                hunks: texts
                    .get(&file.path)
                    .map(|hunks| hunks.iter().map(HunkJson::new).collect()),
                path: file.path,
                change: ChangeJson::new(file.change, file.old_size, file.new_size),
                mode_only: file.mode_only,
            })
            .collect(),
    }
}

fn write(diff: &DiffJson, out: &mut dyn Write) -> io::Result<()> {
    if diff.identical {
        return writeln!(out, "ModelKits are identical");
    }
    for (what, equal) in [
        ("Configs", diff.configs_equal),
        ("Annotations", diff.annotations_equal),
    ] {
        match equal {
            Some(true) => writeln!(out, "{what} are the same")?,
            Some(false) => writeln!(out, "{what} are different")?,
            None => {}
        }
    }
    let shown = |value: &Option<Value>| value.as_ref().map_or("(absent)".into(), Value::to_string);
    let fields = diff.fields.iter().map(|field| {
        vec![
            format!("  {}", field.path),
            shown(&field.old),
            format!("→ {}", shown(&field.new)),
        ]
    });
    let layers = diff.layers.iter().map(|layer| {
        let [change, size] = layer.change.cells();
        vec![
            format!("  {}", layer.kind),
            layer.path.clone(),
            change,
            size,
        ]
    });
    let files = diff.files.iter().map(|file| {
        let [mut change, size] = file.change.cells();
        if file.mode_only {
            change = "permissions changed".into();
        }
        vec![format!("  {}", file.path), change, size]
    });
    let groups: [(&str, Vec<_>); 3] = [
        ("Kitfile", fields.collect()),
        ("Layers", layers.collect()),
        ("Files", files.collect()),
    ];
    for (title, rows) in groups {
        if !rows.is_empty() {
            writeln!(out, "{title}:")?;
            table(out, &rows)?;
        }
    }
    for file in &diff.files {
        let Some(hunks) = &file.hunks else { continue };
        writeln!(out, "\n--- {0}\n+++ {0}", file.path)?;
        for hunk in hunks {
            writeln!(
                out,
                "@@ -{},{} +{},{} @@",
                hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines
            )?;
            for line in &hunk.lines {
                writeln!(out, "{}", plain(line))?;
            }
        }
    }
    Ok(())
}

/// A stranger's line without what a terminal would obey.
fn plain(line: &str) -> String {
    line.chars()
        .map(|c| match c {
            '\t' => c,
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}
