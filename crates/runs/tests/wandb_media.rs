//! Images, histograms and tables of W&B runs: recorded ones, and each form the tool writes.

mod common;

use std::fs;
use std::path::Path;

use common::{data, find, open_all};
use kitbench_runs::SourceKind;
use kitbench_runs::media::{Content, Medium};

/// A protobuf field with bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(bytes);
    out
}

/// A row of the history: nested keys, each with its JSON.
fn row(items: &[(&[&str], &str)]) -> Vec<u8> {
    let item = |(path, json): &(&[&str], &str)| {
        let mut item: Vec<u8> = path.iter().flat_map(|p| field(2, p.as_bytes())).collect();
        // Field 16 takes two bytes of key.
        item.extend([0x82, 0x01, json.len() as u8]);
        item.extend_from_slice(json.as_bytes());
        field(1, &item)
    };
    field(2, &items.iter().flat_map(item).collect::<Vec<u8>>())
}

fn write(path: &Path, records: &[Vec<u8>]) {
    let mut file = b":W&B\xe1\xbe\x00".to_vec();
    for record in records {
        let mut checked = vec![1];
        checked.extend_from_slice(record);
        file.extend_from_slice(&crc32fast::hash(&checked).to_le_bytes());
        file.extend_from_slice(&(record.len() as u16).to_le_bytes());
        file.extend_from_slice(&checked);
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, file).unwrap();
}

fn steps(media: &[Medium]) -> Vec<i64> {
    media.iter().map(|medium| medium.step.whole).collect()
}

#[test]
fn a_recorded_histogram() {
    let readers = open_all(&data("wandb-offline"), SourceKind::Wandb);
    let (reader, run) = find(&readers, "dig00004");
    let media = reader.media(&run.id, "w").unwrap();
    assert!(!media.is_empty());
    for medium in &media {
        let Content::Histogram(buckets) = &medium.content else {
            panic!("{medium:?}")
        };
        assert!(!buckets.is_empty());
        assert!(buckets.iter().all(|b| b.left < b.right && b.count >= 0.0));
        assert!(medium.time_ms.is_some());
    }
    assert!(reader.media(&run.id, "none of it").unwrap().is_empty());
}

#[test]
fn images_tables_and_histograms_of_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("wandb/offline-run-20260101_000000-med1");
    let image = |path: &str| format!("\"{path}\"");
    let separated = "[\"media/images/a.png\",\"media/images/gone.png\"]";
    write(
        &folder.join("run-med1.wandb"),
        &[
            row(&[
                (&["_step"], "3"),
                (&["loss"], "0.5"),
                (&["pic", "_type"], "\"image-file\""),
                (&["pic", "path"], &image("media/images/a.png")),
                (&["pic", "width"], "2"),
                (&["pic", "height"], "1"),
            ]),
            row(&[
                (&["_step"], "4"),
                (&["pics", "_type"], "\"images/separated\""),
                (&["pics", "filenames"], separated),
                (&["out", "_type"], "\"image-file\""),
                (&["out", "path"], &image("../../secret.png")),
                (&["tab", "_type"], "\"table-file\""),
                (&["tab", "path"], "\"media/table/t.json\""),
                (&["hist", "_type"], "\"histogram\""),
                (&["hist", "packedBins", "min"], "-1"),
                (&["hist", "packedBins", "size"], "0.5"),
                (&["hist", "values"], "[3, 0, 1]"),
            ]),
            row(&[
                (&["_step"], "5"),
                (
                    &["hist"],
                    r#"{"_type": "histogram", "bins": [0, 1, 3], "values": [2, 4]}"#,
                ),
            ]),
        ],
    );
    let png = b"\x89PNG and the rest";
    fs::create_dir_all(folder.join("files/media/images")).unwrap();
    fs::create_dir_all(folder.join("files/media/table")).unwrap();
    fs::write(folder.join("files/media/images/a.png"), png).unwrap();
    fs::write(
        folder.join("files/media/table/t.json"),
        r#"{"columns": ["id", "a|b"], "data": [[1, "x\ny"], [NaN, null]]}"#,
    )
    .unwrap();
    fs::write(dir.path().join("secret.png"), "secret").unwrap();

    let readers = open_all(dir.path(), SourceKind::Wandb);
    let (reader, run) = find(&readers, "med1");
    assert_eq!(run.metrics.keys().collect::<Vec<_>>(), ["loss"]);
    let media = |name: &str| reader.media("med1", name).unwrap();

    let pic = media("pic");
    assert_eq!(steps(&pic), [3]);
    let wanted = Content::Image {
        media_type: "image/png",
        width: 2,
        height: 1,
        bytes: png.to_vec(),
    };
    assert_eq!(pic[0].content, wanted);
    let text = |medium: &Medium| match &medium.content {
        Content::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    let pics = media("pics");
    assert_eq!(steps(&pics), [4, 4]);
    assert!(matches!(&pics[0].content, Content::Image { .. }));
    assert!(text(&pics[1]).contains("gone.png` cannot be read"));
    assert!(text(&media("out")[0]).contains("does not lie among the run's files"));
    assert_eq!(
        text(&media("tab")[0]),
        "| id | a\\|b |\n| --- | --- |\n| 1 | x y |\n| NaN | null |\n"
    );
    let hist = media("hist");
    assert_eq!(steps(&hist), [4, 5]);
    let edges = |medium: &Medium| match &medium.content {
        Content::Histogram(buckets) => buckets
            .iter()
            .map(|b| (b.left, b.right, b.count))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        edges(&hist[0]),
        [(-1.0, -0.5, 3.0), (-0.5, 0.0, 0.0), (0.0, 0.5, 1.0)]
    );
    assert_eq!(edges(&hist[1]), [(0.0, 1.0, 2.0), (1.0, 3.0, 4.0)]);
}
