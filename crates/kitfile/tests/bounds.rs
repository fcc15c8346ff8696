//! Hostile input is refused or bounded, quickly and with a clear problem.

use kitbench_kitfile::{
    Edit, FieldPath, ProblemCode, Rules, apply, from_config_json, outline, parse,
};

fn code_of(text: &str) -> Option<ProblemCode> {
    parse(text, Rules::Current)
        .errors()
        .next()
        .map(|problem| problem.code)
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        let text = format!(
            "model: {{parameters: 1}}\nx: {}{}\n",
            open.repeat(100_000),
            close.repeat(100_000)
        );
        assert_eq!(code_of(&text), Some(ProblemCode::Syntax), "{open}");
    }
    let text: String = (0..2000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert_eq!(code_of(&text), Some(ProblemCode::Syntax));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(
        from_config_json(format!("{{\"model\":{{\"parameters\":{deep}}}}}").as_bytes()).is_err()
    );
}

#[test]
fn alias_bombs_are_refused() {
    let mut text = "model:\n  parameters:\n    a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = level - 1;
        let list = vec![format!("*a{below}"); 10].join(", ");
        text.push_str(&format!("    a{level}: &a{level} [{list}]\n"));
    }
    assert_eq!(code_of(&text), Some(ProblemCode::BadAlias));
    let name: FieldPath = "package.name".parse().expect("a path");
    assert!(
        apply(
            &text,
            &[Edit::Set {
                path: name,
                value: "x".into()
            }]
        )
        .is_err()
    );
    assert!(outline(&text).fields.len() < 1000);
    assert_eq!(
        code_of("model: {parameters: &a [*a]}\n"),
        Some(ProblemCode::BadAlias)
    );
    assert_eq!(code_of("model: &m {<<: *m}\n"), Some(ProblemCode::BadAlias));
    assert_eq!(code_of("a: *nowhere\n"), Some(ProblemCode::Syntax));
}

#[test]
fn long_texts_are_read_in_time_that_grows_with_them() {
    let keys: String = (0..50_000).map(|n| format!("    key{n}: {n}\n")).collect();
    let text = format!("model:\n  path: m\n  parameters:\n{keys}");
    assert!(!parse(&text, Rules::Current).has_errors());
    let items = "- path: a\n".repeat(2_000);
    let problems = parse(&format!("code:\n{items}"), Rules::Current).problems;
    assert!(
        problems
            .iter()
            .filter(|problem| problem.code == ProblemCode::DuplicatePath)
            .count()
            > 1_000
    );
}
