//! A real `mlflow server` as a source of a project.
#![cfg(unix)]

#[path = "common/mod.rs"]
mod common;
#[path = "../../runs/tests/common/live_server.rs"]
mod live_server;
#[path = "../../runs/tests/common/venv.rs"]
mod venv;

use common::{Bench, repaired};
use kitbench_protocol::*;
use live_server::Server;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_a_real_server_stand_in_the_table() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../runs/tests/data");
    let data = data.join("mlflow-sqlite-3x");
    let home = tempfile::tempdir().unwrap();
    std::fs::copy(data.join("mlflow.db"), home.path().join("mlflow.db")).unwrap();
    let wanted = std::fs::read(data.join("expected.json")).unwrap();
    let wanted: Value = serde_json::from_slice(&wanted).unwrap();
    let wanted = wanted["runs"].as_array().unwrap().clone();
    let server = tokio::task::spawn_blocking(|| Server::start(&venv::program, home, &[], &[]));
    let server = server.await.unwrap();

    let bench = Bench::start().await;
    let project = repaired(&bench).await.id;
    let save = SaveTrackingServer {
        project,
        id: None,
        url: server.address.clone(),
        name: "lab".into(),
    };
    let id = bench.engine.call(save).await.unwrap().id;
    let look = bench
        .engine
        .call(LookAtTrackingServer { id })
        .await
        .unwrap();
    assert_eq!(look.state, ServerState::Reachable);
    let list = || ListRuns {
        project,
        filter: "source == mlflow-server".into(),
    };
    let table = bench.engine.call(list()).await.unwrap();
    let here: Vec<&Value> = wanted
        .iter()
        .filter(|run| run["lifecycle"] != "deleted")
        .collect();
    assert_eq!(table.runs.len(), here.len());
    for want in here {
        let end = format!("|{}", want["id"].as_str().unwrap());
        let run = table
            .runs
            .iter()
            .find(|run| run.id.ends_with(&end))
            .unwrap();
        assert_eq!(run.name, want["name"]);
        for (metric, points) in want["metrics"].as_object().unwrap() {
            let curve = GetSeries {
                project,
                runs: vec![run.id.clone()],
                metric: metric.clone(),
                x_axis: XAxis::Step,
                x_range: None,
                width: 2000,
                smoothing: Smoothing::None,
                options: CurveOptions::default(),
            };
            let drawn = bench.engine.call(curve).await.unwrap();
            assert_eq!(drawn[0].logged as usize, points.as_array().unwrap().len());
        }
    }

    // A run that begins on the server comes with the next look.
    let body =
        json!({"experiment_id": "1", "run_name": "new", "start_time": 1_790_000_000_000_i64});
    let server = tokio::task::spawn_blocking(move || {
        server.post("runs/create", &body);
        server
    });
    let server = server.await.unwrap();
    bench
        .engine
        .call(LookAtTrackingServer { id })
        .await
        .unwrap();
    let after = bench.engine.call(list()).await.unwrap();
    assert_eq!(after.runs.len(), table.runs.len() + 1);

    // It ends: what was read stays, with a note on the source.
    drop(server);
    let gone = bench
        .engine
        .call(LookAtTrackingServer { id })
        .await
        .unwrap();
    assert!(
        matches!(gone.state, ServerState::Unreachable(_)),
        "{gone:?}"
    );
    let after = bench.engine.call(list()).await.unwrap();
    assert_eq!(after.runs.len(), table.runs.len() + 1);
    let source = after.sources.iter().find(|s| s.server == Some(id)).unwrap();
    assert!(
        source.problems[0].contains("cannot be reached"),
        "{source:?}"
    );
}
