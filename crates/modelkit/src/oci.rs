//! OCI image layouts: kits in a folder or one tar file, for carrying them where no registry is.
//!
//! A layout holds `oci-layout`, `index.json` whose entries name kits by the annotation
//! `org.opencontainers.image.ref.name` (the tag) and `io.containerd.image.name` (the whole
//! reference), and `blobs/sha256/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::json;
use crate::manifest::{Descriptor, Manifest, null_is_default};
use crate::media;
use crate::progress::{CancellationToken, Observer, Step, StepState};
use crate::reference::Reference;
use crate::store::{Store, TempFile};
use crate::tar::{END, Header, Kind, Limits, Reader, header_bytes, padding};

const LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
pub(crate) const TAG: &str = "org.opencontainers.image.ref.name";
const NAME: &str = "io.containerd.image.name";

#[derive(Serialize, Deserialize)]
struct Index {
    #[serde(rename = "schemaVersion", default)]
    schema_version: u32,
    #[serde(rename = "mediaType", default)]
    media_type: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    manifests: Vec<Descriptor>,
}

/// What was exported or imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transferred {
    pub kits: Vec<Reference>,
    pub blobs: usize,
    pub bytes: u64,
    /// Blobs left out because the other side has them.
    pub skipped: usize,
}

/// Exports `kits` to `target`: a tar file if its name ends in `.tar`, else a folder, to which they
/// are added. Blobs in `theirs`, the other side's digests, are left out. Every blob is checked.
/// Steps: one per blob.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Corrupt`], [`Error::Exists`] for a tar file that is there,
/// [`Error::Cancelled`], [`Error::Io`].
pub fn export(
    store: &Store,
    kits: &[Reference],
    target: &Path,
    theirs: &BTreeSet<Digest>,
    observer: &dyn Observer,
    cancel: &CancellationToken,
) -> Result<Transferred> {
    let mut result = Transferred::default();
    let mut blobs: BTreeMap<Digest, u64> = BTreeMap::new();
    let mut entries = Vec::new();
    for kit in kits {
        let mut entry = store.resolve(kit)?;
        let what = format!("the manifest of {kit}");
        let text = store.read_blob(&entry.digest, entry.size, json::MAX_MANIFEST_BYTES, &what)?;
        let manifest = Manifest::parse(&text, &what)?;
        blobs.insert(entry.digest, entry.size);
        blobs.extend(
            manifest
                .layers()
                .iter()
                .chain([&manifest.config])
                .map(|blob| (blob.digest, blob.size)),
        );
        if let Some(tag) = &kit.tag {
            entry.annotations.insert(TAG.into(), tag.clone());
        }
        let end = kit
            .tag
            .as_ref()
            .map(|tag| format!(":{tag}"))
            .unwrap_or_default();
        // A kit without a name travels without one.
        if !kit.is_unnamed() {
            entry
                .annotations
                .insert(NAME.into(), format!("{}{end}", kit.full_repository()));
        }
        entries.push(entry);
        result.kits.push(kit.clone());
    }
    let all = blobs.len();
    blobs.retain(|digest, _| !theirs.contains(digest));
    result.skipped = all - blobs.len();
    observer.steps(&steps(&blobs));
    let mut out: Box<dyn Output> = if target
        .extension()
        .is_some_and(|extension| extension == "tar")
    {
        Box::new(TarOutput::create(target)?)
    } else {
        Box::new(FolderOutput::create(target)?)
    };
    for (step, (digest, size)) in blobs.iter().enumerate() {
        observer.state(step, StepState::Packing);
        let source = store.open_blob(digest, "a blob of the kit")?;
        let mut checked = Checked::new(
            source,
            *digest,
            *size,
            |bytes| observer.bytes(step, bytes),
            cancel,
        );
        out.blob(digest, *size, &mut checked)
            .map_err(|error| checked.explain(error))?;
        result.blobs += 1;
        result.bytes += size;
        observer.state(step, StepState::Done);
    }
    out.finish(entries)?;
    Ok(result)
}

