//! The leaderboard of tags: each packed tag as a row with the metrics of the run that made it,
//! the working folder first.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use kitbench_modelkit::Reference;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::source::KitSource;
use kitbench_protocol::{
    ErrorView, ListPackedRuns, MetricColumn, PackedPlace, PackedRow, PackedRuns, ProjectId,
};
use kitbench_runs::{Run, Series};

use super::in_kits::{self, KitRuns, Limits};
use super::{attach, columns, lock};
use crate::errors::{view_of_kit, view_of_state};
use crate::kits::{display, store};
use crate::{Inner, blocking, projects, registries};

/// Repositories of one project that are looked at.
const MOST_REPOSITORIES: usize = 8;
/// Tags listed; of those beyond only their number is told.
const MOST_TAGS: usize = 100;
/// Metrics of a row with a trend.
const SPARK_METRICS: usize = 12;

/// The runs of a kit that a project's charts can draw.
pub struct PackedKit {
    kit: KitRuns,
    limits: Limits,
    /// Reader and id of the run that stands for it.
    chosen: Option<(usize, String)>,
}

impl PackedKit {
    fn new(kit: KitRuns, limits: Limits) -> PackedKit {
        PackedKit {
            chosen: kit.chosen().map(|(at, run)| (at, run.id.clone())),
            kit,
            limits,
        }
    }

    /// The run that stands for the kit.
    pub fn run(&self) -> Option<&Run> {
        let (at, id) = self.chosen.as_ref()?;
        self.kit.readers.get(*at)?.run(id)
    }

    /// Every point of one of its metrics that the kit holds.
    pub fn series(&self, metric: &str) -> Result<Arc<Series>, ErrorView> {
        let chosen = self.chosen.as_ref();
        let reader = chosen.and_then(|(at, id)| Some((self.kit.readers.get(*at)?, id)));
        let Some((reader, id)) = reader else {
            return Err(super::run_is_gone());
        };
        let series = reader
            .series(id, metric)
            .map_err(|error| super::view_of_runs(&error))?;
        Ok(Arc::new(series))
    }
}

/// The id by which charts know the run of a packed tag.
fn id_of(reference: &str) -> String {
    format!("kit|{reference}")
}

/// A tag to make a row of.
struct Tag {
    reference: Reference,
    also: Vec<String>,
    digest: String,
    created_ms: Option<i64>,
}

/// The local tags of a project, and where to ask for more.
struct Listed {
    repositories: Vec<Reference>,
    tags: Vec<Tag>,
    cache: PathBuf,
}

/// Answers [`ListPackedRuns`].
pub async fn list(inner: &Arc<Inner>, call: ListPackedRuns) -> Result<PackedRuns, ErrorView> {
    let project = call.project;
    let mut listed = blocking(inner, move |inner| listed(inner, project)).await?;
    let mut answer = PackedRuns {
        repositories: listed.repositories.iter().map(display).collect(),
        has_remote: listed.repositories.iter().any(Reference::has_registry),
        ..PackedRuns::default()
    };
    answer.more_tags = listed.tags.len().saturating_sub(MOST_TAGS) as u32;
    listed.tags.truncate(MOST_TAGS);
    let here: BTreeSet<String> = listed.tags.iter().map(|tag| tag.digest.clone()).collect();
    let cache = listed.cache.clone();
    let mut rows = blocking(inner, {
        let repositories = listed.repositories.clone();
        move |inner| {
            let mut rows = Vec::new();
            rows.extend(working_folder(inner, project, repositories.first())?);
            for tag in &listed.tags {
                rows.push(local_row(inner, project, tag, &listed.cache)?);
            }
            Ok(rows)
        }
    })
    .await?;
    if call.remote {
        for repository in listed_remotes(&answer.repositories) {
            match remote_rows(inner, &call, &repository, &here, &cache).await {
                Ok((more, beyond)) => {
                    rows.extend(more);
                    answer.more_tags += beyond;
                }
                Err(error) => {
                    answer
                        .problems
                        .push(format!("{}: {}", display(&repository), error.message))
                }
            }
        }
        // The working folder stays first.
        rows.sort_by_key(|row: &PackedRow| {
            let first = row.place != PackedPlace::WorkingFolder;
            (first, std::cmp::Reverse(row.created_ms))
        });
    }
    answer.metrics = metric_columns(&rows);
    answer.rows = rows;
    Ok(answer)
}

