//! The Kitfile as YAML, and single fields of it.

use kitbench_kitfile::{Rules, field, from_config_json, parse, to_config_json, to_yaml};

const CONFIG: &str = include_str!("data/params.config.json");

#[test]
fn what_kit_writes_into_an_unpacked_project() {
    let kitfile = from_config_json(CONFIG.as_bytes()).expect("config");
    assert_eq!(
        to_yaml(&kitfile),
        "\
manifestVersion: 1.0.0
package:
  name: escapes
  version: \"1.10\"
  description: 'a <b>bold</b> & ''quoted'' \"text\" é世界 😀 line\u{2028}sep'
  license: Apache-2.0
  authors: [A & B, Zoë]
"
        .replace(
            "'a <b>bold</b> & ''quoted'' \"text\" é世界 😀 line\u{2028}sep'",
            "\"a <b>bold</b> & 'quoted' \\\"text\\\" é世界 \\U0001F600 line\\Lsep\""
        ) + "\
model:
  name: m
  path: model.bin
  parts:
    - name: tokenizer
      path: tokenizer.json
      license: MIT
      type: tokenizer
  parameters:
    alpha: 1200
    big: 123456789012345678
    bool: true
    date: \"2024-01-02T00:00:00Z\"
    folded: joined words
    list:
      - 1
      - two
      - 3
      - k: v
    multi: |
      line one
      line two
    neg: -0.5
    nested:
      a: []
      b:
        x: 2
        \"y\": 1
    nothing: null
    octal: 15
    pi: 3.14159
    small: 1e-07
    text: \"1.0\"
    tilde: null
    yes_word: \"yes\"
    zeta: 255
datasets:
  - name: d
    path: data.csv
    parameters:
      key with space:
        - a
        - b
      rows: 12
"
    );
}

#[test]
fn written_yaml_gives_the_same_config() {
    let kitfile = parse(include_str!("data/params.Kitfile"), Rules::Current)
        .into_result()
        .expect("valid");
    let again = parse(&to_yaml(&kitfile), Rules::Current)
        .into_result()
        .expect("valid");
    assert_eq!(to_config_json(&again), to_config_json(&kitfile));
}

#[test]
fn an_empty_kitfile() {
    let kitfile = parse("manifestVersion:\n", Rules::Current)
        .into_result()
        .expect("valid");
    assert_eq!(to_yaml(&kitfile), "manifestVersion: \"\"\n");
}

#[test]
fn single_fields() {
    let kitfile = from_config_json(CONFIG.as_bytes()).expect("config");
    let get = |name| field(&kitfile, name).map_err(|error| error.segment);
    assert_eq!(get("manifestVersion"), Ok("1.0.0".into()));
    assert_eq!(get("package.version"), Ok("1.10".into()));
    assert_eq!(get("package.authors"), Ok("- A & B\n- Zoë".into()));
    assert_eq!(get("model.description"), Ok("\"\"".into()));
    assert_eq!(get("model.parameters.nested.b.x"), Ok("2".into()));
    assert_eq!(get("dataSets").map(|text| text.lines().count()), Ok(7));
    assert_eq!(get("manifestversion"), Err("manifestversion".into()));
    assert_eq!(get("package.author"), Err("author".into()));
    assert_eq!(get("package.name.x"), Err("x".into()));
    assert_eq!(get("code.path"), Err("path".into()));
}
