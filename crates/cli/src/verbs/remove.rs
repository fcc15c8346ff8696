//! `kitbench remove`: kits or tags, of the local store or a registry.

use clap::Args;
use kitbench_modelkit::Reference;
use kitbench_modelkit::reference::DEFAULT_TAG;
use kitbench_modelkit::store::Removal;
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::kits;
use crate::network::Network;
use crate::units;

#[derive(Debug, Args)]
pub struct Remove {
    /// The ModelKit, by tags or digest, as in team/model:v1,v2
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    reference: Option<String>,

    /// With a tag: remove the ModelKit with all its tags; with --all: also those that have tags
    #[arg(short, long)]
    force: bool,

    /// Remove all ModelKits without a tag
    #[arg(short, long, conflicts_with = "remote")]
    all: bool,

    /// Remove in the registry instead
    #[arg(short, long)]
    remote: bool,

    /// Show what would be removed, and remove nothing
    #[arg(long, conflicts_with = "remote")]
    dry_run: bool,

    #[command(flatten)]
    network: Network,
}

/// The JSON of `remove`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemovedJson {
    removed: Vec<OneJson>,
    /// Bytes that became free on the disk.
    freed_bytes: u64,
    dry_run: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OneJson {
    reference: String,
    digest: Option<String>,
    /// Tags that went.
    tags: Vec<String>,
    /// Whether the kit went, and not only a tag.
    kit: bool,
    /// Whether another repository still has the kit.
    kept_elsewhere: bool,
    freed_bytes: u64,
    /// Layers that stay because other kits use them.
    shared_layers: usize,
}

impl Remove {
    pub async fn run(self, context: &Context) -> Outcome {
        let Some(text) = &self.reference else {
            return self.all(context);
        };
        let (reference, extra) = Reference::parse_with_tags(text)?;
        if self.remote {
            return self.remote(context, &reference, &extra).await;
        }
        let mut removed = Vec::new();
        for tag in std::iter::once(None).chain(extra.into_iter().map(Some)) {
            let one = tag.map_or_else(|| reference.clone(), |tag| reference.with_tag(tag));
            removed.push(self.one(context, &one)?);
        }
        self.show(context, removed)
    }

    fn one(&self, context: &Context, reference: &Reference) -> Outcome<OneJson> {
        let removal = if self.dry_run {
            context.store.plan_removal(reference, self.force)?
        } else {
            context.store.remove(reference, self.force)?
        };
        Ok(one_json(reference, removal))
    }

    fn all(&self, context: &Context) -> Outcome {
        let mut removed = Vec::new();
        for kit in context.store.list()? {
            if context.cancel.is_cancelled() {
                return Err(Failure::Cancelled);
            }
            if kit.tags.is_empty() || self.force {
                removed.push(self.one(context, &kit.repository.with_digest(kit.digest))?);
            }
        }
        self.show(context, removed)
    }

    async fn remote(&self, context: &Context, reference: &Reference, extra: &[String]) -> Outcome {
        kits::remote_only(reference)?;
        let registry = self.network.registry(context, &reference.registry)?;
        let first = reference
            .tag_or_digest()
            .unwrap_or_else(|| DEFAULT_TAG.into());
        let mut removed = Vec::new();
        for name in std::iter::once(&first).chain(extra) {
            let target = if self.force && !name.contains(':') {
                let digest = registry.resolve(&reference.repository, name).await?;
                digest.map_or_else(|| name.clone(), |digest| digest.to_string())
            } else {
                name.clone()
            };
            registry.delete(&reference.repository, &target).await?;
            let by_digest = target.contains(':');
            removed.push(OneJson {
                reference: match by_digest {
                    true => format!("{}@{target}", bare(reference)),
                    false => reference.with_tag(target.clone()).to_string(),
                },
                digest: by_digest.then(|| target.clone()),
                tags: if by_digest { Vec::new() } else { vec![target] },
                kit: by_digest,
                kept_elsewhere: false,
                freed_bytes: 0,
                shared_layers: 0,
            });
        }
        self.show(context, removed)
    }

    fn show(&self, context: &Context, removed: Vec<OneJson>) -> Outcome {
        let json = RemovedJson {
            freed_bytes: removed.iter().map(|one| one.freed_bytes).sum(),
            removed,
            dry_run: self.dry_run,
        };
        context.out.show(&json, |out| {
            let (would, verb) = match json.dry_run {
                true => ("Would remove", "would free"),
                false => ("Removed", "freed"),
            };
            for one in &json.removed {
                if !one.kit {
                    writeln!(
                        out,
                        "{would} tag {}; the ModelKit keeps others",
                        one.reference
                    )?;
                    continue;
                }
                write!(out, "{would} {}", one.reference)?;
                if let Some(digest) = one
                    .digest
                    .as_ref()
                    .filter(|digest| !one.reference.contains(*digest))
                {
                    write!(out, " (digest {digest})")?;
                }
                if self.remote {
                    writeln!(out)?;
                } else if one.kept_elsewhere {
                    writeln!(out, "; another repository keeps it")?;
                } else {
                    write!(out, "; {verb} {}", units::bytes(one.freed_bytes))?;
                    match one.shared_layers {
                        0 => writeln!(out)?,
                        1 => writeln!(out, ", kept 1 shared layer")?,
                        layers => writeln!(out, ", kept {layers} shared layers")?,
                    }
                }
            }
            if json.removed.is_empty() {
                writeln!(out, "There was nothing to remove.")?;
            }
            Ok(())
        })
    }
}

fn bare(reference: &Reference) -> String {
    reference.full_repository()
}

fn one_json(reference: &Reference, removal: Removal) -> OneJson {
    OneJson {
        reference: reference.to_string(),
        digest: removal.digest.map(|digest| digest.to_string()),
        tags: removal.tags,
        kit: removal.kit,
        kept_elsewhere: removal.kept_elsewhere,
        freed_bytes: removal.freed_bytes,
        shared_layers: removal.shared_layers,
    }
}
