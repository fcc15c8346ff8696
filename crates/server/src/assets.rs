//! The files of the user interface: from a folder, or built into the program.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{Shared, pages};

#[derive(rust_embed::RustEmbed)]
#[folder = "../../dist/web"]
#[allow_missing = true]
struct Built;

const BUILD_IT: &str = "Build it with <code>cargo xtask web</code> in Kitbench's source folder and build this \
     program again, or set <code>KITBENCH_WEB</code> to a folder that holds it.";

/// Smaller files are sent as they are.
const WORTH_COMPRESSING: usize = 1024;

/// Where the files come from.
enum Source {
    Folder(PathBuf),
    Built,
}

/// The files, with what was compressed on the way out.
pub struct Assets {
    source: Source,
    /// By entity tag of the plain bytes, so that a rebuilt file is compressed anew.
    zipped: Mutex<HashMap<String, Bytes>>,
}

impl Assets {
    /// Files from `folder`, else the ones built in.
    pub fn new(folder: Option<PathBuf>) -> Assets {
        Assets {
            source: folder.map_or(Source::Built, Source::Folder),
            zipped: Mutex::default(),
        }
    }

    /// A file by its name in the bundle.
    fn read(&self, name: &str) -> io::Result<Option<Bytes>> {
        if !is_plain_name(name) {
            return Ok(None);
        }
        match &self.source {
            Source::Built => Ok(Built::get(name).map(|file| match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            })),
            Source::Folder(folder) => read_below(folder, name),
        }
    }

    /// Advice for when there is no user interface at all.
    pub fn missing(&self) -> Option<String> {
        match (self.read("index.html"), &self.source) {
            (Ok(Some(_)), _) => None,
            (_, Source::Built) => Some(format!("This program was built without it. {BUILD_IT}")),
            (Ok(None), Source::Folder(_)) => Some(format!(
                "The folder that <code>KITBENCH_WEB</code> names holds no index.html. {BUILD_IT}"
            )),
            (Err(error), Source::Folder(_)) => Some(format!(
                "The folder that <code>KITBENCH_WEB</code> names cannot be read ({error}). {BUILD_IT}"
            )),
        }
    }

    /// The gzip form of `bytes`, made once.
    fn gzip(&self, tag: &str, bytes: &Bytes) -> io::Result<Bytes> {
        let known = |zipped: &HashMap<String, Bytes>| zipped.get(tag).cloned();
        if let Some(done) = known(&self.zipped.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(done);
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes)?;
        let done = Bytes::from(encoder.finish()?);
        let mut zipped = self.zipped.lock().unwrap_or_else(PoisonError::into_inner);
        // Only a folder that is rebuilt again and again could fill this.
        if zipped.len() >= 256 {
            zipped.clear();
        }
        zipped.insert(tag.to_owned(), done.clone());
        Ok(done)
    }
}

/// Whether `name` is made of plain file names only: nothing that could leave the folder, and
/// nothing hidden.
fn is_plain_name(name: &str) -> bool {
    name.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    })
}

/// Reads a file below `folder`; a link that leads out of it does not count.
fn read_below(folder: &Path, name: &str) -> io::Result<Option<Bytes>> {
    let found = |result: io::Result<PathBuf>| match result {
        Ok(path) => Ok(Some(path)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    };
    let root = folder.canonicalize()?;
    match found(root.join(name).canonicalize())? {
        Some(path) if path.starts_with(&root) && path.is_file() => {
            Ok(Some(std::fs::read(path)?.into()))
        }
        _ => Ok(None),
    }
}

/// The media type of a file, by its name. Browsers compile WebAssembly while it arrives only
/// under its own type.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Whether `Accept-Encoding` takes `coding`: named, or by `*`, and not with weight zero.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let mut by_star = false;
    for part in headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let mut fields = part.split(';').map(str::trim);
        let name = fields.next().unwrap_or_default();
        let weight = fields
            .find_map(|field| field.strip_prefix("q="))
            .and_then(|weight| weight.parse::<f32>().ok())
            .unwrap_or(1.0);
        if name.eq_ignore_ascii_case(coding) {
            return weight > 0.0;
        }
        by_star |= name == "*" && weight > 0.0;
    }
    by_star
}

