//! The main job through the engine alone: example, Kitfile, pack, push, pull, unpack, runs.

mod common;

use std::fs;

use common::{Bench, finished, registry_address, repaired};
use kitbench_protocol::*;
use kitbench_registry::testing::TestRegistry;

fn pack_call(project: ProjectId, reference: &str, push: bool) -> StartPack {
    StartPack {
        project,
        reference: reference.into(),
        tags: vec!["v0.1.0".into(), "latest".into()],
        compression: Compression::None,
        format: PackFormat::ModelKit,
        note: "first".into(),
        attached_run: None,
        push,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn example_to_registry_and_back() {
    let registry = TestRegistry::plain();
    let host = registry.host().to_owned();
    let here = Bench::start().await;
    let row = repaired(&here).await;

    here.engine
        .call(SaveRegistry {
            id: None,
            address: registry_address(&host),
        })
        .await
        .unwrap();
    let reference = format!("{host}/lab/wine");
    let plan = here
        .engine
        .call(PlanPack {
            project: row.id,
            repository: reference.clone(),
            tags: vec!["v0.1.0".into()],
            compression: Compression::None,
            format: PackFormat::ModelKit,
        })
        .await
        .unwrap();
    assert!(plan.can_pack, "{:?}", plan.checks);
    assert!(plan.layers.len() >= 4 && plan.new_bytes == plan.bytes);

    let mut events = here.engine.subscribe();
    let job = here
        .engine
        .call(pack_call(row.id, &reference, true))
        .await
        .unwrap();
    let job = finished(&mut events, job).await;
    assert_eq!(job.state, JobState::Done, "{job:?}");
    assert!(
        job.steps
            .iter()
            .all(|step| step.done_bytes <= step.total_bytes),
        "{:?}",
        job.steps
    );

    let detail = here
        .engine
        .call(GetProject { project: row.id })
        .await
        .unwrap();
    assert_eq!(
        detail.last_pack.as_ref().map(|pack| pack.tag.as_str()),
        Some("v0.1.0")
    );
    assert_eq!(
        detail.row.states.last(),
        Some(&ProjectState::SameAsLastPack)
    );
    let kits = here.engine.call(ListKits).await.unwrap();
    assert_eq!(kits.kits.len(), 1);
    assert_eq!(kits.kits[0].tags, ["latest", "v0.1.0"]);
    let kit = here
        .engine
        .call(GetKit {
            reference: format!("{reference}:v0.1.0"),
        })
        .await
        .unwrap();
    assert!(
        kit.readme
            .as_deref()
            .is_some_and(|blocks| blocks.contains(&MarkdownBlock::Heading {
                level: 1,
                text: "wine".into()
            }))
    );
    assert!(
        kit.layers
            .iter()
            .all(|layer| layer.error.is_none() && !layer.files.is_empty())
    );

    // Another computer: sees the tag without pulling, pulls, unpacks to the same bytes.
    let there = Bench::start().await;
    let registry_row = there
        .engine
        .call(SaveRegistry {
            id: None,
            address: registry_address(&host),
        })
        .await
        .unwrap();
    let repositories = there
        .engine
        .call(ListRepositories {
            id: registry_row.id,
        })
        .await
        .unwrap();
    assert_eq!(repositories.repositories, ["lab/wine"]);
    let tags = there
        .engine
        .call(ListTags {
            id: registry_row.id,
            repository: "lab/wine".into(),
        })
        .await
        .unwrap();
    assert_eq!(tags.tags.len(), 2);
    assert!(
        tags.tags
            .iter()
            .all(|tag| tag.is_modelkit && tag.relation == Relation::NotPulled)
    );
    assert_eq!(tags.tags[0].digest, kit.row.digest);

    let mut events = there.engine.subscribe();
    let pull = StartPull {
        reference: format!("{reference}:v0.1.0"),
    };
    let job = there.engine.call(pull).await.unwrap();
    let job = finished(&mut events, job).await;
    assert_eq!(job.state, JobState::Done, "{job:?}");

    let target = there.folder.path().join("unpacked");
    let unpack = StartUnpack {
        reference: format!("{reference}:v0.1.0"),
        target: target.display().to_string(),
        filters: Vec::new(),
        if_exists: IfExists::Refuse,
    };
    let job = there.engine.call(unpack).await.unwrap();
    assert_eq!(finished(&mut events, job).await.state, JobState::Done);
    for file in [
        "README.md",
        "model/wine.safetensors",
        "data/train.csv",
        "src/train.py",
    ] {
        assert_eq!(
            fs::read(target.join(file)).unwrap(),
            fs::read(std::path::Path::new(&row.path).join(file)).unwrap(),
            "{file}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_disk_shows_by_itself() {
    let bench = Bench::start().await;
    let row = repaired(&bench).await;
    let mut events = bench.engine.subscribe();
    let job = bench
        .engine
        .call(pack_call(row.id, "wine", false))
        .await
        .unwrap();
    finished(&mut events, job).await;
    let mut events = bench.engine.subscribe();
    fs::write(
        std::path::Path::new(&row.path).join("src/more.py"),
        "print(1)\n",
    )
    .unwrap();
    loop {
        let event = common::next(&mut events).await;
        if event.what != EventKind::Project(row.id) {
            continue;
        }
        let detail = bench
            .engine
            .call(GetProject { project: row.id })
            .await
            .unwrap();
        if detail.changed.added == 1 {
            assert!(detail.row.states.contains(&ProjectState::Changed(1)));
            assert!(matches!(detail.next, NextAction::Pack { .. }));
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_found_compared_and_exported() {
    let bench = Bench::start().await;
    let row = bench
        .engine
        .call(CopyExample { target: None })
        .await
        .unwrap();
    let table = bench
        .engine
        .call(ListRuns {
            project: row.id,
            filter: String::new(),
        })
        .await
        .unwrap();
    assert!(table.total_runs >= 6, "{} runs", table.total_runs);
    assert!(table.params.iter().any(|param| param.differs));
    let metric = "val/loss";
    let column = table.metrics.iter().position(|m| m.name == metric).unwrap();
    assert_eq!(table.metrics[column].better, Better::Lower);
    let runs: Vec<String> = table
        .runs
        .iter()
        .filter(|run| run.metrics[column].is_some())
        .take(3)
        .map(|run| run.id.clone())
        .collect();
    let series = bench
        .engine
        .call(GetSeries {
            project: row.id,
            runs: runs.clone(),
            metric: metric.into(),
            x_axis: XAxis::Step,
            x_range: None,
            width: 300,
            smoothing: Smoothing::Ema(0.6),
            options: CurveOptions::default(),
        })
        .await
        .unwrap();
    assert_eq!(series.len(), 3);
    assert!(
        series
            .iter()
            .all(|curve| curve.logged > 10 && !curve.smooth_y.is_empty())
    );

    let at = bench
        .engine
        .call(GetValuesAt {
            project: row.id,
            runs: runs.clone(),
            metrics: vec![metric.into()],
            x_axis: XAxis::Step,
            x: 10.0,
            options: CurveOptions::default(),
        })
        .await
        .unwrap();
    assert!(
        at.values
            .iter()
            .all(|row| row[0].is_some_and(|(x, _)| x <= 10.0))
    );

    let filtered = bench
        .engine
        .call(ListRuns {
            project: row.id,
            filter: "state == failed".into(),
        })
        .await
        .unwrap();
    assert!(!filtered.runs.is_empty() && filtered.runs.len() < table.runs.len());
    let wrong = bench
        .engine
        .call(ListRuns {
            project: row.id,
            filter: "metrics. >".into(),
        })
        .await
        .unwrap();
    assert!(wrong.filter_error.is_some() && wrong.runs.len() == table.runs.len());

    for (format, start) in [
        (ChartFormat::Svg, &b"<svg"[..]),
        (ChartFormat::Png, &b"\x89PNG"[..]),
        (ChartFormat::Csv, &b"run,"[..]),
    ] {
        let file = bench
            .engine
            .call(ExportChart {
                project: row.id,
                runs: runs
                    .iter()
                    .map(|id| ExportRun {
                        id: id.clone(),
                        color: 0x2591CE,
                        label: id.clone(),
                    })
                    .collect(),
                metric: metric.into(),
                x_axis: XAxis::Step,
                x_range: None,
                log_y: false,
                smoothing: Smoothing::None,
                options: CurveOptions::default(),
                bands: None,
                format,
                theme: ThemeChoice::Light,
                width: 640,
                height: 400,
            })
            .await
            .unwrap();
        assert!(file.bytes.starts_with(start), "{}", file.suggested_name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_told_and_loses_nothing() {
    let bench = Bench::start().await;
    let missing = bench
        .engine
        .call(AddProject {
            path: "/no/such/folder".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
    assert!(missing.message.contains("/no/such/folder"));

    let row = repaired(&bench).await;
    let bad_tag = bench
        .engine
        .call(StartPack {
            tags: vec!["not a tag".into()],
            ..pack_call(row.id, "wine", false)
        })
        .await
        .unwrap_err();
    assert_eq!(bad_tag.kind, ErrorKind::Invalid);
    let no_registry = bench
        .engine
        .call(pack_call(row.id, "wine", true))
        .await
        .unwrap_err();
    assert!(no_registry.message.contains("registry"), "{no_registry}");

    // A registry that is not there.
    let mut events = bench.engine.subscribe();
    let dead = "127.0.0.1:9/lab/wine";
    bench
        .engine
        .call(SaveRegistry {
            id: None,
            address: registry_address("127.0.0.1:9"),
        })
        .await
        .unwrap();
    let job = bench
        .engine
        .call(pack_call(row.id, dead, false))
        .await
        .unwrap();
    assert_eq!(finished(&mut events, job).await.state, JobState::Done);
    let push = StartPush {
        source: format!("{dead}:v0.1.0"),
        target: String::new(),
    };
    let job = bench.engine.call(push).await.unwrap();
    let job = finished(&mut events, job).await;
    let JobState::Failed(error) = &job.state else {
        panic!("{:?}", job.state)
    };
    assert_eq!(error.kind, ErrorKind::Unreachable);
    assert!(
        error.message.contains("127.0.0.1:9") && !error.hint.is_empty(),
        "{error:?}"
    );
    assert!(job.can_retry);

    // A Kitfile that somebody else changed meanwhile is not overwritten.
    let doc = bench
        .engine
        .call(OpenKitfile { project: row.id })
        .await
        .unwrap();
    let path = std::path::Path::new(&row.path).join("Kitfile");
    fs::write(&path, "package: {name: theirs}\n").unwrap();
    let outcome = bench
        .engine
        .call(SaveKitfile {
            project: row.id,
            text: "package: {name: mine}\n".into(),
            revision: doc.revision,
        })
        .await
        .unwrap();
    assert!(matches!(outcome, SaveOutcome::ChangedOnDisk { .. }));
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "package: {name: theirs}\n"
    );

    // Broken YAML: told with its line, nothing lost, packing refused with the place.
    fs::write(&path, "package:\n  name: [x\n").unwrap();
    let doc = bench
        .engine
        .call(OpenKitfile { project: row.id })
        .await
        .unwrap();
    assert!(
        doc.form.is_none() && doc.problems[0].line >= 1,
        "{:?}",
        doc.problems
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_pack_leaves_the_store_as_it_was() {
    let bench = Bench::start().await;
    let folder = bench.folder.path().join("big");
    fs::create_dir(&folder).unwrap();
    // Sparse: quick to make, slow enough to hash.
    let big = fs::File::create(folder.join("model.bin")).unwrap();
    big.set_len(8 << 30).unwrap();
    fs::write(
        folder.join("Kitfile"),
        "manifestVersion: 1.0.0\nmodel:\n  path: model.bin\n",
    )
    .unwrap();
    let row = bench
        .engine
        .call(AddProject {
            path: folder.display().to_string(),
        })
        .await
        .unwrap();
    let mut events = bench.engine.subscribe();
    let job = bench
        .engine
        .call(pack_call(row.id, "big", false))
        .await
        .unwrap();
    loop {
        if let EventKind::Job(view) = common::next(&mut events).await.what
            && view.done_bytes > 0
        {
            break;
        }
    }
    bench.engine.call(CancelJob { job }).await.unwrap();
    let view = finished(&mut events, job).await;
    assert_eq!(view.state, JobState::Cancelled);
    assert_eq!(bench.engine.call(ListKits).await.unwrap().kits.len(), 0);
    assert_eq!(
        common::files_below(&bench.kit_home.join("storage/blobs")),
        0
    );
    assert_eq!(
        common::files_below(&bench.kit_home.join("storage/.kitbench/tmp")),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn projects_and_settings_survive_a_restart() {
    let bench = Bench::start().await;
    let row = bench
        .engine
        .call(CopyExample { target: None })
        .await
        .unwrap();
    let mut settings = bench.engine.call(GetSettings).await.unwrap();
    settings.theme = ThemeChoice::Dark;
    bench.engine.call(SetSettings(settings)).await.unwrap();
    let bench = bench.restart().await;
    let rows = bench.engine.call(ListProjects).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].path, row.path);
    assert_eq!(
        bench.engine.call(GetSettings).await.unwrap().theme,
        ThemeChoice::Dark
    );
}
