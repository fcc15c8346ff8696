//! Tracking servers as sources of a project: asked on threads of their own, so that nobody
//! waits for a network while charts of local runs are drawn.
//!
//! What a server answered last is a list of runs that the project's table takes up. A server
//! is looked at again while somebody looks at the project.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kitbench_protocol::{
    ErrorKind, ErrorView, EventKind, ProjectId, SaveTrackingServer, Secret, ServerState,
    SignInState, TrackingServer, TrackingServerId,
};
use kitbench_registry::Credentials;
use kitbench_runs::server::{Address, Login, connect};
use kitbench_runs::{Held, Reader, Run, RunsError, Series, ServerTrouble, SourceKind};

use super::{lock, view_of_runs};
use crate::errors::{sentence, view_of_state};
use crate::state::now_ms;
use crate::state::tracking::ServerRecord;
use crate::{Inner, blocking};

/// From the end of one look to the next.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause, after looks that failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A project that nobody asked about for so long is not looked at.
const LOOKED_AT: Duration = Duration::from_secs(60);
/// Bytes of series kept between being fetched and being drawn.
const BUDGET: usize = 64 << 20;
/// Stands for a user where the secret is a token by itself.
const TOKEN: &str = "<token>";

/// The tracking servers of all projects that were asked about.
#[derive(Default)]
pub struct Servers {
    links: Mutex<BTreeMap<TrackingServerId, Arc<Link>>>,
    looked_at: Mutex<BTreeMap<ProjectId, Instant>>,
}

/// One server.
pub struct Link {
    pub url: String,
    /// What ids of its runs begin with in the project.
    pub prefix: String,
    /// Held while the server is asked; nothing else waits for it.
    reader: Mutex<Option<Box<dyn Reader>>>,
    answer: Mutex<Answer>,
    series: Mutex<Held<(String, String), Series>>,
    /// Somebody sees to it that it is looked at again.
    followed: AtomicBool,
}

/// What a server said last.
#[derive(Clone, Default)]
struct Answer {
    state: ServerState,
    runs: Arc<Vec<Run>>,
    problems: Vec<String>,
    asked_ms: Option<i64>,
    asking: bool,
    failures: u32,
}

/// A panic while a lock is held leaves an old answer, which the next replaces.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            prefix: format!("{}|{url}|", SourceKind::MlflowServer),
            reader: Mutex::default(),
            answer: Mutex::default(),
            series: Mutex::new(Held::new(BUDGET)),
            followed: AtomicBool::new(false),
        }
    }

    /// Its runs as of the last answer.
    pub fn runs(&self) -> Arc<Vec<Run>> {
        held(&self.answer).runs.clone()
    }

    /// What is wrong: with the last question, or with what it answered.
    pub fn problems(&self) -> Vec<String> {
        let answer = held(&self.answer);
        let trouble = match &answer.state {
            ServerState::Unknown | ServerState::Reachable => None,
            ServerState::NeedsLogin(error)
            | ServerState::Unreachable(error)
            | ServerState::Gone(error) => Some(error.to_string()),
        };
        trouble
            .into_iter()
            .chain(answer.problems.iter().cloned())
            .collect()
    }

    /// A series that was fetched before.
    pub fn series_at_hand(&self, run: &str, metric: &str) -> Option<Arc<Series>> {
        let key = (run.to_owned(), metric.to_owned());
        if let Some(series) = held(&self.series).get(&key) {
            return Some(series);
        }
        // Under way: it may take long.
        let reader = self.reader.try_lock().ok()?;
        let series = Arc::new(reader.as_ref()?.series_at_hand(run, metric)?);
        self.hold(key, &series);
        Some(series)
    }

    fn hold(&self, key: (String, String), series: &Arc<Series>) {
        held(&self.series).put(key, series.clone(), 24 * series.len());
    }

    /// A series, from the server if need be.
    pub fn series(&self, run: &str, metric: &str) -> Result<Arc<Series>, ErrorView> {
        if let Some(series) = self.series_at_hand(run, metric) {
            return Ok(series);
        }
        let reader = held(&self.reader);
        let reader = reader.as_ref().ok_or_else(super::run_is_gone)?;
        let series = reader.series(run, metric);
        let series = Arc::new(series.map_err(|error| view_of_server(&error))?);
        self.hold((run.to_owned(), metric.to_owned()), &series);
        Ok(series)
    }

    /// Fetches what is not at hand, several at once.
    fn fetch(&self, wanted: &[(&str, &str)]) {
        let missing: Vec<(&str, &str)> = {
            let mut series = held(&self.series);
            let missing = |(run, key): &&(&str, &str)| {
                series
                    .get(&((*run).to_owned(), (*key).to_owned()))
                    .is_none()
            };
            wanted.iter().filter(missing).copied().collect()
        };
        if missing.is_empty() {
            return;
        }
        let reader = held(&self.reader);
        let Some(reader) = reader.as_ref() else {
            return;
        };
        for ((run, key), series) in missing.iter().zip(reader.many_series(&missing)) {
            // A failure is told when the series is asked for by itself.
            if let Ok(series) = series {
                self.hold(((*run).to_owned(), (*key).to_owned()), &Arc::new(series));
            }
        }
    }
}

