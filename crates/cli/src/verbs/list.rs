//! `kitbench list`: kits of the local store, or of a repository in a registry.

use std::io::{self, Write};

use clap::Args;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::source::KitResolver as _;
use kitbench_modelkit::store::StoredKit;
use kitbench_modelkit::{Error, Reference};
use kitbench_registry::ErrorKind as RegistryErrorKind;
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::kits;
use crate::network::Network;
use crate::output::table;
use crate::template::{Template, Value};
use crate::units;

/// Most tags that are asked about.
const MAX_TAGS: usize = 10_000;

#[derive(Debug, Args)]
pub struct List {
    /// A repository in a registry, as in ghcr.io/team/model; the local store without
    #[arg(value_name = "REGISTRY/REPOSITORY")]
    repository: Option<String>,

    /// Form of the list: table, json (the same as --json), or a Go template for each ModelKit with the fields
    /// .Repo .Tags .Digest .ModelName .Size .Author, as in '{{ .Repo }} {{ .Digest }}'
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: String,

    /// Only ModelKits with this text in repository, tag, name, author or digest, or in the one named as in
    /// tag=v1; repeatable, and all must hold
    #[arg(short, long, value_name = "[FIELD=]TEXT")]
    filter: Vec<ListFilter>,

    #[command(flatten)]
    network: Network,
}

/// What a list is narrowed to.
#[derive(Clone, Debug)]
struct ListFilter {
    /// Any, if `None`.
    field: Option<&'static str>,
    /// In lower case.
    text: String,
}

const FILTER_FIELDS: [&str; 5] = ["repo", "tag", "name", "author", "digest"];

impl std::str::FromStr for ListFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<ListFilter, String> {
        let Some((name, text)) = text.split_once('=') else {
            return Ok(ListFilter {
                field: None,
                text: text.to_lowercase(),
            });
        };
        let field = FILTER_FIELDS.into_iter().find(|field| *field == name);
        let unknown = || {
            format!(
                "there is no field `{name}`; there are {}",
                FILTER_FIELDS.join(", ")
            )
        };
        Ok(ListFilter {
            field: Some(field.ok_or_else(unknown)?),
            text: text.to_lowercase(),
        })
    }
}

impl ListFilter {
    fn holds(&self, row: &Row) -> bool {
        let one = |field: &str, text: &str| {
            self.field.is_none_or(|wanted| wanted == field)
                && text.to_lowercase().contains(&self.text)
        };
        one("repo", &row.repo)
            || one("name", &row.model_name)
            || one("author", &row.author)
            || one("digest", &row.digest)
            || row.tags.iter().any(|tag| one("tag", tag))
    }
}

const FIELDS: [&str; 6] = ["Repo", "Tags", "Digest", "ModelName", "Size", "Author"];

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
        let template = match self.format.as_str() {
            "table" | "json" => None,
            text => Some(Template::parse(text, &FIELDS).map_err(|error| {
                Failure::misuse(
                    format!("The form is neither table nor json, and no template: {error}."),
                    "Write it like '{{ .Repo }} {{ .Digest }}'.",
                )
            })?),
        };
        let mut rows = match &self.repository {
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
        rows.retain(|row| self.filter.iter().all(|filter| filter.holds(row)));
        if self.format == "json" {
            return context.out.json(&rows);
        }
        let Some(template) = template else {
            return context.out.show(&rows, |out| write_table(out, &rows));
        };
        let lines = rows.iter().map(|row| {
            template.render(&|field| match field {
                "Repo" => Value::Text(row.repo.clone()),
                "Tags" => Value::List(row.tags.clone()),
                "Digest" => Value::Text(row.digest.clone()),
                "ModelName" => Value::Text(row.model_name.clone()),
                "Size" => Value::Text(row.size.clone()),
                _ => Value::Text(row.author.clone()),
            })
        });
        let lines: String = lines.collect::<Result<_, String>>().map_err(|problem| {
            Failure::misuse(
                format!("The template cannot be filled in: {problem}."),
                "Change the template given with --format.",
            )
        })?;
        context.out.show(&rows, |out| write!(out, "{lines}"))
    }

    /// One row per tag; what is no ModelKit is passed over.
    async fn remote(&self, context: &Context, repository: &str) -> Outcome<Vec<Row>> {
        let reference = kits::reference(repository)?;
        kits::remote_only(&reference)?;
        let registry = self.network.registry(context, &reference.registry)?;
        let (tags, named) = match reference.tag_or_digest() {
            Some(one) => (vec![one], true),
            None => {
                let all = registry.all_tags(&reference.repository, MAX_TAGS).await?;
                (all, false)
            }
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
                        // What was asked for by name is told, an index with what it lists.
                        Err(error) if !named && is_something_else(&error) => {
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
