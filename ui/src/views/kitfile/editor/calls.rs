//! The calls of the editor: what is sent when, and what an answer changes.

use std::rc::Rc;

use kitbench_protocol::{
    AnalyzeKitfile, EditKitfile, ErrorView, KitfileDoc, KitfileForm, OpenKitfile, SaveKitfile,
    SaveOutcome,
};

use super::{Conflict, DEBOUNCE, Editor, Flight, Later, Queued, Session, apply};
use crate::backend::Client;
use crate::commands::CommandSender;
use crate::widgets::Toast;

impl Editor {
    /// Take what arrived and send what is due. Once a frame.
    pub fn pump(
        &mut self,
        client: &Client,
        commands: &CommandSender,
        ctx: &egui::Context,
        now: f64,
    ) {
        self.receive(commands);
        if self.flight.is_some() {
            return;
        }
        if self.open_wanted {
            self.open_wanted = false;
            self.flight = Some(Flight::Open(client.call(OpenKitfile {
                project: self.project,
            })));
            return;
        }
        if !self.loaded {
            return;
        }
        if let Some(queued) = self.queue.pop_front() {
            self.send_edit(client, queued);
            return;
        }
        while let Some(later) = self.later.pop_front() {
            if !self.do_later(later, client) {
                return;
            }
        }
        if !self.is_current() {
            let wait = self.typed_at.map_or(0.0, |at| at + DEBOUNCE - now);
            if wait > 0.0 {
                ctx.request_repaint_after_secs(wait as f32);
                return;
            }
            self.analyze(client);
        }
    }

    fn analyze(&mut self, client: &Client) {
        let answer = client.call(AnalyzeKitfile {
            project: self.project,
            text: self.text.clone(),
        });
        self.flight = Some(Flight::Analyze(self.version, answer));
    }

    fn send_edit(&mut self, client: &Client, queued: Queued) {
        let base = match &self.session {
            Some(session)
                if Some(&session.key) == queued.key.as_ref() && session.result == self.version =>
            {
                session.base.clone()
            }
            _ => {
                self.session = None;
                self.text.clone()
            }
        };
        let answer = client.call(EditKitfile {
            project: self.project,
            text: base.clone(),
            edits: queued.edits.clone(),
        });
        self.flight = Some(Flight::Edit {
            queued,
            base,
            at: self.version,
            answer,
        });
    }

    /// False when a call is under way now.
    fn do_later(&mut self, later: Later, client: &Client) -> bool {
        match later {
            Later::Undo => {
                if let Some(text) = self.history.undo(&self.text) {
                    self.text = text;
                    self.changed();
                }
            }
            Later::Redo => {
                if let Some(text) = self.history.redo(&self.text) {
                    self.text = text;
                    self.changed();
                }
            }
            Later::Replace(text) => self.replace(text),
            Later::Fix(code, path, label) => {
                if !self.is_current() {
                    // Its ranges are of another text: look again first.
                    self.later.push_front(Later::Fix(code, path, label));
                    self.analyze(client);
                    return false;
                }
                let fix = self
                    .problems
                    .iter()
                    .find(|problem| problem.code == code && problem.path == path)
                    .and_then(|problem| problem.fixes.iter().find(|fix| fix.label == label));
                if let Some(text) = fix.and_then(|fix| apply(&self.text, &fix.edits)) {
                    self.replace(text);
                }
            }
            Later::Save => {
                self.flight = Some(Flight::Save(client.call(SaveKitfile {
                    project: self.project,
                    text: self.text.clone(),
                    revision: self.revision.clone(),
                })));
                return false;
            }
        }
        true
    }

    fn receive(&mut self, commands: &CommandSender) {
        let Some(flight) = self.flight.take() else {
            return;
        };
        match flight {
            Flight::Open(answer) => match answer.take() {
                None => self.flight = Some(Flight::Open(answer)),
                Some(Ok(doc)) => {
                    self.failure = None;
                    self.opened(doc, commands);
                }
                Some(Err(error)) => self.failure = Some(error),
            },
            Flight::Analyze(at, answer) => match answer.take() {
                None => self.flight = Some(Flight::Analyze(at, answer)),
                Some(Ok(doc)) => {
                    self.failure = None;
                    self.absorb(doc, at);
                }
                Some(Err(error)) => {
                    // Asked again with the next change or on request, not in a loop.
                    self.analysed = Some(at);
                    self.failure = Some(error);
                }
            },
            Flight::Draft(answer) => match answer.take() {
                None => self.flight = Some(Flight::Draft(answer)),
                Some(Ok(doc)) => {
                    self.begun = true;
                    self.replace(doc.text.clone());
                    self.absorb(doc, self.version);
                }
                Some(Err(error)) => commands.toast(Toast::error(&error)),
            },
            Flight::Edit {
                queued,
                base,
                at,
                answer,
            } => match answer.take() {
                None => {
                    self.flight = Some(Flight::Edit {
                        queued,
                        base,
                        at,
                        answer,
                    });
                }
                Some(answer) => self.edited(queued, base, at, answer, commands),
            },
            Flight::Save(answer) => match answer.take() {
                None => self.flight = Some(Flight::Save(answer)),
                Some(Ok(SaveOutcome::Saved(doc))) => {
                    self.conflict = None;
                    let doc = *doc;
                    let form = doc.form.clone().map(Rc::new);
                    self.set_saved(doc.text.clone(), doc.revision.clone(), form);
                    if doc.text == self.text {
                        self.absorb(doc, self.version);
                    }
                    commands.toast(Toast::done(format!("Saved {}", self.file_name)));
                }
                Some(Ok(SaveOutcome::ChangedOnDisk { text, revision })) => {
                    self.conflict = Some(Conflict {
                        text,
                        revision: Some(revision),
                    });
                }
                Some(Err(error)) => commands.toast(Toast::error(&error)),
            },
        }
    }

