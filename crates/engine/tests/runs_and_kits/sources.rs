//! Sources of runs that a person sets up: tracking servers, and columns of plain tables.

use std::fs;

use kitbench_protocol::*;

use crate::common::{Bench, next, repaired};
use crate::fake_mlflow::{Content, FakeMlflow};
use crate::kits::runs;

async fn save(bench: &Bench, project: ProjectId, url: &str) -> Result<TrackingServer, ErrorView> {
    let save = SaveTrackingServer {
        project,
        id: None,
        url: url.into(),
        name: String::new(),
    };
    bench.engine.call(save).await
}

/// The engine keeps secrets in a file of the test, whatever the computer offers.
async fn secrets_in_file(bench: &Bench) {
    let settings = Settings {
        secret_store: SecretStore::KitFile,
        ..Settings::default()
    };
    bench.engine.call(SetSettings(settings)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tracking_server_is_a_source_of_a_project() {
    let bench = Bench::start().await;
    secrets_in_file(&bench).await;
    let project = repaired(&bench).await.id;
    let local = runs(&bench, project).await.runs.len();
    let server = FakeMlflow::start(Content {
        login: Some(("ada".into(), "swordfish".into())),
        loss: vec![3.0, 1.0, 2.0],
        ..Content::default()
    });
    let look = |id| bench.engine.call(LookAtTrackingServer { id });

    // What is no address is refused, and nothing is kept of it.
    let wrong = save(&bench, project, "localhost:5000").await.unwrap_err();
    assert!(wrong.hint.contains("http://localhost:5000"), "{wrong:?}");
    let list = ListTrackingServers { project };
    assert_eq!(bench.engine.call(list.clone()).await.unwrap(), []);

    // Without a login it says that it wants one.
    let mut events = bench.engine.subscribe();
    let added = save(&bench, project, &format!("{}/", server.url))
        .await
        .unwrap();
    assert_eq!(added.url, server.url);
    assert_eq!(format!("http://{}", added.name), server.url);
    loop {
        let event = next(&mut events).await.what;
        if event == EventKind::TrackingServers(project) {
            let found = bench.engine.call(list.clone()).await.unwrap();
            if found[0].asked_ms.is_some() {
                break;
            }
        }
    }
    let found = look(added.id).await.unwrap();
    let ServerState::NeedsLogin(error) = &found.state else {
        panic!("{found:?}")
    };
    assert_eq!(error.hint, "Sign in to it.");
    let table = runs(&bench, project).await;
    assert_eq!(table.runs.len(), local);
    let source = table.sources.last().unwrap();
    assert_eq!((&source.path, source.server), (&server.url, Some(added.id)));
    assert!(source.problems[0].contains("asks for a user"), "{source:?}");

    // A wrong login is not kept.
    let sign_in = |secret: &str| SignInTrackingServer {
        id: added.id,
        user: "ada".into(),
        secret: Secret(secret.into()),
    };
    let refused = bench.engine.call(sign_in("wrong")).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unauthorized);
    let signed_in = bench.engine.call(sign_in("swordfish")).await.unwrap();
    assert_eq!(
        (signed_in.state, signed_in.runs),
        (ServerState::Reachable, 1)
    );
    assert!(matches!(signed_in.sign_in, SignInState::SignedIn { user, .. } if user == "ada"));
    let logins = bench.engine.call(FindOnComputer).await.unwrap().logins;
    assert_eq!(logins, Vec::<String>::new(), "no registry's login");

    // Its run stands with the others and is drawn like them.
    let table = runs(&bench, project).await;
    assert_eq!(table.runs.len(), local + 1);
    let far = table.runs.iter().find(|run| run.name == "far one").unwrap();
    assert_eq!(far.id, format!("mlflow-server|{}|ab12", server.url));
    let loss = table.metrics.iter().position(|m| m.name == "loss").unwrap();
    let summary = far.metrics[loss].as_ref().unwrap();
    assert_eq!((summary.last, summary.min, summary.count), (2.0, 1.0, 3));
    assert_eq!(summary.spark.to_vec(), [3.0, 1.0, 2.0]);
    let curve = GetSeries {
        project,
        runs: vec![far.id.clone()],
        metric: "loss".into(),
        x_axis: XAxis::Step,
        x_range: None,
        width: 100,
        smoothing: Smoothing::None,
        options: CurveOptions::default(),
    };
    let drawn = bench.engine.call(curve.clone()).await.unwrap();
    assert_eq!(drawn[0].y.to_vec(), [3.0, 1.0, 2.0]);

    // New points come with the next look.
    server.content.lock().unwrap().loss.push(0.5);
    look(added.id).await.unwrap();
    let drawn = bench.engine.call(curve.clone()).await.unwrap();
    assert_eq!(drawn[0].y.to_vec(), [3.0, 1.0, 2.0, 0.5]);

    // Another program at the address, then nobody: what was read stays.
    server.content.lock().unwrap().elsewhere = true;
    assert!(matches!(
        look(added.id).await.unwrap().state,
        ServerState::Gone(_)
    ));
    server.stop();
    let gone = look(added.id).await.unwrap();
    let ServerState::Unreachable(error) = &gone.state else {
        panic!("{gone:?}")
    };
    assert!(error.hint.contains("Start it"), "{error:?}");
    assert_eq!(gone.runs, 1);
    let drawn = bench.engine.call(curve.clone()).await.unwrap();
    assert_eq!(drawn[0].y.len(), 4);

    // The server and its login are remembered.
    let bench = bench.restart().await;
    let found = bench.engine.call(list.clone()).await.unwrap();
    assert_eq!((found.len(), &found[0].url), (1, &server.url));
    assert!(matches!(&found[0].sign_in, SignInState::SignedIn { user, .. } if user == "ada"));
    let again = save(&bench, project, &server.url).await.unwrap();
    assert_eq!(again.id, added.id, "one address is one server");
    let remove = RemoveTrackingServer {
        id: added.id,
        and_login: true,
    };
    bench.engine.call(remove).await.unwrap();
    assert_eq!(bench.engine.call(list).await.unwrap(), []);
    let table = runs(&bench, project).await;
    assert!(table.sources.iter().all(|source| source.server.is_none()));
    let kept = fs::read_to_string(bench.kit_home.join("credentials.json")).unwrap();
    assert!(!kept.contains("mlflow"), "{kept}");
    let gone = bench
        .engine
        .call(LookAtTrackingServer { id: added.id })
        .await;
    assert_eq!(gone.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_the_address_goes_where_secrets_are() {
    let bench = Bench::start().await;
    secrets_in_file(&bench).await;
    let project = repaired(&bench).await.id;
    let server = FakeMlflow::start(Content {
        login: Some(("ada".into(), "sword fish".into())),
        loss: vec![1.0],
        ..Content::default()
    });
    let host = server.url.strip_prefix("http://").unwrap();
    let address = format!("http://ada:sword%20fish@{host}");
    let added = save(&bench, project, &address);
    let added = added.await.unwrap();
    assert_eq!(added.url, server.url);
    let look = LookAtTrackingServer { id: added.id };
    assert_eq!(
        bench.engine.call(look).await.unwrap().state,
        ServerState::Reachable
    );
    let out = SignOutTrackingServer { id: added.id };
    let out = bench.engine.call(out).await.unwrap();
    assert!(matches!(out.state, ServerState::NeedsLogin(_)), "{out:?}");
    assert_eq!(out.sign_in, SignInState::Anonymous);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_told_changed_and_remembered() {
    let bench = Bench::start().await;
    let project = repaired(&bench).await;
    let folder = std::path::Path::new(&project.path);
    fs::create_dir_all(folder.join("logs")).unwrap();
    let table = "epoch,trial,lr,error\n1,a,0.1,5\n1,b,0.2,6\n2,a,0.1,4\n2,b,0.2,3\n";
    fs::write(folder.join("logs/sweep.csv"), table).unwrap();
    fs::write(folder.join("prices.csv"), "day,price\n1,2.5\n2,2.25\n").unwrap();
    let project = project.id;
    let before = runs(&bench, project).await;
    let source = |table: &RunsTable, path: &str| {
        let mut sources = table.sources.iter();
        sources.find(|source| source.path == path).cloned()
    };
    let sweep = source(&before, "logs/sweep.csv").unwrap();
    assert!(sweep.columns && sweep.runs == 1, "{sweep:?}");
    assert!(before.skipped.iter().any(|(path, _)| path == "prices.csv"));
    let get = |path: &str| GetColumnMapping {
        project,
        source: path.into(),
    };
    let set = |path: &str, columns: &[(&str, ColumnRole)]| SetColumnMapping {
        project,
        source: path.into(),
        columns: columns
            .iter()
            .map(|(name, role)| ((*name).to_owned(), *role))
            .collect(),
    };

    let told = bench.engine.call(get("logs/sweep.csv")).await.unwrap();
    assert!(!told.chosen);
    let roles = |told: &ColumnMapping| -> Vec<ColumnRole> {
        told.columns.iter().map(|column| column.role).collect()
    };
    use ColumnRole::{Ignored, Metric, Param, Run, Step};
    assert_eq!(roles(&told), [Step, Ignored, Metric, Metric]);
    assert_eq!(told.columns[0].why, "is called \"epoch\"");
    assert_eq!(told.columns[1].sample, ["a", "b", "a"]);

    // Chosen: the next look reads it so.
    let mut events = bench.engine.subscribe();
    let call = set("logs/sweep.csv", &[("trial", Run), ("lr", Param)]);
    let told = bench.engine.call(call).await.unwrap();
    assert_eq!(roles(&told), [Step, Run, Param, Metric]);
    assert!(told.chosen && told.runs == 2, "{told:?}");
    while next(&mut events).await.what != EventKind::Runs(project) {}
    let after = runs(&bench, project).await;
    assert_eq!(after.runs.len(), before.runs.len() + 1);
    let b = after.runs.iter().find(|run| run.name == "b").unwrap();
    let lr = after.params.iter().position(|p| p.name == "lr").unwrap();
    assert_eq!(b.params[lr].as_deref(), Some("0.2"));
    let twice = set("logs/sweep.csv", &[("trial", Run), ("lr", Run)]);
    let error = bench.engine.call(twice).await.unwrap_err();
    assert!(error.message.contains("only one can be"), "{error:?}");

    // A file that was passed over becomes a source.
    let told = bench.engine.call(get("prices.csv")).await.unwrap();
    assert_eq!(roles(&told), [Metric, Metric]);
    let call = set("prices.csv", &[("day", Step)]);
    bench.engine.call(call.clone()).await.unwrap();
    let after = runs(&bench, project).await;
    assert_eq!(source(&after, "prices.csv").unwrap().runs, 1);
    assert!(after.skipped.iter().all(|(path, _)| path != "prices.csv"));

    // Remembered; and forgotten when nothing is chosen.
    let bench = bench.restart().await;
    let after = runs(&bench, project).await;
    assert_eq!(source(&after, "prices.csv").unwrap().runs, 1);
    assert_eq!(source(&after, "logs/sweep.csv").unwrap().runs, 2);
    for path in ["prices.csv", "logs/sweep.csv"] {
        bench.engine.call(set(path, &[])).await.unwrap();
    }
    let after = runs(&bench, project).await;
    assert_eq!(source(&after, "prices.csv"), None);
    assert_eq!(source(&after, "logs/sweep.csv").unwrap().runs, 1);
    for wrong in ["Kitfile2", "../prices.csv", "/etc/hosts", "mlruns"] {
        let error = bench.engine.call(get(wrong)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound, "{wrong}");
    }
}

/// The runs once they are as wanted; each event is a reason to look again.
async fn until(
    bench: &Bench,
    project: ProjectId,
    events: &mut kitbench_engine::Subscription,
    wanted: impl Fn(&RunsTable) -> bool,
) -> RunsTable {
    loop {
        let table = runs(bench, project).await;
        if wanted(&table) {
            return table;
        }
        next(events).await;
    }
}

/// `mlflow migrate-filestore` leaves each run in two stores, and a server may lie over either.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_several_stores_of_mlflow_is_one() {
    let bench = Bench::start().await;
    let project = repaired(&bench).await;
    let id = project.id;
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../runs/tests/data");
    let mut events = bench.engine.subscribe();
    let before = runs(&bench, id).await.runs.len();
    let database = std::path::Path::new(&project.path).join("mlflow.db");
    fs::copy(data.join("mlflow-sqlite-3x/mlflow.db"), &database).unwrap();
    let databases = |table: &RunsTable| {
        let sources = table.sources.iter();
        sources
            .filter(|source| source.path.ends_with(".db") && source.runs > 3)
            .count()
    };
    let one = until(&bench, id, &mut events, |table| databases(table) == 1).await;
    assert!(one.runs.len() > before + 3);
    // The same database under another name.
    fs::copy(&database, database.with_file_name("other.db")).unwrap();
    let two = until(&bench, id, &mut events, |table| databases(table) == 2).await;
    assert_eq!(
        two.runs.len(),
        one.runs.len(),
        "both are told, each run once"
    );

    // The server's only run is there already under its id.
    let open = rusqlite::Connection::open(&database).unwrap();
    open.execute_batch(
        "INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id)
         SELECT 'ab12', 'here', 'FINISHED', 'active', experiment_id FROM runs LIMIT 1",
    )
    .unwrap();
    drop(open);
    let named = |table: &RunsTable, name: &str| table.runs.iter().any(|run| run.name == name);
    until(&bench, id, &mut events, |table| named(table, "here")).await;
    let server = FakeMlflow::start(Content::default());
    let added = save(&bench, id, &server.url).await.unwrap();
    let look = LookAtTrackingServer { id: added.id };
    let look = bench.engine.call(look).await.unwrap();
    assert_eq!((look.state, look.runs), (ServerState::Reachable, 1));
    let table = runs(&bench, id).await;
    assert!(named(&table, "here") && !named(&table, "far one"));
}
