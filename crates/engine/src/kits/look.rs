//! Looking into the files of a kit without unpacking it or running anything.

use std::sync::Arc;

use kitbench_modelkit::inspect::content::{self, Content, Tensor};
use kitbench_modelkit::inspect::{Kit, KitLayer, files};
use kitbench_modelkit::media::Compression;
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::source::KitSource;
use kitbench_modelkit::{Error, Result};
use kitbench_protocol::{
    ErrorKind, ErrorView, FileContent, FileView, KitFileEntry, LayerFiles, ListLayerFiles,
    ReadKitFile, TensorRow,
};

use super::{parse_reference, store};
use crate::errors::view_of_kit;
use crate::{Inner, blocking, registries};

/// Bytes of the hex view.
const MAX_HEAD: u64 = 4 * 1024;
/// Pictures shown whole.
const MAX_IMAGE: u64 = 8 << 20;
/// A README is read to its end, but not a book.
const MAX_README: u64 = 512 * 1024;
/// Files listed per layer; a data set of millions is cut, and its page says so.
const MAX_FILES: usize = 200_000;
/// Cells of a notebook and callables of a pickle that are listed.
const MAX_FACTS: usize = 500;

/// The entries of a layer in the order of its archive.
pub fn list_files(source: &dyn KitSource, layer: &KitLayer) -> Result<Vec<KitFileEntry>> {
    let listing = files::list_files(source, layer, MAX_FILES, &CancellationToken::new())?;
    Ok(entries(listing.files))
}

fn entries(files: Vec<files::LayerFile>) -> Vec<KitFileEntry> {
    files
        .into_iter()
        .map(|file| KitFileEntry {
            path: file.path,
            bytes: file.size,
            is_folder: file.is_folder,
            mode: file.mode,
        })
        .collect()
}

/// The entries of one layer of a kit on a registry.
pub async fn list_layer(
    inner: &Arc<Inner>,
    call: ListLayerFiles,
) -> std::result::Result<LayerFiles, ErrorView> {
    let reference = registries::remote_reference(&call.reference)?;
    let source = registries::remote_kit(inner, &reference).await?;
    blocking(inner, move |_| {
        let list = || -> Result<Option<LayerFiles>> {
            let kit = Kit::read(&source)?;
            let Some(layer) = layer_at(&kit, call.layer) else {
                return Ok(None);
            };
            let before = source.fetched_bytes();
            let needs_whole = match layer.compression {
                _ if call.whole => None,
                Compression::None if source.seekable(&layer.descriptor)?.is_none() => {
                    Some("The registry sends layers only as a whole".to_owned())
                }
                Compression::None => None,
                _ => Some("This layer is compressed".to_owned()),
            };
            if needs_whole.is_some() {
                return Ok(Some(LayerFiles {
                    needs_whole,
                    ..LayerFiles::default()
                }));
            }
            let listing = files::list_files(&source, layer, MAX_FILES, &CancellationToken::new())?;
            Ok(Some(LayerFiles {
                files: entries(listing.files),
                cut: listing.truncated,
                fetched_bytes: source.fetched_bytes() - before,
                needs_whole: None,
            }))
        };
        list()
            .map_err(|error| view_of_kit(&error))?
            .ok_or_else(|| no_layer(call.layer))
    })
    .await
}

/// The layer at a place of the manifest.
fn layer_at(kit: &Kit, index: u32) -> Option<&KitLayer> {
    let descriptor = kit.manifest.layers().get(index as usize)?;
    kit.layers
        .iter()
        .find(|layer| layer.descriptor == *descriptor)
}

fn no_layer(index: u32) -> ErrorView {
    ErrorView::new(
        ErrorKind::NotFound,
        format!("The ModelKit has no layer {index}."),
        "It was packed again meanwhile; open it anew.",
    )
}

