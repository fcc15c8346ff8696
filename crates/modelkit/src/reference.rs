//! References to ModelKits: `[registry/]repository[:tag|@digest][,tag…]`.
//!
//! The grammar is that of `kit`, quirks included, since it decides under which name a kit lies in
//! the store that both programs share.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The registry of references that name none: the local store.
pub const DEFAULT_REGISTRY: &str = "localhost";
/// The repository of kits packed without a name.
pub const DEFAULT_REPOSITORY: &str = "_";
/// The tag meant when none is given, where a default makes sense.
pub const DEFAULT_TAG: &str = "latest";

/// Which ModelKit is meant.
///
/// ```
/// # use kitbench_modelkit::reference::Reference;
/// let kit: Reference = "ghcr.io/acme/wine:1.2".parse()?;
/// assert_eq!((kit.registry.as_str(), kit.repository.as_str()), ("ghcr.io", "acme/wine"));
/// // Without a dot or a colon the first part is no registry.
/// let kit: Reference = "acme/wine".parse()?;
/// assert_eq!(kit.full_repository(), "localhost/acme/wine");
/// assert_eq!(kit.to_string(), "acme/wine");
/// # Ok::<(), kitbench_modelkit::reference::ReferenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// Host and optional port, or [`DEFAULT_REGISTRY`].
    pub registry: String,
    /// Path below the registry, or [`DEFAULT_REPOSITORY`].
    pub repository: String,
    /// The tag, if one was given. Never set together with `digest`.
    pub tag: Option<String>,
    /// The digest, if one was given.
    pub digest: Option<Digest>,
}

/// Why a text is not a reference. The sentence says which part is wrong and how to put it right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    #[error("a reference is needed, such as registry.example/team/model:v1")]
    Empty,
    #[error(
        "the registry “{0}” is not a host name with an optional port, such as ghcr.io or localhost:5000"
    )]
    Registry(String),
    #[error("the repository “{0}” must be lower case; try “{1}”")]
    UpperCase(String, String),
    #[error(
        "the repository “{repository}” is not valid at “{part}”: each part between slashes starts and ends with a letter or digit, with single dots, one or two underscores, or dashes in between"
    )]
    Repository { repository: String, part: String },
    #[error("the repository is missing before “{0}”; write registry/repository:tag")]
    NoRepository(String),
    #[error(
        "the tag “{0}” is not valid: up to 128 letters, digits, dots, dashes and underscores, not starting with a dot or dash"
    )]
    Tag(String),
    #[error("after @ a digest is needed: sha256: and 64 lower-case hexadecimal digits, not “{0}”")]
    Digest(String),
    #[error("further tags (“{0}”) make no sense here; name one ModelKit")]
    ExtraTags(String),
}

impl Reference {
    /// Where kits go that were packed without a name: `localhost/_`, no tag.
    pub fn unnamed() -> Reference {
        Reference {
            registry: DEFAULT_REGISTRY.into(),
            repository: DEFAULT_REPOSITORY.into(),
            tag: None,
            digest: None,
        }
    }

    /// A repository by its stored name, `registry/repository`, as in the store's index files.
    pub fn from_full_repository(name: &str) -> Option<Reference> {
        let (registry, repository) = name.split_once('/')?;
        (!registry.is_empty() && !repository.is_empty()).then(|| Reference {
            registry: registry.into(),
            repository: repository.into(),
            tag: None,
            digest: None,
        })
    }

    /// Parses `text` with the tags that may follow after commas.
    ///
    /// # Errors
    /// A [`ReferenceError`] that names the wrong part.
    pub fn parse_with_tags(text: &str) -> Result<(Reference, Vec<String>), ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if let Ok(digest) = text.parse::<Digest>() {
            let reference = Reference {
                digest: Some(digest),
                ..Reference::unnamed()
            };
            return Ok((reference, Vec::new()));
        }
        let mut parts = text.split(',');
        let first = parts.next().unwrap_or_default();
        let extra = parts.map(check_tag).collect::<Result<Vec<_>, _>>()?;
        Ok((parse_one(first)?, extra))
    }

    /// The registry and repository together, the key of the store's per-repository files.
    pub fn full_repository(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// Whether the kit can be pushed and pulled, that is, a registry is named.
    pub fn has_registry(&self) -> bool {
        self.registry != DEFAULT_REGISTRY
    }

    /// Whether this is where kits go that were packed without a name.
    pub fn is_unnamed(&self) -> bool {
        self.registry == DEFAULT_REGISTRY && self.repository == DEFAULT_REPOSITORY
    }

    /// The same with tag [`DEFAULT_TAG`] if neither tag nor digest was given.
    #[must_use]
    pub fn or_latest(mut self) -> Reference {
        if self.tag.is_none() && self.digest.is_none() {
            self.tag = Some(DEFAULT_TAG.into());
        }
        self
    }

    /// The same repository at `tag`.
    #[must_use]
    pub fn with_tag(&self, tag: impl Into<String>) -> Reference {
        Reference {
            tag: Some(tag.into()),
            digest: None,
            ..self.clone()
        }
    }

    /// The same repository at `digest`.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Reference {
        Reference {
            tag: None,
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// The tag or digest as text, if any.
    pub fn tag_or_digest(&self) -> Option<String> {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Some(digest.to_string()),
            (None, tag) => tag.clone(),
        }
    }
}

