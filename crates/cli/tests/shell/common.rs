//! A home of its own for each test, and the binary run in it.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A user with nothing but what the test gives.
pub struct Shell {
    pub folder: TempDir,
}

/// How a command ended.
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Shell {
    pub fn new() -> Shell {
        Shell {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// One whose kit home is a recorded one.
    pub fn with_home(name: &str) -> Shell {
        let shell = Shell::new();
        untar(
            &corpus(&format!("{name}/kitops-home.tar.gz")),
            shell.folder.path(),
        );
        std::fs::rename(shell.path("kitops-home"), shell.kit_home()).unwrap();
        shell
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn kit_home(&self) -> PathBuf {
        self.path("kitops")
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A project of the corpus, unpacked with the modes it states.
    pub fn project(&self, name: &str) -> PathBuf {
        let folder = self.path(format!("projects/{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        untar(&corpus(&format!("{name}/project.tar.gz")), &folder);
        folder
    }

    /// The command, ready to run, in this user's surroundings.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kitbench"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("KITOPS_HOME", self.kit_home())
            .env("KITBENCH_STATE", self.path("state"))
            .env_remove("DOCKER_CONFIG")
            .env_remove("KITBENCH_WEB")
            .env_remove("SOURCE_DATE_EPOCH")
            .env_remove("KITOPS_CLIENT_CERT")
            .env_remove("KITOPS_CLIENT_KEY")
            .stdin(Stdio::null());
        command
    }

    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Done {
        Done::of(self.command(arguments).output().unwrap())
    }

    pub fn run_with_input<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &str,
    ) -> Done {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        Done::of(child.wait_with_output().unwrap())
    }

    /// Every file of the store, relative to it, sorted.
    pub fn store_files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.kit_home().join("storage"), "", &mut files);
        files.sort();
        files
    }
}

/// Every file below `folder`, relative to it, sorted.
pub fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    collect(folder, "", &mut files);
    files.sort();
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push(name);
        }
    }
}

impl Done {
    pub fn of(output: Output) -> Done {
        Done {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// That it succeeded.
    #[track_caller]
    pub fn ok(self) -> Done {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    /// That it ended with `code` and said all of `words` on standard error.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) -> Done {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        for word in words {
            assert!(self.err.contains(word), "no “{word}” in: {}", self.err);
        }
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Recorded projects and what `kit` made of them, shared with the engine's own tests.
pub fn corpus(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../modelkit/tests/data/corpus")
        .join(path)
}

/// What `kit` made of a project.
pub fn expected(name: &str) -> Value {
    let text = std::fs::read_to_string(corpus(&format!("{name}/expected.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Unpacks a `.tar.gz` with exactly the modes it states.
pub fn untar(archive: &Path, into: &Path) {
    let file = std::fs::File::open(archive).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    archive.set_preserve_permissions(true);
    archive.unpack(into).unwrap();
}
