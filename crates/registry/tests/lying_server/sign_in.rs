//! Tokens, passwords, and who gets to see them.

use kitbench_registry::Secret;

use crate::support::*;

/// A registry that wants tokens; `valid` decides which ones it takes.
async fn token_registry(valid: impl Fn(&str) -> bool + Send + Sync + 'static) -> Fake {
    let issued = AtomicUsize::new(0);
    Fake::start(move |asked| {
        if asked.path.starts_with("/token") {
            let basic = asked.header("authorization") == Some("Basic YW5uOnJpZ2h0");
            let refresh = String::from_utf8_lossy(&asked.body).contains("refresh_token=r3fresh");
            if !basic && !refresh {
                return Answer::status(401)
                    .body(br#"{"details":"incorrect username or password"}"#.to_vec());
            }
            let number = issued.fetch_add(1, Ordering::Relaxed);
            return Answer::ok(format!(r#"{{"token":"t{number}","expires_in":300}}"#));
        }
        let token = asked
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        if token.is_some_and(&valid) {
            return Answer::ok(br#"{"tags":["v1"]}"#.to_vec());
        }
        let host = asked.header("host").unwrap_or_default();
        Answer::status(401).header(
            "www-authenticate",
            format!(
                r#"Bearer realm="http://{host}/token",service="fake",scope="repository:m:pull""#
            ),
        )
    })
    .await
}

#[tokio::test]
async fn tokens_are_fetched_once_and_renewed_once() {
    let fake = token_registry(|_| true).await;
    let ann = Registry::new(impatient(&fake.host), Credentials::basic("ann", "right")).unwrap();
    for _ in 0..3 {
        ann.tags("m", 10, None).await.unwrap();
    }
    assert_eq!(fake.count("GET", "/token"), 1);
    let asked = fake.asked();
    let token = asked
        .iter()
        .find(|asked| asked.path.starts_with("/token"))
        .unwrap();
    assert!(
        token.path.contains("service=fake") && token.path.contains("account=ann"),
        "{}",
        token.path
    );
    assert!(
        token.path.contains("scope=repository%3Am%3Apull"),
        "{}",
        token.path
    );

    // The first token is refused: one new one is fetched, and it serves.
    let fake = token_registry(|token| token != "t0").await;
    let ann = Registry::new(impatient(&fake.host), Credentials::basic("ann", "right")).unwrap();
    assert!(ann.tags("m", 10, None).await.is_err());
    ann.tags("m", 10, None).await.unwrap();
    assert_eq!(fake.count("GET", "/token"), 2);

    // No token is ever good enough: an end is made after one renewal.
    let fake = token_registry(|_| false).await;
    let ann = Registry::new(impatient(&fake.host), Credentials::basic("ann", "right")).unwrap();
    assert_eq!(
        ann.tags("m", 10, None).await.unwrap_err().kind(),
        ErrorKind::Unauthorized
    );
    assert_eq!(fake.count("GET", "/token"), 1);
}

#[tokio::test]
async fn identity_tokens_are_exchanged_and_wrong_passwords_told() {
    let fake = token_registry(|_| true).await;
    let with_token = Registry::new(
        impatient(&fake.host),
        Credentials::IdentityToken(Secret::new("r3fresh")),
    )
    .unwrap();
    with_token.tags("m", 10, None).await.unwrap();
    assert_eq!(fake.count("POST", "/token"), 1);

    let wrong = Registry::new(impatient(&fake.host), Credentials::basic("ann", "wr0ng")).unwrap();
    let error = wrong.check_login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    assert!(
        error.to_string().contains("incorrect username or password"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("wr0ng"));
}

#[tokio::test]
async fn credentials_stay_with_the_registry() {
    let kit = kit(8, 1000);
    let elsewhere_kit = kit.clone();
    let elsewhere = Fake::start(move |asked| match asked.method.as_str() {
        "PUT" => Answer::status(201),
        _ => Answer::ok(elsewhere_kit.layer.clone()),
    })
    .await;
    let storage = elsewhere.host.clone();
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        if asked.header("authorization").is_none() {
            return Answer::status(401).header("www-authenticate", "Basic realm=x");
        }
        match asked.method.as_str() {
            "HEAD" => Answer::status(404),
            "POST" => Answer::status(202)
                .header("location", format!("http://{storage}/upload?signature=1")),
            "PUT" => Answer::status(201),
            _ => serve(&served, asked, |_| {
                Answer::status(307).header("location", format!("http://{storage}/blob"))
            }),
        }
    })
    .await;
    let ann = Registry::new(impatient(&fake.host), Credentials::basic("ann", "right")).unwrap();
    let order = Push::new(kit.kit.manifest.clone(), "m", "v1");
    ann.push(
        kit.store.clone(),
        &order,
        Arc::new(Silent),
        &CancellationToken::new(),
    )
    .await
    .unwrap();
    pull(&ann).await.result.unwrap();
    let seen = elsewhere.asked();
    assert_eq!(seen.iter().filter(|asked| asked.method == "PUT").count(), 2);
    assert!(seen.iter().any(|asked| asked.method == "GET"));
    assert!(
        seen.iter()
            .all(|asked| asked.header("authorization").is_none()),
        "{seen:?}"
    );
    assert!(
        seen[0].path.contains("signature=1&digest=sha256%3A"),
        "{}",
        seen[0].path
    );
}