/// Shown without what a reader need not see: `localhost/`, the name of unnamed kits and a lone `@`.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.registry != DEFAULT_REGISTRY {
            write!(f, "{}/", self.registry)?;
        }
        let named = !self.is_unnamed();
        if named {
            f.write_str(&self.repository)?;
        }
        match (&self.digest, &self.tag) {
            (Some(digest), _) if named => write!(f, "@{digest}"),
            (Some(digest), _) => write!(f, "{digest}"),
            (None, Some(tag)) => write!(f, ":{tag}"),
            (None, None) if named => Ok(()),
            (None, None) => f.write_str("<none>"),
        }
    }
}

/// One reference; further tags after commas are refused.
impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        let (reference, extra) = Reference::parse_with_tags(text)?;
        if extra.is_empty() {
            Ok(reference)
        } else {
            Err(ReferenceError::ExtraTags(extra.join(",")))
        }
    }
}

fn parse_one(text: &str) -> Result<Reference, ReferenceError> {
    if text.is_empty() {
        return Err(ReferenceError::Empty);
    }
    let (registry, rest) = match text.split_once('/') {
        // Only a dot or a colon makes the first part a host; `localhost/q` is the repository
        // `localhost/q` of the registry `localhost`.
        Some((first, rest)) if first.contains(['.', ':']) => (first, rest),
        _ => (DEFAULT_REGISTRY, text),
    };
    let (repository, tag, digest) = if let Some((name, digest)) = rest.split_once('@') {
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        let digest = digest
            .parse()
            .map_err(|_| ReferenceError::Digest(crate::error::shorten(digest)))?;
        (name, None, Some(digest))
    } else if let Some((name, tag)) = rest.split_once(':') {
        (name, Some(tag), None)
    } else {
        (rest, None, None)
    };
    check_registry(registry)?;
    if repository.is_empty() {
        return Err(ReferenceError::NoRepository(crate::error::shorten(rest)));
    }
    check_repository(repository)?;
    let tag = tag.map(check_tag).transpose()?;
    Ok(Reference {
        registry: registry.into(),
        repository: repository.into(),
        tag,
        digest,
    })
}

/// A host (name, IPv4, or IPv6 in brackets) with an optional port.
fn check_registry(registry: &str) -> Result<(), ReferenceError> {
    let error = || ReferenceError::Registry(crate::error::shorten(registry));
    let (host, port) = if let Some(rest) = registry.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or_else(error)?;
        let ipv6 = address.contains(':')
            && address
                .bytes()
                .all(|b| b.is_ascii_hexdigit() || b":.".contains(&b));
        if !ipv6 {
            return Err(error());
        }
        match port.strip_prefix(':') {
            Some(port) => ("ipv6", Some(port)),
            None if port.is_empty() => ("ipv6", None),
            None => return Err(error()),
        }
    } else {
        match registry.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (registry, None),
        }
    };
    let host_ok = !host.is_empty()
        && host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        });
    let port_ok = port
        .is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
    if host_ok && port_ok {
        Ok(())
    } else {
        Err(error())
    }
}

/// Components of `[a-z0-9]+` joined by `.`, `_`, `__` or dashes, separated by `/`.
fn check_repository(repository: &str) -> Result<(), ReferenceError> {
    if repository.chars().any(char::is_uppercase) {
        return Err(ReferenceError::UpperCase(
            crate::error::shorten(repository),
            crate::error::shorten(&repository.to_lowercase()),
        ));
    }
    for part in repository.split('/') {
        if !component_is_valid(part) {
            return Err(ReferenceError::Repository {
                repository: crate::error::shorten(repository),
                part: crate::error::shorten(part),
            });
        }
    }
    Ok(())
}

