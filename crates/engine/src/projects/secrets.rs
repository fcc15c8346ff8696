//! Files that look like secrets. A finding is only a question to the user, so names and
//! well-known token shapes are enough; nothing is sent anywhere.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Secrets stand in small text files; larger ones are data.
const MAX_BYTES: u64 = 256 * 1024;
/// Answers remembered; past this the memory is emptied and filled again.
const MAX_REMEMBERED: usize = 200_000;

/// File names that hold secrets by their purpose.
const NAMES: [&str; 9] = [
    ".env",
    ".netrc",
    ".pypirc",
    ".npmrc",
    "id_rsa",
    "id_ed25519",
    "id_ecdsa",
    ".git-credentials",
    "kubeconfig",
];

/// Beginnings of tokens, how many characters must follow, and whose they are.
const TOKENS: [(&str, usize, &str); 10] = [
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS session key"),
    ("ghp_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("hf_", 34, "a Hugging Face token"),
    ("sk-ant-", 40, "an API key"),
    ("sk-proj-", 40, "an API key"),
    ("xoxb-", 20, "a Slack token"),
    ("AIza", 35, "a Google API key"),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    Name,
    /// One-based line and what it matches.
    Line(u32, &'static str),
}

impl Finding {
    pub fn describe(&self) -> String {
        match self {
            Finding::Name => "a file of this name usually holds passwords or keys".into(),
            Finding::Line(line, what) => format!("line {line} matches {what}"),
        }
    }
}

/// Size, modification time in nanoseconds, and what was found then.
type Answer = (u64, i128, Option<Finding>);

/// Remembers the answer for each file as long as it does not change.
#[derive(Default)]
pub struct Secrets {
    known: Mutex<BTreeMap<PathBuf, Answer>>,
}

impl Secrets {
    pub fn look(&self, folder: &Path, relative: &str, size: u64, mtime: i128) -> Option<Finding> {
        let path = folder.join(relative);
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((known_size, known_mtime, finding)) = known.get(&path)
                && (*known_size, *known_mtime) == (size, mtime)
            {
                return finding.clone();
            }
        }
        let finding = inspect(&path, size);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(path, (size, mtime, finding.clone()));
        finding
    }
}

fn inspect(path: &Path, size: u64) -> Option<Finding> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let is_template = ["example", "sample", "template", "dist"]
        .iter()
        .any(|word| name.contains(word));
    if !is_template && (NAMES.contains(&name.as_str()) || name.starts_with(".env.")) && size > 0 {
        return Some(Finding::Name);
    }
    if size == 0 || size > MAX_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    // A file that cannot be read is told by packing, with its cause.
    std::fs::File::open(path)
        .ok()?
        .take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .ok()?;
    if bytes.contains(&0) {
        return None;
    }
    let text = String::from_utf8_lossy(&bytes);
    text.lines()
        .enumerate()
        .find_map(|(index, line)| Some(Finding::Line(index as u32 + 1, token_in(line)?)))
}

fn token_in(line: &str) -> Option<&'static str> {
    if line.contains("-----BEGIN") && line.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    TOKENS.iter().find_map(|(start, length, what)| {
        let matches = line.match_indices(start).any(|(at, _)| {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let before = line[..at].chars().next_back();
            let follow = line[at + start.len()..]
                .chars()
                .take_while(|c| word(*c))
                .count();
            !before.is_some_and(word) && follow >= *length
        });
        matches.then_some(*what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_by_shape() {
        assert_eq!(
            token_in("key = AKIAIOSFODNN7EXAMPLE"),
            Some("an AWS access key")
        );
        assert_eq!(token_in("AKIA is a prefix"), None);
        assert_eq!(token_in("xAKIAIOSFODNN7EXAMPLE"), None);
        assert_eq!(
            token_in("-----BEGIN RSA PRIVATE KEY-----"),
            Some("a private key")
        );
    }

    #[test]
    fn names_count_but_templates_do_not() {
        let folder = tempfile::tempdir().unwrap();
        for (name, expected) in [(".env", true), (".env.example", false), ("train.py", false)] {
            let path = folder.path().join(name);
            std::fs::write(&path, "A=1\n").unwrap();
            assert_eq!(inspect(&path, 4).is_some(), expected, "{name}");
        }
    }
}
