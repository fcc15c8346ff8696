//! Answers that are too large, too late or nonsense.

use kitbench_registry::Secret;

use crate::support::*;

#[tokio::test]
async fn manifests_are_checked_and_bounded() {
    let kit = kit(7, 10);
    let other = Fake::start(move |_| {
        Answer::ok(b"{}".to_vec()).header("docker-content-digest", kit.kit.digest)
    })
    .await;
    let error = registry(&other).manifest("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch, "{error}");
    let by_digest = format!("sha256:{}", "0".repeat(64));
    let error = registry(&other)
        .manifest("m", &by_digest)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch, "{error}");

    let huge = Fake::start(|_| Answer::ok(vec![b' '; MIB]).endless()).await;
    let error = registry(&huge).manifest("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    let error = registry(&huge).tags("m", 10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");

    let nonsense = Fake::start(|_| Answer::ok(b"<html>".to_vec())).await;
    let error = registry(&nonsense).tags("m", 10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(
        registry(&nonsense)
            .manifest("m", "v1")
            .await
            .unwrap()
            .modelkit()
            .is_err()
    );
}

#[tokio::test]
async fn busy_servers_are_asked_again() {
    for status in [408, 429, 500, 502, 503] {
        let tries = AtomicUsize::new(0);
        let fake = Fake::start(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Answer::status(status).header("retry-after", 0),
            _ => Answer::ok(br#"{"tags":["v1"]}"#.to_vec()),
        })
        .await;
        let page = registry(&fake).tags("m", 10, None).await.unwrap();
        assert_eq!(
            (page.names, fake.asked().len()),
            (vec!["v1".to_owned()], 3),
            "{status}"
        );
    }
    // What will not get better is not asked again.
    let fake = Fake::start(|_| {
        Answer::status(403).body(br#"{"errors":[{"code":"DENIED","message":"no"}]}"#.to_vec())
    })
    .await;
    let error = registry(&fake).tags("m", 10, None).await.unwrap_err();
    assert_eq!(
        (error.kind(), fake.asked().len()),
        (ErrorKind::Forbidden, 1),
        "{error}"
    );
}

#[tokio::test]
async fn a_long_wait_is_passed_on_instead_of_waited_for() {
    let fake = Fake::start(|_| Answer::status(429).header("retry-after", 3600)).await;
    let error = registry(&fake).tags("m", 10, None).await.unwrap_err();
    assert!(
        matches!(error, Error::RateLimited { retry_after: Some(wait), .. } if wait == Duration::from_secs(3600)),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("3600 s"));
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn silence_and_closed_doors_have_an_end() {
    let fake = Fake::start(|_| Answer::silent()).await;
    let mut config = impatient(&fake.host);
    config.timeouts.stall = Duration::from_millis(50);
    config.retry.retries = 1;
    let error = Registry::new(config, Credentials::Anonymous)
        .unwrap()
        .tags("m", 10, None)
        .await
        .unwrap_err();
    // How many requests got as far as being noted depends on the machine's load.
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(fake.asked().len() <= 2);

    // A loopback address of its own, so that nothing else takes the port in the meantime.
    let listener = std::net::TcpListener::bind("127.78.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = Registry::new(impatient(&host), Credentials::Anonymous)
        .unwrap()
        .ping()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(
        error.to_string().contains(&host) && error.hint().is_some(),
        "{error}"
    );
}

#[tokio::test]
async fn a_registry_without_a_catalogue_says_so() {
    let fake = Fake::start(|_| Answer::status(404)).await;
    let error = registry(&fake).catalog(10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    // Nothing like a registry at all.
    let error = registry(&fake).ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    // Pages that never end do end.
    let fake = Fake::start(|_| {
        Answer::ok(br#"{"tags":[]}"#.to_vec())
            .header("link", r#"</v2/m/tags/list?last=x>; rel="next""#)
    })
    .await;
    assert!(registry(&fake).all_tags("m", 100).await.unwrap().is_empty());
}

#[tokio::test]
async fn referrers_by_interface_and_by_tag() {
    let kit = kit(11, 10);
    let subject = kit.kit.digest;
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{0}","size":1,"artifactType":"sig"}},{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{0}","size":2,"artifactType":"sbom"}}]}}"#,
        kit.kit.config.digest
    );
    for by_tag in [false, true] {
        let index = index.clone();
        let fake = Fake::start(move |asked| {
            let wanted = if by_tag {
                "/manifests/sha256-"
            } else {
                "/referrers/sha256:"
            };
            if asked.path.contains(wanted) {
                Answer::ok(index.clone())
            } else {
                Answer::status(404)
            }
        })
        .await;
        let all = registry(&fake)
            .referrers("m", &subject, None)
            .await
            .unwrap();
        assert_eq!(all.len(), 2);
        let signatures = registry(&fake)
            .referrers("m", &subject, Some("sig"))
            .await
            .unwrap();
        assert_eq!((signatures.len(), signatures[0].size), (1, 1));
    }
}

#[tokio::test]
async fn a_proxy_is_used_and_its_password_never_shown() {
    let proxy = Fake::start(|_| Answer::ok(br#"{"tags":["v1"]}"#.to_vec())).await;
    let mut config = impatient("registry.invalid");
    config.proxy = Some(Secret::new(format!("http://user:pa55@{}", proxy.host)));
    assert!(!format!("{config:?}").contains("pa55"));
    let registry = Registry::new(config, Credentials::Anonymous).unwrap();
    registry.tags("m", 10, None).await.unwrap();
    let asked = proxy.asked();
    assert!(
        asked[0]
            .path
            .starts_with("http://registry.invalid/v2/m/tags/list"),
        "{}",
        asked[0].path
    );
    assert!(asked[0].header("proxy-authorization").is_some());
}
