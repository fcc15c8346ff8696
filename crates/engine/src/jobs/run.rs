//! What each kind of job does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use kitbench_modelkit::cache::FileCache;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::pack::{PackOptions, pack};
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::store::Store;
use kitbench_modelkit::{Digest, Reference};
use kitbench_protocol::{ErrorKind, ErrorView, EventKind, LastPack, StartPack};
use kitbench_registry::{FolderJournal, Outcome as Moved, Push};

use super::watcher::JobWatcher;
use super::{JobSpec, Outcome, cancelled};
use crate::errors::{internal, view_of_kit, view_of_state};
use crate::kits::{self, decimal_size, display, parse_reference, record, store};
use crate::state::packs::NewPack;
use crate::{Inner, packing, projects, registries};

/// How deep parents of parents are followed when pulling, as `kit` does.
const MAX_PARENTS: usize = 10;

/// Does the job to its end; a stop asked for through `token` ends it as cancelled.
pub async fn run(
    inner: Arc<Inner>,
    spec: JobSpec,
    watcher: Arc<JobWatcher>,
    token: CancellationToken,
) -> Result<Outcome, ErrorView> {
    match spec {
        JobSpec::Pack(call) => run_pack(&inner, call, watcher, token).await,
        JobSpec::Push { source, target } => {
            run_push(&inner, &source, &target, watcher, token).await
        }
        JobSpec::Pull { reference } => run_pull(&inner, &reference, watcher, token).await,
        JobSpec::Unpack {
            reference,
            target,
            filters,
            if_exists,
        } => {
            let work = move |inner: &Arc<Inner>| {
                let reference = parse_reference(&reference)?.or_latest();
                let store = store(inner);
                let options = kits::unpack_options(&target, &filters, if_exists)?;
                let kit = store.kit(&reference).map_err(|error| view_of_kit(&error))?;
                let unpacked =
                    kitbench_modelkit::unpack::unpack(&kit, &options, &store, &*watcher, &token)
                        .map_err(|error| view_of_kit(&error))?;
                let digest = store
                    .resolve(&reference)
                    .map_err(|error| view_of_kit(&error))?
                    .digest
                    .to_string();
                record(inner, &digest, &format!("Unpacked to {target}"), "");
                Ok(Outcome {
                    summary: format!("Unpacked {} files to {target}", unpacked.files),
                    digest: Some(digest),
                })
            };
            crate::blocking(&inner, work).await
        }
        JobSpec::Verify { reference } => run_verify(&inner, reference, watcher, token).await,
    }
}

async fn run_pack(
    inner: &Arc<Inner>,
    call: StartPack,
    watcher: Arc<JobWatcher>,
    token: CancellationToken,
) -> Result<Outcome, ErrorView> {
    let push = call.push;
    let first_tag = call.tags.first().cloned().unwrap_or_default();
    let other_tags: Vec<String> = call.tags.iter().skip(1).cloned().collect();
    let packed = {
        let (watcher, token) = (watcher.clone(), token.clone());
        crate::blocking(inner, move |inner| pack_now(inner, &call, &watcher, &token)).await?
    };
    if !push {
        return Ok(Outcome {
            summary: format!("Packed {}", display(&packed.reference)),
            digest: Some(packed.digest),
        });
    }
    let reference = packed.reference.with_tag(first_tag);
    let moved = push_now(inner, &reference, &reference, &other_tags, watcher, token).await?;
    Ok(Outcome {
        summary: format!(
            "Packed and pushed {}; {}",
            display(&reference),
            moved_words(&moved)
        ),
        digest: Some(packed.digest),
    })
}

struct PackedNow {
    reference: Reference,
    digest: String,
}