/// Imports every ModelKit of the layout at `source`, a folder or a tar file. Every byte is checked
/// before a kit appears. Entries without a name go to the repository `name_for_unnamed`.
///
/// # Errors
/// [`Error::Malformed`], [`Error::Corrupt`], [`Error::MissingBlob`] if a blob is neither in the
/// layout nor in the store, [`Error::Cancelled`], [`Error::Io`].
pub fn import(
    store: &Store,
    source: &Path,
    name_for_unnamed: &Reference,
    observer: &dyn Observer,
    cancel: &CancellationToken,
) -> Result<Transferred> {
    store.prepare()?;
    let mut result = Transferred::default();
    let index = if source.is_dir() {
        import_folder(store, source, observer, cancel, &mut result)?
    } else {
        import_tar(store, source, observer, cancel, &mut result)?
    };
    for entry in index.manifests {
        let text = store.read_blob(
            &entry.digest,
            entry.size,
            json::MAX_MANIFEST_BYTES,
            "a manifest of the layout",
        )?;
        // Other artifacts may lie beside ModelKits.
        if let Err(Error::NotAModelKit { problem, .. }) = Manifest::parse(&text, "it") {
            observer.warning(&format!("{} was passed over: {problem}", entry.digest));
            continue;
        }
        let named = entry.annotations.get(NAME).or_else(|| {
            entry
                .annotations
                .get(TAG)
                .filter(|tag| tag.contains(['/', ':']))
        });
        let tag = entry
            .annotations
            .get(TAG)
            .filter(|tag| !tag.contains(['/', ':']));
        let mut reference = match named {
            // Written in full, `localhost/` included.
            Some(name) => name
                .strip_prefix("localhost/")
                .unwrap_or(name)
                .parse::<Reference>()?,
            None => name_for_unnamed.clone(),
        };
        if let (None, Some(tag)) = (&reference.tag, tag) {
            reference = reference.with_tag(tag.clone());
        }
        let tags: Vec<String> = reference.tag.iter().cloned().collect();
        store.add_manifest(&reference, &text, &tags)?;
        result.kits.push(if reference.tag.is_some() {
            reference
        } else {
            reference.with_digest(entry.digest)
        });
    }
    Ok(result)
}

fn import_folder(
    store: &Store,
    source: &Path,
    observer: &dyn Observer,
    cancel: &CancellationToken,
    result: &mut Transferred,
) -> Result<Index> {
    let path = source.join("index.json");
    let file = File::open(&path).map_err(Error::io("open", &path))?;
    let index = read_index(file, &path)?;
    let mut wanted: BTreeMap<Digest, u64> = index
        .manifests
        .iter()
        .map(|entry| (entry.digest, entry.size))
        .collect();
    let blob_path = |digest: &Digest| source.join("blobs").join("sha256").join(digest.hex());
    for entry in &index.manifests {
        let path = blob_path(&entry.digest);
        let text = match File::open(&path) {
            Ok(file) => {
                let mut text = Vec::new();
                file.take(json::MAX_MANIFEST_BYTES)
                    .read_to_end(&mut text)
                    .map_err(Error::io("read", &path))?;
                text
            }
            // It may be here already.
            Err(_) => store.read_blob(
                &entry.digest,
                entry.size,
                json::MAX_MANIFEST_BYTES,
                "a manifest of the layout",
            )?,
        };
        if let Ok(manifest) = Manifest::parse(&text, "it") {
            wanted.extend(
                manifest
                    .layers()
                    .iter()
                    .chain([&manifest.config])
                    .map(|blob| (blob.digest, blob.size)),
            );
        }
    }
    observer.steps(&steps(&wanted));
    let mut needed = wanted
        .iter()
        .filter(|(digest, size)| !store.has_blob(digest, **size))
        .fold(0, |sum: u64, (_, size)| sum.saturating_add(*size));
    for (step, (digest, size)) in wanted.iter().enumerate() {
        let path = blob_path(digest);
        if store.has_blob(digest, *size) {
            observer.state(step, StepState::Reused);
            result.skipped += 1;
            continue;
        }
        let file = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::MissingBlob {
                digest: *digest,
                what: "neither in the layout".into(),
            },
            _ => Error::io("open", &path)(error),
        })?;
        observer.state(step, StepState::Verifying);
        take_in(
            store,
            digest,
            *size,
            file,
            needed,
            &|bytes| observer.bytes(step, bytes),
            cancel,
        )?;
        needed = needed.saturating_sub(*size);
        observer.state(step, StepState::Done);
        result.blobs += 1;
        result.bytes += size;
    }
    Ok(index)
}

