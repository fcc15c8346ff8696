//! The page of one project as plain data: banner, figures, layers, decisions, treemap.

use kitbench_protocol::{
    ChangeCount, Decision, DecisionChoice, DecisionKind, JobId, JobKind, JobState, JobView,
    LayerRow, NextAction, ProjectDetail, ProjectState, RowKind, SinceLastPack,
};

use crate::format;
use crate::theme::LayerKind;
use crate::widgets::treemap::{Group, Item};
use crate::widgets::{Mark, Tone};

/// What the main button of the banner does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Open the editor, which drafts a Kitfile.
    Draft,
    /// Open the editor at the problems.
    Fix,
    /// Go to the first decision.
    Decide,
    /// Open the pack dialog.
    Pack,
    /// Send this reference to its registry.
    Push(String),
    /// Show the job that is going on.
    Show(JobId),
}

/// The banner of the next action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// Its tone; neutral when there is nothing to do.
    pub tone: Tone,
    /// What is next.
    pub title: String,
    /// Why, or what else there is to know; spans between backticks are names.
    pub text: String,
    /// The text of the main button and what it does.
    pub main: Option<(String, Step)>,
    /// Whether "Preview push" stands beside it.
    pub preview: bool,
}

/// The banner, or none while nothing is known of the folder.
#[must_use]
pub fn banner(detail: &ProjectDetail) -> Option<Banner> {
    if matches!(
        detail.row.states.first(),
        Some(ProjectState::Unreachable(_) | ProjectState::Scanning)
    ) {
        return None;
    }
    let pushable = detail
        .last_pack
        .as_ref()
        .is_some_and(|pack| registry_of(&pack.reference).is_some());
    let about = if detail.about { "about " } else { "" };
    Some(match &detail.next {
        NextAction::DraftKitfile => Banner {
            tone: Tone::Accent,
            title: "This folder has no Kitfile yet".to_owned(),
            text:
                "A draft is made from what is in the folder. Nothing is written until you save it."
                    .to_owned(),
            main: Some(("Draft Kitfile".to_owned(), Step::Draft)),
            preview: false,
        },
        NextAction::FixKitfile { errors, first } => Banner {
            tone: Tone::Err,
            title: format!(
                "The Kitfile has {}: it cannot be packed yet",
                format::count(u64::from(*errors), "error", "errors")
            ),
            text: first.clone(),
            main: Some(("Fix Kitfile".to_owned(), Step::Fix)),
            preview: false,
        },
        NextAction::Decide { count, first } => Banner {
            tone: Tone::Warn,
            title: format!(
                "{} before the next pack",
                format::count(u64::from(*count), "thing to decide", "things to decide")
            ),
            text: first.clone(),
            main: Some(("Decide".to_owned(), Step::Decide)),
            preview: false,
        },
        NextAction::Pack {
            tag,
            bytes,
            new_bytes,
        } => Banner {
            tone: Tone::Accent,
            title: if detail.last_pack.is_some() {
                format!(
                    "Next pack is {tag}, {about}{} of which {} is new",
                    format::bytes(*bytes),
                    format::bytes(*new_bytes)
                )
            } else {
                format!("First pack is {tag}, {about}{}", format::bytes(*bytes))
            },
            text: open_decisions(&detail.decisions),
            main: Some((format!("Pack {tag}…"), Step::Pack)),
            preview: pushable,
        },
        NextAction::Push { reference } => Banner {
            tone: Tone::Accent,
            title: format!(
                "{} is packed here, but not on {}",
                tag_of(reference),
                registry_of(reference).unwrap_or("its registry")
            ),
            text: format!("Push sends what the registry lacks of `{reference}`."),
            main: Some(("Push".to_owned(), Step::Push(reference.clone()))),
            preview: true,
        },
        NextAction::Nothing => Banner {
            tone: Tone::Neutral,
            title: "Nothing to do".to_owned(),
            text: match &detail.last_pack {
                Some(pack) => match &pack.pushed_to {
                    Some(target) => format!(
                        "The folder is the same as `{}`, which is on `{}`.",
                        pack.tag,
                        registry_of(target).unwrap_or(target)
                    ),
                    None => format!(
                        "The folder is the same as `{}`, which is in the local store.",
                        pack.reference
                    ),
                },
                None => "The folder is watched.".to_owned(),
            },
            main: None,
            preview: false,
        },
    })
}

