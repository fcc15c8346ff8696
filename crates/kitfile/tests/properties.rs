//! Properties that hold for any text and any value.

use kitbench_kitfile::{
    Code, Dataset, Docs, Edit, FieldPath, Kitfile, Model, ModelPart, Package, Rules, Value, apply,
    from_config_json, parse, to_config_json, to_yaml,
};
use proptest::prelude::*;

/// Texts with everything that needs care in YAML.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z][a-z0-9 ._/-]{0,12}",
        1 => Just(String::new()),
        2 => "[ -~\n\t\u{85}\u{a0}é😀\u{2028}\u{feff}]{1,10}",
        1 => prop::sample::select(vec![
            "yes", "null", "~", "1.0", "0x1F", "2024-01-02", "a: b", "- a", "# a", "a #b", "'", "\"", "|", "<<", "---",
            "...", "!x", "&a", "*a", "{}", "[a]", "a,b", "? a", "%a", "@a", "\n", "\na", "a\n", "a\n\n", " a\nb", "a\n b",
            "a \nb", "\ta", "1:30", "true", ".inf", "\r", "a\r\nb",
        ]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (i64::MAX as u64 + 1..).prop_map(Value::UInt),
        prop::num::f64::NORMAL.prop_map(Value::Float),
        text().prop_map(Value::String),
        Just(Value::Null),
        Just(Value::Time("2024-01-02T03:04:05.5+02:30".into())),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Seq),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|map| Value::Map(map.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn kitfile()(
        texts in prop::collection::vec(text(), 12),
        authors in prop::collection::vec(text(), 0..3),
        parameters in prop::option::of(value()),
        counts in (0usize..3, 0usize..3, 0usize..3, 0usize..3),
        has_model in any::<bool>(),
    ) -> Kitfile {
        let text = |at: usize| texts[at % texts.len()].clone();
        let parameters = parameters.filter(|value| *value != Value::Null);
        Kitfile {
            manifest_version: "1.0.0".into(),
            package: Package { name: text(0), version: text(1), description: text(2), license: text(3), authors },
            model: has_model.then(|| Model {
                name: text(4),
                path: "model".into(),
                description: text(5),
                parts: (0..counts.0).map(|n| ModelPart { name: text(6 + n), path: format!("part{n}"), ..Default::default() }).collect(),
                parameters: parameters.clone(),
                ..Default::default()
            }),
            code: (0..counts.1).map(|n| Code { path: format!("code{n}"), description: text(7 + n), ..Default::default() }).collect(),
            datasets: (0..counts.2).map(|n| Dataset { name: text(8 + n), path: format!("data{n}"), parameters: parameters.clone(), ..Default::default() }).collect(),
            docs: (0..counts.3).map(|n| Docs { path: format!("docs{n}"), description: text(9 + n), ..Default::default() }).collect(),
            ..Default::default()
        }
    }
}

/// A text for `path` must read back as given, so the empty one (which is "absent") is left out.
fn field_text() -> impl Strategy<Value = String> {
    text().prop_filter("not empty", |text| !text.is_empty())
}