fn import_tar(
    store: &Store,
    source: &Path,
    observer: &dyn Observer,
    cancel: &CancellationToken,
    result: &mut Transferred,
) -> Result<Index> {
    let file = File::open(source).map_err(Error::io("open", source))?;
    let total = file.metadata().map_or(0, |metadata| metadata.len());
    observer.steps(&[Step {
        label: "blobs".into(),
        kind: None,
        digest: None,
        total_bytes: total,
    }]);
    observer.state(0, StepState::Verifying);
    let what = source.display().to_string();
    let refused = |error: io::Error| Error::Archive {
        layer: what.clone(),
        problem: error.to_string(),
    };
    let mut reader = Reader::new(
        io::BufReader::with_capacity(256 << 10, file),
        Limits::default(),
    );
    let mut index = None;
    while let Some(header) = reader.next_member().map_err(refused)? {
        let name = String::from_utf8_lossy(&header.name).into_owned();
        let name = name.trim_start_matches("./");
        if header.kind == Kind::Folder {
            continue;
        }
        if name == "index.json" {
            index = Some(read_index(&mut reader, source)?);
        } else if let Some(hex) = name.strip_prefix("blobs/sha256/") {
            let digest: Digest = format!("sha256:{hex}").parse()?;
            if store.has_blob(&digest, header.size) {
                result.skipped += 1;
            } else {
                let needed = total.saturating_sub(reader.offset());
                take_in(
                    store,
                    &digest,
                    header.size,
                    &mut reader,
                    needed,
                    &|bytes| observer.bytes(0, bytes),
                    cancel,
                )?;
                result.blobs += 1;
                result.bytes += header.size;
            }
        }
    }
    observer.state(0, StepState::Done);
    index.ok_or_else(|| Error::Malformed {
        what,
        problem: "it holds no index.json, so it is no OCI layout".into(),
    })
}

/// A step per blob.
fn steps(blobs: &BTreeMap<Digest, u64>) -> Vec<Step> {
    let step = |(digest, size): (&Digest, &u64)| Step {
        label: digest.short(),
        kind: None,
        digest: Some(digest.to_string()),
        total_bytes: *size,
    };
    blobs.iter().map(step).collect()
}

fn read_index(reader: impl Read, path: &Path) -> Result<Index> {
    let mut text = Vec::new();
    reader
        .take(json::MAX_MANIFEST_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(Error::io("read", path))?;
    if text.len() as u64 > json::MAX_MANIFEST_BYTES {
        return Err(Error::Malformed {
            what: path.display().to_string(),
            problem: "its index is too large".into(),
        });
    }
    json::from_slice(&text, &format!("the index of {}", path.display()))
}

/// Takes a blob into the store if it is what it says. `needed` are the bytes of everything that is
/// still to be taken in.
pub(crate) fn take_in(
    store: &Store,
    digest: &Digest,
    size: u64,
    source: impl Read,
    needed: u64,
    progress: &dyn Fn(u64),
    cancel: &CancellationToken,
) -> Result<()> {
    let mut temp = TempFile::create(&store.temp_folder())?;
    let mut checked = Checked::new(source, *digest, size, progress, cancel);
    let (file, path) = temp.parts()?;
    let path = path.to_path_buf();
    let copied = copy(&mut checked, file).map_err(|error| match checked.problem.take() {
        Some(problem) => problem,
        None => Error::io("write", &path)(error),
    });
    let taken = match copied {
        Ok(()) => store.adopt(temp, digest, 0o600),
        Err(error) => {
            drop(temp);
            Err(error)
        }
    };
    taken.map_err(|error| error.needing(needed, store.root()))
}

fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<()> {
    let mut buffer = vec![0; 256 << 10];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            n => to.write_all(buffer.get(..n).unwrap_or_default())?,
        }
    }
}

/// Passes a blob through, counting, and fails at its end if it was not the right one.
struct Checked<'c, R, P> {
    inner: R,
    hasher: crate::digest::Hasher,
    digest: Digest,
    size: u64,
    seen: u64,
    progress: P,
    cancel: &'c CancellationToken,
    /// The reason of the last error it gave.
    problem: Option<Error>,
}

impl<'c, R: Read, P: Fn(u64)> Checked<'c, R, P> {
    fn new(
        inner: R,
        digest: Digest,
        size: u64,
        progress: P,
        cancel: &'c CancellationToken,
    ) -> Self {
        Checked {
            inner,
            hasher: Default::default(),
            digest,
            size,
            seen: 0,
            progress,
            cancel,
            problem: None,
        }
    }

    fn explain(&mut self, error: Error) -> Error {
        self.problem.take().unwrap_or(error)
    }

    fn fail(&mut self, problem: Error) -> io::Error {
        self.problem = Some(problem);
        io::ErrorKind::InvalidData.into()
    }
}

impl<R: Read, P: Fn(u64)> Read for Checked<'_, R, P> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(self.fail(Error::Cancelled));
        }
        let n = self.inner.read(buf)?;
        self.hasher.update(buf.get(..n).unwrap_or_default());
        self.seen += n as u64;
        (self.progress)(n as u64);
        if self.seen > self.size || (n == 0 && self.seen < self.size) {
            let (expected, found) = (self.size, self.seen);
            return Err(self.fail(Error::Size {
                what: format!("the blob {}", self.digest),
                expected,
                found,
            }));
        }
        if n == 0 {
            let found = std::mem::take(&mut self.hasher).finish();
            if found != self.digest {
                let expected = self.digest;
                return Err(self.fail(Error::Corrupt {
                    what: format!("the blob {expected}"),
                    expected,
                    found,
                }));
            }
        }
        Ok(n)
    }
}

