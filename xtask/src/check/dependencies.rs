//! Which crate may use which: the arrows of `ARCHITECTURE.md` as a table, and one owner for each
//! outside library that shapes the code around it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{shell, system};

/// The crates of the workspace, and those of the workspace that each may use. Tests may use all.
const ARROWS: &[(&str, &[&str])] = &[
    ("kitbench-protocol", &[]),
    ("kitbench-kitfile", &[]),
    ("kitbench-modelkit", &["kitbench-kitfile"]),
    (
        "kitbench-registry",
        &["kitbench-modelkit", "kitbench-kitfile"],
    ),
    ("kitbench-runs", &[]),
    (
        "kitbench-engine",
        &[
            "kitbench-protocol",
            "kitbench-kitfile",
            "kitbench-modelkit",
            "kitbench-registry",
            "kitbench-runs",
        ],
    ),
    ("kitbench-ui", &["kitbench-protocol"]),
    ("kitbench-server", &["kitbench-engine", "kitbench-protocol"]),
    (
        "kitbench",
        &[
            "kitbench-engine",
            "kitbench-server",
            "kitbench-protocol",
            "kitbench-kitfile",
            "kitbench-modelkit",
            "kitbench-registry",
            "kitbench-runs",
        ],
    ),
    (
        "kitbench-desktop",
        &["kitbench-engine", "kitbench-protocol"],
    ),
    ("xtask", &[]),
];

/// Packages that are tests through and through.
const TESTS: &[&str] = &["kitbench-tests"];

/// Outside libraries and the crates that may name them. A name that ends in `*` is a prefix.
const OWNERS: &[(&str, &[&str])] = &[
    ("axum*", &["kitbench-server"]),
    ("clap*", &["kitbench"]),
    ("eframe", &["kitbench-ui"]),
    ("egui*", &["kitbench-ui"]),
    ("indicatif", &["kitbench"]),
    ("keyring*", &["kitbench-engine"]),
    ("notify*", &["kitbench-engine"]),
    ("oci-client", &["kitbench-registry"]),
    ("plotters*", &["kitbench-runs"]),
    ("reqwest", &["kitbench-registry"]),
    ("rusqlite", &["kitbench-engine", "kitbench-runs"]),
    // Trackers write YAML too, and their readers need no Kitfile.
    ("serde_yaml*", &["kitbench-kitfile", "kitbench-runs"]),
    ("tar", &["kitbench-modelkit"]),
    // Tests ask servers with it too.
    ("ureq", &["kitbench-runs"]),
    ("tauri*", &["kitbench-desktop"]),
    ("wasm-bindgen-cli-support", &["xtask"]),
];

/// A rule about what a program must not link, however deep.
struct Unreachable {
    root: &'static str,
    names: &'static [&'static str],
    why: &'static str,
}

const IN_THE_SHELL: &[Unreachable] = &[Unreachable {
    root: "kitbench",
    names: &["tauri*", "wry", "webkit2gtk*", "egui", "eframe"],
    why: "the shell must run where there is no display",
}];

const IN_THE_PAGE: &[Unreachable] = &[
    Unreachable {
        root: "kitbench-ui",
        names: &["tokio", "rusqlite", "notify", "reqwest"],
        why: "the front end runs in a browser",
    },
    Unreachable {
        root: "kitbench-protocol",
        names: &["tokio", "egui", "rusqlite"],
        why: "the protocol does no I/O",
    },
];

