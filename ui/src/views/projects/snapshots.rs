//! The list and the page of made-up projects as text.

use kitbench_protocol::{
    ChangeCount, Decision, DecisionChoice, DecisionKind, GitState, JobId, JobKind, JobState,
    JobView, LastPack, LayerKind, LayerRow, NextAction, ProjectDetail, ProjectId, ProjectRow,
    ProjectState as S, RowKind, Severity, SinceLastPack, TreemapBox, TreemapFile,
};

use super::model::{self, ListLine, Only};
use super::page_model::{self, Measure};

fn row(id: i64, name: &str, group: &str, tag: Option<&str>, states: &[S]) -> ProjectRow {
    ProjectRow {
        id: ProjectId(id),
        name: name.to_owned(),
        path: format!("/home/lena/ml/{name}"),
        group: group.to_owned(),
        last_tag: tag.map(str::to_owned),
        states: states.to_vec(),
        git: Some(GitState {
            branch: if id == 4 { "feat/layout" } else { "main" }.to_owned(),
            commit: "a3f81c2".to_owned(),
            uncommitted: Some(if id == 1 { 3 } else { 0 }),
        }),
        is_example: name == "wine",
        scanned_ms: None,
    }
}

fn rows() -> Vec<ProjectRow> {
    vec![
        row(
            1,
            "support-triage",
            "NLP team",
            Some("v0.7.0"),
            &[S::ToDecide(3), S::Changed(1500)],
        ),
        row(
            2,
            "churn-uplift",
            "NLP team",
            Some("v2.3.1"),
            &[S::SameAsLastPack],
        ),
        row(
            3,
            "demand-forecast",
            "",
            Some("2026.08"),
            &[S::PackedNotPushed],
        ),
        row(
            4,
            "invoice-ocr",
            "Vision team",
            None,
            &[S::KitfileErrors(1), S::NeverPacked],
        ),
        row(
            5,
            "wake-word",
            "Vision team",
            None,
            &[S::Unreachable("gone".to_owned())],
        ),
        row(6, "wine", "", None, &[S::Scanning]),
        row(7, "notes", "", None, &[S::NoKitfile]),
    ]
}

fn list(filter: &str, only: Only, closed: &[&str]) -> String {
    let rows = rows();
    let lines = model::lines(&rows, filter, only, |group| closed.contains(&group));
    let mut out = String::new();
    for line in lines {
        match line {
            ListLine::Group { name, count, open } => {
                let fold = if open { "v" } else { ">" };
                out.push_str(&format!("{fold} {name} {count}\n"));
            }
            ListLine::Row(i) => {
                let row = &rows[i];
                let states: Vec<String> = row
                    .states
                    .iter()
                    .map(|state| model::state_words(state).1)
                    .collect();
                let git = row.git.as_ref().map(model::git_words).unwrap_or_default();
                out.push_str(&format!("  {} | {} | {git}\n", row.name, states.join(", ")));
            }
        }
    }
    out
}

#[test]
fn the_list_is_grouped_and_says_the_worst_first() {
    assert_eq!(
        list("", Only::All, &["NLP team"]),
        "\
v In no group 2
  demand-forecast | Packed, not pushed | a3f81c2
  notes | No Kitfile yet | a3f81c2
> NLP team 2
v Vision team 2
  invoice-ocr | Kitfile has 1 error, Never packed | feat/layout a3f81c2
  wake-word | Folder not reachable | a3f81c2
v Examples 1
  wine | Looking at the folder | a3f81c2
"
    );
}

#[test]
fn filter_and_funnel_narrow_the_list() {
    assert_eq!(
        list("V0.7", Only::All, &[]),
        "v NLP team 1\n  support-triage | 3 to decide, 1,500 changed | a3f81c2*\n"
    );
    assert_eq!(
        list("", Only::NotPushed, &[]),
        "v In no group 1\n  demand-forecast | Packed, not pushed | a3f81c2\n"
    );
    assert_eq!(
        list("team", Only::Problems, &[]),
        "\
v NLP team 1
  support-triage | 3 to decide, 1,500 changed | a3f81c2*
v Vision team 2
  invoice-ocr | Kitfile has 1 error, Never packed | feat/layout a3f81c2
  wake-word | Folder not reachable | a3f81c2
"
    );
    assert_eq!(list("zebra", Only::All, &[]), "");
}

