//! `kitbench init`: a first Kitfile for a folder.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use kitbench_engine::errors::io_error;
use kitbench_engine::folders::has_kitfile;
use kitbench_kitfile::Rules;
use kitbench_kitfile::init::{InitEntry, InitOptions, ProjectTexts, init};
use kitbench_protocol::ErrorKind;
use serde::Serialize;

use super::login::ask;
use crate::context::Context;
use crate::failure::{Failure, Outcome};

/// Folders deeper than this do not matter to the rules.
const MAX_DEPTH: usize = 8;
/// Longest text that the rules look into: licenses and skills.
const MAX_TEXT_BYTES: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub struct Init {
    /// The project folder
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,

    /// Name of the ModelKit; asked for on a terminal
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// What it is; asked for on a terminal
    #[arg(long, value_name = "TEXT")]
    desc: Option<String>,

    /// Who made it; asked for on a terminal
    #[arg(long, value_name = "NAME")]
    author: Option<String>,

    /// Replace an existing Kitfile
    #[arg(short, long)]
    force: bool,

    /// Whose rules to follow
    #[arg(long, value_name = "RULES", default_value = "current", value_parser = ["1.7", "1.11", "current"])]
    compat: String,
}

/// The JSON of `init`.
#[derive(Serialize)]
struct InitJson {
    /// The file that was written.
    path: String,
    kitfile: String,
    /// What could be better, a sentence each.
    suggestions: Vec<String>,
}

struct Texts<'f>(&'f Path);

impl ProjectTexts for Texts<'_> {
    fn text(&self, path: &str) -> Option<String> {
        let path = self.0.join(path);
        let small = std::fs::metadata(&path).ok()?.len() <= MAX_TEXT_BYTES;
        small.then(|| std::fs::read_to_string(path).ok()).flatten()
    }
}

impl Init {
    pub async fn run(self, context: &Context) -> Outcome {
        let folder = std::fs::canonicalize(&self.folder)
            .map_err(|error| io_error("open the folder", &self.folder, &error))?;
        if !self.force && has_kitfile(&folder) {
            return Err(Failure::failed(
                ErrorKind::Conflict,
                format!("{} has a Kitfile already.", folder.display()),
                "Edit it, or replace it with --force.",
            ));
        }
        let options = InitOptions {
            rules: Rules::from_name(&self.compat).unwrap_or_default(),
            name: answer(context, &self.name, "Name of the ModelKit: ").await?,
            description: answer(context, &self.desc, "Description: ").await?,
            authors: match answer(context, &self.author, "Author: ").await?.as_str() {
                "" => Vec::new(),
                author => vec![author.to_owned()],
            },
            folder_name: folder
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        };
        let mut entries = Vec::new();
        list(&folder, "", 0, &mut entries)?;
        let generated = init(&entries, &options, &Texts(&folder));
        let path = folder.join("Kitfile");
        write(&path, &generated.yaml, self.force)?;
        let json = InitJson {
            path: path.display().to_string(),
            kitfile: generated.yaml,
            suggestions: generated
                .suggestions
                .into_iter()
                .map(|suggestion| suggestion.message)
                .collect(),
        };
        context.out.show(&json, |out| {
            writeln!(out, "Generated Kitfile:\n\n{}", json.kitfile)?;
            for suggestion in &json.suggestions {
                writeln!(out, "Suggestion: {suggestion}")?;
            }
            writeln!(out, "Saved to path '{}'", json.path)
        })
    }
}

/// What the flag says; else, on a terminal, what the user answers.
async fn answer(
    context: &Context,
    flag: &Option<String>,
    question: &'static str,
) -> Outcome<String> {
    match flag {
        Some(text) => Ok(text.clone()),
        None if io::stdin().is_terminal() && !context.out.is_json() => {
            ask(context, question, false).await
        }
        None => Ok(String::new()),
    }
}

/// Files and folders below `folder`; links and other special files do not count.
fn list(folder: &Path, prefix: &str, depth: usize, entries: &mut Vec<InitEntry>) -> Outcome {
    let failed = |error: io::Error| Failure::from(io_error("list the folder", folder, &error));
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            entries.push(InitEntry {
                path: path.clone(),
                size: 0,
                is_folder: true,
            });
            if depth < MAX_DEPTH {
                list(&entry.path(), &format!("{path}/"), depth + 1, entries)?;
            }
        } else if kind.is_file() {
            let size = entry.metadata().map_err(failed)?.len();
            entries.push(InitEntry {
                path,
                size,
                is_folder: false,
            });
        }
    }
    Ok(())
}

/// Writes beside and renames, so that nobody sees half a Kitfile.
fn write(path: &Path, yaml: &str, replace: bool) -> Outcome {
    let beside = path.with_file_name(format!(".Kitfile.{}", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)?;
        file.write_all(yaml.as_bytes())?;
        file.sync_all()?;
        if replace {
            std::fs::rename(&beside, path)
        } else {
            // Fails where a file has appeared meanwhile.
            std::fs::hard_link(&beside, path).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(error),
                // Not every file system has links.
                _ => std::fs::rename(&beside, path),
            })
        }
    })();
    // After a rename it is gone already.
    let _ = std::fs::remove_file(&beside);
    Ok(written.map_err(|error| io_error("write", path, &error))?)
}
