//! The files of the page: types, compression, revalidation, and their absence.

use std::io::Read;

use crate::common::{PAGE, open, open_with, wasm};

#[tokio::test]
async fn webassembly_has_its_type_and_goes_compressed() {
    let door = open().await;
    let cookie = door.cookie().await;
    let path = "/kitbench_ui_bg.wasm";
    let plain = door.get(path, &[("Cookie", &cookie)]).await;
    assert_eq!(plain.status, 200);
    assert_eq!(plain.headers["content-type"], "application/wasm");
    assert!(!plain.headers.contains_key("content-encoding"));
    assert_eq!(plain.body, wasm());
    let zipped = door
        .get(
            path,
            &[
                ("Cookie", &cookie),
                ("Accept-Encoding", "gzip, deflate, br"),
            ],
        )
        .await;
    assert_eq!(zipped.headers["content-encoding"], "gzip");
    assert_eq!(zipped.headers["vary"], "Accept-Encoding");
    assert!(
        zipped.body.len() < plain.body.len() / 4,
        "{}",
        zipped.body.len()
    );
    let mut unzipped = Vec::new();
    flate2::read::GzDecoder::new(zipped.body.as_slice())
        .read_to_end(&mut unzipped)
        .unwrap();
    assert_eq!(unzipped, wasm());
    assert_ne!(zipped.headers["etag"], plain.headers["etag"]);
}

#[tokio::test]
async fn files_compressed_at_build_time_are_preferred() {
    let door = open().await;
    let web = door.folder.path().join("web");
    std::fs::write(web.join("kitbench_ui_bg.wasm.br"), b"made by the build").unwrap();
    std::fs::write(web.join("kitbench_ui.js.gz"), b"this too").unwrap();
    let cookie = door.cookie().await;
    let ask = [("Cookie", cookie.as_str()), ("Accept-Encoding", "br, gzip")];
    let answer = door.get("/kitbench_ui_bg.wasm", &ask).await;
    assert_eq!(answer.headers["content-encoding"], "br");
    assert_eq!(answer.headers["content-type"], "application/wasm");
    assert_eq!(answer.body, b"made by the build");
    let answer = door.get("/kitbench_ui.js", &ask).await;
    assert_eq!(answer.headers["content-encoding"], "gzip");
    assert_eq!(answer.body, b"this too");
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    let door = open().await;
    let cookie = door.cookie().await;
    let first = door.get("/", &[("Cookie", &cookie)]).await;
    assert_eq!(first.headers["cache-control"], "private, no-cache");
    let tag = first.headers["etag"].clone();
    let again = door
        .get("/", &[("Cookie", &cookie), ("If-None-Match", &tag)])
        .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    // A new build has the same names.
    std::fs::write(
        door.folder.path().join("web/index.html"),
        format!("{PAGE}new"),
    )
    .unwrap();
    let new = door
        .get("/", &[("Cookie", &cookie), ("If-None-Match", &tag)])
        .await;
    assert_eq!((new.status, new.text()), (200, format!("{PAGE}new")));
}

#[tokio::test]
async fn head_tells_the_same_without_a_body() {
    let door = open().await;
    let cookie = door.cookie().await;
    let answer = door.ask("HEAD", "/", &[("Cookie", &cookie)]).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.headers["content-length"], PAGE.len().to_string());
}

#[tokio::test]
async fn a_missing_interface_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let door = open_with(folder, Some("nowhere")).await;
    let cookie = door.cookie().await;
    let answer = door.get("/", &[("Cookie", &cookie)]).await;
    // A folder that cannot be read is told as what it is.
    assert!(matches!(answer.status, 500 | 503), "{}", answer.status);
    std::fs::create_dir(door.folder.path().join("nowhere")).unwrap();
    let answer = door.get("/", &[("Cookie", &cookie)]).await;
    assert_eq!(answer.status, 503);
    assert!(
        answer.text().contains("cargo xtask web"),
        "{}",
        answer.text()
    );
}
