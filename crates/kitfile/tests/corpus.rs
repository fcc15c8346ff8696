//! What `kit` made of Kitfiles, recorded: accepted or refused, and the exact config JSON.

use kitbench_kitfile::{
    ElementKind, EntryKind, Kitfile, LayerInfo, ProblemCode, ProjectFiles, Rules, check_files,
    from_config_json, parse, to_config_json,
};
use serde_json::Value;

/// The folder in which the cases were run.
struct CaseFiles;

impl ProjectFiles for CaseFiles {
    fn kind(&self, path: &str) -> Option<EntryKind> {
        match path {
            "." | "src" => Some(EntryKind::Folder),
            "src/a.py" | "model.bin" | "data.csv" | "README.md" => Some(EntryKind::File),
            "link.bin" | "linkdir" => Some(EntryKind::Link),
            _ => None,
        }
    }

    fn names_in(&self, folder: &str) -> Vec<String> {
        let names: &[&str] = match folder {
            "." => &[
                "src",
                "model.bin",
                "data.csv",
                "README.md",
                "link.bin",
                "linkdir",
            ],
            "src" => &["a.py"],
            _ => &[],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }
}

/// Takes the layers from a recorded config, as packing would fill them in.
fn with_layers(mut kitfile: Kitfile, recorded: &Kitfile) -> Kitfile {
    let layer_of = |kind, index| -> Option<LayerInfo> {
        let elements = recorded.elements();
        let element = elements.iter().find(|e| e.kind == kind && e.index == index);
        element.and_then(|element| element.layer.cloned())
    };
    if let Some(model) = &mut kitfile.model {
        model.layer = layer_of(ElementKind::Model, 0);
        for (at, part) in model.parts.iter_mut().enumerate() {
            part.layer = layer_of(ElementKind::ModelPart, at);
        }
    }
    for (at, code) in kitfile.code.iter_mut().enumerate() {
        code.layer = layer_of(ElementKind::Code, at);
    }
    for (at, set) in kitfile.datasets.iter_mut().enumerate() {
        set.layer = layer_of(ElementKind::Dataset, at);
    }
    for (at, docs) in kitfile.docs.iter_mut().enumerate() {
        docs.layer = layer_of(ElementKind::Docs, at);
    }
    kitfile
}

fn check_config(name: &str, text: &str, config: &str, rules: Rules) {
    let parsed = parse(text, rules);
    let errors: Vec<String> = parsed.errors().map(ToString::to_string).collect();
    assert_eq!(errors, Vec::<String>::new(), "{name}");
    let kitfile = parsed.kitfile.expect(name);
    let recorded = from_config_json(config.as_bytes()).expect(name);
    let again = to_config_json(&recorded).expect(name);
    assert_eq!(
        String::from_utf8_lossy(&again),
        config,
        "{name}: read and written back"
    );
    let written = to_config_json(&with_layers(kitfile, &recorded)).expect(name);
    assert_eq!(String::from_utf8_lossy(&written), config, "{name}");
}

#[test]
fn every_recorded_case() {
    let cases: Value = serde_json::from_str(include_str!("data/kitfile-cases.json")).expect("JSON");
    let cases = cases["cases"].as_array().expect("cases");
    assert!(cases.len() > 40);
    for case in cases {
        let name = case["name"].as_str().expect("name");
        let text = case["kitfile"].as_str().expect("kitfile");
        if case["accepted"] == true {
            let config = case["config"].as_str().expect("config");
            check_config(name, text, config, Rules::V1_7);
            continue;
        }
        let parsed = parse(text, Rules::V1_7);
        let mut problems = parsed.problems.clone();
        if let Some(kitfile) = &parsed.kitfile {
            problems.extend(check_files(text, kitfile, Rules::V1_7, &CaseFiles));
        }
        let refused = problems
            .iter()
            .find(|problem| problem.severity == kitbench_kitfile::Severity::Error);
        let problem = refused.unwrap_or_else(|| panic!("{name} is refused by kit 1.7"));
        assert!(
            problem.message.ends_with('.'),
            "{name}: {}",
            problem.message
        );
        // `kit` names the line of the fault; so do we, and the column.
        let recorded = case["error"].as_str().expect("error");
        if let Some(line) = recorded.split("line ").nth(1) {
            let line: usize = line
                .split(|c: char| !c.is_ascii_digit())
                .next()
                .and_then(|n| n.parse().ok())
                .expect(name);
            assert_eq!(problem.span.line, line, "{name}: {problem}");
        }
    }
}

#[test]
fn the_newest_rules_accept_what_they_should() {
    // Accepted by 1.7 and refused by nobody since, with these warnings only.
    let cases: Value = serde_json::from_str(include_str!("data/kitfile-cases.json")).expect("JSON");
    for case in cases["cases"].as_array().expect("cases") {
        let text = case["kitfile"].as_str().expect("kitfile");
        if case["accepted"] == true {
            let parsed = parse(text, Rules::Current);
            assert!(
                !parsed.has_errors(),
                "{}: {:?}",
                case["name"],
                parsed.problems
            );
        }
    }
    let parsed = parse(
        "manifestVersion: 1.0.0\nprompts: [{path: README.md}]\n",
        Rules::Current,
    );
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let parsed = parse("manifestVersion: v1.0.0\n", Rules::Current);
    assert_eq!(parsed.problems[0].code, ProblemCode::ManifestVersion);
}

#[test]
fn the_params_project() {
    let text = include_str!("data/params.Kitfile");
    let config = include_str!("data/params.config.json");
    for rules in Rules::ALL {
        check_config("params", text, config, rules);
    }
}

/// `kit` has no checks before these errors, so only what concerns reading counts.
const LATER: [ProblemCode; 3] = [
    ProblemCode::DuplicatePath,
    ProblemCode::AbsolutePath,
    ProblemCode::BadPartType,
];

#[test]
fn random_texts_as_yaml_v3_reads_and_writes_them() {
    let cases: Value = serde_json::from_str(include_str!("data/yaml-v3-cases.json")).expect("JSON");
    let cases = cases["cases"].as_array().expect("cases");
    assert!(cases.len() > 500);
    let mut same_yaml = 0;
    let mut accepted = 0;
    for case in cases {
        let text = case["kitfile"].as_str().expect("kitfile");
        let parsed = parse(text, Rules::V1_7);
        let refused = parsed
            .errors()
            .find(|problem| !LATER.contains(&problem.code));
        let Some(config) = case["config"].as_str() else {
            assert!(
                refused.is_some(),
                "{text:?} is refused by yaml.v3: {}",
                case["error"]
            );
            continue;
        };
        assert!(refused.is_none(), "{text:?}: {refused:?}");
        let kitfile = parsed.kitfile.expect("a Kitfile");
        let written = to_config_json(&kitfile).expect("JSON");
        assert_eq!(String::from_utf8_lossy(&written), config, "{text:?}");
        accepted += 1;
        let yaml = kitbench_kitfile::to_yaml(&kitfile);
        if Some(yaml.as_str()) == case["yaml"].as_str() {
            same_yaml += 1;
        } else {
            // yaml.v3 loses the first line break of such a text; we quote it.
            assert!(yaml.contains("\"\\n"), "{yaml}\n{}", case["yaml"]);
        }
    }
    assert!(same_yaml + 5 > accepted, "{same_yaml} of {accepted}");
}