#[test]
fn without_groups_there_are_no_heads() {
    let rows = [row(3, "a", "", None, &[]), row(2, "b", "", None, &[])];
    let lines = model::lines(&rows, "", Only::All, |_| true);
    assert_eq!(lines, [ListLine::Row(0), ListLine::Row(1)]);
    assert_eq!(model::first(&rows), Some(ProjectId(3)));
    assert_eq!(model::first(&[]), None);
}

fn layer(
    kind: RowKind,
    label: &str,
    path: &str,
    files: u32,
    bytes: u64,
    since: SinceLastPack,
) -> LayerRow {
    let new_bytes = if matches!(since, SinceLastPack::Changed(_)) {
        bytes
    } else {
        0
    };
    LayerRow {
        kind,
        label: label.to_owned(),
        path: path.to_owned(),
        files,
        bytes,
        since,
        new_bytes,
    }
}

fn decision(kind: DecisionKind, severity: Severity, title: &str, path: &str) -> Decision {
    Decision {
        key: path.to_owned(),
        severity,
        kind,
        title: title.to_owned(),
        path: path.to_owned(),
        detail: "1482 files, 214000000 bytes".to_owned(),
        choices: vec![DecisionChoice::LeaveOut, DecisionChoice::Keep],
    }
}

fn detail() -> ProjectDetail {
    let changed = SinceLastPack::Changed(ChangeCount {
        changed: 8,
        added: 2,
        removed: 1,
    });
    ProjectDetail {
        row: rows().swap_remove(0),
        next: NextAction::Pack {
            tag: "v0.8.0".to_owned(),
            bytes: 2_300_000_000,
            new_bytes: 59_700_000,
        },
        last_pack: Some(LastPack {
            reference: "jozu.ml/fernhill/support-triage:v0.7.0".to_owned(),
            tag: "v0.7.0".to_owned(),
            digest: "sha256:ab".to_owned(),
            bytes: 2_290_000_000,
            packed_ms: 0,
            git_commit: None,
            pushed_to: None,
        }),
        files_in_layers: 112,
        files_outside: 1489,
        changed: ChangeCount {
            changed: 12,
            added: 2,
            removed: 1,
        },
        reused_bytes: 2_240_300_000,
        new_bytes: 59_700_000,
        about: false,
        layers: vec![
            layer(
                RowKind::Kitfile,
                "Kitfile",
                "Kitfile",
                1,
                1400,
                SinceLastPack::Unknown,
            ),
            layer(
                RowKind::Layer(LayerKind::Model),
                "Model",
                "model/",
                6,
                995_100_000,
                SinceLastPack::Reused,
            ),
            layer(
                RowKind::Layer(LayerKind::Code),
                "Code",
                "src/",
                86,
                59_700_000,
                changed,
            ),
            layer(
                RowKind::InNoLayer,
                "In no layer",
                "experiments/ + 2 more",
                1489,
                9_410_000_000,
                SinceLastPack::Unknown,
            ),
        ],
        decisions: vec![
            decision(
                DecisionKind::InNoLayer,
                Severity::Warning,
                "Folder in no layer",
                "experiments/",
            ),
            decision(
                DecisionKind::PackedTwice,
                Severity::Warning,
                "Packed twice",
                "data/eval",
            ),
        ],
        problems: Vec::new(),
        treemap: vec![
            TreemapBox {
                kind: RowKind::Layer(LayerKind::Model),
                label: "Model".to_owned(),
                bytes: 995_100_000,
                new_bytes: 0,
                files: vec![TreemapFile {
                    path: "model/model.safetensors".to_owned(),
                    bytes: 988_100_000,
                    files: 1,
                    changed: false,
                }],
            },
            TreemapBox {
                kind: RowKind::Layer(LayerKind::Code),
                label: "Code".to_owned(),
                bytes: 59_700_000,
                new_bytes: 59_700_000,
                files: vec![
                    TreemapFile {
                        path: "src/train.py".to_owned(),
                        bytes: 9_700_000,
                        files: 1,
                        changed: true,
                    },
                    TreemapFile {
                        path: "85 more files".to_owned(),
                        bytes: 50_000_000,
                        files: 85,
                        changed: false,
                    },
                ],
            },
        ],
        polling: false,
        suggested_tag: "v0.8.0".to_owned(),
    }
}

