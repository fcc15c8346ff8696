//! Looking into the layers of a kit without unpacking it.

use std::io::Read;
use std::sync::Arc;

use kitbench_modelkit::inspect::{Kit, KitLayer};
use kitbench_modelkit::layer::decoder;
use kitbench_modelkit::source::KitSource;
use kitbench_modelkit::tar::{Kind, Limits, Reader};
use kitbench_modelkit::{Error, LayerKind, Packaging, Result};
use kitbench_protocol::{ErrorKind, ErrorView, FileContent, FileView, KitFileEntry, ReadKitFile};

use super::{parse_reference, store};
use crate::errors::view_of_kit;
use crate::{Inner, blocking};

/// Text shown at once.
const MAX_TEXT: u64 = 512 * 1024;
/// Bytes of the hex view.
const MAX_HEAD: usize = 4 * 1024;
/// Pictures shown whole.
const MAX_IMAGE: u64 = 8 << 20;
/// Files listed per layer; a data set of millions is summed up by its count.
const MAX_FILES: usize = 200_000;

fn archive_error(layer: &KitLayer) -> impl Fn(std::io::Error) -> Error + '_ {
    |error| Error::Archive {
        layer: layer.label.clone(),
        problem: error.to_string(),
    }
}

fn open<'a>(source: &'a dyn KitSource, layer: &KitLayer) -> Result<Box<dyn Read + Send + 'a>> {
    let blob = source.blob(&layer.descriptor)?;
    decoder(layer.compression, blob).map_err(archive_error(layer))
}

/// The entries of a layer in the order of its archive.
pub fn list_files(source: &dyn KitSource, layer: &KitLayer) -> Result<Vec<KitFileEntry>> {
    if layer.packaging == Packaging::Raw {
        return Ok(vec![KitFileEntry {
            path: layer.clean_path(),
            bytes: layer.descriptor.size,
            is_folder: false,
            mode: 0o644,
        }]);
    }
    let mut files = Vec::new();
    let mut reader = Reader::new(open(source, layer)?, Limits::default());
    while let Some(header) = reader.next_member().map_err(archive_error(layer))? {
        if files.len() >= MAX_FILES {
            break;
        }
        files.push(KitFileEntry {
            path: String::from_utf8_lossy(&header.name).into_owned(),
            bytes: header.size,
            is_folder: header.kind == Kind::Folder,
            mode: header.mode,
        });
    }
    Ok(files)
}

/// The first `limit` bytes of a file in a layer, and its size.
fn read_start(
    source: &dyn KitSource,
    layer: &KitLayer,
    path: &str,
    limit: u64,
) -> Result<(Vec<u8>, u64)> {
    let mut bytes = Vec::new();
    if layer.packaging == Packaging::Raw {
        open(source, layer)?
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(archive_error(layer))?;
        return Ok((bytes, layer.descriptor.size));
    }
    let mut reader = Reader::new(open(source, layer)?, Limits::default());
    while let Some(header) = reader.next_member().map_err(archive_error(layer))? {
        if header.name == path.as_bytes() {
            reader
                .by_ref()
                .take(limit)
                .read_to_end(&mut bytes)
                .map_err(archive_error(layer))?;
            return Ok((bytes, header.size));
        }
    }
    Err(Error::NoFile {
        what: layer.label.clone(),
        path: path.to_owned(),
    })
}

/// Path and text of the README: the topmost one in a docs layer, else in a code layer.
pub fn find_readme(source: &dyn KitSource, kit: &Kit) -> Option<(String, String)> {
    let of_kind = |kind| kit.layers.iter().filter(move |layer| layer.kind == kind);
    of_kind(LayerKind::Docs)
        .chain(of_kind(LayerKind::Code))
        .find_map(|layer| {
            let files = list_files(source, layer).ok()?;
            let readme = files
                .into_iter()
                .filter(|file| !file.is_folder && is_readme(&file.path))
                .min_by_key(|file| file.path.matches('/').count())?;
            let (bytes, _) = read_start(source, layer, &readme.path, MAX_TEXT).ok()?;
            Some((readme.path, String::from_utf8_lossy(&bytes).into_owned()))
        })
}

