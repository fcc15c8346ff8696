//! `kitbench export` and `kitbench import`: kits as an OCI layout, where no registry is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use kitbench_engine::errors::io_error;
use kitbench_modelkit::oci::{self, Transferred};
use kitbench_modelkit::{Digest, Reference};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::kits;
use crate::units;

#[derive(Debug, Args)]
pub struct Export {
    /// ModelKits of the local store
    #[arg(required = true, value_name = "REFERENCE")]
    references: Vec<String>,

    /// Where to: a new file that ends in .tar, or a folder, to which they are added
    #[arg(short, long, value_name = "TARGET")]
    output: PathBuf,

    /// File with the digests that the other side has, one a line; those blobs are left out
    #[arg(long, value_name = "FILE")]
    lacking: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Import {
    /// A folder or .tar file made by `export` or another OCI tool
    source: PathBuf,

    /// Repository for ModelKits that have no name in there
    #[arg(short, long, value_name = "REPOSITORY")]
    tag: Option<String>,
}

/// The JSON of `export` and `import`.
#[derive(Serialize)]
struct CarriedJson {
    kits: Vec<String>,
    blobs: usize,
    bytes: u64,
    /// Blobs left out because the other side has them.
    skipped: usize,
}

impl CarriedJson {
    fn new(carried: &Transferred) -> CarriedJson {
        CarriedJson {
            kits: carried.kits.iter().map(ToString::to_string).collect(),
            blobs: carried.blobs,
            bytes: carried.bytes,
            skipped: carried.skipped,
        }
    }

    fn show(&self, context: &Context, verb: &str) -> Outcome {
        context.out.show(self, |out| {
            for kit in &self.kits {
                writeln!(out, "{verb} {kit}")?;
            }
            write!(out, "{} blobs, {}", self.blobs, units::bytes(self.bytes))?;
            match self.skipped {
                0 => writeln!(out),
                skipped => writeln!(out, "; {skipped} already there"),
            }
        })
    }
}

impl Export {
    pub async fn run(self, context: &Context) -> Outcome {
        let mut references = Vec::new();
        for text in &self.references {
            references.push(kits::reference(text)?.or_latest());
        }
        let theirs = self
            .lacking
            .as_deref()
            .map(digests)
            .transpose()?
            .unwrap_or_default();
        let (store, cancel) = (context.store.clone(), context.cancel.clone());
        let (observer, target) = (context.observer(), self.output);
        let carried = context
            .blocking(move || {
                Ok(oci::export(
                    &store,
                    &references,
                    &target,
                    &theirs,
                    observer.as_ref(),
                    &cancel,
                )?)
            })
            .await?;
        CarriedJson::new(&carried).show(context, "Exported")
    }
}

impl Import {
    pub async fn run(self, context: &Context) -> Outcome {
        let unnamed = match &self.tag {
            Some(text) => kits::reference(text)?,
            None => Reference::unnamed(),
        };
        if let Err(error) = std::fs::metadata(&self.source) {
            return Err(io_error("read", &self.source, &error).into());
        }
        let (store, cancel) = (context.store.clone(), context.cancel.clone());
        let (observer, source) = (context.observer(), self.source);
        let carried = context
            .blocking(move || {
                Ok(oci::import(
                    &store,
                    &source,
                    &unnamed,
                    observer.as_ref(),
                    &cancel,
                )?)
            })
            .await?;
        CarriedJson::new(&carried).show(context, "Imported")
    }
}

/// The digests in a file, with or without `sha256:` before them.
fn digests(path: &Path) -> Outcome<BTreeSet<Digest>> {
    let text = std::fs::read_to_string(path).map_err(|error| io_error("read", path, &error))?;
    let mut digests = BTreeSet::new();
    for (number, line) in text.lines().enumerate() {
        let word = line.trim();
        if word.is_empty() {
            continue;
        }
        let digest = match word.contains(':') {
            true => word.parse::<Digest>(),
            false => format!("sha256:{word}").parse(),
        };
        digests.insert(digest.map_err(|error| {
            Failure::misuse(
                format!(
                    "Line {} of {} is no digest: {error}.",
                    number + 1,
                    path.display()
                ),
                "Write one digest a line, as in sha256:… or the names in storage/blobs/sha256.",
            )
        })?);
    }
    Ok(digests)
}
