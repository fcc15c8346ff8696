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
    /// The regular expression it makes is not valid, for this reason.
    Broken(String),
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
            matcher: compile(rest),
        }))
    }

    /// Why it cannot be matched, if so. Only a path that gets as far as this pattern finds out.
    pub fn problem(&self) -> Option<&str> {
        match &self.matcher {
            Matcher::Broken(problem) => Some(problem),
            _ => None,
        }
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
            Matcher::Broken(_) => false,
        }
    }
}

/// What moby lets Go's `filepath.Match` refuse: it matches the pattern against `.`, and so looks at
/// no more of it than that takes. What comes after may be broken as long as nothing asks for it.
fn check_syntax(pattern: &str) -> Result<(), String> {
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut rest, mut name) = (pattern.as_slice(), &['.'][..]);
    'chunks: while !rest.is_empty() {
        let stars = rest.iter().take_while(|c| **c == '*').count();
        let (chunk, after) = split_chunk(rest.get(stars..).unwrap_or_default());
        rest = after;
        if stars > 0 && chunk.is_empty() {
            return Ok(());
        }
        let items = parse_chunk(chunk)?;
        // With a star the chunk may also start further on.
        let last = if stars > 0 { name.len() } else { 0 };
        for from in 0..=last {
            let matched = match_chunk(&items, name.get(from..).unwrap_or_default());
            if let Some(left) = matched.filter(|left| left.is_empty() || !rest.is_empty()) {
                name = left;
                continue 'chunks;
            }
        }
        return Ok(());
    }
    Ok(())
}

/// Up to the next star outside brackets, and from there on.
fn split_chunk(pattern: &[char]) -> (&[char], &[char]) {
    let (mut in_brackets, mut escaped) = (false, false);
    let end = pattern.iter().position(|c| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match c {
            '\\' => escaped = true,
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '*' => return !in_brackets,
            _ => {}
        }
        false
    });
    pattern.split_at(end.unwrap_or(pattern.len()))
}

/// A thing that matches one character.
enum Item {
    Char(char),
    /// Any but a slash.
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

fn parse_chunk(chunk: &[char]) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut chars = chunk.iter().copied().peekable();
    while let Some(c) = chars.next() {
        items.push(match c {
            '?' => Item::Any,
            '\\' => Item::Char(
                chars
                    .next()
                    .ok_or("a backslash at the end has nothing to escape")?,
            ),
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while ranges.is_empty() || chars.next_if_eq(&']').is_none() {
                    let low = class_char(&mut chars)?;
                    let high = match chars.next_if_eq(&'-') {
                        Some(_) => class_char(&mut chars)?,
                        None => low,
                    };
                    ranges.push((low, high));
                }
                Item::Class { negated, ranges }
            }
            c => Item::Char(c),
        });
    }
    Ok(items)
}

fn class_char(chars: &mut std::iter::Peekable<impl Iterator<Item = char>>) -> Result<char, String> {
    const OPEN: &str = "a bracket is not closed";
    let found = match chars.next() {
        None => return Err(OPEN.into()),
        Some('-' | ']') => return Err("“-” or “]” stands where a character of a bracket is needed; escape it with a backslash".into()),
        Some('\\') => chars.next().ok_or(OPEN)?,
        Some(c) => c,
    };
    // Something must follow, at least the closing bracket.
    chars.peek().ok_or(OPEN)?;
    Ok(found)
}

/// What is left of `name` after `items`, if it starts with them.
fn match_chunk<'n>(items: &[Item], mut name: &'n [char]) -> Option<&'n [char]> {
    for item in items {
        let (first, rest) = name.split_first()?;
        let fits = match item {
            Item::Char(c) => c == first,
            Item::Any => *first != '/',
            Item::Class { negated, ranges } => {
                ranges
                    .iter()
                    .any(|(low, high)| (low..=high).contains(&first))
                    != *negated
            }
        };
        if !fits {
            return None;
        }
        name = rest;
    }
    Some(name)
}

/// Turns a pattern into its matcher by moby's steps, which build a Go regular expression.
fn compile(pattern: &str) -> Matcher {
    #[derive(PartialEq)]
    enum Kind {
        Exact,
        Prefix,
        Suffix,
        Regex,
    }
    let mut kind = Kind::Exact;
    let mut regex = String::from("^");
    // Go's scanner passes over a byte order mark at the start.
    let scanned = pattern.strip_prefix('\u{feff}').unwrap_or(pattern);
    let mut chars = scanned.chars().peekable();
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
    match kind {
        Kind::Exact => Matcher::Exact(pattern.into()),
        Kind::Prefix => Matcher::Prefix(pattern.strip_suffix("**").unwrap_or(pattern).into()),
        Kind::Suffix => Matcher::Suffix(pattern.strip_prefix("**").unwrap_or(pattern).into()),
        Kind::Regex => {
            regex.push('$');
            match go_regex::translate(&regex).map(|translated| Regex::new(&translated)) {
                Ok(Ok(regex)) => Matcher::Regex(regex),
                Ok(Err(_)) => Matcher::Broken("it is too large or too odd to match with".into()),
                Err(problem) => Matcher::Broken(problem),
            }
        }
    }
}
