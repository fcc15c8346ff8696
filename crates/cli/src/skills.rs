//! Prompts with a `SKILL.md`, put where coding agents look for skills, as `kit unpack --as-skill` does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kitbench_engine::errors::io_error;
use kitbench_kitfile::Skill;
use kitbench_modelkit::LayerKind;
use kitbench_modelkit::inspect::{Kit, KitLayer};
use kitbench_modelkit::progress::{CancellationToken, Observer};
use kitbench_modelkit::source::{KitResolver, KitSource};
use kitbench_modelkit::unpack::{self as unpacking, Existing, Filter, FilterType, UnpackOptions};
use kitbench_protocol::ErrorKind;
use serde::Serialize;

use crate::failure::{Failure, Outcome};

/// Where an agent keeps its skills. Paths are of the user's home unless they begin with `config/`, which
/// stands for `XDG_CONFIG_HOME`.
struct Agent {
    name: &'static str,
    /// The folder that shows that it is installed; empty for one that is never found by itself.
    home: &'static str,
    /// Skills of the user.
    user: &'static str,
    /// Skills of a project, below its folder.
    project: &'static str,
    /// A variable that moves `home`.
    variable: Option<&'static str>,
}

const fn agent(
    name: &'static str,
    home: &'static str,
    user: &'static str,
    project: &'static str,
) -> Agent {
    Agent {
        name,
        home,
        user,
        project,
        variable: None,
    }
}

const SHARED: &str = ".agents/skills";

const AGENTS: [Agent; 14] = [
    agent("amp", "config/amp", "config/agents/skills", SHARED),
    Agent {
        variable: Some("CLAUDE_CONFIG_DIR"),
        ..agent("claude-code", ".claude", ".claude/skills", ".claude/skills")
    },
    agent("cline", ".cline", ".agents/skills", SHARED),
    Agent {
        variable: Some("CODEX_HOME"),
        ..agent("codex", ".codex", ".codex/skills", SHARED)
    },
    agent("cursor", ".cursor", ".cursor/skills", SHARED),
    agent("gemini-cli", ".gemini", ".gemini/skills", SHARED),
    agent("github-copilot", ".copilot", ".copilot/skills", SHARED),
    agent(
        "goose",
        "config/goose",
        "config/goose/skills",
        ".goose/skills",
    ),
    agent("junie", ".junie", ".junie/skills", ".junie/skills"),
    agent(
        "opencode",
        "config/opencode",
        "config/opencode/skills",
        SHARED,
    ),
    agent("qwen-code", ".qwen", ".qwen/skills", ".qwen/skills"),
    agent("roo", ".roo", ".roo/skills", ".roo/skills"),
    agent("universal", "", "config/agents/skills", SHARED),
    agent(
        "windsurf",
        ".codeium/windsurf",
        ".codeium/windsurf/skills",
        ".windsurf/skills",
    ),
];

/// A skill at its place.
#[derive(Debug, Serialize)]
pub struct PlacedSkill {
    pub skill: String,
    /// The agents that look there.
    pub agents: Vec<&'static str>,
    pub path: String,
    /// Whether it was there and stayed as it was.
    pub kept: bool,
}

