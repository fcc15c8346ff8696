//! Lossless edits: the exact text that comes out.

use kitbench_kitfile::{Edit, EditError, FieldPath, Rules, Value, apply, parse};

fn path(text: &str) -> FieldPath {
    text.parse().expect(text)
}

fn set(at: &str, value: &str) -> Edit {
    Edit::Set {
        path: path(at),
        value: value.into(),
    }
}

fn remove(at: &str) -> Edit {
    Edit::Remove { path: path(at) }
}

fn insert(section: &str, index: Option<usize>, fields: &[(&str, &str)]) -> Edit {
    Edit::Insert {
        section: path(section),
        index,
        fields: fields
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

fn list(at: &str, values: &[&str]) -> Edit {
    Edit::SetList {
        path: path(at),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

fn rename(at: &str, to: &str) -> Edit {
    Edit::Rename {
        path: path(at),
        to: to.into(),
    }
}

fn shift(section: &str, from: usize, to: usize) -> Edit {
    Edit::Move {
        section: path(section),
        from,
        to,
    }
}

#[track_caller]
fn check(before: &str, edit: Edit, after: &str) {
    let edited = apply(before, std::slice::from_ref(&edit));
    assert_eq!(
        edited.as_deref(),
        Ok(after),
        "{edit:?}\n{}",
        edited.as_deref().unwrap_or("")
    );
}

const WINE: &str = "\
# The wine kit
manifestVersion: 1.0.0

package:
    name: wine   # short
    version: '1.0'
    authors: [Ann, \"Bob\"]

# What we ship
model:
    path: model.onnx
    x-own: kept
datasets:
-   name: train
    # raw data
    path: data/train.csv
-   path: data/test.csv # held back
";

#[test]
fn setting_a_field_changes_only_it() {
    check(
        WINE,
        set("package.name", "wine quality"),
        &WINE.replace("name: wine ", "name: wine quality "),
    );
    check(
        WINE,
        set("package.version", "2.0"),
        &WINE.replace("'1.0'", "'2.0'"),
    );
    check(
        WINE,
        set("datasets[1].path", "a: b"),
        &WINE.replace("path: data/test.csv", "path: 'a: b'"),
    );
    check(WINE, set("manifestVersion", "1.0.0"), WINE);
    check(WINE, set("model.x-own", "z"), &WINE.replace("kept", "z"));
}

#[test]
fn new_fields_go_to_their_usual_place() {
    check(
        WINE,
        set("package.license", "MIT"),
        &WINE.replace("version: '1.0'\n", "version: '1.0'\n    license: MIT\n"),
    );
    check(
        WINE,
        set("model.name", "m"),
        &WINE.replace("    path: model.onnx", "    name: m\n    path: model.onnx"),
    );
    check(
        WINE,
        set("datasets[1].name", "test"),
        &WINE.replace(
            "-   path: data/test.csv",
            "-   name: test\n    path: data/test.csv",
        ),
    );
    check(
        WINE,
        set("datasets[0].description", "d"),
        &WINE.replace(
            "path: data/train.csv\n",
            "path: data/train.csv\n    description: d\n",
        ),
    );
}

#[test]
fn new_sections_go_to_their_usual_place() {
    check(
        WINE,
        insert("code", None, &[("path", "src"), ("description", "")]),
        &WINE.replace(
            "    x-own: kept\n",
            "    x-own: kept\n\ncode:\n- path: src\n",
        ),
    );
    check(
        "model:\n  path: m\n",
        set("package.name", "x"),
        "package:\n  name: x\nmodel:\n  path: m\n",
    );
    check(
        "manifestVersion: 1.0.0\n\npackage:\n  name: x\n\ndocs:\n  - path: a\n",
        set("model.path", "m"),
        "manifestVersion: 1.0.0\n\npackage:\n  name: x\n\nmodel:\n  path: m\n\ndocs:\n  - path: a\n",
    );
    check("", set("package.name", "x"), "package:\n  name: x\n");
    check(
        "# only this",
        set("manifestVersion", "1.0.0"),
        "# only this\nmanifestVersion: 1.0.0\n",
    );
    check("model:\n", set("model.path", "m"), "model:\n  path: m\n");
    check(
        "model: # later\ncode:\n",
        set("model.path", "m"),
        "model:\n  path: m # later\ncode:\n",
    );
    check("model: ~\n", set("model.path", "m"), "model:\n  path: m\n");
    check(
        "package: {}\n",
        set("package.name", "x"),
        "package:\n  name: x\n",
    );
    check(
        "package:\n  name:\n",
        set("package.name", "x"),
        "package:\n  name: x\n",
    );
}

#[test]
fn elements_come_and_go() {
    check(
        WINE,
        insert("datasets", None, &[("name", "extra"), ("path", "e.csv")]),
        &format!("{WINE}- name: extra\n  path: e.csv\n"),
    );
    check(
        WINE,
        insert("datasets", Some(1), &[("path", "e.csv")]),
        &WINE.replace("-   path: data/test", "- path: e.csv\n-   path: data/test"),
    );
    check(
        WINE,
        insert("datasets", Some(0), &[("path", "e.csv")]),
        &WINE.replace("-   name: train", "- path: e.csv\n-   name: train"),
    );
    check(
        WINE,
        remove("datasets[0]"),
        &WINE.replace(
            "-   name: train\n    # raw data\n    path: data/train.csv\n",
            "",
        ),
    );
    check(
        WINE,
        remove("package.version"),
        &WINE.replace("    version: '1.0'\n", ""),
    );
    check(
        "code:\n  - path: a\n    license: MIT\n",
        remove("code[0].path"),
        "code:\n  - license: MIT\n",
    );
    check(
        "code:\n  - path: a\n    # by hand\n    license: MIT\n",
        remove("code[0].path"),
        "code:\n  -\n    # by hand\n    license: MIT\n",
    );
    check("a: 1\ncode:\n  - path: a\n", remove("code[0]"), "a: 1\n");
    check(
        "a: 1\npackage:\n  name: x\n",
        remove("package.name"),
        "a: 1\n",
    );
    check(
        "code:\n  - path: a\n  - path: b\n",
        remove("code[0].path"),
        "code:\n  - {}\n  - path: b\n",
    );
    check(
        "code:\n  - {}\n",
        set("code[0].path", "a"),
        "code:\n  - path: a\n",
    );
    check("package:\n  name: x\n", remove("package"), "{}\n");
    check("? a\n: 1\n? b\n: 2\n", remove("a"), "? b\n: 2\n");
    check(
        "docs: []\ncode:\n- path: a",
        insert("docs", None, &[("path", "b"), ("description", "x\ny\n")]),
        "docs:\n- path: b\n  description: |\n    x\n    y\ncode:\n- path: a",
    );
    check(
        "code:\n- path: a",
        insert("code", None, &[("path", "b"), ("description", "x\ny\n")]),
        "code:\n- path: a\n- path: b\n  description: |\n    x\n    y\n",
    );
    check("a: 1\n\nb: 2\n\nc: 3\n", remove("b"), "a: 1\n\nc: 3\n");
    check(
        "code: []\n",
        insert("code", None, &[("path", "a")]),
        "code:\n  - path: a\n",
    );
    check(
        "code:\n  - path: a",
        insert("code", None, &[("path", "b")]),
        "code:\n  - path: a\n  - path: b",
    );
}

#[test]
fn null_elements_do_not_count() {
    check(
        "code:\n  - null\n  - path: a\n",
        set("code[0].path", "b"),
        "code:\n  - null\n  - path: b\n",
    );
    check("code: [~, {path: a}]\n", remove("code[0]"), "code: [~]\n");
}

#[test]
fn lists_of_texts() {
    check(
        WINE,
        list("package.authors", &["Ann", "Bob", "Cy"]),
        &WINE.replace("\"Bob\"]", "\"Bob\", Cy]"),
    );
    check(
        WINE,
        list("package.authors", &["Bob"]),
        &WINE.replace("[Ann, \"Bob\"]", "[\"Bob\"]"),
    );
    check(
        WINE,
        list("package.authors", &[]),
        &WINE.replace("    authors: [Ann, \"Bob\"]\n", ""),
    );
    check(
        "package:\n  authors:\n    - Ann # first\n    - Bob\n",
        list("package.authors", &["Ann", "Cy", "Bob"]),
        "package:\n  authors:\n    - Ann # first\n    - Cy\n    - Bob\n",
    );
    check(
        "package:\n  name: x\n",
        list("package.authors", &["A, B"]),
        "package:\n  name: x\n  authors: ['A, B']\n",
    );
    check(
        "package: {name: x}\n",
        list("package.authors", &["A"]),
        "package: {name: x, authors: [A]}\n",
    );
}

#[test]
fn flow_and_json() {
    check(
        "package: {name: x, license: MIT}\n",
        set("package.version", "1"),
        "package: {name: x, version: \"1\", license: MIT}\n",
    );
    check(
        "package: {license: MIT}\n",
        set("package.name", "x"),
        "package: {name: x, license: MIT}\n",
    );
    check(
        "package: {name: x, license: MIT}\n",
        remove("package.name"),
        "package: {license: MIT}\n",
    );
    check(
        "package: {name: x, license: MIT}\n",
        remove("package.license"),
        "package: {name: x}\n",
    );
    check(
        "{\"package\": {\"name\": \"x\"}}",
        set("package.license", "MIT"),
        "{\"package\": {\"name\": \"x\", \"license\": \"MIT\"}}",
    );
    check(
        "code: [{path: a}, {path: b}]\n",
        shift("code", 1, 0),
        "code: [{path: b}, {path: a}]\n",
    );
    check(
        "code: [{path: a}]\n",
        insert("code", Some(0), &[("path", "b")]),
        "code: [{path: b}, {path: a}]\n",
    );
    check(
        "code: [{path: a}, {path: b}]\n",
        remove("code[0]"),
        "code: [{path: b}]\n",
    );
    check("{}\n", set("package.name", "x"), "package:\n  name: x\n");
}

#[test]
fn moving_elements_with_their_comments() {
    check(
        "code:\n  # one\n  - path: a\n  # two\n  - path: b # b\n    license: MIT\n  - path: c",
        shift("code", 2, 0),
        "code:\n  - path: c\n  # one\n  - path: a\n  # two\n  - path: b # b\n    license: MIT",
    );
    // What a blank line parts from the first element speaks of the whole list.
    check(
        "# top\ncode: # all\n  # the code\n\n  # one\n  # more\n  - path: a\n  # two\n  - path: b\n# end\n",
        shift("code", 1, 0),
        "# top\ncode: # all\n  # the code\n\n  # two\n  - path: b\n  # one\n  # more\n  - path: a\n# end\n",
    );
    check(
        "code:\n# one\n- path: a\n- path: b\n",
        shift("code", 0, 1),
        "code:\n- path: b\n# one\n- path: a\n",
    );
    check(
        "code:\r\n  # one\r\n  - path: a\r\n",
        insert("code", Some(0), &[("path", "b")]),
        "code:\r\n  - path: b\r\n  # one\r\n  - path: a\r\n",
    );
    check(
        "code:\n- path: a\n# two\n- path: b\ndocs: []\n",
        shift("code", 1, 0),
        "code:\n# two\n- path: b\n- path: a\ndocs: []\n",
    );
}

#[test]
fn renaming_keeps_value_and_place() {
    check(
        WINE,
        rename("package.authors", "author"),
        &WINE.replace("authors:", "author:"),
    );
    check("\"a\": 1\nb: 2\n", rename("a", "c d"), "\"c d\": 1\nb: 2\n");
    assert!(matches!(
        apply("a: 1\nb: 2\n", &[rename("a", "b")]),
        Err(EditError::KeyTaken { .. })
    ));
}

#[test]
fn block_scalars() {
    let text = "package:\n  description: | # long\n    one\n    two\n\n  license: MIT\n";
    check(
        text,
        set("package.description", "short"),
        "package:\n  description: short # long\n\n  license: MIT\n",
    );
    check(
        text,
        set("package.description", "one\nthree\n"),
        "package:\n  description: | # long\n    one\n    three\n\n  license: MIT\n",
    );
    check(
        "package:\n  description: short # c\n  license: MIT\n",
        set("package.description", "one\ntwo"),
        "package:\n  description: |- # c\n    one\n    two\n  license: MIT\n",
    );
    check(
        "package:\n  name: x \n",
        set("package.name", "a\nb"),
        "package:\n  name: |-\n    a\n    b\n",
    );
    check(
        "package:\n  name: >-\n      a\n      \n\n  license: MIT\n",
        set("package.name", "a\nb"),
        "package:\n  name: |-\n    a\n    b\n\n  license: MIT\n",
    );
    check(
        "package:\n  description: |+\n    one\n\n",
        set("package.license", "MIT"),
        "package:\n  description: |+\n    one\n\n  license: MIT\n",
    );
}

#[test]
fn line_ends_and_byte_order_marks_survive() {
    check(
        "\u{feff}package:\r\n  name: x\r\n",
        set("package.license", "MIT"),
        "\u{feff}package:\r\n  name: x\r\n  license: MIT\r\n",
    );
    check(
        "\u{feff}model:\n  path: a\n",
        set("manifestVersion", "1.0.0"),
        "\u{feff}manifestVersion: 1.0.0\nmodel:\n  path: a\n",
    );
    check(
        "code:\r\n- path: a\r\n- path: b\r\n",
        shift("code", 0, 1),
        "code:\r\n- path: b\r\n- path: a\r\n",
    );
}

#[test]
fn a_number_stays_as_it_was_typed() {
    let number = |literal: &str| Edit::SetNumber {
        path: path("model.parameters.lr"),
        literal: literal.into(),
    };
    let text = "model:\n  path: m\n  parameters: {lr: 1, epochs: 5}\n";
    for literal in ["2.0e-4", "1_000", "0x1F", "-.inf", "1e3"] {
        check(
            text,
            number(literal),
            &text.replace("lr: 1", &format!("lr: {literal}")),
        );
    }
    check(
        "model:\n  path: m\n",
        number("5.00"),
        "model:\n  path: m\n  parameters:\n    lr: 5.00\n",
    );
    for literal in ["", "one", "1 # and more", "1, epochs: 6", "true", "2e-4 "] {
        let error = apply(text, &[number(literal)]).unwrap_err();
        assert!(matches!(error, EditError::NotANumber { .. }), "{error}");
    }
}

#[test]
fn parameters() {
    let value = |at: &str, value| Edit::SetValue {
        path: path(at),
        value,
    };
    let text = "model:\n  path: m\n  parameters:\n    lr: 1e-3 # found by search\n    list: [1, 2]\n    deep:\n      a: 1\n";
    check(
        text,
        value("model.parameters.lr", Value::Float(0.01)),
        &text.replace("1e-3", "0.01"),
    );
    check(
        text,
        value("model.parameters.lr", Value::Float(0.001)),
        text,
    );
    check(
        text,
        value("model.parameters.epochs", Value::Int(5)),
        &format!("{text}    epochs: 5\n"),
    );
    check(
        text,
        value("model.parameters.deep.b", Value::String("1".into())),
        &format!("{text}      b: \"1\"\n"),
    );
    check(
        text,
        value(
            "model.parameters.list",
            Value::Seq(vec![Value::Int(1), Value::Int(2), Value::Int(3)]),
        ),
        &text.replace("[1, 2]", "[1, 2, 3]"),
    );
    check(
        "model:\n  path: m\n",
        value(
            "model.parameters",
            Value::Map(vec![
                ("b".into(), Value::Null),
                ("a".into(), Value::Seq(vec![Value::Bool(true)])),
            ]),
        ),
        "model:\n  path: m\n  parameters:\n    a:\n      - true\n    b: null\n",
    );
    check(
        text,
        value("model.parameters.deep", Value::Int(1)),
        &text.replace("deep:\n      a: 1", "deep: 1"),
    );
}

#[test]
fn what_would_change_something_else_is_refused() {
    let text = "package: &p\n  name: x\nmodel:\n  path: m\n  parameters: *p\n";
    assert!(matches!(
        apply(text, &[set("package.name", "y")]),
        Err(EditError::Entangled { .. })
    ));
    check(
        text,
        set("model.path", "o"),
        &text.replace("path: m", "path: o"),
    );
    assert!(matches!(
        apply("a: [b", &[set("a", "x")]),
        Err(EditError::NotYaml(_))
    ));
    assert!(matches!(
        apply("code: []\n", &[set("code[0].path", "x")]),
        Err(EditError::NotFound { .. })
    ));
    assert!(matches!(
        apply("a: x\n", &[set("a.b", "x")]),
        Err(EditError::NotFound { .. })
    ));
    assert!(matches!(
        apply("a: &a [*a]\n", &[set("b", "x")]),
        Err(EditError::TooManyAliases)
    ));
}

#[test]
fn the_author_of_the_tutorial_is_repaired_by_its_fix() {
    let text = "manifestVersion: 1.0.0\npackage:\n  author:\n  - Nwoke\n  name: WineQualityML\nmodel:\n  path: model.bin\n";
    let parsed = parse(text, Rules::V1_7);
    let problem = parsed.errors().next().expect("a problem");
    assert_eq!(problem.path.to_string(), "package.author");
    assert_eq!((problem.span.line, problem.span.column), (3, 3));
    let fix = problem.fix.as_ref().expect("a fix");
    assert_eq!(fix.label, "Rename to `authors`");
    let fixed = apply(text, &fix.edits).expect("fixed");
    assert_eq!(fixed, text.replace("author:", "authors:"));
    assert!(parse(&fixed, Rules::V1_7).problems.is_empty());

    let text = "package:\n  author: Nwoke # me\n";
    let fix = parse(text, Rules::V1_7).problems[0]
        .fix
        .clone()
        .expect("a fix");
    assert_eq!(
        apply(text, &fix.edits).as_deref(),
        Ok("package:\n  authors: [Nwoke] # me\n")
    );
}

#[test]
fn every_fix_of_a_crowded_kitfile_applies() {
    let text = "manifestVersion: 2.0\npackage: {authors: me, licence: MIT}\nmodel:\n  path: m\n  digest: sha256:0\n  parts: [{path: t, type: a b}]\n  parameters: {1: a}\ncode: [{path: src}, {path: ./src}]\n";
    let mut text = text.to_owned();
    for _ in 0..20 {
        let parsed = parse(&text, Rules::Current);
        let Some(fix) = parsed
            .problems
            .iter()
            .find_map(|problem| problem.fix.clone())
        else {
            break;
        };
        text = apply(&text, &fix.edits)
            .unwrap_or_else(|error| panic!("{}: {error}\n{text}", fix.label));
    }
    assert_eq!(parse(&text, Rules::Current).problems, vec![], "{text}");
}
