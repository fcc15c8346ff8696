//! Edits of a Kitfile's text, one after the other: each is refused or leaves what can be read.
#![no_main]

use arbitrary::Arbitrary;
use kitbench_kitfile::{Edit, FieldPath, Rules, Value, apply, field, parse};
use libfuzzer_sys::fuzz_target;

const FIELDS: [&str; 18] = [
    "manifestVersion",
    "package.name",
    "package.description",
    "package.license",
    "package.authors",
    "model.name",
    "model.path",
    "model.description",
    "model.parameters",
    "model.parameters.a",
    "model.parts[0].path",
    "code[0].path",
    "code[1].description",
    "datasets[0].name",
    "docs[0].path",
    "prompts[0].path",
    "mcpServers[0].name",
    "other.thing",
];
const SECTIONS: [&str; 6] = [
    "code",
    "datasets",
    "docs",
    "prompts",
    "mcpServers",
    "model.parts",
];

#[derive(Arbitrary, Debug)]
enum Change {
    Set(u8, String),
    SetList(u8, Vec<String>),
    SetValue(u8, Vec<(String, String)>),
    Remove(u8),
    Insert(u8, Option<u8>, String, String),
    Rename(u8, String),
    Move(u8, u8, u8),
}

fn place(list: &[&str], number: u8) -> FieldPath {
    let text = list[usize::from(number) % list.len()];
    text.parse().expect("the path of a field")
}

fn edit(change: Change) -> Edit {
    match change {
        Change::Set(at, value) => Edit::Set {
            path: place(&FIELDS, at),
            value,
        },
        Change::SetList(at, values) => Edit::SetList {
            path: place(&FIELDS, at),
            values,
        },
        Change::SetValue(at, values) => Edit::SetValue {
            path: place(&FIELDS, at),
            value: Value::Map(
                values
                    .into_iter()
                    .map(|(key, value)| (key, Value::String(value)))
                    .collect(),
            ),
        },
        Change::Remove(at) => Edit::Remove {
            path: place(&FIELDS, at),
        },
        Change::Insert(at, index, key, value) => Edit::Insert {
            section: place(&SECTIONS, at),
            index: index.map(usize::from),
            fields: vec![("path".into(), value), (key, "x".into())],
        },
        Change::Rename(at, to) => Edit::Rename {
            path: place(&FIELDS, at),
            to,
        },
        Change::Move(at, from, to) => Edit::Move {
            section: place(&SECTIONS, at),
            from: from.into(),
            to: to.into(),
        },
    }
}

fuzz_target!(|input: (Vec<Change>, &str)| {
    let (changes, text) = input;
    let mut text = text.to_owned();
    for change in changes.into_iter().take(8) {
        let edit = edit(change);
        let Ok(edited) = apply(&text, std::slice::from_ref(&edit)) else {
            continue;
        };
        let after = parse(&edited, Rules::Current);
        assert!(
            after
                .problems
                .iter()
                .all(|problem| problem.code != kitbench_kitfile::ProblemCode::Syntax),
            "{edit:?}\nbefore:\n{text}\nafter:\n{edited}"
        );
        // What was set is what is read.
        if let (Edit::Set { path, value }, Some(kitfile)) = (&edit, &after.kitfile)
            && !value.is_empty()
            && !after.has_errors()
            && path.to_string() != "other.thing"
            && let Ok(read) = field(kitfile, &path.to_string())
            && !path.to_string().contains("parameters")
        {
            assert_eq!(&read, value, "{edit:?}\nbefore:\n{text}\nafter:\n{edited}");
        }
        text = edited;
    }
});
