//! Registries and tags as plain data.

use kitbench_protocol::{LayerAcrossTags, Reachable, RegistryRow, SignInState};

use crate::widgets::Mark;

/// The second line of a registry: reachability first, then the sign-in.
#[must_use]
pub fn state(row: &RegistryRow) -> (Mark, String) {
    match (&row.reachable, &row.sign_in) {
        (Reachable::No(_), _) => (Mark::Offline, "Not reachable".into()),
        (_, SignInState::Refused { user }) => (Mark::Attention, format!("Login of {user} refused")),
        (_, SignInState::SignedIn { user, .. }) => (Mark::Done, format!("Signed in as {user}")),
        (_, SignInState::Anonymous) if row.address.plain_http => {
            (Mark::Note, "Not signed in, plain HTTP".into())
        }
        (_, SignInState::Anonymous) => (Mark::Note, "Not signed in".into()),
    }
}

/// The letter drawn for a registry.
#[must_use]
pub fn letter(host: &str) -> String {
    host.chars()
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default()
}

/// `repository:tag` apart.
#[must_use]
pub fn split_tag(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((repository, tag)) => (repository, Some(tag)),
        None => (text, None),
    }
}

/// A cell of "Layers across tags".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// New bytes.
    New,
    /// The same digest as the tag before.
    Same,
    Absent,
}

/// Cells of a row from the oldest tag to the newest. Tags are listed newest first.
#[must_use]
pub fn across(row: &LayerAcrossTags) -> Vec<Across> {
    let mut before: Option<&String> = None;
    let mut cells = Vec::new();
    for digest in row.digests.iter().rev() {
        cells.push(match digest {
            None => Across::Absent,
            Some(digest) if before == Some(digest) => Across::Same,
            Some(_) => Across::New,
        });
        before = digest.as_ref();
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use kitbench_protocol::LayerKind;

    #[test]
    fn layers_across_tags_mark_new_bytes() {
        let digest = |text: &str| Some(text.to_owned());
        let row = LayerAcrossTags {
            label: "Model".into(),
            kind: LayerKind::Model,
            digests: vec![digest("b"), digest("b"), None, digest("a")],
        };
        assert_eq!(
            across(&row),
            [Across::New, Across::Absent, Across::New, Across::Same]
        );
    }
}
