//! Layer paths: cleaning, and what a path is by its looks alone.

/// The shortest equivalent path, by Go's `path.Clean`: no `.`, no doubled or trailing slash, `..`
/// resolved as far as possible; empty becomes `.`. Purely lexical.
pub fn clean_path(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Whether a path is absolute, on this or on another system: `/x`, `C:\x`, `\\host\x`.
pub fn is_absolute(path: &str) -> bool {
    let drive = match path.as_bytes() {
        [letter, b':', b'\\' | b'/', ..] => letter.is_ascii_alphabetic(),
        _ => false,
    };
    path.starts_with('/') || path.starts_with("\\\\") || drive
}

/// Whether a path leaves the project folder once cleaned.
pub fn is_outside(path: &str) -> bool {
    let clean = clean_path(path);
    clean == ".." || clean.starts_with("../")
}

/// Whether cleaned path `inner` is `outer` or lies within it. `.` contains everything.
pub fn lies_within(inner: &str, outer: &str) -> bool {
    outer == "."
        || inner == outer
        || inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// The scheme of a URL (`https`, `s3`), if the text is one.
pub fn url_scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let mut chars = scheme.chars();
    let fits = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    fits.then_some(scheme)
}

/// Whether a `model.path` names a parent ModelKit: it contains `:` or `@` and is a reference with
/// a tag or a digest. Anything else is a file path.
pub fn is_kit_reference(path: &str) -> bool {
    if url_scheme(path).is_some() || !path.contains([':', '@']) {
        return false;
    }
    if is_digest(path) {
        return true;
    }
    let (registry, rest) = match path.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) => (Some(first), rest),
        _ => (None, path),
    };
    if registry.is_some_and(|registry| !is_registry(registry)) {
        return false;
    }
    match rest.split_once('@') {
        Some((repository, digest)) => {
            let repository = repository.split(':').next().unwrap_or_default();
            is_repository(repository) && is_digest(digest)
        }
        None => match rest.split_once(':') {
            Some((repository, tag)) => is_repository(repository) && is_tag(tag),
            None => false,
        },
    }
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':'))
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Components of `[a-z0-9]+` joined by `.`, `_`, `__` or dashes, separated by `/`.
fn is_repository(text: &str) -> bool {
    text.split('/').all(|component| {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let separators = component.split(is_word);
        component.starts_with(is_word)
            && component.ends_with(is_word)
            && separators.into_iter().all(|separator| {
                matches!(separator, "" | "." | "_" | "__") || separator.chars().all(|c| c == '-')
            })
    })
}

fn is_tag(text: &str) -> bool {
    let mut chars = text.chars();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    chars.next().is_some_and(is_word)
        && chars.all(|c| is_word(c) || matches!(c, '.' | '-'))
        && text.len() <= 128
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaned_as_go_does() {
        for (path, clean) in [
            ("", "."),
            (".", "."),
            ("./src", "src"),
            ("src/", "src"),
            ("src//a/./b", "src/a/b"),
            ("src/../lib", "lib"),
            ("a/../..", ".."),
            ("../../x", "../../x"),
            ("/../a", "/a"),
            ("/", "/"),
            ("a..b", "a..b"),
            ("a/b/../../..", ".."),
            ("https://example.com/x", "https:/example.com/x"),
        ] {
            assert_eq!(clean_path(path), clean, "{path}");
        }
    }

    #[test]
    fn references_are_told_from_paths() {
        for reference in [
            "ghcr.io/org/model:v1",
            "localhost:5000/m:latest",
            "org/model:1",
            "m:1",
            "m@sha256:c93451d81741f2753acadba54c1b933fe78952fb946817935ceedb8f4fd55233",
        ] {
            assert!(is_kit_reference(reference), "{reference}");
        }
        for path in [
            "model.bin",
            "./model",
            "C:\\x",
            "https://x.org/m",
            "Model:1",
            "a b:1",
            "m:",
            "ghcr.io/org/model",
            "m@v1",
            "a__b/c--d",
            "-a:1",
        ] {
            assert!(!is_kit_reference(path), "{path}");
        }
    }

    #[test]
    fn whole_elements_lie_within() {
        assert!(lies_within("data/a", "data"));
        assert!(!lies_within("database", "data"));
        assert!(lies_within("x", "."));
        assert!(is_outside("src/../../x"));
        assert!(!is_outside("..x"));
    }
}