/// Path and text of the README nearest to the project's root.
pub fn find_readme(source: &dyn KitSource, kit: &Kit) -> Option<(String, String)> {
    // A kit without a readable README is shown without one; its layers tell their faults.
    let found = files::find_readme(source, kit, MAX_README, &CancellationToken::new());
    let (_, path, file) = found.ok().flatten()?;
    Some((path, String::from_utf8_lossy(&file.bytes).into_owned()))
}

/// One file of a kit, ready to show.
pub async fn read_file(
    inner: &Arc<Inner>,
    call: ReadKitFile,
) -> std::result::Result<FileView, ErrorView> {
    if call.remote {
        let reference = registries::remote_reference(&call.reference)?;
        let source = registries::remote_kit(inner, &reference).await?;
        return blocking(inner, move |_| {
            let mut view = show(&source, &call)?;
            // What finding the file in its layer took is part of it.
            view.read_bytes = source.fetched_bytes();
            Ok(view)
        })
        .await;
    }
    blocking(inner, move |inner| {
        let reference = parse_reference(&call.reference)?.or_latest();
        let source = store(inner)
            .kit(&reference)
            .map_err(|error| view_of_kit(&error))?;
        show(&source, &call)
    })
    .await
}

fn show(source: &dyn KitSource, call: &ReadKitFile) -> std::result::Result<FileView, ErrorView> {
    let view = || -> Result<Option<FileView>> {
        let kit = Kit::read(source)?;
        layer_at(&kit, call.layer)
            .map(|layer| view_of_file(source, layer, &call.path))
            .transpose()
    };
    view()
        .map_err(|error| view_of_kit(&error))?
        .ok_or_else(|| no_layer(call.layer))
}

fn view_of_file(source: &dyn KitSource, layer: &KitLayer, path: &str) -> Result<FileView> {
    let cancel = CancellationToken::new();
    if is_picture(path) {
        let file = files::read_file(source, layer, path, MAX_IMAGE, &cancel)?;
        let read_bytes = file.bytes.len() as u64;
        let whole = read_bytes == file.size;
        let content = match crate::pictures::decode(&file.bytes) {
            Ok(picture) if whole => FileContent::Image(picture),
            // Broken or too large: its bytes are still shown.
            _ => head(file.bytes),
        };
        return Ok(FileView {
            path: path.into(),
            bytes: file.size,
            read_bytes,
            content,
        });
    }
    let (mut reader, size) = files::open_file(source, layer, path, &cancel)?;
    let mut counted = Counting {
        inner: &mut reader,
        bytes: 0,
    };
    let content = match content::inspect(path, &mut counted, size) {
        Ok(content) => content,
        // A file that breaks its own format is still shown as what it is: bytes.
        Err(Error::Content { .. }) => Content::Binary,
        Err(error) => return Err(error),
    };
    let read_bytes = counted.bytes;
    let content = match content {
        Content::Binary => head(files::read_file(source, layer, path, MAX_HEAD, &cancel)?.bytes),
        content => view_of_content(path, content),
    };
    Ok(FileView {
        path: path.into(),
        bytes: size,
        read_bytes,
        content,
    })
}

/// Counts what had to be read, for the line that says so.
struct Counting<R> {
    inner: R,
    bytes: u64,
}

impl<R: std::io::Read> std::io::Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

