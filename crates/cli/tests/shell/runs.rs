//! `runs list`, `compare` and `export` on what trackers really wrote.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::Shell;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../runs/tests/data")
        .join(name)
}

fn mlflow() -> String {
    data("mlflow-filestore").display().to_string()
}

fn expected(name: &str) -> Value {
    let text = std::fs::read_to_string(data(name).join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_json_export_holds_every_point() {
    let shell = Shell::new();
    let json = shell
        .run(["runs", "export", &mlflow(), "--json"])
        .ok()
        .json();
    let runs = json["runs"].as_array().unwrap();
    let expected = expected("mlflow-filestore");
    let expected = expected["runs"].as_array().unwrap();
    assert_eq!(runs.len(), expected.len());
    let keys = [
        "id", "name", "source", "path", "state", "start_ms", "end_ms", "params", "tags", "metrics",
        "problems",
    ];
    for run in runs {
        let object = run.as_object().unwrap();
        assert_eq!(object.len(), keys.len(), "{object:?}");
        assert!(
            keys.iter().all(|key| object.contains_key(*key)),
            "{object:?}"
        );
        for point in run["metrics"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|points| points.as_array().unwrap())
        {
            assert_eq!(point.as_array().unwrap().len(), 3);
        }
    }
    // NaN and the infinities are texts.
    let text = json.to_string();
    for special in ["\"NaN\"", "\"Infinity\"", "\"-Infinity\""] {
        assert!(text.contains(special), "{special}");
    }
}

#[test]
fn runs_are_listed_and_filtered() {
    let shell = Shell::new();
    let table = shell.run(["runs", "list", &mlflow()]).ok().out;
    assert!(table.starts_with("RUN "), "{table}");
    let all = shell.run(["runs", "list", &mlflow(), "--json"]).ok().json();
    let count = all["runs"].as_array().unwrap().len();
    assert_eq!(table.lines().count(), count + 1);
    assert_eq!(all["sources"][0]["kind"], "mlflow-file");
    let failed = shell
        .run(["runs", "list", &mlflow(), "-f", "state == failed", "--json"])
        .ok()
        .json();
    let failed = failed["runs"].as_array().unwrap();
    assert!(!failed.is_empty() && failed.len() < count);
    assert!(failed.iter().all(|run| run["state"] == "failed"));
    shell
        .run(["runs", "list", "nowhere"])
        .fails(1, &["nowhere"]);
    std::fs::create_dir(shell.path("none")).unwrap();
    assert!(
        shell
            .run(["runs", "list", "none"])
            .ok()
            .out
            .contains("There are no runs")
    );
}

#[test]
fn runs_stand_side_by_side_differences_first() {
    let shell = Shell::new();
    let all = shell.run(["runs", "list", &mlflow(), "--json"]).ok().json();
    let id = |at: usize| all["runs"][at]["id"].as_str().unwrap().to_owned();
    let (one, other) = (id(0), id(1));
    let json = shell
        .run([
            "runs",
            "compare",
            &mlflow(),
            "-r",
            &one,
            "-r",
            &other,
            "--json",
        ])
        .ok()
        .json();
    assert_eq!(
        (&json["runs"][0]["id"], &json["runs"][1]["id"]),
        (&one.clone().into(), &other.clone().into())
    );
    let differs: Vec<bool> = json["params"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["differs"].as_bool().unwrap())
        .collect();
    assert!(
        differs.windows(2).all(|pair| pair[0] >= pair[1]),
        "{differs:?}"
    );
    for metric in json["metrics"].as_array().unwrap() {
        assert_eq!(metric["values"].as_array().unwrap().len(), 2);
    }
    // The beginning of an id is enough; the order is the one asked for.
    let text = shell
        .run(["runs", "compare", &mlflow(), "-r", &other[..12], "-r", &one])
        .ok()
        .out;
    assert!(text.contains("state"), "{text}");
    shell
        .run(["runs", "compare", &mlflow(), "-r", "nobody"])
        .fails(1, &["nobody", "runs list"]);
}

#[test]
fn csv_and_charts_are_written_whole() {
    let shell = Shell::new();
    let csv = shell.run(["runs", "export", &mlflow()]).ok().out;
    assert!(
        csv.starts_with("run,name,metric,step,time_ms,value\n"),
        "{csv}"
    );
    assert_eq!(csv.matches("run,name,metric").count(), 1);
    let all = shell.run(["runs", "list", &mlflow(), "--json"]).ok().json();
    let metric = all["runs"][0]["metrics"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    let chart = [
        "runs",
        "export",
        &mlflow(),
        "-m",
        &metric,
        "-o",
        "chart.svg",
        "--smoothing",
        "0.6",
    ]
    .map(str::to_owned);
    shell.run(chart).ok();
    let svg = std::fs::read_to_string(shell.path("chart.svg")).unwrap();
    assert!(svg.contains("<svg") && svg.contains(&metric), "{svg}");
    shell
        .run([
            "runs",
            "export",
            &mlflow(),
            "-m",
            &metric,
            "-o",
            "chart.png",
        ])
        .ok();
    assert!(
        std::fs::read(shell.path("chart.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    shell
        .run(["runs", "export", &mlflow(), "-o", "chart.svg"])
        .fails(2, &["--metric"]);
    shell
        .run(["runs", "export", &mlflow(), "-m", "nothing", "-o", "no.svg"])
        .fails(1, &["nothing"]);
    shell
        .run(["runs", "export", &mlflow(), "-o", "chart.what"])
        .fails(2, &["--format"]);
    shell
        .run(["runs", "export", &mlflow(), "-o", "no/folder/out.csv"])
        .fails(1, &["out.csv"]);
    assert_eq!(
        crate::common::files_below(shell.folder.path()),
        ["chart.png", "chart.svg"]
    );
}

#[test]
fn a_tracking_server_that_is_not_there_says_so() {
    let shell = Shell::new();
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let address = format!("http://me:hidden-word@127.0.0.1:{port}");
    for verb in ["list", "export"] {
        let ended = shell.run(["runs", verb, &address]);
        assert!(!ended.err.contains("hidden-word"), "{}", ended.err);
        ended.fails(1, &["cannot be reached", &format!("127.0.0.1:{port}")]);
    }
    shell
        .run(["runs", "list", "http://"])
        .fails(1, &["http://localhost:5000"]);
}
