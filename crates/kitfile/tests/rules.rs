//! The checks of each era, and the checks against the files of a project.

use kitbench_kitfile::{
    EntryKind, FromJsonError, ProblemCode, ProjectFiles, Rules, Severity, Value, apply,
    check_files, from_config_json, parse, to_config_json,
};

/// The problems of a text as `code path`, warnings in brackets.
fn problems(rules: Rules, text: &str) -> Vec<String> {
    let text = format!("manifestVersion: 1.0.0\n{text}");
    let shown = parse(&text, rules).problems.into_iter().map(|problem| {
        let shown = format!("{} {}", problem.code.as_str(), problem.path);
        match problem.severity {
            Severity::Error => shown,
            Severity::Warning => format!("({shown})"),
        }
    });
    shown.collect()
}

#[track_caller]
fn check(text: &str, old: &[&str], current: &[&str]) {
    assert_eq!(problems(Rules::V1_11, text), old, "1.11");
    assert_eq!(problems(Rules::Current, text), current, "current");
}

#[test]
fn equal_paths() {
    check(
        "code: [{path: sub}, {path: ./sub}]\n",
        &["(duplicate-path code[1].path)"],
        &["duplicate-path code[1].path"],
    );
    check(
        "code: [{path: .}, {}]\n",
        &["duplicate-path code[1].path"],
        &["duplicate-path code[1].path"],
    );
    check(
        "model: {name: m}\ncode: [{path: .}]\n",
        &["duplicate-path code[0].path"],
        &[],
    );
    check(
        "docs: [{path: a}]\nprompts: [{path: a}]\n",
        &["(duplicate-path prompts[0].path)"],
        &["duplicate-path prompts[0].path"],
    );
    check(
        "model: {path: 'org/base:v1'}\ncode: [{path: .}]\n",
        &[],
        &[],
    );
}

#[test]
fn where_paths_may_lead() {
    check(
        "code: [{path: /etc}]\n",
        &["absolute-path code[0].path"],
        &["absolute-path code[0].path"],
    );
    check("code: [{path: src/../lib}]\n", &[], &[]);
    check(
        "code: [{path: ../x}]\n",
        &["(outside-path code[0].path)"],
        &["outside-path code[0].path"],
    );
    check(
        "docs: [{path: 'https://x.org/a'}]\n",
        &["(url-path docs[0].path)"],
        &["url-path docs[0].path"],
    );
}

#[test]
fn part_types() {
    let text = |kind: &str| format!("model: {{path: m, parts: [{{path: a, type: {kind}}}]}}\n");
    let bad = ["bad-part-type model.parts[0].type"];
    check(&text("a_b.c-d"), &[], &[]);
    check(&text(&"t".repeat(64)), &[], &[]);
    check(&text(&"t".repeat(65)), &bad, &bad);
    check(&text("-x"), &bad, &bad);
    check(&text("é"), &bad, &bad);
}

#[test]
fn manifest_versions_are_only_remarked_upon() {
    for text in ["package: {name: x}\n", "manifestVersion: v1\n"] {
        assert!(parse(text, Rules::V1_11).problems.is_empty());
        let problems = parse(text, Rules::Current).problems;
        assert_eq!(problems.len(), 1);
        assert_eq!(
            (problems[0].code, problems[0].severity),
            (ProblemCode::ManifestVersion, Severity::Warning)
        );
        let fix = problems[0].fix.as_ref().expect("a fix");
        let fixed = apply(text, &fix.edits).expect("fixed");
        assert!(parse(&fixed, Rules::Current).problems.is_empty(), "{fixed}");
    }
}

#[test]
fn remote_data_sets() {
    let current = |text: &str| problems(Rules::Current, text);
    let set = |fields: &str| current(&format!("datasets: [{{path: d, {fields}}}]\n"));
    assert_eq!(set("remotePath: 's3://b/k', remoteHash: h"), [""; 0]);
    assert_eq!(
        set("remotePath: 's3://b/k'"),
        ["bad-remote datasets[0].remotePath"]
    );
    assert_eq!(set("remoteHash: h"), ["bad-remote datasets[0].remoteHash"]);
    assert_eq!(
        set("remotePath: 'x.org/d:1', remoteHash: h"),
        ["(bad-remote datasets[0].remoteHash)"]
    );
    assert_eq!(
        set("remotePath: 'https://x.org/d'"),
        ["bad-remote datasets[0].remotePath"]
    );
    assert_eq!(
        current(
            "datasets: [{path: d, remotePath: 'x.org/d:1'}]\ncode: [{path: d/x}, {path: dx}]\n"
        ),
        ["inside-remote code[0].path"]
    );
    assert_eq!(
        problems(
            Rules::V1_11,
            "datasets: [{path: d, remotePath: 's3://b/k'}]\n"
        ),
        ["field-too-new datasets[0].remotePath"]
    );
}

