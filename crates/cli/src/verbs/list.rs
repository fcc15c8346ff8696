//! `kitbench list`: kits of the local store, or of a repository in a registry.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::source::KitResolver as _;
use kitbench_modelkit::store::StoredKit;
use kitbench_modelkit::{Error, Reference};
use kitbench_registry::ErrorKind as RegistryErrorKind;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Outcome;
use crate::kits;
use crate::network::Network;
use crate::output::table;
use crate::units;

/// Most tags that are asked about.
const MAX_TAGS: usize = 10_000;

#[derive(Debug, Args)]
pub struct List {
    /// A repository in a registry, as in ghcr.io/team/model; the local store without
    #[arg(value_name = "REGISTRY/REPOSITORY")]
    repository: Option<String>,

    /// Form of the list; json is the same as --json
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Form,

    #[command(flatten)]
    network: Network,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Table,
    Json,
}

/// One kit in the JSON of `list`. The first six are those of `kit list --format json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    repo: String,
    digest: String,
    tags: Vec<String>,
    model_name: String,
    /// Bytes of all layers, for people.
    size: String,
    author: String,
    /// The same, as a number.
    size_bytes: u64,
    /// Why the kit cannot be read, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl List {
    pub async fn run(self, context: &Context) -> Outcome {
        let rows = match &self.repository {
            Some(repository) => self.remote(context, repository).await?,
            None => {
                let kits = context.store.list()?;
                kits.into_iter().map(local_row).collect()
            }
        };
        for row in &rows {
            if let Some(problem) = &row.problem {
                log::warn!("{} {}: {problem}", row.repo, row.digest);
            }
        }
        if self.format == Form::Json {
            return context.out.json(&rows);
        }
        context.out.show(&rows, |out| write_table(out, &rows))
    }

    /// One row per tag; what is no ModelKit is passed over.
    async fn remote(&self, context: &Context, repository: &str) -> Outcome<Vec<Row>> {
        let reference = kits::reference(repository)?;
        kits::remote_only(&reference)?;
        let registry = self.network.registry(context, &reference.registry)?;
        let tags = match reference.tag_or_digest() {
            Some(one) => vec![one],
            None => registry.all_tags(&reference.repository, MAX_TAGS).await?,
        };
        let finder = self.network.resolver(context);
        let cancel = context.cancel.clone();
        context
            .blocking(move || {
                let mut rows = Vec::new();
                for tag in tags {
                    if cancel.is_cancelled() {
                        return Err(Error::Cancelled.into());
                    }
                    let tagged = match &reference.digest {
                        Some(_) => reference.clone(),
                        None => reference.with_tag(tag),
                    };
                    let kit = match finder
                        .find(&tagged)
                        .and_then(|source| Kit::read(source.as_ref()))
                    {
                        Ok(kit) => kit,
                        Err(error) if is_something_else(&error) => {
                            log::debug!("{tagged} is passed over: {error}");
                            continue;
                        }
                        Err(error) => return Err(error.into()),
                    };
                    rows.push(remote_row(&kit, &tagged));
                }
                Ok(rows)
            })
            .await
    }
}

/// Whether the tag is that of another kind of artifact.
fn is_something_else(error: &Error) -> bool {
    match error {
        Error::NotAModelKit { .. } => true,
        Error::Source(source) => source
            .downcast_ref::<kitbench_registry::Error>()
            .is_some_and(|error| error.kind() == RegistryErrorKind::NotAModelKit),
        _ => false,
    }
}

fn local_row(kit: StoredKit) -> Row {
    Row {
        repo: shown(kit.repository.to_string()),
        digest: kit.digest.to_string(),
        tags: kit.tags,
        model_name: shown(kit.name),
        size: units::bytes(kit.layer_bytes),
        author: shown(kit.authors.into_iter().next().unwrap_or_default()),
        size_bytes: kit.layer_bytes,
        problem: kit.problem,
    }
}

fn remote_row(kit: &Kit, reference: &Reference) -> Row {
    let package = &kit.kitfile.package;
    Row {
        // The registry is known: it was asked for.
        repo: reference.repository.clone(),
        digest: kit.digest.to_string(),
        tags: reference.tag.iter().cloned().collect(),
        model_name: shown(package.name.clone()),
        size: units::bytes(kit.manifest.layer_bytes()),
        author: shown(package.authors.first().cloned().unwrap_or_default()),
        size_bytes: kit.manifest.layer_bytes(),
        problem: None,
    }
}

/// What is missing shows as `<none>`.
fn shown(text: String) -> String {
    if text.is_empty() {
        "<none>".into()
    } else {
        text
    }
}

fn write_table(out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    let head = ["REPOSITORY", "TAG", "MAINTAINER", "NAME", "SIZE", "DIGEST"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for row in rows {
        let none = [String::new()];
        let tags = if row.tags.is_empty() {
            none.as_slice()
        } else {
            &row.tags
        };
        for tag in tags {
            lines.push(vec![
                row.repo.clone(),
                shown(tag.clone()),
                row.author.clone(),
                row.model_name.clone(),
                row.size.clone(),
                row.digest.clone(),
            ]);
        }
    }
    table(out, &lines)
}