impl<R: std::io::Seek> std::io::Seek for Counting<R> {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

fn is_picture(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or_default().to_lowercase();
    ["png", "jpg", "jpeg", "gif", "webp", "bmp"].contains(&ending.as_str())
}

fn head(mut bytes: Vec<u8>) -> FileContent {
    bytes.truncate(MAX_HEAD as usize);
    FileContent::Bytes { head: bytes }
}

fn tensor_rows(tensors: Vec<Tensor>) -> Vec<TensorRow> {
    tensors
        .into_iter()
        .map(|tensor| TensorRow {
            bytes: tensor.bytes.unwrap_or_default(),
            name: tensor.name,
            dtype: tensor.dtype,
            shape: tensor.shape,
        })
        .collect()
}

fn view_of_content(path: &str, content: Content) -> FileContent {
    match content {
        Content::Tensors {
            format,
            metadata,
            tensors,
        } => FileContent::Tensors {
            format: format.into(),
            metadata,
            tensors: tensor_rows(tensors),
        },
        Content::Gguf(gguf) => FileContent::Tensors {
            format: format!("GGUF {}", gguf.version),
            metadata: gguf
                .quantisation
                .into_iter()
                .map(|(kind, count)| (kind, format!("{count} tensors")))
                .chain(gguf.metadata)
                .collect(),
            tensors: tensor_rows(gguf.tensors),
        },
        Content::Onnx(onnx) => {
            let ports = |ports: Vec<content::Port>| {
                ports
                    .into_iter()
                    .map(|port| format!("{} {} [{}]", port.name, port.dtype, port.shape.join(", ")))
                    .collect::<Vec<_>>()
                    .join("; ")
            };
            let opsets: Vec<String> = onnx
                .opsets
                .iter()
                .map(|(domain, version)| format!("{domain} {version}").trim().to_owned())
                .collect();
            let mut metadata = vec![
                (
                    "producer".into(),
                    format!("{} {}", onnx.producer, onnx.producer_version),
                ),
                ("opset".into(), opsets.join(", ")),
                ("inputs".into(), ports(onnx.inputs)),
                ("outputs".into(), ports(onnx.outputs)),
            ];
            metadata.extend(onnx.metadata);
            FileContent::Tensors {
                format: "ONNX".into(),
                metadata,
                tensors: tensor_rows(onnx.initialisers),
            }
        }
        Content::Parquet(parquet) => FileContent::Table {
            columns: parquet
                .columns
                .into_iter()
                .map(|column| (column.name, column.dtype))
                .collect(),
            rows: Vec::new(),
            total_rows: Some(parquet.rows),
        },
        Content::Table(table) => FileContent::Table {
            columns: table
                .columns
                .into_iter()
                .zip(table.types.into_iter().map(str::to_owned))
                .collect(),
            total_rows: (!table.truncated).then_some(table.rows.len() as u64),
            rows: table.rows,
        },
        Content::Notebook(notebook) => FileContent::Facts {
            title: format!("Notebook, {} {}", notebook.language, notebook.kernel),
            facts: notebook
                .cells
                .into_iter()
                .take(MAX_FACTS)
                .map(|cell| (cell.kind, cell.source))
                .collect(),
            warnings: Vec::new(),
        },
        Content::Pickle(pickle) => {
            let warnings = if pickle.is_dangerous() {
                vec![
                    "Loading this pickle would run code that can do anything. It was not loaded."
                        .into(),
                ]
            } else {
                Vec::new()
            };
            FileContent::Facts {
                title: format!(
                    "Pickle, protocol {}: what loading it would import",
                    pickle.protocol
                ),
                facts: pickle
                    .callables
                    .into_iter()
                    .take(MAX_FACTS)
                    .map(|callable| {
                        let mark = if callable.is_dangerous {
                            "dangerous"
                        } else {
                            ""
                        };
                        (
                            format!("{}.{}", callable.module, callable.name),
                            mark.to_owned(),
                        )
                    })
                    .collect(),
                warnings,
            }
        }
        Content::Text { text, truncated } if is_markdown(path) => FileContent::Markdown {
            blocks: crate::markdown::blocks(&text),
            cut: truncated,
        },
        Content::Text { text, truncated } => FileContent::Text {
            text,
            cut: truncated,
        },
        Content::Binary => FileContent::Bytes { head: Vec::new() },
    }
}
fn is_markdown(path: &str) -> bool {
    let path = path.to_lowercase();
    path.ends_with(".md") || path.ends_with(".markdown")
}
