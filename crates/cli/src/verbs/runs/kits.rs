//! Runs inside ModelKits, local or remote, read from their layers.

use kitbench_engine::in_kits::{self, Hold, KitRuns, Limits};
use kitbench_modelkit::reference::Reference;
use kitbench_modelkit::source::KitResolver;
use kitbench_modelkit::store::Store;
use kitbench_protocol::ErrorKind;
use kitbench_runs::{Problem, Reader, Refresh, Run, RunsError, Series, Source};
use tokio_util::sync::CancellationToken;

use super::found::{Choice, Found};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::kits as anywhere;

/// Tags of one repository that are read.
const MOST_TAGS: usize = 200;

/// Finds kits for a choice that names a reference.
pub struct Kits {
    finder: Box<dyn KitResolver>,
    store: Store,
    cancel: CancellationToken,
    /// What to read; none when the choice is a place on disk.
    references: Vec<Reference>,
    one_per_tag: bool,
    all_layers: bool,
}

impl Kits {
    /// Whether `choice` means kits, and which: a path that is there is a path.
    pub async fn of(context: &Context, choice: &Choice) -> Outcome<Kits> {
        let mut kits = Kits {
            finder: Box::new(anywhere::anywhere(context, &choice.network)),
            store: context.store.clone(),
            cancel: context.cancel.clone(),
            references: Vec::new(),
            one_per_tag: choice.tags,
            all_layers: choice.all_layers,
        };
        let text = choice.path.to_string_lossy();
        let is_address = text.starts_with("http://") || text.starts_with("https://");
        if is_address || (!choice.tags && choice.path.exists()) {
            return Ok(kits);
        }
        let Ok(reference) = text.parse::<Reference>() else {
            return Ok(kits);
        };
        if !choice.tags {
            let known = context
                .store
                .resolve(&reference.clone().or_latest())
                .is_ok();
            // What is neither there nor names a registry is told as a missing path.
            if known || reference.has_registry() && text.contains(':') {
                kits.references.push(reference.or_latest());
            }
            return Ok(kits);
        }
        kits.references = tags(context, choice, &reference).await?;
        if kits.references.is_empty() {
            return Err(Failure::failed(
                ErrorKind::NotFound,
                format!("There are no tags of `{reference}`."),
                "`kitbench list` shows the kits of this computer; name the registry for those there.",
            ));
        }
        Ok(kits)
    }

    /// The runs of the kits meant; `None` when the choice is a place on disk.
    pub fn find(&self) -> Outcome<Option<Vec<Box<dyn Reader>>>> {
        if self.references.is_empty() {
            return Ok(None);
        }
        let mut readers = Vec::new();
        for reference in &self.references {
            let kit = self.open(reference)?;
            for note in &kit.took.notes {
                log::warn!("{reference}: {note}");
            }
            if kit.took.unread_bytes > 0 {
                log::warn!("{reference}: --all-layers reads the rest.");
            }
            if self.one_per_tag {
                match TagReader::new(reference, kit) {
                    Some(reader) => readers.push(Box::new(reader) as Box<dyn Reader>),
                    None => log::warn!("{reference} holds no run."),
                }
            } else {
                let (own, hold) = kit.into_readers();
                readers.extend(own.into_iter().map(|inner| {
                    Box::new(Held {
                        inner,
                        _hold: hold.clone(),
                    }) as Box<dyn Reader>
                }));
            }
        }
        Ok(Some(readers))
    }

    fn open(&self, reference: &Reference) -> Outcome<KitRuns> {
        let local = self.store.resolve(reference).is_ok();
        let limits = match (local, self.all_layers) {
            (true, _) => Limits::LOCAL,
            (false, false) => Limits::REMOTE,
            (false, true) => Limits {
                layers: u64::MAX - 1,
                ..Limits::LOCAL
            },
        };
        let source = self.finder.find(reference)?;
        Ok(in_kits::open(source.as_ref(), None, limits, &self.cancel)?)
    }
}

/// The tags of a repository: on its registry if it names one, else in the local store; `latest`
/// only where it is the only name.
async fn tags(
    context: &Context,
    choice: &Choice,
    reference: &Reference,
) -> Outcome<Vec<Reference>> {
    let mut found: Vec<Reference> = Vec::new();
    let store = context.store.clone();
    let repository = reference.full_repository();
    for kit in context.blocking(move || Ok(store.list()?)).await? {
        if kit.repository.full_repository() != repository {
            continue;
        }
        let name = kit
            .tags
            .iter()
            .find(|tag| *tag != "latest")
            .or(kit.tags.first());
        found.extend(name.map(|tag| kit.repository.with_tag(tag.clone())));
    }
    if reference.has_registry() {
        let registry = choice.network.registry(context, &reference.registry)?;
        let listed = registry.all_tags(&reference.repository, MOST_TAGS).await;
        let names = match listed {
            Ok(names) => names,
            Err(error) if found.is_empty() => return Err(error.into()),
            Err(error) => {
                log::warn!("{}: {error}", reference.registry);
                Vec::new()
            }
        };
        for name in names {
            let tag = reference.with_tag(name.clone());
            if name != "latest" && !found.iter().any(|known| known.tag == tag.tag) {
                found.push(tag);
            }
        }
    }
    found.truncate(MOST_TAGS);
    Ok(found)
}

/// A reader of files that are there as long as it is held.
struct Held {
    inner: Box<dyn Reader>,
    _hold: Hold,
}

impl Reader for Held {
    fn source(&self) -> &Source {
        self.inner.source()
    }

    fn runs(&self) -> Vec<&Run> {
        self.inner.runs()
    }

    fn rows(&self) -> Vec<&Run> {
        self.inner.rows()
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        self.inner.refresh()
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        self.inner.series(run, key)
    }

    fn problems(&self) -> Vec<Problem> {
        self.inner.problems()
    }
}

/// The run that made a kit, by the name of the tag.
struct TagReader {
    inner: Held,
    /// Its id in the kit.
    id: String,
    run: Run,
}

impl TagReader {
    fn new(reference: &Reference, kit: KitRuns) -> Option<TagReader> {
        let attached = kit.record.is_some();
        let (at, run) = kit.chosen().map(|(at, run)| (at, run.clone()))?;
        let id = run.id.clone();
        let (mut readers, hold) = kit.into_readers();
        let mut tagged = run;
        tagged.tags.insert("kit".into(), reference.to_string());
        tagged.tags.insert("run".into(), tagged.name.clone());
        tagged.tags.insert("attached".into(), attached.to_string());
        tagged.name = reference
            .tag
            .clone()
            .unwrap_or_else(|| reference.to_string());
        tagged.id = reference.to_string();
        Some(TagReader {
            inner: Held {
                inner: readers.swap_remove(at),
                _hold: hold,
            },
            id,
            run: tagged,
        })
    }
}

impl Reader for TagReader {
    fn source(&self) -> &Source {
        self.inner.source()
    }

    fn runs(&self) -> Vec<&Run> {
        vec![&self.run]
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        // A kit does not change.
        Ok(Refresh::default())
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        if run != self.run.id {
            return Err(RunsError::UnknownRun {
                path: self.source().path.clone(),
                run: run.to_owned(),
            });
        }
        self.inner.series(&self.id, key)
    }

    fn problems(&self) -> Vec<Problem> {
        self.inner.problems()
    }
}

/// The readers of the kits or of the place that `choice` means.
pub fn found(choice: &Choice, kits: &Kits) -> Outcome<Found> {
    match kits.find()? {
        Some(readers) => choice.of_readers(readers),
        None => choice.find(),
    }
}
