//! Progress rows of a transfer: one per layer, then config and manifest.

use std::sync::{Arc, Mutex};

use kitbench_modelkit::progress::{Observer, Step, StepState};
use kitbench_modelkit::{Descriptor, Digest, Manifest, media};

/// A progress row, reported to by whoever moves its bytes.
///
/// A retry sends bytes again, but the row only counts what it has not counted before, so that it never
/// runs backwards or over its end.
#[derive(Clone)]
pub(crate) struct Row {
    observer: Arc<dyn Observer>,
    index: usize,
    reached: Arc<Mutex<u64>>,
}

impl Row {
    pub fn new(observer: Arc<dyn Observer>, index: usize) -> Self {
        Row {
            observer,
            index,
            reached: Arc::new(Mutex::new(0)),
        }
    }

    pub fn state(&self, state: StepState) {
        self.observer.state(self.index, state);
    }

    /// The transfer stands at byte `position` of the blob.
    pub fn reached(&self, position: u64) {
        let delta = {
            let mut reached = self
                .reached
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            let delta = position.saturating_sub(*reached);
            *reached = (*reached).max(position);
            delta
        };
        if delta > 0 {
            self.observer.bytes(self.index, delta);
        }
    }
}

/// The rows of a manifest: its layers in order, the config, the manifest itself.
pub(crate) fn steps_of(
    manifest: &Manifest,
    manifest_digest: &Digest,
    manifest_bytes: u64,
) -> Vec<Step> {
    let mut steps: Vec<Step> = manifest.layers().iter().map(layer_step).collect();
    steps.push(Step {
        label: "Config".into(),
        kind: None,
        digest: Some(manifest.config.digest.to_string()),
        total_bytes: manifest.config.size,
    });
    steps.push(Step {
        label: "Manifest".into(),
        kind: None,
        digest: Some(manifest_digest.to_string()),
        total_bytes: manifest_bytes,
    });
    steps
}

/// `Dataset, data/train.csv`: kind and path of the layer.
fn layer_step(layer: &Descriptor) -> Step {
    let kind = layer.layer_type().map(|layer_type| layer_type.kind);
    let mut label = match kind {
        Some(kind) => capitalised(kind.name()),
        None => "Layer".into(),
    };
    if let Some(path) = layer
        .annotations
        .get(media::FILE_PATH)
        .filter(|path| path.as_str() != ".")
    {
        label.push_str(", ");
        label.push_str(&crate::explain::clip(path, 120));
    }
    Step {
        label,
        kind,
        digest: Some(layer.digest.to_string()),
        total_bytes: layer.size,
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// Every blob of a manifest once, with the rows that show it: the first moves the bytes, the others follow.
pub(crate) fn unique_blobs(manifest: &Manifest) -> Vec<(Descriptor, Vec<usize>)> {
    let mut blobs: Vec<(Descriptor, Vec<usize>)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for (row, descriptor) in manifest
        .layers()
        .iter()
        .chain(std::iter::once(&manifest.config))
        .enumerate()
    {
        match known.get(&descriptor.digest) {
            Some(&at) => {
                let entry: Option<&mut (Descriptor, Vec<usize>)> = blobs.get_mut(at);
                if let Some((_, rows)) = entry {
                    rows.push(row);
                }
            }
            None => {
                known.insert(descriptor.digest, blobs.len());
                blobs.push((descriptor.clone(), vec![row]));
            }
        }
    }
    blobs
}
