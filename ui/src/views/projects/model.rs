//! The list of projects as plain data: words of states, filter, groups.

use kitbench_protocol::{GitState, ProjectId, ProjectRow, ProjectState};

use crate::format;
use crate::widgets::Mark;

/// The group that copies of the example are listed in while the user has not moved them.
pub const EXAMPLES: &str = "Examples";

/// What the funnel lets through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Only {
    /// Every project.
    #[default]
    All,
    /// Files changed since the last pack, or never packed.
    Changed,
    /// Something blocks or waits for a decision.
    Problems,
    /// Packed, but not on its registry.
    NotPushed,
}

impl Only {
    /// The choices in the order of the menu.
    pub const ALL: [Self; 4] = [Self::All, Self::Changed, Self::Problems, Self::NotPushed];

    /// What the menu says.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::All => "All projects",
            Self::Changed => "Changed since the last pack",
            Self::Problems => "With problems",
            Self::NotPushed => "Not pushed",
        }
    }

    fn lets_through(self, states: &[ProjectState]) -> bool {
        use ProjectState as S;
        match self {
            Self::All => true,
            Self::Changed => states
                .iter()
                .any(|state| matches!(state, S::Changed(_) | S::NeverPacked)),
            Self::Problems => states.iter().any(|state| {
                matches!(
                    state,
                    S::Unreachable(_) | S::KitfileErrors(_) | S::NoKitfile | S::ToDecide(_)
                )
            }),
            Self::NotPushed => states.contains(&S::PackedNotPushed),
        }
    }
}

/// A state as sign and words.
#[must_use]
pub fn state_words(state: &ProjectState) -> (Mark, String) {
    match state {
        ProjectState::Unreachable(_) => (Mark::Offline, "Folder not reachable".to_owned()),
        ProjectState::KitfileErrors(n) => (
            Mark::Failed,
            format!(
                "Kitfile has {}",
                format::count(u64::from(*n), "error", "errors")
            ),
        ),
        ProjectState::NoKitfile => (Mark::NoLayer, "No Kitfile yet".to_owned()),
        ProjectState::ToDecide(n) => (Mark::Attention, format!("{n} to decide")),
        ProjectState::Changed(n) => (
            Mark::Changed,
            format!("{} changed", format::thousands(u64::from(*n))),
        ),
        ProjectState::PackedNotPushed => (Mark::Ahead, "Packed, not pushed".to_owned()),
        ProjectState::NeverPacked => (Mark::New, "Never packed".to_owned()),
        ProjectState::SameAsLastPack => (Mark::Done, "Same as last pack".to_owned()),
        ProjectState::Scanning => (Mark::Waiting, "Looking at the folder".to_owned()),
    }
}

/// Branch and commit, `*` when git has uncommitted changes; the usual branches go without saying.
#[must_use]
pub fn git_words(git: &GitState) -> String {
    let star = if git.uncommitted.is_some_and(|n| n > 0) {
        "*"
    } else {
        ""
    };
    if matches!(git.branch.as_str(), "main" | "master" | "") {
        format!("{}{star}", git.commit)
    } else {
        format!("{} {}{star}", git.branch, git.commit)
    }
}

/// The group a project is listed in; empty for none.
#[must_use]
pub fn group_of(row: &ProjectRow) -> &str {
    if row.group.is_empty() && row.is_example {
        EXAMPLES
    } else {
        &row.group
    }
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListLine {
    /// A group's head: name, number of projects in it, whether it is open.
    Group {
        /// Its name.
        name: String,
        /// Projects in it that pass the filter.
        count: usize,
        /// Whether they are listed.
        open: bool,
    },
    /// A project, by its place among the rows.
    Row(usize),
}

/// The lines to draw: those that pass filter and funnel, under their groups. Without any group there
/// are no heads. `closed` tells the folded groups.
#[must_use]
pub fn lines(
    rows: &[ProjectRow],
    filter: &str,
    only: Only,
    closed: impl Fn(&str) -> bool,
) -> Vec<ListLine> {
    let needle = filter.trim().to_lowercase();
    let passes = |row: &ProjectRow| {
        only.lets_through(&row.states)
            && (needle.is_empty()
                || row.name.to_lowercase().contains(&needle)
                || row.path.to_lowercase().contains(&needle)
                || row.group.to_lowercase().contains(&needle)
                || row
                    .last_tag
                    .as_ref()
                    .is_some_and(|tag| tag.to_lowercase().contains(&needle)))
    };
    let shown: Vec<usize> = (0..rows.len())
        .filter(|i| rows.get(*i).is_some_and(passes))
        .collect();
    let mut groups: Vec<&str> = rows.iter().map(group_of).collect();
    // By name; those in no group first, the examples last.
    groups.sort_by_key(|group| (*group == EXAMPLES, group.to_lowercase()));
    groups.dedup();
    let grouped = groups.iter().any(|group| !group.is_empty());
    let mut out = Vec::new();
    for group in groups {
        let inside: Vec<usize> = shown
            .iter()
            .copied()
            .filter(|i| rows.get(*i).is_some_and(|row| group_of(row) == group))
            .collect();
        if inside.is_empty() {
            continue;
        }
        let open = !grouped || !closed(group);
        if grouped {
            out.push(ListLine::Group {
                name: if group.is_empty() {
                    "In no group".to_owned()
                } else {
                    group.to_owned()
                },
                count: inside.len(),
                open,
            });
        }
        if open {
            out.extend(inside.into_iter().map(ListLine::Row));
        }
    }
    out
}

/// The project that is opened when none was chosen: the first one of the list.
#[must_use]
pub fn first(rows: &[ProjectRow]) -> Option<ProjectId> {
    lines(rows, "", Only::All, |_| false)
        .iter()
        .find_map(|line| match line {
            ListLine::Row(i) => rows.get(*i).map(|row| row.id),
            ListLine::Group { .. } => None,
        })
}

/// Names of the groups there are, for choosing one.
#[must_use]
pub fn group_names(rows: &[ProjectRow]) -> Vec<String> {
    let mut names: Vec<String> = rows
        .iter()
        .map(|row| row.group.clone())
        .filter(|group| !group.is_empty())
        .collect();
    names.sort();
    names.dedup();
    names
}