fn component_is_valid(part: &str) -> bool {
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut rest = part.as_bytes();
    loop {
        let word = rest.iter().take_while(|b| alphanumeric(b)).count();
        if word == 0 {
            return false;
        }
        rest = rest.get(word..).unwrap_or_default();
        let gap = rest.iter().take_while(|b| !alphanumeric(b)).count();
        match rest.get(..gap).unwrap_or_default() {
            b"" => return rest.is_empty(),
            b"." | b"_" | b"__" => {}
            dashes if dashes.iter().all(|b| *b == b'-') => {}
            _ => return false,
        }
        rest = rest.get(gap..).unwrap_or_default();
    }
}

fn check_tag(tag: &str) -> Result<String, ReferenceError> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let valid = tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-');
    if valid {
        Ok(tag.into())
    } else {
        Err(ReferenceError::Tag(crate::error::shorten(tag)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (String, String, Option<String>) {
        let reference: Reference = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        let end = reference.tag_or_digest();
        (reference.registry, reference.repository, end)
    }

    #[test]
    fn the_registry_needs_a_dot_or_a_colon() {
        let of =
            |a: &str, b: &str, c: Option<&str>| (a.to_owned(), b.to_owned(), c.map(str::to_owned));
        assert_eq!(parse("m"), of("localhost", "m", None));
        assert_eq!(parse("m:1"), of("localhost", "m", Some("1")));
        assert_eq!(parse("myorg/m:1"), of("localhost", "myorg/m", Some("1")));
        assert_eq!(
            parse("localhost/q:z"),
            of("localhost", "localhost/q", Some("z"))
        );
        assert_eq!(
            parse("localhost:5000/q:z"),
            of("localhost:5000", "q", Some("z"))
        );
        assert_eq!(parse("ghcr.io/a/b/c"), of("ghcr.io", "a/b/c", None));
        assert_eq!(parse("[::1]:5000/a"), of("[::1]:5000", "a", None));
    }

    #[test]
    fn a_digest_wins_over_a_tag_and_a_bare_one_is_of_no_repository() {
        let digest = Digest::of(b"x");
        let full = format!("r.io/m:v1@{digest}");
        assert_eq!(
            parse(&full),
            ("r.io".into(), "m".into(), Some(digest.to_string()))
        );
        let bare: Reference = digest.to_string().parse().unwrap();
        assert!(bare.is_unnamed());
        assert_eq!(bare.to_string(), digest.to_string());
    }

    #[test]
    fn display_hides_defaults_and_parses_back() {
        for text in ["m:1", "a/b:latest", "ghcr.io/a/b:1", "localhost/q:z"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
        assert_eq!(Reference::unnamed().to_string(), "<none>");
    }

    #[test]
    fn extra_tags_follow_commas() {
        let (reference, extra) = Reference::parse_with_tags("m:a,b,c-1").unwrap();
        assert_eq!(
            (reference.to_string(), extra),
            ("m:a".into(), vec!["b".to_owned(), "c-1".into()])
        );
        assert!(matches!(
            "m:a,b".parse::<Reference>(),
            Err(ReferenceError::ExtraTags(_))
        ));
        assert!(matches!(
            Reference::parse_with_tags("m:a,"),
            Err(ReferenceError::Tag(_))
        ));
    }

    #[test]
    fn each_error_names_its_part() {
        use ReferenceError as E;
        let error = |text: &str| text.parse::<Reference>().unwrap_err();
        assert_eq!(error(""), E::Empty);
        assert_eq!(
            error("Acme/M:1"),
            E::UpperCase("Acme/M".into(), "acme/m".into())
        );
        assert!(matches!(error("r.io/:1"), E::NoRepository(_)));
        assert!(matches!(error(":1"), E::NoRepository(_)));
        assert!(matches!(error("a//b"), E::Repository { part, .. } if part.is_empty()));
        assert!(matches!(error("a/-b"), E::Repository { part, .. } if part == "-b"));
        assert!(matches!(error("a..b"), E::Repository { .. }));
        assert!(matches!(error("_"), E::Repository { .. }));
        assert!(matches!(error("a___b"), E::Repository { .. }));
        assert!(matches!(error("m:"), E::Tag(_)));
        assert!(matches!(error("m:.x"), E::Tag(_)));
        assert!(matches!(
            error(&format!("m:{}", "x".repeat(129))),
            E::Tag(_)
        ));
        assert!(matches!(error("m@sha256:12"), E::Digest(_)));
        assert!(matches!(error("a.b:port/m"), E::Registry(_)));
        assert!(matches!(error("a.b:99999/m"), E::Registry(_)));
        for fine in ["a--b", "a__b", "a_b.c-d", "1", "m:A_b.c-1"] {
            assert!(fine.parse::<Reference>().is_ok(), "{fine}");
        }
    }
}
