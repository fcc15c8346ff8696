//! Branch, commit and uncommitted files of a project, read through the `git` program
//! if there is one: its index and ignore rules are its own business.

use std::path::Path;
use std::process::{Command, Stdio};

use kitbench_protocol::GitState;

/// `None` if the folder is in no git work tree or there is no `git`.
pub fn state(folder: &Path) -> Option<GitState> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        // No refresh of the index: looking must not write into the repository, which
        // would also wake the watcher again.
        .args([
            "--no-optional-locks",
            "status",
            "--porcelain=v2",
            "--branch",
            "--",
            ".",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    Some(parse(&String::from_utf8_lossy(&output.stdout)))
}

fn parse(status: &str) -> GitState {
    let mut git = GitState {
        branch: String::new(),
        commit: String::new(),
        uncommitted: Some(0),
    };
    for line in status.lines() {
        if let Some(oid) = line.strip_prefix("# branch.oid ") {
            if oid != "(initial)" {
                git.commit = oid.chars().take(7).collect();
            }
        } else if let Some(head) = line.strip_prefix("# branch.head ") {
            git.branch = if head == "(detached)" {
                "detached".into()
            } else {
                head.into()
            };
        } else if !line.starts_with('#') {
            git.uncommitted = git.uncommitted.map(|count| count + 1);
        }
    }
    git
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines_are_counted() {
        let git = parse(
            "# branch.oid a3f81c2d00000000000000000000000000000000\n# branch.head main\n# branch.ab +0 -0\n1 .M N... 100644 100644 100644 a b x.py\n? new.txt\n",
        );
        assert_eq!(git.commit, "a3f81c2");
        assert_eq!(git.branch, "main");
        assert_eq!(git.uncommitted, Some(2));
    }
}
