//! The Kitfile of one project while it is edited: the text, what is known about it, and the calls
//! that are on their way.
//!
//! The front end owns the text. One call is under way at a time, so that answers cannot overtake
//! each other; edits of the form queue up behind it and none gets lost.

mod calls;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use kitbench_protocol::{
    DraftKitfile, ErrorView, Fix, FormEdit, KitfileDoc, KitfileForm, KitfileProblem, ProjectId,
    SaveOutcome, TextEdit, TextSpan,
};

use super::before_pack::Unsaved;
use super::diff::{LineDiff, compare};
use super::history::History;
use crate::backend::{Client, Pending};

/// How long typing must pause before the text is parsed, in seconds.
const DEBOUNCE: f64 = 0.15;

/// Edits of the form that are one deed. With a key, the next of the same key joins it: typing in
/// one field is one undo step.
struct Queued {
    edits: Vec<FormEdit>,
    key: Option<String>,
}

/// Typing in one field of the form: every letter is applied to the text as it was before the
/// first, so that emptying a field and filling it again keeps the comment behind it.
struct Session {
    key: String,
    base: String,
    /// The version of the text that came of it.
    result: u64,
    recorded: bool,
}

enum Flight {
    Open(Pending<KitfileDoc>),
    Analyze(u64, Pending<KitfileDoc>),
    Edit {
        queued: Queued,
        base: String,
        at: u64,
        answer: Pending<KitfileDoc>,
    },
    Draft(Pending<KitfileDoc>),
    Save(Pending<SaveOutcome>),
}

/// What waits until the form's edits are in the text.
#[derive(Debug, Clone, PartialEq)]
enum Later {
    Undo,
    Redo,
    Save,
    Replace(String),
    /// Rule and field of the problem, and which fix.
    Fix(String, String, String),
}

/// The file on disk is another by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub text: String,
    pub revision: Option<String>,
}

/// Where the editor stands.
pub enum Phase<'a> {
    Loading(f64),
    Failed(&'a ErrorView),
    /// There is no file and nothing was begun.
    NoKitfile,
    Open,
}

/// What survives a restart.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Draft {
    text: String,
    revision: Option<String>,
}

impl Draft {
    pub fn unsaved(&self) -> Unsaved {
        Unsaved {
            text: self.text.clone(),
            revision: self.revision.clone(),
            words: None,
        }
    }
}

/// The Kitfile of one project.
pub struct Editor {
    project: ProjectId,
    text: String,
    version: u64,
    /// What the last answer was about.
    analysed_text: String,
    analysed: Option<u64>,
    file_name: String,
    read_only: bool,
    saved_text: String,
    saved_form: Option<Rc<KitfileForm>>,
    revision: Option<String>,
    form: Option<Rc<KitfileForm>>,
    parses: bool,
    problems: Rc<Vec<KitfileProblem>>,
    spans: Rc<Vec<TextSpan>>,
    diff: Option<(u64, Rc<LineDiff>)>,
    queue: VecDeque<Queued>,
    flight: Option<Flight>,
    later: VecDeque<Later>,
    session: Option<Session>,
    history: History,
    drafts: HashMap<String, String>,
    rejected: Option<(String, String)>,
    conflict: Option<Conflict>,
    failure: Option<ErrorView>,
    restored: Option<Draft>,
    loaded: bool,
    open_wanted: bool,
    since: f64,
    typed_at: Option<f64>,
    begun: bool,
}

impl Editor {
    pub fn new(project: ProjectId, now: f64, restored: Option<Draft>) -> Self {
        Self {
            project,
            text: String::new(),
            version: 0,
            analysed_text: String::new(),
            analysed: None,
            file_name: "Kitfile".to_owned(),
            read_only: false,
            saved_text: String::new(),
            saved_form: None,
            revision: None,
            form: None,
            parses: true,
            problems: Rc::default(),
            spans: Rc::default(),
            diff: None,
            queue: VecDeque::new(),
            flight: None,
            later: VecDeque::new(),
            session: None,
            history: History::default(),
            drafts: HashMap::new(),
            rejected: None,
            conflict: None,
            failure: None,
            restored,
            loaded: false,
            open_wanted: true,
            since: now,
            typed_at: None,
            begun: false,
        }
    }

    // What it shows.

