//! Which tag comes next.

use kitbench_modelkit::Reference;

/// Suggestions, best first: a version bumped in the Kitfile, the next minor and patch
/// version of the last tag, its pre-release. Without a last tag the Kitfile's version.
pub fn suggest(last: Option<&str>, kitfile_version: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut add = |tag: String| {
        if !tags.contains(&tag) && last != Some(tag.as_str()) && is_tag(&tag) {
            tags.push(tag);
        }
    };
    let Some((prefix, version)) = last.and_then(parse) else {
        if !kitfile_version.is_empty() {
            let prefix = if last.is_none_or(|last| last.starts_with('v')) {
                "v"
            } else {
                ""
            };
            add(format!(
                "{prefix}{}",
                kitfile_version.trim_start_matches('v')
            ));
        }
        add("v0.1.0".into());
        return tags;
    };
    let bumped = parse(kitfile_version).map(|(_, bumped)| bumped);
    if let Some(bumped) = bumped
        && bumped > version
    {
        add(format!("{prefix}{}.{}.{}", bumped.0, bumped.1, bumped.2));
    }
    let (major, minor, patch) = version;
    add(format!("{prefix}{major}.{}.0", minor + 1));
    add(format!("{prefix}{major}.{minor}.{}", patch + 1));
    add(format!("{prefix}{major}.{}.0-rc1", minor + 1));
    tags
}

fn parse(tag: &str) -> Option<(&str, (u64, u64, u64))> {
    let digits = tag.trim_start_matches('v');
    let prefix = tag.get(..tag.len() - digits.len())?;
    let core = digits.split(['-', '+']).next()?;
    let mut parts = core.split('.').map(|part| part.parse::<u64>().ok());
    let version = (
        parts.next()??,
        parts.next().flatten().unwrap_or(0),
        parts.next().flatten().unwrap_or(0),
    );
    Some((prefix, version))
}

/// Word characters, dots and dashes, at most 128, not starting with a dot or dash (the
/// distribution specification's grammar).
pub fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128
        && tag.starts_with(word)
        && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// Whether a reference names a registry one can push to.
pub fn is_remote(reference: &str) -> bool {
    reference
        .parse::<Reference>()
        .is_ok_and(|reference| reference.has_registry())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_is_suggested() {
        assert_eq!(
            suggest(Some("v0.7.0"), "0.7.0"),
            ["v0.8.0", "v0.7.1", "v0.8.0-rc1"]
        );
        assert_eq!(suggest(Some("v0.7.0"), "1.0.0")[0], "v1.0.0");
        assert_eq!(suggest(None, "0.1.0"), ["v0.1.0"]);
        assert_eq!(suggest(None, ""), ["v0.1.0"]);
        assert_eq!(suggest(Some("latest"), "2.0"), ["2.0", "v0.1.0"]);
    }

    #[test]
    fn tags_follow_the_grammar() {
        assert!(is_tag("v1.0_rc-1") && !is_tag("-x") && !is_tag("a b") && !is_tag(""));
    }
}
