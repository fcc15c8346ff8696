//! Where KitOps keeps its things.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// KitOps' home folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The home folder at `path`, e.g. from `--config`.
    pub fn at(path: impl Into<PathBuf>) -> Home {
        Home(path.into())
    }

    /// The home folder by `kit`'s rules: `flag`, else `KITOPS_HOME`, else `$XDG_DATA_HOME/kitops`
    /// or `~/.local/share/kitops`, on macOS `~/Library/Caches/kitops`, on Windows
    /// `%LOCALAPPDATA%\kitops`.
    ///
    /// # Errors
    /// [`Error::Io`] if none of these can be told.
    pub fn find(flag: Option<&Path>) -> Result<Home> {
        Home::find_with(flag, std::env::consts::OS, |name| {
            std::env::var_os(name).map(PathBuf::from)
        })
    }

    fn find_with(
        flag: Option<&Path>,
        os: &str,
        env: impl Fn(&str) -> Option<PathBuf>,
    ) -> Result<Home> {
        let set = |name: &str| env(name).filter(|value| !value.as_os_str().is_empty());
        let place = flag
            .map(Path::to_path_buf)
            .or_else(|| set("KITOPS_HOME"))
            .or_else(|| match os {
                "windows" => set("LOCALAPPDATA").map(|base| base.join("kitops")),
                "macos" => {
                    set("HOME").map(|home| home.join("Library").join("Caches").join("kitops"))
                }
                _ => set("XDG_DATA_HOME")
                    .or_else(|| set("HOME").map(|home| home.join(".local").join("share")))
                    .map(|base| base.join("kitops")),
            });
        place.map(Home).ok_or_else(|| {
            Error::io("find", "the home folder of KitOps")(std::io::Error::new(
                std::io::ErrorKind::NotFound,
                "neither KITOPS_HOME nor HOME is set; set KITOPS_HOME to a folder",
            ))
        })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file of registry logins that `kit` uses.
    pub fn credentials(&self) -> PathBuf {
        self.0.join("credentials.json")
    }

    /// This program's part of the cache.
    pub fn cache(&self) -> PathBuf {
        self.0.join("cache").join("kitbench")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_place() {
        let all = |name: &str| Some(PathBuf::from(format!("/{name}")));
        let without = |missing: &'static [&'static str]| {
            move |name: &str| (!missing.contains(&name)).then(|| PathBuf::from(format!("/{name}")))
        };
        let find = |flag: Option<&str>, os: &str, env: &dyn Fn(&str) -> Option<PathBuf>| {
            Home::find_with(flag.map(Path::new), os, env)
                .map(|home| home.path().to_string_lossy().into_owned())
                .ok()
        };
        assert_eq!(find(Some("/flag"), "linux", &all).as_deref(), Some("/flag"));
        assert_eq!(find(None, "linux", &all).as_deref(), Some("/KITOPS_HOME"));
        assert_eq!(
            find(None, "linux", &without(&["KITOPS_HOME"])).as_deref(),
            Some("/XDG_DATA_HOME/kitops")
        );
        assert_eq!(
            find(None, "linux", &without(&["KITOPS_HOME", "XDG_DATA_HOME"])).as_deref(),
            Some("/HOME/.local/share/kitops")
        );
        assert_eq!(
            find(None, "macos", &without(&["KITOPS_HOME"])).as_deref(),
            Some("/HOME/Library/Caches/kitops")
        );
        assert_eq!(
            find(None, "windows", &without(&["KITOPS_HOME"])),
            Some(
                PathBuf::from("/LOCALAPPDATA")
                    .join("kitops")
                    .to_string_lossy()
                    .into_owned()
            )
        );
        assert_eq!(find(None, "linux", &|_: &str| None), None);
    }
}