/// The job that packs or pushes this project now, if there is one.
#[must_use]
pub fn working<'a>(
    detail: &ProjectDetail,
    jobs: impl Iterator<Item = &'a JobView>,
) -> Option<&'a JobView> {
    let pack = detail.last_pack.as_ref().map(|pack| &pack.reference);
    jobs.filter(|job| job.state.is_active())
        .filter(|job| matches!(job.kind, JobKind::Pack | JobKind::Push))
        .find(|job| job.project == Some(detail.row.id) || pack == Some(&job.subject))
}

/// The banner while a job packs or pushes the project.
#[must_use]
pub fn working_banner(job: &JobView) -> Banner {
    let (word, done) = match job.kind {
        JobKind::Push => ("Pushing", "sent"),
        _ => ("Packing", "packed"),
    };
    let text = match &job.state {
        JobState::Waiting(what) => what.clone(),
        _ if job.total_bytes == 0 => "Starting.".to_owned(),
        _ => format!(
            "{} of {} {done}. You can go on working; the folder is watched meanwhile.",
            format::bytes(job.done_bytes),
            format::bytes(job.total_bytes)
        ),
    };
    Banner {
        tone: Tone::Neutral,
        title: format!("{word} {}", job.subject),
        text,
        main: Some(("Show transfer".to_owned(), Step::Show(job.id))),
        preview: false,
    }
}

fn open_decisions(decisions: &[Decision]) -> String {
    match decisions {
        [] => "Nothing stands in the way.".to_owned(),
        [one] => format!(
            "Look at one thing first: `{}`, {}.",
            one.path,
            lower(&one.title)
        ),
        [first, rest @ ..] => format!(
            "Look at {} things first: `{}`, {}, and {} more.",
            rest.len() + 1,
            first.path,
            lower(&first.title),
            rest.len()
        ),
    }
}

fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// The host a reference names, if it names one that can be pushed to. `localhost` alone is how the
/// local store writes references without a host.
#[must_use]
pub fn registry_of(reference: &str) -> Option<&str> {
    let (host, _) = reference.split_once('/')?;
    (host.contains('.') || host.contains(':')).then_some(host)
}

/// The tag of a reference, or all of it.
#[must_use]
pub fn tag_of(reference: &str) -> &str {
    match reference.rsplit_once(':') {
        Some((_, tag)) if !tag.contains('/') => tag,
        _ => reference,
    }
}

/// The pill behind the name: how the folder stands to the last pack.
#[must_use]
pub fn pill(detail: &ProjectDetail) -> Option<(Tone, Mark, String)> {
    let count = detail.changed;
    let changes = count.changed + count.added + count.removed;
    let state = detail.row.states.first()?;
    Some(match (&detail.last_pack, state) {
        (_, ProjectState::Unreachable(_)) => {
            (Tone::Warn, Mark::Offline, "Folder not reachable".to_owned())
        }
        (_, ProjectState::Scanning) => (
            Tone::Neutral,
            Mark::Waiting,
            "Looking at the folder".to_owned(),
        ),
        (_, ProjectState::KitfileErrors(_)) => {
            let (mark, words) = super::model::state_words(state);
            (Tone::Err, mark, words)
        }
        (_, ProjectState::NoKitfile) => (Tone::Warn, Mark::NoLayer, "No Kitfile yet".to_owned()),
        (None, _) => (Tone::Neutral, Mark::New, "Never packed".to_owned()),
        (Some(pack), _) if changes > 0 => (
            Tone::Info,
            Mark::Changed,
            format!(
                "{} changed since {}",
                format::count(u64::from(changes), "file", "files"),
                pack.tag
            ),
        ),
        (Some(pack), _) => (Tone::Ok, Mark::Done, format!("Same as {}", pack.tag)),
    })
}

