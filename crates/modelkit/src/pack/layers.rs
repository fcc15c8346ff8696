//! Builds the layers of a kit, several at a time.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::PackOptions;
use crate::LayerKind;
use crate::cache::{LayerCache, Layout, Remembered, fingerprint, is_settled, layout_key, stamps};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::layer::{Last, LayerBlob, LayerOptions, Patched, build, patch};
use crate::media::{Compression, Packaging};
use crate::plan::PlannedLayer;
use crate::progress::{CancellationToken, Observer, StepState};
use crate::store::{Store, TempFile};

/// A layer whose bytes are in the store already, or in a temporary file of it.
pub(super) struct Built {
    pub digest: Digest,
    pub diff_id: Digest,
    pub size: u64,
    pub file: Option<TempFile>,
}

/// How `layer` is packed: MCP bundles always raw, others as the options say.
pub(super) fn packaging_of(layer: &PlannedLayer, options: &PackOptions) -> Packaging {
    if layer.kind == LayerKind::McpServer {
        Packaging::Raw
    } else {
        options.packaging
    }
}

/// How `layer` is compressed: MCP bundles never.
pub(super) fn compression_of(layer: &PlannedLayer, options: &PackOptions) -> Compression {
    if layer.kind == LayerKind::McpServer {
        Compression::None
    } else {
        options.compression
    }
}

/// Reduces a layer to the one regular file that a raw layer is.
pub(super) fn make_raw(context: &Path, layer: &mut PlannedLayer) -> Result<()> {
    let problem = |problem: &str| Error::NotRaw {
        label: layer.label.clone(),
        path: layer.path.clone(),
        problem: problem.to_owned(),
    };
    let path = context.join(&layer.path);
    let metadata = std::fs::symlink_metadata(&path).map_err(Error::io("look at", &path))?;
    if metadata.file_type().is_symlink() {
        return Err(problem("is a symbolic link"));
    }
    if !metadata.is_file() {
        return Err(problem("is a folder; a raw layer is one file"));
    }
    if layer.kind == LayerKind::McpServer && !super::write::is_mcp_bundle(&path)? {
        return Err(problem(
            "is no MCP bundle, that is, a ZIP archive with manifest.json at its root",
        ));
    }
    let Some(at) = layer
        .entries
        .iter()
        .position(|entry| !entry.is_folder && entry.path == layer.path)
    else {
        return Err(problem("is ignored or belongs to another layer"));
    };
    layer.entries = vec![layer.entries.swap_remove(at)];
    Ok(())
}

/// Layers built at a time, and threads that compress each: these bound the memory.
const MAX_AT_ONCE: usize = 4;
const MAX_WORKERS: usize = 8;

/// Builds all layers; the first error stops the rest.
pub(super) fn build_all(
    store: &Store,
    layers: &[PlannedLayer],
    options: &PackOptions,
    cache: &dyn LayerCache,
    listed_at: i128,
    observer: &dyn Observer,
    cancel: &CancellationToken,
) -> Result<Vec<Built>> {
    let cores = options
        .threads
        .or_else(|| thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1)
        .max(1);
    let at_once = cores.min(layers.len()).clamp(1, MAX_AT_ONCE);
    // A layer that outlasts the others must be able to use all cores to compress.
    let workers = cores.min(MAX_WORKERS);
    let cancel = cancel.child_token();
    // The largest first: then the cores are busy to the end.
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by_key(|number| {
        layers
            .get(*number)
            .map(|layer| std::cmp::Reverse(layer.bytes))
    });
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Result<Built>>>> =
        Mutex::new(layers.iter().map(|_| None).collect());
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(number) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(layer) = layers.get(*number) else {
                        return;
                    };
                    let job = Job {
                        store,
                        options,
                        cache,
                        listed_at,
                        observer,
                        workers,
                    };
                    let result = if cancel.is_cancelled() {
                        Err(Error::Cancelled)
                    } else {
                        job.run(*number, layer, &cancel)
                    };
                    if result.is_err() {
                        cancel.cancel();
                        observer.state(*number, StepState::Failed);
                    }
                    if let Some(place) = results
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .get_mut(*number)
                    {
                        *place = Some(result);
                    }
                }
            });
        }
    });
    let mut built = Vec::new();
    let mut failure: Option<Error> = None;
    for result in results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
    {
        match result.unwrap_or(Err(Error::Cancelled)) {
            Ok(layer) => built.push(layer),
            // An error that stopped the others goes before their being stopped.
            Err(error) if failure.as_ref().is_none_or(Error::is_cancelled) => failure = Some(error),
            Err(_) => {}
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(built),
    }
}