    fn edited(
        &mut self,
        queued: Queued,
        base: String,
        at: u64,
        answer: Result<KitfileDoc, ErrorView>,
        commands: &CommandSender,
    ) {
        match answer {
            Ok(_) if at != self.version => {
                // The text was typed into meanwhile: once more, on the text as it is now.
                self.session = None;
                self.queue.push_front(queued);
            }
            Ok(doc) => {
                let joined = self
                    .session
                    .as_ref()
                    .is_some_and(|session| session.recorded);
                if doc.text != self.text {
                    let before = std::mem::replace(&mut self.text, doc.text.clone());
                    if !joined {
                        self.history.record(before);
                    }
                    self.version += 1;
                    self.typed_at = None;
                }
                let recorded = joined || self.text != base;
                let result = self.version;
                self.session = queued.key.map(|key| Session {
                    key,
                    base,
                    result,
                    recorded,
                });
                self.absorb(doc, result);
            }
            Err(error) => match queued.key {
                Some(key) => {
                    self.rejected = Some((key, error.to_string()));
                }
                None => commands.toast(Toast::error(&error)),
            },
        }
    }

    fn opened(&mut self, doc: KitfileDoc, commands: &CommandSender) {
        if self.loaded {
            self.absorb_disk(&doc);
            if doc.text == self.text {
                self.saved_form = doc.form.clone().map(Rc::new);
                self.absorb(doc, self.version);
            } else {
                // Paths may lead elsewhere by now: look at the text being edited again.
                self.analysed = None;
            }
            return;
        }
        self.loaded = true;
        let form = doc.form.clone().map(Rc::new);
        self.set_saved(doc.text.clone(), doc.revision.clone(), form);
        self.text = doc.text.clone();
        self.version += 1;
        let version = self.version;
        let now = Conflict {
            text: doc.text.clone(),
            revision: doc.revision.clone(),
        };
        self.absorb(doc, version);
        if let Some(draft) = self.restored.take()
            && draft.text != self.text
        {
            self.begun = true;
            self.replace(draft.text);
            if draft.revision != now.revision {
                self.conflict = Some(now);
            }
            commands.toast(Toast::note("Your unsaved edits of last time are back"));
        }
    }

    fn absorb(&mut self, doc: KitfileDoc, at: u64) {
        self.absorb_disk(&doc);
        self.file_name = doc.file_name;
        self.read_only = doc.read_only;
        // What came from the disk meanwhile is another version, which is analysed next.
        self.parses = doc.form.is_some();
        if let Some(form) = doc.form {
            self.form = Some(Rc::new(form));
        }
        self.problems = Rc::new(doc.problems);
        self.spans = Rc::new(doc.spans);
        self.analysed_text = doc.text;
        self.analysed = Some(at);
    }

    /// Every answer says what is on disk: notice when somebody else wrote it.
    fn absorb_disk(&mut self, doc: &KitfileDoc) {
        if doc.revision == self.revision {
            return;
        }
        if !self.is_dirty() && self.queue.is_empty() {
            self.set_saved(doc.saved_text.clone(), doc.revision.clone(), None);
            self.replace(doc.saved_text.clone());
        } else if doc.saved_text == self.text {
            self.set_saved(doc.saved_text.clone(), doc.revision.clone(), None);
            self.conflict = None;
        } else {
            self.conflict = Some(Conflict {
                text: doc.saved_text.clone(),
                revision: doc.revision.clone(),
            });
        }
    }

    pub(super) fn set_saved(
        &mut self,
        text: String,
        revision: Option<String>,
        form: Option<Rc<KitfileForm>>,
    ) {
        self.saved_text = text;
        self.revision = revision;
        self.saved_form = form;
        self.diff = None;
    }
}