/// A folder of skills and the agents that look there.
type Place = (PathBuf, Vec<&'static str>);

/// The folders of the agents in `wanted`, a list with commas, or of those that are installed if it is
/// empty; below `project` if given, else the user's.
pub fn places(wanted: &str, project: Option<&Path>) -> Outcome<Vec<Place>> {
    let home = std::env::home_dir().ok_or_else(|| {
        Failure::failed(
            ErrorKind::NotFound,
            "This user has no home folder.",
            "Set HOME, or name a project with --dir.",
        )
    })?;
    let config = std::env::var_os("XDG_CONFIG_HOME")
        .filter(|path| !path.is_empty())
        .map_or_else(|| home.join(".config"), PathBuf::from);
    let place = |agent: &Agent, path: &str| {
        let moved = agent
            .variable
            .and_then(std::env::var_os)
            .filter(|at| !at.is_empty());
        if let (Some(moved), Some(rest)) = (moved, path.strip_prefix(agent.home)) {
            return PathBuf::from(moved).join(rest.trim_start_matches('/'));
        }
        match path.strip_prefix("config/") {
            Some(rest) => config.join(rest),
            None => home.join(path),
        }
    };
    let known = || {
        AGENTS
            .iter()
            .map(|agent| agent.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut chosen = Vec::new();
    if wanted.trim().is_empty() {
        chosen.extend(
            AGENTS
                .iter()
                .filter(|agent| !agent.home.is_empty() && place(agent, agent.home).is_dir()),
        );
        if chosen.is_empty() {
            return Err(Failure::misuse(
                "No coding agent was found in your home folder.",
                format!(
                    "Name some, as in --as-skill=universal; known are {}.",
                    known()
                ),
            ));
        }
    }
    for name in wanted
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let agent = AGENTS.iter().find(|agent| agent.name == name);
        chosen.push(agent.ok_or_else(|| {
            Failure::misuse(
                format!("There is no agent “{name}”."),
                format!("Known are {}.", known()),
            )
        })?);
    }
    let mut places: Vec<Place> = Vec::new();
    for agent in chosen {
        let path = match project {
            Some(project) => project.join(agent.project),
            None => place(agent, agent.user),
        };
        match places.iter_mut().find(|(found, _)| *found == path) {
            Some((_, agents)) if agents.contains(&agent.name) => {}
            Some((_, agents)) => agents.push(agent.name),
            None => places.push((path, vec![agent.name])),
        }
    }
    Ok(places)
}

/// Puts every prompt of a kit that holds a `SKILL.md` into each place.
pub fn place_all(
    source: &dyn KitSource,
    kit: &Kit,
    places: &[Place],
    existing: Existing,
    resolver: &dyn KitResolver,
    (observer, cancel): (&dyn Observer, &CancellationToken),
) -> Outcome<Vec<PlacedSkill>> {
    let mut placed = Vec::new();
    let prompts = kit
        .layers
        .iter()
        .filter(|layer| layer.kind == LayerKind::Prompt);
    for layer in prompts {
        for (folder, agents) in places {
            fs::create_dir_all(folder)
                .map_err(|error| io_error("make the folder", folder, &error))?;
            // Beside its place, so that it gets there in one step.
            let beside = tempfile::Builder::new()
                .prefix(".kitbench-skill-")
                .tempdir_in(folder)
                .map_err(|error| io_error("make a folder in", folder, &error))?;
            let options = UnpackOptions {
                filters: vec![Filter {
                    types: vec![FilterType::Prompts],
                    names: vec![layer.path.clone()],
                }],
                ..UnpackOptions::new(beside.path())
            };
            unpacking::unpack(source, &options, resolver, observer, cancel)?;
            let Some((root, name)) = skill_in(beside.path(), layer) else {
                log::warn!("{} holds no SKILL.md and is no skill", layer.label);
                break;
            };
            let target = folder.join(&name);
            let kept = put(&root, &target, existing)?;
            placed.push(PlacedSkill {
                skill: name,
                agents: agents.clone(),
                path: target.display().to_string(),
                kept,
            });
        }
    }
    if placed.is_empty() {
        return Err(Failure::failed(
            ErrorKind::Invalid,
            format!(
                "{} holds no skill: none of its prompts has a SKILL.md.",
                kit.reference
            ),
            "Unpack it without --as-skill.",
        ));
    }
    Ok(placed)
}

/// The folder of the skill that was unpacked to `folder`, and its name.
fn skill_in(folder: &Path, layer: &KitLayer) -> Option<(PathBuf, String)> {
    let path = folder.join(layer.clean_path());
    let root = match path.is_dir() {
        true => path,
        false => path.parent()?.to_path_buf(),
    };
    let text = fs::read_to_string(find(&root, 0)?).ok()?;
    let matter = Skill::parse(&text).unwrap_or_default();
    let last = root.file_name().filter(|_| root != folder);
    let last = last.map(|name| name.to_string_lossy().into_owned());
    let name = [matter.name, layer.name.clone(), last.unwrap_or_default()]
        .into_iter()
        .map(|name| folder_name(&name))
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "skill".into());
    Some((root, name))
}

/// The nearest `SKILL.md`; a prompt holds one skill.
fn find(folder: &Path, depth: usize) -> Option<PathBuf> {
    const MAX_DEPTH: usize = 20;
    let own = folder.join("SKILL.md");
    if own.is_file() {
        return Some(own);
    }
    if depth >= MAX_DEPTH {
        return None;
    }
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders.iter().find_map(|folder| find(folder, depth + 1))
}

/// A stranger's name as the name of one folder.
fn folder_name(name: &str) -> String {
    const MAX: usize = 64;
    let plain = |c: char| match c {
        'a'..='z' | '0'..='9' | '-' | '_' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        _ => '-',
    };
    let name: String = name.trim().chars().take(MAX).map(plain).collect();
    name.trim_matches('-').to_owned()
}

/// Moves a finished skill to its place; whether what was there stayed.
fn put(from: &Path, target: &Path, existing: Existing) -> Outcome<bool> {
    let failed = |error: io::Error| io_error("write", target, &error);
    if fs::symlink_metadata(target).is_ok() {
        match existing {
            Existing::Keep => return Ok(true),
            Existing::Refuse => {
                return Err(Failure::failed(
                    ErrorKind::Conflict,
                    format!("The skill {} exists already.", target.display()),
                    "Replace it with --overwrite, or keep it with --ignore-existing.",
                ));
            }
            // Of a link the link goes, not what it leads to.
            Existing::Overwrite if target.is_symlink() => {
                fs::remove_file(target).map_err(failed)?
            }
            Existing::Overwrite => fs::remove_dir_all(target).map_err(failed)?,
        }
    }
    // It may be the temporary folder itself, of which nothing is left to be cleared away then.
    fs::rename(from, target).map_err(failed)?;
    set_readable(target).map_err(failed)?;
    Ok(false)
}

/// Temporary folders are for their owner only.
fn set_readable(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_strangers_are_names_of_one_folder() {
        for (name, expected) in [
            ("Sums", "sums"),
            ("../../etc", "etc"),
            ("a/b c", "a-b-c"),
            ("..", ""),
            (" é ", ""),
            (".hidden", "hidden"),
        ] {
            assert_eq!(folder_name(name), expected);
        }
        assert!(folder_name(&"x".repeat(1000)).len() <= 64);
    }
}
