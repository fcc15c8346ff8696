//! The test vectors of the format's reference.
#![cfg(unix)]

mod common;

use std::os::unix::fs::{PermissionsExt as _, symlink};

use common::{Place, exact_modes, reference, write};
use kitbench_modelkit::pack::{PackOptions, Shape};
use kitbench_modelkit::plan::LeftOutReason;
use kitbench_modelkit::{Compat, Digest};

fn vector_a() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join("empty")).unwrap();
    write(
        root,
        &[
            ("model/weights.bin", "hello\n"),
            ("model/sub/config.json", "x=1\n"),
            ("data/train.csv", "a,b\n1,2\n"),
            ("docs/README.md", "# Doc <&>\n"),
            ("main.py", "print(1)\n"),
            (".hidden", "hid\n"),
            (
                "Kitfile",
                "manifestVersion: 1.0.0
package:
  name: demo
  version: 0.1.0
  description: A <demo> & test
  authors: [Ann, Bob]
model:
  name: m
  path: ./model
  framework: none
  parameters:
    zeta: 1
    alpha: 0.5
    big: 1000000
    list: [a, 1, true, null]
    nested: {b: x, a: 1e3}
    when: 2024-01-02
code:
  - path: .
    description: everything else
datasets:
  - name: train
    path: data/train.csv
docs:
  - path: docs/
",
            ),
        ],
    );
    symlink("main.py", root.join("link.py")).unwrap();
    folder
}

#[test]
fn vector_a_in_every_shape() {
    let folder = vector_a();
    let cases = [
        (
            Compat::V1_7,
            None,
            "unknown",
            "4fce1606d1ac904df35e1a4a920ba37c184305049cb97f6953220ef765ea1f35",
            880,
        ),
        (
            Compat::V1_11,
            None,
            "1.11.0",
            "248c65a12b319ba5ff2e247413fa2416079c249dd39c21301c9778ef4380084e",
            1149,
        ),
        (
            Compat::Current,
            None,
            "1.11.0",
            "248c65a12b319ba5ff2e247413fa2416079c249dd39c21301c9778ef4380084e",
            1149,
        ),
        (
            Compat::Current,
            Some(Shape::E3),
            "1.15.0",
            "bbf1139e53000c26326e64da5bcbd37d08571703003816bde0919ba75b95e06c",
            1264,
        ),
    ];
    for (compat, shape, version, manifest, size) in cases {
        let mut options = PackOptions::new(folder.path(), reference("demo:1"));
        options.compat = compat;
        options.shape = shape;
        options.tool_version = Some(version.into());
        options.created = Some(0);
        let packed = Place::new().pack(&options).unwrap();
        let layers: Vec<_> = packed
            .layers
            .iter()
            .map(|layer| (layer.size, layer.digest.hex()))
            .collect();
        assert_eq!(
            layers,
            [
                (
                    4096,
                    "179fe3dcdc8d115229524a2b7605a58deb0ce430d438e69f6d1aa647136d8e91".to_owned()
                ),
                (
                    4096,
                    "7ad9704f5064da8f84402be83063810c3fcb701010bc149ae3c8547dd0376666".into()
                ),
                (
                    2560,
                    "d3f3b66df00c415397c6e93bd510517722a22a970d99186dad49aad3d02a0f14".into()
                ),
                (
                    2560,
                    "2cb567d95755a7e0184335421a811102e09fdd0bc03f7ac5e5d9b2a9b104a885".into()
                ),
            ]
        );
        assert_eq!(
            packed.config.digest.hex(),
            "c9ebdb612ea46d75a6eea3efb64b0652a582741d7ff0fa8844f381006b40711c"
        );
        assert_eq!(
            (packed.manifest.digest.hex().as_str(), packed.manifest.size),
            (manifest, size)
        );
        let symlinks: Vec<_> = packed
            .left_out
            .iter()
            .filter(|l| l.reason == LeftOutReason::Symlink)
            .map(|l| l.path.as_str())
            .collect();
        assert_eq!(symlinks, ["link.py"]);
    }
}

