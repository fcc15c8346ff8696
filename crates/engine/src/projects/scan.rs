//! One look at a project's folder: Kitfile, plan of the next pack, what changed since
//! the last one, what to decide. All of it from a directory walk; files are not hashed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kitbench_kitfile::Kitfile;
use kitbench_modelkit::Compat;
use kitbench_modelkit::plan::{Plan, PlannedLayer, plan};
use kitbench_protocol::{
    ChangeCount, ErrorView, KitfileProblem, LastPack, LayerRow, NextAction, ProjectDetail,
    ProjectRow, ProjectState, RowKind, Severity, SinceLastPack, TreemapBox, TreemapFile,
};

use super::{decisions, git, tags};
use crate::errors::{view_of_kit, view_of_state};
use crate::state::packs::FileStamp;
use crate::state::projects::ProjectRecord;
use crate::{Inner, convert, kitfile};

/// Files drawn one by one in a layer's box of the treemap; the rest is one more box.
const TREEMAP_FILES: usize = 60;

/// What a look found, kept until the next one.
pub struct Scan {
    pub detail: ProjectDetail,
    pub kitfile: Option<Kitfile>,
    pub plan: Option<Plan>,
}

/// Looks at the folder.
pub fn scan(inner: &Inner, record: &ProjectRecord) -> Result<Scan, ErrorView> {
    let folder = Path::new(&record.path);
    if let Err(error) = std::fs::read_dir(folder) {
        return Ok(unreachable(record, &error));
    }
    let last_pack = inner
        .state
        .last_pack(record.id)
        .map_err(|e| view_of_state(&e))?;
    let before = inner
        .state
        .last_pack_files(record.id)
        .map_err(|e| view_of_state(&e))?;
    let text = match kitfile::read(folder) {
        Ok(text) => text,
        Err(error) => return Ok(broken(inner, record, last_pack, unreadable(&error))),
    };
    let Some(text) = text else {
        return Ok(without_kitfile(inner, record, last_pack));
    };
    let parsed = kitfile::analyse(folder, &text);
    let problems: Vec<KitfileProblem> = parsed
        .problems
        .iter()
        .map(|problem| kitfile::problem_view(&text, problem))
        .collect();
    let errors = parsed.has_errors();
    let planned = match (&parsed.kitfile, errors) {
        (Some(kitfile), false) => {
            plan(folder, kitfile, Compat::Current, &[]).map_err(|error| view_of_kit(&error))
        }
        _ => Err(ErrorView::new(
            kitbench_protocol::ErrorKind::Invalid,
            "",
            "",
        )),
    };
    let mut scan = match planned {
        Ok(planned) => {
            let kept = inner
                .state
                .kept_findings(record.id)
                .map_err(|e| view_of_state(&e))?;
            let mut scan = from_plan(
                record,
                &planned,
                last_pack.as_ref(),
                &before,
                text.len() as u64,
            );
            scan.detail.decisions = decisions::find(inner, folder, &planned, &kept);
            scan.detail.files_outside = planned.uncovered.len() as u32;
            add_outside_row(&mut scan.detail, folder, &planned);
            scan.plan = Some(planned);
            scan
        }
        Err(error) if !errors => broken(inner, record, last_pack.clone(), unreadable(&error)),
        Err(_) => broken(inner, record, last_pack.clone(), Vec::new()),
    };
    scan.detail.last_pack = last_pack;
    scan.detail.problems.extend(problems);
    finish(inner, record, &mut scan, parsed.kitfile.as_ref());
    scan.kitfile = parsed.kitfile;
    Ok(scan)
}

fn row(record: &ProjectRecord) -> ProjectRow {
    super::scanning(record.clone())
}

fn empty_detail(record: &ProjectRecord) -> ProjectDetail {
    ProjectDetail {
        row: row(record),
        next: NextAction::Nothing,
        last_pack: None,
        files_in_layers: 0,
        files_outside: 0,
        changed: ChangeCount::default(),
        reused_bytes: 0,
        new_bytes: 0,
        about: false,
        layers: Vec::new(),
        decisions: Vec::new(),
        problems: Vec::new(),
        treemap: Vec::new(),
        polling: false,
        suggested_tag: String::new(),
    }
}

