//! What the program does: projects, watching, jobs, settings, history, credentials.
//!
//! One [`Engine`] serves any number of front ends. It answers typed calls
//! ([`Engine::call`]) and their wire form ([`Engine::handle`]), and sends one ordered
//! stream of events ([`Engine::subscribe`]). It knows nothing of windows, browsers or
//! HTTP. To add a verb: name it in the protocol, answer it in [`dispatch`].

mod app;
mod convert;
mod credentials;
mod dispatch;
pub mod errors;
mod events;
mod example;
mod experiments;
pub mod folders;
mod hash_speed;
mod jobs;
mod kitfile;
mod kits;
mod markdown;
mod packing;
mod pictures;
mod projects;
mod registries;
mod state;
mod transfers;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use kitbench_protocol::{Answer, Call, Door, ErrorView, Request, decode};

pub use credentials::{forget_in_key_store, login_of_key_store};
pub use events::Subscription;
pub use experiments::{FoundRun, ProjectRuns, attach, in_kits, record, reviews};
pub use state::StateError;

/// How an engine is started.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Holds `kitbench.db`; see [`folders::default_state_folder`].
    pub state_folder: PathBuf,
    /// The home shared with `kit`; see [`kitbench_modelkit::store::Home`].
    pub kit_home: PathBuf,
    pub door: Door,
    /// Short commit of the build, or empty.
    pub commit: String,
    /// Add this folder (if need be) and open it.
    pub open: Option<PathBuf>,
    /// Copy the example (if need be) and open it.
    pub open_example: bool,
    /// Where the example is copied.
    pub example_target: PathBuf,
}

impl EngineOptions {
    /// The usual places of this computer and user, with `KITBENCH_STATE` and
    /// `KITOPS_HOME` honoured.
    pub fn for_this_user(door: Door) -> EngineOptions {
        let kit_home = match kitbench_modelkit::store::Home::find(None) {
            Ok(home) => home.path().to_path_buf(),
            // Without a home folder there is no better place than the working folder.
            Err(_) => PathBuf::from("kitops"),
        };
        EngineOptions {
            state_folder: folders::default_state_folder(),
            kit_home,
            door,
            commit: option_env!("KITBENCH_COMMIT").unwrap_or_default().into(),
            open: None,
            open_example: false,
            example_target: folders::home().join("kitbench").join("wine"),
        }
    }
}

/// Shared by all parts of the engine.
pub(crate) struct Inner {
    options: EngineOptions,
    state: state::State,
    events: events::EventBus,
    jobs: jobs::Jobs,
    projects: projects::Projects,
    experiments: experiments::Experiments,
    servers: experiments::servers::Servers,
    secrets: projects::Secrets,
    undo: projects::decisions::UndoLog,
    registries: registries::Registries,
    credentials: credentials::CredentialStore,
    hash_speed: hash_speed::HashSpeed,
    watch: watch::Watch,
}

/// The engine; clones share it.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

impl Engine {
    /// Opens the state and starts watching. Must be called inside a Tokio runtime; the
    /// slow part of looking at the projects goes on in the background.
    pub async fn start(options: EngineOptions) -> Result<Engine, ErrorView> {
        let inner = tokio::task::spawn_blocking(move || -> Result<Arc<Inner>, ErrorView> {
            let state = state::State::open(&options.state_folder)
                .map_err(|error| errors::view_of_state(&error))?;
            let jobs = jobs::Jobs::open(&state).map_err(|error| error.view())?;
            let credentials = credentials::CredentialStore::new(&options.kit_home);
            Ok(Arc::new(Inner {
                options,
                state,
                events: events::EventBus::new(),
                jobs,
                projects: projects::Projects::default(),
                experiments: experiments::Experiments::default(),
                servers: experiments::servers::Servers::default(),
                secrets: projects::Secrets::default(),
                undo: projects::decisions::UndoLog::default(),
                registries: registries::Registries::default(),
                credentials,
                hash_speed: hash_speed::HashSpeed::default(),
                watch: watch::Watch::default(),
            }))
        })
        .await
        .map_err(|error| errors::internal("its start", &error.to_string()))??;
        let store_keeper = inner.clone();
        tokio::task::spawn_blocking(move || kits::adopt_old_layout(&store_keeper));
        watch::start(&inner)?;
        let engine = Engine { inner };
        engine.open_what_was_asked().await?;
        app::start_status_ticker(&engine.inner);
        jobs::resume_interrupted(&engine.inner)?;
        Ok(engine)
    }

    async fn open_what_was_asked(&self) -> Result<(), ErrorView> {
        use kitbench_protocol::{AddProject, CopyExample};
        let opened = if self.inner.options.open_example {
            Some(self.call(CopyExample { target: None }).await?)
        } else if let Some(folder) = &self.inner.options.open {
            let path = folder.display().to_string();
            Some(self.call(AddProject { path }).await?)
        } else {
            None
        };
        self.inner.projects.set_opened(opened.map(|row| row.id));
        Ok(())
    }

    /// Answers a request: an encoded [`Answer`] of the call's reply.
    pub async fn handle(&self, request: Request) -> Vec<u8> {
        dispatch::dispatch(&self.inner, request).await
    }

