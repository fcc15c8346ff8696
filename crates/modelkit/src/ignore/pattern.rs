//! One pattern: its syntax check and how it is matched.

use regex::Regex;

use super::go_regex;

/// A pattern, ready to match.
pub(super) struct Pattern {
    /// As written in the file.
    pub written: String,
    /// Line in the file, from 1; `None` for built-in ones.
    pub line: Option<usize>,
    /// Brings files back.
    pub negated: bool,
    matcher: Matcher,
}

enum Matcher {
    Exact(String),
    /// From a final `**`.
    Prefix(String),
    /// From a leading `**`.
    Suffix(String),
    Regex(Regex),
}

impl Pattern {
    /// `pattern` is cleaned already and may start with `!`. `None` if nothing is left of it.
    pub fn new(
        pattern: &str,
        written: &str,
        line: Option<usize>,
    ) -> Result<Option<Pattern>, String> {
        let pattern = pattern.trim();
        if pattern.is_empty() {
            return Ok(None);
        }
        let cleaned = kitbench_kitfile::clean_path(pattern);
        let (negated, rest) = match cleaned.strip_prefix('!') {
            Some("") => return Err("after “!” a pattern is needed".into()),
            Some(rest) => (true, rest),
            None => (false, cleaned.as_str()),
        };
        check_syntax(rest)?;
        Ok(Some(Pattern {
            written: written.into(),
            line,
            negated,
            matcher: compile(rest)?,
        }))
    }

    /// Whether it matches `path` or any folder above it.
    pub fn matches_or_parent(&self, path: &str) -> bool {
        self.matches(path)
            || path
                .match_indices('/')
                .any(|(end, _)| end > 0 && self.matches(path.get(..end).unwrap_or_default()))
    }

    fn matches(&self, path: &str) -> bool {
        match &self.matcher {
            Matcher::Exact(exact) => path == exact,
            Matcher::Prefix(prefix) => path.starts_with(prefix),
            Matcher::Suffix(suffix) => {
                path.ends_with(suffix) || suffix.strip_prefix('/').is_some_and(|rest| path == rest)
            }
            Matcher::Regex(regex) => regex.is_match(path),
        }
    }
}

/// Go's `filepath.Match` as a syntax check: brackets closed and filled, no lone backslash at the end.
fn check_syntax(pattern: &str) -> Result<(), String> {
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars
                    .next()
                    .ok_or("a backslash at the end has nothing to escape")?;
            }
            '[' => {
                if chars.peek() == Some(&'^') {
                    chars.next();
                }
                let mut ranges = 0;
                loop {
                    if chars.peek() == Some(&']') && ranges > 0 {
                        chars.next();
                        break;
                    }
                    class_char(&mut chars)?;
                    if chars.peek() == Some(&'-') {
                        chars.next();
                        class_char(&mut chars)?;
                    }
                    ranges += 1;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<(), String> {
    const OPEN: &str = "a bracket is not closed";
    match chars.next() {
        None => return Err(OPEN.into()),
        Some('-' | ']') => return Err("“-” or “]” stands where a character of a bracket is needed; escape it with a backslash".into()),
        Some('\\') => {
            chars.next().ok_or(OPEN)?;
        }
        Some(_) => {}
    }
    // Something must follow, at least the closing bracket.
    chars.peek().map(|_| ()).ok_or_else(|| OPEN.into())
}

/// Turns a pattern into its matcher by moby's steps, which build a Go regular expression.
fn compile(pattern: &str) -> Result<Matcher, String> {
    #[derive(PartialEq)]
    enum Kind {
        Exact,
        Prefix,
        Suffix,
        Regex,
    }
    let mut kind = Kind::Exact;
    let mut regex = String::from("^");
    let mut chars = pattern.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                if chars.peek() == Some(&'/') {
                    chars.next();
                }
                if chars.peek().is_some() {
                    regex.push_str("(.*/)?");
                    kind = Kind::Regex;
                } else if kind == Kind::Exact {
                    kind = Kind::Prefix;
                } else {
                    regex.push_str(".*");
                    kind = Kind::Regex;
                }
                if first {
                    kind = Kind::Suffix;
                }
            }
            '*' => {
                regex.push_str("[^/]*");
                kind = Kind::Regex;
            }
            '?' => {
                regex.push_str("[^/]");
                kind = Kind::Regex;
            }
            // `{`, `|` and `}` are not among them, though moby means to escape them: its table
            // has no room for characters beyond 63.
            '.' | '+' | '(' | ')' | '$' => {
                regex.push('\\');
                regex.push(c);
            }
            '\\' => {
                regex.push('\\');
                if let Some(escaped) = chars.next() {
                    regex.push(escaped);
                    kind = Kind::Regex;
                }
            }
            '[' | ']' => {
                regex.push(c);
                kind = Kind::Regex;
            }
            _ => regex.push(c),
        }
        first = false;
    }
    Ok(match kind {
        Kind::Exact => Matcher::Exact(pattern.into()),
        Kind::Prefix => Matcher::Prefix(pattern.strip_suffix("**").unwrap_or(pattern).into()),
        Kind::Suffix => Matcher::Suffix(pattern.strip_prefix("**").unwrap_or(pattern).into()),
        Kind::Regex => {
            regex.push('$');
            let translated = go_regex::translate(&regex)?;
            Matcher::Regex(
                Regex::new(&translated).map_err(|_| "it is too large or too odd to match with")?,
            )
        }
    })
}
