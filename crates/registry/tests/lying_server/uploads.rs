//! Uploads that are limited or broken off.

use std::sync::Mutex;

use crate::support::*;

#[tokio::test]
async fn a_body_limit_names_the_server() {
    let kit = kit(9, 1000);
    let fake = Fake::start(|asked| match asked.method.as_str() {
        "HEAD" => Answer::status(404),
        "POST" => Answer::status(202).header("location", "/v2/m/blobs/uploads/1"),
        _ => Answer::status(413).header("server", "nginx/1.22.1"),
    })
    .await;
    let order = Push::new(kit.kit.manifest.clone(), "m", "v1");
    let error = registry(&fake)
        .push(
            kit.store.clone(),
            &order,
            Arc::new(Silent),
            &CancellationToken::new(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.to_string().contains("nginx/1.22.1"), "{error}");
}

/// A registry with one upload session that keeps what it gets.
struct Uploads {
    got: Mutex<Vec<u8>>,
}

impl Uploads {
    fn answer(&self, asked: &Asked, breaks: bool) -> Answer {
        let location = "/v2/m/blobs/uploads/1";
        let range = |got: &[u8]| format!("0-{}", got.len().saturating_sub(1));
        match asked.method.as_str() {
            "HEAD" => Answer::status(404),
            "POST" => Answer::status(202).header("location", location),
            "PATCH" => {
                let mut got = self.got.lock().unwrap();
                let start = asked
                    .header("content-range")
                    .unwrap()
                    .split('-')
                    .next()
                    .unwrap();
                if start.parse::<usize>().unwrap() != got.len() {
                    return Answer::status(416).header("location", location);
                }
                got.extend_from_slice(&asked.body);
                if breaks {
                    return Answer::silent();
                }
                Answer::status(202)
                    .header("location", location)
                    .header("range", range(&got))
            }
            "GET" => {
                let got = self.got.lock().unwrap();
                Answer::status(204)
                    .header("location", location)
                    .header("range", range(&got))
            }
            _ => Answer::status(201),
        }
    }
}

#[tokio::test]
async fn a_broken_chunk_continues_where_the_registry_stands() {
    let kit = kit(10, 4 * MIB);
    let uploads = Arc::new(Uploads {
        got: Mutex::default(),
    });
    let state = uploads.clone();
    let patches = AtomicUsize::new(0);
    // The second chunk breaks off after 300 kB, which the registry keeps.
    let breaks = |asked: &Asked| asked.header("content-range") == Some("1048576-2097151");
    let fake = Fake::start_cutting(
        move |asked| {
            (breaks(asked) && patches.fetch_add(1, Ordering::Relaxed) == 0).then_some(300_000)
        },
        move |asked| {
            if asked.path.contains("uploads") {
                state.answer(asked, false)
            } else {
                Answer::status(if asked.method == "HEAD" { 404 } else { 201 })
            }
        },
    )
    .await;
    let mut config = impatient(&fake.host);
    config.chunk_bytes = MIB as u64;
    // One blob at a time: this server knows one session.
    config.concurrency = 1;
    let registry = Registry::new(config, Credentials::Anonymous).unwrap();
    let order = Push::new(kit.kit.manifest.clone(), "m", "v1");
    let recorder = Arc::new(Recorder::default());
    registry
        .push(
            kit.store.clone(),
            &order,
            recorder.clone(),
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    let got = uploads.got.lock().unwrap();
    assert!(*got == kit.layer, "the registry has {} bytes", got.len());
    let sent: Vec<String> = fake
        .asked()
        .iter()
        .filter(|asked| asked.method == "PATCH")
        .map(|asked| asked.header("content-range").unwrap().to_owned())
        .collect();
    assert_eq!(
        sent,
        [
            "0-1048575",
            "1048576-2097151",
            "1348576-2397151",
            "2397152-3445727",
            "3445728-4194303"
        ]
    );
    assert_eq!(recorder.bytes(0), 4 * MIB as u64);
}

/// A registry without blobs that opens sessions; `put` answers the upload of a blob.
async fn accepting(put: impl Fn() -> Answer + Send + Sync + 'static) -> Fake {
    Fake::start(move |asked| match asked.method.as_str() {
        "HEAD" => Answer::status(404),
        "POST" => Answer::status(202).header("location", "/v2/m/blobs/uploads/1"),
        "DELETE" => Answer::status(204),
        _ if asked.path.contains("/manifests/") => Answer::status(201),
        _ => put(),
    })
    .await
}

#[tokio::test]
async fn a_failed_upload_gets_a_new_session() {
    let kit = kit(13, 1000);
    let tries = AtomicUsize::new(0);
    let fake = accepting(move || match tries.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::status(503),
        _ => Answer::status(201),
    })
    .await;
    let order = Push::new(kit.kit.manifest.clone(), "m", "v1");
    let recorder = Arc::new(Recorder::default());
    registry(&fake)
        .push(
            kit.store.clone(),
            &order,
            recorder.clone(),
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    // Layer and config, one of them twice.
    assert_eq!(fake.count("POST", "/uploads/"), 3);
    assert_eq!(fake.count("PUT", "digest="), 3);
    assert_eq!(recorder.bytes(0), 1000);
    assert_eq!(recorder.bytes(1), kit.kit.config.size);
}

#[tokio::test]
async fn an_upload_that_is_never_answered_ends() {
    let kit = kit(14, 1000);
    let fake = accepting(Answer::silent).await;
    let mut config = impatient(&fake.host);
    config.timeouts.commit = Duration::from_millis(50);
    config.retry.retries = 0;
    let order = Push::new(kit.kit.manifest.clone(), "m", "v1");
    let error = Registry::new(config, Credentials::Anonymous)
        .unwrap()
        .push(
            kit.store.clone(),
            &order,
            Arc::new(Silent),
            &CancellationToken::new(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(fake.count("PUT", "/manifests/"), 0);
}

#[tokio::test]
async fn a_cancelled_upload_clears_up() {
    let kit = kit(15, 1000);
    let fake = accepting(Answer::silent).await;
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    let recorder = Arc::new(Recorder::acting(move |_, _| token.cancel()));
    let mut config = impatient(&fake.host);
    config.concurrency = 1;
    config.timeouts.cancel_grace = Duration::from_secs(60);
    let order = Push::new(kit.kit.manifest.clone(), "m", "v1");
    let error = Registry::new(config, Credentials::Anonymous)
        .unwrap()
        .push(kit.store.clone(), &order, recorder, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert_eq!(fake.count("DELETE", "/uploads/1"), 1);
    assert_eq!(fake.count("PUT", "/manifests/"), 0);
}
