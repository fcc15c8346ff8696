//! Repository names, tags and digests as they go into addresses (distribution specification,
//! "Pulling manifests"). Checked here again, whatever the caller did: an unchecked name could
//! address another resource.

use kitbench_modelkit::Digest;

use crate::error::{Error, Result};

/// A tag or a digest: what selects a manifest within a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selector<'a> {
    Tag(&'a str),
    Digest(Digest),
}

impl Selector<'_> {
    pub fn parse(text: &str) -> Result<Selector<'_>> {
        if text.contains(':') {
            return text.parse().map(Selector::Digest).map_err(
                |error: kitbench_modelkit::digest::DigestError| Error::Config(error.to_string()),
            );
        }
        check_tag(text)?;
        Ok(Selector::Tag(text))
    }
}

/// For messages: `tag v1 of team/model` or `sha256:… of team/model`.
pub(crate) fn shown(repository: &str, tag_or_digest: &str) -> String {
    match tag_or_digest.contains(':') {
        true => format!("{tag_or_digest} of {repository}"),
        false => format!("tag {tag_or_digest} of {repository}"),
    }
}

pub(crate) fn check_repository(repository: &str) -> Result<()> {
    let fine = repository.len() <= 255
        && repository.split('/').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
                && part
                    .bytes()
                    .next()
                    .is_some_and(|b| b.is_ascii_alphanumeric())
                && part
                    .bytes()
                    .last()
                    .is_some_and(|b| b.is_ascii_alphanumeric())
        });
    if fine {
        return Ok(());
    }
    Err(Error::Config(format!(
        "{:?} is not a repository name: it consists of lower-case letters and digits, joined by . _ - and /",
        crate::explain::clip(repository, 100)
    )))
}

pub(crate) fn check_tag(tag: &str) -> Result<()> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let fine = tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-');
    if fine {
        return Ok(());
    }
    Err(Error::Config(format!(
        "{:?} is not a tag: it consists of at most 128 letters, digits, _ . and -, and does not begin with . or -",
        crate::explain::clip(tag, 140)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_change_the_address_are_refused() {
        for good in ["a", "team/model", "a-b.c_d/e__f"] {
            assert!(check_repository(good).is_ok(), "{good}");
        }
        for bad in [
            "", "/a", "a/", "a//b", "../a", "a/..", "A", "a?b", "a#b", "a%2e", "a b", "é",
        ] {
            assert!(check_repository(bad).is_err(), "{bad}");
        }
        for bad in ["", ".a", "-a", "a/b", "a?", &"x".repeat(129)] {
            assert!(check_tag(bad).is_err(), "{bad}");
        }
        assert!(Selector::parse("sha256:12").is_err());
        assert_eq!(Selector::parse("v1").unwrap(), Selector::Tag("v1"));
    }
}
