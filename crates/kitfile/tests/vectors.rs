//! The config test vectors A and C of the format reference: size and SHA-256 of the whole blob.

use kitbench_kitfile::{LayerInfo, Rules, parse, to_config_json};
use sha2::{Digest, Sha256};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn layer(hex: &str) -> Option<LayerInfo> {
    let digest = format!("sha256:{hex}");
    Some(LayerInfo {
        digest: digest.clone(),
        diff_id: digest,
    })
}

#[test]
fn vector_a() {
    let text = "\
manifestVersion: 1.0.0
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
";
    let mut kitfile = parse(text, Rules::V1_11).into_result().expect("valid");
    let model = kitfile.model.as_mut().expect("a model");
    model.layer = layer("179fe3dcdc8d115229524a2b7605a58deb0ce430d438e69f6d1aa647136d8e91");
    kitfile.code[0].layer =
        layer("7ad9704f5064da8f84402be83063810c3fcb701010bc149ae3c8547dd0376666");
    kitfile.datasets[0].layer =
        layer("d3f3b66df00c415397c6e93bd510517722a22a970d99186dad49aad3d02a0f14");
    kitfile.docs[0].layer =
        layer("2cb567d95755a7e0184335421a811102e09fdd0bc03f7ac5e5d9b2a9b104a885");
    let config = to_config_json(&kitfile).expect("JSON");
    assert_eq!(config.len(), 1130, "{}", String::from_utf8_lossy(&config));
    assert_eq!(
        sha256(&config),
        "c9ebdb612ea46d75a6eea3efb64b0652a582741d7ff0fa8844f381006b40711c"
    );
}

#[test]
fn vector_c() {
    let kitfile = parse("package: {name: x}\n", Rules::V1_11)
        .into_result()
        .expect("valid");
    let config = to_config_json(&kitfile).expect("JSON");
    assert_eq!(
        config,
        b"{\"manifestVersion\":\"\",\"package\":{\"name\":\"x\"}}"
    );
    assert_eq!(
        sha256(&config),
        "3e5aced2fdee2279d904fc2928e894f72ffebfac99def3487336bdf1d081ffe9"
    );
}
