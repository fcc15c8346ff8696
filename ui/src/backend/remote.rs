//! A value that lives in the engine: not asked, loading, ready, failed.

use std::collections::HashMap;
use std::hash::Hash;

use kitbench_protocol::{Call, ErrorView};

use super::client::{Client, Pending};

/// A value that lives in the engine. It is asked for once; while it is refreshed the last good
/// one stays; after a failure both the cause and the last good value are there.
pub struct Remote<T> {
    value: Option<T>,
    failure: Option<ErrorView>,
    pending: Option<Pending<T>>,
    stale: bool,
    /// Another change came while the answer was on its way.
    again: bool,
    since: Option<f64>,
    version: u64,
}

/// How to draw a [`Remote`].
pub enum View<'a, T> {
    /// Nothing is known yet; asked at this time (`ui.input(|i| i.time)`).
    Loading(f64),
    /// Here it is. With a failure the value is an older one; `refreshing` while it is asked again.
    Ready {
        /// The last good value.
        value: &'a T,
        /// Why it could not be refreshed.
        failure: Option<&'a ErrorView>,
        /// A newer one is on its way.
        refreshing: bool,
    },
    /// It failed and nothing older is known.
    Failed(&'a ErrorView),
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self {
            value: None,
            failure: None,
            pending: None,
            stale: true,
            again: false,
            since: None,
            version: 0,
        }
    }
}

impl<T: 'static> Remote<T> {
    /// Ask if that is due: at first, and after [`Self::invalidate`]. Call it every frame.
    pub fn ask<C: Call<Reply = T>>(
        &mut self,
        client: &Client,
        now: f64,
        call: impl FnOnce() -> C,
    ) -> &mut Self {
        self.poll();
        if self.stale && self.pending.is_none() {
            self.stale = false;
            if self.value.is_none() && self.since.is_none() {
                self.since = Some(now);
            }
            self.pending = Some(client.call(call()));
        }
        self
    }

    /// Take the answer if it has arrived. [`Self::ask`] does this too.
    pub fn poll(&mut self) {
        let Some(answer) = self.pending.as_ref().and_then(Pending::take) else {
            return;
        };
        self.pending = None;
        self.stale |= std::mem::take(&mut self.again);
        self.version += 1;
        match answer {
            Ok(value) => {
                self.value = Some(value);
                self.failure = None;
            }
            Err(failure) => self.failure = Some(failure),
        }
    }

    /// It changed on the other side, or the user wants it again: the next [`Self::ask`] asks.
    pub fn invalidate(&mut self) {
        if self.pending.is_some() {
            self.again = true;
        } else {
            self.stale = true;
        }
        if self.value.is_none() {
            self.failure = None;
            self.since = None;
        }
    }

    /// Put a value in without asking, such as the answer of a call that changed it.
    pub fn set(&mut self, value: T) {
        self.value = Some(value);
        self.failure = None;
        self.stale = false;
        self.version += 1;
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        *self = Self {
            version: self.version + 1,
            ..Self::default()
        };
    }

    /// The last good value.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The last good value, to be changed in place.
    pub fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Why the last question failed.
    #[must_use]
    pub fn failure(&self) -> Option<&ErrorView> {
        self.failure.as_ref()
    }

    /// An answer is on its way.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.pending.is_some()
    }

    /// Grows with each answer: to know when something derived from it must be made anew.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How to draw it.
    #[must_use]
    pub fn view(&self) -> View<'_, T> {
        match (&self.value, &self.failure) {
            (Some(value), failure) => View::Ready {
                value,
                failure: failure.as_ref(),
                refreshing: self.pending.is_some(),
            },
            (None, Some(failure)) if self.pending.is_none() => View::Failed(failure),
            (None, _) => View::Loading(self.since.unwrap_or(0.0)),
        }
    }
}

/// Remote values by key, such as details by project.
pub struct RemoteMap<K, T>(HashMap<K, Remote<T>>);

