//! Changed text files, line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;

use super::{Change, Diff, Side};
use crate::error::{Error, Result};
use crate::inspect::files;
use crate::progress::CancellationToken;
use crate::text_diff::{Hunk, hunks, lines};

/// The largest file that is compared as text, in bytes.
pub const MAX_TEXT: u64 = 1 << 20;
/// The most bytes of either side that are held to compare; files beyond are left out.
const MAX_HELD: u64 = 64 << 20;
/// Unchanged lines shown around changes.
const CONTEXT: usize = 3;

/// The changes of each changed text file of `diff`, by its path; a moved file has none. Left out are
/// files that are no UTF-8 text, hold a NUL or have more than [`MAX_TEXT`] bytes. Reads the layers
/// that hold such files again.
///
/// # Errors
/// Those of reading either side; [`Error::Cancelled`].
pub fn texts(
    old: &Side<'_>,
    new: &Side<'_>,
    diff: &Diff,
    cancel: &CancellationToken,
) -> Result<BTreeMap<String, Vec<Hunk>>> {
    let mut wanted = BTreeSet::new();
    let mut held = 0;
    for file in &diff.files {
        let (Some(before), Some(after)) = (file.old_size, file.new_size) else {
            continue;
        };
        let larger = before.max(after);
        if file.change == Change::Changed
            && !file.mode_only
            && larger <= MAX_TEXT
            && held + larger <= MAX_HELD
        {
            held += larger;
            wanted.insert(file.path.clone());
        }
    }
    let (before, mut after) = (old.texts(&wanted, cancel)?, new.texts(&wanted, cancel)?);
    let mut found = BTreeMap::new();
    for (path, before) in before {
        if let Some(after) = after.remove(&path) {
            found.insert(path, hunks(&lines(&before, &after), CONTEXT));
        }
    }
    Ok(found)
}

impl Side<'_> {
    /// Those of the files `wanted` that are texts.
    fn texts(
        &self,
        wanted: &BTreeSet<String>,
        cancel: &CancellationToken,
    ) -> Result<BTreeMap<String, String>> {
        let mut texts = BTreeMap::new();
        let mut keep = |path: String, bytes: Vec<u8>| {
            if bytes.contains(&0) {
                return;
            }
            if let Ok(text) = String::from_utf8(bytes) {
                texts.insert(path, text);
            }
        };
        if wanted.is_empty() {
            return Ok(texts);
        }
        match self {
            Side::Kit { source, kit } => {
                for layer in &kit.layers {
                    files::read_files(*source, layer, wanted, MAX_TEXT, cancel, &mut keep)?;
                }
            }
            Side::Folder { context, plan, .. } => {
                let entries = plan.layers.iter().flat_map(|layer| &layer.entries);
                for entry in entries.filter(|entry| wanted.contains(&entry.path)) {
                    if cancel.is_cancelled() {
                        return Err(Error::Cancelled);
                    }
                    let path = context.join(crate::walk::to_path(entry.name()));
                    let mut bytes = Vec::new();
                    File::open(&path)
                        .map_err(Error::io("open", &path))?
                        .take(MAX_TEXT)
                        .read_to_end(&mut bytes)
                        .map_err(Error::io("read", &path))?;
                    keep(entry.path.clone(), bytes);
                }
            }
        }
        Ok(texts)
    }
}