fn unreachable(record: &ProjectRecord, error: &std::io::Error) -> Scan {
    let mut detail = empty_detail(record);
    let cause = match error.kind() {
        std::io::ErrorKind::NotFound => "the folder is not there".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    detail.row.states = vec![ProjectState::Unreachable(cause)];
    Scan {
        detail,
        kitfile: None,
        plan: None,
    }
}

fn without_kitfile(inner: &Inner, record: &ProjectRecord, last_pack: Option<LastPack>) -> Scan {
    let mut detail = empty_detail(record);
    detail.row.states = vec![ProjectState::NoKitfile];
    detail.row.git = git::state(Path::new(&record.path));
    detail.row.scanned_ms = Some(crate::state::now_ms());
    detail.row.last_tag = last_pack.as_ref().map(|pack| pack.tag.clone());
    detail.polling = inner.watch.is_polling(record.id);
    detail.next = NextAction::DraftKitfile;
    detail.last_pack = last_pack;
    Scan {
        detail,
        kitfile: None,
        plan: None,
    }
}

fn unreadable(error: &ErrorView) -> Vec<KitfileProblem> {
    let (message, hint) = (error.message.clone(), error.hint.clone());
    vec![kitfile::of_the_whole(
        "unreadable",
        Severity::Error,
        message,
        hint,
    )]
}

fn broken(
    inner: &Inner,
    record: &ProjectRecord,
    last_pack: Option<LastPack>,
    problems: Vec<KitfileProblem>,
) -> Scan {
    let mut detail = empty_detail(record);
    detail.problems = problems;
    detail.last_pack = last_pack;
    let mut scan = Scan {
        detail,
        kitfile: None,
        plan: None,
    };
    finish(inner, record, &mut scan, None);
    scan
}

fn from_plan(
    record: &ProjectRecord,
    planned: &Plan,
    last_pack: Option<&LastPack>,
    before: &BTreeMap<String, FileStamp>,
    kitfile_bytes: u64,
) -> Scan {
    let mut detail = empty_detail(record);
    let mut seen = BTreeSet::new();
    for layer in &planned.layers {
        let (layer_row, treemap) = layer_views(layer, last_pack, before, &mut seen);
        detail.files_in_layers += layer_row.files;
        if layer_row.new_bytes == 0 {
            detail.reused_bytes += layer_row.bytes;
        }
        detail.new_bytes += layer_row.new_bytes;
        if let SinceLastPack::Changed(count) = &layer_row.since {
            detail.changed.changed += count.changed;
            detail.changed.added += count.added;
            detail.changed.removed += count.removed;
        }
        detail.layers.push(layer_row);
        detail.treemap.push(treemap);
    }
    if last_pack.is_some() {
        // Files that were packed and are in no layer now.
        let claimed = |path: &String| {
            seen.contains(path) || planned.layers.iter().any(|l| below(path, &l.path))
        };
        let gone = before.keys().filter(|path| !claimed(path)).count() as u32;
        detail.changed.removed += gone;
    }
    detail.layers.insert(
        0,
        LayerRow {
            kind: RowKind::Kitfile,
            label: "Kitfile".into(),
            path: "Kitfile".into(),
            files: 1,
            bytes: kitfile_bytes,
            since: if last_pack.is_some() {
                SinceLastPack::Unknown
            } else {
                SinceLastPack::AllNew
            },
            new_bytes: 0,
        },
    );
    Scan {
        detail,
        kitfile: None,
        plan: None,
    }
}

fn below(path: &str, layer: &str) -> bool {
    layer == "."
        || path == layer
        || path
            .strip_prefix(layer)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// The name a layer goes by in tables: its kind, and its name where it has one.
pub fn layer_label(layer: &PlannedLayer) -> String {
    convert::layer_label(layer.kind, &layer.name, &layer.path)
}

pub fn stamp(entry: &kitbench_modelkit::plan::PlannedEntry) -> FileStamp {
    FileStamp {
        size: entry.stamp.size,
        mtime_ns: i64::try_from(entry.stamp.mtime).unwrap_or(i64::MAX),
    }
}

fn layer_views(
    layer: &PlannedLayer,
    last_pack: Option<&LastPack>,
    before: &BTreeMap<String, FileStamp>,
    seen: &mut BTreeSet<String>,
) -> (LayerRow, TreemapBox) {
    let mut count = ChangeCount::default();
    let mut files = 0;
    let mut drawn = Vec::new();
    for entry in layer.entries.iter().filter(|entry| !entry.is_folder) {
        files += 1;
        seen.insert(entry.path.clone());
        let changed = match before.get(&entry.path) {
            None => {
                count.added += 1;
                true
            }
            Some(old) if *old != stamp(entry) => {
                count.changed += 1;
                true
            }
            Some(_) => false,
        };
        drawn.push(TreemapFile {
            path: entry.path.clone(),
            bytes: entry.stamp.size,
            files: 1,
            changed: changed && last_pack.is_some(),
        });
    }
    count.removed = before
        .keys()
        .filter(|path| layer.path != "." && below(path, &layer.path) && !seen.contains(*path))
        .count() as u32;
    let since = match last_pack {
        None => SinceLastPack::AllNew,
        Some(_) if count == ChangeCount::default() => SinceLastPack::Reused,
        Some(_) => SinceLastPack::Changed(count),
    };
    // A layer is one blob: a single changed file makes all of it new.
    let new_bytes = if since == SinceLastPack::Reused {
        0
    } else {
        layer.bytes
    };
    drawn.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    if drawn.len() > TREEMAP_FILES {
        let rest = drawn.split_off(TREEMAP_FILES);
        drawn.push(TreemapFile {
            path: format!("{} more files", rest.len()),
            bytes: rest.iter().map(|file| file.bytes).sum(),
            files: rest.len() as u32,
            changed: rest.iter().any(|file| file.changed),
        });
    }
    let kind = RowKind::Layer(convert::kind_to_protocol(layer.kind));
    let label = layer_label(layer);
    let treemap = TreemapBox {
        kind,
        label: label.clone(),
        bytes: layer.bytes,
        new_bytes,
        files: drawn,
    };
    let row = LayerRow {
        kind,
        label,
        path: layer.path.clone(),
        files,
        bytes: layer.bytes,
        since,
        new_bytes,
    };
    (row, treemap)
}

fn add_outside_row(detail: &mut ProjectDetail, folder: &Path, planned: &Plan) {
    if planned.uncovered.is_empty() {
        return;
    }
    let tops = decisions::top_groups(folder, &planned.uncovered);
    let first = tops.first().map(|top| top.path.clone()).unwrap_or_default();
    let path = if tops.len() > 1 {
        format!("{first} + {} more", tops.len() - 1)
    } else {
        first
    };
    detail.layers.push(LayerRow {
        kind: RowKind::InNoLayer,
        label: "In no layer".into(),
        path,
        files: planned.uncovered.len() as u32,
        bytes: tops.iter().map(|top| top.bytes).sum(),
        since: SinceLastPack::Unknown,
        new_bytes: 0,
    });
}

/// States, next action and suggested tag from what was found.
fn finish(inner: &Inner, record: &ProjectRecord, scan: &mut Scan, kitfile: Option<&Kitfile>) {
    let detail = &mut scan.detail;
    detail.polling = inner.watch.is_polling(record.id);
    detail.row.git = git::state(Path::new(&record.path));
    detail.row.scanned_ms = Some(crate::state::now_ms());
    detail.row.last_tag = detail.last_pack.as_ref().map(|pack| pack.tag.clone());
    if let Some(kitfile) = kitfile
        && !kitfile.package.name.is_empty()
    {
        detail.row.name.clone_from(&kitfile.package.name);
    }
    let version = kitfile
        .map(|kitfile| kitfile.package.version.as_str())
        .unwrap_or_default();
    let last_tag = detail.last_pack.as_ref().map(|pack| pack.tag.as_str());
    detail.suggested_tag = tags::suggest(last_tag, version)
        .into_iter()
        .next()
        .unwrap_or_else(|| "latest".into());

    let errors = detail
        .problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .count() as u32;
    let to_decide = detail.decisions.len() as u32;
    let changes = detail.changed.changed + detail.changed.added + detail.changed.removed;
    let mut states = Vec::new();
    if errors > 0 {
        states.push(ProjectState::KitfileErrors(errors));
    }
    if to_decide > 0 {
        states.push(ProjectState::ToDecide(to_decide));
    }
    match &detail.last_pack {
        None => states.push(ProjectState::NeverPacked),
        Some(_) if changes > 0 => states.push(ProjectState::Changed(changes)),
        Some(pack) if pack.pushed_to.is_none() && tags::is_remote(&pack.reference) => {
            states.push(ProjectState::PackedNotPushed);
        }
        Some(_) if errors == 0 => states.push(ProjectState::SameAsLastPack),
        Some(_) => {}
    }
    detail.row.states = states;

    let first_error = detail
        .problems
        .iter()
        .find(|p| p.severity == Severity::Error);
    let blocking = detail
        .decisions
        .iter()
        .find(|d| d.severity == Severity::Error);
    detail.next = if let Some(problem) = first_error {
        NextAction::FixKitfile {
            errors,
            first: problem.message.clone(),
        }
    } else if let Some(decision) = blocking {
        NextAction::Decide {
            count: to_decide,
            first: format!("{}: {}", decision.title, decision.path),
        }
    } else if detail.last_pack.is_none() || changes > 0 {
        NextAction::Pack {
            tag: detail.suggested_tag.clone(),
            bytes: detail.new_bytes + detail.reused_bytes,
            new_bytes: detail.new_bytes,
        }
    } else {
        match &detail.last_pack {
            Some(pack) if pack.pushed_to.is_none() && tags::is_remote(&pack.reference) => {
                NextAction::Push {
                    reference: pack.reference.clone(),
                }
            }
            _ => NextAction::Nothing,
        }
    };
}
