//! `pack`: the bytes that `kit` writes, the words it says, and what it will not do.

use serde_json::Value;

use crate::common::{Shell, corpus, expected};

/// The version that the recorded manifest names, to be written again.
fn tool_version(name: &str, recorded: &str) -> String {
    let manifest = expected(name)[recorded]["manifest"]
        .as_str()
        .unwrap()
        .to_owned();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let version = &manifest["annotations"]["ml.kitops.modelkit.cli-version"];
    version.as_str().unwrap().to_owned()
}

/// Packs a project of the corpus as the `kit` that was recorded.
fn pack_as(shell: &Shell, name: &str, compat: &str, extra: &[&str]) -> Value {
    let folder = shell.project(name);
    let version = tool_version(name, &format!("{compat}/none"));
    let mut arguments = vec![
        "pack",
        folder.to_str().unwrap(),
        "-t",
        "registry.example/it:v1",
    ];
    arguments.extend(["--compat", compat, "--tool-version", &version, "--json"]);
    arguments.extend(extra);
    shell.run(arguments).ok().json()
}

#[test]
fn every_recorded_project_gives_the_recorded_bytes() {
    for name in [
        "context", "empty", "files", "ignore", "overlap", "params", "prompts", "tree", "wine",
    ] {
        for compat in ["1.7", "1.11"] {
            let expected = &expected(name)[format!("{compat}/none")];
            if expected.get("error").is_some() {
                continue;
            }
            let shell = Shell::new();
            let packed = pack_as(&shell, name, compat, &[]);
            let digests = |layers: &Value| -> Vec<String> {
                let layers = layers.as_array().cloned().unwrap_or_default();
                layers
                    .iter()
                    .map(|layer| layer["digest"].as_str().unwrap().to_owned())
                    .collect()
            };
            assert_eq!(
                digests(&packed["layers"]),
                digests(&expected["layers"]),
                "{name} {compat}"
            );
            assert_eq!(
                packed["digest"], expected["manifest_digest"],
                "{name} {compat}"
            );
            // The config blob is the recorded text.
            let digest = packed["config"]["digest"].as_str().unwrap();
            let hex = digest.strip_prefix("sha256:").unwrap();
            let blob = shell.kit_home().join("storage/blobs/sha256").join(hex);
            let text = std::fs::read_to_string(blob).unwrap();
            assert_eq!(
                text,
                expected["config"].as_str().unwrap(),
                "{name} {compat}"
            );
        }
    }
}

#[test]
fn gzip_layers_have_the_recorded_content() {
    let shell = Shell::new();
    let packed = pack_as(&shell, "wine", "1.11", &["--compression", "gzip"]);
    let plain = expected("wine");
    let layers = packed["layers"].as_array().unwrap();
    for (layer, recorded) in layers
        .iter()
        .zip(plain["1.11/none"]["layers"].as_array().unwrap())
    {
        assert_eq!(layer["diffId"], recorded["digest"]);
        assert_ne!(layer["digest"], recorded["digest"]);
    }
}

#[test]
fn it_says_what_it_saved_as_kit_does() {
    let shell = Shell::new();
    let folder = shell.project("wine");
    let folder = folder.to_str().unwrap();
    let first = shell.run(["pack", folder, "-t", "wine:v1,latest"]).ok();
    let lines: Vec<&str> = first.out.lines().collect();
    assert!(
        lines[0].starts_with("Saved model layer: sha256:"),
        "{}",
        first.out
    );
    assert!(
        lines[1].starts_with("Saved code layer: sha256:"),
        "{}",
        first.out
    );
    assert!(
        lines[2].starts_with("Saved dataset layer: sha256:"),
        "{}",
        first.out
    );
    assert!(
        lines[3].starts_with("Saved configuration: sha256:"),
        "{}",
        first.out
    );
    assert!(
        lines[4].starts_with("Saved manifest: sha256:"),
        "{}",
        first.out
    );
    assert!(
        lines[5].starts_with("Model saved: sha256:"),
        "{}",
        first.out
    );
    let again = shell.run(["pack", folder, "-t", "wine:v1"]).ok();
    assert!(
        again.out.starts_with("Already saved model layer: sha256:"),
        "{}",
        again.out
    );
    assert_eq!(again.out.lines().last(), first.out.lines().last());
    let listed = shell.run(["list", "--json"]).ok().json();
    assert_eq!(listed[0]["tags"], serde_json::json!(["latest", "v1"]));
}

#[test]
fn a_dry_run_names_each_file_and_packs_nothing() {
    let shell = Shell::new();
    let folder = shell.project("ignore");
    let folder = folder.to_str().unwrap();
    let text = shell.run(["pack", folder, "--dry-run"]).ok().out;
    assert!(
        text.contains("Left out:") && text.contains(".kitignore"),
        "{text}"
    );
    let json = shell
        .run(["pack", folder, "--dry-run", "--json"])
        .ok()
        .json();
    let files = json["layers"][0]["entries"].as_array().unwrap();
    assert!(files.iter().any(|file| file["folder"] == false));
    assert!(!json["leftOut"].as_array().unwrap().is_empty());
    assert_eq!(shell.store_files(), Vec::<String>::new());
    // What it lists is what is packed.
    let packed = shell.run(["pack", folder, "--json"]).ok().json();
    assert_eq!(packed["leftOut"], json["leftOut"]);
    assert_eq!(
        packed["layers"].as_array().unwrap().len(),
        json["layers"].as_array().unwrap().len()
    );
}