const BASE: &str = "\
# head
manifestVersion: 1.0.0 # one
package:
  name: x   # name
  version: '1'
  authors: [a, \"b\"]

# the model
model:
  path: model
  parameters: {a: 1, b: [x, y]}
  description: |
    two
    lines
code:
# first
- path: a # a
# second
- path: b
  description: \"d\"
datasets:
- {path: c, name: n}
- {path: d}
";

fn edits() -> impl Strategy<Value = Edit> {
    let path = |text: &str| -> FieldPath { text.parse().expect("a path") };
    let fields = prop::sample::select(vec![
        "package.name",
        "package.license",
        "package.description",
        "model.name",
        "model.path",
        "model.description",
        "model.format",
        "code[0].path",
        "code[1].description",
        "code[0].license",
        "datasets[0].name",
        "datasets[1].description",
        "manifestVersion",
    ]);
    prop_oneof![
        4 => (fields.clone(), field_text()).prop_map(move |(at, value)| Edit::Set { path: path(at), value }),
        1 => fields.prop_map(move |at| Edit::Remove { path: path(at) }),
        1 => prop::collection::vec(field_text(), 1..4)
            .prop_map(move |values| Edit::SetList { path: path("package.authors"), values }),
        1 => value().prop_map(move |value| Edit::SetValue { path: path("model.parameters"), value }),
        1 => (prop::sample::select(vec!["code", "datasets", "docs", "model.parts"]), prop::option::of(0usize..3), field_text())
            .prop_map(move |(section, index, text)| Edit::Insert {
                section: path(section), index, fields: vec![("path".into(), text)],
            }),
        1 => (prop::sample::select(vec!["code", "datasets"]), 0usize..2, 0usize..2)
            .prop_map(move |(section, from, to)| Edit::Move { section: path(section), from, to }),
    ]
}

fn comments(text: &str) -> Vec<&str> {
    let mut comments: Vec<&str> = [
        "# head",
        "# one",
        "# name",
        "# the model",
        "# first",
        "# second",
        "# a",
    ]
    .into_iter()
    .filter(|comment| text.lines().any(|line| line.ends_with(comment)))
    .collect();
    comments.sort_unstable();
    comments
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_never_panics(text in "\\PC{0,60}", yamlish in "[-:?,\\[\\]{}#&*!|>'\"%@` \n\ta-c0-2.<~]{0,40}") {
        for text in [text, yamlish] {
            for rules in Rules::ALL {
                let parsed = parse(&text, rules);
                prop_assert!(parsed.kitfile.is_some() || parsed.has_errors());
                for problem in &parsed.problems {
                    prop_assert!(problem.span.start <= problem.span.end && problem.span.end <= text.len());
                    prop_assert!(text.is_char_boundary(problem.span.start) && text.is_char_boundary(problem.span.end));
                }
            }
            let _ = from_config_json(text.as_bytes());
            let edit = Edit::Set { path: "package.name".parse().expect("a path"), value: "x".into() };
            let _ = apply(&text, &[edit]);
        }
    }

    #[test]
    fn written_yaml_reads_back(kitfile in kitfile()) {
        let text = to_yaml(&kitfile);
        let parsed = parse(&text, Rules::V1_11);
        prop_assert!(!parsed.has_errors(), "{:?}\n{text}", parsed.problems);
        let again = parsed.kitfile.expect("a Kitfile");
        let config = |kitfile: &Kitfile| to_config_json(kitfile).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        prop_assert_eq!(config(&again), config(&kitfile), "{}", text);
    }

    #[test]
    fn config_json_reads_back(kitfile in kitfile()) {
        let config = to_config_json(&kitfile).expect("JSON");
        let again = from_config_json(&config).expect("a Kitfile");
        prop_assert_eq!(to_config_json(&again).expect("JSON"), config.clone());
        let checked: serde_json::Value = serde_json::from_slice(&config).expect("JSON");
        prop_assert!(checked.is_object());
    }

    #[test]
    fn edits_do_what_they_say_and_nothing_else(edits in prop::collection::vec(edits(), 1..4)) {
        let mut text = BASE.to_owned();
        for edit in edits {
            let Ok(edited) = apply(&text, std::slice::from_ref(&edit)) else {
                continue;
            };
            let before = parse(&text, Rules::Current);
            let after = parse(&edited, Rules::Current);
            prop_assert!(after.kitfile.is_some(), "{edit:?}\n{edited}");
            match &edit {
                Edit::Set { path, value } => {
                    let read = kitbench_kitfile::field(&after.kitfile.clone().expect("a Kitfile"), &path.to_string());
                    if let Ok(read) = read {
                        prop_assert_eq!(&read, value, "{}", edited);
                    }
                    // Lines that do not belong to the field are untouched.
                    if !value.contains(['\n', '\r', '\u{85}', '\u{2028}']) {
                        let gone = text.lines().filter(|line| !edited.lines().any(|kept| kept == *line)).count();
                        prop_assert!(gone <= 3, "{edit:?}\n{edited}");
                    }
                    prop_assert_eq!(comments(&edited), comments(&text), "{:?}\n{}", edit, edited);
                }
                Edit::SetList { values, .. } => {
                    prop_assert_eq!(&after.kitfile.expect("a Kitfile").package.authors, values);
                }
                Edit::Insert { .. } | Edit::Move { .. } => {
                    prop_assert_eq!(comments(&edited), comments(&text), "{:?}\n{}", edit, edited);
                    prop_assert_eq!(after.kitfile.map(|k| k.package), before.kitfile.map(|k| k.package));
                }
                _ => {}
            }
            text = edited;
        }
    }

    #[test]
    fn common_edits_are_always_possible(value in field_text(), index in 0usize..4) {
        let edits = [
            Edit::Set { path: "package.name".parse().expect("a path"), value: value.clone() },
            Edit::Set { path: "package.description".parse().expect("a path"), value: value.clone() },
            Edit::Set { path: "model.description".parse().expect("a path"), value: value.clone() },
            Edit::Set { path: "datasets[1].name".parse().expect("a path"), value: value.clone() },
            Edit::Insert { section: "code".parse().expect("a path"), index: Some(index), fields: vec![("path".into(), value.clone())] },
        ];
        for edit in edits {
            let edited = apply(BASE, std::slice::from_ref(&edit));
            prop_assert!(edited.is_ok(), "{edit:?}: {edited:?}");
        }
    }

    #[test]
    fn edits_together_are_edits_one_after_the_other(edits in prop::collection::vec(edits(), 1..5)) {
        let together = apply(BASE, &edits);
        let mut text = Ok(BASE.to_owned());
        for edit in &edits {
            text = text.and_then(|text| apply(&text, std::slice::from_ref(edit)));
        }
        prop_assert_eq!(together, text, "{:?}", edits);
    }

    #[test]
    fn setting_twice_changes_nothing_more(edit in edits()) {
        let setting = matches!(edit, Edit::Set { .. } | Edit::SetList { .. } | Edit::SetValue { .. });
        if setting && let Ok(once) = apply(BASE, std::slice::from_ref(&edit)) {
            prop_assert_eq!(apply(&once, std::slice::from_ref(&edit)), Ok(once.clone()), "{:?}", edit);
        }
    }

    #[test]
    fn edits_of_different_fields_do_not_depend_on_their_order(a in field_text(), b in field_text(), c in field_text()) {
        let set = |path: &str, value: &str| Edit::Set {
            path: path.parse().expect("a path"),
            value: value.into(),
        };
        let edits = [
            set("package.license", &a),
            set("model.name", &b),
            set("datasets[0].description", &c),
        ];
        let meaning = |order: [usize; 3]| {
            let edits: Vec<Edit> = order.into_iter().map(|at| edits[at].clone()).collect();
            let text = apply(BASE, &edits).expect("fields can be set");
            let kitfile = parse(&text, Rules::Current).kitfile.expect("a Kitfile");
            to_config_json(&kitfile).expect("JSON")
        };
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            prop_assert_eq!(meaning(order), meaning([0, 1, 2]));
        }
    }

    #[test]
    fn what_is_inserted_can_be_removed_without_a_trace(
        section in prop::sample::select(vec!["code", "datasets"]), index in 0usize..3, value in field_text(),
    ) {
        let insert = Edit::Insert {
            section: section.parse().expect("a path"),
            index: Some(index),
            fields: vec![("path".into(), value)],
        };
        let remove = Edit::Remove { path: format!("{section}[{index}]").parse().expect("a path") };
        let with = apply(BASE, &[insert]).expect("an element can be inserted");
        let without = apply(&with, &[remove]);
        prop_assert_eq!(without.as_deref(), Ok(BASE), "{}", with);
    }

    #[test]
    fn moving_there_and_back_changes_nothing(section in prop::sample::select(vec!["code", "datasets"]), from in 0usize..2, to in 0usize..2) {
        // A comment above the first element is the list's and stays on top; it would be joined by
        // that of an element moved there, and no longer be told from it.
        let base = BASE.replace("# second\n", "");
        let step = |from, to| Edit::Move { section: section.parse().expect("a path"), from, to };
        if let Ok(there) = apply(&base, &[step(from, to)]) {
            let back = apply(&there, &[step(to, from)]);
            prop_assert_eq!(back.as_deref(), Ok(base.as_str()), "{}", there);
        }
    }
}