fn pack_now(
    inner: &Arc<Inner>,
    call: &StartPack,
    watcher: &JobWatcher,
    token: &CancellationToken,
) -> Result<PackedNow, ErrorView> {
    packing::check_start(call)?;
    let folder = projects::folder(inner, call.project)?;
    crate::experiments::attach::before_pack(inner, call, &folder)?;
    let mut options = PackOptions::new(&folder, parse_reference(&call.reference)?);
    options.reference.tag = call.tags.first().cloned();
    options.extra_tags = call.tags.iter().skip(1).cloned().collect();
    options.compression = packing::compression(call.compression);
    options.format = packing::format(call.format);
    options.created =
        kitbench_modelkit::time::source_date_epoch().map_err(|error| view_of_kit(&error))?;
    let store = store(inner);
    let cache = FileCache::open(&store.home().cache());
    // What is packed is what the plan saw: a file that changes while packing is an error,
    // so these stamps describe the packed files.
    let (_, planned) =
        kitbench_modelkit::pack::preview(&options, &store).map_err(|error| view_of_kit(&error))?;
    let files: BTreeMap<_, _> = planned
        .layers
        .iter()
        .flat_map(|layer| &layer.entries)
        .filter(|entry| !entry.is_folder)
        .map(|entry| (entry.path.clone(), projects::stamp(entry)))
        .collect();
    let started = Instant::now();
    let packed = pack(&store, &options, &store, &cache, watcher, token)
        .map_err(|error| view_of_kit(&error))?;
    let read: u64 = packed
        .layers
        .iter()
        .filter(|layer| !layer.reused)
        .map(|layer| layer.size)
        .sum();
    inner.hash_speed.note(read, started.elapsed());
    let digest = packed.manifest.digest.to_string();
    let bytes = packed.layers.iter().map(|layer| layer.size).sum();
    let git = crate::projects::git_state(&folder);
    let new_pack = NewPack {
        project: call.project,
        last: LastPack {
            reference: display(&packed.reference),
            tag: options.reference.tag.clone().unwrap_or_default(),
            digest: digest.clone(),
            bytes,
            packed_ms: crate::state::now_ms(),
            git_commit: git.map(|git| git.commit),
            pushed_to: None,
        },
        note: call.note.clone(),
        attached_run: call.attached_run.clone(),
        files,
    };
    inner
        .state
        .insert_pack(&new_pack)
        .map_err(|error| view_of_state(&error))?;
    record(
        inner,
        &digest,
        &format!("Packed as {}", display(&packed.reference)),
        &call.note,
    );
    let (host, repository) = (&packed.reference.registry, &packed.reference.repository);
    if packed.reference.has_registry() {
        inner
            .state
            .use_repository(host, repository)
            .map_err(|error| view_of_state(&error))?;
    }
    projects::look(inner, call.project, &[]);
    inner.events.send(EventKind::Store);
    inner.events.send(EventKind::Status);
    Ok(PackedNow {
        reference: packed.reference,
        digest,
    })
}

async fn run_push(
    inner: &Arc<Inner>,
    source: &str,
    target: &str,
    watcher: Arc<JobWatcher>,
    token: CancellationToken,
) -> Result<Outcome, ErrorView> {
    let source = parse_reference(source)?.or_latest();
    let target = if target.is_empty() {
        source.clone()
    } else {
        parse_reference(target)?.or_latest()
    };
    let target = registries::remote_reference(&target.to_string())?;
    let moved = push_now(inner, &source, &target, &[], watcher, token).await?;
    Ok(Outcome {
        summary: format!("Pushed to {}; {}", display(&target), moved_words(&moved)),
        digest: Some(moved.digest.to_string()),
    })
}

async fn push_now(
    inner: &Arc<Inner>,
    source: &Reference,
    target: &Reference,
    more_tags: &[String],
    watcher: Arc<JobWatcher>,
    token: CancellationToken,
) -> Result<Moved, ErrorView> {
    use kitbench_modelkit::source::KitSource as _;
    let manifest = {
        let source = source.clone();
        crate::blocking(inner, move |inner| {
            let kit = store(inner)
                .kit(&source)
                .map_err(|error| view_of_kit(&error))?;
            Ok(kit.manifest().map_err(|error| view_of_kit(&error))?.1)
        })
        .await?
    };
    let host = target.registry.clone();
    let client = registries::client_for(inner, &host).await?;
    let mut push = Push::new(
        manifest,
        target.repository.clone(),
        target.tag.clone().unwrap_or_else(|| "latest".into()),
    );
    push.tags.extend(more_tags.iter().cloned());
    push.mount_from = inner
        .state
        .used_repositories()
        .map_err(|error| view_of_state(&error))?
        .into_iter()
        .filter(|(known, repository)| *known == host && *repository != target.repository)
        .map(|(_, repository)| repository)
        .take(5)
        .collect();
    push.journal = Arc::new(FolderJournal::new(
        inner.options.state_folder.join("uploads"),
    ));
    let blobs = Arc::new(store(inner));
    let moved = registries::note(
        inner,
        &host,
        client.push(blobs, &push, watcher, &token).await,
    )?;
    let digest = moved.digest.to_string();
    let shown = display(target);
    let target_repository = target.repository.clone();
    crate::blocking(inner, move |inner| {
        inner
            .state
            .mark_pushed(&digest, &shown)
            .map_err(|error| view_of_state(&error))?;
        inner
            .state
            .use_repository(&host, &target_repository)
            .map_err(|error| view_of_state(&error))?;
        record(inner, &digest, &format!("Pushed to {shown}"), "");
        for project in projects::list(inner)? {
            projects::look(inner, project.id, &[]);
        }
        inner.events.send(EventKind::Store);
        Ok(())
    })
    .await?;
    Ok(moved)
}

