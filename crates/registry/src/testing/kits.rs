//! ModelKits to move around, and an observer that remembers.

use std::sync::Mutex;

use bytes::Bytes;
use kitbench_modelkit::media;
use kitbench_modelkit::progress::{Observer, Step, StepState};
use kitbench_modelkit::{Descriptor, Digest, Manifest};

use super::LocalStore;

/// A ModelKit in a [`LocalStore`].
pub struct SampleKit {
    pub manifest: Bytes,
    pub digest: Digest,
    pub layers: Vec<Descriptor>,
    pub config: Descriptor,
}

/// Writes a kit with a model layer and dataset layers of the given sizes, of pseudo-random bytes that depend on
/// `seed`. The layers are no tar files: nothing that moves a kit may look into them.
///
/// # Panics
/// When the store cannot be written.
pub fn sample_kit(store: &LocalStore, seed: u64, layer_sizes: &[usize]) -> SampleKit {
    let config = format!(r#"{{"manifestVersion":"1.0.0","package":{{"name":"sample {seed}"}}}}"#);
    let add = |bytes: &[u8]| {
        store
            .add(bytes)
            .unwrap_or_else(|error| panic!("test store: {error}"))
    };
    add(config.as_bytes());
    let config = Descriptor::of(media::NATIVE_CONFIG, config.as_bytes());
    let mut layers = Vec::new();
    for (at, size) in layer_sizes.iter().enumerate() {
        let bytes = noise(seed.wrapping_mul(1000).wrapping_add(at as u64), *size);
        add(&bytes);
        let (kind, path) = if at == 0 {
            ("model", "model.bin".into())
        } else {
            ("dataset", format!("data/{at}.csv"))
        };
        let mut layer = Descriptor::of(
            format!("application/vnd.kitops.modelkit.{kind}.v1.tar"),
            &bytes,
        );
        layer.annotations.insert(media::FILE_PATH.to_owned(), path);
        layers.push(layer);
    }
    kit_of(store, config, layers)
}

/// Writes a kit of layers that are in the store.
fn kit_of(store: &LocalStore, config: Descriptor, layers: Vec<Descriptor>) -> SampleKit {
    let manifest = Manifest {
        schema_version: 2,
        media_type: None,
        artifact_type: Some(media::NATIVE_ARTIFACT.to_owned()),
        config: config.clone(),
        layers: Some(layers.clone()),
        subject: None,
        annotations: [(media::CLI_VERSION.to_owned(), "1.11.0".to_owned())].into(),
    };
    let manifest: Bytes = manifest
        .to_json()
        .unwrap_or_else(|error| panic!("manifest: {error}"))
        .into();
    store
        .add(&manifest)
        .unwrap_or_else(|error| panic!("test store: {error}"));
    SampleKit {
        digest: Digest::of(&manifest),
        manifest,
        layers,
        config,
    }
}

impl SampleKit {
    /// The same kit with its last layer listed once more.
    ///
    /// # Panics
    /// When the store cannot be written.
    pub fn with_last_layer_twice(&self, store: &LocalStore) -> SampleKit {
        let mut layers = self.layers.clone();
        layers.extend(self.layers.last().cloned());
        kit_of(store, self.config.clone(), layers)
    }
}

/// Reproducible bytes that do not compress (xorshift64*).
fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// What an observer is told at once: on every byte report, so that tests can act in the middle of a transfer.
type OnBytes = Box<dyn Fn(usize, u64) + Send + Sync>;

/// An observer that remembers everything, and can act when bytes arrive.
#[derive(Default)]
pub struct Recorder {
    inner: Mutex<Record>,
    on_bytes: Option<OnBytes>,
}

#[derive(Default)]
struct Record {
    steps: Vec<Step>,
    states: Vec<Vec<StepState>>,
    bytes: Vec<u64>,
}

impl Recorder {
    /// Calls `act` with a row and its bytes so far, whenever bytes arrive.
    pub fn acting(act: impl Fn(usize, u64) + Send + Sync + 'static) -> Self {
        Recorder {
            inner: Mutex::default(),
            on_bytes: Some(Box::new(act)),
        }
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.inner
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The rows.
    pub fn steps(&self) -> Vec<Step> {
        self.record().steps.clone()
    }

    /// All states of a row, in order.
    pub fn states(&self, index: usize) -> Vec<StepState> {
        self.record().states.get(index).cloned().unwrap_or_default()
    }

    /// The last state of every row.
    pub fn last_states(&self) -> Vec<Option<StepState>> {
        self.record()
            .states
            .iter()
            .map(|states| states.last().copied())
            .collect()
    }

    /// Bytes counted on a row.
    pub fn bytes(&self, index: usize) -> u64 {
        self.record().bytes.get(index).copied().unwrap_or_default()
    }
}

impl Observer for Recorder {
    fn steps(&self, steps: &[Step]) {
        let mut record = self.record();
        record.steps = steps.to_vec();
        record.states = vec![Vec::new(); steps.len()];
        record.bytes = vec![0; steps.len()];
    }

    fn state(&self, index: usize, state: StepState) {
        if let Some(states) = self.record().states.get_mut(index) {
            states.push(state);
        }
    }

    fn bytes(&self, index: usize, delta: u64) {
        let so_far = {
            let mut record = self.record();
            match record.bytes.get_mut(index) {
                Some(bytes) => {
                    *bytes += delta;
                    *bytes
                }
                None => return,
            }
        };
        if let Some(act) = &self.on_bytes {
            act(index, so_far);
        }
    }
}
