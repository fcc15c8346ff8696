//! Answers that arrive late, given by hand.

use std::cell::RefCell;
use std::rc::Rc;

use kitbench_protocol::{
    ErrorKind, ErrorView, FormEdit, KitfileDoc, ProjectId, Request, SaveOutcome, encode,
};
use serde::Serialize;

use super::{Draft, Editor, Phase};
use crate::backend::{Backend, Client, Incoming};
use crate::commands::CommandSender;

#[derive(Clone, Default)]
struct ByHand {
    asked: Rc<RefCell<Vec<(u64, Request)>>>,
    ready: Rc<RefCell<Vec<Incoming>>>,
}

impl Backend for ByHand {
    fn send(&self, id: u64, request: Request) {
        self.asked.borrow_mut().push((id, request));
    }

    fn poll(&self) -> Vec<Incoming> {
        self.ready.take()
    }
}

struct Bench {
    hand: ByHand,
    client: Client,
    commands: CommandSender,
    editor: Editor,
    disk: String,
    now: f64,
}

impl Bench {
    fn open(disk: &str) -> Self {
        Self::open_with(disk, None)
    }

    fn open_with(disk: &str, kept: Option<Draft>) -> Self {
        let hand = ByHand::default();
        let mut bench = Self {
            client: Client::new(Box::new(hand.clone())),
            hand,
            commands: CommandSender::default(),
            editor: Editor::new(ProjectId(1), 0.0, kept),
            disk: disk.to_owned(),
            now: 0.0,
        };
        bench.pump();
        let text = bench.disk.clone();
        bench.answer(&Ok::<_, ErrorView>(bench.doc(&text)));
        bench
    }

    fn doc(&self, text: &str) -> KitfileDoc {
        KitfileDoc {
            file_name: "Kitfile".into(),
            text: text.into(),
            saved_text: self.disk.clone(),
            revision: Some(self.disk.clone()),
            read_only: false,
            form: None,
            problems: Vec::new(),
            spans: Vec::new(),
        }
    }

    fn pump(&mut self) {
        self.client.poll();
        self.now += 1.0;
        let ctx = egui::Context::default();
        self.editor
            .pump(&self.client, &self.commands, &ctx, self.now);
    }

    fn asked(&self) -> Vec<Request> {
        self.hand
            .asked
            .borrow()
            .iter()
            .map(|(_, request)| request.clone())
            .collect()
    }

    fn last(&self) -> Request {
        self.asked().pop().expect("something was asked")
    }

    fn answer<T: Serialize>(&mut self, answer: &T) {
        let id = self
            .hand
            .asked
            .borrow()
            .last()
            .map(|(id, _)| *id)
            .expect("something was asked");
        self.hand.ready.borrow_mut().push(Incoming::Reply {
            id,
            answer: encode(answer),
        });
        self.pump();
    }

    fn answer_text(&mut self, text: &str) {
        let doc = self.doc(text);
        self.answer(&Ok::<_, ErrorView>(doc));
    }
}

#[test]
fn edits_that_come_while_an_answer_is_on_its_way_are_not_lost() {
    let mut bench = Bench::open("a: 1\n");
    bench.editor.set("a", "2");
    bench.pump();
    bench.editor.set("b", "3");
    bench.editor.set("b", "34");
    bench
        .editor
        .edit(vec![FormEdit::Remove { path: "c".into() }]);
    bench.pump();
    assert_eq!(bench.asked().len(), 2, "one call at a time");
    bench.answer_text("a: 2\n");
    let Request::EditKitfile(call) = bench.last() else {
        panic!("{:?}", bench.last())
    };
    assert_eq!(call.text, "a: 2\n");
    assert_eq!(
        call.edits,
        [FormEdit::Set {
            path: "b".into(),
            value: "34".into()
        }]
    );
    bench.answer_text("a: 2\nb: 34\n");
    assert!(
        matches!(bench.last(), Request::EditKitfile(call) if call.edits == [FormEdit::Remove { path: "c".into() }])
    );
}