fn page(detail: &ProjectDetail) -> String {
    let mut out = String::new();
    if let Some((_, _, words)) = page_model::pill(detail) {
        out.push_str(&format!("pill: {words}\n"));
    }
    if let Some(banner) = page_model::banner(detail) {
        out.push_str(&format!(
            "{:?}: {}\n  {}\n",
            banner.tone, banner.title, banner.text
        ));
        if let Some((words, _)) = banner.main {
            out.push_str(&format!("  [{words}]"));
        }
        if banner.preview {
            out.push_str(" [Preview push]");
        }
        out.push('\n');
    }
    for row in &detail.layers {
        let (_, since) = page_model::since(row, &detail.decisions);
        out.push_str(&format!(
            "{} | {} | {} | {since}\n",
            row.label, row.path, row.files
        ));
    }
    out
}

#[test]
fn the_page_of_a_changed_project() {
    assert_eq!(
        page(&detail()),
        "\
pill: 15 files changed since v0.7.0
Accent: Next pack is v0.8.0, 2.30 GB of which 59.7 MB is new
  Look at 2 things first: `experiments/`, folder in no layer, and 1 more.
  [Pack v0.8.0…] [Preview push]
Kitfile | Kitfile | 1 | –
Model | model/ | 6 | Reused
Code | src/ | 86 | 8 changed, +2, −1
In no layer | experiments/ + 2 more | 1489 | 1 to decide
"
    );
}

#[test]
fn the_banner_has_one_suggestion() {
    let mut one = detail();
    one.layers.clear();
    let mut say = |next: NextAction| {
        one.next = next;
        page(&one)
    };
    assert_eq!(
        say(NextAction::DraftKitfile),
        "pill: 15 files changed since v0.7.0\nAccent: This folder has no Kitfile yet\n  A draft is made from what is in the folder. Nothing is written until you save it.\n  [Draft Kitfile]\n"
    );
    assert_eq!(
        say(NextAction::FixKitfile {
            errors: 2,
            first: "`author` is no key of `package`.".to_owned()
        }),
        "pill: 15 files changed since v0.7.0\nErr: The Kitfile has 2 errors: it cannot be packed yet\n  `author` is no key of `package`.\n  [Fix Kitfile]\n"
    );
    assert_eq!(
        say(NextAction::Decide {
            count: 1,
            first: "Looks like a secret: src/.env".to_owned()
        }),
        "pill: 15 files changed since v0.7.0\nWarn: 1 thing to decide before the next pack\n  Looks like a secret: src/.env\n  [Decide]\n"
    );
    assert_eq!(
        say(NextAction::Push {
            reference: "localhost:5000/team/triage:v0.7.0".to_owned()
        }),
        "pill: 15 files changed since v0.7.0\nAccent: v0.7.0 is packed here, but not on localhost:5000\n  Push sends what the registry lacks of `localhost:5000/team/triage:v0.7.0`.\n  [Push] [Preview push]\n"
    );
    assert_eq!(
        say(NextAction::Nothing),
        "pill: 15 files changed since v0.7.0\nNeutral: Nothing to do\n  The folder is the same as `jozu.ml/fernhill/support-triage:v0.7.0`, which is in the local store.\n\n"
    );
}

