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

/// What the tool itself read back, out of the binary's own mouth: every run, every point.
fn assert_exported(folder: &str, runs: &[Value], what: &str) {
    let float = |value: &Value| match value {
        Value::String(text) => text.parse().unwrap(),
        number => number.as_f64().unwrap(),
    };
    let wanted = expected(folder);
    let wanted = wanted["runs"].as_array().unwrap();
    assert_eq!(runs.len(), wanted.len(), "{folder}: {what}");
    for want in wanted {
        // Where the path names the source itself, ids that are paths begin below it.
        let is = |run: &&Value| match want["id"].as_str() {
            Some(id) => {
                let got = run["id"].as_str().unwrap();
                !got.is_empty() && (id == got || id.ends_with(&format!("/{got}")))
            }
            None => wanted.len() == 1,
        };
        let run = runs.iter().find(is);
        let run = run.unwrap_or_else(|| panic!("{folder}: {what}: no run {}", want["id"]));
        let metrics = run["metrics"].as_object().unwrap();
        let names: Vec<&String> = want["metrics"].as_object().unwrap().keys().collect();
        assert_eq!(metrics.len(), names.len(), "{folder}: {what}");
        for name in names {
            let points = want["metrics"][name].as_array().unwrap();
            let got = metrics[name].as_array().unwrap();
            assert_eq!(got.len(), points.len(), "{folder}: {what}: {name}");
            for (got, want) in got.iter().zip(points) {
                assert_eq!(float(&got[0]), float(&want[0]), "{folder}: {name}");
                let (value, wanted): (f64, f64) = (float(&got[2]), float(&want[2]));
                assert!(
                    value == wanted || value.is_nan() && wanted.is_nan(),
                    "{folder}: {name}: {got} and not {want}"
                );
                assert!(
                    got[1].is_null() || got[1].is_i64(),
                    "{folder}: {name}: {got}"
                );
            }
        }
        for key in ["name", "start_ms", "end_ms", "params"] {
            if let Some(want) = want.get(key) {
                assert_eq!(&run[key], want, "{folder}: {what}: {key}");
            }
        }
    }
}

/// Each recorded folder, however it is named: as it is, with a slash, relative, from inside,
/// and by the file or folder that the tool wrote.
#[test]
fn every_recorded_folder_is_exported_whole() {
    let shell = Shell::new();
    let run = |path: &str, from: &Path| {
        let mut command = shell.command(["runs", "export", path, "--json"]);
        let output = command.current_dir(from).output().unwrap();
        assert!(output.status.success(), "{path}: {output:?}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        json["runs"].as_array().unwrap().clone()
    };
    let above = data("");
    let mut all = 0;
    for folder in std::fs::read_dir(&above).unwrap() {
        let folder = folder.unwrap();
        let name = folder.file_name().into_string().unwrap();
        let path = folder.path();
        if !path.join("expected.json").exists() || name == "aim-detect-only" {
            continue;
        }
        let whole = path.display().to_string();
        all += expected(&name)["runs"].as_array().unwrap().len();
        assert_exported(&name, &run(&whole, &above), "the folder");
        assert_exported(&name, &run(&format!("{whole}/"), &above), "a slash");
        assert_exported(&name, &run(&format!("./{name}/."), &above), "relative");
        assert_exported(&name, &run(".", &path), "from inside");
        let source = expected(&name)["source"].as_str().unwrap().to_owned();
        assert_exported(&name, &run(&source, &path), "the source");
        let inside = path.join(&source);
        if inside.is_dir() {
            assert_exported(&name, &run(".", &inside), "from inside the source");
        }
    }
    // A single file by its bare name is what it is by its whole path.
    let mut open = vec![above.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let ending = name.rsplit('.').next().unwrap();
            if path.is_dir() {
                open.push(path);
            } else if [
                "csv", "log", "jsonl", "db", "sqlite", "sqlite3", "wandb", "parquet",
            ]
            .contains(&ending)
                || name.contains("tfevents")
                || ["trainer_state.json", "run.json"].contains(&name.as_str())
            {
                let points = |runs: &[Value]| -> Vec<(Value, Value)> {
                    let part = |run: &Value| (run["name"].clone(), run["metrics"].clone());
                    runs.iter().map(part).collect()
                };
                let whole = run(&path.display().to_string(), &above);
                assert_eq!(points(&run(&name, &folder)), points(&whole), "{name}");
            }
        }
    }
    let found = run(&above.display().to_string(), &above);
    // Aim's run has no points; a run that is in two MLflow stores is one.
    let ids = |runs: &[Value]| runs.len();
    assert!(
        ids(&found) <= all + 1 && ids(&found) > all * 3 / 4,
        "{}",
        ids(&found)
    );
}