impl Servers {
    /// The links of a project's servers, in the order they were added.
    pub fn of(&self, inner: &Inner, project: ProjectId) -> Vec<(TrackingServerId, Arc<Link>)> {
        let records = match inner.state.tracking_servers(project) {
            Ok(records) => records,
            Err(error) => {
                log::warn!("the tracking servers of a project: {error}");
                return Vec::new();
            }
        };
        records
            .iter()
            .map(|record| (record.id, self.link(record)))
            .collect()
    }

    fn link(&self, record: &ServerRecord) -> Arc<Link> {
        let mut links = held(&self.links);
        let link = links
            .entry(record.id)
            .or_insert_with(|| Arc::new(Link::new(&record.url)));
        link.clone()
    }

    fn forget(&self, id: TrackingServerId) {
        held(&self.links).remove(&id);
    }

    fn is(&self, id: TrackingServerId, link: &Arc<Link>) -> bool {
        held(&self.links)
            .get(&id)
            .is_some_and(|known| Arc::ptr_eq(known, link))
    }

    fn is_looked_at(&self, project: ProjectId) -> bool {
        held(&self.looked_at)
            .get(&project)
            .is_some_and(|when| when.elapsed() < LOOKED_AT)
    }
}

/// Somebody looks at the project: its servers are looked at too, from now on.
pub fn follow(inner: &Arc<Inner>, project: ProjectId) {
    held(&inner.servers.looked_at).insert(project, Instant::now());
    let Ok(records) = inner.state.tracking_servers(project) else {
        return;
    };
    for record in records {
        let link = inner.servers.link(&record);
        if link.followed.swap(true, Ordering::AcqRel) {
            continue;
        }
        let weak = Arc::downgrade(inner);
        tokio::spawn(async move {
            loop {
                let Some(inner) = weak.upgrade() else { return };
                let begun = Instant::now();
                let (of, id) = (link.clone(), record.id);
                if blocking(&inner, move |inner| look(inner, id, &of))
                    .await
                    .is_err()
                {
                    break;
                }
                // A server that takes long to answer is asked less often.
                let pause = pause(held(&link.answer).failures).max(10 * begun.elapsed());
                drop(inner);
                tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
                let Some(inner) = weak.upgrade() else { return };
                if !inner.servers.is(id, &link) || !inner.servers.is_looked_at(project) {
                    break;
                }
            }
            link.followed.store(false, Ordering::Release);
        });
    }
}

fn pause(failures: u32) -> Duration {
    PAUSE
        .saturating_mul(1 << failures.min(8))
        .min(LONGEST_PAUSE)
}

/// What a look found.
struct Found {
    /// Ids of runs that changed or are gone.
    stale: HashSet<String>,
    /// All runs, if anything is different.
    runs: Option<Vec<Run>>,
    problems: Vec<String>,
}