#[test]
fn mcp_servers() {
    assert_eq!(
        problems(
            Rules::Current,
            "mcpServers: [{name: a, path: a.mcpb}, {name: a, path: b.zip}, {path: c.mcpb}]\n"
        ),
        [
            "mcp-name mcpServers[1].name",
            "mcp-path mcpServers[1].path",
            "mcp-name mcpServers[2].name"
        ]
    );
    assert_eq!(
        problems(Rules::V1_11, "mcpServers: []\n"),
        ["field-too-new mcpServers"]
    );
    assert_eq!(
        problems(Rules::V1_11, "prompts: [{name: x, path: a}]\n"),
        ["field-too-new prompts[0].name"]
    );
}

struct Files;

impl ProjectFiles for Files {
    fn kind(&self, path: &str) -> Option<EntryKind> {
        match path {
            "." | "data" => Some(EntryKind::Folder),
            "data/train.csv" | "model.onnx" => Some(EntryKind::File),
            "latest" => Some(EntryKind::Link),
            _ => None,
        }
    }

    fn names_in(&self, folder: &str) -> Vec<String> {
        match folder {
            "." => vec!["data".into(), "model.onnx".into(), "latest".into()],
            "data" => vec!["train.csv".into()],
            _ => Vec::new(),
        }
    }
}

#[test]
fn files_on_disk() {
    let text = "manifestVersion: 1.0.0\nmodel: {path: model.pt}\ndatasets:\n- path: dta/trian.csv\n- path: data\n- {path: x, remotePath: 's3://b/k', remoteHash: h}\ncode: [{path: latest}, {path: nothing/like}]\n";
    let parsed = parse(text, Rules::Current);
    assert!(!parsed.has_errors(), "{:?}", parsed.problems);
    let kitfile = parsed.kitfile.expect("a Kitfile");
    let problems = check_files(text, &kitfile, Rules::Current, &Files);
    let shown: Vec<(String, &str, String)> = problems
        .iter()
        .map(|problem| {
            let fix = problem
                .fix
                .as_ref()
                .map_or(String::new(), |fix| fix.label.clone());
            (problem.path.to_string(), problem.code.as_str(), fix)
        })
        .collect();
    let expected = [
        ("model.path", "missing-path", "Use `model.onnx`"),
        ("code[0].path", "nothing-to-pack", ""),
        ("code[1].path", "missing-path", "Remove code layer 1"),
        ("datasets[0].path", "missing-path", "Use `data/train.csv`"),
    ];
    let expected: Vec<(String, &str, String)> = expected
        .into_iter()
        .map(|(path, code, fix)| (path.to_owned(), code, fix.to_owned()))
        .collect();
    assert_eq!(shown, expected);
    assert_eq!(problems[3].span.line, 4);
    assert_eq!(problems[3].hint, "Did you mean `data/train.csv`?");
}

#[test]
fn config_json_is_read_leniently_and_exactly() {
    let json = br#" {"ManifestVersion":"1.0.0","extra":[1],"package":{"NAME":"x","authors":null},
        "model":{"path":"m","parameters":{"big":12345678901234567890,"n":-0,"f":1.50,"e":1e400x"#;
    assert!(matches!(
        from_config_json(json),
        Err(FromJsonError::Syntax(_))
    ));
    let json = br#"{"ManifestVersion":"1.0.0","extra":[1],"package":{"NAME":"x","authors":null},"code":null,
        "model":{"path":"m","parameters":{"big":12345678901234567890,"n":-0,"f":1.50,"s":"\ud83d\ude00\ud800"},
        "digest":"sha256:1","diffid":"sha256:2"}}"#;
    let kitfile = from_config_json(json).expect("a Kitfile");
    assert_eq!(kitfile.package.name, "x");
    let model = kitfile.model.as_ref().expect("a model");
    let parameters = model.parameters.as_ref().expect("parameters");
    assert_eq!(
        parameters.get("big"),
        Some(&Value::UInt(12345678901234567890))
    );
    assert_eq!(parameters.get("f"), Some(&Value::Float(1.5)));
    assert_eq!(
        parameters.get("s"),
        Some(&Value::String("😀\u{fffd}".into()))
    );
    assert_eq!(
        model.layer.as_ref().map(|layer| layer.diff_id.as_str()),
        Some("sha256:2")
    );
    assert_eq!(
        String::from_utf8(to_config_json(&kitfile).expect("JSON")).expect("text"),
        "{\"manifestVersion\":\"1.0.0\",\"package\":{\"name\":\"x\"},\"model\":{\"path\":\"m\",\"parameters\":{\"big\":12345678901234567890,\"f\":1.5,\"n\":-0,\"s\":\"😀\u{fffd}\"},\"digest\":\"sha256:1\",\"diffId\":\"sha256:2\"}}"
    );
    let wrong = from_config_json(br#"{"code":[{"path":5}]}"#).expect_err("a wrong type");
    assert_eq!(
        wrong.to_string(),
        "the config has a number at `code[0].path` where a text belongs"
    );
    assert!(matches!(
        from_config_json(br#"{"model":{"parameters":1e400}}"#),
        Err(FromJsonError::Range { .. })
    ));
    assert!(from_config_json(b"[]").is_err());
    assert!(from_config_json(b"{} x").is_err());
}
