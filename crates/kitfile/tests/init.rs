//! The rules of `kit init`.

use std::collections::HashMap;

use kitbench_kitfile::init::{Generated, InitEntry, InitOptions, ProjectTexts, init};
use kitbench_kitfile::{Rules, apply, parse};

struct Texts(HashMap<&'static str, &'static str>);

impl ProjectTexts for Texts {
    fn text(&self, path: &str) -> Option<String> {
        self.0.get(path).map(|text| (*text).to_owned())
    }
}

const MIT: &str = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software \
    The above copyright notice and this permission notice shall be included in all copies or substantial portions";

/// Generates for files given as `path` or `path=size`; folders end in `/`.
fn generate(rules: Rules, files: &[&str]) -> Generated {
    let entries: Vec<InitEntry> = files
        .iter()
        .map(|file| {
            let (path, size) = file.split_once('=').unwrap_or((file, "10"));
            InitEntry {
                path: path.trim_end_matches('/').to_owned(),
                size: size.parse().expect("a size"),
                is_folder: path.ends_with('/'),
            }
        })
        .collect();
    let texts = Texts(HashMap::from([
        ("LICENSE", MIT),
        (
            "SKILL.md",
            "---\nname: sums\ndescription: Adds up\nlicense: MIT\n---\n# Sums\n",
        ),
        (
            "help/SKILL.md",
            "---\nname: help\ndescription: Helps\nlicense: MIT\n---\n",
        ),
    ]));
    let options = InitOptions {
        rules,
        ..InitOptions::default()
    };
    let generated = init(&entries, &options, &texts);
    let parsed = parse(&generated.yaml, rules);
    assert!(
        !parsed.has_errors(),
        "{:?}\n{}",
        parsed.problems,
        generated.yaml
    );
    assert_eq!(parsed.kitfile.as_ref(), Some(&generated.kitfile));
    generated
}

#[track_caller]
fn check(rules: Rules, files: &[&str], yaml: &str) {
    let expected = format!("manifestVersion: 1.0.0\n{yaml}");
    assert_eq!(generate(rules, files).yaml, expected);
}

#[test]
fn sections_by_suffix() {
    check(
        Rules::V1_11,
        &[
            "Kitfile",
            "README.md",
            "LICENSE",
            "model.onnx",
            "tokenizer.json",
            "train.csv",
            "guide.pdf",
            "agents.md",
        ],
        "\
model:
  name: model
  path: model.onnx
  license: MIT
  parts:
    - path: tokenizer.json
datasets:
  - path: train.csv
docs:
  - path: LICENSE
    description: License file
  - path: README.md
    description: Readme file
  - path: guide.pdf
prompts:
  - path: agents.md
",
    );
    check(Rules::V1_7, &["agents.md"], "docs:\n  - path: agents.md\n");
    check(
        Rules::V1_7,
        &["w.bin"],
        "model:\n  name: w\n  path: w.bin\n",
    );
    check(Rules::V1_11, &["w.bin"], "code:\n  - path: .\n");
    check(
        Rules::V1_11,
        &["pytorch_model-1.bin"],
        "model:\n  name: pytorch_model-1\n  path: pytorch_model-1.bin\n",
    );
    check(Rules::V1_11, &["a.CSV"], "code:\n  - path: .\n");
    check(
        Rules::V1_11,
        &["config.json", "LICENSE"],
        "datasets:\n  - path: config.json\n    license: MIT\ndocs:\n  - path: LICENSE\n    description: License file\n",
    );
}

#[test]
fn several_models() {
    check(
        Rules::V1_11,
        &[
            "a.safetensors=100",
            "b.safetensors=100",
            "c.safetensors=90",
            "x.json",
        ],
        "model:\n  path: a.safetensors\n  parts:\n    - path: b.safetensors\n    - path: c.safetensors\n    - path: x.json\n",
    );
    check(
        Rules::V1_11,
        &["adapter.safetensors=10", "base.gguf=1000"],
        "model:\n  name: base\n  path: base.gguf\n  parts:\n    - path: adapter.safetensors\n",
    );
}

#[test]
fn folders() {
    check(
        Rules::V1_11,
        &[
            "docs/",
            "docs/x.bin",
            "src/",
            "src/a.py",
            "data/",
            "data/a.csv",
            "data/meta.json",
            "models/",
            "models/m.onnx",
            "models/config.json",
            "mixed/",
            "mixed/a.csv",
            "mixed/b.md",
            "deep/",
            "deep/a.csv",
            "deep/er/",
            "cfg/",
            "cfg/a.json",
        ],
        "\
model:
  path: models/m.onnx
  parts:
    - path: models/config.json
code:
  - path: src
  - path: cfg
  - path: deep
  - path: mixed
datasets:
  - path: data
docs:
  - path: docs
",
    );
    check(
        Rules::V1_11,
        &["src/", "src/a.py", "x.py"],
        "code:\n  - path: .\n",
    );
    check(
        Rules::V1_11,
        &["mix/", "mix/a.csv", "mix/m.onnx"],
        "model:\n  name: mix/m\n  path: mix/m.onnx\ncode:\n  - path: mix\n",
    );
    check(
        Rules::V1_11,
        &["a/", "b/", "c/", "d/", "e/", "f/"],
        "code:\n  - path: .\n",
    );
}

#[test]
fn the_newest_rules() {
    check(
        Rules::Current,
        &[
            "src/",
            "src/a.py",
            "x.py",
            ".DS_Store",
            "tool.mcpb",
            "docs/",
            "docs/Thumbs.db",
        ],
        "code:\n  - path: src/\n  - path: x.py\ndocs:\n  - path: docs/\nmcpServers:\n  - name: tool\n    path: tool.mcpb\n",
    );
    check(
        Rules::Current,
        &["1.py", "2.py", "3.py", "4.py", "5.py", "6.py"],
        "code:\n  - path: .\n",
    );
    check(
        Rules::Current,
        &["SKILL.md", "run.py"],
        "package:\n  name: sums\n  description: Adds up\n  license: MIT\nprompts:\n  - name: sums\n    path: .\n    description: Adds up\n",
    );
    check(
        Rules::Current,
        &["help/", "help/SKILL.md", "m.onnx"],
        "package:\n  license: MIT\nmodel:\n  name: m\n  path: m.onnx\nprompts:\n  - name: help\n    path: help/\n    description: Helps\n",
    );
}

#[test]
fn an_empty_folder() {
    check(Rules::V1_11, &[], "");
}

#[test]
fn suggestions_apply() {
    let generated = generate(
        Rules::Current,
        &[
            "m.onnx",
            "data/",
            "data/a.csv",
            "data/b.md",
            "run/",
            "run/__pycache__/",
            "run/a.py",
        ],
    );
    let mut text = generated.yaml;
    let mut ignore = Vec::new();
    for suggestion in generated.suggestions {
        text = apply(&text, &suggestion.edits).expect("applies");
        ignore.extend(suggestion.ignore);
    }
    assert_eq!(ignore, ["**/__pycache__"]);
    assert_eq!(
        text,
        "manifestVersion: 1.0.0\nmodel:\n  name: m\n  path: m.onnx\n  format: onnx\ncode:\n  - path: run/\ndatasets:\n  - name: data\n    path: data/\n"
    );
}
