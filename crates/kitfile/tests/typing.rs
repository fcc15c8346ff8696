//! How values get their types: what yaml.v3 does, case by case.

use kitbench_kitfile::{ProblemCode, Rules, parse, to_config_json};

/// The JSON of `model.parameters` for YAML written there in braces.
fn parameters(yaml: &str) -> String {
    let text = format!("model:\n  parameters: {yaml}\n");
    let kitfile = parse(&text, Rules::V1_11)
        .into_result()
        .unwrap_or_else(|problem| panic!("{yaml}: {problem}"));
    let config = String::from_utf8(to_config_json(&kitfile).expect("JSON")).expect("text");
    let start = config
        .find("\"parameters\":")
        .map_or(config.len(), |at| at + "\"parameters\":".len());
    config[start..]
        .strip_suffix("}}")
        .unwrap_or_default()
        .to_owned()
}

fn refused(text: &str) -> Option<ProblemCode> {
    parse(text, Rules::V1_11)
        .errors()
        .next()
        .map(|problem| problem.code)
}

#[test]
fn scalars_without_a_type_to_go_by() {
    for (yaml, json) in [
        ("yes", "\"yes\""),
        ("True", "true"),
        ("0x1F", "31"),
        ("014", "12"),
        ("0o14", "12"),
        ("1_000", "1000"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "18446744073709552000"),
        ("1e3", "1000"),
        ("1.0", "1"),
        ("-0.0", "-0"),
        ("1e21", "1e+21"),
        ("123456789012345678.5", "123456789012345680"),
        ("2024-01-02", "\"2024-01-02T00:00:00Z\""),
        (
            "2024-01-02T03:04:05.120+02:30",
            "\"2024-01-02T03:04:05.12+02:30\"",
        ),
        ("\"2024-01-02\"", "\"2024-01-02\""),
        ("'5'", "\"5\""),
        ("!!str 5", "\"5\""),
        ("!!float 5", "5"),
        ("!!int \"5\"", "5"),
        ("!!binary aGk=", "\"hi\""),
        ("!!binary /w==", "\"\\ufffd\""),
        ("!own 5", "\"5\""),
        ("! 5", "5"),
        ("[~, null, '']", "[null,null,\"\"]"),
        ("[a: 1]", "[{\"a\":1}]"),
        ("[[a], []]", "[[\"a\"],[]]"),
        ("{b: 1, a: 2, B: 3}", "{\"B\":3,\"a\":2,\"b\":1}"),
        ("[<<]", "[\"\\u003c\\u003c\"]"),
    ] {
        assert_eq!(parameters(yaml), json, "{yaml}");
    }
    assert_eq!(parameters("~"), "");
}

#[test]
fn anchors_and_merges() {
    let anchored = "[&d {a: 1, b: 2}, {<<: *d, b: 3}, {<<: [*d, {c: 4, a: 9}]}]";
    assert_eq!(
        parameters(anchored),
        "[{\"a\":1,\"b\":2},{\"a\":1,\"b\":3},{\"a\":1,\"b\":2,\"c\":4}]"
    );
    let text = "package: &p {name: x, version: 1}\nmodel:\n  <<: *p\n  name: y\n";
    let kitfile = parse(text, Rules::V1_11).into_result().expect("valid");
    let model = kitfile.model.expect("a model");
    assert_eq!((model.name.as_str(), model.version.as_str()), ("y", "1"));
    assert_eq!(refused("model: {<<: x}\n"), Some(ProblemCode::BadMerge));
    assert_eq!(
        refused("package: &p {authors: [a]}\nmodel: {<<: *p}\n"),
        Some(ProblemCode::UnknownField)
    );
}

#[test]
fn text_fields_keep_their_source() {
    let text = "package: {name: 0x1F, version: 1.10, description: 2024-01-02, license: ~, authors: [1, null, yes, !!binary aGk=]}\n";
    let package = parse(text, Rules::V1_11)
        .into_result()
        .expect("valid")
        .package;
    assert_eq!(package.name, "0x1F");
    assert_eq!(package.version, "1.10");
    assert_eq!(package.description, "2024-01-02");
    assert_eq!(package.license, "");
    assert_eq!(package.authors, ["1", "yes", "hi"]);
}

#[test]
fn what_cannot_be_kept_is_refused() {
    for (yaml, code) in [
        (".inf", ProblemCode::NotJson),
        (".nan", ProblemCode::NotJson),
        ("{1: a}", ProblemCode::NotJson),
        ("{true: a}", ProblemCode::NotJson),
        ("{~: a}", ProblemCode::NotJson),
        ("{2024-01-02: a}", ProblemCode::NotJson),
        ("!!int 1.5", ProblemCode::BadTag),
        ("!!binary '*'", ProblemCode::BadTag),
        ("{a: 1, a: 2}", ProblemCode::DuplicateField),
        ("{a: 1, 'a': b}", ProblemCode::DuplicateField),
        ("!none!x 1", ProblemCode::Syntax),
    ] {
        assert_eq!(
            refused(&format!("model: {{parameters: {yaml}}}\n")),
            Some(code),
            "{yaml}"
        );
    }
}

#[test]
fn documents_and_directives() {
    for accepted in [
        "---\n",
        "--- \npackage: {name: x}\n--- a\n--- b\n@\n",
        "~\n",
        "%YAML 1.1\n---\npackage: {}\n",
        "? package\n: name: x\n",
        "'package': {\"name\": x}",
    ] {
        assert_eq!(refused(accepted), None, "{accepted}");
    }
    for refusedly in [
        "%YAML 1.2\n---\n",
        "%FOO\n---\n",
        "package: a: b\n",
        "package:\n - a\nb\n",
        "package: {name: x\n",
        "\u{7}",
    ] {
        assert_eq!(refused(refusedly), Some(ProblemCode::Syntax), "{refusedly}");
    }
    // A null key leads nowhere and is passed over, as yaml.v3 does.
    assert_eq!(refused("~: x\npackage: {name: x}\n"), None);
}
