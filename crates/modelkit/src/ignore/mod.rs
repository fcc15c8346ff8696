//! `.kitignore`: which files of a project never go into a layer.
//!
//! The semantics are those of `.dockerignore` as the moby project implements them, to the letter:
//! a project must give the same layers here as with `kit`. Patterns are anchored at the project
//! folder, the last one that matches wins, `!` brings back.

mod go_regex;
mod pattern;

use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use pattern::Pattern;

/// The name of the ignore file, looked for in the project folder only.
pub const FILE_NAME: &str = ".kitignore";
/// Never packed from the project folder itself, whatever the ignore file says.
pub const ALWAYS: [&str; 4] = ["Kitfile", "kitfile", ".kitfile", FILE_NAME];
/// The longest line; Go's line scanner refuses longer ones.
const MAX_LINE: usize = 64 << 10;

/// The rules of one project.
pub struct IgnoreRules {
    patterns: Vec<Pattern>,
    negated: bool,
}

/// Why a path is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredBy<'a> {
    /// The pattern as written, or the name if it is one of [`ALWAYS`].
    pub pattern: &'a str,
    /// Its line in the ignore file, from 1; `None` for one of [`ALWAYS`].
    pub line: Option<usize>,
}

impl IgnoreRules {
    /// Reads the rules of the project in `context`; without an ignore file only [`ALWAYS`] holds.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Ignore`] if a pattern is not valid.
    pub fn load(context: &Path) -> Result<IgnoreRules> {
        let path = context.join(FILE_NAME);
        match std::fs::read(&path) {
            Ok(text) => IgnoreRules::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => IgnoreRules::parse(b""),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// The rules in `text`, followed by [`ALWAYS`].
    ///
    /// # Errors
    /// [`Error::Ignore`] names the first line whose pattern is not valid.
    pub fn parse(text: &[u8]) -> Result<IgnoreRules> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut rules = IgnoreRules {
            patterns: Vec::new(),
            negated: false,
        };
        for (index, line) in text.split(|b| *b == b'\n').enumerate() {
            let number = index + 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.starts_with(b"#") {
                continue;
            }
            let line = String::from_utf8_lossy(line);
            let written = line.trim();
            if written.is_empty() {
                continue;
            }
            let problem = |problem: String| Error::Ignore {
                line: number,
                pattern: crate::error::shorten(written),
                problem,
            };
            if line.len() >= MAX_LINE {
                return Err(problem(format!(
                    "the line has {} bytes, the limit is {MAX_LINE}",
                    line.len()
                )));
            }
            rules
                .add(&normalise(written), written, Some(number))
                .map_err(problem)?;
        }
        for name in ALWAYS {
            rules
                .add(name, name, None)
                .map_err(|problem| Error::Ignore {
                    line: 0,
                    pattern: name.into(),
                    problem,
                })?;
        }
        Ok(rules)
    }

    fn add(&mut self, normalised: &str, written: &str, line: Option<usize>) -> Result<(), String> {
        if let Some(pattern) = Pattern::new(normalised, written, line)? {
            self.negated |= pattern.negated;
            self.patterns.push(pattern);
        }
        Ok(())
    }

    /// Whether any pattern brings files back. If so, an ignored folder must still be searched.
    pub fn has_negation(&self) -> bool {
        self.negated
    }

    /// Why `path` (relative, cleaned, `/` between elements) is ignored; `None` if it is kept.
    ///
    /// # Errors
    /// [`Error::Ignore`] if the answer depends on a pattern that cannot be matched.
    pub fn ignored_by(&self, path: &str) -> Result<Option<IgnoredBy<'_>>> {
        let mut verdict: Option<&Pattern> = None;
        for pattern in &self.patterns {
            // A pattern that could not change the verdict is not asked.
            if pattern.negated != verdict.is_some() {
                continue;
            }
            if let Some(problem) = pattern.problem() {
                return Err(Error::Ignore {
                    line: pattern.line.unwrap_or_default(),
                    pattern: crate::error::shorten(&pattern.written),
                    problem: problem.to_owned(),
                });
            }
            if pattern.matches_or_parent(path) {
                verdict = (!pattern.negated).then_some(pattern);
            }
        }
        Ok(verdict.map(|pattern| IgnoredBy {
            pattern: &pattern.written,
            line: pattern.line,
        }))
    }
}