    /// Makes one typed call.
    pub async fn call<C: Call>(&self, call: C) -> Result<C::Reply, ErrorView> {
        let bytes = self.handle(call.into()).await;
        decode::<Answer<C::Reply>>(&bytes)
            .unwrap_or_else(|error| Err(errors::internal("its own reply", &error.to_string())))
    }

    /// Events from now on.
    pub fn subscribe(&self) -> Subscription {
        self.inner.events.subscribe()
    }

    /// Sends an event that a shell knows of (dropped folders, an opened link).
    pub fn tell(&self, what: kitbench_protocol::EventKind) {
        self.inner.events.send(what);
    }

    /// Waits until every change on disk that was reported so far has been looked at.
    /// For tests, which must not sleep.
    pub async fn settle(&self) {
        watch::settle(&self.inner).await;
    }
}

/// Runs blocking work off the async threads; a panic becomes an error.
pub(crate) async fn blocking<T: Send + 'static>(
    inner: &Arc<Inner>,
    work: impl FnOnce(&Arc<Inner>) -> Result<T, ErrorView> + Send + 'static,
) -> Result<T, ErrorView> {
    let inner = inner.clone();
    tokio::task::spawn_blocking(move || work(&inner))
        .await
        .unwrap_or_else(|panic| Err(errors::internal("a request", &panic.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pull that was under way when the program ended goes on only if the user said so.
    #[tokio::test(flavor = "multi_thread")]
    async fn interrupted_transfers_resume_by_choice() {
        use kitbench_protocol::{EventKind, JobState, ListJobs, Settings};
        for resume in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let options = EngineOptions {
                state_folder: folder.path().join("state"),
                kit_home: folder.path().join("kitops"),
                ..EngineOptions::for_this_user(Door::Browser)
            };
            let reference = "127.0.0.1:9/lab/wine:v1".to_owned();
            {
                let state = state::State::open(&options.state_folder).unwrap();
                let spec = jobs::JobSpec::Pull { reference };
                let id = state.insert_job(&spec).unwrap();
                state.save_job(&jobs::new_view(id, &spec)).unwrap();
                let settings = Settings {
                    resume_transfers: resume,
                    ..Settings::default()
                };
                state.save_settings(&settings).unwrap();
            }
            let engine = Engine::start(options).await.unwrap();
            let mut events = engine.subscribe();
            let job = engine.call(ListJobs).await.unwrap().remove(0);
            if !resume {
                assert!(matches!(job.state, JobState::Paused(_)), "{job:?}");
                continue;
            }
            // Nothing listens there, so going on ends in a failure.
            let mut state = job.state;
            while !matches!(state, JobState::Failed(_)) {
                if let EventKind::Job(view) = events.next().await.unwrap().what {
                    state = view.state;
                }
            }
        }
    }

    /// Kits of the layout before `kit` 0.5 are brought over, and whoever listens first is told.
    #[tokio::test(flavor = "multi_thread")]
    async fn kits_of_the_old_layout_are_brought_over_and_it_is_said() {
        use kitbench_modelkit::store::{Home, Store};
        use kitbench_protocol::{EventKind, ListKits, Severity};
        let folder = tempfile::tempdir().unwrap();
        let kit_home = folder.path().join("kitops");
        old_layout(&kit_home.join("storage/localhost/lab/wine"));
        assert!(Store::new(Home::at(&kit_home)).has_old_layout().unwrap());
        let options = EngineOptions {
            state_folder: folder.path().join("state"),
            kit_home,
            ..EngineOptions::for_this_user(Door::Browser)
        };
        let engine = Engine::start(options).await.unwrap();
        let mut events = engine.subscribe();
        loop {
            if let EventKind::Notice { severity, message } = events.next().await.unwrap().what {
                assert_eq!(severity, Severity::Info);
                assert!(message.contains("lab/wine:v1"), "{message}");
                break;
            }
        }
        let kits = engine.call(ListKits).await.unwrap();
        assert!(format!("{kits:?}").contains("lab/wine"), "{kits:?}");
    }

    /// An OCI layout with one kit, tagged `v1`.
    fn old_layout(folder: &std::path::Path) {
        use kitbench_modelkit::{Digest, media};
        let blobs = folder.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        let put = |bytes: &[u8]| {
            let digest = Digest::of(bytes);
            std::fs::write(blobs.join(digest.hex()), bytes).unwrap();
            digest
        };
        let config = br#"{"manifestVersion":"1.0.0","package":{"name":"wine"}}"#;
        let manifest = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"{}","digest":"{}","size":{}}},"layers":null}}"#,
            media::NATIVE_CONFIG,
            put(config),
            config.len()
        );
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{}","size":{},"annotations":{{"org.opencontainers.image.ref.name":"v1"}}}}]}}"#,
            media::MANIFEST,
            put(manifest.as_bytes()),
            manifest.len()
        );
        std::fs::write(folder.join("index.json"), index).unwrap();
        let layout = r#"{"imageLayoutVersion":"1.0.0"}"#;
        std::fs::write(folder.join("oci-layout"), layout).unwrap();
    }

    /// Servers await answers on any thread.
    #[test]
    fn answers_can_be_awaited_on_any_thread() {
        fn is_send<T: Send>(_: &T) {}
        fn check(engine: &Engine, request: Request) {
            is_send(&engine.handle(request));
        }
        let _ = check;
    }
}