fn listed_remotes(repositories: &[String]) -> Vec<Reference> {
    let parsed = repositories.iter().filter_map(|text| text.parse().ok());
    parsed.filter(Reference::has_registry).collect()
}

/// The repositories the project was packed into, else the one it would be, and their local kits.
fn listed(inner: &Arc<Inner>, project: ProjectId) -> Result<Listed, ErrorView> {
    let packed = inner
        .state
        .packed_references(project)
        .map_err(|error| view_of_state(&error))?;
    let mut repositories: Vec<Reference> = Vec::new();
    let suggested = crate::packing::repository_of(inner, project)?;
    for text in packed.iter().chain([&suggested]) {
        let Ok(reference) = text.parse::<Reference>() else {
            continue;
        };
        let repository = Reference {
            tag: None,
            digest: None,
            ..reference
        };
        if !repositories.contains(&repository) && repositories.len() < MOST_REPOSITORIES {
            repositories.push(repository);
        }
    }
    let mut tags = Vec::new();
    for kit in store(inner).list().map_err(|error| view_of_kit(&error))? {
        if !repositories.contains(&kit.repository) || kit.problem.is_some() {
            continue;
        }
        // `latest` says nothing of which one it is.
        let name = kit.tags.iter().find(|tag| *tag != "latest");
        let Some(name) = name.or(kit.tags.first()).cloned() else {
            continue;
        };
        tags.push(Tag {
            also: kit
                .tags
                .iter()
                .filter(|tag| **tag != name)
                .cloned()
                .collect(),
            reference: kit.repository.with_tag(name),
            digest: kit.digest.to_string(),
            created_ms: kit.stored.map(|seconds| seconds * 1_000),
        });
    }
    tags.sort_by(|a, b| {
        b.created_ms
            .cmp(&a.created_ms)
            .then_with(|| b.reference.tag.cmp(&a.reference.tag))
    });
    Ok(Listed {
        repositories,
        tags,
        cache: inner.options.state_folder.join("kit-runs"),
    })
}

/// The project as it lies there, with the run that would be attached now.
fn working_folder(
    inner: &Arc<Inner>,
    project: ProjectId,
    repository: Option<&Reference>,
) -> Result<Option<PackedRow>, ErrorView> {
    let (changed, last) = projects::with_scan(inner, project, |scan| {
        let changed = &scan.detail.changed;
        let any = changed.added + changed.changed + changed.removed > 0;
        (any, scan.detail.last_pack.is_some())
    })?;
    let folder = projects::folder(inner, project)?;
    let runs = inner.experiments.of(inner, project)?;
    let runs = lock(&runs);
    let attached = attach::present(&folder).map(|(_, record)| record);
    let chosen = {
        let found = runs.own_runs();
        let is_attached = |run: &Run| {
            let is_it = |record: &super::record::RunRecord| {
                record.id == run.id && record.kind() == run.source
            };
            attached.as_ref().is_some_and(is_it)
        };
        let all: Vec<&Run> = found.iter().map(|found| found.run).collect();
        let best = attach::suggested(&all);
        // A run that ended after the attached one was attached made what lies there now.
        let newest = found
            .iter()
            .find(|found| best.is_some_and(|best| std::ptr::eq(best, found.run)));
        let attached_now = found.iter().find(|found| is_attached(found.run));
        let chosen = if changed {
            newest.or(attached_now)
        } else {
            attached_now.or(newest)
        };
        let count = found.len() as u32;
        chosen.map(|found| {
            (
                found.id.clone(),
                found.run.clone(),
                is_attached(found.run),
                count,
            )
        })
    };
    let mut row = PackedRow {
        id: String::new(),
        place: PackedPlace::WorkingFolder,
        label: "Working folder".into(),
        also: Vec::new(),
        reference: repository.map(display).unwrap_or_default(),
        digest: String::new(),
        created_ms: None,
        changed: changed || !last,
        run: None,
        source: None,
        attached: false,
        runs: 0,
        git_commit: projects::git_state(&folder).map(|git| git.commit),
        params: Vec::new(),
        metrics: Vec::new(),
        unread_bytes: 0,
        notes: Vec::new(),
    };
    let Some((id, run, attached, count)) = chosen else {
        return Ok(Some(row));
    };
    fill(&mut row, &run, &mut |metric| runs.series(&id, metric).ok());
    row.id = id;
    row.attached = attached;
    row.runs = count;
    Ok(Some(row))
}

