//! Which name was probably meant.

/// The number of single-character insertions, removals, replacements and swaps of neighbours
/// between two names, without regard to case.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(ca != cb);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

/// Names used elsewhere for what a Kitfile calls otherwise.
const SYNONYMS: [(&str, &str); 16] = [
    ("author", "authors"),
    ("maintainers", "authors"),
    ("data", "datasets"),
    ("documentation", "docs"),
    ("desc", "description"),
    ("summary", "description"),
    ("licence", "license"),
    ("spdx", "license"),
    ("file", "path"),
    ("filename", "path"),
    ("params", "parameters"),
    ("hyperparameters", "parameters"),
    ("metadata", "parameters"),
    ("title", "name"),
    ("url", "remotePath"),
    ("hash", "remoteHash"),
];

/// The one of `known` that `name` was probably meant to be.
pub(crate) fn closest<'k>(
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Option<&'k str> {
    let lower = name.to_lowercase();
    let synonym = SYNONYMS.iter().find(|(other, _)| *other == lower);
    if let Some((_, meant)) = synonym
        && let Some(found) = known.clone().find(|key| key == meant)
    {
        return Some(found);
    }
    // One slip in a short name, two in a longer one.
    let slips = if name.chars().count() < 5 { 1 } else { 2 };
    known
        .map(|key| (distance(name, key), key))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_synonyms() {
        let known = ["name", "version", "description", "license", "authors"];
        let meant = |name| closest(name, known.iter().copied());
        assert_eq!(meant("author"), Some("authors"));
        assert_eq!(meant("Authors"), Some("authors"));
        assert_eq!(meant("licence"), Some("license"));
        assert_eq!(meant("nmae"), Some("name"));
        assert_eq!(meant("desc"), Some("description"));
        assert_eq!(meant("colour"), None);
        assert_eq!(meant("x"), None);
    }
}