#[test]
fn columns_mean_what_is_said() {
    let shell = Shell::new();
    std::fs::write(
        shell.path("sweep.txt"),
        "day,trial,lr,gain\n1,a,0.1,5\n1,b,0.2,6\n2,a,0.1,4\n",
    )
    .unwrap();
    let list = |map: &str| {
        let list = ["runs", "list", "sweep.txt", "--json", "--map", map];
        shell.run(list).ok().json()
    };
    let told = list("step=day,run=trial,param=lr");
    let names = told["runs"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(told["runs"][1]["params"]["lr"], 0.2);
    let column = &told["sources"][0]["columns"][0];
    assert_eq!(
        (&column["name"], &column["role"], &column["why"]),
        (&"day".into(), &"step".into(), &"chosen here".into())
    );
    let export = ["runs", "export", "sweep.txt", "--json", "--map", "step=day"];
    let exported = shell.run(export).ok().json();
    assert_eq!(
        exported["runs"][0]["metrics"]["gain"].to_string(),
        "[[1,null,5.0],[1,null,6.0],[2,null,4.0]]"
    );
    shell
        .run(["runs", "list", "sweep.txt", "--map", "row=day"])
        .fails(2, &["step=epoch"]);
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

/// The example's project, with the mistake of its Kitfile repaired.
fn wine(shell: &Shell) -> PathBuf {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &target);
            } else {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let folder = shell.path("wine");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/examples/wine");
    copy(&example, &folder);
    let kitfile = folder.join("Kitfile");
    let text = std::fs::read_to_string(&kitfile).unwrap();
    std::fs::write(&kitfile, text.replace("  author:\n", "  authors:\n")).unwrap();
    folder
}

#[test]
fn kits_carry_their_run_and_are_compared_by_tag() {
    let shell = Shell::new();
    let folder = wine(&shell).display().to_string();
    let list = |what: &[&str]| {
        let mut args = vec!["runs", "list"];
        args.extend(what);
        args.push("--json");
        shell.run(args).ok().json()
    };
    for (tag, run) in [("wine:v1", "softmax"), ("wine:v2", "mlp16-lr0.1")] {
        shell
            .run(["pack", &folder, "-t", tag, "--attach-run", run])
            .ok();
    }
    let all = list(&[&folder]);
    let of = |name: &str| {
        let runs = all["runs"].as_array().unwrap();
        runs.iter().find(|run| run["name"] == name).unwrap().clone()
    };
    let one = list(&["wine:v2"]);
    let runs = one["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    for field in [
        "id", "name", "source", "params", "metrics", "start_ms", "end_ms",
    ] {
        assert_eq!(runs[0][field], of("mlp16-lr0.1")[field], "{field}");
    }
    let tags = list(&["wine", "--tags", "-f", "metrics.val/loss < 10"]);
    let tags = tags["runs"].as_array().unwrap();
    assert_eq!(tags.len(), 2);
    for tag in tags {
        let run = of(tag["tags"]["run"].as_str().unwrap());
        assert_eq!(
            tag["metrics"]["val/loss"]["last"],
            run["metrics"]["val/loss"]["last"]
        );
        assert_eq!(tag["tags"]["attached"], "true");
    }
    let compared = shell.run(["runs", "compare", "wine", "--tags"]).ok().out;
    assert!(
        compared.contains("v1") && compared.contains("v2"),
        "{compared}"
    );
    let csv = shell
        .run(["runs", "export", "wine:v1", "-m", "val/loss"])
        .ok()
        .out;
    assert!(csv.lines().count() > 50, "{csv}");
    shell
        .run(["pack", &folder, "-t", "wine:v3", "--attach-run", "nobody"])
        .fails(1, &["nobody"]);
    shell
        .run(["pack", &folder, "-t", "wine:v3", "--attach-run", "none"])
        .ok();
    assert!(list(&["wine:v3"])["runs"].as_array().unwrap().is_empty());
}

#[test]
fn a_comparison_is_kept_and_reported() {
    let shell = Shell::new();
    let wine = wine(&shell);
    let folder = wine.display().to_string();
    let saved = shell
        .run([
            "runs",
            "compare",
            &folder,
            "-r",
            "mlp16-lr0.1",
            "-r",
            "mlp8",
            "--save",
            "Nightly",
            "--note",
            "By CI.",
            "--chart",
            "val/loss",
            "--smoothing",
            "0.6",
            "--json",
        ])
        .ok()
        .json();
    assert_eq!(saved["review"], "reviews/nightly.review.json");
    std::fs::remove_dir_all(wine.join("mlruns")).unwrap();
    let review = wine
        .join("reviews/nightly.review.json")
        .display()
        .to_string();
    let html = shell.path("out.html");
    shell
        .run(["runs", "report", &review, "-o", &html.display().to_string()])
        .ok();
    let text = std::fs::read_to_string(&html).unwrap();
    for part in [
        "By CI.",
        "mlp16-lr0.1",
        "mlp8",
        "data:image/svg+xml;base64,",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let again = shell.run(["runs", "report", &review]).ok().out;
    assert_eq!(again, text);
    let markdown = shell.path("out.md").display().to_string();
    let written = shell
        .run(["runs", "report", &review, "-o", &markdown, "--json"])
        .ok()
        .json();
    let written = written["written"].as_array().unwrap();
    assert_eq!(written.len(), 4);
    assert!(
        written
            .iter()
            .all(|path| Path::new(path.as_str().unwrap()).is_file())
    );
    shell
        .run(["runs", "report", "nowhere"])
        .fails(1, &["nowhere"]);
    shell
        .run(["runs", "report", &review, "-o", "report.pdf"])
        .fails(2, &["report.pdf"]);
}
