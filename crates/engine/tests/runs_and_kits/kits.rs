//! Runs and ModelKits: attached when packing, read back from layers, compared as tags.

use std::fs;
use std::path::Path;

use kitbench_protocol::*;
use kitbench_registry::testing::TestRegistry;

use crate::common::{Bench, finished, registry_address, repaired};

pub async fn pack(
    bench: &Bench,
    project: ProjectId,
    reference: &str,
    run: Option<&str>,
    push: bool,
) {
    let (reference, tag) = reference.rsplit_once(':').unwrap();
    let mut events = bench.engine.subscribe();
    let call = StartPack {
        project,
        reference: reference.into(),
        tags: vec![tag.into(), "latest".into()],
        compression: Compression::None,
        format: PackFormat::ModelKit,
        note: String::new(),
        attached_run: run.map(str::to_owned),
        push,
    };
    let job = bench.engine.call(call).await.unwrap();
    let job = finished(&mut events, job).await;
    assert_eq!(job.state, JobState::Done, "{job:?}");
}

pub async fn runs(bench: &Bench, project: ProjectId) -> RunsTable {
    let filter = String::new();
    bench
        .engine
        .call(ListRuns { project, filter })
        .await
        .unwrap()
}

async fn packed(bench: &Bench, project: ProjectId) -> PackedRuns {
    let call = ListPackedRuns {
        project,
        remote: false,
        deep: Vec::new(),
    };
    bench.engine.call(call).await.unwrap()
}

fn series(project: ProjectId, run: &str, metric: &str) -> GetSeries {
    GetSeries {
        project,
        runs: vec![run.to_owned()],
        metric: metric.into(),
        x_axis: XAxis::Step,
        x_range: None,
        width: 800,
        smoothing: Smoothing::None,
        options: CurveOptions::default(),
    }
}

/// Last values by metric.
pub fn last(table: &RunsTable, run: &RunRow) -> Vec<(String, f64)> {
    let columns = table.metrics.iter().zip(&run.metrics);
    columns
        .filter_map(|(column, metric)| Some((column.name.clone(), metric.as_ref()?.last)))
        .collect()
}

