//! One undo and redo history for the form and the text.

/// How many steps are kept.
const STEPS: usize = 300;
/// How many bytes of older texts are kept; the oldest steps go first.
const BYTES: usize = 16 << 20;
/// Typing pauses for this long (in seconds) begin a new step.
const PAUSE: f64 = 1.0;

/// What made a step, so that the next of the same kind can join it.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Typing in the text, last at this time.
    Typing(f64),
    /// Anything else stands alone.
    Single,
}

/// Texts to go back and forward to.
#[derive(Debug, Default)]
pub struct History {
    undo: Vec<(String, Kind)>,
    redo: Vec<String>,
    bytes: usize,
}

impl History {
    /// The text was `before` and is another one now, by one deed.
    pub fn record(&mut self, before: String) {
        self.push(before, Kind::Single);
    }

    /// The text was `before` and something was typed into it. Typing without a pause is one step.
    pub fn typed(&mut self, before: String, now: f64) {
        if let Some((_, Kind::Typing(last))) = self.undo.last_mut()
            && now - *last < PAUSE
        {
            *last = now;
            self.redo.clear();
            return;
        }
        self.push(before, Kind::Typing(now));
    }

    fn push(&mut self, before: String, kind: Kind) {
        self.redo.clear();
        self.bytes += before.len();
        self.undo.push((before, kind));
        while self.undo.len() > 1 && (self.undo.len() > STEPS || self.bytes > BYTES) {
            let (oldest, _) = self.undo.remove(0);
            self.bytes -= oldest.len();
        }
    }

    /// The text before the last step; `now` can be returned to with [`Self::redo`].
    pub fn undo(&mut self, now: &str) -> Option<String> {
        let (before, _) = self.undo.pop()?;
        self.bytes -= before.len();
        self.redo.push(now.to_owned());
        Some(before)
    }

    /// The text after the step that was undone.
    pub fn redo(&mut self, now: &str) -> Option<String> {
        let after = self.redo.pop()?;
        self.bytes += now.len();
        self.undo.push((now.to_owned(), Kind::Single));
        Some(after)
    }

    /// Whether [`Self::undo`] leads anywhere.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Whether [`Self::redo`] leads anywhere.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_without_a_pause_is_one_step() {
        let mut history = History::default();
        history.typed("a".into(), 10.0);
        history.typed("ab".into(), 10.4);
        history.typed("abc".into(), 11.2);
        history.typed("abcd".into(), 13.0);
        assert_eq!(history.undo("abcde").as_deref(), Some("abcd"));
        assert_eq!(history.undo("abcd").as_deref(), Some("a"));
        assert!(!history.can_undo());
        assert_eq!(history.redo("a").as_deref(), Some("abcd"));
        assert_eq!(history.redo("abcd").as_deref(), Some("abcde"));
    }

    #[test]
    fn a_deed_after_undo_forgets_what_was_undone() {
        let mut history = History::default();
        history.record("one".into());
        assert_eq!(history.undo("two").as_deref(), Some("one"));
        assert!(history.can_redo());
        history.record("one".into());
        assert!(!history.can_redo());
        history.typed("three".into(), 0.0);
        assert_eq!(
            history.undo("four").as_deref(),
            Some("three"),
            "typing does not join a deed"
        );
    }

    #[test]
    fn old_steps_give_way() {
        let mut history = History::default();
        for step in 0..STEPS + 20 {
            history.record(step.to_string());
        }
        assert_eq!(history.undo.len(), STEPS);
        assert_eq!(history.undo[0].0, "20");
    }
}