/// Puts what is known of a run into its row.
fn fill(row: &mut PackedRow, run: &Run, series: &mut dyn FnMut(&str) -> Option<Arc<Series>>) {
    row.run = Some(run.name.clone());
    row.source = Some(columns::source_name(run.source).into());
    row.params = run.flat_params();
    if run.git_commit.is_some() {
        row.git_commit.clone_from(&run.git_commit);
    }
    for (at, (name, metric)) in run.metrics.iter().enumerate() {
        let Some(mut summary) = columns::summary(metric) else {
            continue;
        };
        if at < SPARK_METRICS
            && let Some(series) = series(name)
        {
            summary.spark = columns::spark(&series.values).as_slice().into();
        }
        row.metrics.push((name.clone(), summary));
    }
}

fn local_row(
    inner: &Inner,
    project: ProjectId,
    tag: &Tag,
    cache: &std::path::Path,
) -> Result<PackedRow, ErrorView> {
    let limits = Limits::LOCAL;
    if !is_open(inner, project, tag, limits)? {
        let opened = store(inner).kit(&tag.reference).and_then(|source| {
            in_kits::open(&source, Some(cache), limits, &CancellationToken::new())
        });
        match opened {
            Ok(kit) => keep(inner, project, tag, PackedKit::new(kit, limits))?,
            Err(error) => return Ok(row_of(tag, PackedPlace::Local, vec![error.to_string()])),
        }
    }
    row(inner, project, tag, PackedPlace::Local)
}

/// Whether the tag's runs are open and nothing more would be found.
fn is_open(
    inner: &Inner,
    project: ProjectId,
    tag: &Tag,
    limits: Limits,
) -> Result<bool, ErrorView> {
    let runs = inner.experiments.of(inner, project)?;
    let runs = lock(&runs);
    let known = runs.packed.get(&id_of(&display(&tag.reference)));
    Ok(known.is_some_and(|kit| {
        kit.kit.digest == tag.digest && (kit.limits == limits || limits.record_only)
    }))
}

fn keep(inner: &Inner, project: ProjectId, tag: &Tag, kit: PackedKit) -> Result<(), ErrorView> {
    let runs = inner.experiments.of(inner, project)?;
    let mut runs = lock(&runs);
    let id = id_of(&display(&tag.reference));
    // The tag may have named another kit before.
    runs.held.forget(&HashSet::from([id.clone()]));
    runs.packed.insert(id, kit);
    Ok(())
}

fn row_of(tag: &Tag, place: PackedPlace, notes: Vec<String>) -> PackedRow {
    let reference = display(&tag.reference);
    PackedRow {
        id: id_of(&reference),
        place,
        label: tag.reference.tag.clone().unwrap_or_default(),
        also: tag.also.clone(),
        reference,
        digest: tag.digest.clone(),
        created_ms: tag.created_ms,
        changed: false,
        run: None,
        source: None,
        attached: false,
        runs: 0,
        git_commit: None,
        params: Vec::new(),
        metrics: Vec::new(),
        unread_bytes: 0,
        notes,
    }
}