/// Whether the browser has this version already.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag)
}

/// Serves a file of the user interface.
pub async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let name = match request.uri().path().trim_start_matches('/') {
        "" => "index.html".to_owned(),
        name => name.to_owned(),
    };
    let headers = request.headers().clone();
    // Reading and compressing block; the first answer of the large file takes a moment.
    let answer = tokio::task::spawn_blocking(move || answer(&shared.assets, &name, &headers)).await;
    match answer {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => failed(&error.to_string()),
        Err(error) => failed(&error.to_string()),
    }
}

fn failed(why: &str) -> Response {
    let mut response = Response::new(Body::from(format!("The file could not be read: {why}.\n")));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

fn answer(assets: &Assets, name: &str, headers: &HeaderMap) -> io::Result<Response> {
    let Some(plain) = assets.read(name)? else {
        return Ok(match assets.missing() {
            Some(advice) if name == "index.html" => pages::no_interface(&advice),
            _ => pages::not_found(),
        });
    };
    let mut hasher = DefaultHasher::new();
    plain.hash(&mut hasher);
    let mark = format!("{:016x}-{:x}", hasher.finish(), plain.len());
    let media_type = media_type(name);
    let squeezable = plain.len() >= WORTH_COMPRESSING && !media_type.starts_with("image/png");
    // A compressed sibling made at build time is better than what can be made in a moment.
    let sibling = |ending: &str| assets.read(&format!("{name}.{ending}"));
    let mut coding = None;
    let mut body = None;
    if squeezable && accepts(headers, "br") {
        body = sibling("br")?;
        coding = body.is_some().then_some("br");
    }
    if body.is_none() && squeezable && accepts(headers, "gzip") {
        body = Some(match sibling("gz")? {
            Some(made) => made,
            None => assets.gzip(&mark, &plain)?,
        });
        coding = Some("gzip");
    }
    let tag = format!(
        "\"{mark}{}\"",
        coding.map(|name| format!("-{name}")).unwrap_or_default()
    );
    let mut response = Response::new(Body::empty());
    if is_known(headers, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = Body::from(body.unwrap_or(plain));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(coding) = coding {
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
    }
    let out = response.headers_mut();
    out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    // Kept by the browser, but asked for again each time: a new build has the same names.
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_looked_up() {
        for plain in ["index.html", "kitbench_ui_bg.wasm", "icons/a-1.svg"] {
            assert!(is_plain_name(plain), "{plain}");
        }
        for other in [
            "",
            "..",
            "../Cargo.toml",
            "a/../b",
            "a//b",
            ".hidden",
            "a/.git/config",
            "%2e%2e/x",
            "a\\b",
            "C:x",
        ] {
            assert!(!is_plain_name(other), "{other}");
        }
    }

    #[test]
    fn encodings_are_taken_by_name_star_and_weight() {
        let with = |value: &'static str| {
            HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))])
        };
        assert!(accepts(&with("gzip, deflate, br"), "br"));
        assert!(accepts(&with("gzip;q=0.5"), "gzip"));
        assert!(!accepts(&with("gzip;q=0"), "gzip"));
        assert!(accepts(&with("*"), "br"));
        assert!(!accepts(&with("br;q=0, *"), "br"));
        assert!(!accepts(&with("identity"), "gzip"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }

    #[test]
    #[cfg(unix)]
    fn links_out_of_the_folder_do_not_count() {
        let top = tempfile::tempdir().unwrap();
        let web = top.path().join("web");
        std::fs::create_dir(&web).unwrap();
        std::fs::write(top.path().join("secret.txt"), "s").unwrap();
        std::fs::write(web.join("in.txt"), "i").unwrap();
        std::os::unix::fs::symlink("../secret.txt", web.join("out.txt")).unwrap();
        assert!(read_below(&web, "in.txt").unwrap().is_some());
        assert!(read_below(&web, "out.txt").unwrap().is_none());
        assert!(read_below(&web, "none.txt").unwrap().is_none());
        assert!(read_below(&web, "in.txt/x").unwrap().is_none());
        assert!(read_below(&top.path().join("gone"), "in.txt").is_err());
    }
}