#[test]
fn vector_b_hard_names() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (a, b, c) = ("a".repeat(60), "b".repeat(99), "c".repeat(120));
    let files = [
        (format!("m/{a}/{a}/x/file.bin"), "1"),
        (format!("m/{b}/{b}/{b}/f"), "2"),
        (format!("m/{c}"), "3"),
        ("m/dé/sub/fü.txt".into(), "4"),
        ("m/a..b".into(), "5"),
        ("m/.dot/h".into(), "6"),
        ("m/exec.sh".into(), "7"),
        ("m/priv".into(), "8"),
        ("m/Zcap/q".into(), "9"),
        ("m/Kitfile".into(), "k"),
        ("m/.kitignore".into(), "i"),
        ("m/.DS_Store".into(), "e"),
        ("m/zero".into(), ""),
        ("Kitfile".into(), "model: {path: m}\n"),
    ];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    for name in ["sticky", "z"] {
        std::fs::create_dir_all(root.join("m").join(name)).unwrap();
    }
    write(root, &files);
    exact_modes(root);
    std::fs::hard_link(root.join("m/priv"), root.join("m/hard")).unwrap();
    for (path, mode) in [
        ("sticky", 0o1777),
        ("z", 0o2775),
        ("exec.sh", 0o755),
        ("priv", 0o600),
        ("zero", 0o4755),
    ] {
        std::fs::set_permissions(
            root.join("m").join(path),
            std::fs::Permissions::from_mode(mode),
        )
        .unwrap();
    }
    assert!(
        std::process::Command::new("mkfifo")
            .arg(root.join("m/pipe"))
            .status()
            .unwrap()
            .success()
    );
    symlink("exec.sh", root.join("m/sl")).unwrap();
    for compat in Compat::ALL {
        let mut options = PackOptions::new(root, reference("b:1"));
        options.compat = compat;
        let packed = Place::new().pack(&options).unwrap();
        assert_eq!(packed.layers[0].size, 26624);
        assert_eq!(
            packed.layers[0].digest.hex(),
            "c898de507df83e5fca7b1519d1b7f4fa7417629174505f9bae3ec813552d858c"
        );
        let left: Vec<_> = packed
            .left_out
            .iter()
            .map(|left| (left.path.as_str(), &left.reason))
            .collect();
        assert_eq!(
            left,
            [
                ("m/a..b", &LeftOutReason::DotDot),
                ("m/pipe", &LeftOutReason::Special),
                ("m/sl", &LeftOutReason::Symlink)
            ]
        );
    }
}

#[test]
fn vector_c_no_layers() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("Kitfile", "package: {name: x}\n")]);
    let mut options = PackOptions::new(folder.path(), reference("x:1"));
    options.compat = Compat::V1_11;
    options.tool_version = Some("1.11.0".into());
    let packed = Place::new().pack(&options).unwrap();
    assert_eq!(
        packed.config.digest.hex(),
        "3e5aced2fdee2279d904fc2928e894f72ffebfac99def3487336bdf1d081ffe9"
    );
    assert_eq!(
        packed.manifest.digest.hex(),
        "7d73a4ecf74f6eacde47042404760ea60d3bd9af6c08b2eef2f9523f37cd6218"
    );
}

#[test]
fn a_link_as_layer_gives_the_empty_archive() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("real.bin", "x"), ("Kitfile", "model: {path: w.bin}\n")],
    );
    symlink("real.bin", folder.path().join("w.bin")).unwrap();
    let packed = Place::new()
        .pack(&PackOptions::new(folder.path(), reference("x:1")))
        .unwrap();
    assert_eq!(packed.layers[0].digest, Digest::of(&[0; 1024]));
    assert_eq!(
        packed.layers[0].digest.hex(),
        "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
    );
    assert!(
        packed
            .warnings
            .iter()
            .any(|warning| warning.contains("no files")),
        "{:?}",
        packed.warnings
    );
}