fn last_packed(row: &PackedRow) -> Vec<(String, f64)> {
    let metrics = row.metrics.iter();
    metrics
        .map(|(name, metric)| (name.clone(), metric.last))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_run_that_made_a_kit_goes_with_it() {
    let bench = Bench::start().await;
    let project = repaired(&bench).await;
    let kitfile = Path::new(&project.path).join("Kitfile");
    let before = fs::read_to_string(&kitfile).unwrap();
    let table = runs(&bench, project.id).await;
    let run = table
        .runs
        .iter()
        .find(|run| run.name == "mlp16-lr0.1")
        .unwrap();

    let plan = |run: Option<&str>| PlanAttach {
        project: project.id,
        run: run.map(str::to_owned),
    };
    let none = bench.engine.call(plan(None)).await.unwrap();
    assert_eq!(none.runs.len(), table.runs.len());
    let suggested = none.suggested.expect("the example has finished runs");
    let newest = table
        .runs
        .iter()
        .filter(|run| run.state == RunState::Finished)
        .max_by_key(|run| run.end_ms)
        .unwrap();
    assert_eq!(suggested, newest.id);
    assert!(none.change.is_none() && none.attached.is_none());
    let some = bench.engine.call(plan(Some(&run.id))).await.unwrap();
    let change = some.change.expect("a file and an entry");
    assert_eq!(change.path, ".kitbench/run.json");
    assert!(
        change.added_lines[0].contains("path: .kitbench/run.json"),
        "{change:?}"
    );
    assert!(change.removed_lines.is_empty());
    let gone = bench.engine.call(plan(Some("nothing|x|y"))).await.unwrap();
    assert!(gone.problem.is_some() && gone.change.is_none());
    assert_eq!(
        fs::read_to_string(&kitfile).unwrap(),
        before,
        "planning changes nothing"
    );

    pack(&bench, project.id, "wine:v1", Some(&run.id), false).await;
    let get = GetKit {
        reference: "wine:v1".into(),
    };
    let kit = bench.engine.call(get.clone()).await.unwrap();
    let attached = kit.run.expect("the kit says which run made it");
    assert_eq!(
        (attached.name.as_str(), attached.source.as_str()),
        ("mlp16-lr0.1", "MLflow")
    );
    assert_eq!(attached.path, ".kitbench/run.json");
    let shown: Vec<_> = attached
        .metrics
        .iter()
        .map(|m| (m.name.clone(), m.last))
        .collect();
    assert_eq!(shown, last(&table, run));
    let loss = attached
        .metrics
        .iter()
        .find(|m| m.name == "val/loss")
        .unwrap();
    assert_eq!(loss.better, Better::Lower);
    assert!(loss.best.unwrap() <= loss.last);
    assert!(
        fs::read_to_string(&kitfile)
            .unwrap()
            .starts_with(before.trim_end())
    );

    // The same run attached again gives the same kit.
    pack(&bench, project.id, "wine:v1-again", Some(&run.id), false).await;
    let again = GetKit {
        reference: "wine:v1-again".into(),
    };
    assert_eq!(
        bench.engine.call(again).await.unwrap().row.digest,
        kit.row.digest
    );

    // The tag's curves are those of the run, also once the tracker's files are gone.
    let live = bench
        .engine
        .call(series(project.id, &run.id, "val/loss"))
        .await
        .unwrap();
    fs::remove_dir_all(Path::new(&project.path).join("mlruns")).unwrap();
    bench.engine.settle().await;
    let bench = bench.restart().await;
    assert!(
        runs(&bench, project.id)
            .await
            .runs
            .iter()
            .all(|run| run.source != "MLflow")
    );
    let board = packed(&bench, project.id).await;
    assert_eq!(board.rows[0].place, PackedPlace::WorkingFolder);
    let row = board
        .rows
        .iter()
        .find(|row| row.label == "v1" || row.label == "v1-again")
        .unwrap();
    assert!(row.also.contains(&"latest".to_owned()), "{row:?}");
    assert!(row.attached && row.run.as_deref() == Some("mlp16-lr0.1"));
    assert_eq!(last_packed(row), last(&table, run));
    assert!(
        board
            .metrics
            .iter()
            .any(|m| m.name == "val/loss" && m.better == Better::Lower)
    );
    let kept = bench
        .engine
        .call(series(project.id, &row.id, "val/loss"))
        .await
        .unwrap();
    assert_eq!((&kept[0].x, &kept[0].y), (&live[0].x, &live[0].y));

    // Without a run, neither record nor entry is left.
    pack(&bench, project.id, "wine:v2", None, false).await;
    let get = GetKit {
        reference: "wine:v2".into(),
    };
    assert!(bench.engine.call(get).await.unwrap().run.is_none());
    assert_eq!(fs::read_to_string(&kitfile).unwrap(), before);
    assert!(!Path::new(&project.path).join(".kitbench").exists());
}

/// Makes the whole folder a code layer, so that the trackers' files are in the kit.
async fn pack_the_whole_folder(bench: &Bench, project: &ProjectRow) {
    let folder = Path::new(&project.path);
    let kitfile = "manifestVersion: 1.0.0\npackage:\n  name: wine\ncode:\n  - path: .\n";
    fs::write(folder.join("Kitfile"), kitfile).unwrap();
    // The example leaves its runs out.
    fs::remove_file(folder.join(".kitignore")).unwrap();
    bench.engine.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_in_layers_are_read_without_being_attached() {
    let bench = Bench::start().await;
    let project = repaired(&bench).await;
    pack_the_whole_folder(&bench, &project).await;
    let table = runs(&bench, project.id).await;
    pack(&bench, project.id, "wine:all", None, false).await;
    let board = packed(&bench, project.id).await;
    let [folder, tag] = board.rows.as_slice() else {
        panic!("{:?}", board.rows)
    };
    assert!(!folder.changed, "as it was packed");
    assert_eq!(tag.runs as usize, table.runs.len(), "{:?}", tag.notes);
    assert!(!tag.attached);
    assert_eq!(
        tag.run, folder.run,
        "the newest finished run stands for both"
    );
    assert_eq!(last_packed(tag), last_packed(folder));
    let own = table.runs.iter().find(|run| run.id == folder.id).unwrap();
    assert_eq!(last_packed(tag), last(&table, own));
    let pair = CompareRuns {
        project: project.id,
        left: folder.id.clone(),
        right: tag.id.clone(),
    };
    let pair = bench.engine.call(pair).await.unwrap();
    assert!(pair.metrics.iter().all(|metric| metric.delta == Some(0.0)));
    // What a run left besides its metrics is not taken out of a kit.
    let others = pair
        .sections
        .iter()
        .filter(|section| section.title != "Artifacts");
    for section in others {
        assert_eq!(section.differs, 0, "{section:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_a_registry_tell_their_runs_without_a_pull() {
    let registry = TestRegistry::plain();
    let host = registry.host().to_owned();
    let bench = Bench::start().await;
    let project = repaired(&bench).await;
    let save = SaveRegistry {
        id: None,
        address: registry_address(&host),
    };
    bench.engine.call(save).await.unwrap();
    let table = runs(&bench, project.id).await;
    let run = table
        .runs
        .iter()
        .find(|run| run.name == "mlp16-l2-0.3")
        .unwrap();
    let kitfile = Path::new(&project.path).join("Kitfile");
    let usual = fs::read_to_string(&kitfile).unwrap();
    pack(
        &bench,
        project.id,
        &format!("{host}/lab/wine:v1"),
        Some(&run.id),
        true,
    )
    .await;
    pack_the_whole_folder(&bench, &project).await;
    pack(
        &bench,
        project.id,
        &format!("{host}/lab/wine:v2"),
        None,
        true,
    )
    .await;
    fs::write(&kitfile, usual).unwrap();
    for tag in ["v1", "v2"] {
        let remove = RemoveKit {
            reference: format!("{host}/lab/wine:{tag}"),
            all_tags: true,
        };
        bench.engine.call(remove).await.unwrap();
    }
    let board = packed(&bench, project.id).await;
    assert!(board.has_remote);
    assert_eq!(
        board.rows.len(),
        1,
        "no local tag is left: {:?}",
        board.rows
    );

    let call = ListPackedRuns {
        project: project.id,
        remote: true,
        deep: Vec::new(),
    };
    let board = bench.engine.call(call.clone()).await.unwrap();
    assert!(board.problems.is_empty(), "{:?}", board.problems);
    assert_eq!(board.rows.len(), 3);
    let of = |board: &PackedRuns, tag: &str| {
        board
            .rows
            .iter()
            .find(|row| row.label == tag)
            .unwrap()
            .clone()
    };
    let first = of(&board, "v1");
    assert_eq!((first.place, first.attached), (PackedPlace::Remote, true));
    assert_eq!(last_packed(&first), last(&table, run));
    let curves = bench
        .engine
        .call(series(project.id, &first.id, "val/loss"))
        .await
        .unwrap();
    assert!(curves[0].logged > 10);
    let second = of(&board, "v2");
    assert!(second.run.is_none() && second.also == ["latest"]);
    assert!(second.unread_bytes > 0, "what looking would cost is told");

    let deep = ListPackedRuns {
        deep: vec![second.reference.clone()],
        ..call
    };
    let board = bench.engine.call(deep).await.unwrap();
    let second = of(&board, "v2");
    assert_eq!(second.runs as usize, table.runs.len(), "{:?}", second.notes);
    assert_eq!(second.unread_bytes, 0);
    let kits = bench.engine.call(ListKits).await.unwrap();
    assert!(kits.kits.is_empty(), "nothing was pulled");
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_stars_stay_with_the_project() {
    let bench = Bench::start().await;
    let project = repaired(&bench).await;
    let before: Vec<_> = fs::read_dir(Path::new(&project.path).join("mlruns"))
        .unwrap()
        .collect();
    let table = runs(&bench, project.id).await;
    let mark = RunMark {
        run: table.runs[0].id.clone(),
        starred: true,
        note: "kept: 日本 / \"best\"".into(),
    };
    let set = |mark: &RunMark| SetRunMark {
        project: project.id,
        mark: mark.clone(),
    };
    bench.engine.call(set(&mark)).await.unwrap();
    let long = RunMark {
        note: "x".repeat(MAX_NOTE + 1),
        ..mark.clone()
    };
    let refused = bench.engine.call(set(&long)).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Invalid);
    let bench = bench.restart().await;
    let get = GetRunMarks {
        project: project.id,
    };
    assert_eq!(
        bench.engine.call(get.clone()).await.unwrap(),
        std::slice::from_ref(&mark)
    );
    let after: Vec<_> = fs::read_dir(Path::new(&project.path).join("mlruns"))
        .unwrap()
        .collect();
    assert_eq!(before.len(), after.len());
    let gone = RunMark {
        run: mark.run,
        ..RunMark::default()
    };
    bench.engine.call(set(&gone)).await.unwrap();
    assert_eq!(bench.engine.call(get).await.unwrap(), []);
}