pub fn check() -> Result<()> {
    let everywhere = Graph::read(&[])?;
    let page = Graph::read(&["--filter-platform", system::WASM])?;
    let mut faults = everywhere.faults();
    faults.extend(everywhere.reached(IN_THE_SHELL));
    faults.extend(page.reached(IN_THE_PAGE));
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

/// The packages and their dependencies that end up in a program (no dev-dependencies).
#[derive(Default)]
struct Graph {
    /// Name → names of what it uses directly. Of several versions of a package the edges are merged.
    uses: BTreeMap<String, BTreeSet<String>>,
    members: BTreeSet<String>,
}

impl Graph {
    fn read(platform: &[&str]) -> Result<Self> {
        let mut command = shell::cargo();
        command.args(["metadata", "--format-version", "1", "--quiet"]);
        let text = shell::output(command.args(platform))?;
        Self::parse(&serde_json::from_str(&text)?)
    }

    fn parse(metadata: &Value) -> Result<Self> {
        let mut names = BTreeMap::new();
        for package in array(metadata, "packages")? {
            names.insert(string(package, "id")?, string(package, "name")?);
        }
        let name = |id: &str| names.get(id).map(|name| (*name).to_owned());
        let mut graph = Self::default();
        for id in array(metadata, "workspace_members")? {
            graph.members.extend(id.as_str().and_then(name));
        }
        let resolve = metadata
            .get("resolve")
            .context("metadata has no `resolve`")?;
        for node in array(resolve, "nodes")? {
            let Some(from) = name(string(node, "id")?) else {
                continue;
            };
            let used = graph.uses.entry(from).or_default();
            for dependency in array(node, "deps")? {
                let linked = array(dependency, "dep_kinds")?.iter().any(|kind| {
                    kind.get("kind")
                        .is_some_and(|kind| kind.as_str() != Some("dev"))
                });
                if linked {
                    used.extend(name(string(dependency, "pkg")?));
                }
            }
        }
        Ok(graph)
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for member in self
            .members
            .iter()
            .filter(|name| !TESTS.contains(&name.as_str()))
        {
            let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| name == member) else {
                faults.push(format!(
                    "{member} is in no row of the table of arrows; add it"
                ));
                continue;
            };
            for used in self.uses.get(member).into_iter().flatten() {
                if self.members.contains(used) && !allowed.contains(&used.as_str()) {
                    faults.push(format!("{member} must not use {used}"));
                }
                for (pattern, owners) in OWNERS {
                    if matches(pattern, used) && !owners.contains(&member.as_str()) {
                        faults.push(format!(
                            "{member} must not use {used}; that is for {}",
                            owners.join(" and ")
                        ));
                    }
                }
            }
        }
        faults
    }

    /// The ways to what must not be reached.
    fn reached(&self, rules: &[Unreachable]) -> Vec<String> {
        let mut ways = Vec::new();
        for rule in rules {
            for name in rule.names {
                if let Some(path) = self.path_to(rule.root, name) {
                    ways.push(format!("{}: {}", path.join(" → "), rule.why));
                }
            }
        }
        ways
    }

    /// A shortest way from a package to one whose name matches, if there is one.
    fn path_to(&self, root: &str, pattern: &str) -> Option<Vec<String>> {
        let mut queue = std::collections::VecDeque::from([vec![root.to_owned()]]);
        let mut seen = BTreeSet::new();
        while let Some(path) = queue.pop_front() {
            for used in path
                .last()
                .and_then(|name| self.uses.get(name))
                .into_iter()
                .flatten()
            {
                if !seen.insert(used) {
                    continue;
                }
                let mut longer = path.clone();
                longer.push(used.clone());
                if matches(pattern, used) {
                    return Some(longer);
                }
                queue.push_back(longer);
            }
        }
        None
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

fn array<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value
        .get(key)
        .and_then(Value::as_array)
        .with_context(|| format!("metadata has no list `{key}`"))
}

fn string<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value
        .get(key)
        .and_then(Value::as_str)
        .with_context(|| format!("metadata has no text `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in edges {
            let to = to.iter().map(|name| (*name).to_owned()).collect();
            graph.uses.insert((*from).to_owned(), to);
            if ARROWS.iter().any(|(name, _)| name == from) {
                graph.members.insert((*from).to_owned());
            }
        }
        graph
    }

    #[test]
    fn arrows_point_down() {
        let good = graph(&[
            ("kitbench-modelkit", &["kitbench-kitfile", "tar"]),
            ("kitbench-kitfile", &[]),
        ]);
        assert!(good.faults().is_empty());
        let bad = graph(&[
            ("kitbench-kitfile", &["kitbench-modelkit"]),
            ("kitbench-modelkit", &[]),
        ]);
        assert_eq!(
            bad.faults(),
            ["kitbench-kitfile must not use kitbench-modelkit"]
        );
    }

    #[test]
    fn outside_libraries_have_one_owner() {
        let bad = graph(&[("kitbench-server", &["rusqlite"])]);
        assert_eq!(
            bad.faults(),
            [
                "kitbench-server must not use rusqlite; that is for kitbench-engine and kitbench-runs"
            ]
        );
    }

    #[test]
    fn the_way_to_a_forbidden_library_is_shown() {
        let bad = graph(&[("kitbench", &["a"]), ("a", &["b"]), ("b", &["wry"])]);
        assert_eq!(
            bad.reached(IN_THE_SHELL),
            ["kitbench → a → b → wry: the shell must run where there is no display"]
        );
    }
}
