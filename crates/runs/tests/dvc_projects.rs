//! DVC projects: what a `dvc.yaml` names, beside dvclive and without it.

mod common;

use common::copy;
use kitbench_runs::{Reader, SourceKind, open, scan};
use serde_json::json;

fn points(reader: &dyn Reader, key: &str) -> Vec<(i64, String)> {
    let series = reader.series(&reader.runs()[0].id, key).unwrap();
    let points = series
        .iter()
        .map(|(step, _, value)| (step.whole, format!("{value:?}")));
    points.collect()
}

fn text(pairs: &[(i64, &str)]) -> Vec<(i64, String)> {
    let pair = |(step, value): &(i64, &str)| (*step, (*value).to_owned());
    pairs.iter().map(pair).collect()
}

#[test]
fn parameters_metrics_and_plots() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put(
        "dvc.yaml",
        "stages:\n  train:\n    cmd: python train.py\n    params:\n    - lr\n    - model/params.yaml:\n      - depth\n    \
         metrics:\n    - metrics.json:\n        cache: false\n    plots:\n    - plots/loss.csv:\n        x: epoch\n        cache: false\n\
         metrics:\n- eval/scores.yaml\n- ../outside.json\nplots:\n- ROC:\n    x: fpr\n    y:\n      eval/roc.json: tpr\n- eval/confusion.png\n",
    );
    put("params.yaml", "lr: 1.0e-05\nopt:\n  name: adam\n");
    put("model/params.yaml", "depth: 4\nwidth: 9\n");
    put(
        "metrics.json",
        "{\"train\": {\"loss\": 0.25, \"auc\": NaN}, \"note\": \"text\"}",
    );
    put("eval/scores.yaml", "f1: 0.5\nbest: .inf\n");
    put(
        "plots/loss.csv",
        "epoch,loss,acc\n0,1.5,\n1,0.5,0.75\n1,nan,0.5\n",
    );
    put(
        "eval/roc.json",
        "{\"roc\": [{\"fpr\": 0, \"tpr\": 0.5, \"t\": 9}, {\"fpr\": 1, \"tpr\": 1.0, \"t\": 1}]}",
    );
    put("eval/confusion.png", "no picture, and not looked into");

    let found = scan(dir.path()).unwrap();
    let kinds: Vec<_> = found.sources.iter().map(|source| source.kind).collect();
    assert_eq!(
        kinds,
        [SourceKind::Dvc],
        "its plots are no runs of their own"
    );
    let mut reader = open(&found.sources[0]).unwrap();
    let run = reader.runs()[0].clone();
    assert_eq!(
        serde_json::to_value(&run.params).unwrap(),
        json!({"depth": 4, "lr": 1e-5, "opt": {"name": "adam"}})
    );
    let keys: Vec<&String> = run.metrics.keys().collect();
    assert_eq!(
        keys,
        [
            "best",
            "eval/roc/tpr",
            "f1",
            "plots/loss/acc",
            "plots/loss/loss",
            "train/auc",
            "train/loss"
        ]
    );
    assert_eq!(points(reader.as_ref(), "train/loss"), text(&[(0, "0.25")]));
    assert_eq!(points(reader.as_ref(), "train/auc"), text(&[(0, "NaN")]));
    assert_eq!(points(reader.as_ref(), "best"), text(&[(0, "inf")]));
    assert_eq!(
        points(reader.as_ref(), "plots/loss/loss"),
        text(&[(0, "1.5"), (1, "0.5"), (1, "NaN")])
    );
    assert_eq!(
        points(reader.as_ref(), "plots/loss/acc"),
        text(&[(1, "0.75"), (1, "0.5")])
    );
    assert_eq!(
        points(reader.as_ref(), "eval/roc/tpr"),
        text(&[(0, "0.5"), (1, "1.0")])
    );
    assert_eq!(run.other["image"], ["eval/confusion.png"]);
    assert!(run.problems.is_empty(), "{:?}", run.problems);

    // A file that is written anew is read anew; one that breaks loses itself only.
    put("metrics.json", "{\"train\": {\"loss\": 0.125}}");
    put("eval/scores.yaml", "f1: [");
    reader.refresh().unwrap();
    assert_eq!(points(reader.as_ref(), "train/loss"), text(&[(0, "0.125")]));
    let run = reader.runs()[0];
    assert_eq!(run.problems.len(), 1, "{:?}", run.problems);
    assert!(run.problems[0].file.ends_with("eval/scores.yaml"));
    assert!(run.metrics.contains_key("plots/loss/loss") && !run.metrics.contains_key("f1"));
}

