//! What first start found on the computer, as rows.

use kitbench_protocol::Found;

use crate::format;

/// What a row's button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// Add these folders as projects.
    Folders(Vec<String>),
    /// Show the local store.
    Kits,
    /// Add the registries of these hosts.
    Logins(Vec<String>),
}

/// One finding; spans between backticks are names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRow {
    /// What was found.
    pub title: String,
    /// Details.
    pub note: String,
    /// The words of its button.
    pub button: String,
    /// What the button does.
    pub offer: Offer,
}

/// The rows. `watched` are folders that are projects already, `hosts` registries in the list;
/// `short` writes a path with `~`.
#[must_use]
pub fn rows(
    found: &Found,
    watched: &[&str],
    hosts: &[&str],
    kit_home: &str,
    short: impl Fn(&str) -> String,
) -> Vec<FoundRow> {
    let mut rows = Vec::new();
    let folders: Vec<String> = found
        .projects
        .iter()
        .filter(|path| !watched.contains(&path.as_str()))
        .cloned()
        .collect();
    if !folders.is_empty() {
        rows.push(FoundRow {
            title: folders_title(&folders, &short),
            note: names(folders.iter().map(|path| last_part(path))),
            button: if folders.len() == 1 {
                "Add".to_owned()
            } else {
                format!("Add all {}", folders.len())
            },
            offer: Offer::Folders(folders),
        });
    }
    if found.kits > 0 {
        rows.push(FoundRow {
            title: format!(
                "{} in the local store",
                format::count(u64::from(found.kits), "ModelKit", "ModelKits")
            ),
            note: format!(
                "`{}`, {} on disk, shared with the kit command",
                format::printable(&short(kit_home)),
                format::bytes(found.kit_bytes)
            ),
            button: "Show".to_owned(),
            offer: Offer::Kits,
        });
    }
    let logins: Vec<String> = found
        .logins
        .iter()
        .filter(|host| !hosts.contains(&host.as_str()))
        .cloned()
        .collect();
    if !logins.is_empty() {
        let shown: Vec<String> = logins
            .iter()
            .take(3)
            .map(|host| format!("`{}`", format::printable(host)))
            .collect();
        let more = match logins.len() - shown.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        rows.push(FoundRow {
            title: format!(
                "Logins for {}",
                if more.is_empty() {
                    and(&shown)
                } else {
                    format!("{}{more}", shown.join(", "))
                }
            ),
            note: "Used where they are, never copied".to_owned(),
            button: if logins.len() == 1 {
                "Use it"
            } else {
                "Use them"
            }
            .to_owned(),
            offer: Offer::Logins(logins),
        });
    }
    rows
}

fn folders_title(folders: &[String], short: &impl Fn(&str) -> String) -> String {
    let parent = |path: &str| {
        path.rsplit_once(['/', '\\'])
            .map_or_else(String::new, |(parent, _)| parent.to_owned())
    };
    let count = format::count(folders.len() as u64, "folder", "folders");
    let first = folders.first().map(|path| parent(path)).unwrap_or_default();
    if !first.is_empty() && folders.iter().all(|path| parent(path) == first) {
        format!(
            "{count} with a Kitfile in `{}`",
            format::printable(&short(&first))
        )
    } else {
        format!("{count} with a Kitfile")
    }
}

/// The last part of a path.
#[must_use]
pub fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.len() {
        0..=5 => names.join(", "),
        n => format!("{} and {} more", names[..4].join(", "), n - 4),
    }
}

fn and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