#[test]
fn a_job_of_the_project_takes_the_place_of_the_suggestion() {
    let job = |project, subject: &str, state| JobView {
        id: JobId(7),
        kind: JobKind::Pack,
        subject: subject.to_owned(),
        project,
        state,
        steps: Vec::new(),
        done_bytes: 400_000_000,
        total_bytes: 2_300_000_000,
        saved_bytes: 0,
        bytes_per_second: None,
        seconds_left: None,
        created_ms: 0,
        started_ms: None,
        ended_ms: None,
        summary: String::new(),
        warnings: Vec::new(),
        digest: None,
        can_retry: false,
        can_pause: false,
    };
    let detail = detail();
    let jobs = [
        job(Some(ProjectId(9)), "other:v1", JobState::Running),
        job(Some(ProjectId(1)), "support-triage:v0.8.0", JobState::Done),
        job(
            Some(ProjectId(1)),
            "support-triage:v0.8.0",
            JobState::Running,
        ),
    ];
    let found = page_model::working(&detail, jobs.iter());
    assert_eq!(found, Some(&jobs[2]));
    let banner = page_model::working_banner(&jobs[2]);
    assert_eq!(banner.title, "Packing support-triage:v0.8.0");
    assert_eq!(
        banner.text,
        "400.0 MB of 2.30 GB packed. You can go on working; the folder is watched meanwhile."
    );
    assert_eq!(page_model::working(&detail, jobs[..2].iter()), None);
}

#[test]
fn an_unreachable_folder_has_no_suggestion() {
    let mut gone = detail();
    gone.row.states = vec![S::Unreachable("the folder is not there".to_owned())];
    gone.layers.clear();
    assert_eq!(page(&gone), "pill: Folder not reachable\n");
}

#[test]
fn references_say_registry_and_tag() {
    use page_model::{registry_of, tag_of};
    assert_eq!(registry_of("jozu.ml/a/b:v1"), Some("jozu.ml"));
    assert_eq!(registry_of("localhost:5000/a:v1"), Some("localhost:5000"));
    // Without a port this is how the local store writes a reference that names no registry.
    assert_eq!(registry_of("localhost/a:v1"), None);
    assert_eq!(registry_of("a:v1"), None);
    assert_eq!(registry_of("team/a:v1"), None);
    assert_eq!(tag_of("localhost:5000/a"), "localhost:5000/a");
    assert_eq!(tag_of("localhost:5000/a:v1"), "v1");
}

#[test]
fn counts_of_bytes_become_sizes() {
    let say = page_model::with_sizes;
    assert_eq!(say("1482 files, 214000000 bytes"), "1482 files, 214.0 MB");
    assert_eq!(
        say("58300000 bytes, in Code and Docs"),
        "58.3 MB, in Code and Docs"
    );
    assert_eq!(
        say("line 3 matches 20 bytesize"),
        "line 3 matches 20 bytesize"
    );
}

#[test]
fn the_treemap_follows_its_measure() {
    let say = |measure, only| {
        page_model::treemap_groups(&detail(), measure, only)
            .into_iter()
            .map(|(place, group)| {
                let items: Vec<String> = group
                    .items
                    .iter()
                    .map(|item| format!("{} {}", item.name, item.weight))
                    .collect();
                format!(
                    "{place} {} {}: {}",
                    group.name,
                    group.figure,
                    items.join(", ")
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        say(Measure::Size, None),
        [
            "0 Model 995.1 MB: model.safetensors 988100000",
            "1 Code 59.7 MB: train.py 9700000, 85 more files 50000000"
        ]
    );
    assert_eq!(
        say(Measure::NewBytes, None),
        [
            "0 Model 0 B: model.safetensors 0",
            "1 Code 59.7 MB: train.py 9700000, 85 more files 50000000"
        ]
    );
    assert_eq!(
        say(Measure::Files, Some(1)),
        ["1 Code 86 files: train.py 1, 85 more files 85"]
    );
}