#[test]
fn what_dvclive_wrote_is_not_shown_twice() {
    let dir = copy("dvclive");
    let found = scan(dir.path()).unwrap();
    let kinds: Vec<_> = found.sources.iter().map(|source| source.kind).collect();
    assert_eq!(kinds, [SourceKind::Dvclive]);
    assert!(found.skipped.is_empty(), "{:?}", found.skipped);
}

#[test]
fn a_broken_dvc_yaml_says_so() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("dvc.yaml"), "stages: [\n").unwrap();
    let found = scan(dir.path()).unwrap();
    assert!(found.sources.is_empty());
    assert!(
        found.skipped[0].why.contains("dvc.yaml"),
        "{:?}",
        found.skipped
    );
}

fn git(folder: &std::path::Path, arguments: &[&str]) -> String {
    let about = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@t",
        "-c",
        "commit.gpgsign=false",
    ];
    let output = std::process::Command::new("git")
        .args(about)
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Without dvclive an experiment's commit holds the files that `dvc.yaml` names, here in TOML.
#[test]
fn experiments_in_git_without_dvclive() {
    let dir = tempfile::tempdir().unwrap();
    let project = dir.path().join("models/a");
    std::fs::create_dir_all(project.join("plots")).unwrap();
    let put = |name: &str, text: &str| std::fs::write(project.join(name), text).unwrap();
    put(
        "dvc.yaml",
        "params:\n- params.toml\nmetrics:\n- ./scores.toml\nplots:\n- plots/loss.csv:\n    x: epoch\n",
    );
    put("params.toml", "lr = 1e-5\n[opt]\nname = \"adam\"\n");
    put("scores.toml", "[test]\nf1 = 0.5\nworst = nan\n");
    put("plots/loss.csv", "epoch,loss\n0,1.5\n1,0.5\n");
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "first"]);
    let commit = git(dir.path(), &["rev-parse", "HEAD"]);
    let reference = format!("refs/exps/{}/{}/tidal-fork", &commit[..2], &commit[2..]);
    git(dir.path(), &["update-ref", &reference, &commit]);
    // The next run overwrites the results.
    put("scores.toml", "[test]\nf1 = 0.75\n");

    let open_it = || {
        let found = scan(dir.path()).unwrap();
        let [source] = found.sources.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(source.kind, SourceKind::Dvc);
        open(source).unwrap()
    };
    let value = |reader: &dyn Reader, run: &str, key: &str| {
        reader.series(run, key).unwrap().iter().next().unwrap().2
    };
    let reader = open_it();
    let ids: Vec<&str> = reader.runs().iter().map(|run| run.id.as_str()).collect();
    assert_eq!(ids, ["models/a", "tidal-fork"]);
    assert_eq!(value(reader.as_ref(), "models/a", "test/f1"), 0.75);
    assert_eq!(value(reader.as_ref(), "tidal-fork", "test/f1"), 0.5);
    assert!(value(reader.as_ref(), "tidal-fork", "test/worst").is_nan());
    let kept = reader.run("tidal-fork").unwrap();
    assert_eq!(
        json!(kept.params),
        json!({"lr": 1e-5, "opt": {"name": "adam"}})
    );
    assert_eq!(kept.git_commit.as_deref(), Some(commit.as_str()));
    let loss = reader.series("tidal-fork", "plots/loss/loss").unwrap();
    assert_eq!((loss.len(), loss.values[1]), (2, 0.5));

    // A checkout without results still shows the experiments.
    for gone in ["scores.toml", "plots/loss.csv"] {
        std::fs::remove_file(project.join(gone)).unwrap();
    }
    let reader = open_it();
    assert_eq!(value(reader.as_ref(), "tidal-fork", "test/f1"), 0.5);
}
