//! What the program was started with.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use kitbench_protocol::EventKind;
use tauri::Manager;

use crate::bridge::Bridge;
use crate::links;

pub const HELP: &str = "\
The Kitbench window.

usage: kitbench-desktop [--example] [FOLDER] [kitops://REFERENCE]

  FOLDER               open this project folder
  kitops://REFERENCE   show this ModelKit
  --example            open the example project
  --version            print the version
";

/// Either what to open, or a question about the program.
#[derive(Debug, PartialEq, Eq)]
pub enum Arguments {
    Open(Intent),
    Help,
    Version,
}

/// What to show first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    pub example: bool,
    pub folder: Option<PathBuf>,
    /// The reference of a `kitops://` link.
    pub reference: Option<String>,
}

impl Arguments {
    /// Reads the arguments after the program's name; an error is one sentence.
    pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut intent = Intent::default();
        for argument in arguments {
            let text = argument.to_string_lossy();
            match text.as_ref() {
                "--example" => intent.example = true,
                "--help" | "-h" => return Ok(Self::Help),
                "--version" | "-V" => return Ok(Self::Version),
                link if link.starts_with(links::SCHEME) => {
                    intent.reference = Some(links::reference(link)?);
                }
                flag if flag.starts_with('-') => {
                    return Err(format!(
                        "there is no option `{flag}`; --help shows those there are"
                    ));
                }
                _ if intent.folder.is_some() => {
                    return Err("only one folder can be given".into());
                }
                _ => intent.folder = Some(argument.into()),
            }
        }
        Ok(Self::Open(intent))
    }
}

impl Intent {
    /// The same with the folder taken from another working directory.
    pub fn relative_to(mut self, directory: &Path) -> Self {
        self.folder = self.folder.map(|folder| directory.join(folder));
        self
    }

    /// Shows it in a window that is open already.
    pub fn show_in(self, app: &tauri::AppHandle) {
        let bridge = app.state::<Bridge>();
        if let Some(folder) = self.folder {
            bridge.publish(EventKind::FoldersDropped(vec![
                folder.to_string_lossy().into_owned(),
            ]));
        }
        if let Some(reference) = self.reference {
            bridge.publish(EventKind::LinkOpened(reference));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(arguments.iter().map(Into::into))
    }

    #[test]
    fn folder_link_and_example_are_told_apart() {
        assert_eq!(
            parse(&["--example", "wine", "kitops://localhost:5000/wine:v1"]),
            Ok(Arguments::Open(Intent {
                example: true,
                folder: Some("wine".into()),
                reference: Some("localhost:5000/wine:v1".into()),
            }))
        );
        assert_eq!(parse(&["--version"]), Ok(Arguments::Version));
    }

    #[test]
    fn wrong_arguments_are_refused_by_name() {
        assert!(parse(&["--exmaple"]).is_err_and(|error| error.contains("--exmaple")));
        assert!(parse(&["a", "b"]).is_err());
        assert!(parse(&["kitops://"]).is_err());
    }

    #[test]
    fn a_second_start_names_folders_from_where_it_was_started() {
        let intent = Intent {
            folder: Some("wine".into()),
            ..Intent::default()
        };
        let folder = intent.relative_to(Path::new("/projects")).folder;
        assert_eq!(folder, Some("/projects/wine".into()));
    }
}
