//! A bounded queue from a connection's task to whoever waits for its events, in one thread.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::Notify;

/// The queue; clones share it.
#[derive(Debug)]
pub struct Queue<T> {
    shared: Rc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    items: RefCell<VecDeque<T>>,
    bound: usize,
    wake: Rc<Notify>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { shared: Rc::clone(&self.shared) }
    }
}

impl<T> Queue<T> {
    /// An empty queue of at most `bound` items. `wake` is notified of each: it may be what wakes its
    /// taker for other things too.
    pub fn new(bound: usize, wake: Rc<Notify>) -> Self {
        Self { shared: Rc::new(Shared { items: RefCell::default(), bound, wake }) }
    }

    /// Appends an item; gives it back where the queue is full.
    pub fn push(&self, item: T) -> Result<(), T> {
        let mut items = self.shared.items.borrow_mut();
        if items.len() >= self.shared.bound {
            return Err(item);
        }
        items.push_back(item);
        self.shared.wake.notify_one();
        Ok(())
    }

    /// Takes the oldest item.
    pub fn pop(&self) -> Option<T> {
        self.shared.items.borrow_mut().pop_front()
    }

    /// Empties the queue and tells how many items that were.
    pub fn clear(&self) -> usize {
        let mut items = self.shared.items.borrow_mut();
        let count = items.len();
        items.clear();
        count
    }

    /// Items that can be appended.
    pub fn room(&self) -> usize {
        self.shared.bound - self.shared.items.borrow().len()
    }

    /// Items that wait.
    pub fn len(&self) -> usize {
        self.shared.items.borrow().len()
    }

    /// True where no item waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until there is an item. One waits at a time, for this queue alone where it shares its
    /// `wake`; may be dropped and called again.
    pub async fn filled(&self) {
        while self.is_empty() {
            self.shared.wake.notified().await;
        }
    }
}