#[test]
fn a_kitfile_comes_from_a_file_or_from_standard_input() {
    let shell = Shell::new();
    shell.write("project/weights.bin", "w");
    let kitfile = "manifestVersion: 1.0.0\npackage:\n  name: piped\nmodel:\n  path: weights.bin\n";
    let piped = shell
        .run_with_input(
            ["pack", "project", "-f", "-", "-t", "piped:1", "--json"],
            kitfile,
        )
        .ok()
        .json();
    // Relative to the caller; or, as for kit, to the project.
    shell.write("beside.yaml", kitfile);
    shell.write("project/inside.yaml", kitfile);
    for file in ["beside.yaml", "inside.yaml"] {
        let packed = shell
            .run(["pack", "project", "-f", file, "-t", "filed:1", "--json"])
            .ok()
            .json();
        assert_eq!(packed["digest"], piped["digest"], "{file}");
    }
    let info = shell.run(["info", "piped:1", "-f", "package.name"]).ok();
    assert_eq!(info.out, "piped\n");
}

#[test]
fn other_forms_are_written_too() {
    let shell = Shell::new();
    let folder = shell.project("wine");
    let folder = folder.to_str().unwrap();
    shell
        .run(["pack", folder, "-t", "mp:1", "--use-model-pack"])
        .ok();
    let manifest = &shell.run(["inspect", "mp:1"]).ok().json()["manifest"];
    assert_eq!(
        manifest["artifactType"],
        "application/vnd.cncf.model.manifest.v1+json"
    );
    shell
        .run(["pack", folder, "-t", "z:1", "--compression", "zstd"])
        .ok();
    let manifest = &shell.run(["inspect", "z:1"]).ok().json()["manifest"];
    let media_type = manifest["layers"][0]["mediaType"].as_str().unwrap();
    assert!(media_type.ends_with(".tar+zstd"), "{media_type}");
    shell.write("one/weights.bin", "w");
    shell.write("one/Kitfile", "model:\n  path: weights.bin\n");
    shell
        .run(["pack", "one", "-t", "raw:1", "--layer-format", "raw"])
        .ok();
    let manifest = &shell.run(["inspect", "raw:1"]).ok().json()["manifest"];
    let media_type = manifest["layers"][0]["mediaType"].as_str().unwrap();
    assert!(media_type.ends_with(".raw"), "{media_type}");
    for name in ["mp:1", "z:1", "raw:1"] {
        shell
            .run(["unpack", name, "-d", &name.replace(':', "-")])
            .ok();
    }
    assert_eq!(
        std::fs::read_to_string(shell.path("raw-1/weights.bin")).unwrap(),
        "w"
    );
}

#[test]
fn refusals_name_the_place_and_the_remedy_and_store_nothing() {
    let shell = Shell::new();
    shell.run(["pack", "nowhere"]).fails(1, &["nowhere"]);
    std::fs::create_dir(shell.path("bare")).unwrap();
    shell.run(["pack", "bare"]).fails(1, &["Kitfile", "init"]);
    shell.write("broken/Kitfile", "package:\n  author: me\n");
    shell
        .run(["pack", "broken"])
        .fails(1, &["author", "line 2"]);
    shell.write("missing/Kitfile", "model:\n  path: gone.bin\n");
    shell
        .run(["pack", "missing"])
        .fails(1, &["gone.bin", "does not exist"]);
    // As JSON, on standard error.
    let done = shell.run(["pack", "missing", "--json"]).fails(1, &[]);
    let error: Value = serde_json::from_str(&done.err).unwrap();
    assert_eq!(error["error"]["kind"], "not-found");
    assert_eq!(done.out, "");
    assert_eq!(shell.store_files(), Vec::<String>::new());
}

#[test]
#[cfg(unix)]
fn a_store_that_cannot_be_written_is_said_plainly() {
    let shell = Shell::new();
    let folder = shell.project("files");
    // A file where the home folder should be: refused for every user, root included.
    shell.write("kitops", "in the way");
    shell
        .run(["pack", folder.to_str().unwrap(), "-t", "a:1"])
        .fails(1, &["kitops"]);
    assert!(corpus("files/expected.json").exists());
}

#[test]
fn the_time_of_creation_is_written_on_request_and_can_be_pinned() {
    let shell = Shell::new();
    let project = shell.project("overlap");
    let pack = |epoch: &str, extra: &[&str]| {
        let mut arguments = vec!["pack", project.to_str().unwrap(), "-t", "it:v1", "--json"];
        arguments.extend(extra);
        let mut command = shell.command(arguments);
        crate::common::Done::of(command.env("SOURCE_DATE_EPOCH", epoch).output().unwrap())
    };
    let annotations = || {
        let inspected = shell.run(["inspect", "it:v1"]).ok().json();
        inspected["manifest"]["annotations"].clone()
    };
    const CREATED: &str = "org.opencontainers.image.created";
    pack("1700000000", &["--created"]).ok();
    assert_eq!(annotations()[CREATED], "2023-11-14T22:13:20Z");
    let pinned = pack("0", &["--created"]).ok().json();
    assert_eq!(annotations()[CREATED], "1970-01-01T00:00:00Z");
    assert_eq!(
        pack("0", &["--created"]).ok().json()["digest"],
        pinned["digest"]
    );
    // Without, the same files give the same kit whatever the time.
    let plain = pack("0", &[]).ok().json();
    assert_eq!(annotations()[CREATED], Value::Null);
    assert_eq!(pack("7", &[]).ok().json()["digest"], plain["digest"]);
    pack("noon", &[]).fails(1, &["SOURCE_DATE_EPOCH", "noon"]);
}
