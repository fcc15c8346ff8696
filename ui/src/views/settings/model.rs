//! The shortcuts and facts of the Settings screen as data.

use kitbench_protocol::AppInfo;

use crate::app::Screen;
use crate::commands::{CommandId, Scope, shortcut_text};

/// The key caps of a command and its name.
pub type ShortcutRow = (Vec<String>, &'static str);

/// Shortcuts by where they work.
pub struct ShortcutGroup {
    /// Where they work.
    pub title: &'static str,
    /// The commands.
    pub rows: Vec<ShortcutRow>,
}

/// All shortcuts, by where they work.
#[must_use]
pub fn shortcuts() -> Vec<ShortcutGroup> {
    let groups: [(&str, Option<Screen>); 7] = [
        ("Everywhere", None),
        ("Projects", Some(Screen::Projects)),
        ("Kitfile editor", Some(Screen::Kitfile)),
        ("Experiments", Some(Screen::Experiments)),
        ("ModelKits", Some(Screen::ModelKits)),
        ("Registries", Some(Screen::Registries)),
        ("Transfers", Some(Screen::Transfers)),
    ];
    groups
        .into_iter()
        .map(|(title, screen)| {
            let mut rows: Vec<ShortcutRow> = CommandId::ALL
                .iter()
                .map(|id| id.spec())
                .filter(|spec| match (spec.scope, screen) {
                    (Scope::Everywhere, None) => true,
                    (Scope::On(screens), Some(screen)) => screens.contains(&screen),
                    _ => false,
                })
                .filter(|spec| !spec.keys.is_empty())
                .map(|spec| (spec.keys.iter().map(shortcut_text).collect(), spec.name))
                .collect();
            if screen.is_none() {
                for (key, what) in [
                    ("F6", "Next panel"),
                    ("Shift F6", "Previous panel"),
                    ("Shift F10", "Menu of the row"),
                ] {
                    rows.push((vec![key.to_owned()], what));
                }
            }
            if screen == Some(Screen::Projects) {
                rows.push((vec!["T".to_owned()], "Next measure of the treemap"));
            }
            ShortcutGroup { title, rows }
        })
        .filter(|group| !group.rows.is_empty())
        .collect()
}

/// `0.1.0 (905c002), linux`.
#[must_use]
pub fn version(info: &AppInfo) -> String {
    if info.commit.is_empty() {
        format!("{}, {}", info.version, info.platform)
    } else {
        format!("{} ({}), {}", info.version, info.commit, info.platform)
    }
}

/// What Kitbench carries that others made, with licences.
pub const CARRIED: [(&str, &str); 4] = [
    ("Kitbench", "Apache-2.0"),
    ("Inter", "SIL Open Font License 1.1"),
    ("JetBrains Mono", "SIL Open Font License 1.1"),
    ("Phosphor icons", "MIT"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_screen_lists_its_keys() {
        let shortcuts = shortcuts();
        let titles: Vec<&str> = shortcuts.iter().map(|group| group.title).collect();
        assert_eq!(titles.first(), Some(&"Everywhere"));
        let projects = shortcuts
            .iter()
            .find(|group| group.title == "Projects")
            .map(|group| group.rows.clone())
            .unwrap_or_default();
        assert!(projects.iter().any(|(_, name)| *name == "Pack…"));
    }
}