/// The steps moby's ignore file reader takes with a trimmed line.
fn normalise(line: &str) -> String {
    let (negated, rest) = match line.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, line),
    };
    let mut cleaned = if rest.is_empty() {
        String::new()
    } else {
        kitbench_kitfile::clean_path(rest)
    };
    if cleaned.len() > 1 && cleaned.starts_with('/') {
        cleaned.remove(0);
    }
    if negated {
        format!("!{cleaned}")
    } else {
        cleaned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(rules: &str, path: &str) -> bool {
        IgnoreRules::parse(rules.as_bytes())
            .unwrap_or_else(|e| panic!("{e}"))
            .ignored_by(path)
            .unwrap()
            .is_some()
    }

    /// (rules, path, ignored). Expectations follow from moby's documentation and its own tests.
    #[test]
    fn patterns_match_as_in_dockerignore() {
        let cases: &[(&str, &str, bool)] = &[
            ("foo", "foo", true),
            ("foo", "a/foo", false),
            ("foo", "foo/bar/baz", true),
            ("/foo", "foo", true),
            ("foo/", "foo/x", true),
            ("./a/../foo", "foo", true),
            ("**/foo", "foo", true),
            ("**/foo", "a/b/foo", true),
            ("**/foo", "a/b/foo/c", true),
            ("**/foo", "afoo", false),
            ("**foo", "a/xfoo", true),
            ("**", "anything/at/all", true),
            ("foo/**", "foo/a/b", true),
            ("foo/**", "foo", false),
            ("foo/**/bar", "foo/bar", true),
            ("foo/**/bar", "foo/a/b/bar", true),
            ("foo/**/bar", "foo/xbar", false),
            ("*.tmp", "a.tmp", true),
            ("*.tmp", "a/b.tmp", false),
            ("*", "a/b", true),
            ("*/b", "a/b", true),
            ("*/b", "b", false),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("a?c", "aéc", true),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[^a-c]x", "dx", true),
            ("[!a]x", "ax", true),
            (r"\*", "*", true),
            (r"\*", "a", false),
            (r"a\[b", "a[b", true),
            ("a.b", "axb", false),
            ("a.*", "axb", false),
            ("a.*", "a.b", true),
            ("a(b)*", "a(b)c", true),
            ("$x*", "$xy", true),
            ("*+", "a+", true),
            ("# comment", "# comment", false),
            (" # no comment", "# no comment", true),
            ("\u{feff}foo", "foo", true),
            ("*.md\n!README.md", "README.md", false),
            ("*.md\n!README.md", "x.md", true),
            ("*.md\n!README.md\nREADME*", "README.md", true),
            ("a\n!a/b", "a/b", false),
            ("a\n!a/b", "a/b/c", false),
            ("a\n!a/b", "a/c", true),
            ("! x\ny", "y", true),
            ("a\r\nb\r\n", "b", true),
        ];
        for (rules, path, expected) in cases {
            assert_eq!(ignored(rules, path), *expected, "{rules:?} on {path:?}");
        }
    }

    #[test]
    fn the_kitfile_and_the_ignore_file_never_come_back() {
        for name in ALWAYS {
            assert!(ignored(&format!("!{name}"), name));
            assert!(!ignored("", &format!("m/{name}")));
        }
    }

    #[test]
    fn oddities_of_the_original_are_kept() {
        // Braces and bars are left as they are when a pattern becomes a regular expression.
        assert!(ignored("x*|y*", "y1"));
        assert!(ignored("a{2}*", "aab"));
        assert!(!ignored("a|b", "a"));
        assert!(ignored("a|b", "a|b"));
        // An escaped letter is a class of the regular expression.
        assert!(ignored(r"\d*", "7x"));
        // A path that cleans to a negation is one.
        assert!(!ignored("*\n./!foo", "foo"));
    }

    #[test]
    fn broken_patterns_are_refused_with_their_line() {
        for (text, number) in [
            ("ok\n[", 2),
            ("a[", 1),
            ("\n\n[z-a]", 3),
            ("!", 1),
            ("a\\", 1),
            ("[]a]", 1),
            ("!/", 1),
            (r"*\é", 1),
            ("*{3}", 1),
        ] {
            let asked = IgnoreRules::parse(text.as_bytes())
                .and_then(|rules| rules.ignored_by("x").map(|_| ()));
            match asked {
                Err(Error::Ignore { line, .. }) => assert_eq!(line, number, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    /// Found by comparing with the original on random rules.
    #[test]
    fn a_broken_pattern_that_nothing_asks_for_does_no_harm() {
        assert!(ignored("**\nfoo*[", "a"));
        assert!(!ignored("!x*[z-a]", "a"));
        assert!(ignored("\u{feff}\u{feff}a*", "ab"));
        assert!(!ignored("\u{feff}\u{feff}a", "a"));
        assert!(
            IgnoreRules::parse(b"foo*[")
                .and_then(|rules| rules.ignored_by("a").map(|_| ()))
                .is_err()
        );
    }

    #[test]
    fn the_reason_names_pattern_and_line() {
        let rules = IgnoreRules::parse(b"# c\n*.tmp\n").unwrap();
        assert_eq!(
            rules.ignored_by("a.tmp").unwrap(),
            Some(IgnoredBy {
                pattern: "*.tmp",
                line: Some(2)
            })
        );
        assert_eq!(
            rules.ignored_by("Kitfile").unwrap(),
            Some(IgnoredBy {
                pattern: "Kitfile",
                line: None
            })
        );
    }
}
