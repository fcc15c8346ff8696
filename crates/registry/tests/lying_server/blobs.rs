//! Layers that are not what they should be, or do not arrive at once.

use std::io::Read as _;

use kitbench_modelkit::Reference;
use kitbench_modelkit::source::KitSource as _;

use crate::support::*;

#[tokio::test]
async fn a_layer_with_other_content_is_refused() {
    let kit = kit(1, 3 * MIB);
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |_| {
            let mut layer = served.layer.clone();
            layer[MIB] ^= 1;
            Answer::ok(layer)
        })
    })
    .await;
    let error = refused(&fake, ErrorKind::DigestMismatch).await;
    assert!(
        error
            .to_string()
            .contains(&kit.kit.layers[0].digest.to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_layer_that_is_too_long_is_cut_off_early() {
    let kit = kit(2, MIB);
    let served = kit.clone();
    // Announced, and not announced.
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |_| {
            Answer::ok([&served.layer[..], b"more"].concat())
        })
    })
    .await;
    refused(&fake, ErrorKind::DigestMismatch).await;
    let served = kit.clone();
    let fake =
        Fake::start(move |asked| serve(&served, asked, |_| Answer::ok(vec![7; MIB / 3]).endless()))
            .await;
    let error = refused(&fake, ErrorKind::DigestMismatch).await;
    assert!(
        matches!(error, Error::SizeMismatch { actual, .. } if actual < 2 * MIB as u64),
        "{error}"
    );
}

#[tokio::test]
async fn a_layer_that_is_too_short_is_refused() {
    let kit = kit(3, MIB);
    let fake =
        Fake::start(move |asked| serve(&kit, asked, |_| Answer::ok(kit.layer[..1000].to_vec())))
            .await;
    let error = refused(&fake, ErrorKind::DigestMismatch).await;
    assert!(
        matches!(error, Error::SizeMismatch { actual: 1000, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_broken_connection_continues_where_it_broke() {
    let kit = kit(4, 5 * MIB);
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |asked| match asked.header("range") {
            None => Answer::ok(served.layer.clone()).cut_after(2 * MIB + 77),
            Some(range) => {
                let start: usize = range
                    .strip_prefix("bytes=")
                    .unwrap()
                    .split('-')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap();
                let rest = served.layer[start..].to_vec();
                let answer = Answer::status(206).header(
                    "content-range",
                    format!(
                        "bytes {start}-{}/{}",
                        served.layer.len() - 1,
                        served.layer.len()
                    ),
                );
                // Breaks once more on the way.
                let cut = (start < 4 * MIB).then_some(2 * MIB);
                match cut {
                    Some(cut) => answer.body(rest).cut_after(cut),
                    None => answer.body(rest),
                }
            }
        })
    })
    .await;
    let pulled = pull(&registry(&fake)).await;
    pulled.result.unwrap();
    let ranges: Vec<String> = fake
        .asked()
        .iter()
        .filter(|asked| asked.path.contains(&kit.kit.layers[0].digest.to_string()))
        .map(|asked| asked.header("range").unwrap_or("whole").to_owned())
        .collect();
    let end = 5 * MIB - 1;
    assert_eq!(
        ranges,
        [
            "whole".to_owned(),
            format!("bytes={}-{end}", 2 * MIB + 77),
            format!("bytes={}-{end}", 4 * MIB + 77)
        ]
    );
    assert_eq!(pulled.recorder.bytes(0), 5 * MIB as u64);
}

#[tokio::test]
async fn without_ranges_a_broken_layer_starts_over() {
    let kit = kit(5, 2 * MIB);
    let tries = AtomicUsize::new(0);
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |_| {
            let answer = Answer::ok(served.layer.clone());
            if tries.fetch_add(1, Ordering::Relaxed) == 0 {
                answer.cut_after(MIB + 9)
            } else {
                answer
            }
        })
    })
    .await;
    let pulled = pull(&registry(&fake)).await;
    pulled.result.unwrap();
    assert_eq!(
        pulled.recorder.bytes(0),
        2 * MIB as u64,
        "bytes that came twice count once"
    );
}

#[tokio::test]
async fn a_server_that_never_gets_further_is_given_up() {
    let kit = kit(6, MIB);
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |_| {
            Answer::ok(served.layer.clone()).cut_after(0)
        })
    })
    .await;
    let pulled = pull(&registry(&fake)).await;
    assert_eq!(pulled.result.unwrap_err().kind(), ErrorKind::Unreachable);
    assert_eq!(
        fake.count("GET", &kit.kit.layers[0].digest.to_string()),
        6,
        "first attempt and five retries"
    );
}

#[tokio::test]
async fn reading_a_remote_layer_survives_a_broken_connection() {
    let kit = kit(12, 2 * MIB);
    // Without ranges: what the reader has is passed over.
    for ranges in [false, true] {
        let served = kit.clone();
        let tries = AtomicUsize::new(0);
        let fake = Fake::start(move |asked| {
            serve(&served, asked, |asked| {
                if tries.fetch_add(1, Ordering::Relaxed) == 0 {
                    return Answer::ok(served.layer.clone()).cut_after(MIB + 3);
                }
                match asked.header("range") {
                    Some(range) if ranges => {
                        let start: usize = range
                            .strip_prefix("bytes=")
                            .unwrap()
                            .split('-')
                            .next()
                            .unwrap()
                            .parse()
                            .unwrap();
                        Answer::status(206)
                            .header(
                                "content-range",
                                format!("bytes {start}-{}/*", served.layer.len() - 1),
                            )
                            .body(&served.layer[start..])
                    }
                    _ => Answer::ok(served.layer.clone()),
                }
            })
        })
        .await;
        let reference: Reference = format!("{}/m:v1", fake.host).parse().unwrap();
        let remote = registry(&fake)
            .kit(&reference, &CancellationToken::new())
            .await
            .unwrap();
        let layer = kit.kit.layers[0].clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut read = Vec::new();
            remote
                .blob(&layer)
                .unwrap()
                .read_to_end(&mut read)
                .map(|_| read)
        });
        assert!(
            read.await.unwrap().unwrap() == kit.layer,
            "ranges: {ranges}"
        );
    }
}