/// What moved, for the job's summary.
fn moved_words(moved: &Moved) -> String {
    let saved = moved.reused_bytes + moved.mounted_bytes;
    match (moved.moved_bytes, saved) {
        (0, _) => "all of it was there already".into(),
        (sent, 0) => format!("{} moved", decimal_size(sent)),
        (sent, saved) => format!(
            "{} moved, {} were there already",
            decimal_size(sent),
            decimal_size(saved)
        ),
    }
}

async fn run_pull(
    inner: &Arc<Inner>,
    reference: &str,
    watcher: Arc<JobWatcher>,
    token: CancellationToken,
) -> Result<Outcome, ErrorView> {
    let wanted = registries::remote_reference(reference)?;
    let mut next = Some(wanted.clone());
    let mut seen: Vec<Reference> = Vec::new();
    let mut first: Option<Moved> = None;
    // A kit whose model is another kit brings that one along, under its own name.
    while let Some(reference) = next.take() {
        if seen.contains(&reference) || seen.len() > MAX_PARENTS {
            return Err(ErrorView::new(
                ErrorKind::Invalid,
                format!(
                    "{} refers back to itself through its parents.",
                    display(&wanted)
                ),
                "Ask whoever made it to pack it again with another model path.",
            ));
        }
        let client = registries::client_for(inner, &reference.registry).await?;
        let selector = reference.tag_or_digest().unwrap_or_else(|| "latest".into());
        let blobs: Arc<Store> = Arc::new(store(inner));
        let pulled = client
            .pull(
                &reference.repository,
                &selector,
                blobs,
                watcher.clone(),
                &token,
            )
            .await;
        let pulled = registries::note(inner, &reference.registry, pulled)?;
        let parent = {
            let reference = reference.clone();
            crate::blocking(inner, move |inner| parent_of(inner, &reference)).await?
        };
        let digest = pulled.outcome.digest.to_string();
        record(
            inner,
            &digest,
            &format!("Pulled from {}", display(&reference)),
            "",
        );
        inner
            .state
            .use_repository(&reference.registry, &reference.repository)
            .map_err(|error| view_of_state(&error))?;
        inner.events.send(EventKind::Store);
        first.get_or_insert(pulled.outcome);
        seen.push(reference);
        next = match parent {
            Some(path) => {
                let parent = parse_reference(&path)?.or_latest();
                let here = store(inner).resolve(&parent).is_ok();
                (parent.has_registry() && !here).then_some(parent)
            }
            None => None,
        };
    }
    inner.events.send(EventKind::Registries);
    inner.events.send(EventKind::Status);
    let moved = first.ok_or_else(|| internal("pulling", "nothing was pulled"))?;
    Ok(Outcome {
        summary: format!("Pulled {}; {}", display(&wanted), moved_words(&moved)),
        digest: Some(moved.digest.to_string()),
    })
}

/// The kit that a stored kit's model comes from.
fn parent_of(inner: &Inner, reference: &Reference) -> Result<Option<String>, ErrorView> {
    let source = store(inner)
        .kit(reference)
        .map_err(|error| view_of_kit(&error))?;
    let kit = Kit::read(&source).map_err(|error| view_of_kit(&error))?;
    Ok(kit.parent().map(str::to_owned))
}

async fn run_verify(
    inner: &Arc<Inner>,
    reference: String,
    watcher: Arc<JobWatcher>,
    token: CancellationToken,
) -> Result<Outcome, ErrorView> {
    crate::blocking(inner, move |inner| {
        let reference = parse_reference(&reference)?.or_latest();
        let store = store(inner);
        let digest: Digest = store
            .resolve(&reference)
            .map_err(|error| view_of_kit(&error))?
            .digest;
        let verified = store
            .verify(false, &*watcher, &token)
            .map_err(|error| view_of_kit(&error))?;
        let mine: Vec<_> = verified
            .damage
            .iter()
            .filter(|damage| damage.kit.full_repository() == reference.full_repository())
            .collect();
        if token.is_cancelled() {
            return Err(cancelled());
        }
        if let Some(damage) = mine.first() {
            return Err(ErrorView::new(
                ErrorKind::Invalid,
                format!("{} is damaged: {}.", display(&reference), damage.problem),
                "Pull or pack it again.",
            ));
        }
        record(
            inner,
            &digest.to_string(),
            "Verified",
            "all bytes were hashed again",
        );
        Ok(Outcome {
            summary: format!("{}: all bytes are as they were packed", display(&reference)),
            digest: Some(digest.to_string()),
        })
    })
    .await
}