/// Files from which on it is worth knowing what stands where in an archive.
const MIN_FILES: usize = 16;

struct Job<'a> {
    store: &'a Store,
    options: &'a PackOptions,
    cache: &'a dyn LayerCache,
    listed_at: i128,
    observer: &'a dyn Observer,
    workers: usize,
}

impl Job<'_> {
    fn run(
        &self,
        number: usize,
        layer: &PlannedLayer,
        cancel: &CancellationToken,
    ) -> Result<Built> {
        let options = LayerOptions {
            packaging: packaging_of(layer, self.options),
            compression: compression_of(layer, self.options),
            workers: self.workers,
        };
        let key = fingerprint(layer, options);
        if let Some(Remembered {
            digest,
            diff_id,
            size,
        }) = self.cache.get(&key)
            && self.store.has_blob(&digest, size)
        {
            self.observer.state(number, StepState::Reused);
            return Ok(Built {
                digest,
                diff_id,
                size,
                file: None,
            });
        }
        self.observer.state(number, StepState::Packing);
        let mut temp = TempFile::create(&self.store.temp_folder())?;
        let blob = self.build(number, layer, options, temp.parts()?, cancel)?;
        if blob.unsettled.is_empty() && is_settled(layer, self.listed_at) {
            self.cache.put(
                &key,
                Remembered {
                    digest: blob.digest,
                    diff_id: blob.diff_id,
                    size: blob.size,
                },
            );
        }
        let there = self.store.has_blob(&blob.digest, blob.size);
        self.observer.state(
            number,
            if there {
                StepState::Reused
            } else {
                StepState::Done
            },
        );
        let file = (!there).then_some(temp);
        Ok(Built {
            digest: blob.digest,
            diff_id: blob.diff_id,
            size: blob.size,
            file,
        })
    }

    /// Builds the layer, from what it was last time where that is faster.
    fn build(
        &self,
        number: usize,
        layer: &PlannedLayer,
        options: LayerOptions,
        (file, path): (&mut File, &Path),
        cancel: &CancellationToken,
    ) -> Result<LayerBlob> {
        let context = &self.options.context;
        // Bytes that were told already do not count again when the layer is begun anew.
        let (told, told_before) = (AtomicU64::new(0), AtomicU64::new(0));
        let progress = |bytes| {
            let now = told.fetch_add(bytes, Ordering::Relaxed) + bytes;
            let before = told_before.fetch_max(now, Ordering::Relaxed);
            if now > before {
                self.observer.bytes(number, now - before);
            }
        };
        let files = layer.entries.iter().filter(|entry| !entry.is_folder);
        let remembers = options.packaging == Packaging::Tar
            && options.compression == Compression::None
            && files.take(MIN_FILES).count() == MIN_FILES;
        if !remembers {
            return build(context, layer, options, file, path, &progress, cancel);
        }
        let key = layout_key(context, &layer.path);
        let stamps = stamps(layer);
        let layout = self.cache.layout(&key);
        let last = layout
            .as_ref()
            .and_then(|layout| Last::plan(layer, &stamps, layout));
        let mut built = None;
        if let (Some(layout), Some(last)) = (&layout, last)
            && self.store.has_blob(&layout.digest, layout.size)
            && let Ok(old) = self.store.open_blob(&layout.digest, &layer.label)
        {
            match patch(context, layer, &last, old, (file, path), &progress, cancel)? {
                Patched::Built(blob) => built = Some(blob),
                Patched::Damaged => {
                    self.observer.warning(&format!(
                        "the blob {} in the store is damaged; the {} was packed from its files, \
                         but kits that use the blob need `kitbench verify --repair`",
                        layout.digest, layer.label
                    ));
                    file.set_len(0)
                        .and_then(|()| file.seek(SeekFrom::Start(0)))
                        .map_err(Error::io("write", path))?;
                    told.store(0, Ordering::Relaxed);
                }
            }
        }
        let blob = match built {
            Some(blob) => blob,
            None => build(context, layer, options, file, path, &progress, cancel)?,
        };
        let layout = Layout::of(
            layer,
            &stamps,
            (blob.digest, blob.size),
            &blob.unsettled,
            self.listed_at,
        )?;
        self.cache.put_layout(&key, &layout);
        Ok(blob)
    }
}