    pub fn phase(&self) -> Phase<'_> {
        match (&self.failure, self.loaded) {
            (Some(failure), false) => Phase::Failed(failure),
            (None, false) => Phase::Loading(self.since),
            _ if self.revision.is_none() && self.text.is_empty() && !self.begun => Phase::NoKitfile,
            _ => Phase::Open,
        }
    }

    pub fn project(&self) -> ProjectId {
        self.project
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn saved_text(&self) -> &str {
        &self.saved_text
    }

    /// Grows with each change of the text.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The text that problems and spans are about; behind [`Self::text`] while one types.
    pub fn analysed_text(&self) -> &str {
        &self.analysed_text
    }

    /// Whether problems and spans are about the text as it is.
    pub fn is_current(&self) -> bool {
        self.analysed == Some(self.version)
    }

    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    pub fn is_dirty(&self) -> bool {
        self.text != self.saved_text
    }

    /// The text, if it is not what is on disk.
    pub fn unsaved(&self) -> Option<Unsaved> {
        (self.loaded && self.is_dirty()).then(|| Unsaved {
            text: self.text.clone(),
            revision: self.revision.clone(),
            words: Some(compare(&self.saved_text, &self.text).words()),
        })
    }

    /// Edits of the form that are not in the text yet.
    pub fn has_unsent(&self) -> bool {
        !self.queue.is_empty()
            || !self.later.is_empty()
            || matches!(self.flight, Some(Flight::Edit { .. }))
    }

    /// Whether something is under way or waits to be.
    pub fn is_busy(&self) -> bool {
        self.flight.is_some() || self.has_unsent()
    }

    /// The last values that parsed.
    pub fn form(&self) -> Option<Rc<KitfileForm>> {
        self.form.clone()
    }

    /// The values of the file on disk.
    pub fn saved_form(&self) -> Option<Rc<KitfileForm>> {
        self.saved_form.clone()
    }

    /// Whether the form shows the text as it was analysed last.
    pub fn parses(&self) -> bool {
        self.parses
    }

    pub fn problems(&self) -> Rc<Vec<KitfileProblem>> {
        self.problems.clone()
    }

    pub fn spans(&self) -> Rc<Vec<TextSpan>> {
        self.spans.clone()
    }

    pub fn conflict(&self) -> Option<&Conflict> {
        self.conflict.as_ref()
    }

    pub fn failure(&self) -> Option<&ErrorView> {
        self.failure.as_ref()
    }

    pub fn is_saving(&self) -> bool {
        matches!(self.flight, Some(Flight::Save(_))) || self.later.contains(&Later::Save)
    }

    pub fn can_undo(&self) -> bool {
        self.history.can_undo() || !self.queue.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    /// How the text differs from the saved one.
    pub fn diff(&mut self) -> Rc<LineDiff> {
        let key = self.version;
        match &self.diff {
            Some((at, diff)) if *at == key => diff.clone(),
            _ => {
                let diff = Rc::new(compare(&self.saved_text, &self.text));
                self.diff = Some((key, diff.clone()));
                diff
            }
        }
    }

    /// What was typed into a field and is not in the form yet.
    pub fn draft(&self, path: &str) -> Option<&str> {
        self.drafts.get(path).map(String::as_str)
    }

    /// Why the last edit of this field was refused.
    pub fn rejected(&self, path: &str) -> Option<&str> {
        self.rejected
            .as_ref()
            .filter(|(at, _)| at == path)
            .map(|(_, why)| why.as_str())
    }

    /// What to keep over a restart.
    pub fn to_keep(&self) -> Option<Draft> {
        const MOST: usize = 64 << 10;
        (self.loaded && self.is_dirty() && self.text.len() <= MOST).then(|| Draft {
            text: self.text.clone(),
            revision: self.revision.clone(),
        })
    }

    // What one does with it.

    /// A field of the form was typed into.
    pub fn set(&mut self, path: &str, value: &str) {
        self.drafts.insert(path.to_owned(), value.to_owned());
        self.push(
            vec![FormEdit::Set {
                path: path.to_owned(),
                value: value.to_owned(),
            }],
            Some(path.to_owned()),
        );
    }

    /// A list of texts was typed into.
    pub fn set_list(&mut self, path: &str, values: Vec<String>) {
        self.push(
            vec![FormEdit::SetList {
                path: path.to_owned(),
                values,
            }],
            Some(path.to_owned()),
        );
    }

    /// One deed in the form, one undo step.
    pub fn edit(&mut self, edits: Vec<FormEdit>) {
        // Paths of fields may mean other rows afterwards.
        self.drafts.clear();
        self.push(edits, None);
    }

    fn push(&mut self, edits: Vec<FormEdit>, key: Option<String>) {
        self.rejected = None;
        if let (Some(last), Some(key)) = (self.queue.back_mut(), &key)
            && last.key.as_ref() == Some(key)
        {
            last.edits = edits;
            return;
        }
        self.queue.push_back(Queued { edits, key });
    }

    /// A field of the form has lost the focus: from now on it shows what the text says.
    pub fn leave(&mut self, path: &str) {
        if self.drafts.contains_key(path) && !self.is_under_way(path) {
            self.drafts.remove(path);
            self.session = None;
        }
    }

    pub fn is_under_way(&self, path: &str) -> bool {
        let flying = match &self.flight {
            Some(Flight::Edit { queued, .. }) => queued.key.as_deref() == Some(path),
            _ => false,
        };
        flying
            || self
                .queue
                .iter()
                .any(|queued| queued.key.as_deref() == Some(path))
    }

    /// The text pane was typed into.
    pub fn typed(&mut self, text: String, now: f64) {
        if text == self.text {
            return;
        }
        let before = std::mem::replace(&mut self.text, text);
        self.history.typed(before, now);
        self.changed();
        self.typed_at = Some(now);
    }

    fn changed(&mut self) {
        self.version += 1;
        self.session = None;
        self.drafts.clear();
        self.rejected = None;
        self.typed_at = None;
    }

    fn replace(&mut self, text: String) {
        if text != self.text {
            let before = std::mem::replace(&mut self.text, text);
            self.history.record(before);
            self.changed();
        }
    }

    pub fn undo(&mut self) {
        self.later.push_back(Later::Undo);
    }

    pub fn redo(&mut self) {
        self.later.push_back(Later::Redo);
    }

    pub fn save(&mut self) {
        if !self.is_saving() {
            self.later.push_back(Later::Save);
        }
    }

    /// Do a fix as one undo step.
    pub fn fix(&mut self, problem: &KitfileProblem, fix: &Fix) {
        self.later.push_back(Later::Fix(
            problem.code.clone(),
            problem.path.clone(),
            fix.label.clone(),
        ));
    }

    /// Back to the file on disk.
    pub fn discard(&mut self) {
        self.queue.clear();
        let saved = self.saved_text.clone();
        self.later.push_back(Later::Replace(saved));
    }

    /// Begin with the least a Kitfile needs.
    pub fn begin_empty(&mut self, name: &str) {
        self.begun = true;
        let name = serde_json::to_string(name).unwrap_or_default();
        self.later.push_back(Later::Replace(format!(
            "manifestVersion: 1.0.0\n\npackage:\n  name: {name}\n"
        )));
    }

    /// Begin with what is in the folder.
    pub fn begin_draft(&mut self, client: &Client) {
        if self.flight.is_none() {
            self.flight = Some(Flight::Draft(client.call(DraftKitfile {
                project: self.project,
            })));
        }
    }

    /// Ask again for the file on disk.
    pub fn reopen(&mut self, now: f64) {
        self.open_wanted = true;
        if !self.loaded {
            self.failure = None;
            self.since = now;
        }
    }

    /// A dialog has saved this text.
    pub fn was_saved(&mut self, text: String, revision: Option<String>) {
        self.conflict = None;
        self.set_saved(text, revision, None);
        self.open_wanted = true;
    }

    /// The other text on disk is to be replaced by this one when it is saved.
    pub fn keep_mine(&mut self) {
        if let Some(conflict) = self.conflict.take() {
            self.set_saved(conflict.text, conflict.revision, None);
        }
    }

    /// Continue with the text on disk; undo brings one's own back.
    pub fn take_theirs(&mut self) {
        if let Some(conflict) = self.conflict.take() {
            self.queue.clear();
            self.set_saved(conflict.text.clone(), conflict.revision, None);
            self.later.push_back(Later::Replace(conflict.text));
        }
    }
}

/// Apply text edits; `None` when they do not fit the text.
pub fn apply(text: &str, edits: &[TextEdit]) -> Option<String> {
    let mut out = text.to_owned();
    for edit in edits.iter().rev() {
        let range = edit.start as usize..edit.end as usize;
        out.get(range.clone())?;
        out.replace_range(range, &edit.text);
    }
    Some(out)
}
