//! What became of a call that a dialog sent: the dialog stays while it is under way, tells a failure
//! in its form, and closes when it was done.

use std::cell::RefCell;
use std::rc::Rc;

use egui::Ui;
use kitbench_protocol::{Call, ErrorView};

use crate::app::ViewCtx;
use crate::commands::CommandSender;
use crate::widgets::boxed_failure;

#[derive(Default, PartialEq)]
enum Outcome {
    #[default]
    Editing,
    Working,
    Failed(ErrorView),
    Done,
}

/// Shared with the answer that is on its way.
#[derive(Clone, Default)]
pub struct Sent(Rc<RefCell<Outcome>>);

impl Sent {
    /// A call is under way.
    #[must_use]
    pub fn is_working(&self) -> bool {
        *self.0.borrow() == Outcome::Working
    }

    /// All is done: the dialog closes.
    #[must_use]
    pub fn is_done(&self) -> bool {
        *self.0.borrow() == Outcome::Done
    }

    /// Send a call; its answer ends the dialog.
    pub fn send<C: Call>(
        &self,
        view: &ViewCtx<'_>,
        call: C,
        then: impl FnOnce(C::Reply, &CommandSender) + 'static,
    ) {
        let done = self.clone();
        self.first(view, call, move |reply, commands| {
            then(reply, commands);
            done.finish(Ok(()));
        });
    }

    /// Send a call that another one follows: `then` sees to the end.
    pub fn first<C: Call>(
        &self,
        view: &ViewCtx<'_>,
        call: C,
        then: impl FnOnce(C::Reply, &CommandSender) + 'static,
    ) {
        *self.0.borrow_mut() = Outcome::Working;
        let failed = self.clone();
        view.act_or(call, then, move |error, _| failed.finish(Err(error)));
    }

    /// The last call came to nothing.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(*self.0.borrow(), Outcome::Failed(_))
    }

    /// The end of the last call.
    pub fn finish(&self, answer: Result<(), ErrorView>) {
        *self.0.borrow_mut() = match answer {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Failed(error),
        };
    }

    /// Why the last call failed, in the form.
    pub fn failure(&self, ui: &mut Ui) {
        if let Outcome::Failed(error) = &*self.0.borrow() {
            ui.add_space(8.0);
            boxed_failure(ui, error);
        }
    }
}
