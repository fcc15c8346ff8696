//! Unpacking: what it would write, and the options of the job.

use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::unpack::{Existing, Filter, UnpackOptions};
use kitbench_protocol::{ErrorView, IfExists, UnpackPlan};

use super::look::list_files;
use super::{parse_reference, store};
use crate::Inner;
use crate::errors::view_of_kit;
use crate::folders;

/// Existing paths that are named; the rest is counted.
const MAX_NAMED: usize = 200;

pub fn options(
    target: &str,
    filters: &[String],
    if_exists: IfExists,
) -> Result<UnpackOptions, ErrorView> {
    let mut options = UnpackOptions::new(folders::absolute(target)?);
    options.filters = parse_filters(filters)?;
    options.existing = match if_exists {
        IfExists::Refuse => Existing::Refuse,
        IfExists::Overwrite => Existing::Overwrite,
        IfExists::Keep => Existing::Keep,
    };
    Ok(options)
}

fn parse_filters(filters: &[String]) -> Result<Vec<Filter>, ErrorView> {
    filters
        .iter()
        .map(|filter| {
            filter
                .parse::<Filter>()
                .map_err(|error| view_of_kit(&error))
        })
        .collect()
}

/// Counts what would be written and what is in the way.
pub fn plan(
    inner: &Inner,
    reference: &str,
    target: &str,
    filters: &[String],
) -> Result<UnpackPlan, ErrorView> {
    let reference = parse_reference(reference)?.or_latest();
    let target = folders::absolute(target)?;
    let filters = parse_filters(filters)?;
    let store = store(inner);
    let source = store.kit(&reference).map_err(|error| view_of_kit(&error))?;
    let kit = Kit::read(&source).map_err(|error| view_of_kit(&error))?;
    let mut plan = UnpackPlan {
        target: target.display().to_string(),
        files: 0,
        bytes: 0,
        existing: Vec::new(),
        existing_count: 0,
        disk_free_bytes: folders::disk_free(&target),
    };
    for layer in &kit.layers {
        let selected = |filter: &Filter| filter.selects(layer.kind, &layer.name, &layer.path);
        if !filters.is_empty() && !filters.iter().any(selected) {
            continue;
        }
        let files = list_files(&source, layer).map_err(|error| view_of_kit(&error))?;
        for file in files.into_iter().filter(|file| !file.is_folder) {
            plan.files += 1;
            plan.bytes += file.bytes;
            if target.join(&file.path).exists() {
                plan.existing_count += 1;
                if plan.existing.len() < MAX_NAMED {
                    plan.existing.push(file.path);
                }
            }
        }
    }
    Ok(plan)
}