#[test]
fn typing_while_an_edit_is_on_its_way_keeps_both() {
    let mut bench = Bench::open("a: 1\n");
    bench.editor.set("a", "2");
    bench.pump();
    bench.editor.typed("a: 1\n# typed\n".into(), bench.now);
    bench.answer_text("a: 2\n");
    assert!(
        matches!(bench.last(), Request::EditKitfile(call) if call.text == "a: 1\n# typed\n"),
        "once more on the text as it is now"
    );
    bench.answer_text("a: 2\n# typed\n");
    assert_eq!(bench.editor.text(), "a: 2\n# typed\n");
}

#[test]
fn letters_in_one_field_are_applied_to_the_text_before_the_first() {
    let mut bench = Bench::open("a: 1 # why\n");
    bench.editor.set("a", "");
    bench.pump();
    bench.answer_text("");
    bench.editor.set("a", "2");
    bench.pump();
    assert!(matches!(bench.last(), Request::EditKitfile(call) if call.text == "a: 1 # why\n"));
    bench.answer_text("a: 2 # why\n");
    bench.editor.undo();
    bench.pump();
    assert_eq!(bench.editor.text(), "a: 1 # why\n", "one step");
    assert!(!bench.editor.can_undo());
}

#[test]
fn saving_waits_for_the_edits_before_it() {
    let mut bench = Bench::open("a: 1\n");
    bench.editor.set("a", "2");
    bench.editor.save();
    bench.pump();
    bench.answer_text("a: 2\n");
    let Request::SaveKitfile(call) = bench.last() else {
        panic!("{:?}", bench.last())
    };
    assert_eq!(call.text, "a: 2\n");
    assert_eq!(call.revision.as_deref(), Some("a: 1\n"));
    bench.disk = "a: 2\n".into();
    let saved = SaveOutcome::Saved(Box::new(bench.doc("a: 2\n")));
    bench.answer(&Ok::<_, ErrorView>(saved));
    assert!(!bench.editor.is_dirty());
}

#[test]
fn an_edit_that_is_refused_leaves_the_text_and_says_why() {
    let mut bench = Bench::open("a: 1\n");
    bench.editor.set("a", "2");
    bench.pump();
    let refused = ErrorView::new(ErrorKind::Invalid, "No.", "Edit the text instead.");
    bench.answer(&Err::<KitfileDoc, _>(refused));
    assert_eq!(bench.editor.text(), "a: 1\n");
    assert_eq!(
        bench.editor.rejected("a"),
        Some("No. Edit the text instead.")
    );
}

#[test]
fn a_text_that_changed_on_disk_is_taken_over_only_while_nothing_is_unsaved() {
    let mut bench = Bench::open("a: 1\n");
    bench.disk = "a: 5\n".into();
    bench.editor.reopen(bench.now);
    bench.pump();
    bench.answer_text("a: 5\n");
    assert_eq!(bench.editor.text(), "a: 5\n");
    assert!(matches!(bench.editor.phase(), Phase::Open));

    bench.answer_text("a: 5\n");
    bench.editor.typed("a: 6\n".into(), bench.now);
    bench.disk = "a: 7\n".into();
    bench.editor.reopen(bench.now);
    bench.pump();
    bench.answer_text("a: 7\n");
    assert_eq!(bench.editor.text(), "a: 6\n");
    assert_eq!(
        bench
            .editor
            .conflict()
            .map(|conflict| conflict.text.as_str()),
        Some("a: 7\n")
    );
}

#[test]
fn unsaved_text_survives_a_restart() {
    let mut bench = Bench::open("a: 1\n");
    bench.editor.typed("a: 2\n".into(), bench.now);
    let kept = bench.editor.to_keep().expect("something is unsaved");

    let mut again = Bench::open_with("a: 1\n", Some(kept.clone()));
    assert_eq!(again.editor.text(), "a: 2\n");
    assert!(again.editor.conflict().is_none());
    again.answer_text("a: 2\n");
    again.editor.undo();
    again.pump();
    assert_eq!(again.editor.text(), "a: 1\n");
    assert_eq!(again.editor.to_keep(), None);

    let other = Bench::open_with("a: 9\n", Some(kept));
    assert_eq!(other.editor.text(), "a: 2\n");
    assert!(
        other.editor.conflict().is_some(),
        "the file was changed meanwhile"
    );
}
