//! A real MLflow tracking server, open and with its sign-in, against what MLflow's own client
//! reads from the same database.

mod common;

#[path = "common/live_server.rs"]
mod live_server;

use common::{Time, assert_metrics, copy, expected, find, venv};
use kitbench_runs::server::{Address, Login, connect};
use kitbench_runs::{Reader, RunState, RunsError, ServerTrouble, SourceKind, export};
use live_server::Server;
use serde_json::{Value, json};

const TOKEN_OF_NOBODY: &str = "nobody";

fn address(server: &Server) -> Address {
    Address::parse(&server.address).unwrap().0
}

/// Every run of the recorded database as MLflow's client read it.
fn assert_recorded(readers: &[Box<dyn Reader>]) {
    let wanted = expected("mlflow-sqlite-3x");
    let runs = wanted["runs"].as_array().unwrap();
    assert_eq!(readers[0].runs().len(), runs.len());
    for run in runs {
        let id = run["id"].as_str().unwrap();
        assert_metrics(readers, id, &run["metrics"], Time::Ms);
        let (_, got) = find(readers, id);
        assert_eq!(got.name, run["name"]);
        assert_eq!(got.start_ms, run["start_ms"].as_i64());
        assert_eq!(got.end_ms, run["end_ms"].as_i64());
        assert_eq!(json!(got.params), run["params"]);
        assert_eq!(json!(got.tags), run["tags"]);
        assert_eq!(got.parent.as_deref(), run["parent"].as_str());
        assert_eq!(got.deleted, run["lifecycle"] == "deleted");
        let state = match run["status"].as_str().unwrap() {
            "FINISHED" => RunState::Finished,
            "FAILED" => RunState::Failed,
            _ => RunState::Stale,
        };
        assert_eq!(got.state, state, "{id}");
        assert_eq!(got.source, SourceKind::MlflowServer);
    }
}

#[test]
fn an_open_server() {
    let home = copy("mlflow-sqlite-3x");
    // One series of more than two pages, with repeated steps and every odd value.
    let long = {
        let db = rusqlite::Connection::open(home.path().join("mlflow.db")).unwrap();
        let run: String = db
            .query_row(
                "SELECT run_uuid FROM runs WHERE name = 'baseline'",
                [],
                |r| r.get(0),
            )
            .unwrap();
        db.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
             INSERT INTO metrics SELECT 'long', i * 0.5, 1760000000000 + i, '{run}', i / 2 - 100, 0 FROM n;
             INSERT INTO latest_metrics VALUES('long', 30000.0, 1760000060000, 29900, 0, '{run}')"
        ))
        .unwrap();
        run
    };
    let server = Server::start(&venv::program, home, &[], &[]);
    let mut readers = [connect(&address(&server), &Login::None).unwrap()];
    let series = readers[0].series(&long, "long").unwrap();
    assert_eq!(series.len(), 60_001);
    for (i, (step, time, value)) in series.iter().enumerate() {
        let i = i as i64;
        assert_eq!(
            (step.whole, time, value),
            (i / 2 - 100, Some(1_760_000_000_000 + i), i as f64 * 0.5)
        );
    }
    assert_eq!(readers[0].run(&long).unwrap().metrics["long"].count, 60_001);
    // Nothing new on the server, nothing new here.
    assert!(readers[0].refresh().unwrap().is_empty());

    // A run that begins now, and its points.
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64;
    let started = json!({"experiment_id": "1", "run_name": "läuft", "start_time": now});
    server.post("runs/create", &started);
    let added = readers[0].refresh().unwrap().added;
    let [id] = added.as_slice() else {
        panic!("{added:?}")
    };
    assert_eq!(readers[0].run(id).unwrap().state, RunState::Running);
    let odd = [
        ("NaN", f64::NAN),
        ("-Infinity", -f64::MAX),
        ("5e-324", 5e-324),
    ];
    for (step, (text, _)) in odd.iter().enumerate() {
        let value: Value = text
            .parse::<f64>()
            .ok()
            .filter(|v| v.is_finite())
            .map_or_else(|| json!(text), |value| json!(value));
        let point =
            json!({"run_id": id, "key": "α/β c", "value": value, "timestamp": now, "step": step});
        server.post("runs/log-metric", &point);
    }
    assert_eq!(
        readers[0].refresh().unwrap().changed,
        std::slice::from_ref(id)
    );
    let values = readers[0].series(id, "α/β c").unwrap().values;
    assert!(
        values[0].is_nan() && values[1..] == [odd[1].1, odd[2].1],
        "{values:?}"
    );
    // A point behind the latest one does not change what the server lists.
    let point = json!({"run_id": id, "key": "α/β c", "value": 3.0, "timestamp": now, "step": -7});
    server.post("runs/log-metric", &point);
    assert_eq!(
        readers[0].refresh().unwrap().changed,
        std::slice::from_ref(id)
    );
    assert_eq!(readers[0].series(id, "α/β c").unwrap().values[0], 3.0);
    server.post(
        "runs/update",
        &json!({"run_id": id, "status": "KILLED", "end_time": now}),
    );
    readers[0].refresh().unwrap();
    assert_eq!(readers[0].run(id).unwrap().state, RunState::Killed);

    let unknown = readers[0].series(id, "none");
    assert!(matches!(unknown, Err(RunsError::UnknownMetric { .. })));
    let mut out = Vec::new();
    export::json(readers.iter().map(|reader| reader.as_ref()), &mut out).unwrap();
    let exported: Value = serde_json::from_slice(&out).unwrap();
    let runs = exported["runs"].as_array().unwrap();
    assert_eq!(runs.len(), readers[0].runs().len());
    assert_eq!(runs[0]["path"], server.address.to_string());

    // What is no MLflow server says so, and so does a server that is gone.
    let (elsewhere, _) = Address::parse(&format!("{}/no/such/path", server.address)).unwrap();
    let error = connect(&elsewhere, &Login::None).err().unwrap().to_string();
    assert!(
        error.contains("check the address") || error.contains("no MLflow server"),
        "{error}"
    );
    drop(server);
    let before = readers[0].runs().len();
    let error = readers[0].refresh().unwrap_err().to_string();
    assert!(error.contains("cannot be reached"), "{error}");
    assert_eq!(readers[0].runs().len(), before, "what was known stays");
}

#[test]
fn a_server_with_sign_in() {
    let home = copy("mlflow-sqlite-3x");
    let set_up = home.path().join("auth.ini");
    let users = home.path().join("users.db");
    std::fs::write(
        &set_up,
        format!(
            "[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{}\n\
             admin_username = admin\nadmin_password = correct horse: battery\n\
             authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n",
            users.display()
        ),
    )
    .unwrap();
    let server = Server::start(
        &venv::program,
        home,
        &[("MLFLOW_AUTH_CONFIG_PATH", &set_up)],
        &["--app-name", "basic-auth"],
    );
    let refused = |login: &Login| match connect(&address(&server), login).err() {
        Some(RunsError::Server {
            message,
            trouble: ServerTrouble::Refused,
            ..
        }) => message,
        other => panic!("{other:?}"),
    };
    assert!(refused(&Login::None).contains("asks for a user"));
    let user = |password: &str| Login::Basic {
        user: "admin".into(),
        password: password.into(),
    };
    assert!(refused(&user("wrong")).contains("does not accept"));
    assert!(refused(&Login::Token(TOKEN_OF_NOBODY.into())).contains("does not accept"));
    let readers = [connect(&address(&server), &user("correct horse: battery")).unwrap()];
    assert_recorded(&readers);
}