impl<K, T> Default for RemoteMap<K, T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash + Clone, T: 'static> RemoteMap<K, T> {
    /// The value of a key.
    pub fn of(&mut self, key: &K) -> &mut Remote<T> {
        self.0.entry(key.clone()).or_default()
    }

    /// The last good value of a key.
    #[must_use]
    pub fn value(&self, key: &K) -> Option<&T> {
        self.0.get(key).and_then(Remote::value)
    }

    /// One of them changed.
    pub fn invalidate(&mut self, key: &K) {
        if let Some(remote) = self.0.get_mut(key) {
            remote.invalidate();
        }
    }

    /// All of them changed.
    pub fn invalidate_all(&mut self) {
        self.0.values_mut().for_each(Remote::invalidate);
    }

    /// Forget one.
    pub fn remove(&mut self, key: &K) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use kitbench_protocol::{ErrorKind, GetStatus, Request, Status, encode};

    use super::*;
    use crate::backend::{Backend, Incoming, Link};

    /// A backend whose answers the test gives by hand.
    #[derive(Clone, Default)]
    struct ByHand {
        asked: Rc<RefCell<Vec<u64>>>,
        ready: Rc<RefCell<Vec<Incoming>>>,
    }

    impl Backend for ByHand {
        fn send(&self, id: u64, _request: Request) {
            self.asked.borrow_mut().push(id);
        }

        fn poll(&self) -> Vec<Incoming> {
            self.ready.take()
        }
    }

    impl ByHand {
        fn answer(&self, answer: Result<Status, ErrorView>) {
            let id = *self.asked.borrow().last().expect("something was asked");
            self.ready.borrow_mut().push(Incoming::Reply {
                id,
                answer: encode(&answer),
            });
        }
    }

    fn status(watched_folders: u32) -> Status {
        Status {
            watched_folders,
            ..Status::default()
        }
    }

    #[test]
    fn it_asks_once_and_keeps_the_last_good_value() {
        let hand = ByHand::default();
        let client = Client::new(Box::new(hand.clone()));
        let mut remote = Remote::<Status>::default();
        for _ in 0..3 {
            remote.ask(&client, 1.0, || GetStatus);
        }
        assert_eq!(hand.asked.borrow().len(), 1);
        assert!(matches!(remote.view(), View::Loading(at) if at == 1.0));

        hand.answer(Ok(status(7)));
        client.poll();
        remote.ask(&client, 2.0, || GetStatus);
        assert!(
            matches!(remote.view(), View::Ready { value, failure: None, refreshing: false } if value.watched_folders == 7)
        );

        remote.invalidate();
        remote.ask(&client, 3.0, || GetStatus);
        assert!(matches!(
            remote.view(),
            View::Ready {
                refreshing: true,
                ..
            }
        ));
        hand.answer(Err(ErrorView::new(ErrorKind::Unreachable, "Gone.", "")));
        client.poll();
        remote.poll();
        assert!(
            matches!(remote.view(), View::Ready { value, failure: Some(_), .. } if value.watched_folders == 7)
        );
        assert_eq!(hand.asked.borrow().len(), 2);
    }

    #[test]
    fn a_change_during_a_question_asks_again_after_it() {
        let hand = ByHand::default();
        let client = Client::new(Box::new(hand.clone()));
        let mut remote = Remote::<Status>::default();
        remote.ask(&client, 0.0, || GetStatus);
        remote.invalidate();
        remote.ask(&client, 0.0, || GetStatus);
        assert_eq!(hand.asked.borrow().len(), 1, "one question at a time");
        hand.answer(Ok(status(1)));
        client.poll();
        remote.ask(&client, 0.0, || GetStatus);
        assert_eq!(hand.asked.borrow().len(), 2);
    }

    #[test]
    fn a_lost_connection_fails_what_was_on_its_way() {
        let hand = ByHand::default();
        let client = Client::new(Box::new(hand.clone()));
        let mut remote = Remote::<Status>::default();
        remote.ask(&client, 0.0, || GetStatus);
        hand.ready
            .borrow_mut()
            .push(Incoming::Link(Link::Down("closed".into())));
        let (_, link) = client.poll();
        remote.poll();
        assert_eq!(link, Some(Link::Down("closed".into())));
        assert!(
            matches!(remote.view(), View::Failed(failure) if failure.kind == ErrorKind::Unreachable)
        );
        assert_eq!(client.in_flight(), 0);
    }
}