/// `12 changed, 2 new, 1 gone`.
#[must_use]
pub fn change_words(count: ChangeCount) -> String {
    let mut parts = Vec::new();
    for (n, word) in [
        (count.changed, "changed"),
        (count.added, "new"),
        (count.removed, "gone"),
    ] {
        if n > 0 {
            parts.push(format!("{} {word}", format::thousands(u64::from(n))));
        }
    }
    if parts.is_empty() {
        "No changes".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The kind whose colour and icon a row has.
#[must_use]
pub fn kind(row: RowKind) -> LayerKind {
    match row {
        RowKind::Kitfile => LayerKind::Config,
        RowKind::Layer(kind) => kind.into(),
        RowKind::InNoLayer => LayerKind::None,
    }
}

/// What the column "Since" says of a layer.
#[must_use]
pub fn since(row: &LayerRow, decisions: &[Decision]) -> (Option<Mark>, String) {
    if row.kind == RowKind::InNoLayer {
        let open = decisions
            .iter()
            .filter(|decision| decision.kind == DecisionKind::InNoLayer)
            .count();
        return if open == 0 {
            (None, "Not packed".to_owned())
        } else {
            (Some(Mark::Attention), format!("{open} to decide"))
        };
    }
    match row.since {
        SinceLastPack::AllNew => (Some(Mark::New), "All new".to_owned()),
        SinceLastPack::Reused => (Some(Mark::Reused), "Reused".to_owned()),
        SinceLastPack::Unknown => (None, "–".to_owned()),
        SinceLastPack::Changed(count) => {
            let mut parts = Vec::new();
            if count.changed > 0 {
                parts.push(format!("{} changed", count.changed));
            }
            if count.added > 0 {
                parts.push(format!("+{}", count.added));
            }
            if count.removed > 0 {
                parts.push(format!("−{}", count.removed));
            }
            (Some(Mark::Changed), parts.join(", "))
        }
    }
}

/// What a choice of a decision is called on its button.
#[must_use]
pub fn choice_words(kind: DecisionKind, choice: &DecisionChoice) -> &'static str {
    match (choice, kind) {
        (DecisionChoice::LeaveOut, DecisionKind::InNoLayer) => "Ignore",
        (DecisionChoice::LeaveOut, _) => "Leave out",
        (DecisionChoice::AddToLayer(_), _) => "Add to layer",
        (DecisionChoice::Keep, DecisionKind::Secret) => "Not a secret",
        (DecisionChoice::Keep, DecisionKind::PackedTwice) => "Keep both",
        (DecisionChoice::Keep, DecisionKind::InNoLayer) => "Leave as it is",
        (DecisionChoice::Keep, DecisionKind::LeftOutSilently) => "That is fine",
    }
}

/// A sentence with its exact counts of bytes (`58300000 bytes`) as sizes (`58.3 MB`).
#[must_use]
pub fn with_sizes(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut i = 0;
    while let Some(word) = words.get(i) {
        let next = words.get(i + 1).copied().unwrap_or_default();
        let tail = next.strip_prefix("bytes");
        match (word.parse::<u64>(), tail) {
            (Ok(count), Some(tail)) if tail.chars().all(|c| c.is_ascii_punctuation()) => {
                out.push(format!("{}{tail}", format::bytes(count)));
                i += 2;
            }
            _ => {
                out.push((*word).to_owned());
                i += 1;
            }
        }
    }
    out.join(" ")
}

/// What the treemap's areas stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Measure {
    /// Bytes.
    #[default]
    Size,
    /// Bytes that the next pack adds to the store.
    NewBytes,
    /// Number of files.
    Files,
}

impl Measure {
    /// The measures in the order of the segments.
    pub const ALL: [Self; 3] = [Self::Size, Self::NewBytes, Self::Files];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Size => "Size",
            Self::NewBytes => "New bytes",
            Self::Files => "Files",
        }
    }
}

/// The treemap, of all layers or of the one at `only`; each group comes with its place in
/// [`ProjectDetail::treemap`].
#[must_use]
pub fn treemap_groups(
    detail: &ProjectDetail,
    measure: Measure,
    only: Option<usize>,
) -> Vec<(usize, Group)> {
    detail
        .treemap
        .iter()
        .enumerate()
        .filter(|(i, _)| only.is_none_or(|only| only == *i))
        .map(|(i, layer)| {
            let files: u64 = layer.files.iter().map(|file| u64::from(file.files)).sum();
            let group = Group {
                name: layer.label.clone(),
                kind: kind(layer.kind),
                changed: detail.last_pack.is_some() && layer.new_bytes > 0,
                figure: match measure {
                    Measure::Size => format::bytes(layer.bytes),
                    Measure::NewBytes => format::bytes(layer.new_bytes),
                    Measure::Files => format::count(files, "file", "files"),
                },
                items: layer
                    .files
                    .iter()
                    .map(|file| Item {
                        name: short_name(&file.path, file.files).to_owned(),
                        weight: match measure {
                            Measure::Size => file.bytes as f64,
                            // A layer is one blob: all of it is new, or nothing.
                            Measure::NewBytes if layer.new_bytes == 0 => 0.0,
                            Measure::NewBytes => file.bytes as f64,
                            Measure::Files => f64::from(file.files),
                        },
                        figure: format::bytes(file.bytes),
                        changed: file.changed,
                    })
                    .collect(),
            };
            (i, group)
        })
        .collect()
}

/// The last part of a path; "… more files" is no path.
fn short_name(path: &str, files: u32) -> &str {
    if files > 1 {
        path
    } else {
        path.rsplit('/').next().unwrap_or(path)
    }
}