impl Found {
    fn of(reader: &dyn Reader, stale: HashSet<String>, different: bool) -> Self {
        let all = || reader.rows().into_iter().cloned().collect();
        let problems = reader.problems();
        Self {
            stale,
            runs: different.then(all),
            problems: problems.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Asks a server for its runs and tells what came of it.
///
/// # Errors
/// When the server is not in the list any more.
fn look(inner: &Inner, id: TrackingServerId, link: &Arc<Link>) -> Result<(), ErrorView> {
    let record = find(inner, id)?;
    let found = {
        let mut place = held(&link.reader);
        if !inner.servers.is(id, link) {
            return Err(not_in_the_list());
        }
        held(&link.answer).asking = true;
        match place.as_mut() {
            Some(reader) => reader.refresh().map(|refresh| {
                let different = !refresh.is_empty();
                let stale = refresh.changed.into_iter().chain(refresh.removed);
                Found::of(reader.as_ref(), stale.collect(), different)
            }),
            None => opened(inner, &record).map(|reader| {
                let found = Found::of(reader.as_ref(), HashSet::new(), true);
                *place = Some(reader);
                found
            }),
        }
    };
    take_up(inner, &record, link, found);
    Ok(())
}

/// Connects with what login is known.
fn opened(inner: &Inner, record: &ServerRecord) -> Result<Box<dyn Reader>, RunsError> {
    let (address, _) = Address::parse(&record.url)?;
    let (login, _) = login(inner, record);
    connect(&address, &login)
}

/// Takes an answer up and tells of it. The server's reader must not be held: who draws holds
/// the project's runs and may wait for it.
fn take_up(inner: &Inner, record: &ServerRecord, link: &Link, found: Result<Found, RunsError>) {
    let changed = {
        let mut answer = held(&link.answer);
        answer.asking = false;
        answer.asked_ms = Some(now_ms());
        let state = match &found {
            Ok(_) => ServerState::Reachable,
            Err(error) => state_after(error),
        };
        // The note on the source is another one.
        let mut changed = answer.state != state;
        answer.state = state;
        answer.failures = match &found {
            Ok(_) => 0,
            Err(_) => answer.failures.saturating_add(1),
        };
        if let Ok(found) = &found {
            changed |= found.runs.is_some();
            answer.problems.clone_from(&found.problems);
        }
        changed
    };
    match found {
        Ok(found) => {
            held(&link.series).retain(|(run, _)| !found.stale.contains(run));
            let stale = found.stale.iter();
            let stale: HashSet<String> = stale.map(|run| format!("{}{run}", link.prefix)).collect();
            if let Some(runs) = found.runs {
                held(&link.answer).runs = Arc::new(runs);
            }
            if let Some(runs) = inner.experiments.known(record.project) {
                lock(&runs).held.forget(&stale);
            }
        }
        Err(error) => log::debug!("{}: {error}", record.url),
    }
    if changed {
        inner.events.send(EventKind::Runs(record.project));
    }
    inner
        .events
        .send(EventKind::TrackingServers(record.project));
}

fn state_after(error: &RunsError) -> ServerState {
    let view = view_of_server(error);
    match error {
        RunsError::Server {
            trouble: ServerTrouble::Refused,
            ..
        } => ServerState::NeedsLogin(view),
        RunsError::Server {
            trouble: ServerTrouble::NotMlflow,
            ..
        } => ServerState::Gone(view),
        _ => ServerState::Unreachable(view),
    }
}

fn view_of_server(error: &RunsError) -> ErrorView {
    let RunsError::Server { trouble, .. } = error else {
        return view_of_runs(error);
    };
    let (kind, hint) = match trouble {
        ServerTrouble::Refused => (ErrorKind::Unauthorized, "Sign in to it."),
        ServerTrouble::Unreachable => (
            ErrorKind::Unreachable,
            "Start it, or check its address and the network; it is asked again. Runs read before are still shown.",
        ),
        ServerTrouble::NotMlflow => (
            ErrorKind::NotFound,
            "Correct its address or remove it. Runs read before are still shown.",
        ),
        ServerTrouble::Other => (
            ErrorKind::Unreachable,
            "Look at its log; it is asked again. Runs read before are still shown.",
        ),
    };
    ErrorView::new(kind, sentence(&error.to_string()), hint)
}

/// Fetches the points of these metrics of those of the runs that are a server's, before the
/// project's runs are locked to draw them.
pub fn fetch<'a>(
    inner: &Inner,
    project: ProjectId,
    runs: impl Iterator<Item = &'a String> + Clone,
    metrics: &[&str],
) {
    for (_, link) in inner.servers.of(inner, project) {
        let listed = link.runs();
        let known: BTreeMap<&str, &Run> = listed.iter().map(|run| (run.id.as_str(), run)).collect();
        let mut wanted = Vec::new();
        for id in runs.clone().filter_map(|id| id.strip_prefix(&link.prefix)) {
            let run = known.get(id);
            let has = |metric: &&&str| run.is_some_and(|run| run.metrics.contains_key(**metric));
            wanted.extend(metrics.iter().filter(has).map(|metric| (id, *metric)));
        }
        link.fetch(&wanted);
    }
}

pub fn list(inner: &Inner, project: ProjectId) -> Result<Vec<TrackingServer>, ErrorView> {
    crate::projects::folder(inner, project)?;
    let records = inner.state.tracking_servers(project);
    let records = records.map_err(|e| view_of_state(&e))?;
    Ok(records.iter().map(|record| view(inner, record)).collect())
}

fn view(inner: &Inner, record: &ServerRecord) -> TrackingServer {
    let link = inner.servers.link(record);
    let answer = held(&link.answer).clone();
    let sign_in = match login(inner, record).1 {
        SignInState::SignedIn { user, .. }
            if matches!(answer.state, ServerState::NeedsLogin(_)) =>
        {
            SignInState::Refused { user }
        }
        sign_in => sign_in,
    };
    TrackingServer {
        id: record.id,
        project: record.project,
        url: record.url.clone(),
        name: record.name.clone(),
        sign_in,
        state: answer.state,
        runs: answer.runs.iter().filter(|run| !run.deleted).count() as u32,
        asked_ms: answer.asked_ms,
        asking: answer.asking,
    }
}

fn not_in_the_list() -> ErrorView {
    ErrorView::new(
        ErrorKind::NotFound,
        "This tracking server is not in the list any more.",
        "Add it again.",
    )
}

fn find(inner: &Inner, id: TrackingServerId) -> Result<ServerRecord, ErrorView> {
    let record = inner.state.tracking_server(id);
    record
        .map_err(|e| view_of_state(&e))?
        .ok_or_else(not_in_the_list)
}

/// The name of a server among secrets: no registry's host looks like it, and it has no slash,
/// at which such names are cut.
fn secret_name(url: &str) -> String {
    format!(
        "{}{}",
        crate::credentials::TRACKING,
        url.replace('/', "%2F")
    )
}

fn login(inner: &Inner, record: &ServerRecord) -> (Login, SignInState) {
    if record.user.is_empty() {
        return (Login::None, SignInState::Anonymous);
    }
    let name = secret_name(&record.url);
    match inner.credentials.find(&inner.state, &name, &record.user) {
        (Credentials::Basic { username, password }, SignInState::SignedIn { source, .. }) => {
            let (login, user) = match username == TOKEN {
                true => (Login::Token(password.reveal().to_owned()), "a token".into()),
                false => (
                    Login::Basic {
                        user: username.clone(),
                        password: password.reveal().to_owned(),
                    },
                    username,
                ),
            };
            (login, SignInState::SignedIn { user, source })
        }
        _ => (Login::None, SignInState::Anonymous),
    }
}

/// Keeps a login with the secrets.
fn keep(inner: &Inner, record: &ServerRecord, login: &Login) -> Result<(), ErrorView> {
    let (user, secret) = match login {
        Login::None => return Ok(()),
        Login::Basic { user, password } => (user.as_str(), password),
        Login::Token(token) => (TOKEN, token),
    };
    let secret = kitbench_registry::Secret::new(secret.clone());
    let name = secret_name(&record.url);
    inner.credentials.save(&inner.state, &name, user, &secret)?;
    let state = inner.state.set_tracking_user(record.id, user);
    state.map_err(|e| view_of_state(&e))
}

pub fn save(inner: &Arc<Inner>, call: &SaveTrackingServer) -> Result<TrackingServer, ErrorView> {
    crate::projects::folder(inner, call.project)?;
    let (address, login) = Address::parse(&call.url).map_err(|error| {
        ErrorView::new(
            ErrorKind::Invalid,
            sentence(&error.to_string()),
            "Write it as in a browser, like `http://localhost:5000`.",
        )
    })?;
    let url = address.to_string();
    let name = match call.name.trim() {
        "" => address.host(),
        name => name,
    };
    let known = inner.state.tracking_servers(call.project);
    let known = known.map_err(|e| view_of_state(&e))?;
    if known
        .iter()
        .any(|server| server.url == url && call.id.is_some_and(|id| id != server.id))
    {
        return Err(ErrorView::new(
            ErrorKind::Conflict,
            format!("The project has {url} already."),
            "Remove one of the two.",
        ));
    }
    let id = inner
        .state
        .save_tracking_server(call.project, call.id, &url, name)
        .map_err(|e| view_of_state(&e))?;
    let record = find(inner, id)?;
    keep(inner, &record, &login)?;
    let before = known.iter().find(|server| server.id == id);
    if login != Login::None || before.is_some_and(|before| before.url != url) {
        inner.servers.forget(id);
    }
    inner.events.send(EventKind::TrackingServers(call.project));
    follow(inner, call.project);
    let record = find(inner, id)?;
    Ok(view(inner, &record))
}

pub fn remove(inner: &Inner, id: TrackingServerId, and_login: bool) -> Result<(), ErrorView> {
    let record = find(inner, id)?;
    if and_login {
        inner.credentials.remove(&secret_name(&record.url))?;
    }
    let deleted = inner.state.delete_tracking_server(id);
    deleted.map_err(|e| view_of_state(&e))?;
    inner.servers.forget(id);
    inner
        .events
        .send(EventKind::TrackingServers(record.project));
    inner.events.send(EventKind::Runs(record.project));
    Ok(())
}

/// Tries a login; keeps it only if the server takes it.
pub fn sign_in(
    inner: &Inner,
    id: TrackingServerId,
    user: &str,
    secret: Secret,
) -> Result<TrackingServer, ErrorView> {
    let record = find(inner, id)?;
    let login = match user.trim() {
        "" => Login::Token(secret.0),
        user => Login::Basic {
            user: user.to_owned(),
            password: secret.0,
        },
    };
    let (address, _) = Address::parse(&record.url).map_err(|error| view_of_server(&error))?;
    let reader = connect(&address, &login).map_err(|error| view_of_server(&error))?;
    keep(inner, &record, &login)?;
    let link = inner.servers.link(&record);
    let found = Found::of(reader.as_ref(), HashSet::new(), true);
    *held(&link.reader) = Some(reader);
    take_up(inner, &record, &link, Ok(found));
    Ok(view(inner, &find(inner, id)?))
}

pub fn sign_out(inner: &Inner, id: TrackingServerId) -> Result<TrackingServer, ErrorView> {
    let record = find(inner, id)?;
    inner.credentials.remove(&secret_name(&record.url))?;
    let state = inner.state.set_tracking_user(id, "");
    state.map_err(|e| view_of_state(&e))?;
    // Asked again without it.
    inner.servers.forget(id);
    inner.events.send(EventKind::Runs(record.project));
    look_now(inner, id)
}

/// Asks a server now.
pub fn look_now(inner: &Inner, id: TrackingServerId) -> Result<TrackingServer, ErrorView> {
    let record = find(inner, id)?;
    let link = inner.servers.link(&record);
    look(inner, id, &link)?;
    Ok(view(inner, &record))
}
