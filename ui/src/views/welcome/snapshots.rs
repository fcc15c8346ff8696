//! What first start finds, as text.

use kitbench_protocol::Found;

use super::model::rows;

fn say(found: &Found, watched: &[&str], hosts: &[&str]) -> String {
    let short = |path: &str| path.replace("/home/lena", "~");
    rows(found, watched, hosts, "/home/lena/.kitops", short)
        .into_iter()
        .map(|row| format!("{} [{}]\n  {}\n", row.title, row.button, row.note))
        .collect()
}

fn found() -> Found {
    Found {
        projects: ["support-triage", "churn-uplift", "invoice-ocr"]
            .map(|name| format!("/home/lena/ml/{name}"))
            .into(),
        kits: 9,
        kit_bytes: 8_240_000_000,
        logins: vec!["ghcr.io".to_owned(), "harbor.fernhill.example".to_owned()],
    }
}

#[test]
fn rows_say_what_is_there_and_what_can_be_done() {
    assert_eq!(
        say(&found(), &[], &[]),
        "\
3 folders with a Kitfile in `~/ml` [Add all 3]
  support-triage, churn-uplift, invoice-ocr
9 ModelKits in the local store [Show]
  `~/.kitops`, 8.24 GB on disk, shared with the kit command
Logins for `ghcr.io` and `harbor.fernhill.example` [Use them]
  Used where they are, never copied
"
    );
}

#[test]
fn what_is_in_the_lists_already_is_not_offered() {
    let watched = [
        "/home/lena/ml/support-triage",
        "/home/lena/ml/churn-uplift",
        "/home/lena/ml/invoice-ocr",
    ];
    let mut found = found();
    found.kits = 0;
    assert_eq!(
        say(&found, &watched[..2], &["ghcr.io"]),
        "\
1 folder with a Kitfile in `~/ml` [Add]
  invoice-ocr
Logins for `harbor.fernhill.example` [Use it]
  Used where they are, never copied
"
    );
    found.logins.clear();
    assert_eq!(say(&found, &watched, &[]), "");
}

#[test]
fn many_findings_are_counted() {
    let found = Found {
        projects: (0..8).map(|i| format!("/data/{}/p{i}", i % 2)).collect(),
        logins: (0..5).map(|i| format!("r{i}.example")).collect(),
        ..Found::default()
    };
    assert_eq!(
        say(&found, &[], &[]),
        "\
8 folders with a Kitfile [Add all 8]
  p0, p1, p2, p3 and 4 more
Logins for `r0.example`, `r1.example`, `r2.example` and 2 more [Use them]
  Used where they are, never copied
"
    );
}
