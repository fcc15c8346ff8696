//! House rules: no stubs, no ignored or sleeping tests, files of one subject.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::{paths, shell};

/// Longest file, in lines. A longer one has more than one subject. Tests are lists of cases, and those
/// of one subject belong together however many they are.
const LONGEST: usize = 600;

/// What must not be in any source file, and what to do instead. Written in two halves, so that this
/// table does not find itself.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("todo", "!(", "finish it or take it out"),
    ("unimplemented", "!(", "finish it or take it out"),
    ("not yet", " implemented", "finish it or take it out"),
    ("FIX", "ME", "mend it, or file an issue"),
    ("XX", "X", "mend it, or file an issue"),
    ("dbg", "!(", "take it out"),
    ("#[ig", "nore", "a test that is not run shows nothing"),
];

/// What must not be in a test: a sleep is too short on a slow machine and too long on a fast one.
const SLEEPS: &[(&str, &str)] = &[("thread::", "sleep"), ("time::", "sleep")];

pub fn check() -> Result<()> {
    let root = paths::root();
    let listed = shell::output(
        Command::new("git")
            .args([
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
                "*.rs",
            ])
            .current_dir(&root),
    )?;
    let mut found = Vec::new();
    for name in listed.lines() {
        // A file that was just deleted is still listed.
        if let Ok(text) = fs::read_to_string(root.join(name)) {
            found.extend(faults(Path::new(name), &text));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!("{}", found.join("\n"))
}

/// What is wrong with one file, one sentence each.
fn faults(name: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let in_tests = name.components().any(|part| part.as_os_str() == "tests");
    let lines = text.lines().count();
    if lines > LONGEST && !in_tests {
        found.push(format!(
            "{}: {lines} lines; more than {LONGEST} means more than one subject",
            name.display()
        ));
    }
    for (number, line) in text.lines().enumerate() {
        for (head, tail, remedy) in FORBIDDEN {
            if has(line, head, tail) {
                found.push(format!(
                    "{}:{}: `{head}{tail}`: {remedy}",
                    name.display(),
                    number + 1
                ));
            }
        }
        if in_tests && SLEEPS.iter().any(|(head, tail)| has(line, head, tail)) {
            found.push(format!(
                "{}:{}: wait for a condition instead of sleeping",
                name.display(),
                number + 1
            ));
        }
    }
    found
}

fn has(line: &str, head: &str, tail: &str) -> bool {
    line.match_indices(head)
        .any(|(at, _)| line[at + head.len()..].starts_with(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stubs_long_files_and_sleeping_tests_are_found() {
        let stub = format!("fn f() {{ {}{}) }}", "todo", "!(");
        assert_eq!(faults(Path::new("src/a.rs"), &stub).len(), 1);
        assert!(faults(Path::new("src/a.rs"), "fn f() {}").is_empty());
        let long = "\n".repeat(LONGEST + 1);
        assert_eq!(faults(Path::new("src/a.rs"), &long).len(), 1);
        let sleeping = format!("{}{}(second)", "thread::", "sleep");
        assert_eq!(faults(Path::new("tests/a.rs"), &sleeping).len(), 1);
        assert!(faults(Path::new("src/a.rs"), &sleeping).is_empty());
    }
}