trait Output {
    fn blob(&mut self, digest: &Digest, size: u64, data: &mut dyn Read) -> Result<()>;
    /// Writes the index; only then the layout is one.
    fn finish(self: Box<Self>, entries: Vec<Descriptor>) -> Result<()>;
}

fn index_json(manifests: Vec<Descriptor>) -> Result<Vec<u8>> {
    json::to_vec(&Index {
        schema_version: 2,
        media_type: Some(media::INDEX.into()),
        manifests,
    })
}

struct FolderOutput(std::path::PathBuf);

impl FolderOutput {
    fn create(target: &Path) -> Result<FolderOutput> {
        let blobs = target.join("blobs").join("sha256");
        std::fs::create_dir_all(&blobs).map_err(Error::io("create the folder", &blobs))?;
        let layout = target.join("oci-layout");
        std::fs::write(&layout, LAYOUT).map_err(Error::io("write", &layout))?;
        Ok(FolderOutput(target.to_path_buf()))
    }
}

impl Output for FolderOutput {
    fn blob(&mut self, digest: &Digest, size: u64, data: &mut dyn Read) -> Result<()> {
        let path = self.0.join("blobs").join("sha256").join(digest.hex());
        if std::fs::metadata(&path).is_ok_and(|there| there.len() == size) {
            return Ok(());
        }
        let mut temp = TempFile::create(&self.0)?;
        let (file, _) = temp.parts()?;
        copy(data, file).map_err(Error::io("write", &path))?;
        temp.keep(&path)
    }

    fn finish(self: Box<Self>, entries: Vec<Descriptor>) -> Result<()> {
        let path = self.0.join("index.json");
        let mut all = match File::open(&path) {
            Ok(file) => read_index(file, &path)?.manifests,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::io("open", &path)(error)),
        };
        // A name moves, as a tag does.
        all.retain(|old| {
            entries.iter().all(|new| {
                let names = (old.annotations.get(NAME), new.annotations.get(NAME));
                match names {
                    (Some(old), Some(new)) => old != new,
                    _ => old.digest != new.digest,
                }
            })
        });
        all.extend(entries);
        let mut temp = TempFile::create(&self.0)?;
        let (file, _) = temp.parts()?;
        file.write_all(&index_json(all)?)
            .map_err(Error::io("write", &path))?;
        temp.keep(&path)
    }
}

struct TarOutput {
    temp: TempFile,
    target: std::path::PathBuf,
}

impl TarOutput {
    fn create(target: &Path) -> Result<TarOutput> {
        if target.exists() {
            return Err(Error::Exists(target.to_path_buf()));
        }
        let folder = target
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(Error::io("create the folder", folder))?;
        let mut out = TarOutput {
            temp: TempFile::create(folder)?,
            target: target.to_path_buf(),
        };
        out.member("oci-layout", LAYOUT.len() as u64, &mut &LAYOUT[..])?;
        Ok(out)
    }

    fn member(&mut self, name: &str, size: u64, data: &mut dyn Read) -> Result<()> {
        let header = Header {
            name: name.into(),
            kind: Kind::File,
            mode: 0o644,
            size,
        };
        let header = header_bytes(&header).ok_or_else(|| Error::Name(name.to_owned()))?;
        let (file, _) = self.temp.parts()?;
        file.write_all(&header)
            .map_err(Error::io("write", &self.target))?;
        copy(data, file).map_err(Error::io("write", &self.target))?;
        let zeros = END.get(..padding(size)).unwrap_or_default();
        file.write_all(zeros)
            .map_err(Error::io("write", &self.target))
    }
}

impl Output for TarOutput {
    fn blob(&mut self, digest: &Digest, size: u64, data: &mut dyn Read) -> Result<()> {
        self.member(&format!("blobs/sha256/{}", digest.hex()), size, data)
    }

    fn finish(mut self: Box<Self>, entries: Vec<Descriptor>) -> Result<()> {
        let index = index_json(entries)?;
        self.member("index.json", index.len() as u64, &mut &index[..])?;
        let (file, _) = self.temp.parts()?;
        file.write_all(&END)
            .map_err(Error::io("write", &self.target))?;
        self.temp.keep(&self.target)
    }
}
