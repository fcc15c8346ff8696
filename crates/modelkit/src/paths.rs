//! Paths inside a project and inside an archive: always relative, `/` between elements.

/// Go's `path.Clean`: the shortest equivalent path, decided from the text alone. Empty becomes `.`.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for element in path.split('/') {
        match element {
            "" | "." => {}
            ".." => match kept.last() {
                Some(&"..") | None if !rooted => kept.push(".."),
                _ => {
                    kept.pop();
                }
            },
            _ => kept.push(element),
        }
    }
    let joined = kept.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

/// Whether `path`, cleaned, lies within `root`, cleaned, by whole elements. `.` contains everything
/// that does not climb out.
pub fn within(path: &str, root: &str) -> bool {
    if root == "." {
        return path != ".." && !path.starts_with("../");
    }
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_is_lexical() {
        for (path, cleaned) in [
            ("", "."),
            (".", "."),
            ("./a", "a"),
            ("a/", "a"),
            ("a//b/./c", "a/b/c"),
            ("a/../b", "b"),
            ("a/..", "."),
            ("../a/..", ".."),
            ("../../x", "../../x"),
            ("a/../../x", "../x"),
            ("/..", "/"),
            ("/a/../..", "/"),
            ("a..b", "a..b"),
            ("...", "..."),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
    }

    #[test]
    fn within_takes_whole_elements() {
        assert!(within("data/x", "data"));
        assert!(within("data", "data"));
        assert!(!within("data2/x", "data"));
        assert!(within("x", "."));
        assert!(within(".", "."));
        assert!(!within("../x", "."));
    }
}
