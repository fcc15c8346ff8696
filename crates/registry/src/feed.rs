//! Request bodies that are streamed: read by a blocking thread, handed over in small pieces, watched for
//! progress. Memory per body is constant: a few pieces of [`PIECE`] bytes.

use std::io::Read;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::config::Timeouts;
use crate::error::Error;

/// Bytes read at once.
const PIECE: usize = 256 * 1024;
/// Pieces waiting between reader and connection.
const PIECES_AHEAD: usize = 4;

/// Pieces of a body, or the reason why there are no more.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// A body of known length, ready to be sent.
pub(crate) struct Feed {
    pub len: u64,
    pub stream: FeedStream,
    pub state: Arc<FeedState>,
}

impl Feed {
    /// A body of `len` bytes; `on_bytes` hears of every piece that the connection takes.
    pub fn new(len: u64, pieces: Pieces, on_bytes: Arc<dyn Fn(u64) + Send + Sync>) -> Self {
        let state = Arc::new(FeedState {
            progress: Mutex::new(Progress {
                last: Instant::now(),
                complete: len == 0,
            }),
            completed: Notify::new(),
            failure: Mutex::new(None),
        });
        let stream = FeedStream {
            pieces,
            left: len,
            on_bytes,
            state: state.clone(),
        };
        Feed { len, stream, state }
    }
}

struct Progress {
    last: Instant,
    complete: bool,
}

/// What is known about a body while it is being sent.
pub(crate) struct FeedState {
    progress: Mutex<Progress>,
    /// Wakes the watch when the last byte is taken: from then on another patience counts.
    completed: Notify,
    failure: Mutex<Option<Error>>,
}

impl FeedState {
    /// Why the source gave up, if it did.
    pub fn take_failure(&self) -> Option<Error> {
        lock(&self.failure).take()
    }

    /// Awaits `answer`, giving up when the body does not move for `stall`, or no answer comes
    /// within `commit` after its last byte. The error is the time that was exceeded.
    pub async fn watch<T>(
        &self,
        answer: impl Future<Output = T>,
        timeouts: Timeouts,
    ) -> Result<T, Duration> {
        let mut answer = std::pin::pin!(answer);
        loop {
            let (limit, deadline) = {
                let progress = lock(&self.progress);
                let limit = if progress.complete {
                    timeouts.commit
                } else {
                    timeouts.stall
                };
                (limit, progress.last + limit)
            };
            if deadline <= Instant::now() {
                return Err(limit);
            }
            tokio::select! {
                value = &mut answer => return Ok(value),
                () = tokio::time::sleep_until(deadline) => {}
                () = self.completed.notified() => {}
            }
        }
    }
}

/// The stream that the HTTP client pulls.
pub(crate) struct FeedStream {
    pieces: Pieces,
    left: u64,
    on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
    state: Arc<FeedState>,
}

impl Stream for FeedStream {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = match self.pieces.as_mut().poll_next(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(piece) => piece,
        };
        match piece {
            Some(Ok(bytes)) => {
                let count = bytes.len() as u64;
                self.left = self.left.saturating_sub(count);
                {
                    let mut progress = lock(&self.state.progress);
                    progress.last = Instant::now();
                    progress.complete = self.left == 0;
                }
                if self.left == 0 {
                    self.state.completed.notify_one();
                }
                (self.on_bytes)(count);
                Poll::Ready(Some(Ok(bytes)))
            }
            Some(Err(error)) => {
                let text = error.to_string();
                *lock(&self.state.failure) = Some(error);
                Poll::Ready(Some(Err(std::io::Error::other(text))))
            }
            None => Poll::Ready(None),
        }
    }
}

/// Reads `len` bytes from `source` on a blocking thread. The thread ends when the stream is dropped.
pub(crate) fn pieces_of(mut source: Box<dyn Read + Send>, len: u64, what: String) -> Pieces {
    let (sender, receiver) = mpsc::channel::<Result<Bytes, Error>>(PIECES_AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut left = len;
        while left > 0 {
            let mut piece = vec![0u8; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
            let result = match source.read_exact(&mut piece) {
                Ok(()) => Ok(Bytes::from(piece)),
                Err(cause) => Err(Error::local(format!("reading {what}"), cause)),
            };
            let failed = result.is_err();
            left = left.saturating_sub(PIECE as u64);
            if sender.blocking_send(result).is_err() || failed {
                return;
            }
        }
    });
    Box::pin(Receiving(receiver))
}

struct Receiving(mpsc::Receiver<Result<Bytes, Error>>);

impl Stream for Receiving {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