fn row(
    inner: &Inner,
    project: ProjectId,
    tag: &Tag,
    place: PackedPlace,
) -> Result<PackedRow, ErrorView> {
    let runs = inner.experiments.of(inner, project)?;
    let runs = lock(&runs);
    let mut row = row_of(tag, place, Vec::new());
    let Some(packed) = runs.packed.get(&row.id) else {
        return Ok(row);
    };
    row.notes.clone_from(&packed.kit.took.notes);
    row.unread_bytes = packed.kit.took.unread_bytes;
    row.runs = packed.kit.runs().len() as u32;
    row.attached = packed.kit.record.is_some();
    if let Some(run) = packed.run().cloned() {
        fill(&mut row, &run, &mut |metric| packed.series(metric).ok());
    }
    Ok(row)
}

/// The tags of a repository on its registry that are not in the local store, and how many are
/// beyond those listed.
async fn remote_rows(
    inner: &Arc<Inner>,
    call: &ListPackedRuns,
    repository: &Reference,
    here: &BTreeSet<String>,
    cache: &std::path::Path,
) -> Result<(Vec<PackedRow>, u32), ErrorView> {
    let client = registries::client_for(inner, &repository.registry).await?;
    let names = client
        .all_tags(&repository.repository, 10 * MOST_TAGS)
        .await;
    let names = registries::note(inner, &repository.registry, names)?;
    let mut by_digest: BTreeMap<String, Tag> = BTreeMap::new();
    let beyond = names.len().saturating_sub(MOST_TAGS) as u32;
    let mut rows = Vec::new();
    for name in names.into_iter().take(MOST_TAGS) {
        let reference = repository.with_tag(name.clone());
        let kit = match registries::remote_kit(inner, &reference).await {
            Ok(kit) => kit,
            Err(error) => {
                let tag = Tag {
                    reference,
                    also: Vec::new(),
                    digest: String::new(),
                    created_ms: None,
                };
                rows.push(row_of(&tag, PackedPlace::Remote, vec![error.message]));
                continue;
            }
        };
        let digest = kit.digest().to_string();
        if here.contains(&digest) {
            continue;
        }
        if let Some(known) = by_digest.get_mut(&digest) {
            // As for local kits: another name before `latest`.
            if known.reference.tag.as_deref() == Some("latest") {
                known.also.push("latest".into());
                known.reference = reference;
            } else {
                known.also.push(name);
            }
            continue;
        }
        let created = kit.parsed_manifest().created();
        let tag = Tag {
            reference,
            also: Vec::new(),
            created_ms: created.and_then(kitbench_modelkit::time::parse_rfc3339_ms),
            digest: digest.clone(),
        };
        by_digest.insert(digest, tag);
    }
    for tag in by_digest.into_values() {
        let deep = call.deep.contains(&display(&tag.reference));
        let limits = if deep { Limits::REMOTE } else { Limits::RECORD };
        let project = call.project;
        let cache = cache.to_path_buf();
        let kit = registries::remote_kit(inner, &tag.reference).await?;
        let row = blocking(inner, move |inner| {
            remote_row(inner, project, &tag, &kit, &cache, limits)
        });
        rows.push(row.await?);
    }
    Ok((rows, beyond))
}

fn remote_row(
    inner: &Inner,
    project: ProjectId,
    tag: &Tag,
    source: &dyn KitSource,
    cache: &std::path::Path,
    limits: Limits,
) -> Result<PackedRow, ErrorView> {
    if !is_open(inner, project, tag, limits)? {
        match in_kits::open(source, Some(cache), limits, &CancellationToken::new()) {
            Ok(kit) => keep(inner, project, tag, PackedKit::new(kit, limits))?,
            Err(error) => return Ok(row_of(tag, PackedPlace::Remote, vec![error.to_string()])),
        }
    }
    let mut row = row(inner, project, tag, PackedPlace::Remote)?;
    if limits.record_only && row.run.is_none() {
        // What looking for the trackers' own files would cost.
        let kit = Kit::read(source).map_err(|error| view_of_kit(&error))?;
        row.unread_bytes = in_kits::cost(&kit, Limits::REMOTE);
    }
    Ok(row)
}

fn metric_columns(rows: &[PackedRow]) -> Vec<MetricColumn> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, _) in rows.iter().flat_map(|row| &row.metrics) {
        *counts.entry(name).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(name, runs)| MetricColumn {
            name: name.to_owned(),
            better: columns::better(name),
            runs,
        })
        .collect()
}