fn is_readme(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    name == "readme" || name.starts_with("readme.")
}

/// One file of a kit, ready to show.
pub async fn read_file(
    inner: &Arc<Inner>,
    call: ReadKitFile,
) -> std::result::Result<FileView, ErrorView> {
    if call.remote {
        return Err(ErrorView::new(
            ErrorKind::Unsupported,
            format!("{} is on a registry.", call.reference),
            "Pull it to look into its files.",
        ));
    }
    blocking(inner, move |inner| {
        let reference = parse_reference(&call.reference)?.or_latest();
        let source = store(inner)
            .kit(&reference)
            .map_err(|error| view_of_kit(&error))?;
        let kit = Kit::read(&source).map_err(|error| view_of_kit(&error))?;
        let view = view_of_file(&source, &kit, &call).map_err(|error| view_of_kit(&error))?;
        view.ok_or_else(|| {
            ErrorView::new(
                ErrorKind::NotFound,
                format!("The ModelKit has no layer {}.", call.layer),
                "It was packed again meanwhile; open it anew.",
            )
        })
    })
    .await
}

/// The file as it can be shown; `None` if the kit has no such layer.
pub fn view_of_file(
    source: &dyn KitSource,
    kit: &Kit,
    call: &ReadKitFile,
) -> Result<Option<FileView>> {
    let Some(descriptor) = kit.manifest.layers().get(call.layer as usize) else {
        return Ok(None);
    };
    let Some(layer) = kit
        .layers
        .iter()
        .find(|layer| layer.descriptor == *descriptor)
    else {
        return Ok(None);
    };
    let limit = if image_type(&call.path).is_some() {
        MAX_IMAGE
    } else {
        MAX_TEXT
    };
    let (bytes, size) = read_start(source, layer, &call.path, limit)?;
    let read_bytes = bytes.len() as u64;
    Ok(Some(FileView {
        path: call.path.clone(),
        bytes: size,
        read_bytes,
        content: content(&call.path, bytes, size),
    }))
}

fn image_type(path: &str) -> Option<&'static str> {
    let ending = path.rsplit('.').next()?.to_lowercase();
    match ending.as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        _ => None,
    }
}

fn content(path: &str, bytes: Vec<u8>, size: u64) -> FileContent {
    let cut = (bytes.len() as u64) < size;
    if let Some(media_type) = image_type(path).filter(|_| !cut) {
        return FileContent::Image {
            media_type: media_type.into(),
            bytes,
        };
    }
    let looks_binary = bytes.iter().take(8_000).any(|byte| *byte == 0);
    // A cut in the middle of a character is no reason to call a text binary.
    let is_text = match std::str::from_utf8(&bytes) {
        Ok(_) => true,
        Err(error) => cut && error.error_len().is_none(),
    };
    if is_text && !looks_binary {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let markdown = path.to_lowercase().ends_with(".md");
        return FileContent::Text {
            text,
            markdown,
            cut,
        };
    }
    let mut head = bytes;
    head.truncate(MAX_HEAD);
    FileContent::Bytes { head }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readmes_are_known_by_name() {
        assert!(is_readme("docs/README.md") && is_readme("readme"));
        assert!(!is_readme("readmes/x.md"));
    }

    #[test]
    fn text_cut_inside_a_character_is_text() {
        let bytes = "né".as_bytes()[..2].to_vec();
        assert!(matches!(
            content("a.txt", bytes, 3),
            FileContent::Text { cut: true, .. }
        ));
        assert!(matches!(
            content("a.bin", vec![0, 1, 2], 3),
            FileContent::Bytes { .. }
        ));
    }
}
