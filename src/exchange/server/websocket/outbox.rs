//! What waits to be sent to one client: bounded, so that a client that does not read harms nobody else.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::exchange::server::fault::Ending;

/// Frames on their way to one client.
#[derive(Debug)]
pub struct Outbox {
    frames: RefCell<VecDeque<Utf8Bytes>>,
    frames_max: usize,
    ending: Cell<Option<Ending>>,
    overflowed: Cell<bool>,
    changed: Notify,
    broken: Notify,
}

impl Outbox {
    /// An empty outbox for at most so many frames.
    pub fn new(frames_max: usize) -> Self {
        Self {
            frames: RefCell::new(VecDeque::new()),
            frames_max,
            ending: Cell::new(None),
            overflowed: Cell::new(false),
            changed: Notify::new(),
            broken: Notify::new(),
        }
    }

    /// Appends a frame. Where there is no room the client has not read for long: it is cut.
    pub fn push(&self, frame: Utf8Bytes) {
        if self.ending.get().is_some() {
            return;
        }
        let mut frames = self.frames.borrow_mut();
        if frames.len() >= self.frames_max {
            frames.clear();
            drop(frames);
            self.overflowed.set(true);
            self.end(Ending::Reset);
            return;
        }
        frames.push_back(frame);
        self.changed.notify_one();
    }

    /// Ends the connection, after the frames that wait where it is closed in order.
    pub fn end(&self, ending: Ending) {
        if self.ending.get().is_none() {
            self.ending.set(Some(ending));
            if ending != Ending::Close {
                self.broken.notify_one();
            }
        }
        self.changed.notify_one();
    }

    /// Takes the first frame.
    pub fn pop(&self) -> Option<Utf8Bytes> {
        self.frames.borrow_mut().pop_front()
    }

    /// How the connection is to end, if it is.
    pub fn ending(&self) -> Option<Ending> {
        self.ending.get()
    }

    /// True where the client was cut because it did not read.
    pub fn overflowed(&self) -> bool {
        self.overflowed.get()
    }

    /// Waits for an end that does not wait for the client.
    pub async fn broken(&self) {
        self.broken.notified().await;
    }

    /// Waits for a frame or an end; may return without either.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_does_not_read_is_cut_at_the_bound() {
        let outbox = Outbox::new(2);
        for text in ["1", "2"] {
            outbox.push(Utf8Bytes::from(text));
        }
        assert_eq!((outbox.ending(), outbox.overflowed()), (None, false));
        outbox.push(Utf8Bytes::from("3"));
        assert_eq!((outbox.ending(), outbox.overflowed()), (Some(Ending::Reset), true));
        assert_eq!(outbox.pop(), None, "what waited is dropped with it");
        outbox.push(Utf8Bytes::from("4"));
        outbox.end(Ending::Close);
        assert_eq!(outbox.ending(), Some(Ending::Reset), "the first end counts");
    }

    #[test]
    fn an_end_in_order_lets_what_waits_pass() {
        let outbox = Outbox::new(2);
        outbox.push(Utf8Bytes::from("1"));
        outbox.end(Ending::Close);
        outbox.push(Utf8Bytes::from("2"));
        assert_eq!(outbox.pop().as_deref(), Some("1"));
        assert_eq!(outbox.pop(), None);
    }
}
